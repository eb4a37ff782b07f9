"""What a program has set is so again: it says so itself, and a second dump says the same."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import crimg
from crimg.model import PosixTimer, Sigaction, Siginfo, Task, Thread, Vma
from tests.dump import proc
from tests.dump.dumps import save
from tests.dump.programs import Agent, Program, compiled, eventually
from tests.restart.comeback import bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image
    from crimg.model.record import Record

NOT_OF_THE_PROGRAM = {"registers", "xsave", "rseq_cs", "remaining", "cred", "referrers", "state"}


def _rows(image: Image, cls: type[Record]) -> list[dict[str, object]]:
    """All rows of a kind, without what is another at each moment."""
    return [
        {name: value for name, value in zip(cls.fields, row, strict=True) if name not in NOT_OF_THE_PROGRAM}
        for row in sorted(image.rows(cls), key=lambda row: str(row[:3]))
    ]


def test_all_that_a_program_can_set(tmp_path: Path) -> None:
    with Program([compiled("state")], tmp_path / "target", ready=False) as program:
        while program.line() != "ready":
            pass
        there_and_back(program, tmp_path / "image")
        program.send("\n")
        assert program.line() == "same"
        save(program.pid, tmp_path / "again")
        with crimg.open(tmp_path / "image") as image, crimg.open(tmp_path / "again") as again:
            for cls in (Sigaction, Siginfo, PosixTimer, Thread):
                for one, other in zip(_rows(image, cls), _rows(again, cls), strict=True):
                    assert one == other
                assert _rows(image, cls)
            before, after = image.rows(Task)[0], again.rows(Task)[0]
            for name in ("pid", "pgid", "sid", "comm", "personality", "oom_score_adj", "exit_signal"):
                assert getattr(before, name) == getattr(after, name), name
            for timer in again.rows(PosixTimer):
                assert timer.remaining == 0 or timer.remaining > 4000 * 10**9


def test_mappings_are_where_they_were(tmp_path: Path) -> None:
    """With their flags; neighbours that nothing tells apart may have become one."""
    code = """
import ctypes, mmap
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.mlock.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
def area(flags=0x22):
    start = libc.mmap(None, 1 << 16, 3, flags, -1, 0)
    ctypes.memset(start, 0x5a, 1 << 16)
    return start
named, locked, secret, read_only, none, forked = (area() for _ in range(6))
word = ctypes.create_string_buffer(b"mine")
libc.prctl(0x53564d41, 0, named, 1 << 16, ctypes.addressof(word))
libc.mlock(locked, 1 << 16)
libc.madvise(secret, 1 << 16, 16)
libc.madvise(forked, 1 << 16, 18)
libc.mprotect(read_only, 1 << 16, 1)
libc.mprotect(none, 1 << 16, 0)
open("data", "wb").write(bytes(range(256)) * 256)
fd = os.open("data", os.O_RDWR)
shared = mmap.mmap(fd, 1 << 16)
private = libc.mmap(None, 1 << 16, 3, 0x02, fd, 0)
ctypes.memset(private + 4096, 0xee, 4096)
os.close(fd)
"""
    with Agent(code, tmp_path / "target") as agent:
        there_and_back(agent, tmp_path / "image")
        assert agent.ask("ctypes.string_at(read_only, 3)") == b"ZZZ"
        assert agent.ask("libc.mprotect(none, 1 << 16, 1), ctypes.string_at(none, 3)") == (0, b"ZZZ")
        assert agent.ask("libc.mprotect(none, 1 << 16, 0)") == 0
        assert agent.ask("ctypes.string_at(private + 4095, 2)") == b"\xff\xee"
        assert agent.ask("shared.__setitem__(0, 77), open('data', 'rb').read(1)") == (None, b"M")
        save(agent.pid, tmp_path / "again")
    with crimg.open(tmp_path / "image") as image, crimg.open(tmp_path / "again") as again:
        before, after = _pages(image), _pages(again)
        assert before.keys() == after.keys()
        for page, one in before.items():
            assert one == after[page], hex(page)


def _pages(image: Image) -> dict[int, tuple[object, ...]]:
    """What each page of the address space is mapped as."""
    ignored = {"sd", "ac"}
    return {
        page: (
            vma.prot,
            vma.shared,
            vma.name,
            vma.offset + page - vma.start if vma.file is not None else 0,
            frozenset(vma.vm_flags.decode().split()) - ignored,
        )
        for vma in image.rows(Vma)
        for page in range(vma.start, vma.end, 4096)
    }


def test_new_pids(tmp_path: Path) -> None:
    """While the number is taken, the process can come back under another one."""
    with Agent("", tmp_path / "target") as agent:
        old = agent.pid
        put_away(agent, tmp_path / "image")
        bring_back(agent, tmp_path / "image", new_pids=True)
        assert agent.pid != old
        assert agent.ask("os.getpid()") == agent.pid
        first = agent.process
        try:
            bring_back(agent, tmp_path / "image", accept=b"/out")  # the old number is free: both run
            assert agent.pid == old
        finally:
            first.send_signal(9)
            first.wait()


def test_stopped_program_stays_stopped(tmp_path: Path) -> None:
    with Agent("", tmp_path / "target") as agent:
        agent.signal(signal.SIGSTOP)
        eventually(lambda: proc.state(agent.pid) == "T")
        there_and_back(agent, tmp_path / "image")
        eventually(lambda: proc.state(agent.pid) == "T")
        agent.signal(signal.SIGCONT)
        assert agent.ask("6 * 7") == 42
