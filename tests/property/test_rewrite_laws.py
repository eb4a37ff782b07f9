"""Laws of rewriting, over random images and random rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from crimg.model import KINDS, File, HistoryEntry, Record
from crimg.reader import open_image
from crimg.rewrite import Rule, apply, plan
from crimg.rewrite.places import REWRITTEN
from crimg.writer.revise import undo
from tests.property.opened import memory_file
from tests.property.strategies import LAW, plans
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from crimg.model.image import Image
    from tests.property.strategies import Plan as ImagePlan

PATHS = {cls: cls.fields.index(column) for cls, column, _ in REWRITTEN}
"""The column of each kind of row that rules may change."""
NAMES = st.sampled_from(["a", "b", "bb", "tmp", "x y", "\\xff"])
FOLDERS = st.lists(NAMES, max_size=3).map(lambda names: "/" + "/".join(names))


def tables(image: Image, *, paths: bool) -> dict[type[Record], list[Record]]:
    """All tables but the journal's history. paths: with the columns that rules may change."""
    found = {}
    for cls in KINDS.values():
        rows = [] if cls is HistoryEntry else list(image.rows(cls))
        if not paths and cls in PATHS:
            name = cls.fields[PATHS[cls]]
            rows = [row.replace(**{name: b""}) for row in rows]
        found[cls] = rows
    return found


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    """Rules of the kinds prefix and exact, glob too; no two that contradict each other."""
    chosen: dict[tuple[str, str], Rule] = {}
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["prefix", "prefix", "exact", "glob"]))
        old, new = draw(FOLDERS), draw(FOLDERS)
        old += "/*" if kind == "glob" and old != "/" else ""
        places = draw(st.sampled_from([(), (), ("fd",), ("vma", "keeper")]))
        chosen[kind, old] = Rule(kind, old.encode(), new.encode(), places=places)
    return list(chosen.values())


@st.composite
def drafts(draw: st.DrawFn) -> bytes:
    """The sound image with names of few components, so that rules meet them."""
    draft = Draft()
    for row in list(draft.records):
        if isinstance(row, File) and row.path:
            draft.change(File, row.objref, path=draw(FOLDERS).encode() + b"/%d" % row.objref)
    return draft.bytes()


@given(plans(), rules())
@settings(LAW, max_examples=40)
def test_nothing_but_paths_changes_and_undo_is_exact(planned: ImagePlan, chosen: Sequence[Rule]) -> None:
    """Of any image that the model can hold, sound or not."""
    data = planned.write()
    with memory_file(data) as name:
        with open_image(name) as image:
            found = plan(image, chosen)
            before = tables(image, paths=False)
            if not found.conflicts:
                apply(found, name, image=image, force=True)
        with open_image(name) as image:
            assert tables(image, paths=False) == before
            assert image.revision == (2 if found.changes and not found.conflicts else 1)
            revision = image.revision
        undo(name, revision - 1)
        assert Path(name).read_bytes() == data


@given(drafts(), st.lists(st.tuples(FOLDERS, FOLDERS), min_size=1, max_size=3))
@settings(LAW, max_examples=40)
def test_rewriting_back_gives_equal_objects(data: bytes, moves: list[tuple[str, str]]) -> None:
    """By edits, since rules that join two directories have no reverse. Applying checks that it is sound."""
    by_old = {old: Rule("prefix", old.encode(), new.encode()) for old, new in moves}
    with memory_file(data) as name:
        with open_image(name) as image:
            before = tables(image, paths=True)
            found = plan(image, by_old.values())
        if found.conflicts:
            return
        apply(found, name)
        with open_image(name) as image:
            if found.changes:
                assert tables(image, paths=True) != before
            back = plan(image, edits={change.objref: change.before for change in found.changes})
            assert not back.conflicts
        apply(back, name)
        with open_image(name) as image:
            assert tables(image, paths=True) == before
            assert image.revision == (3 if found.changes else 1)


@given(drafts(), rules(), st.randoms())
@settings(LAW, max_examples=40)
def test_the_order_of_rules_means_nothing(data: bytes, chosen: list[Rule], random: Random) -> None:
    with memory_file(data) as name, open_image(name) as image:
        first = plan(image, chosen)
        shuffled = list(chosen)
        random.shuffle(shuffled)
        assert plan(image, shuffled).to_json() == first.to_json()
