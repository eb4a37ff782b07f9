"""Reference rules derive from the annotations of the model: a kind made up here is covered without a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crimg.model import Eventfd, SharedMemory, Signalfd, Socket, Timerfd, types
from crimg.model.record import KINDS, Record, RecordMeta
from crimg.validate import open_for_check, validate
from tests import samples
from tests.samples import CRED, HISTORY, LOG, MM, PROGRAM_FILE
from tests.validate.broken_special import FILE, MEMFD, TIMER, socket, with_file
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crimg.model.record import Column

MADE_UP = 0x70


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A kind of shared object that refers to files, to one other of its kind, and to credentials or none."""
    monkeypatch.setitem(types.REFERENCES, "WatcherRef", ("Watcher",))
    monkeypatch.setitem(types.ALIASES, "WatcherRef", "u32")
    annotations = {
        "objref": "U32",
        "referrers": "U32",
        "files": "tuple[FileRef, ...]",
        "next": "WatcherRef | None",
        "cred": "CredRef | None",
    }
    namespace = {"__annotations__": annotations, "__module__": __name__, "__qualname__": "Watcher"}
    made = RecordMeta("Watcher", (Record,), namespace, kind=MADE_UP)
    try:
        yield made
    finally:
        del KINDS[MADE_UP]


def draft_with(*rows: Record) -> Draft:
    return Draft().add(*rows).counted()


def found(draft: Draft, tmp_path: Path) -> list[tuple[str, str | None]]:
    path = tmp_path / "watchers.crimg"
    path.write_bytes(draft.contents().batches(draft.tables()).log(LOG).history(HISTORY).revision().bytes())
    with open_for_check(str(path)) as image:
        return [(finding.rule, finding.place.field) for finding in validate(image).findings]


def test_a_sound_one(watcher: Any, tmp_path: Path) -> None:
    first = watcher(objref=800, referrers=0, files=(PROGRAM_FILE, PROGRAM_FILE), next=None, cred=CRED)
    rows = [first, first.replace(objref=801, next=800), first.replace(objref=802, files=(), next=801)]
    assert found(draft_with(*rows), tmp_path) == [("C206", None)]  # nobody refers to the last


@pytest.mark.parametrize(
    ("columns", "findings"),
    [
        ({"files": (PROGRAM_FILE, 999)}, [("C201", "files")]),
        ({"cred": 999}, [("C201", "cred")]),
        ({"files": (PROGRAM_FILE, MM)}, [("C202", "files")]),
        ({"next": CRED}, [("C202", "next")]),
        ({"next": 801}, [("C204", "next")]),
        ({"next": 800}, [("C204", "next")]),
        ({"files": (0,)}, [("C208", "files")]),
    ],
)
def test_a_wrong_reference(
    columns: dict[str, object], findings: list[tuple[str, str]], watcher: Any, tmp_path: Path
) -> None:
    first = watcher(objref=800, referrers=0, files=(PROGRAM_FILE,), next=None, cred=None)
    rows = [first.replace(**columns), first.replace(objref=801, next=800)]
    draft = draft_with(*rows)
    if columns.get("next") != 801:
        draft.change(watcher, 801, referrers=0)
    result = found(draft, tmp_path)
    assert [each for each in result if each[0] != "C206"] == findings


def test_a_lost_reference(watcher: Any, tmp_path: Path) -> None:
    first = watcher(objref=800, referrers=0, files=(PROGRAM_FILE,), next=None, cred=None)
    draft = draft_with(first, first.replace(objref=801, next=800)).change(watcher, 800, files=())
    assert ("C207", "referrers") in found(draft, tmp_path)


SPECIAL: dict[type[Record], tuple[int, Record]] = {
    Eventfd: (9, Eventfd(file=FILE, value=1, semaphore=False)),
    Timerfd: (10, TIMER),
    Signalfd: (11, Signalfd(file=FILE, mask=1)),
    SharedMemory: (8, MEMFD),
    Socket: (12, socket()),
}
"""Kinds that the sound image has no row of: kind of a file that such a row tells of, and the row."""
REFERENCES = [
    (cls, index, column)
    for cls in KINDS.values()
    for index, column in cls.references
    if cls.row_kind != MADE_UP
]


@pytest.mark.parametrize(
    ("cls", "index", "column"), REFERENCES, ids=[f"{cls.noun}.{column.name}" for cls, _, column in REFERENCES]
)
def test_every_reference_column_of_the_model(
    cls: type[Record], index: int, column: Column, tmp_path: Path
) -> None:
    """One after the other is made to lead to nothing, and to an object of another kind."""
    for target, rule in ((999, "C201"), (samples.INFO, "C202")):
        draft = with_file(*SPECIAL[cls]) if cls in SPECIAL else Draft()
        row = next(each for each in draft.records if type(each) is cls and each[index] is not None)
        changed = draft.change(cls, row.key, **{column.name: target})
        assert (rule, column.name) in found(changed, tmp_path)
