"""C441 to C446: epoll instances and what they watch (epoll(7), epoll_ctl(2))."""

from __future__ import annotations

from crimg.escape import escape
from crimg.model import EpollWatch, Fd, File
from crimg.model.enums import FileKind
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

_EXCLUSIVE = 1 << 28
_WITH_EXCLUSIVE = 1 << 31 | 1 << 29 | _EXCLUSIVE | 0x1F & ~0x2
"""EPOLLET, EPOLLWAKEUP, EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP (EPOLLEXCLUSIVE_OK_BITS, fs/eventpoll.c)."""
_EVENTS = 0xF000_27FF
"""Every event and option of linux/eventpoll.h."""
_UNWATCHABLE = frozenset({FileKind.REGULAR, FileKind.DIRECTORY})
_DEEPEST = 5
"""Instances that may watch one another in a row (EP_MAX_NESTS, fs/eventpoll.c)."""


@rule("C441", ERROR)
def no_instance(checked: Checked) -> Iterator[Hit]:
    """A watch belongs to a file that is no epoll instance.

    epoll_ctl(2) refuses it (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(EpollWatch):
        file = checked.find(File, row.epoll)
        if file is not None and file.kind != FileKind.EPOLL:
            yield Hit(f"#{file.objref} {escape(file.path)} is no epoll instance", row, "epoll")


@rule("C442", ERROR, whole=True)
def closed(checked: Checked) -> Iterator[Hit]:
    """An epoll instance watches a file that no descriptor refers to.

    The program closed it, and something else kept it open: a mapping, or a process that is not in the image.
    A restart has no descriptor to register it by, and the kernel drops a watch with the last reference to its
    file: the program would wait for events that never come.

    Remedy: dump the process that holds the file too, or have the program take the watch back first.
    """
    held = {row.file for row in checked.rows(Fd)} if checked.rows(EpollWatch) else set()
    for row in checked.rows(EpollWatch):
        if row.file not in held and checked.find(File, row.file) is not None:
            yield Hit(f"watches #{row.file}, which is closed", row, "file")


@rule("C443", WARNING, whole=True)
def other_number(checked: Checked) -> Iterator[Hit]:
    """A file is watched by a descriptor number that does not mean it any more.

    The number was closed or given to another file, and a duplicate keeps the watched one open (epoll(7),
    questions and answers). The kernel knows a watch by file and number: a restart has to put the file there
    for a moment, and the program cannot change the watch by any descriptor it has.

    Remedy: find out whether the program closes descriptors that it watches by mistake; if not, nothing is to
    be done.
    """
    held = {(row.fd, row.file) for row in checked.rows(Fd)} if checked.rows(EpollWatch) else set()
    files = {file for _, file in held}
    for row in checked.rows(EpollWatch):
        if row.file in files and (row.fd, row.file) not in held:
            yield Hit(f"fd {row.fd} is not #{row.file} in any table", row, "fd")


@rule("C444", ERROR)
def loop(checked: Checked) -> Iterator[Hit]:
    """Epoll instances watch one another in a circle, or more than five deep.

    epoll_ctl(2) refuses it (ELOOP, and EINVAL for one that watches itself).

    Remedy: undo what rewrote the image, or dump again.
    """
    inner: dict[int, list[EpollWatch]] = {}
    for row in checked.rows(EpollWatch):
        file = checked.find(File, row.file)
        if file is not None and file.kind == FileKind.EPOLL:
            inner.setdefault(row.epoll, []).append(row)
    # Take away what watches nothing that is left, level by level: a circle is never taken away.
    for _ in range(_DEEPEST - 1):
        inner = {
            epoll: left
            for epoll, rows in inner.items()
            if (left := [row for row in rows if row.file in inner])
        }
    for rows in inner.values():
        yield Hit(f"watches #{rows[0].file}, and so on without end or too deep", rows[0], "file")


@rule("C445", ERROR)
def unwatchable(checked: Checked) -> Iterator[Hit]:
    """A watch is one that cannot be registered.

    epoll_ctl(2) takes no regular file and no directory (EPERM), and with EPOLLEXCLUSIVE no epoll instance
    and few other bits (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(EpollWatch):
        file = checked.find(File, row.file)
        if file is not None and file.kind in _UNWATCHABLE:
            yield Hit(f"#{file.objref} {escape(file.path)} cannot be watched", row, "file")
        elif row.events & _EXCLUSIVE and (
            row.events & ~_WITH_EXCLUSIVE or (file is not None and file.kind == FileKind.EPOLL)
        ):
            yield Hit(f"events {row.events:#x} with EPOLLEXCLUSIVE", row, "events")


@rule("C446", WARNING)
def unknown_events(checked: Checked) -> Iterator[Hit]:
    """A watch has event bits without a meaning.

    The kernel keeps them and never reports them; the program may wait for something else than it was told to.

    Remedy: undo what rewrote the image; a program that asks for them is mistaken.
    """
    for row in checked.rows(EpollWatch):
        if row.events & ~_EVENTS and not row.events & _EXCLUSIVE:  # C445
            yield Hit(f"{row.events & ~_EVENTS:#x}", row, "events")
