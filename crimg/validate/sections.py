"""C109 to C115: sections one by one: ids, headers, bodies, and whether anything names them."""

from __future__ import annotations

from crimg.errors import FormatError
from crimg.format.bodies import RUN, unpack_extents
from crimg.format.constants import FIRST_ANCILLARY_KIND, MAX_LEN_RAW, RUN_SIZE, Codec, SectionType
from crimg.model.sections import CONTENTS, named_sections
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, NOTE, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.format.container import IndexEntry
    from crimg.validate.checked import Checked

_TYPES = frozenset(SectionType)
_ANCILLARY = frozenset({SectionType.LOG, SectionType.HISTORY})
_TABLES = _ANCILLARY | {SectionType.OBJECTS}
_CODECS = frozenset(Codec)
_ENDS = frozenset({SectionType.INDEX, SectionType.TRAILER})


@rule("C109", ERROR)
def section_ids(checked: Checked) -> Iterator[Hit]:
    """Two sections have one id.

    Rows and page runs name sections by their ids: a restart could take the wrong memory or the wrong
    contents.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    seen: dict[int, IndexEntry] = {}
    for entry in checked.layout.all:
        first = seen.setdefault(entry.id, entry)
        if first is not entry:
            yield Hit(f"{first.label} at {first.ofs_header:#x} has it too", section=entry)


@rule("C110", ERROR)
def bodies(checked: Checked) -> Iterator[Hit]:
    """The body of a section is as it was written, but is not what the format says.

    Rows of a wrong shape or type, extents that do not add up, pages that are not whole: what cannot be
    decoded cannot be restarted. What stands there is left out of all other checks.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    for entry in checked.image.store.sections:
        body = None
        if entry.type in (SectionType.PAGEMAP, SectionType.BLOB) or (
            entry.type == SectionType.PAGES and entry.codec != Codec.NONE and checked.page_data
        ):
            body = checked.body(entry.id)
        try:
            if entry.type == SectionType.BLOB and body is not None:
                unpack_extents(body, section=entry.label, offset=entry.ofs_body)
        except FormatError as error:
            yield Hit(error.detail, section=entry, offset=entry.ofs_body)
        if entry.type == SectionType.PAGEMAP and entry.len_raw % RUN_SIZE:
            yield Hit(f"{entry.len_raw} bytes are no whole page runs", section=entry)
        if entry.type == SectionType.PAGES and entry.len_raw % checked.page_size:
            yield Hit(f"{entry.len_raw} bytes are no whole pages", section=entry)
    for entry, reason in checked.undecodable:
        yield Hit(reason.detail, section=entry, offset=reason.offset)


@rule("C111", NOTE)
def unknown_parts(checked: Checked) -> Iterator[Hit]:
    """A part is of a type, or is packed in a way, that this version does not know.

    It is marked as one that may be skipped. A restart by this version does without it; programs that
    rewrite the image carry it along.

    Remedy: nothing is wrong; a newer version of crimg may know what it is.
    """
    for entry in checked.image.store.sections:
        if entry.type not in _TYPES:
            yield Hit(f"type {entry.type}, {entry.len_stored} bytes", section=entry)
        elif entry.codec not in _CODECS:
            yield Hit(f"codec {entry.codec}, {entry.len_stored} bytes", section=entry)
        elif entry.kind >= FIRST_ANCILLARY_KIND:
            yield Hit(f"rows of kind {entry.kind}, {entry.len_stored} bytes", section=entry)


@rule("C112", WARNING, whole=True)
def unnamed_sections(checked: Checked) -> Iterator[Hit]:
    """Nothing in any revision names a section with memory or contents.

    Pages or the contents of a deleted file were saved and then lost sight of: a restart does not use
    them, and what they belong to comes back without them.

    Remedy: dump again; if something rewrote the image, undo that.
    """
    named: set[int] = set()
    for batch in checked.batches:
        named |= named_sections(batch.cls, batch.rows)
    for entry in checked.image.store.sections:
        if entry.type == SectionType.PAGEMAP and entry.id in named:
            body = checked.body(entry.id)
            if body is not None and len(body) % RUN_SIZE == 0:
                named.update(run[2] for run in RUN.iter_unpack(body))
    for entry in checked.image.store.sections:
        if entry.type in CONTENTS and entry.id not in named:
            yield Hit(f"{entry.len_raw} bytes that nothing names", section=entry)


@rule("C113", ERROR)
def section_headers(checked: Checked) -> Iterator[Hit]:
    """A section header was written with values that the format does not allow.

    Two lengths for a body that is not compressed, a compressed body of more than 16 MiB, an id or an
    alignment that cannot be: a reader cannot know where the body is, or how much memory it takes.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    for gap in checked.layout.inner_gaps:
        if gap.forbidden:
            yield Hit(gap.error.detail, offset=gap.start)
    for entry in checked.layout.all:
        if entry.codec != Codec.NONE and (entry.len_raw > MAX_LEN_RAW or entry.type in _ENDS):
            yield Hit(f"codec {entry.codec} for {entry.len_raw} bytes", section=entry)


@rule("C114", WARNING)
def odd_headers(checked: Checked) -> Iterator[Hit]:
    """A section header says what no section of its type should.

    A wrong critical bit makes other readers skip what they need, or refuse what they could skip; a kind where
    there are no rows means nothing.

    Remedy: readers of this version take it; mend the program that makes such images.
    """
    for entry in checked.layout.all:
        if entry.type in _TYPES and entry.critical == (entry.type in _ANCILLARY):
            yield Hit(f"is {'' if entry.critical else 'not '}marked as critical", section=entry)
        if entry.kind and entry.type in _TYPES - _TABLES:
            yield Hit(f"has kind {entry.kind}, but no rows", section=entry)


@rule("C115", WARNING)
def page_alignment(checked: Checked) -> Iterator[Hit]:
    """Pages do not stand at multiples of the page size.

    They cannot be mapped from the file: a restart that brings memory back on demand has to copy them.

    Remedy: a full restart takes it; mend the program that makes such images.
    """
    for entry in checked.layout.sections:
        if (
            entry.type == SectionType.PAGES
            and entry.codec == Codec.NONE
            and entry.ofs_body % checked.page_size
        ):
            yield Hit(f"body at {entry.ofs_body:#x}, pages of {checked.page_size} bytes", section=entry)
