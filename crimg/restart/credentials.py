"""Credentials of a thread that is being made (credentials(7), capabilities(7))."""

from __future__ import annotations

import struct

from crimg.kernel.access import read_proc
from crimg.kernel.procstat import parse_status
from crimg.restart.calls import prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.inject import Injector
    from crimg.model import Cred
    from crimg.restart.calls import Calls

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_SETGROUPS = 116
_NR_SETRESUID = 117
_NR_SETRESGID = 119
_NR_SETFSUID = 122
_NR_SETFSGID = 123
_NR_CAPSET = 126

PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_SECUREBITS = 28
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _RAISE = 47, 2
_KEEP_CAPS = 1 << 4  # SECBIT_KEEP_CAPS
_CAPABILITY_VERSION_3 = 0x2008_0522
_HINT = "its credentials are not those of this process: restart it as root"


def add_credentials(cred: Cred, dumpable: int, injector: Injector, calls: Calls) -> None:
    """The calls after which the thread has these credentials, where it has others now.

    dumpable: of its address space (prctl(PR_SET_DUMPABLE)), which a change of user ids resets.
    """
    status = parse_status(read_proc(injector.tid, "status") or b"")
    now = (status.uids, status.gids, tuple(status.groups))
    wanted = (
        (cred.uid, cred.euid, cred.suid, cred.fsuid),
        (cred.gid, cred.egid, cred.sgid, cred.fsgid),
        tuple(cred.groups),
    )
    capabilities = (cred.cap_inheritable, cred.cap_permitted, cred.cap_effective)
    has = (status.cap_inheritable, status.cap_permitted, status.cap_effective)
    for number in range(64):
        if (status.cap_bounding & ~cred.cap_bounding) >> number & 1:
            calls.add("prctl(PR_CAPBSET_DROP)", *prctl(_PR_CAPBSET_DROP, number), hint=_HINT)
    if cred.securebits:  # now: a process that has given up CAP_SETPCAP cannot
        calls.add("prctl(PR_SET_SECUREBITS)", *prctl(_PR_SET_SECUREBITS, cred.securebits), hint=_HINT)
    if now != wanted:
        _add_ids(cred, injector, calls)
    if now != wanted or capabilities != has or cred.cap_ambient != status.cap_ambient:
        _add_capabilities(cred, injector, calls)
    if now != wanted:
        kept = int(bool(cred.securebits & _KEEP_CAPS))
        calls.add("prctl(PR_SET_KEEPCAPS)", *prctl(_PR_SET_KEEPCAPS, kept), hint=_HINT)
        calls.add("prctl(PR_SET_DUMPABLE)", *prctl(PR_SET_DUMPABLE, dumpable))
    if cred.no_new_privs and not status.no_new_privs:
        calls.add("prctl(PR_SET_NO_NEW_PRIVS)", *prctl(_PR_SET_NO_NEW_PRIVS, 1))


def _add_ids(cred: Cred, injector: Injector, calls: Calls) -> None:
    groups = injector.reserve(4 * len(cred.groups) + 4)
    injector.write(groups, struct.pack(f"<{len(cred.groups)}I", *cred.groups))
    calls.add("prctl(PR_SET_KEEPCAPS)", *prctl(_PR_SET_KEEPCAPS, 1), hint=_HINT)
    calls.add("setgroups", _NR_SETGROUPS, len(cred.groups), groups, hint=_HINT)
    calls.add("setresgid", _NR_SETRESGID, cred.gid, cred.egid, cred.sgid, hint=_HINT)
    calls.add("setfsgid", _NR_SETFSGID, cred.fsgid)
    calls.add("setresuid", _NR_SETRESUID, cred.uid, cred.euid, cred.suid, hint=_HINT)
    calls.add("setfsuid", _NR_SETFSUID, cred.fsuid)


def _add_capabilities(cred: Cred, injector: Injector, calls: Calls) -> None:
    header, data = injector.reserve(8), injector.reserve(24)
    injector.write(header, struct.pack("<Ii", _CAPABILITY_VERSION_3, 0))
    words = [
        value >> shift & 0xFFFF_FFFF
        for shift in (0, 32)
        for value in (cred.cap_effective, cred.cap_permitted, cred.cap_inheritable)
    ]
    injector.write(data, struct.pack("<6I", *words))
    calls.add("capset", _NR_CAPSET, header, data, hint=_HINT)
    for number in range(64):
        if cred.cap_ambient >> number & 1:
            calls.add("prctl(PR_CAP_AMBIENT)", *prctl(_PR_CAP_AMBIENT, _RAISE, number), hint=_HINT)
