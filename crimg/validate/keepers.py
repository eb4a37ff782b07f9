"""C421 to C427: how the contents of deleted files are kept."""

from __future__ import annotations

from crimg.errors import FormatError
from crimg.escape import escape
from crimg.format.bodies import unpack_extents
from crimg.format.constants import SectionType
from crimg.model import File, Filesystem, Inode
from crimg.model.enums import FileKind, Keeper, NameState
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from crimg.validate.checked import Checked

    Span = tuple[int, int, int]

_GONE = frozenset(map(int, (NameState.DELETED, NameState.REPLACED)))
_NAMED = (NameState.LINKED, NameState.RELINKED)
_FILES = (Keeper.COPIED, Keeper.RELINKED)
_INODE, _STATE = File.fields.index("inode"), File.fields.index("name_state")


def _openers(checked: Checked, inodes: Collection[int | None]) -> dict[int, list[File]]:
    """Each of these inodes to the regular files that are open or mapped with it."""
    files: dict[int, list[File]] = {}
    for file in checked.rows(File) if inodes else ():
        if file[_INODE] in inodes and file.kind == FileKind.REGULAR and file.inode is not None:
            files.setdefault(file.inode, []).append(file)
    return files


@rule("C421", ERROR)
def no_keeper(checked: Checked) -> Iterator[Hit]:
    """A deleted file is not kept anywhere.

    No name leads to it any more, and its contents are neither in the image nor in a file of their own. A
    restart would find nothing at the path, or another file.

    Remedy: dump again while the process still runs; the contents are nowhere else.
    """
    suspects = {file.inode for file in checked.rows(File) if file[_STATE] in _GONE}
    for objref, files in _openers(checked, suspects).items():
        inode = checked.find(Inode, objref)
        gone = [file for file in files if file.name_state in _GONE]
        if inode is None or inode.keeper != Keeper.NONE or not gone:
            continue
        if not any(file.name_state in _NAMED for file in files):
            for file in gone:
                state = NameState(file.name_state).name.lower()
                yield Hit(f"is {state}, and inode #{objref} has no keeper", file, "name_state")


@rule("C422", ERROR)
def two_keepers(checked: Checked) -> Iterator[Hit]:
    """A file is kept, but one of its names still leads to it.

    One opener would come back with the kept copy and another with the file at the path: two inodes where
    there was one, and what one writes the other no longer sees.

    Remedy: dump again once the other name is gone or the file is closed.
    """
    kept = (Keeper.EMBEDDED, *_FILES)
    suspects = {row.objref for row in checked.rows(Inode) if row.keeper in kept}
    for objref, files in _openers(checked, suspects).items():
        inode = checked.find(Inode, objref)
        named = next((file for file in files if file.name_state == NameState.LINKED), None)
        if inode is not None and named is not None and inode.keeper in kept:
            keeper = Keeper(inode.keeper).name.lower()
            yield Hit(f"is {keeper}, but #{named.objref} {escape(named.path)} leads to it", inode, "keeper")


@rule("C423", ERROR)
def keeper_columns(checked: Checked) -> Iterator[Hit]:
    """How an inode is kept contradicts where it says that the contents are.

    Contents in the image need no path, contents in a file need one, and what is at its own path has neither.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Inode):
        if row.blobs and row.keeper != Keeper.EMBEDDED:
            yield Hit("has contents in the image, but another keeper", row, "blobs")
        if row.keeper_path is not None and row.keeper not in _FILES:
            yield Hit(f"names {escape(row.keeper_path)}, but no file keeps it", row, "keeper_path")
        if row.keeper_path is None and row.keeper in _FILES:
            yield Hit("is kept in a file, but names none", row, "keeper_path")


@rule("C424", ERROR)
def blob_extents(checked: Checked) -> Iterator[Hit]:
    """Kept contents reach past the end of the file, or are not in order.

    The file would come back longer than it was, or with one part over the other.

    Remedy: undo what rewrote the image, or dump again.
    """
    spans = Spans(checked)
    for row in checked.rows(Inode):
        end = 0
        for start, stop, _ in spans.of(row.blobs):
            if start < end:
                yield Hit(f"the part at {start} stands behind one that ends at {end}", row, "blobs")
            end = max(end, stop)
        if end > row.size:
            yield Hit(f"contents up to {end}, the file has {row.size} bytes", row, "blobs")


class Spans:
    """What BLOB sections hold, each looked at once however many rows name it."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self._known: dict[int, Span | None] = {}

    def of(self, section_ids: Sequence[int]) -> list[Span]:
        """First offset in the kept file, end, and bytes of each of these sections.

        None at all where one of them cannot be read: other rules say so.
        """
        spans = []
        for section_id in section_ids:
            if section_id not in self._known:
                self._known[section_id] = self._read(section_id)
            span = self._known[section_id]
            if span is None:
                return []
            spans.append(span)
        return spans

    def _read(self, section_id: int) -> Span | None:
        body = self._checked.body(section_id)
        if body is None or self._checked.sections[section_id].type != SectionType.BLOB:
            return None
        try:
            extents, _ = unpack_extents(body)
        except FormatError:
            return None  # C110
        if not extents:
            return 0, 0, 0
        return extents[0][0], extents[-1][0] + extents[-1][1], sum(length for _, length in extents)


@rule("C425", ERROR)
def keeper_place(checked: Checked) -> Iterator[Hit]:
    """The file that keeps a deleted one is named by a relative path, by one with "..", or where it cannot be.

    A restart opens and unlinks that file: it must be the one that was made for it. A re-linked inode has its
    new name on the file system that it is on.

    Remedy: rewrite the path, or dump again.
    """
    for row in checked.rows(Inode):
        path = row.keeper_path
        if path is None:
            continue
        if not path.startswith(b"/") or b".." in path.split(b"/"):
            yield Hit(f"is kept at {escape(path)}", row, "keeper_path")
        elif row.keeper == Keeper.RELINKED:
            filesystem = checked.find(Filesystem, row.filesystem)
            if filesystem is not None and not _inside(path, filesystem.mount_point):
                text = (
                    f"is re-linked at {escape(path)}, its file system is at {escape(filesystem.mount_point)}"
                )
                yield Hit(text, row, "keeper_path")


def _inside(path: bytes, folder: bytes) -> bool:
    return path.startswith(folder.rstrip(b"/") + b"/")


@rule("C427", ERROR)
def one_keeper_for_two(checked: Checked) -> Iterator[Hit]:
    """Two deleted files are kept in one file.

    A restart opens and unlinks it for the first, and finds it gone for the second; or both come back as one
    inode, and what is written to one is in the other.

    Remedy: undo what rewrote the image, or dump again while the process still runs.
    """
    kept: dict[bytes, int] = {}
    for row in checked.objects_of(Inode).values():
        if row.keeper in _FILES and row.keeper_path is not None:
            first = kept.setdefault(row.keeper_path, row.objref)
            if first != row.objref:
                yield Hit(f"{escape(row.keeper_path)} keeps #{first} too", row, "keeper_path")


@rule("C426", WARNING)
def removed_contents(checked: Checked) -> Iterator[Hit]:
    """The contents of a deleted file were removed from the image on purpose.

    The image can be looked at, but a restart cannot bring this file back: it refuses the image.

    Remedy: to restart, take the image from which the contents were not removed.
    """
    for row in checked.rows(Inode):
        if row.keeper == Keeper.REMOVED:
            yield Hit(f"its {row.size} bytes are not in the image", row, "keeper")
