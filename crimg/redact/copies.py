"""Copies of removed strings in what is kept: memory, contents of deleted files and of pipes, tables."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from crimg.escape import escape
from crimg.model import File, Inode, Mm, Pipe, Socket, Vma
from crimg.pages import Memory, blob_extents
from crimg.redact.ranges import union, without
from crimg.redact.tables import table_hits
from crimg.searching import find_all, saved_parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from crimg.model.image import Image
    from crimg.redact.ranges import Range
    from crimg.redact.redaction import Secret

    Progress = Callable[[int], object]

SHOWN = 16
"""Places that are kept of one string; all of them are counted."""

_MOST_APART = 1 << 17
"""Ranges, which may overlap, before they are joined: one letter 8 times is in a page of it 4,000 times."""


class Spot(NamedTuple):
    """Where a copy is. objref: of the mm, inode or pipe; None for a place in an image file of CRIU.

    position: address, or offset in the contents or the image file; None in a row of a table.  label: mapping,
    file or pipe, printable; of a row its table and column.
    """

    objref: int | None
    position: int | None
    label: str


class Copy(NamedTuple):
    """A removed string that is still there. label: of the secret.  length: bytes, of the longest one with
    this label.  number: how often."""

    label: str
    length: int
    number: int
    spots: tuple[Spot, ...]


def find_copies(
    image: Image, secrets: Sequence[Secret], progress: Progress | None = None, *, tables: bool = True
) -> list[Copy]:
    """Every removed string that is still in the image, the first ones of its places. progress: of bytes.

    tables: look into the rows too, where paths that stay by themselves are no copies. Raises FormatError.
    """
    found: dict[str, Copy] = {}

    def count(secret: Secret, spot: Callable[[], Spot]) -> None:
        copy = found.get(secret.label, Copy(secret.label, 0, 0, ()))
        spots = (*copy.spots, spot()) if copy.number < SHOWN else copy.spots
        length = max(copy.length, len(secret.value))
        found[secret.label] = Copy(secret.label, length, copy.number + 1, spots)

    values = [secret.value for secret in secrets]
    for objref, index, position in _hits(image, values, {}, progress) if secrets else ():
        count(secrets[index], partial(_memory_spot, image, objref, position))
    for secret, owner, column in table_hits(image, secrets) if tables else ():
        count(secret, partial(Spot, owner, None, column))
    labels = dict.fromkeys(secret.label for secret in secrets)
    return [found[label] for label in labels if label in found]


def memory_copies(
    image: Image,
    secrets: Sequence[Secret],
    removed: Mapping[int, Sequence[Range]],
    progress: Progress | None = None,
) -> dict[int, list[Range]]:
    """Objref of every mm to the ranges of its memory, outside of what is removed, with copies of these."""
    found: dict[int, list[Range]] = {}
    values = [secret.value for secret in secrets]
    for objref, index, address in _hits(image, values, removed, progress) if secrets else ():
        if image.find(Mm, objref) is not None:
            ranges = found.setdefault(objref, [])
            ranges.append((address, address + len(values[index])))
            if len(ranges) > _MOST_APART:
                ranges[:] = union(ranges)
    return {objref: union(ranges) for objref, ranges in found.items()}


def _hits(
    image: Image,
    values: Sequence[bytes],
    removed: Mapping[int, Sequence[Range]],
    progress: Progress | None,
) -> Iterator[tuple[int, int, int]]:
    """Objref, index of the string, and position of every copy."""
    gone_through = 0
    for objref, parts in _places(image, removed):
        done = 0
        for done, hit in find_all(parts, values):
            if hit is not None:
                yield objref, *hit
            elif progress is not None:
                progress(gone_through + done)
        gone_through += done


def _places(
    image: Image, removed: Mapping[int, Sequence[Range]]
) -> Iterator[tuple[int, Iterable[tuple[int, memoryview]]]]:
    """Objref and bytes of all memory and contents."""
    bounds: dict[int, list[Range]] = {}
    for vma in image.rows(Vma):
        bounds.setdefault(vma.mm, []).append((vma.start, vma.end))
    for mm in image.rows(Mm):
        ranges = without(union(bounds.get(mm.objref, ())), removed.get(mm.objref, ()))
        yield mm.objref, saved_parts(Memory(image, mm), ranges)
    rows: list[Inode | Pipe | Socket] = [*image.rows(Inode), *image.rows(Pipe), *image.rows(Socket)]
    for row in rows:
        objref = row.file if isinstance(row, Socket) else row.objref
        yield objref, blob_extents(image, row.blobs)


def _memory_spot(image: Image, objref: int, position: int) -> Spot:
    return Spot(objref, position, _label(image, objref, position))


def _label(image: Image, objref: int, position: int) -> str:
    if image.find(Mm, objref) is not None:
        for vma in image.rows(Vma):
            if vma.mm == objref and vma.start <= position < vma.end:
                return mapping_label(image, vma)
        return ""
    return contents_label(image, objref)


def mapping_label(image: Image, vma: Vma) -> str:
    """What a mapping is of, printable: a path, the kernel's name, or "anonymous"."""
    file = image.find(File, vma.file)
    if file is not None:
        return escape(file.path)
    return escape(vma.name) if vma.name else "anonymous"


def contents_label(image: Image, objref: int) -> str:
    """The path of a file with this inode, or the kernel's name of this pipe; printable."""
    pipe = image.find(Pipe, objref)
    if pipe is not None:
        return f"pipe:[{pipe.number}]"
    sockets = [row.number for row in image.rows(Socket) if row.file == objref]
    if sockets:
        return f"socket:[{sockets[0]}]"
    paths = [file.path for file in image.rows(File) if file.inode == objref]
    return escape(paths[0]) if paths else f"inode #{objref}"
