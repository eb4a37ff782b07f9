"""Random sound images have no findings; one corruption, and a finding names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crimg.model import Fd, File, Inode, Signal, Task, Thread, Vma
from crimg.model.enums import FileKind
from crimg.validate import open_for_check, validate
from tests.builders import ZSTD
from tests.samples import CRED, FD_TABLE, HISTORY, LOG, MM, PAGE, PAGES_ID
from tests.validate.random_images import AREA, sound_drafts
from tests.validate.sound import Draft, registers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crimg.model.record import Record
    from crimg.validate import Finding
    from tests.builders import ImageBuilder
    from tests.validate.random_images import Draw

SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Expected(NamedTuple):
    """What a finding has to say. objref: None where the damage is in no object."""

    rule: str
    objref: int | None


Corruption = tuple[Expected, bytes]


def written(draft: Draft, *, split: bool = False, codec: int = 0) -> ImageBuilder:
    """The draft in a builder, up to its trailer; split: a section for every kind."""
    image = draft.contents()
    tables = draft.tables()
    for part in [[table] for table in tables] if split else [tables]:
        image.batches(part, codec=codec)
    return image.log(LOG).history(HISTORY).revision()


def findings(data: bytes, folder: Path) -> list[Finding]:
    path = folder / "random.crimg"
    path.write_bytes(data)
    with open_for_check(str(path)) as image:
        return list(validate(image).findings)


@SETTINGS
@given(draft=sound_drafts(), split=st.booleans(), codec=st.sampled_from((0, ZSTD)), again=st.data())
def test_sound_images_have_no_findings(
    draft: Draft, split: bool, codec: int, again: st.DataObject, tmp_path: Path
) -> None:
    image = written(draft, split=split, codec=codec)
    if again.draw(st.booleans(), label="a second revision"):
        rows = again.draw(st.lists(st.sampled_from([row for row in draft.records if isinstance(row, File)])))
        unique = {row.objref: row.replace(path=row.path and b"/elsewhere") for row in rows}
        if unique:
            image.objects(File.row_kind, unique.values())
        image.history([HISTORY[0].replace(revision=2)]).revision()
    assert findings(image.bytes(), tmp_path) == []


def _pick(draw: Draw, draft: Draft, cls: type[Record], suits: Callable[[Any], bool] = bool) -> Any:
    return draw(st.sampled_from([row for row in draft.records if type(row) is cls and suits(row)]))


def _is_regular(row: File) -> bool:
    return row.kind == FileKind.REGULAR


def dangling(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Fd)
    changed = draft.change(Fd, row.key, file=9_999_999).counted()
    return Expected("C201", FD_TABLE), changed.bytes()


def wrong_kind(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Fd)
    return Expected("C202", FD_TABLE), draft.change(Fd, row.key, file=CRED).counted().bytes()


def defined_twice(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, draw(st.sampled_from((File, Inode, Task))))
    return Expected("C203", row.objref), draft.add(row).bytes()


def lost_reference(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Fd)
    return Expected("C207", row.file), draft.remove(Fd, row.key).bytes()


def out_of_order(draw: Draw, draft: Draft) -> Corruption:
    file = _pick(draw, draft, File, _is_regular)
    tables = draft.tables()
    inodes = next(rows for kind, rows in tables if kind == Inode.row_kind)
    inode = next(row for row in inodes if row.key == (file.inode,))
    inodes.remove(inode)
    tables.append((Inode.row_kind, [inode]))
    image = draft.contents().batches(tables).log(LOG).history(HISTORY).revision()
    return Expected("C204", file.objref), image.bytes()


def overlapping(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Vma, lambda vma: vma.end < AREA + (1 << 28))
    draft.records.insert(draft.records.index(row) + 1, row.replace(start=row.end - PAGE, end=row.end + PAGE))
    return Expected("C301", MM), draft.counted().bytes()


def misaligned(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Vma)
    return Expected("C303", MM), draft.change(Vma, row.key, start=row.start + 1).bytes()


def page_elsewhere(draw: Draw, draft: Draft) -> Corruption:
    page = draw(st.integers(1, 1 << 20))
    draft.runs = sorted([*draft.runs, (page, 1, PAGES_ID, 0)])
    return Expected("C332", MM), draft.bytes()


def page_past_the_section(draw: Draw, draft: Draft) -> Corruption:
    number = draw(st.sampled_from([n for n, run in enumerate(draft.runs) if run[2] == PAGES_ID]))
    first, count, section, _ = draft.runs[number]
    draft.runs = [*draft.runs[:number], (first, count, section, 3), *draft.runs[number + 1 :]]
    return Expected("C333", MM), draft.bytes()


def page_twice(draw: Draw, draft: Draft) -> Corruption:
    run = draw(st.sampled_from(list(draft.runs)))
    draft.runs = sorted([*draft.runs, run])
    return Expected("C331", MM), draft.bytes()


def fd_twice(draw: Draw, draft: Draft) -> Corruption:
    row, file = _pick(draw, draft, Fd), _pick(draw, draft, File)
    return Expected("C401", FD_TABLE), draft.add(row.replace(file=file.objref)).counted().bytes()


def position_past_the_end(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, File, _is_regular)
    size = draft.row(Inode, row.inode).size
    position = size + draw(st.integers(1, 1 << 40))
    return Expected("C404", row.objref), draft.change(File, row.objref, position=position).bytes()


def truncating(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, File)
    return Expected("C405", row.objref), draft.change(File, row.objref, flags=row.flags | 0o1000).bytes()


def other_access(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, File)
    return Expected("C406", row.objref), draft.change(File, row.objref, access=row.access ^ 2).bytes()


def relative(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, File, _is_regular)
    return Expected("C412", row.objref), draft.change(File, row.objref, path=row.path[1:]).bytes()


def keeper_lost(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, File, lambda file: _is_regular(file) and file.name_state in (2, 3))
    changed = draft.change(Inode, row.inode, keeper=0, blobs=(), keeper_path=None)
    return Expected("C421", row.objref), changed.bytes()


def inode_twice(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Inode)
    return Expected("C417", 900), draft.add(row.replace(objref=900)).bytes()


def own_parent(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Task)
    return Expected("C502", row.objref), draft.change(Task, row.objref, ppid=row.pid).bytes()


def same_pid(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Task, lambda task: task.pid != 4242)
    return Expected("C504", row.objref), draft.change(Task, row.objref, pid=4242).bytes()


def no_leader(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Task, lambda task: task.mm is not None)
    return Expected("C505", row.objref), draft.remove(Thread, (row.objref, row.pid)).counted().bytes()


def soft_over_hard(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Signal)
    number = draw(st.integers(0, 15))
    limits = list(row.rlimits)
    limits[2 * number] = limits[2 * number + 1] + 1
    return Expected("C534", row.objref), draft.change(Signal, row.objref, rlimits=tuple(limits)).bytes()


def kernel_segment(draw: Draw, draft: Draft) -> Corruption:
    row = _pick(draw, draft, Thread)
    changed = draft.change(Thread, row.key, registers=registers(r17=0x10))
    return Expected("C521", row.task), changed.bytes()


def flipped_byte(draw: Draw, draft: Draft) -> Corruption:
    image = written(draft, split=draw(st.booleans()))
    entry = draw(st.sampled_from(image.entries))
    align = 1 << int(str(entry["align_log2"]))
    start = -(-(int(str(entry["ofs_header"])) + 48) // align) * align
    data = bytearray(image.bytes())
    data[start + draw(st.integers(0, int(str(entry["len_stored"])) - 1))] ^= draw(st.integers(1, 255))
    return Expected("C103", None), bytes(data)


def cut_short(draw: Draw, draft: Draft) -> Corruption:
    data = written(draft).bytes()
    return Expected("C104", None), data[: draw(st.integers(5000, len(data) - 1))]


def trailing(draw: Draw, draft: Draft) -> Corruption:
    return Expected("C105", None), written(draft).bytes() + draw(st.binary(min_size=1, max_size=500))


CORRUPTIONS = (
    *(dangling, wrong_kind, defined_twice, lost_reference, out_of_order, overlapping, misaligned),
    *(page_elsewhere, page_past_the_section, page_twice, fd_twice, position_past_the_end, truncating),
    *(other_access, relative, keeper_lost, inode_twice, own_parent, same_pid, no_leader, soft_over_hard),
    *(kernel_segment, flipped_byte, cut_short, trailing),
)


@settings(SETTINGS, max_examples=400)
@given(draft=sound_drafts(), corruption=st.sampled_from(CORRUPTIONS), data=st.data())
def test_one_corruption_is_named(
    draft: Draft, corruption: Callable[[Draw, Draft], Corruption], data: st.DataObject, tmp_path: Path
) -> None:
    expected, damaged = corruption(data.draw, draft)
    found = findings(damaged, tmp_path)
    assert expected in [(finding.rule, finding.place.objref) for finding in found], found
