"""C101 to C108: the file as a sequence of sections, its indexes and trailers."""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice

from crimg.errors import FormatError
from crimg.format.constants import (
    HEADER_SIZE,
    INDEX_ENTRY_SIZE,
    SECTION_HEADER_SIZE,
    SectionType,
)
from crimg.format.container import IndexEntry, Trailer, checksum, read_index, section_end
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

_PAGE_DATA = (SectionType.PAGES, SectionType.BLOB)


@rule("C101", ERROR)
def header(checked: Checked) -> Iterator[Hit]:
    """The file header is damaged.

    It names the image and its page size, and the trailer is bound to it. No reader opens such a file without
    --salvage, and a restart does not.

    Remedy: take another copy of the image; what is whole in this one: crimg inspect --salvage.
    """
    error = checked.layout.header_error
    if error is not None:
        yield Hit(error.detail, offset=error.offset or 0)


@rule("C102", ERROR)
def no_section(checked: Checked) -> Iterator[Hit]:
    """Bytes inside the image belong to no section.

    A section header was overwritten, or bytes were put in or taken out. The section that stood there is lost
    with all its rows or pages, and a restart refuses the image.

    Remedy: take another copy of the image, or dump again; what is whole in this one: crimg inspect --salvage.
    """
    for gap in checked.layout.inner_gaps:
        if gap.forbidden:
            continue  # C113
        yield Hit(f"{gap.end - gap.start} bytes: {gap.error.detail}", offset=gap.start)


@rule("C103", ERROR)
def body_checksum(checked: Checked) -> Iterator[Hit]:
    """The body of a section is not what was written: its checksum differs.

    Memory, file contents or tables would come back wrong without anything else telling so. What stands in
    a damaged table is left out of all other checks.

    Remedy: take another copy of the image, or dump again; test the disk or the transfer that did it.
    """
    if checked.file is None:
        return
    entries = [each for each in checked.layout.all if checked.page_data or each.type not in _PAGE_DATA]
    total = sum(entry.len_stored for entry in entries)
    done = 0
    for entry in entries:
        if checksum(checked.file.stored(entry)) != entry.checksum:
            yield Hit(f"{entry.len_stored} bytes differ from their checksum", section=entry)
        done += entry.len_stored
        if checked.progress is not None:
            checked.progress(done, total)


@rule("C104", ERROR)
def truncated(checked: Checked) -> Iterator[Hit]:
    """The file ends before the image does.

    A copy was interrupted, or a disk was full. A dump never leaves such a file under its final name.

    Remedy: copy the image again; what has arrived: crimg inspect --salvage.
    """
    layout = checked.layout
    if checked.file is None or layout.trailers:
        return
    if layout.cut is not None:
        missing = layout.cut.ofs_body + layout.cut.len_stored - layout.size
        yield Hit(f"the file ends {missing} bytes before the end of this section", section=layout.cut)
    else:
        yield Hit("there is no trailer", offset=layout.size)


@rule("C105", ERROR)
def trailing(checked: Checked) -> Iterator[Hit]:
    """Bytes stand behind the last revision.

    A rewrite was interrupted while it appended a revision (or goes on at this moment), or something else was
    written behind the image. They are no part of it: the image is that of its last whole revision, which need
    not be the one that was meant to be restarted.

    Remedy: crimg undo IMAGE 0 cuts them off, and so does the next rewrite.
    """
    layout = checked.layout
    rest = layout.size - layout.end
    if layout.trailers and rest > 0:
        yield Hit(f"{rest} bytes behind revision {len(layout.trailers)}", offset=layout.end)


@rule("C106", ERROR)
def index(checked: Checked) -> Iterator[Hit]:
    """The index does not list the sections as they stand in the file.

    Readers find sections by the index, programs that mend or copy images by the headers: they would see two
    different images.

    Remedy: dump again, or take another copy; a program that makes such an index has to be mended.
    """
    layout = checked.layout
    if checked.file is None:
        return
    for entry in layout.ends:
        if entry.type != SectionType.INDEX:
            continue
        body = checked.file.stored(entry)
        if checksum(body) != entry.checksum:
            continue  # C103
        try:
            listed = read_index(body, offset=entry.ofs_body)
        except FormatError as error:
            yield Hit(error.detail, section=entry, offset=error.offset)
            continue
        yield from _compare(checked, entry, listed)


