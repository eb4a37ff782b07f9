"""CRIU directories made field by field with tests/criu/wire.py, for tests that need no real dump."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from tests.criu.wire import SERVICE, Fields, image, zigzag

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096
INVENTORY, PSTREE, CORE, IDS, MM, PAGEMAP = (
    *(0x58313116, 0x50273030, 0x55053847, 0x54432030, 0x57492820, 0x56084025),
)
FS, FDINFO, FILES, REMAP, GHOST = 0x51403912, 0x56213732, 0x56303138, 0x59133954, 0x52583605
PIPES_DATA, STATS, MOUNTS = 0x56453709, 0x57093306, 0x55563928
OWNER: Fields = {1: 0, 2: 0, 3: 0, 4: 0, 5: 0}
CODE, DATA = 0x400000, 0x600000
_REG, _FILE_PRIVATE, _ANON_PRIVATE = 1, 0x41, 0x201
_MAP_PRIVATE, _MAP_ANONYMOUS = 0x2, 0x20


def reg(
    number: int, name: bytes, mode: int = stat.S_IFREG | 0o644, size: int | None = 0, **more: int
) -> Fields:
    """An entry of files.img for a file with a name. more: flags, pos, and other fields by name."""
    body: Fields = {1: number, 2: more.get("flags", 0o100000), 3: more.get("pos", 0), 5: OWNER, 6: name}
    body[7] = zigzag(more.get("mnt_id", -1))
    if size is not None:
        body[8] = size
    body[10] = mode
    return {1: _REG, 2: number, 3: body}


def core(comm: bytes, state: int = 1) -> Fields:
    """A core image of a thread, with all that CRIU 4.2 writes: plausible registers, no rights at all."""
    registers: Fields = dict.fromkeys(range(1, 28), 0)
    registers.update({17: CODE + 0x10, 18: 0x33, 19: 0x202, 20: DATA + 0x800, 21: 0x2B})
    floating: Fields = dict.fromkeys(range(1, 9), 0)
    floating.update({1: 0x37F, 7: 0x1F80, 8: 0xFFFF, 9: [0] * 32, 10: [0] * 64, 13: {1: 7, 2: [0] * 64}})
    limits: Fields = {1: [{1: 1024, 2: 4096}] * 16}
    clock: Fields = {1: 0, 2: 0, 3: 0, 4: 0}
    task: Fields = {1: state, 2: 0, 3: 0, 4: 0, 5: 0, 6: comm, 7: {1: clock, 2: clock, 3: clock}, 8: limits}
    task.update({10: {}, 13: 0xFFFF_FFFF, 14: 0, 15: [{1: 0, 2: 0, 3: 0, 4: 0}] * 62, 18: 0})
    none = [0, 0]
    creds: Fields = dict.fromkeys(range(1, 9), 0)
    creds.update({9: none, 10: none, 11: none, 12: none, 13: 0, 19: none})
    thread: Fields = {1: 0, 2: 24, 3: zigzag(0), 4: 0, 5: 0, 6: 0, 7: {1: 0, 2: 0, 3: 2}, 9: {}, 10: creds}
    thread.update({13: comm, 15: {1: 0, 2: 0, 3: 0}})
    return {1: 1, 2: {1: 0, 2: registers, 3: floating}, 3: task, 5: thread}


def dead_core(comm: bytes) -> Fields:
    """A core image of a zombie: nothing but the task."""
    return {1: 1, 3: {1: 2, 2: 0x100, 3: 0, 4: 0, 5: 0, 6: comm}}


class Tree:
    """A process tree being put together. files: entries of files.img.  tasks: pid to its descriptors."""

    def __init__(self) -> None:
        self.files: list[Fields] = [
            reg(1, b"/srv/app/bin/prog", stat.S_IFREG | 0o755, 0x3000),
            reg(2, b"/srv/app/work", stat.S_IFDIR | 0o755, None),
            reg(3, b"/", stat.S_IFDIR | 0o755, None),
        ]
        self.fds: dict[int, list[Fields]] = {}
        self.processes: list[Fields] = []
        self.vmas: dict[int, list[Fields]] = {}
        self.images: dict[str, bytes] = {}
        self.strings = (0, 8, 8, 16)
        """Start and end of the arguments, and of the environment, from DATA on."""

    def task(self, pid: int, ppid: int = 0, fds: list[tuple[int, int, int]] | None = None) -> None:
        """A task with descriptors (number, id, type), a mapping of the program, and two pages of data."""
        self.processes.append({1: pid, 2: ppid, 3: self.root or pid, 4: self.root or pid, 5: [pid]})
        self.fds[pid] = [{1: number, 2: 0, 3: kind, 4: fd} for fd, number, kind in fds or []]
        self.vmas[pid] = [
            self.vma(CODE, 3, file=1, prot=5),
            self.vma(DATA, 4, file=None, prot=3),
        ]

    @property
    def root(self) -> int:
        """The pid of the first task, 0 while there is none."""
        return int(self.processes[0][1]) if self.processes else 0  # type: ignore[call-overload]

    def vma(self, start: int, pages: int, *, file: int | None, prot: int, offset: int = 0) -> Fields:
        """A private mapping."""
        status = _FILE_PRIVATE if file is not None else _ANON_PRIVATE
        flags = _MAP_PRIVATE | (0 if file is not None else _MAP_ANONYMOUS)
        body: Fields = {1: start, 2: start + pages * PAGE, 3: offset, 4: file or 0, 5: prot, 6: flags}
        return {**body, 7: status, 8: zigzag(-1)}

    def contents(self) -> dict[str, bytes]:
        """Name to bytes of every image file."""
        images = {
            "inventory.img": image(INVENTORY, {1: 2, 2: 1, 13: b"01234567-89ab-cdef-0123-456789abcdef"}),
            "pstree.img": image(PSTREE, *self.processes),
            "files.img": image(FILES, *self.files),
            "stats-dump": image(
                STATS, {1: {1: 10, 2: 4200, 3: 1, 4: 1, 5: 1, 6: 0, 7: 2, 9: 0}}, first=SERVICE
            ),
        }
        for number, process in enumerate(self.processes, 2):
            pid = process[1]
            ids: Fields = {1: number, 2: number, 3: number, 4: number, 5: 1, 6: 2, 7: 3, 8: 4, 9: 5}
            code: Fields = {
                1: CODE,
                2: CODE + 0x3000,
                3: CODE,
                4: CODE + 0x3000,
                5: DATA + 0x900,
                6: DATA,
                7: DATA,
            }
            code.update({field: DATA + offset for field, offset in enumerate(self.strings, 8)})
            code.update({12: 1, 13: [6, PAGE]})
            images[f"core-{pid}.img"] = image(CORE, core(b"prog"))
            images[f"ids-{pid}.img"] = image(IDS, ids)
            images[f"mm-{pid}.img"] = image(MM, {**code, 14: self.vmas[pid], 15: 1})  # type: ignore[index]
            images[f"fs-{pid}.img"] = image(FS, {1: 2, 2: 3, 3: 0o22})
            images[f"fdinfo-{number}.img"] = image(FDINFO, *self.fds[pid])  # type: ignore[index]
            runs: Fields = {1: DATA, 2: 2, 4: 4, 5: 2}
            images[f"pagemap-{pid}.img"] = image(PAGEMAP, {1: number}, runs)
            images[f"pages-{number}.img"] = bytes([number & 0xFF]) * (2 * PAGE)
        return {**images, **self.images}

    def write(self, folder: Path) -> Path:
        """Write the directory; its path."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.contents().items():
            (folder / name).write_bytes(data)
        return folder


