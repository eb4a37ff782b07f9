"""Writing what was read from an image in the canonical form gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crimg.reader import open_image
from crimg.writer import BytesOutput, write_image
from tests import samples
from tests.builders import ImageBuilder
from tests.kaitai_view import parse_image, view_batches

if TYPE_CHECKING:
    from pathlib import Path


def rewritten(path: Path, image: bytes) -> bytes:
    """The image read from a file and written again."""
    path.write_bytes(image)
    output = BytesOutput()
    with open_image(path) as opened:
        write_image(opened, output)
    return bytes(output.data)


def test_canonical_image_is_written_as_it_was(tmp_path: Path) -> None:
    image = samples.canonical_image()
    assert rewritten(tmp_path / "image", image) == image


def test_other_forms_become_canonical(tmp_path: Path) -> None:
    assert rewritten(tmp_path / "image", samples.small_image()) == samples.canonical_image()


@pytest.mark.parametrize("flags", [0, 1])
def test_ancillary_rows_and_sections_are_carried_along(tmp_path: Path, flags: int) -> None:
    """In sections of their own, which keep their ids and their bytes."""
    builder = ImageBuilder(created=samples.TIME).section(99, b"unknown", flags=0, align_log2=10, codec=0)
    builder.objects(0x8001, [["a row", 1]], flags=flags)
    builder.batches(samples.tables(samples.small_records())).log(samples.LOG).history(samples.HISTORY)
    before = parse_image(builder.revision().bytes())
    after = parse_image(rewritten(tmp_path / "image", builder.bytes()))
    unknown = next(frame for frame in after.frames if frame.header.type == 99)
    assert (unknown.raw_body, unknown.header.flags, unknown.header.align_log2) == (b"unknown", 0, 10)
    carried = next(frame for frame in after.frames if frame.header.kind == 0x8001)
    assert view_batches(carried.objects) == [(0x8001, [{"cells": ("a row", 1)}])]
    assert [unknown.header.id, carried.header.id] == [frame.header.id for frame in before.frames[:2]]
    assert carried.header.flags == flags
