"""Laws of redaction, over random sound images and random selections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from crimg.errors import ConflictError
from crimg.model import KINDS, HistoryEntry, ImageInfo, Inode, Mm, Pipe, Record, Task, Thread, Vma
from crimg.pages import SAVED, Memory
from crimg.redact import Selection, Selector
from crimg.writer import BytesOutput, write_image
from tests.property.opened import opened
from tests.property.strategies import LAW
from tests.redact.drafts import everything, memory_of, redacted, secret_draft
from tests.samples import MM, PACKED_PAGES_ID, PAGE, PAGES_ID
from tests.validate.random_images import sound_drafts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.model.image import Image
    from tests.validate.sound import Draft

_LEAST = 12
"""Random bytes that are not anywhere by chance."""


def tables(image: Image) -> dict[type[Record], Sequence[Record]]:
    """All tables but that of the history."""
    return {cls: image.rows(cls) for cls in KINDS.values() if cls is not HistoryEntry}


def with_secrets(draft: Draft) -> Draft:
    """The draft with the pages, arguments and environment of `secret_draft`."""
    secrets = secret_draft()
    draft.pages, draft.packed = secrets.pages, secrets.packed
    row = secrets.row(Mm, MM)
    names = ("arg_start", "arg_end", "env_start", "env_end")
    return draft.change(Mm, MM, **{name: getattr(row, name) for name in names})


@st.composite
def ranges(draw: st.DrawFn, draft: Draft) -> list[tuple[int, int]]:
    """Ranges of addresses that begin in a mapping: some whole, some of a part of it, some beyond."""
    vmas = [row for row in draft.records if isinstance(row, Vma) and row.start < 1 << 63]
    found = []
    for _ in range(draw(st.integers(1, 3))):
        vma = draw(st.sampled_from(vmas))
        low = vma.start + draw(st.one_of(st.just(0), st.integers(0, vma.end - vma.start - 1)))
        length = draw(st.sampled_from((PAGE, 2 * PAGE, 100, 5000, vma.end - vma.start)))
        found.append((low, low + length))
    return found


def masks_of(image: Image, chosen: list[tuple[int, int]]) -> dict[int, bytearray]:
    """Section of pages to a mask: 0 for each byte that a chosen address leads to, page by page; else 255."""
    masks = {section: bytearray(b"\xff" * 3 * PAGE) for section in (PAGES_ID, PACKED_PAGES_ID)}
    for first, last in chosen:
        for page, count, section, index in Memory(image, image.rows(Mm)[0]).runs:
            for number in range(count if section in masks else 0):
                start = (page + number) * PAGE
                low, high = max(start, first) - start, min(start + PAGE, last) - start
                if low < high:
                    place = (index + number) * PAGE
                    masks[section][place + low : place + high] = bytes(high - low)
    return masks


def expected_memory(image: Image, masks: dict[int, bytearray]) -> dict[int, bytes]:
    """Every mapping with zeros where a byte is removed."""
    memory = Memory(image, image.rows(Mm)[0])
    found = {}
    for start, data in memory_of(image).items():
        mask = bytearray(b"\xff" * len(data))
        for piece in memory.cut(start, start + len(data)):
            if piece.origin == SAVED:
                end = piece.offset + piece.end - piece.start
                mask[piece.start - start : piece.end - start] = masks[piece.section][piece.offset : end]
        kept = int.from_bytes(data, "little") & int.from_bytes(mask, "little")
        found[start] = kept.to_bytes(len(data), "little")
    return found


@given(st.data(), st.booleans())
@settings(LAW, max_examples=25)
def test_nothing_but_the_chosen_memory_goes(data: st.DataObject, drop: bool) -> None:
    draft = with_secrets(data.draw(sound_drafts()))
    chosen = data.draw(ranges(draft))
    source = draft.bytes()
    selectors = [Selector(f"{low:x}-{high:x}") for low, high in chosen]
    with opened(source) as before:
        masks = masks_of(before, chosen)
        expected = expected_memory(before, masks)
        rows = tables(before)
    _, made = redacted(source, Selection(vmas=selectors, drop=drop))
    with opened(made) as after:
        assert memory_of(after) == expected
        changed = {cls for cls, found in tables(after).items() if found != rows[cls]}
        contents = {Inode} if after.rows(Inode) != rows[Inode] else set()  # a deleted file that is mapped
        assert changed <= {ImageInfo, Mm, *contents}
        output = BytesOutput()
        write_image(after, output)
        assert bytes(output.data) == made  # the canonical form
    whole = everything(made)
    bodies = {PAGES_ID: draft.pages, PACKED_PAGES_ID: draft.packed}
    kept = b"\0\0".join(_kept(bodies[section], mask) for section, mask in masks.items())
    for section, mask in masks.items():
        body = bodies[section]
        for run in re.finditer(b"\0{%d,}" % _LEAST, mask):
            for removed in (body[run.start() : run.start() + _LEAST], body[run.end() - _LEAST : run.end()]):
                assert removed not in whole or removed in kept  # the token is in two places


def _kept(body: bytes, mask: bytearray) -> bytes:
    return bytes(one & other for one, other in zip(body, mask, strict=False))


@given(sound_drafts(), st.sets(st.sampled_from(("environment", "arguments", "contents", "registers"))))
@settings(LAW, max_examples=15)
def test_tables_change_only_where_they_are_chosen(draft: Draft, flags: set[str]) -> None:
    if not flags:
        return
    source = with_secrets(draft).bytes()
    found, made = redacted(source, Selection(**dict.fromkeys(flags, True)))  # type: ignore[arg-type]  # flags
    touched: dict[str, set[type[Record]]] = {
        "environment": {Mm},
        "arguments": {Mm, Task, Thread},
        "contents": {Inode, Pipe, Mm},
        "registers": {Thread},
    }
    with opened(source) as before, opened(made) as after:
        changed = {cls for cls, rows in tables(after).items() if rows != tables(before)[cls]}
        assert changed <= {ImageInfo, *(cls for flag in flags for cls in touched[flag])}
        assert len(after.rows(HistoryEntry)) == 1
    try:
        _, again = redacted(made, found.selection)
    except ConflictError:  # contents alone: there are none any more
        return
    with opened(made) as once, opened(again) as twice:
        infos = (ImageInfo,)
        for cls, rows in tables(once).items():
            assert cls in infos or twice.rows(cls) == rows
        assert memory_of(once) == memory_of(twice)
