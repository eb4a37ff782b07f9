"""Memory of every kind: what is saved of it, byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.model import (
    Mm,
)
from crimg.pages import Memory
from tests.dump.programs import Agent
from tests.dump.rows import dumped

if TYPE_CHECKING:
    from pathlib import Path


def test_memory_of_every_kind(tmp_path: Path, image_path: Path) -> None:
    """Protections, guard pages, untouched pages, advice: what is saved, and every byte of it."""
    code = """
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p] + [ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.mprotect.argtypes = libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 2 + [ctypes.c_size_t, ctypes.c_char_p]
def area(pages, prot=3, flags=0x22, fill=None):
    start = libc.mmap(None, pages * 4096, 3, flags, -1, 0)
    if fill is not None:
        ctypes.memset(start, fill, pages * 4096)
    libc.mprotect(start, pages * 4096, prot)
    return start
none = area(8, 0, fill=1)
write_only = area(4, 2, fill=2)
execute_only = area(4, 4, fill=3)
read_only = area(4, 1, fill=4)
untouched = area(1000)
sparse = area(1000)
for page in range(0, 1000, 7):
    ctypes.memset(sparse + page * 4096, 5, 1)
zeros = area(10, fill=0)
guarded = area(16, fill=6)
guard = libc.madvise(guarded + 4 * 4096, 4 * 4096, 102)
dropped = area(16, fill=7)
libc.madvise(dropped, 8 * 4096, 4)
hidden = area(4, fill=8)
libc.madvise(hidden, 4 * 4096, 16)
child = area(4, fill=9)
libc.madvise(child, 4 * 4096, 18)
named = area(4, fill=10)
libc.prctl(0x53564d41, 0, named, 4096 * 4, b"a name")
huge = area(2048, fill=11)
libc.madvise(huge, 2048 * 4096, 14)
down = area(16, flags=0x122, fill=12)
with open("short", "wb") as file:
    file.write(b"s" * 5000)
fd = os.open("short", os.O_RDWR)
short = libc.mmap(None, 8192, 3, 2, fd, 0)
ctypes.memset(short + 4096 + 100, 13, 10)
beyond = libc.mmap(None, 4 * 4096, 3, 2, fd, 0)
os.close(fd)
"""
    with Agent(code, tmp_path / "target") as agent:
        places = {
            name: agent.ask(name)
            for name in ("none", "write_only", "execute_only", "untouched", "sparse", "guarded", "dropped")
        }
        guards = agent.ask("guard") == 0
        with dumped(agent, image_path, memory=True) as image:
            memory = Memory(image, image.rows(Mm)[0])
            page = 4096

            def saved(name: str, pages: int) -> int:
                return memory.saved_bytes(places[name], places[name] + pages * page) // page

            assert memory.read(places["none"], 8 * page) == b"\1" * 8 * page
            assert memory.read(places["write_only"], page) == b"\2" * page
            assert memory.read(places["execute_only"], page) == b"\3" * page
            assert saved("untouched", 1000) == 0
            assert saved("dropped", 8) == 0
            assert saved("sparse", 1000) == 143
            if guards:
                pieces = list(memory.pieces(places["guarded"], places["guarded"] + 16 * page))
                assert [(piece.origin, (piece.end - piece.start) // page) for piece in pieces] == [
                    ("saved", 4),
                    ("guard", 4),
                    ("saved", 8),
                ]
        assert agent.ask("ctypes.string_at(short + 4096, 111)[100:110]") == b"\r" * 10
