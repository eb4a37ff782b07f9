"""What an epoll instance watches: registered by the process itself, by the numbers of then (epoll_ctl(2)).

By the process: a signalfd tells of the signals of whoever registers it. Before its descriptors are where they
belong: the number of a registration may have come to mean another file, or nothing.
"""

from __future__ import annotations

import struct

from crimg.restart.calls import Calls
from crimg.restart.placement import free_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from crimg.kernel.inject import Injector
    from crimg.model import EpollWatch
    from crimg.restart.kind_steps import WatchFiles

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_CLOSE = 3
_NR_EPOLL_WAIT = 232
_NR_EPOLL_CTL = 233
_NR_DUP3 = 292

_ADD, _MOD = 1, 3
_EVENT = struct.Struct("<IQ")  # struct epoll_event, packed
_OPTIONS = 0xF000_0000  # EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET
_ANY = 0x0000_201F  # EPOLLIN, PRI, OUT, ERR, HUP, RDHUP
_CLOEXEC = 0o2000000
_AT_ONCE = 64


def watch_files(step: WatchFiles, fds: Mapping[int, int], injector: Injector) -> None:
    """Register them. fds: by objref, the descriptors that the process has as yet. Raises KernelError."""
    fired = [watch for watch in step.watches if is_disarmed(watch)]
    rest = [watch for watch in step.watches if not is_disarmed(watch)]
    calls, slot = Calls(injector), injector.reserve(_EVENT.size * _AT_ONCE)
    for watch in fired:  # each is to fire once more, unseen
        _control(calls, slot, _ADD, watch, watch.events | _ANY, fds)
    for epoll in {watch.epoll for watch in fired}:
        count = sum(watch.epoll == epoll for watch in fired)
        for _ in range(-(-count // _AT_ONCE)):
            calls.add("epoll_wait", _NR_EPOLL_WAIT, fds[epoll], slot, _AT_ONCE, 0)
            (found,) = calls.make()
            seen = injector.read(slot, _EVENT.size * found)
            datas = {data for _, data in _EVENT.iter_unpack(seen)}
            fired = [watch for watch in fired if watch.epoll != epoll or watch.data not in datas]
    for watch in fired:  # what is not ready cannot fire: it keeps EPOLLERR and EPOLLHUP
        _control(calls, slot, _MOD, watch, watch.events, fds)
    for watch in rest:
        _control(calls, slot, _ADD, watch, watch.events, fds)


def is_disarmed(watch: EpollWatch) -> bool:
    """Whether it has fired once (EPOLLONESHOT) and waits to be armed: else EPOLLERR is always among them."""
    return not watch.events & ~_OPTIONS


def _control(
    calls: Calls, slot: int, what: int, watch: EpollWatch, events: int, fds: Mapping[int, int]
) -> None:
    """One epoll_ctl, with the watched file at the number that it was registered by."""
    calls.injector.write(slot, _EVENT.pack(events, watch.data))
    number, file, epoll = watch.fd, fds[watch.file], fds[watch.epoll]
    taken = number in fds.values()
    spare = next(free_numbers({number, *fds.values()}))
    if file != number:
        if taken:
            calls.add("dup3", _NR_DUP3, number, spare, _CLOEXEC)
        calls.add(f"dup3({file}, {number})", _NR_DUP3, file, number, _CLOEXEC)
        epoll = spare if epoll == number else epoll
    hint = f"epoll instance #{watch.epoll} watches #{watch.file}"
    calls.add("epoll_ctl", _NR_EPOLL_CTL, epoll, what, number, slot, hint=hint)
    if file != number:
        if taken:
            calls.add(f"dup3({spare}, {number})", _NR_DUP3, spare, number, 0)
        calls.add("close", _NR_CLOSE, spare if taken else number)
    calls.make()
