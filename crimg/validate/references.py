"""C201, C202, C206 to C209: where references lead.

Which column refers to what derives from the annotations of the model: a new kind with a reference column is
covered without a line here.
"""

from __future__ import annotations

from crimg.graph import count_references
from crimg.model import Task
from crimg.model.record import KINDS
from crimg.model.sections import SECTION_COLUMNS
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.model.record import Column, Record
    from crimg.validate.checked import Checked


def columns(cls: type[Record]) -> Iterator[tuple[int, Column, tuple[type[Record], ...]]]:
    """Index and column of every reference, and the classes it may point to."""
    names = {each.__name__: each for each in KINDS.values()}
    for index, column in cls.references:
        yield index, column, tuple(names[name] for name in column.kinds if name in names)


def rows_with(rows: list[Any], index: int, column: Column, wanted: set[int]) -> Iterator[tuple[Any, int]]:
    """The rows that refer to one of the wanted objrefs, and to which."""
    for row in rows:
        value = row[index]
        for target in (value or ()) if column.many else (value,):
            if target in wanted:
                yield row, target


@rule("C201", ERROR, whole=True)
def dangling(checked: Checked) -> Iterator[Hit]:
    """A reference leads to an object that is not in the image.

    A restart has nothing to put there: a descriptor without its file, a task without its memory.

    Remedy: the image has lost a row: take another copy, undo what rewrote it, or dump again.
    """
    for cls in KINDS.values():
        rows = checked.rows(cls) if cls.references else []
        for index, column, _ in columns(cls) if rows else ():
            missing = checked.targets(cls, index, column).difference(checked.objects, (0,))
            for row, target in rows_with(rows, index, column, missing) if missing else ():
                yield Hit(f"{column.name} is #{target}, which is not in the image", row, column.name)


@rule("C202", ERROR)
def wrong_kind(checked: Checked) -> Iterator[Hit]:
    """A reference leads to an object of another kind.

    What is wanted there cannot be made from it.

    Remedy: undo what rewrote the image, or dump again.
    """
    for cls in KINDS.values():
        rows = checked.rows(cls) if cls.references else []
        for index, column, kinds in columns(cls) if rows else ():
            wrong = checked.targets(cls, index, column)
            for kind in kinds:
                wrong = wrong.difference(checked.objects_of(kind))
            wrong = {target for target in wrong if target in checked.objects}
            for row, target in rows_with(rows, index, column, wrong) if wrong else ():
                noun = type(checked.objects[target]).noun
                wanted = " or ".join(kind.noun for kind in kinds)
                yield Hit(f"{column.name} is #{target}, a {noun}, no {wanted}", row, column.name)


@rule("C206", WARNING, whole=True)
def unreferenced(checked: Checked) -> Iterator[Hit]:
    """Nothing has ever referred to a shared object.

    A restart makes it and drops it, or leaves it out; something that belonged to it may be missing.

    Remedy: look at what it is; if something should refer to it, dump again.
    """
    counts = checked.reference_counts
    ever: dict[int, int] | None = None
    for cls in KINDS.values():
        if "referrers" not in cls.fields or cls is Task:
            continue
        objref, referrers = cls.fields.index("objref"), cls.fields.index("referrers")
        for row in checked.rows(cls):
            if row[objref] not in counts and not row[referrers]:
                if ever is None:
                    ever = count_references((batch.cls, batch.rows) for batch in checked.batches)
                if row[objref] not in ever:
                    yield Hit("nothing refers to it", row)


@rule("C207", ERROR, whole=True)
def referrer_count(checked: Checked) -> Iterator[Hit]:
    """Fewer or more references lead to an object than the dump counted.

    A descriptor, a mapping or a task has got lost, or came from somewhere else: what is restarted is not
    what was saved.

    Remedy: take another copy of the image, undo what rewrote it, or dump again.
    """
    counts = checked.reference_counts
    for cls in KINDS.values():
        if "referrers" not in cls.fields:
            continue
        objref, referrers = cls.fields.index("objref"), cls.fields.index("referrers")
        unlike = [row for row in checked.rows(cls) if row[referrers] != counts.get(row[objref], 0)]
        for row in unlike:
            found = counts.get(row[objref], 0)
            yield Hit(f"{found} references, {row[referrers]} at the dump", row, "referrers")


@rule("C208", ERROR)
def objref_zero(checked: Checked) -> Iterator[Hit]:
    """An object or a reference has the number 0.

    Objrefs start at 1: 0 is what a program writes that has forgotten to give a number.

    Remedy: dump again; a program that makes such an image has to be mended.
    """
    if 0 in checked.objects:
        yield Hit("its objref is 0", checked.objects[0], "objref")
    for cls in KINDS.values():
        rows = checked.rows(cls) if cls.references else []
        for index, column, _ in columns(cls) if rows else ():
            if 0 in checked.targets(cls, index, column):
                for row, _target in rows_with(rows, index, column, {0}):
                    yield Hit(f"{column.name} is 0", row, column.name)


@rule("C209", ERROR, whole=True)
def section_references(checked: Checked) -> Iterator[Hit]:
    """A row names a section that is not there, or of another type.

    The contents of a deleted file, the bytes of a pipe or the pages of an address space cannot be found.

    Remedy: take another copy of the image, undo what rewrote it, or dump again.
    """
    for cls, name, wanted in SECTION_COLUMNS:
        index = cls.fields.index(name)
        for row in checked.rows(cls):
            value = row[index]
            for section_id in value if isinstance(value, tuple) else () if value is None else (value,):
                entry = checked.sections.get(section_id)
                if entry is None:
                    yield Hit(f"section {section_id} is not in the image", row, name)
                elif entry.type != wanted:
                    yield Hit(f"{entry.label} is no {wanted.name}", row, name)
