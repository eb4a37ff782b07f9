"""Damaged images, made from a sound one. Mutant N of a seed is always the same bytes."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import zstandard

from tests import builders
from tests.builders import (
    FILE_HEADER,
    INDEX,
    INDEX_ENTRY,
    SECTION_HEADER,
    TRAILER,
    TRAILER_BODY,
    ImageBuilder,
)
from tests.fuzz.layout import Part, parts_of, regions, reseal
from tests.fuzz.mutators import ANY_LENGTH, EDGES, SAME_LENGTH, mutate

if TYPE_CHECKING:
    from tests.builders import Layout

_WIDTHS = {"B": 8, "H": 16, "I": 32, "Q": 64, "q": 63}
_FIXED = ("magic", "uuid", "checksum", "header_checksum", "index_checksum")
_MOST_TO_ASSEMBLE = 1 << 20


class Mutant(NamedTuple):
    """data: the bytes.  sealed: checksums were made right again, so the damage is in what was meant."""

    data: bytes
    sealed: bool


class Mutants:
    """The mutants of one image.  name: of the image; it is part of the seed."""

    def __init__(self, data: bytes, name: str, seed: int) -> None:
        self.data = data
        self.parts = parts_of(data)
        self.regions = regions(self.parts)
        self._seed = f"{seed}/{name}"

    def __getitem__(self, number: int) -> Mutant:
        rng = Random(f"{self._seed}/{number}")
        large = len(self.data) > _MOST_TO_ASSEMBLE
        way = rng.choices(
            (self._damaged, self._resealed, self._assembled, self._misdescribed),
            (4, 4, 0.5 if large else 3, 0.5 if large else 2),
        )[0]
        return Mutant(bytes(way(rng)), sealed=way != self._damaged)

    def _damaged(self, rng: Random) -> bytearray:
        """Damage that the checksums must tell of."""
        data = bytearray(self.data)
        mutate(data, self.regions, rng, ANY_LENGTH)
        return data

    def _resealed(self, rng: Random) -> bytearray:
        """Damage in place, then right checksums."""
        data = bytearray(self.data)
        mutate(data, self.regions, rng, SAME_LENGTH)
        reseal(data, self.parts)
        return data

    def _assembled(self, rng: Random) -> bytes:
        """The same image put together anew, with a damaged body in one of its sections."""
        chosen = rng.choice([part for part in self.parts if part.type not in (INDEX, TRAILER)])
        builder = self._builder()
        for part in self.parts:
            body = self._decoded(part)
            if part is chosen:
                mutable = bytearray(body)
                mutate(mutable, [(0, min(len(mutable), 1 << 16) or 1)], rng, ANY_LENGTH)
                body = bytes(mutable)
            self._add(builder, part, body)
        return builder.bytes()

    def _misdescribed(self, rng: Random) -> bytes:
        """The same image put together anew, with a wrong number in one of its structures."""
        chosen = rng.choice([*self.parts, None])
        builder = self._builder(**({} if chosen else _wrong_field(FILE_HEADER, rng)))
        for part in self.parts:
            self._add(builder, part, self._decoded(part), rng if part is chosen else None)
        return builder.bytes()

    def _builder(self, **header: object) -> ImageBuilder:
        if header:
            return ImageBuilder(**header)
        builder = ImageBuilder()
        builder.data[:] = builder.header = self.data[: len(builder.header)]
        return builder

    def _decoded(self, part: Part) -> bytes:
        stored = self.data[part.body : part.end]
        codec = self.data[part.header + 8]
        return zstandard.ZstdDecompressor().decompress(stored) if codec == builders.ZSTD else stored

    def _add(self, builder: ImageBuilder, part: Part, body: bytes, rng: Random | None = None) -> None:
        """A section as it was; with `rng`, something wrong in its header, in the index or in the trailer."""
        wrong: dict[str, Any] = {}
        if part.type == TRAILER:
            return
        if part.type == INDEX:
            if rng is not None:
                keyword, layout = rng.choice((("index", SECTION_HEADER), ("trailer", TRAILER_BODY)))
                wrong[keyword] = _section_options(_wrong_field(layout, rng))
            builder.revision(**wrong)
            return
        options: dict[str, Any] = {
            "id": part.id,
            "codec": self.data[part.header + 8],
            "align_log2": self.data[part.header + 9],
            "kind": int.from_bytes(self.data[part.header + 10 : part.header + 12], "little"),
            "flags": int.from_bytes(self.data[part.header + 6 : part.header + 8], "little"),
        }
        if rng is not None:
            in_entry = rng.random() < 0.5
            wrong = _wrong_field(INDEX_ENTRY if in_entry else SECTION_HEADER, rng)
            options = {**options, "entry": wrong} if in_entry else {**options, **wrong}
        builder.section(part.type, body, **_section_options(options))


def _section_options(options: dict[str, Any]) -> dict[str, Any]:
    """An alignment that the format does not have is only claimed."""
    return {**options, "pad_before": b""} if options.get("align_log2", 3) > 21 else options


def _wrong_field(layout: Layout, rng: Random) -> dict[str, int]:
    """One field of a structure with a number that it should not have."""
    name, code = rng.choice([field for field in layout if field[0] not in _FIXED])
    value = rng.choice(EDGES) if rng.random() < 0.8 else rng.randrange(1 << 16)
    return {name: value % (1 << _WIDTHS[code])}
