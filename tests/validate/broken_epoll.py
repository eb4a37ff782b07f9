"""Images that break a rule about epoll instances."""

from __future__ import annotations

from crimg.model import EpollWatch, Fd, File
from tests.samples import DELETED_FILE, EPOLL_FILE, FD_TABLE, READ_END, WRITE_END
from tests.validate.cases import breaks
from tests.validate.sound import Draft

_WATCH = (EPOLL_FILE, 5, READ_END)
_FIRST = 60


def watch(**columns: object) -> bytes:
    return Draft().change(EpollWatch, _WATCH, **columns).counted().bytes()


def nested(count: int, *, circle: bool = False) -> bytes:
    """So many instances more, each watching the next; circle: the last one the first."""
    draft = Draft()
    for number in range(count):
        draft.copy(File, EPOLL_FILE, objref=_FIRST + number)
        draft.add(Fd(table=FD_TABLE, fd=20 + number, cloexec=False, file=_FIRST + number))
        if number + 1 < count or circle:
            following = (number + 1) % count
            draft.copy(
                EpollWatch,
                _WATCH,
                epoll=_FIRST + number,
                fd=20 + following,
                file=_FIRST + following,
                events=1,
            )
    return draft.counted().bytes()


@breaks("C441")
def watch_of_a_pipe() -> bytes:
    return watch(epoll=WRITE_END)


@breaks("C442")
def watched_file_is_closed() -> bytes:
    draft = Draft()
    draft.copy(File, READ_END, objref=_FIRST)
    return draft.copy(EpollWatch, _WATCH, file=_FIRST).counted().bytes()


@breaks("C443")
def number_means_another_file() -> bytes:
    return watch(fd=6)


@breaks("C443")
def number_is_closed() -> bytes:
    return watch(fd=99)


@breaks("C444")
def instance_watches_itself() -> bytes:
    return watch(fd=9, file=EPOLL_FILE)


@breaks("C444")
def three_in_a_circle() -> bytes:
    return nested(3, circle=True)


@breaks("C444")
def six_deep() -> bytes:
    return nested(6)


@breaks("C445")
def regular_file() -> bytes:
    return watch(fd=3, file=DELETED_FILE)


@breaks("C445")
def exclusive_and_oneshot() -> bytes:
    return watch(events=1 << 30 | 1 << 28 | 1)


@breaks("C446")
def unknown_bits() -> bytes:
    return watch(events=1 | 1 << 27)


@breaks("C210")
def watched_twice() -> bytes:
    return Draft().copy(EpollWatch, _WATCH, data=1).counted().bytes()
