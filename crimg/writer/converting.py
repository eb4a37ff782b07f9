"""An image of another kind written as an image of our own, as far as the model knows it."""

from __future__ import annotations

from crimg.format.bodies import unpack_runs
from crimg.format.constants import SectionType
from crimg.format.container import FileHeader
from crimg.model import DEFINITION_ORDER, File, LogEntry
from crimg.model.enums import FileKind, OtherFileKind, file_kind_name
from crimg.writer.sections import PAGES_SECTION, ImageWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.model import HistoryEntry
    from crimg.model.image import Image
    from crimg.model.record import Record
    from crimg.writer.output import Output

    Run = tuple[int, int, int, int]

_OTHERS = frozenset(map(int, OtherFileKind))


def write_converted(image: Image, output: Output, *, history: Sequence[HistoryEntry]) -> None:
    """Write all rows, contents and page maps of an image, and the pages of its page maps, as one revision.

    Pages are read where they are and written a few megabytes at a time. Raises FormatError where the image is
    damaged, ModelError where it cannot be written.
    """
    header = FileHeader(
        machine=image.machine, page_size=image.page_size, uuid=image.uuid, created=image.created
    )
    writer = ImageWriter(output, header)
    store = image.store
    maps = [section for section in store.sections if section.type == SectionType.PAGEMAP]
    blobs = [section for section in store.sections if section.type == SectionType.BLOB]
    writer.avoid(section.id for section in (*maps, *blobs))
    for section in blobs:
        writer.section(SectionType.BLOB, store.body(section.id), section_id=section.id)
    tables: dict[type[Record], Sequence[Record]] = {cls: image.rows(cls) for cls in DEFINITION_ORDER}
    tables[File] = [_known(file) for file in image.rows(File)]
    writer.tables(tables)
    runs = {each.id: unpack_runs(store.body(each.id), section=each.label) for each in maps}
    used = {section for found in runs.values() for _, _, section, _ in found}
    pages = {
        section.id: _pages(writer, store.body(section.id))
        for section in store.sections
        if section.type == SectionType.PAGES and section.id in used
    }
    room = PAGES_SECTION // image.page_size
    for number, found in runs.items():
        writer.pagemap([each for run in found for each in _split(run, pages, room)], number)
    writer.table(image.rows(LogEntry), type_=SectionType.LOG)
    writer.table(history, type_=SectionType.HISTORY)
    writer.finish()


def _known(file: File) -> File:
    """A file of a kind that images of our own do not have as a placeholder, with the kind as an attribute."""
    if file.kind not in _OTHERS:
        return file
    return file.replace(
        kind=FileKind.PLACEHOLDER, extra={**(file.extra or {}), "kind": file_kind_name(file.kind)}
    )


def _pages(writer: ImageWriter, body: memoryview) -> list[int]:
    """Write the pages of one section; the ids of the sections that they are in now."""
    ids = []
    for start in range(0, len(body), PAGES_SECTION):
        ids.append(writer.take_id())
        writer.pages(body[start : start + PAGES_SECTION], ids[-1])
    return ids


def _split(run: Run, pages: dict[int, list[int]], room: int) -> list[Run]:
    """The parts of a run, by the sections of `room` pages that its pages are in now."""
    first, count, section, index = run
    if section not in pages:
        return [run]
    parts = []
    while count:
        number, inside = divmod(index, room)
        length = min(count, room - inside)
        parts.append((first, length, pages[section][number], inside))
        first, index, count = first + length, index + length, count - length
    return parts
