"""Contents of deleted files, of pipes and of sockets: which of them go."""

from __future__ import annotations

from crimg.escape import escape
from crimg.model import File, Inode, Pipe, Socket
from crimg.model.enums import Keeper
from crimg.pages import blob_extents
from crimg.redact.copies import contents_label
from crimg.redact.redaction import CONTENTS, FILE, PIPE, SOCKET, Removal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.image import Image
    from crimg.model.record import Record

    Holder = Inode | Pipe | Socket

_WHAT: dict[type[Record], str] = {Inode: FILE, Pipe: PIPE, Socket: SOCKET}


class Contents:
    """What is chosen of the contents in an image.

    inodes, pipes: objref of those whose contents go (of a socket: of its file), to what asks for it.
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self.inodes: dict[int, str] = {}
        self.pipes: dict[int, str] = {}
        self._holders: list[Holder] = [
            *image.rows(Inode),
            *image.rows(Pipe),
            *image.rows(Socket),
        ]

    def choose_all(self) -> None:
        """Choose all there are."""
        for row in self._holders:
            if has_contents(row):
                self._chosen(row).setdefault(objref_of(row), CONTENTS)

    def choose(self, objref: int, by: str) -> bool:
        """Choose those of a file, an inode or a pipe; whether it has any."""
        file = self.image.find(File, objref)
        wanted = {objref} if file is None else {objref, file.inode, file.pipe}
        found = [row for row in self._holders if objref_of(row) in wanted and has_contents(row)]
        for row in found:
            self._chosen(row).setdefault(objref_of(row), by)
        return bool(found)

    def follow_blobs(self) -> None:
        """Choose whatever else names a section that goes."""
        by_blob: dict[int, list[Holder]] = {}
        for row in self._holders:
            for blob in row.blobs:
                by_blob.setdefault(blob, []).append(row)
        pending = [row for row in self._holders if objref_of(row) in self._chosen(row)]
        while pending:
            row = pending.pop()
            for other in (other for blob in row.blobs for other in by_blob[blob]):
                if objref_of(other) not in self._chosen(other):
                    self._chosen(other)[objref_of(other)] = f"same contents as #{objref_of(row)}"
                    pending.append(other)

    def rows(self) -> Iterator[Holder]:
        """The rows whose contents go, in the order of the image."""
        return (row for row in self._holders if objref_of(row) in self._chosen(row))

    def removals(self) -> Iterator[Removal]:
        """What goes, in the order of the image. Raises FormatError where that is damaged."""
        for row in self.rows():
            objref = objref_of(row)
            size = sum(len(data) for _, data in blob_extents(self.image, row.blobs))
            label = contents_label(self.image, objref)
            yield Removal(_WHAT[type(row)], self._chosen(row)[objref], objref, label, size)

    def elsewhere(self) -> Iterator[str]:
        """Deleted files whose contents are in a file of their own, one line each."""
        for row in self.image.rows(Inode):
            if row.keeper_path is not None:
                name = contents_label(self.image, row.objref)
                yield f"{name}: is kept in {escape(row.keeper_path)}, not in the image"

    def _chosen(self, row: Holder) -> dict[int, str]:
        return self.inodes if isinstance(row, Inode) else self.pipes


def objref_of(row: Holder) -> int:
    """Its number; that of the file of a socket."""
    return row.file if isinstance(row, Socket) else row.objref


def has_contents(row: Holder) -> bool:
    """Whether something that was in a file or pipe is in the image; extended attributes count."""
    if not isinstance(row, Inode):
        return bool(row.blobs)
    return row.keeper == Keeper.EMBEDDED and bool(row.blobs or "xattrs" in (row.extra or {}))
