"""maps, smaps and map_files of real mappings."""

from __future__ import annotations

import ctypes
import errno
import os
import re
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError
from crimg.kernel import inodes, procmaps
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import advise, become_nobody, check, child, in_child, libc, mapping, needs_root

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096
NASTY = [
    b"plain",
    b"new\nline",
    b"new\\012line",
    b"esc\x1b[31m",
    b"\xff\xfe not utf-8",
    b"trailing space ",
    b"  leading",
    b"x (deleted)",
    b"back\\slash",
    b"form\x0cfeed\x0b\r",
    b"x\nVmFlags: zz zz",
]


def test_fields_of_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "mapped"
    path.write_bytes(bytes(5 * PAGE))

    def prepare() -> tuple[int, int]:
        fd = os.open(path, os.O_RDWR)
        return mapping(2 * PAGE, prot=1, flags=2, fd=fd, offset=3 * PAGE), mapping(PAGE, flags=1, fd=fd)

    with child(prepare) as process, ProcDir(process.pid) as proc:
        vmas = {vma.start: vma for vma in procmaps.read_maps(proc)}
    private, shared = (vmas[address] for address in process.value)
    assert private.end - private.start == 2 * PAGE
    assert (private.perms, private.offset, private.label) == (b"r--p", 3 * PAGE, os.fsencode(path))
    assert (shared.perms, shared.offset) == (b"rw-s", 0)
    assert shared.shared and not private.shared
    status = path.stat()
    assert shared.inode == private.inode == status.st_ino
    assert shared.has_file
    heap = next(vma for vma in vmas.values() if vma.label == b"[heap]")
    assert not heap.has_file


def test_every_line_is_read_and_in_order() -> None:
    with ProcDir(os.getpid()) as proc:
        text = proc.read("maps")
    vmas = procmaps.parse_maps(text)
    pattern = re.compile(
        rb"^([0-9a-f]+)-([0-9a-f]+) (....) ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)$", re.M
    )
    rows = pattern.findall(text)
    assert len(rows) == len(vmas) > 20
    for row, vma in zip(rows, vmas, strict=True):
        assert tuple(int(row[at], 16) for at in (0, 1, 3, 4, 5)) == (
            vma.start, vma.end, vma.offset, vma.major, vma.minor,
        )  # fmt: skip
        assert (row[2], int(row[6]), row[7]) == (vma.perms, vma.inode, vma.label)
    assert [vma.start for vma in vmas] == sorted(vma.start for vma in vmas)


def test_mapped_path_is_exact_for_any_name(tmp_path: Path) -> None:
    paths = [os.fsencode(tmp_path) + b"/" + name for name in NASTY]

    def prepare() -> list[int]:
        addresses = []
        for path in paths:
            fd = os.open(path, os.O_RDWR | os.O_CREAT)
            os.ftruncate(fd, PAGE)
            addresses.append(mapping(PAGE, flags=1, fd=fd))
            os.close(fd)
        return addresses

    with child(prepare) as process, ProcDir(process.pid) as proc:
        vmas = {vma.start: vma for vma in procmaps.read_maps(proc)}
        flags = procmaps.read_vm_flags(proc)
        assert vmas.keys() == flags.keys()
        labels = []
        for path, address in zip(paths, process.value, strict=True):
            vma = vmas[address]
            assert procmaps.mapped_path(proc, vma.start, vma.end) == path
            assert "sh" in flags[address]
            labels.append(vma.label)
        assert labels[1] == labels[2], "the ambiguity of maps that mapped_path is there for"
        os.unlink(paths[0])
        vma = vmas[process.value[0]]
        assert procmaps.mapped_path(proc, vma.start, vma.end) == paths[0] + b" (deleted)"


def test_mapped_path_at_other_addresses(tmp_path: Path) -> None:
    with ProcDir(os.getpid()) as proc, pytest.raises(KernelError) as caught:
        procmaps.mapped_path(proc, 0x1000, 0x2000)
    assert caught.value.errno == errno.ENOENT


def test_vm_flags_of_madvise(tmp_path: Path) -> None:
    advices = {"dc": 10, "dd": 16, "wf": 18, "hg": 14, "nh": 15, "sr": 2, "rr": 1}

    def prepare() -> dict[str, int]:
        found = {}
        for name, advice in advices.items():
            found[name] = mapping(3 * PAGE) + PAGE
            advise(found[name], PAGE, advice)
        found["lo"] = mapping(3 * PAGE) + PAGE
        check(libc.mlock(ctypes.c_void_p(found["lo"]), PAGE), "mlock")
        return found

    with child(prepare) as process, ProcDir(process.pid) as proc:
        flags = procmaps.read_vm_flags(proc)
    for name, address in process.value.items():
        assert name in flags[address], name
        assert {"rd", "wr"} <= flags[address]
    assert "dc" not in flags[process.value["dd"]]


def test_vm_flags_agree_with_a_line_by_line_reading() -> None:
    with ProcDir(os.getpid()) as proc:
        text = proc.read("smaps")
    expected: dict[int, frozenset[str]] = {}
    start = -1
    for line in text.split(b"\n"):
        if found := re.match(rb"([0-9a-f]+)-[0-9a-f]+ [r-][w-][x-][ps] ", line):
            start = int(found[1], 16)
        elif line.startswith(b"VmFlags:"):
            expected[start] = frozenset(line.decode().split()[1:])
    assert procmaps.parse_vm_flags(text) == expected
    assert len(expected) > 20


def test_open_mapped_reaches_what_has_no_name_and_no_descriptor(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("opening map_files takes CAP_CHECKPOINT_RESTORE")
    path = tmp_path / "library"

    def prepare() -> tuple[int, int, int]:
        fd = os.open(path, os.O_RDWR | os.O_CREAT)
        os.write(fd, b"contents" + bytes(PAGE - 8))
        address, anonymous = mapping(PAGE, flags=1, fd=fd), mapping(PAGE, flags=0x21)
        number = os.fstat(fd).st_ino
        os.close(fd)
        path.unlink()
        path.write_bytes(b"another")
        return address, anonymous, number

    with child(prepare) as process, ProcDir(process.pid) as proc:
        address, anonymous, number = process.value
        fd = procmaps.open_mapped(proc, address, address + PAGE)
        assert inodes.statx(fd).ino == number != path.stat().st_ino
        os.close(fd)
        fd = procmaps.open_mapped(proc, address, address + PAGE, os.O_RDONLY)
        assert os.read(fd, 8) == b"contents"
        os.close(fd)
        fd = procmaps.open_mapped(proc, anonymous, anonymous + PAGE)
        assert inodes.statx(fd).size == PAGE
        os.close(fd)


@needs_root
def test_open_mapped_without_the_capability() -> None:
    def as_nobody() -> tuple[int, str]:
        become_nobody()
        with ProcDir(os.getpid()) as proc:
            vma = next(vma for vma in procmaps.read_maps(proc) if vma.has_file)
            assert procmaps.mapped_path(proc, vma.start, vma.end) == vma.label
            try:
                procmaps.open_mapped(proc, vma.start, vma.end)
            except KernelError as error:
                return error.errno, error.hint
        return 0, ""

    number, hint = in_child(as_nobody)
    assert number == errno.EPERM
    assert "CAP_CHECKPOINT_RESTORE" in hint
