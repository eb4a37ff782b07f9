"""Large images: what is not asked for is not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.model import Mm
from crimg.pages import Memory
from crimg.reader import open_image
from crimg.writer import PAGES_SECTION
from tests.bench.loading import write_large_tables
from tests.fuzz.footprint import footprint
from tests.unit.sparse import FIRST_PAGE, PAGE, write_sparse_image

if TYPE_CHECKING:
    from pathlib import Path

GIB, MIB = 1 << 30, 1 << 20
_SECTIONS = 10 * GIB // PAGES_SECTION
_INDEX = 48 * _SECTIONS
_IMPORT = """
import datetime
import msgpack
import crimg.reader.file, crimg.reader.native, crimg.reader.tables
from crimg.reader import open_image
from crimg.model import KINDS, Mm
from crimg.pages import Memory
"""
_OPEN = "image = open_image(path)"
_TABLES = f"{_OPEN}\nfor cls in KINDS.values(): image.rows(cls)"
_ONE_PAGE = f"""{_TABLES}
memory = Memory(image, image.rows(Mm)[0])
assert memory.saved_bytes() == {10 * GIB}
assert memory.read({FIRST_PAGE * PAGE + 7 * GIB + 5}, 10) == bytes(10)
"""


@pytest.fixture(scope="module")
def ten_gib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of 10 GiB."""
    path = tmp_path_factory.mktemp("large") / "image.crimg"
    write_sparse_image(path, 10 * GIB)
    assert path.stat().st_size > 10 * GIB
    assert path.stat().st_blocks * 512 < 64 * MIB
    return path


def test_opening_reads_next_to_nothing(ten_gib: Path) -> None:
    """Also not through the mapping, which is why that is measured, too."""
    taken = footprint(ten_gib, _OPEN, before=_IMPORT)
    assert _INDEX < taken.read + taken.mapped < _INDEX + (64 << 10)
    taken = footprint(ten_gib, _TABLES, before=_IMPORT)
    assert taken.read + taken.mapped < _INDEX + (128 << 10)
    taken = footprint(ten_gib, _ONE_PAGE, before=_IMPORT)
    assert taken.read + taken.mapped < MIB
    assert taken.memory < 8 * MIB


def test_the_measure_sees_what_is_read(ten_gib: Path) -> None:
    code = f"{_OPEN}\nbytes(image.store.body(5)[:{2 * MIB}])"
    assert footprint(ten_gib, code, before=_IMPORT).mapped >= 2 * MIB
    assert footprint(ten_gib, f"open(path, 'rb').read({2 * MIB})", before=_IMPORT).read >= 2 * MIB


def test_a_large_image_is_read_right(ten_gib: Path) -> None:
    with open_image(ten_gib) as image:
        assert len(image.kinds()) == 22
        assert len(image.store.sections) == 22 + 1 + _SECTIONS
        (mm,) = image.rows(Mm)
        memory = Memory(image, mm)
        start = FIRST_PAGE * PAGE
        lengths = [
            piece.end - piece.start for piece in memory.pieces(start - PAGE, start + 3 * PAGES_SECTION // 2)
        ]
        assert lengths == [PAGE, PAGES_SECTION, PAGES_SECTION // 2]


def test_large_tables_take_memory_by_their_rows(tmp_path: Path) -> None:
    """The goal is 200 MiB with the interpreter; the bench has the exact figure."""
    path = tmp_path / "tables.crimg"
    write_large_tables(path, 100_000)
    code = f"{_TABLES}\nassert len(image.rows(Vma)) == len(image.rows(Fd)) == 100_000"
    assert footprint(path, code, before=f"{_IMPORT}\nfrom crimg.model import Fd, Vma").memory < 120 * MIB
