"""Contents of deleted files and of pipes: which of them go."""

from __future__ import annotations

from crimg.escape import escape
from crimg.model import File, Inode, Pipe
from crimg.model.enums import Keeper
from crimg.pages import blob_extents
from crimg.redact.copies import contents_label
from crimg.redact.redaction import CONTENTS, FILE, PIPE, Removal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.image import Image

    Holder = Inode | Pipe


class Contents:
    """What is chosen of the contents in an image.

    inodes, pipes: objref of those whose contents go, to what asks for it.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self.inodes: dict[int, str] = {}
        self.pipes: dict[int, str] = {}
        self._holders: list[Holder] = [*image.rows(Inode), *image.rows(Pipe)]

    def choose_all(self) -> None:
        """Choose all there are."""
        for row in self._holders:
            if has_contents(row):
                self._chosen(row).setdefault(row.objref, CONTENTS)

    def choose(self, objref: int, by: str) -> bool:
        """Choose those of a file, an inode or a pipe; whether it has any."""
        file = self.image.find(File, objref)
        wanted = {objref} if file is None else {file.inode, file.pipe}
        found = [row for row in self._holders if row.objref in wanted and has_contents(row)]
        for row in found:
            self._chosen(row).setdefault(row.objref, by)
        return bool(found)

    def follow_blobs(self) -> None:
        """Choose whatever else names a section that goes."""
        by_blob: dict[int, list[Holder]] = {}
        for row in self._holders:
            for blob in row.blobs:
                by_blob.setdefault(blob, []).append(row)
        pending = [row for row in self._holders if row.objref in self._chosen(row)]
        while pending:
            row = pending.pop()
            for other in (other for blob in row.blobs for other in by_blob[blob]):
                if other.objref not in self._chosen(other):
                    self._chosen(other)[other.objref] = f"same contents as #{row.objref}"
                    pending.append(other)

    def removals(self) -> Iterator[Removal]:
        """What goes, in the order of the image. Raises FormatError where that is damaged."""
        for row in self._holders:
            by = self._chosen(row).get(row.objref)
            if by is not None:
                what = FILE if isinstance(row, Inode) else PIPE
                size = sum(len(data) for _, data in blob_extents(self.image, row.blobs))
                yield Removal(what, by, row.objref, contents_label(self.image, row.objref), size)

    def elsewhere(self) -> Iterator[str]:
        """Deleted files whose contents are in a file of their own, one line each."""
        for row in self.image.rows(Inode):
            if row.keeper_path is not None:
                name = contents_label(self.image, row.objref)
                yield f"{name}: is kept in {escape(row.keeper_path)}, not in the image"

    def _chosen(self, row: Holder) -> dict[int, str]:
        return self.inodes if isinstance(row, Inode) else self.pipes


def has_contents(row: Holder) -> bool:
    """Whether something that was in a file or pipe is in the image; extended attributes count."""
    if isinstance(row, Pipe):
        return bool(row.blobs)
    return row.keeper == Keeper.EMBEDDED and bool(row.blobs or "xattrs" in (row.extra or {}))
