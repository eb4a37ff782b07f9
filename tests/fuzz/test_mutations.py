"""20,000 damaged images: none leads to anything but a value or FormatError, in bounded memory and time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.layout import parts_of, reseal
from tests.fuzz.mutants import Mutants
from tests.fuzz.originals import ORIGINALS
from tests.fuzz.run import SEED

COUNTS = {"small": 12_000, "revised": 4000, "c": 2000, "c-zstd": 1500, "python": 500}
_ROOT = Path(__file__).parents[2]


def original(name: str) -> bytes:
    """An image to damage; skips the test where it cannot be made here."""
    try:
        return ORIGINALS[name]()
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.sweep
@pytest.mark.parametrize("name", COUNTS)
def test_mutants(name: str, tmp_path: Path) -> None:
    """CRIMG_FUZZ_SEED chooses other mutants than the usual ones."""
    seed = int(os.environ.get("CRIMG_FUZZ_SEED", SEED))
    print(f"seed {seed}")
    image = tmp_path / "original.crimg"
    image.write_bytes(original(name))
    half = COUNTS[name] // 2
    runs = [_run(image, name, seed, first, half) for first in (0, half)]  # on two processors
    outcomes = [(run.communicate()[1], run.returncode) for run in runs]
    assert outcomes == [("", 0), ("", 0)]


def _run(image: Path, name: str, seed: int, first: int, count: int) -> subprocess.Popen[str]:
    """Look at `count` mutants from number `first` on, in a process of its own."""
    numbers = {"--name": name, "--seed": seed, "--first": first, "--count": count}
    words = [str(word) for pair in numbers.items() for word in pair]
    command = [sys.executable, "-m", "tests.fuzz.run", str(image), *words]
    return subprocess.Popen(command, cwd=_ROOT, stderr=subprocess.PIPE, text=True)


def test_there_are_twenty_thousand() -> None:
    assert sum(COUNTS.values()) == 20_000
    assert COUNTS.keys() == ORIGINALS.keys()


@pytest.mark.parametrize("name", ORIGINALS)
def test_sealing_an_undamaged_image_changes_nothing(name: str) -> None:
    data = original(name)
    sealed = bytearray(data)
    reseal(sealed, parts_of(data))
    assert sealed == data


def test_mutants_are_the_same_each_time() -> None:
    data = ORIGINALS["small"]()
    assert [Mutants(data, "small", 1)[number] for number in range(50)] == [
        Mutants(data, "small", 1)[number] for number in range(50)
    ]
    assert Mutants(data, "small", 1)[0] != Mutants(data, "small", 2)[0]
