"""Doing something as another user would: who binds a name owns it, and who connects is told to the peer."""

from __future__ import annotations

import contextlib
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model import Cred


@contextlib.contextmanager
def acting_as(cred: Cred | None) -> Iterator[None]:
    """With these effective ids and groups, where this process is root and they are others.

    An ordinary user stays who he is: he can only restart what is his own, and is told so elsewhere.
    """
    before = os.geteuid(), os.getegid(), os.getgroups()
    if cred is None or before[0] or (cred.euid, cred.egid, list(cred.groups)) == before:
        yield
        return
    try:
        os.setgroups(cred.groups)
        os.setegid(cred.egid)
        os.seteuid(cred.euid)
        yield
    finally:
        os.seteuid(before[0])
        os.setegid(before[1])
        os.setgroups(before[2])


def give_to(fd: int, cred: Cred | None) -> None:
    """Have a socket belong to the user (st_uid, the owner that SO_REUSEPORT asks for), if this is root."""
    if cred is not None and os.geteuid() == 0 and (cred.euid, cred.egid) != (0, 0):
        os.fchown(fd, cred.euid, cred.egid)
