"""`crimg inspect` of open files that are no inodes: counters, timers, signals, memory, sockets, terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.model import Eventfd, Fd, File, Inode, Lock, SharedMemory, Signalfd, Socket, Timerfd, Tty
from crimg.validate import Severity, open_for_check, validate
from tests.cli import golden
from tests.cli.command import crimg, text
from tests.samples import FD_TABLE, TERMINAL, TTY, TTY_FILE
from tests.validate.broken_special import INODE as MEMORY
from tests.validate.broken_special import MEMFD, more
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

FIRST = 900
VIEWS = {
    "files": ("--files",),
    "fds": ("--fds",),
    "objects": None,
}


def _socket(file: int, **columns: object) -> Socket:
    row = Socket(
        file=file, number=file, family=1, type=1, protocol=0, state=3, path=None, address=None, peer=None,
        peer_address=None, backlog=None, shutdown=0, length=0, blobs=(),
    )  # fmt: skip
    return row.replace(**columns)


def _draft() -> Draft:
    """The sound image with one of each; the slave side of its terminal gets a master side."""
    draft = Draft()
    timer = Timerfd(
        file=FIRST + 1, clock=1, ticks=2, settime_flags=1, interval=5 * 10**6, remaining=10**9 + 1
    )
    pair = {"peer": FIRST + 5, "extra": {"options": {"SO_SNDBUF": 212992}}}
    tcp = bytes((2, 0, 0, 80, 127, 0, 0, 1)) + bytes(8)
    rows = [
        (9, Eventfd(file=FIRST, value=7, semaphore=True)),
        (10, timer),
        (11, Signalfd(file=FIRST + 2, mask=1 << 9 | 1 << 16)),
        (8, MEMFD.replace(name=b"ring \xff", seals=0b1011)),
        (12, _socket(FIRST + 4, **pair)),
        (12, _socket(FIRST + 5, peer=FIRST + 4, shutdown=1)),
        (12, _socket(FIRST + 6, family=2, protocol=6, state=2, address=tcp, backlog=128)),
        (12, _socket(FIRST + 7, state=2, path=b"/run/\x1b[31m.sock", backlog=5)),
    ]
    for number, (kind, row) in enumerate(rows):
        draft = more(draft, kind, row, objref=FIRST + number, fd=20 + number)
    inode, slave = draft.row(Inode, TERMINAL), draft.row(File, TTY_FILE)
    ptmx = inode.replace(objref=FIRST + 8, number=88, rdev=5 << 32 | 2)
    master = slave.replace(objref=FIRST + 9, kind=13, path=b"/dev/ptmx", inode=FIRST + 8)
    draft.change(Tty, TTY, extra={"packet": 1})
    draft.add(ptmx, master, Fd(table=FD_TABLE, fd=30, cloexec=True, file=master.objref))
    draft.add(Lock(file=slave.objref, kind=4, write=False, pid=4242, start=0, end=None))
    return draft.counted()


@pytest.fixture
def in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The name of the image without a folder, which would stand in the transcript."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "kinds.crimg"
    path.write_bytes(_draft().bytes())
    return path


@pytest.mark.parametrize("view", VIEWS)
def test_transcript(view: str, in_its_folder: Path) -> None:
    words = VIEWS[view]
    if words is None:
        numbers = (*range(FIRST, FIRST + 8), MEMORY, FIRST + 9, TTY)
        output = "\n".join(text(crimg("inspect", in_its_folder.name, "--object", str(n))) for n in numbers)
    else:
        output = text(crimg("inspect", in_its_folder.name, *words))
    golden.check(f"inspect/kinds/{view}.txt", output)


def test_the_image_is_sound(in_its_folder: Path) -> None:
    with open_for_check(str(in_its_folder)) as checked:
        assert all(checked.rows(cls) for cls in (Eventfd, Timerfd, Signalfd, SharedMemory, Socket))
        assert [each for each in validate(checked).findings if each.severity > Severity.NOTE] == []
