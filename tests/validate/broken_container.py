"""C1xx: images whose container is damaged in one place."""

from __future__ import annotations

import struct

import zstandard

from tests.builders import BLOB, INDEX_ENTRY, LOG, OBJECTS, PAGES, ImageBuilder, batch, pack
from tests.samples import HISTORY, PACKED_PAGES, PAGE, PAGES_ID, SAVED_PAGES, TIME
from tests.samples import LOG as LOG_ROWS
from tests.validate.cases import breaks
from tests.validate.sound import Draft

TABLES_ID, LOG_ID, HISTORY_ID, INDEX_ID, TRAILER_ID = 6, 7, 8, 9, 10


def flipped(data: bytes, *offsets: int) -> bytes:
    """The bytes with some of them changed."""
    changed = bytearray(data)
    for offset in offsets:
        changed[offset] ^= 0x41
    return bytes(changed)


def whole() -> ImageBuilder:
    """The sound image in its builder, to know where its sections are."""
    return Draft().builder().revision()


def two_revisions(**trailer: object) -> ImageBuilder:
    """The sound image, and a second revision with a line of history."""
    row = HISTORY[0].replace(revision=2, note="rewrite")
    return whole().history([row]).revision(trailer=trailer)


@breaks("C101")
def header_uuid() -> bytes:
    return flipped(whole().bytes(), 25)


@breaks("C101")
def header_magic() -> bytes:
    return flipped(whole().bytes(), 3)


@breaks("C102")
def section_magic() -> bytes:
    image = whole()
    return flipped(image.bytes(), image.offsets[PAGES_ID])


@breaks("C102")
def table_header() -> bytes:
    """Everything that is in tables is lost with it, and is not reported over and over."""
    image = whole()
    return flipped(image.bytes(), image.offsets[TABLES_ID] + 9)


@breaks("C102")
def bytes_between() -> bytes:
    return Draft().builder().raw(bytes(16)).revision().bytes()


@breaks("C103")
def page_byte() -> bytes:
    image = whole()
    return flipped(image.bytes(), image.offsets[PAGES_ID] + PAGE)


@breaks("C103")
def table_byte() -> bytes:
    image = whole()
    return flipped(image.bytes(), image.offsets[TABLES_ID] + 500)


@breaks("C103")
def index_byte() -> bytes:
    image = whole()
    return flipped(image.bytes(), image.offsets[INDEX_ID] + 48 + 30)


@breaks("C104")
def cut_in_a_table() -> bytes:
    image = whole()
    return image.bytes()[: image.offsets[TABLES_ID] + 1000]


@breaks("C104")
def cut_before_the_trailer() -> bytes:
    image = whole()
    return image.bytes()[: image.offsets[TRAILER_ID]]


@breaks("C104")
def cut_in_the_trailer() -> bytes:
    return whole().bytes()[:-1]


@breaks("C105")
def garbage_behind() -> bytes:
    return whole().raw(b"some text that is no part of it\n").bytes()


@breaks("C105")
def unfinished_revision() -> bytes:
    return whole().history([HISTORY[0].replace(revision=2)]).bytes()


@breaks("C105")
def torn_revision() -> bytes:
    return two_revisions().bytes()[:-70]


@breaks("C106")
def entry_differs() -> bytes:
    image = Draft().builder()
    image.entries[PAGES_ID - 1]["revision"] = 7
    return image.revision().bytes()


@breaks("C106")
def not_listed() -> bytes:
    return Draft().builder().log([LOG_ROWS[0]], listed=False).revision().bytes()


@breaks("C106")
def index_of_nonsense() -> bytes:
    image = Draft().builder()
    body = b"".join(pack(INDEX_ENTRY, {**entry, "align_log2": 60}) for entry in image.entries)
    return image.revision(index={"body": body}).bytes()


@breaks("C107")
def trailer_before() -> bytes:
    return two_revisions(ofs_prev_trailer=8).bytes()


@breaks("C107")
def revision_number() -> bytes:
    return two_revisions(revision=5).bytes()


@breaks("C107")
def trailer_of_another_file() -> bytes:
    return Draft().builder().revision(trailer={"header_checksum": 1}).bytes()


