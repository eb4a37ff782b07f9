"""Changing an image file: append a revision, take revisions back, cut off what an interrupted append left.

All of it happens at the end of the file, under the lock of crimg.writer.locking. Nothing before the end of
the last revision is ever written, so that a reader goes on undisturbed, and at every moment, whatever is
killed, full or unplugged, the file holds the old revision or the new one whole (specs/format.md, section 5).
"""

from __future__ import annotations

import contextlib
import os
import time
from operator import itemgetter

from crimg import __version__
from crimg.errors import FileError, FormatError, ImageChangedError, ModelError, UsageError
from crimg.escape import escape
from crimg.format.constants import MAX_LIST, SECTION_HEADER_SIZE, SectionType
from crimg.format.container import body_offset, read_section_header
from crimg.model import HistoryEntry, LogEntry
from crimg.reader import open_image
from crimg.reader.file import ImageFile
from crimg.reader.revisions import chain, earlier_end
from crimg.writer.locking import locked
from crimg.writer.output import BytesOutput
from crimg.writer.sections import ImageWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crimg.format.container import Trailer
    from crimg.model.image import Image
    from crimg.model.record import Record

    Path = str | bytes | os.PathLike[str]


class Undone:
    """What an undo did.

    revision: that the image is now at.  healed: bytes of a torn append that were cut off before.
    taken: the rows of history of the revisions that were taken back, the last one first.
    """

    __slots__ = ("healed", "revision", "taken")

    def __init__(self, revision: int, healed: int, taken: Sequence[HistoryEntry]) -> None:
        self.revision = revision
        self.healed = healed
        self.taken = tuple(taken)


def append_revision(
    path: Path,
    rows: Sequence[Record],
    *,
    fingerprint: str,
    command: Sequence[bytes] = (),
    rules: Sequence[bytes] = (),
    note: str = "",
    extra: Mapping[str, object] | None = None,
    name: Path | None = None,
) -> int:
    """Append a revision in which these rows stand in for those of their kind and key; its number.

    rows: of any kinds but log and history, in any order.  fingerprint: `Image.fingerprint` of the image that
    the rows were made from.  command, rules, note, extra: for the row of history; of lists that are longer
    than a column can be (4,096 elements), it has the first ones and says how many more there were.
    name: what errors call the file, where that is not its path.
    A torn tail is cut off first. On any failure the file is cut back to its old length.
    Raises ImageBusyError, ImageChangedError, FileError, ModelError, FormatError, UsageError.
    """
    tables = _grouped(rows)
    with locked(path) as fd, _loaded(fd, name or path) as image:
        _hold_to(image, fingerprint, name or path, "plan again")
        _heal(fd, image)
        file, trailer = _parts(image)
        entry = HistoryEntry(
            revision=trailer.revision + 1,
            time=time.time_ns(),
            tool_version=__version__,
            command=_listed(command),
            rules=_listed(rules),
            note=note,
            extra=dict(extra) if extra else None,
        )
        output = BytesOutput()
        writer = ImageWriter.appending(output, file.header, trailer, _index_body(file, trailer), file.end)
        writer.avoid(_all_ids(file))
        writer.tables(tables)
        writer.table([entry], type_=SectionType.HISTORY)
        following = writer.index()
        split = len(output.data)
        writer.trailer(following)
        _append(fd, file, memoryview(output.data)[:split], memoryview(output.data)[split:])
        return following.revision


def _listed(values: Sequence[bytes]) -> tuple[bytes, ...]:
    if len(values) <= MAX_LIST:
        return tuple(values)
    kept = values[: MAX_LIST - 1]
    return (*kept, b"... and %d more" % (len(values) - len(kept)))


def undo(path: Path, count: int = 1) -> int:
    """Take the last `count` revisions back, so that the file is what it was before them, byte for byte.

    0 cuts off only what an interrupted append left. Returns the revision that the image is now at.
    Raises UsageError where this would take revision 1 back, and as `append_revision`.
    """
    return take_back(path, count).revision


def take_back(path: Path, count: int = 1, *, fingerprint: str | None = None) -> Undone:
    """As `undo`; says what was taken back.

    fingerprint: `Image.fingerprint` of the image that is meant; raises ImageChangedError for another one.
    """
    with locked(path) as fd, _loaded(fd, path) as image:
        if fingerprint is not None:
            _hold_to(image, fingerprint, path, "look again at what is to be taken back")
        revision = image.revision - count
        if count < 0 or revision < 1:
            raise UsageError(
                f"{escape(os.fsdecode(path))}: is at revision {image.revision}; {count} cannot be taken back"
                " (what an image began with stays)"
            )
        history = {row.revision: row for row in image.rows(HistoryEntry)}
        numbers = range(image.revision, revision, -1)
        taken = [history[number] for number in numbers if number in history]
        file, _ = _parts(image)
        if count:
            end = earlier_end(file, revision)
            file.load_index(end)  # what it would become has to be an image
            _cut(fd, end, file.name)
            return Undone(revision, image.torn, taken)
        return Undone(revision, _heal(fd, image), taken)


