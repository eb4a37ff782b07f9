"""Images made to be slow: what is validated in a pass stays a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.model import Inode, Mm, Task, Thread, Vma
from crimg.validate import open_for_check, validate
from tests.samples import BLOB_ID, DELETED, HEAP, HISTORY, MM, PAGE, PAGES_ID, TASK
from tests.validate.sound import CHILD, Draft

if TYPE_CHECKING:
    from pathlib import Path

MANY = 20_000
AREA = 0x7F00_0000_0000


def counts(data: bytes, tmp_path: Path) -> dict[str, int]:
    path = tmp_path / "large.crimg"
    path.write_bytes(data)
    found: dict[str, int] = {}
    with open_for_check(str(path)) as image:
        for finding in validate(image).findings:
            found[finding.rule] = found.get(finding.rule, 0) + 1
    return found


@pytest.mark.timeout(60)
def test_address_spaces_that_share_everything(tmp_path: Path) -> None:
    """Each by itself has 20,000 mappings or page runs; each with each would be 400 millions."""
    draft = Draft()
    vma = draft.row(Vma, (MM, HEAP))
    mm = draft.row(Mm, MM)
    for number in range(MANY):
        start = AREA + 2 * PAGE * number
        draft.add(vma.replace(start=start, end=start + PAGE, name=None))
    draft.add(*([mm] * MANY), *(mm.replace(objref=100_000 + number) for number in range(MANY)))
    draft.runs = [(AREA // PAGE + 2 * number, 1, PAGES_ID, 0) for number in range(MANY)] + list(draft.runs)
    draft.runs = sorted(draft.runs)
    found = counts(draft.bytes(), tmp_path)
    assert found["C203"] == MANY
    assert found["C336"] == MANY


@pytest.mark.timeout(60)
def test_a_long_line_of_ancestors_that_ends_in_a_cycle(tmp_path: Path) -> None:
    draft = Draft()
    task, thread = draft.row(Task, CHILD), draft.row(Thread, (TASK, 4242))
    for number in range(MANY):
        pid = 10_000 + number
        draft.add(task.replace(objref=pid, pid=pid, ppid=max(pid - 1, 10_000)))
        draft.add(thread.replace(task=pid, tid=pid))
    found = counts(draft.bytes(), tmp_path)
    assert found["C502"] == 1


@pytest.mark.timeout(60)
def test_rows_that_name_one_blob_again_and_again(tmp_path: Path) -> None:
    draft = Draft()
    draft.blob = [(2 * number, b"x") for number in range(MANY)]
    draft.change(Inode, DELETED, blobs=(BLOB_ID,) * 4000)
    assert counts(draft.bytes(), tmp_path)["C424"] == 3999


@pytest.mark.timeout(120)
def test_many_empty_revisions(tmp_path: Path) -> None:
    image = Draft().builder().revision()
    for _ in range(500):
        image.revision()
    assert counts(image.bytes(), tmp_path) == {}
    again = Draft().builder().revision()
    for _ in range(500):
        again.history([HISTORY[0]], listed=False).revision()
    assert counts(again.bytes(), tmp_path) == {"C106": 500}
