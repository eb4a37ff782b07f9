"""Laws of reader and writer, over random images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crimg.errors import FormatError
from crimg.format.constants import PAGES_GUARD, PAGES_PARENT, PAGES_ZERO, SectionType
from crimg.model import KINDS, HistoryEntry, LogEntry, Mm
from crimg.pages import GUARD, PARENT, SAVED, ZERO, Memory, blob_extents
from crimg.reader.file import ImageFile
from crimg.writer import BytesOutput, write_image
from tests.kaitai_view import parse_batches, parse_image
from tests.property.opened import opened, streamed
from tests.property.strategies import LAW, Plan, plans
from tests.samples import canonical_image, small_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.model import Record
    from crimg.model.image import Image
    from tests.property.strategies import Extents, Run

_ORIGINS = {PAGES_ZERO: ZERO, PAGES_GUARD: GUARD, PAGES_PARENT: PARENT}
_TABLE_SECTIONS = (SectionType.OBJECTS, SectionType.LOG, SectionType.HISTORY)


def tables_of(image: Image) -> dict[type[Record], list[Record]]:
    """All tables that are not empty."""
    return {cls: list(image.rows(cls)) for cls in KINDS.values() if image.rows(cls)}


def planned_tables(plan: Plan) -> dict[type[Record], list[Record]]:
    """The same of what was planned."""
    tables: dict[type[Record], Sequence[Record]] = {
        **plan.tables,
        LogEntry: plan.log,
        HistoryEntry: plan.history,
    }
    return {cls: list(rows) for cls, rows in tables.items() if rows}


@given(plans())
@LAW
def test_what_was_written_is_read(plan: Plan) -> None:
    with opened(plan.write()) as image:
        header = plan.header
        assert (image.uuid, image.created, image.page_size) == (
            header.uuid,
            header.created,
            header.page_size,
        )
        assert (image.machine, image.revision, image.damage) == (header.machine, 1, ())
        assert tables_of(image) == planned_tables(plan)
        for section_id, extents in plan.blobs.items():
            found = [(offset, bytes(data)) for offset, data in blob_extents(image, [section_id])]
            assert found == list(extents)
        for section_id, data in plan.pages.items():
            assert image.store.body(section_id) == data
        for mm in image.rows(Mm):
            check_memory(Memory(image, mm), plan, plan.pagemaps[mm.pagemap] if mm.pagemap else ())


def check_memory(memory: Memory, plan: Plan, runs: Sequence[Run]) -> None:
    """Every page of every run has the origin and the bytes that were planned."""
    size = plan.header.page_size
    assert memory.runs == list(runs)
    saved = 0
    for first, count, section, index in runs:
        for step in range(count):
            page, start = first + step, (index + step) * size
            data = plan.pages[section][start : start + size] if section in plan.pages else None
            (piece,) = memory.pieces(page * size, (page + 1) * size)
            assert (piece.start, piece.end) == (page * size, (page + 1) * size)
            assert piece.origin == _ORIGINS.get(section, SAVED)
            assert (bytes(piece.data) if piece.data is not None else None) == data
            assert memory.read(page * size + 1, size - 1) == (data or bytes(size))[1:]
            saved += len(data or b"")
    assert memory.saved_bytes() == saved


@given(plans())
@LAW
def test_canonical_images_are_written_as_they_were(plan: Plan) -> None:
    data = plan.write()
    output = BytesOutput()
    with opened(data) as image:
        write_image(image, output, codec=plan.codec)
    assert bytes(output.data) == data


@given(plans())
@LAW
def test_streams_and_files_are_read_alike(plan: Plan) -> None:
    data = plan.write()
    with opened(data) as file, streamed(data) as stream:
        assert tables_of(stream) == tables_of(file)
        assert (stream.uuid, stream.created, stream.page_size, stream.revision, stream.size) == (
            file.uuid,
            file.created,
            file.page_size,
            file.revision,
            file.size,
        )
        assert list(stream.store.sections) == list(file.store.sections)
        for section in file.store.sections:
            assert stream.store.body(section.id) == file.store.body(section.id)


@given(plans())
@settings(LAW, max_examples=50)
def test_generated_classes_read_the_same(plan: Plan) -> None:
    data = plan.write()
    formal = parse_image(data)
    with opened(data) as image:
        assert (formal.header.uuid, formal.header.created) == (image.uuid, image.created)
        assert formal.header.page_size == image.page_size
        frames = [frame for frame in formal.frames if frame.header.type.value < SectionType.INDEX]
        assert len(frames) == len(image.store.sections)
        seen: dict[int, list[dict[str, object]]] = {}
        for frame, section in zip(frames, image.store.sections, strict=True):
            assert (frame.header.id, frame.ofs_header) == (section.id, section.offset)
            assert frame.ofs_body == section.ofs_body
            assert frame.raw_body == image.store.stored(section)
            if section.type in _TABLE_SECTIONS:
                for kind, rows in parse_batches(bytes(image.store.body(section.id))):
                    seen.setdefault(kind, []).extend(rows)
            elif section.type == SectionType.PAGEMAP:
                check_page_map(frame, plan.pagemaps[section.id])
            elif section.type == SectionType.BLOB and frame.is_plain:
                check_blob(frame, plan.blobs[section.id])
        fast = {cls.row_kind: [row.as_dict() for row in rows] for cls, rows in tables_of(image).items()}
        assert seen == fast


def check_page_map(frame: Any, planned: Sequence[Run]) -> None:
    """The runs as the generated class reads them."""
    runs = [(run.first_page, run.num_pages, run.pages_id, run.first_index) for run in frame.pagemap.runs]
    assert runs == list(planned)


def check_blob(frame: Any, planned: Extents) -> None:
    """The extents and their data as the generated class reads them."""
    extents = [(extent.ofs, extent.len) for extent in frame.blob.prefix.extents]
    assert extents == [(offset, len(part)) for offset, part in planned]
    assert frame.blob.data == b"".join(part for _, part in planned)


SAMPLES = (small_image(), canonical_image())


@st.composite
def nearly_images(draw: st.DrawFn) -> bytes:
    """Bytes of whatever kind: random, or parts of images with random bytes between."""
    parts = draw(
        st.lists(
            st.one_of(
                st.binary(max_size=80),
                st.builds(
                    lambda data, start, length: data[start : start + length],
                    st.sampled_from(SAMPLES),
                    st.integers(0, len(SAMPLES[0])),
                    st.sampled_from([8, 48, 64, 112, 4096, 30_000]),
                ),
                st.sampled_from([SAMPLES[0][:64], SAMPLES[0][-112:], SAMPLES[0]]),
            ),
            max_size=5,
        )
    )
    return b"".join(parts)


@given(nearly_images())
@example(b"")
@example(SAMPLES[0][:64])
@settings(LAW, max_examples=400)
def test_any_bytes_are_a_model_or_a_format_error(data: bytes) -> None:
    try:
        with opened(data) as image:
            assert isinstance(image.store, ImageFile)
            tables_of(image)
    except FormatError as error:
        assert error.offset is None or 0 <= error.offset <= len(data)
    try:
        with opened(data, salvage=True) as image:
            for cls in KINDS.values():
                image.rows(cls)
            assert image.damage or tables_of(image)
    except FormatError:
        with opened(data, salvage=True) as image:  # it is the tables that are damaged, not the way to them
            assert image.store.sections
