"""The programs of the dump's tests: dumped, killed, restarted, they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dump.cases import CASES
from tests.restart.comeback import there_and_back

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", CASES)
def test_it_goes_on(name: str, tmp_path: Path) -> None:
    """Twice, since what comes back is a process like any other; large ones once."""
    case = CASES[name]
    with case.start(tmp_path / "target") as program:
        case.goes_on(program)
        for round_ in range(1 if name.startswith("20,000") else 2):
            there_and_back(program, tmp_path / f"image{round_}")
            case.goes_on(program)