def small() -> Tree:
    """Two tasks that share an open file, a pipe with bytes in it, a deleted file, a re-linked one."""
    tree = Tree()
    tree.files += [
        reg(4, b"/srv/app/log", flags=0o102001, size=None, pos=17),
        {1: 2, 2: 5, 18: {1: 5, 2: 77, 3: 0, 4: OWNER}},
        {1: 2, 2: 6, 18: {1: 6, 2: 77, 3: 1, 4: OWNER}},
        reg(7, b"/srv/app/gone", flags=0o100002, pos=3, size=None),
        reg(8, b"/srv/app/renamed", flags=0o100000, size=5),
        reg(9, b"/srv/app/link_remap.9", size=5),
        {1: 6, 2: 10, 8: {1: 10, 2: 0o4002, 3: OWNER, 4: 42}},
    ]
    tree.task(100, 0, [(0, 4, 1), (3, 5, 2), (4, 6, 2), (5, 7, 1), (6, 8, 1), (7, 10, 6)])
    tree.task(101, 100, [(0, 4, 1), (9, 5, 2)])
    ghost: Fields = {1: 10, 2: 20, 3: stat.S_IFREG | 0o600, 4: 8 << 20 | 1, 5: 4711}
    tree.images |= {
        "remap-fpath.img": image(REMAP, {1: 7, 2: 0x1A, 3: 1}, {1: 8, 2: 9, 3: 0}),
        "ghost-file-1a.img": image(GHOST, (ghost, b"deleted")),
        "pipes-data.img": image(PIPES_DATA, ({1: 77, 2: 5, 3: 65536}, b"bytes")),
    }
    return tree
