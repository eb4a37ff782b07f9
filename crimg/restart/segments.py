"""System V shared memory: made with its id and contents, or taken where it is still there as it was."""

from __future__ import annotations

from crimg.errors import FileError
from crimg.kernel import segments
from crimg.kernel.sysvipc import Segment, read_segment
from crimg.model import File, SharedMemory
from crimg.model.enums import FileKind, MemoryKind
from crimg.pages import blob_extents
from crimg.restart.flags import flags_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crimg.model import Inode, Vma
    from crimg.model.image import Image
    from crimg.restart.calls import Calls
    from crimg.restart.files import OpenFiles
    from crimg.restart.kind_steps import MakeMemory

_NR_MPROTECT, _NR_MUNMAP = 10, 11  # arch/x86/entry/syscalls/syscall_64.tbl
_READ, _WRITE, _EXEC = 1, 2, 4
_PAGE = 4096
_SHOWN = b"/SYSV"
_FIELDS = ("shmid", "uid", "gid", "cuid", "cgid")


def segment_of(row: SharedMemory, size: int) -> Segment | None:
    """The segment that a row tells of, attached by nobody; None where something of it is not recorded."""
    extra = row.extra or {}
    shmid, uid, gid, cuid, cgid = (extra.get(name) for name in _FIELDS)
    ids = (uid, gid, cuid, cgid)
    known = row.ipc_key is not None and row.mode is not None and isinstance(shmid, int) and shmid >= 0
    if not known or any(not isinstance(number, int) or not 0 <= number < 1 << 32 for number in ids):
        return None
    return Segment(*(row.ipc_key, shmid, row.mode, size, 0, uid, gid, cuid, cgid))  # type: ignore[arg-type]


def segments_of(image: Image) -> dict[int, int]:
    """Objref of the file objects that stand for System V segments to their ids."""
    ids = {
        row.inode: shmid
        for row in image.rows(SharedMemory)
        if row.kind == MemoryKind.SYSTEM_V and isinstance(shmid := (row.extra or {}).get("shmid"), int)
    }
    return {
        file.objref: ids[file.inode]
        for file in image.rows(File)
        if file.kind == FileKind.MEMORY and file.inode in ids
    }


def make_segment(files: OpenFiles, step: MakeMemory) -> None:
    """Make it with its contents, or find it as it was. Raises KernelError, FileError, FormatError."""
    inode, row = step.inode, step.row
    wanted = segment_of(row, inode.size)
    if wanted is None:
        raise ValueError("the caller has seen to it that all of the segment is recorded")
    there = read_segment(wanted.shmid)
    if there is not None:
        reason = _difference(files.image, inode, wanted, there)
        if reason:
            shown = f"System V segment {wanted.shmid} (key {wanted.key & 0xFFFF_FFFF:#x})"
            raise FileError(f"{shown} is there and {reason}: remove it (ipcrm -m {wanted.shmid})")
        return
    creator = wanted.cuid, wanted.cgid
    key = wanted.key or _key_shown((step.files[0].extra or {}).get("link"))
    segments.make_segment(wanted.shmid, key, wanted.size, wanted.perms, creator)
    files.undo.callback(_remove, wanted.shmid)
    if (wanted.uid, wanted.gid) != creator:
        segments.set_owner(wanted.shmid, wanted.uid, wanted.gid, wanted.perms)
    with segments.Attached(wanted.shmid, wanted.size) as memory:
        for offset, data in blob_extents(files.image, inode.blobs):
            memory[offset : offset + len(data)] = data


def _key_shown(link: object) -> int:
    """The key of a segment that has none any more since it was removed: mappings show it for ever."""
    shown = (
        link[len(_SHOWN) : len(_SHOWN) + 8] if isinstance(link, bytes) and link.startswith(_SHOWN) else b"0"
    )
    return int(shown, 16) if all(byte in b"0123456789abcdef" for byte in shown) else 0


def remove_when_left(row: SharedMemory) -> None:
    """As it was: removed, and there only for those that are attached. Raises KernelError."""
    segments.remove_segment(int((row.extra or {})["shmid"]))  # type: ignore[call-overload]


def _remove(shmid: int) -> None:
    if read_segment(shmid) is not None:
        segments.remove_segment(shmid)


def _difference(image: Image, inode: Inode, wanted: Segment, there: Segment) -> str:
    """What is not as it was in the segment with that id; nothing where it is the one of then, left alone."""
    if there.attached:
        return "in use"
    if there != wanted:
        return "another one than at the dump"
    with segments.Attached(wanted.shmid, wanted.size) as memory:
        position = 0
        for offset, data in blob_extents(image, inode.blobs):
            if memory[offset : offset + len(data)] != data or any(memory[position:offset]):
                return "has other contents than at the dump"
            position = offset + len(data)
        return "has other contents than at the dump" if any(memory[position:]) else ""


def attach(calls: Calls, vmas: Iterable[Vma], ids: dict[int, int], sizes: dict[int, int]) -> None:
    """The calls that attach segments as they were, in parts and with their protections.

    vmas: those of segments.  ids, sizes: of segments, by objref of the file. Nothing else may be mapped yet.
    """
    attached: dict[tuple[int, int], list[Vma]] = {}
    for vma in vmas:
        if vma.file is not None:
            attached.setdefault((vma.file, vma.start - vma.offset), []).append(vma)
    for (file, start), parts in attached.items():
        writable = any("mw" in flags_of(vma) for vma in parts)
        executable = any(vma.prot & _EXEC for vma in parts)
        flags = 0 if writable else segments.SHM_RDONLY
        flags |= segments.SHM_EXEC if executable else 0
        name = f"shmat of {ids[file]} at {start:x}"
        calls.add(name, segments.NR_SHMAT, ids[file], start, flags, expected=start)
        given = _READ | (_WRITE if writable else 0) | (_EXEC if executable else 0)
        for vma in parts:
            if vma.prot != given:
                calls.add("mprotect", _NR_MPROTECT, vma.start, vma.end - vma.start, vma.prot)
        for low, high in _gaps(parts, start, start + -(-sizes[file] // _PAGE) * _PAGE):
            calls.add("munmap", _NR_MUNMAP, low, high - low)


def _gaps(parts: list[Vma], start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for vma in sorted(parts, key=lambda vma: vma.start):
        if vma.start > position:
            yield position, vma.start
        position = max(position, vma.end)
    if position < end:
        yield position, end
