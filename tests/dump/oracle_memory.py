"""Mappings and memory of an image against /proc of the process, which stands still."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from crimg.model import (
    File,
    Mm,
    Vma,
)
from crimg.model.enums import Access
from crimg.pages import ABSENT, GUARD, SAVED, Memory
from tests.dump.oracle_files import check_inode, shown, task_of
from tests.dump.proc import maps, stat_fields

if TYPE_CHECKING:
    from crimg.model.image import Image

MAP_FILES = os.geteuid() == 0
"""Whether the links in /proc/PID/map_files may be followed, which takes CAP_CHECKPOINT_RESTORE."""
KERNEL_MAPPINGS = (b"[vvar]", b"[vvar_vclock]", b"[vsyscall]")


def mm_of(image: Image, pid: int) -> Mm:
    """The address space of a process."""
    mm = image.find(Mm, task_of(image, pid).mm)
    assert mm is not None
    return mm


def check_mm(image: Image, pid: int) -> None:
    """mm: /proc/PID/{stat,auxv,exe}."""
    mm = mm_of(image, pid)
    stat = stat_fields(f"/proc/{pid}/stat")
    assert [mm.start_code, mm.end_code, mm.start_stack] == [int(stat[n - 3]) for n in (26, 27, 28)]
    assert [
        mm.start_data,
        mm.end_data,
        mm.start_brk,
        mm.arg_start,
        mm.arg_end,
        mm.env_start,
        mm.env_end,
    ] == [int(stat[n - 3]) for n in range(45, 52)]
    assert mm.auxv == Path(f"/proc/{pid}/auxv").read_bytes()
    heap = [vma for vma in maps(pid) if vma["path"] == b"[heap]"]
    assert mm.brk <= int(heap[-1]["end"], 16) < mm.brk + image.page_size if heap else mm.brk >= mm.start_brk
    exe = image.find(File, mm.exe)
    assert exe is not None
    assert shown(exe) == os.readlink(f"/proc/{pid}/exe".encode())
    check_inode(image, exe, os.stat(f"/proc/{pid}/exe"))


def check_mappings(image: Image, pid: int) -> None:
    """vma: /proc/PID/{maps,map_files} and VmFlags of smaps."""
    flags = re.findall(rb"^VmFlags: (.*?) *$", Path(f"/proc/{pid}/smaps").read_bytes(), re.MULTILINE)
    lines = maps(pid)
    mm = mm_of(image, pid)
    rows = [row for row in image.rows(Vma) if row.mm == mm.objref]
    assert len(rows) == len(lines) == len(flags)
    for row, line, letters in zip(rows, lines, flags, strict=True):
        perms = b"".join(
            letter if row.prot & bit else b"-" for letter, bit in ((b"r", 1), (b"w", 2), (b"x", 4))
        ) + (b"s" if row.shared else b"p")
        assert (row.start, row.end, perms, row.offset) == (
            int(line["start"], 16),
            int(line["end"], 16),
            line["perms"],
            int(line["offset"], 16),
        )
        assert sorted(row.vm_flags.split()) == sorted(letters.split()), line
        if row.file is None:
            assert (line["inode"], row.name or b"") == (b"0", line["path"])
            continue
        file = image.find(File, row.file)
        assert file is not None
        link = f"/proc/{pid}/map_files/{row.start:x}-{row.end:x}"
        if MAP_FILES:
            assert shown(file) == os.readlink(link.encode())
        assert shown(file).replace(b"\n", b"\\012") == line["path"]
        check_inode(image, file, os.stat(_mapped(pid, row, file)))
        mode = os.lstat(link).st_mode
        assert file.access == (mode >> 8 & 1) * Access.READ | (mode >> 7 & 1) * Access.WRITE


def check_memory(image: Image, pid: int) -> int:
    """Every byte of private memory: saved pages are as in /proc/PID/mem, the others as in the file, or zero.

    Returns the bytes compared. Guard pages must be there, and unreadable.
    """
    mm = mm_of(image, pid)
    saved = Memory(image, mm)
    compared = 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for vma in image.rows(Vma):
            if vma.mm != mm.objref:
                continue
            if vma.shared or vma.name in KERNEL_MAPPINGS:
                assert saved.saved_bytes(vma.start, vma.end) == 0
                continue
            for piece in saved.pieces(vma.start, vma.end):
                length = piece.end - piece.start
                if piece.origin == GUARD:
                    assert not _readable(memory.fileno(), piece.start)
                    continue
                if piece.origin == SAVED:
                    expected = bytes(piece.data or b"")
                else:
                    assert piece.origin == ABSENT
                    expected = _unchanged(image, pid, vma, piece.start, length)
                found = os.pread(memory.fileno(), len(expected), piece.start)
                assert found == expected, f"{piece.origin} {piece.start:x}-{piece.end:x} of {vma}"
                compared += length
    return compared


def _readable(memory: int, address: int) -> bool:
    try:
        os.pread(memory, 1, address)
    except OSError:
        return False
    return True


def _mapped(pid: int, vma: Vma, file: File) -> str | bytes:
    """A path to the mapped file itself; without that capability its name, which was compared before."""
    return f"/proc/{pid}/map_files/{vma.start:x}-{vma.end:x}" if MAP_FILES else file.path


def _unchanged(image: Image, pid: int, vma: Vma, start: int, length: int) -> bytes:
    """What a private mapping holds that nobody has written to; shorter at the end of the mapped file."""
    mapped = image.find(File, vma.file)
    if mapped is None:
        return bytes(length)
    with open(_mapped(pid, vma, mapped), "rb", buffering=0) as file:
        data = os.pread(file.fileno(), length, vma.offset + start - vma.start)
    return data + bytes(-len(data) % 4096)
