"""Random sound images have no findings; one corruption, and a finding names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crimg.validate import open_for_check, validate
from tests.validate import corruptions, file_corruptions, task_corruptions
from tests.validate.random_images import sound_drafts
from tests.validate.random_writing import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crimg.validate import Finding
    from tests.validate.corruptions import Corruption
    from tests.validate.random_images import Draw
    from tests.validate.sound import Draft

SETTINGS = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
CORRUPTIONS = (*corruptions.CORRUPTIONS, *file_corruptions.CORRUPTIONS, *task_corruptions.CORRUPTIONS)


def findings(data: bytes, folder: Path) -> list[Finding]:
    path = folder / "random.crimg"
    path.write_bytes(data)
    with open_for_check(str(path)) as image:
        return list(validate(image).findings)


@settings(SETTINGS, max_examples=100)
@given(draft=sound_drafts(), data=st.data())
def test_sound_images_have_no_findings(draft: Draft, data: st.DataObject, tmp_path: Path) -> None:
    assert findings(written(data.draw, draft).bytes(), tmp_path) == []


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: corruption.__name__)
def test_one_corruption_is_named(corruption: Callable[[Draw, Draft], Corruption], tmp_path: Path) -> None:
    @settings(SETTINGS, max_examples=5)
    @given(draft=sound_drafts(), data=st.data())
    def check(draft: Draft, data: st.DataObject) -> None:
        expected, damaged = corruption(data.draw, draft)
        found = findings(damaged, tmp_path)
        assert expected in [(finding.rule, finding.place.objref) for finding in found], found

    check()
