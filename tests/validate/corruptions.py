"""What can go wrong with an image, in one place; each says which finding has to name it: references, the
container, memory. (Files and tasks: file_corruptions, task_corruptions.)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from crimg.model import Fd, File, Inode, Mm, Signal, Task, Vma
from crimg.model.enums import FileKind
from tests.samples import BLOB_ID, CRED, DELETED, FD_TABLE, MM, PAGE, PAGES_ID, PROGRAM_FILE, SCRATCH
from tests.validate.random_images import AREA, in_order
from tests.validate.random_writing import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.model.record import Record
    from tests.builders import ImageBuilder
    from tests.validate.random_images import Draw
    from tests.validate.sound import Draft


class Expected(NamedTuple):
    """What a finding has to say. objref: None where the damage is in no object."""

    rule: str
    objref: int | None


Corruption = tuple[Expected, bytes]


def pick(draw: Draw, draft: Draft, cls: type[Record], suits: Callable[[Any], bool] = bool) -> Any:
    """One of the rows of a kind."""
    return draw(st.sampled_from([row for row in draft.records if type(row) is cls and suits(row)]))


def is_regular(row: File) -> bool:
    """Whether an open file is a regular one."""
    return row.kind == FileKind.REGULAR


def named(rule: str, objref: int | None, draw: Draw, draft: Draft) -> Corruption:
    """The draft, its references counted, as an image in any form."""
    return Expected(rule, objref), written(draw, draft.counted()).bytes()


def dangling(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Fd)
    return named("C201", FD_TABLE, draw, draft.change(Fd, row.key, file=9_999_999))


def wrong_kind(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Fd)
    return named("C202", FD_TABLE, draw, draft.change(Fd, row.key, file=CRED))


def defined_twice(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, draw(st.sampled_from((File, Inode, Task))))
    return Expected("C203", row.objref), draft.add(row).bytes()


def lost_reference(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Fd)
    return Expected("C207", row.file), written(draw, draft.remove(Fd, row.key)).bytes()


def wrong_count(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, draw(st.sampled_from((File, Inode, Mm, Signal))))
    more = row.referrers + draw(st.integers(-1, 3).filter(bool))
    return Expected("C207", row.objref), written(
        draw, draft.change(type(row), row.key, referrers=more)
    ).bytes()


def _inode_behind(draw: Draw, draft: Draft) -> tuple[File, Inode, ImageBuilder]:
    """An open file before its inode, which is not written yet; in one section, or one for every kind."""
    file = pick(draw, draft, File, is_regular)
    tables = draft.tables()
    inodes = next(rows for kind, rows in tables if kind == Inode.row_kind)
    inode = draft.row(Inode, file.inode)
    inodes.remove(inode)
    image = draft.contents()
    for part in [[table] for table in tables] if draw(st.booleans()) else [tables]:
        image.batches(part)
    return file, inode, image


def order_of_sections(draw: Draw, draft: Draft) -> Corruption:
    file, inode, image = _inode_behind(draw, draft)
    return Expected("C204", file.objref), image.objects(Inode.row_kind, [inode]).revision().bytes()


def order_of_batches(draw: Draw, draft: Draft) -> Corruption:
    file = pick(draw, draft, File, is_regular)
    tables = draft.tables()
    files = next(rows for kind, rows in tables if kind == File.row_kind)
    files.remove(file)
    tables.insert(0, (File.row_kind, [file]))
    return Expected("C204", file.objref), draft.contents().batches(tables).revision().bytes()


def order_of_revisions(draw: Draw, draft: Draft) -> Corruption:
    file, inode, image = _inode_behind(draw, draft)
    image.revision().objects(Inode.row_kind, [inode]).revision()
    return Expected("C204", file.objref), image.bytes()


def other_kind(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, draw(st.sampled_from((Inode, Mm, Signal, Task))))
    image = written(draw, draft)
    stranger = draft.row(File, PROGRAM_FILE).replace(objref=row.objref)
    return Expected("C205", row.objref), image.objects(File.row_kind, [stranger]).revision().bytes()


def overlapping(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Vma, lambda vma: vma.end < AREA + (1 << 28))
    draft.records.insert(draft.records.index(row) + 1, row.replace(start=row.end - PAGE, end=row.end + PAGE))
    return named("C301", MM, draw, draft)


def misaligned(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Vma)
    return named("C303", MM, draw, draft.change(Vma, row.key, start=row.start + 1))


def shared_of_a_reader(draw: Draw, draft: Draft) -> Corruption:
    """The open mode of the file under a shared mapping that can be written is cut down."""
    row = pick(draw, draft, Vma, lambda vma: vma.shared and vma.file and vma.prot & 2)
    return named("C308", MM, draw, draft.change(File, row.file, flags=0, access=1))


def shared_mapping_of_another(draw: Draw, draft: Draft) -> Corruption:
    """A shared mapping that can be written belongs to a file that is open for reading."""
    file = pick(draw, draft, File, lambda row: is_regular(row) and not row.access & 2)
    address = AREA + (1 << 28)
    columns = {"start": address, "end": address + PAGE, "file": file.objref}
    return named("C308", MM, draw, in_order(draft.copy(Vma, (MM, SCRATCH), **columns)))


def page_elsewhere(draw: Draw, draft: Draft) -> Corruption:
    page = draw(st.integers(1, 1 << 20))
    draft.runs = sorted([*draft.runs, (page, 1, PAGES_ID, 0)])
    return named("C332", MM, draw, draft)


def mapping_lost(draw: Draw, draft: Draft) -> Corruption:
    saved = {run[0] * PAGE for run in draft.runs}
    row = pick(draw, draft, Vma, lambda vma: vma.start in saved)
    return named("C332", MM, draw, draft.remove(Vma, row.key))


def mapping_cut_short(draw: Draw, draft: Draft) -> Corruption:
    ends = {(run[0] + run[1]) * PAGE for run in draft.runs}
    row = pick(draw, draft, Vma, lambda vma: vma.end in ends)
    return named("C332", MM, draw, draft.change(Vma, row.key, end=row.end - PAGE))


def _instead(draft: Draft, number: int, run: tuple[int, int, int, int]) -> Draft:
    draft.runs = [*draft.runs[:number], run, *draft.runs[number + 1 :]]
    return draft


def page_past_the_section(draw: Draw, draft: Draft) -> Corruption:
    number = draw(st.sampled_from([n for n, run in enumerate(draft.runs) if run[2] == PAGES_ID]))
    first, count, section, _ = draft.runs[number]
    return named("C333", MM, draw, _instead(draft, number, (first, count, section, 3)))


def page_of_no_section(draw: Draw, draft: Draft) -> Corruption:
    number = draw(st.integers(0, len(draft.runs) - 1))
    first, count, _, _ = draft.runs[number]
    return named(
        "C333", MM, draw, _instead(draft, number, (first, count, draw(st.sampled_from((BLOB_ID, 500))), 0))
    )


def page_of_a_shared_file(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Vma, lambda vma: vma.shared and vma.file)
    draft.runs = sorted([*draft.runs, (row.start // PAGE, 1, PAGES_ID, 0)])
    return named("C334", MM, draw, draft)


def page_twice(draw: Draw, draft: Draft) -> Corruption:
    run = draw(st.sampled_from(list(draft.runs)))
    draft.runs = sorted([*draft.runs, run])
    return named("C331", MM, draw, draft)


def blob_lost(draw: Draw, draft: Draft) -> Corruption:
    return named("C209", DELETED, draw, draft.change(Inode, DELETED, blobs=(draw(st.integers(400, 500)),)))


def flipped_byte(draw: Draw, draft: Draft) -> Corruption:
    image = written(draw, draft, revise=False)
    entry = draw(st.sampled_from(image.entries))
    align = 1 << int(str(entry["align_log2"]))
    start = -(-(int(str(entry["ofs_header"])) + 48) // align) * align
    data = bytearray(image.bytes())
    data[start + draw(st.integers(0, int(str(entry["len_stored"])) - 1))] ^= draw(st.integers(1, 255))
    return Expected("C103", None), bytes(data)


def cut_short(draw: Draw, draft: Draft) -> Corruption:
    data = written(draw, draft, revise=False).bytes()
    return Expected("C104", None), data[: draw(st.integers(5000, len(data) - 1))]


def trailing(draw: Draw, draft: Draft) -> Corruption:
    data = written(draw, draft).bytes()
    return Expected("C105", None), data + draw(st.binary(min_size=1, max_size=500))


CORRUPTIONS = (
    *(dangling, wrong_kind, defined_twice, lost_reference, wrong_count, other_kind),
    *(order_of_sections, order_of_batches, order_of_revisions),
    *(overlapping, misaligned, shared_of_a_reader, shared_mapping_of_another),
    *(page_elsewhere, mapping_lost, mapping_cut_short, page_past_the_section, page_of_no_section),
    *(page_of_a_shared_file, page_twice, blob_lost, flipped_byte, cut_short, trailing),
)
