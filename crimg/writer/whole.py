"""An image written whole, as one revision."""

from __future__ import annotations

from crimg.format.bodies import RUN
from crimg.format.constants import FIRST_ANCILLARY_KIND, RUN_SIZE, Codec, SectionType
from crimg.format.container import FileHeader
from crimg.model import DEFINITION_ORDER, HistoryEntry, LogEntry
from crimg.model.sections import CONTENTS, SECTION_COLUMNS, named_sections
from crimg.writer.sections import ImageWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from crimg.format.container import IndexEntry
    from crimg.model.image import Image
    from crimg.model.record import Record
    from crimg.writer.output import Output


def write_image(
    image: Image,
    output: Output,
    *,
    codec: int = Codec.NONE,
    pack: bool = False,
    history: Sequence[HistoryEntry] | None = None,
    leave_out: Collection[int] = (),
    progress: Callable[[int, int], object] | None = None,
) -> None:
    """Write an image whole, as one revision: with codec none, the canonical form (specs/format.md).

    codec: how the tables are stored; all other bodies stay as they are, unless they are to be packed too.
    history: rows of history in the place of those that the image has.  leave_out: ids of sections that are
    not carried along.  progress: called with bytes done and bytes in all. Sections other than tables keep
    their ids, since rows and page runs name them. What this version does not know but may leave alone
    (ancillary sections, sections of ancillary kinds) is carried along.
    Raises FormatError where the image is damaged, ModelError where it cannot be written as one revision.
    """
    header = FileHeader(
        machine=image.machine, page_size=image.page_size, uuid=image.uuid, created=image.created
    )
    kept = [one for one in image.store.sections if not _is_table(one) and one.id not in leave_out]
    classes: tuple[type[Record], ...] = (*DEFINITION_ORDER, LogEntry, HistoryEntry)
    tables = {cls: image.rows(cls) for cls in classes}
    writer = ImageWriter(output, header, codec=codec)
    writer.avoid(section.id for section in kept)
    done, total = 0, sum(section.len_stored for section in kept)
    for blob in (True, False):
        for section in kept:
            if (section.type == SectionType.BLOB) == blob:
                done += section.len_stored
                if progress is not None:
                    progress(done, total)
                _carry(writer, section, image.store.stored(section), codec if pack else Codec.NONE)
        if blob:
            writer.tables(tables)
    writer.table(tables[LogEntry], type_=SectionType.LOG)
    writer.table(tables[HistoryEntry] if history is None else history, type_=SectionType.HISTORY)
    writer.finish()


def unused_sections(image: Image) -> list[IndexEntry]:
    """Sections with memory or contents that no row names, in the last revision.

    None, where there are tables that this version cannot read: they could name any. Raises FormatError.
    """
    sections = image.store.sections
    if any(one.type in _TABLE_TYPES and not _is_table(one) for one in sections):
        return []
    used: set[int] = set()
    for cls, _, _ in SECTION_COLUMNS:
        used |= named_sections(cls, image.rows(cls))
    for one in sections:
        if one.type == SectionType.PAGEMAP and one.id in used:
            body = image.store.body(one.id)
            used.update(run[2] for run in RUN.iter_unpack(body[: len(body) // RUN_SIZE * RUN_SIZE]))
    return [one for one in sections if one.type in CONTENTS and one.id not in used]


def _carry(writer: ImageWriter, section: IndexEntry, stored: memoryview, codec: int) -> None:
    """Write a section as it is, or with a codec where it has none and may have one."""
    if codec == Codec.NONE or section.codec != Codec.NONE or section.type not in _PACKABLE:
        writer.copy(section, stored)
        return
    writer.section(section.type, stored, codec=codec, align_log2=section.align_log2, section_id=section.id)


def _is_table(section: IndexEntry) -> bool:
    """Whether a section holds rows that this version can read."""
    return (
        section.type in _TABLE_TYPES
        and section.kind < FIRST_ANCILLARY_KIND
        and (section.critical or section.codec in _KNOWN_CODECS)
    )


_TABLE_TYPES = (SectionType.OBJECTS, SectionType.LOG, SectionType.HISTORY)
_KNOWN_CODECS = frozenset(Codec)
_PACKABLE = (SectionType.PAGES, SectionType.BLOB, SectionType.PAGEMAP)