def _compare(checked: Checked, entry: IndexEntry, listed: list[IndexEntry]) -> Iterator[Hit]:
    """The first difference between an index and the sections that stand before it."""
    layout = checked.layout
    seen = [each for each in listed if not layout.in_gap(each.ofs_header)]
    before = bisect_left(layout.sections, entry.ofs_header, key=lambda each: each.ofs_header)
    for each, there in zip(seen, islice(layout.sections, before), strict=False):
        if each.ofs_header != there.ofs_header:
            text = f"lists {each.label} at {each.ofs_header:#x}"
            yield Hit(f"{text}, where {there.label} at {there.ofs_header:#x} comes next", section=entry)
            return
        if each != there:
            names = [name for name in IndexEntry.__slots__ if getattr(there, name) != getattr(each, name)]
            yield Hit(f"{', '.join(names)} of {there.label} differs from its header", section=entry)
            return
    if len(seen) != before:
        yield Hit(f"lists {len(seen)} of the sections that can be seen; there are {before}", section=entry)


@rule("C107", ERROR)
def trailers(checked: Checked) -> Iterator[Hit]:
    """A trailer does not fit its revision or the trailers before it.

    The chain of trailers leads from the last revision back to the dump; undo and the reading of an
    earlier revision go along it, and would end in the middle of something else.

    Remedy: dump again, or take another copy; a program that appended such a revision has to be mended.
    """
    layout = checked.layout
    if checked.file is None:
        return
    everything = layout.all
    places = {entry.ofs_header: number for number, entry in enumerate(everything)}
    seal = checksum(checked.file.read(0, HEADER_SIZE, "header")) if layout.header_error is None else None
    previous = 0
    for number, (entry, trailer) in enumerate(layout.trailers, 1):
        if isinstance(trailer, FormatError):
            yield Hit(trailer.detail, section=entry)
        else:
            before = everything[max(places[entry.ofs_header] - 1, 0)]
            wrong = list(_wrong_fields(trailer, before, number, previous, seal))
            if wrong:
                yield Hit("; ".join(wrong), section=entry)
        previous = entry.ofs_header


def _wrong_fields(
    trailer: Trailer, before: IndexEntry, number: int, previous: int, seal: int | None
) -> Iterator[str]:
    if trailer.revision != number:
        yield f"says revision {trailer.revision}, is that of revision {number}"
    if trailer.ofs_prev_trailer != previous:
        yield f"says the trailer before is at {trailer.ofs_prev_trailer}, it is at {previous}"
    if seal is not None and trailer.header_checksum != seal:
        yield "belongs to another file header"
    if before.type != SectionType.INDEX or trailer.ofs_index != before.ofs_header:
        yield f"says the index is at {trailer.ofs_index}"
    elif (trailer.len_index, trailer.index_checksum) != (before.len_stored, before.checksum):
        yield "length or checksum of the index differs from its header"
    elif trailer.num_sections != before.len_stored // INDEX_ENTRY_SIZE:
        yield f"says the index has {trailer.num_sections} entries"


@rule("C108", WARNING)
def padding(checked: Checked) -> Iterator[Hit]:
    """Padding between sections is not zero.

    No checksum covers it. Readers skip it, so the image still comes back; but something wrote there that does
    not know the format, or hid something.

    Remedy: find out what wrote into the file; the padding can be set to zero in place.
    """
    file = checked.file
    if file is None:
        return
    for entry in checked.layout.all:
        start = entry.ofs_header + SECTION_HEADER_SIZE
        end = entry.ofs_body + entry.len_stored
        stop = min(section_end(entry.ofs_body, entry.len_stored), file.size)
        before = file.read(start, entry.ofs_body - start, entry.label)
        after = file.read(end, stop - end, entry.label)
        if any(before) or any(after):
            where = start if any(before) else end
            yield Hit(f"{sum(map(bool, before + after))} bytes of padding set", section=entry, offset=where)
