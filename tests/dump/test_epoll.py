"""Epoll instances: what they watch is in the image, also where a number has come to mean another file."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

import pytest

from crimg.errors import UnsupportedResourceError
from crimg.kernel.epoll import busy_polls, parse_watches
from crimg.model import EpollWatch
from crimg.model.enums import Access, FileKind, NameState
from crimg.validate import open_for_check, validate
from tests.dump.dumps import save
from tests.dump.programs import Agent
from tests.dump.rows import dumped, file_of

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image

ALWAYS = select.EPOLLERR | select.EPOLLHUP
"""What the kernel adds to every registration."""
LIBC = """
import ctypes, select, struct
libc = ctypes.CDLL(None)
def register(epoll, fd, events, data):
    assert libc.epoll_ctl(epoll.fileno(), 1, fd, struct.pack("=IQ", events, data)) == 0
"""


def watches(image: Image, fd: int) -> dict[int, EpollWatch]:
    """What the instance at descriptor `fd` watches, by data."""
    return {row.data: row for row in image.rows(EpollWatch) if row.epoll == file_of(image, fd).objref}


def findings(path: Path) -> list[str]:
    with open_for_check(str(path)) as image:
        return [finding.rule for finding in validate(image).findings]


def test_watches_are_saved_and_go_on(tmp_path: Path, image_path: Path) -> None:
    code = f"""{LIBC}
r, w = os.pipe()
epoll = select.epoll()
fd, twin = epoll.fileno(), os.dup(epoll.fileno())
register(epoll, r, select.EPOLLIN | select.EPOLLET, 0xfedcba9876543210)
register(epoll, w, select.EPOLLOUT | select.EPOLLONESHOT, 7)
fired = epoll.poll(0)
os.write(w, b"now")
"""
    with Agent(code, tmp_path / "target") as agent:
        r, w, fd, twin = agent.ask("r, w, fd, twin")
        with dumped(agent, image_path) as image:
            file = file_of(image, fd)
            assert (file.kind, file.access, file.name_state) == (
                FileKind.EPOLL,
                Access.READ | Access.WRITE,
                NameState.NONE,
            )
            assert file_of(image, twin) == file
            rows = watches(image, fd)
            reader, writer = rows[0xFEDC_BA98_7654_3210], rows[7]
            assert (reader.fd, reader.file) == (r, file_of(image, r).objref)
            assert (writer.fd, writer.file) == (w, file_of(image, w).objref)
            assert reader.events == select.EPOLLIN | select.EPOLLET | ALWAYS
            assert writer.events == select.EPOLLONESHOT, "it has fired: nothing but the option is left"
        assert agent.ask("fired") == [(7, select.EPOLLOUT)]
        assert agent.ask("epoll.poll(0)")[0][1] == select.EPOLLIN
    assert findings(image_path) == []


def test_number_that_means_another_file(tmp_path: Path, image_path: Path) -> None:
    """Three files registered by one number; the last number is closed by now. kcmp tells which is which."""
    code = f"""{LIBC}
epoll = select.epoll()
fd, pipes, kept = epoll.fileno(), [os.pipe() for _ in range(3)], []
number = os.dup(pipes[0][0])
for at, (r, w) in enumerate(pipes):
    os.dup2(r, number)
    register(epoll, number, select.EPOLLIN, at)
os.dup2(pipes[0][1], number)
closed = os.dup(pipes[0][0])
register(epoll, closed, select.EPOLLIN, 3)
os.close(closed)
"""
    with Agent(code, tmp_path / "target") as agent:
        fd, pipes, number, closed = agent.ask("fd, pipes, number, closed")
        with dumped(agent, image_path) as image:
            rows = watches(image, fd)
            for at, (r, _) in enumerate(pipes):
                assert (rows[at].fd, rows[at].file) == (number, file_of(image, r).objref)
            assert (rows[3].fd, rows[3].file) == (closed, file_of(image, pipes[0][0]).objref)
            assert file_of(image, number) == file_of(image, pipes[0][1])
    assert findings(image_path) == ["C443"] * 4


def test_instances_in_a_row(tmp_path: Path, image_path: Path) -> None:
    """As deep as the kernel allows: four that watch an instance each, and one that watches a pipe."""
    code = f"""{LIBC}
r, w = os.pipe()
chain = [select.epoll() for _ in range(5)]
fds = [one.fileno() for one in chain]
for watching, watched in zip(fds, [*fds[1:], r]):
    libc.epoll_ctl(watching, 1, watched, struct.pack("=IQ", 1, watched))
sixth = select.epoll()
refused = libc.epoll_ctl(sixth.fileno(), 1, fds[0], struct.pack("=IQ", 1, 0))
"""
    with Agent(code, tmp_path / "target") as agent:
        r, fds, refused = agent.ask("r, fds, refused")
        assert refused == -1, "so C444 says, too"
        with dumped(agent, image_path) as image:
            for watching, watched in zip(fds, [*fds[1:], r], strict=True):
                assert watches(image, watching)[watched].file == file_of(image, watched).objref
    assert findings(image_path) == []


def test_watched_file_that_cannot_be_saved_is_one_problem(tmp_path: Path, folder: Path) -> None:
    code = f"{LIBC}\nevent = libc.inotify_init1(0); epoll = select.epoll(); register(epoll, event, 1, 0)"
    with Agent(code, tmp_path / "target") as agent:
        with pytest.raises(UnsupportedResourceError) as caught:
            save(agent.pid, folder / "image")
        (line,) = caught.value.problems
        assert f"fd {agent.ask('event')}: " in line


def test_lines_of_the_kernel() -> None:
    first = b"tfd:        7 events:       19 data:                7  pos:0 ino:61 sdev:e\n"
    second = b"tfd:        7 events: 80000019 data: ffffffffffffffff  pos:-5 ino:1f03c sdev:fe00001\n"
    assert parse_watches(b"") == []
    assert parse_watches(first + second) == [
        (7, 0x19, 7, 0x61, 0),
        (7, 0x8000_0019, 2**64 - 1, 0x1F03C, 1),
    ]


def test_no_instance_polls_busily_by_itself() -> None:
    with select.epoll() as epoll:
        assert not busy_polls(epoll.fileno())