@breaks("C107")
def trailer_checksum() -> bytes:
    return Draft().builder().revision(trailer={"checksum": 1}).bytes()


@breaks("C108")
def padding_before() -> bytes:
    image = ImageBuilder(created=TIME).pagemap(Draft().runs)
    filling = bytes(-(len(image.data) + 48) % PAGE - 1) + b"!"
    image.pages(SAVED_PAGES, pad_before=filling).pages(PACKED_PAGES, codec=1)
    return _rest(image).bytes()


@breaks("C108")
def padding_after() -> bytes:
    body = batch(30, [LOG_ROWS[0]])
    filling = b"\x01" * (-len(body) % 8)
    assert filling
    return Draft().builder().log([LOG_ROWS[0]], pad_after=filling).revision().bytes()


def _rest(image: ImageBuilder) -> ImageBuilder:
    draft = Draft()
    image.blob(draft.blob).blob(draft.pipe_blob).batches(draft.tables()).log(LOG_ROWS).history(HISTORY)
    return image.revision()


@breaks("C109")
def id_of_the_log() -> bytes:
    return Draft().builder().log([LOG_ROWS[0]], id=LOG_ID).revision().bytes()


@breaks("C110")
def row_too_short() -> bytes:
    body = batch(30, [tuple(LOG_ROWS[0])[:-1]])
    return Draft().builder().section(LOG, body, flags=0, kind=30).revision().bytes()


@breaks("C110")
def no_msgpack() -> bytes:
    return Draft().builder().section(LOG, b"\xc1\xc1\xc1", flags=0, kind=30).revision().bytes()


@breaks("C110")
def unknown_kind() -> bytes:
    return Draft().builder().section(OBJECTS, batch(77, [(1, None)]), kind=77).revision().bytes()


@breaks("C110")
def blob_does_not_add_up() -> bytes:
    draft = Draft()
    image = ImageBuilder(created=TIME).pagemap(draft.runs).pages(draft.pages).pages(draft.packed, codec=1)
    image.section(BLOB, struct.pack("<IIQQ", 1, 0, 0, 99) + b"short").blob(draft.pipe_blob)
    return image.batches(draft.tables()).log(LOG_ROWS).history(HISTORY).revision().bytes()


@breaks("C110")
def pages_that_unpack_to_less() -> bytes:
    draft = Draft()
    image = ImageBuilder(created=TIME).pagemap(draft.runs).pages(draft.pages)
    stored = zstandard.ZstdCompressor().compress(draft.packed[:100])
    image.section(PAGES, draft.packed, stored=stored, codec=1)
    return _rest(image).bytes()


@breaks("C111")
def unknown_section() -> bytes:
    return Draft().builder().section(99, b"from the future", flags=0).revision().bytes()


@breaks("C111")
def unknown_rows() -> bytes:
    body = batch(0x8001, [(1, b"x", None)])
    return Draft().builder().section(OBJECTS, body, kind=0x8001).revision().bytes()


@breaks("C112")
def lost_blob() -> bytes:
    return Draft().builder().blob([(0, b"whose is it")]).revision().bytes()


@breaks("C112")
def lost_pages() -> bytes:
    return Draft().builder().pages(SAVED_PAGES).revision().bytes()


@breaks("C113")
def two_lengths() -> bytes:
    image = Draft().builder()
    length = len(batch(30, [LOG_ROWS[0]]))
    return image.log([LOG_ROWS[0]], len_raw=1, entry={"len_raw": length}).revision().bytes()


@breaks("C111")
def unknown_codec() -> bytes:
    return Draft().builder().log([LOG_ROWS[0]], codec=9).revision().bytes()


@breaks("C114")
def critical_log() -> bytes:
    return Draft().builder().log([LOG_ROWS[0]], flags=1).revision().bytes()


@breaks("C115")
def pages_anywhere() -> bytes:
    draft = Draft()
    image = ImageBuilder(created=TIME).pagemap(draft.runs).pages(draft.pages, align_log2=3)
    return _rest(image.pages(draft.packed, codec=1)).bytes()