def heal(path: Path) -> int:
    """Cut off what an interrupted append left behind the last revision; the number of bytes.

    Raises ImageBusyError, FileError, FormatError, UsageError.
    """
    with locked(path) as fd, _loaded(fd, path) as image:
        return _heal(fd, image)


def _hold_to(image: Image, fingerprint: str, path: Path, remedy: str) -> None:
    """Raise ImageChangedError for another image than the one that is meant."""
    if image.fingerprint != fingerprint:
        raise ImageChangedError(
            f"{escape(os.fsdecode(path))}: was changed meanwhile: it is at revision {image.revision}, and"
            f" not what this was meant for; {remedy}"
        )


@contextlib.contextmanager
def _loaded(fd: int, path: Path) -> Iterator[Image]:
    """The image in a file that is locked. The descriptor stays open."""
    try:
        with open_image(f"/proc/self/fd/{fd}") as image:
            _parts(image)[0].name = escape(os.fsdecode(path))
            yield image
    except FormatError as error:
        raise type(error)(
            f"{error.detail}; nothing was changed", section=error.section, offset=error.offset
        ) from error


def _parts(image: Image) -> tuple[ImageFile, Trailer]:
    file = image.store
    if not isinstance(file, ImageFile) or file.trailer is None:
        raise UsageError("only an image in a file can be changed")
    return file, file.trailer


def _grouped(rows: Sequence[Record]) -> dict[type[Record], list[Record]]:
    """The rows by kind; raises ModelError for what no revision may hold."""
    tables: dict[type[Record], list[Record]] = {}
    for row in rows:
        tables.setdefault(type(row), []).append(row)
    for cls, found in tables.items():
        if cls in (LogEntry, HistoryEntry):
            raise ModelError(f"rows of {cls.noun} are never replaced")
        if len(set(map(itemgetter(*cls.key_columns), found))) < len(found):
            raise ModelError(f"two rows of {cls.noun} have one key")
    return tables


def _index_body(file: ImageFile, trailer: Trailer) -> bytes:
    """The body of the index that this image was opened with."""
    head = read_section_header(
        file.read(trailer.ofs_index, SECTION_HEADER_SIZE, "index"), offset=trailer.ofs_index
    )
    return file.read(body_offset(trailer.ofs_index, head.align_log2), trailer.len_index, "index")


def _all_ids(file: ImageFile) -> Iterator[int]:
    """The ids of all sections, those of the indexes and trailers of all revisions too."""
    for entry in file.sections:
        yield entry.id
    for offset, trailer in chain(file):
        for place in (offset, trailer.ofs_index):
            yield read_section_header(file.read(place, SECTION_HEADER_SIZE, "index"), offset=place).id


def _heal(fd: int, image: Image) -> int:
    """Cut off what is behind the last revision; the number of bytes."""
    file, _ = _parts(image)
    if image.torn:
        _cut(fd, file.end, file.name)
    return image.torn


def _cut(fd: int, end: int, name: str) -> None:
    """Let the file end at `end`, on the disk too: what was cut off must not come back after a power cut."""
    try:
        os.ftruncate(fd, end)
        os.fsync(fd)
    except OSError as error:
        raise FileError(f"{name}: {error.strerror}") from error


def _append(fd: int, file: ImageFile, sections: memoryview, trailer: memoryview) -> None:
    """Write what a revision brings, then its trailer, each on the disk before what follows."""
    end = file.end
    try:
        _write(fd, sections, end)
        os.fdatasync(fd)
        _write(fd, trailer, end + len(sections))
        os.fdatasync(fd)
    except OSError as error:
        with contextlib.suppress(FileError):  # the first error is the one to be told
            _cut(fd, end, file.name)
        raise FileError(f"{file.name}: {error.strerror}; the image is as it was") from error
    except BaseException:
        _cut(fd, end, file.name)
        raise


def _write(fd: int, data: memoryview, offset: int) -> None:
    while data:
        written = os.pwrite(fd, data, offset)
        data = data[written:]
        offset += written
