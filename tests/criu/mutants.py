"""Damaged CRIU images: one file of a directory in memory, changed in one of several ways."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

from crimg.criu import load
from crimg.criu.directory import Files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crimg.criu.directory import Part
    from crimg.model.image import Image

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


class MemoryFiles(Files):
    """Image files that are in memory."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        super().__init__("memory")
        self._contents = contents
        for name, data in contents.items():
            self.add(name, len(data), 0)

    def load(self, part: Part) -> memoryview:
        return memoryview(self._contents[part.name])


def image_of(contents: Mapping[str, bytes], *, salvage: bool) -> Image:
    """The image in these files. Raises FormatError."""
    return load(MemoryFiles(contents), salvage=salvage)


class Mutants:
    """Mutant number N of these files is the same each time."""

    def __init__(self, contents: Mapping[str, bytes], seed: int) -> None:
        self.contents = contents
        self._seed = seed
        self._names = sorted(
            name for name, data in contents.items() if data and not name.startswith("pages-")
        )

    def changed(self, number: int) -> tuple[str, bytes | None]:
        """Name of the file, and its bytes now; None for a file that is gone."""
        rng = random.Random(f"{self._seed}-{number}")
        name = rng.choice(self._names)
        data = self.contents[name]
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            if not data:
                break
            data = self._change(rng, data)
        return name, data if rng.random() > 0.02 else None

    def _change(self, rng: random.Random, data: bytes) -> bytes:
        position = rng.randrange(len(data))
        match rng.randrange(7):
            case 0:
                return (
                    data[:position] + bytes([data[position] ^ 1 << rng.randrange(8)]) + data[position + 1 :]
                )
            case 1:
                return data[:position] + bytes([rng.randrange(256)]) + data[position + 1 :]
            case 2:
                return data[:position]
            case 3:
                return data[:position] + rng.randbytes(rng.randrange(1, 9)) + data[position:]
            case 4:
                return data[:position] + data[position + rng.randrange(1, 9) :]
            case 5:
                word = struct.pack("<I", rng.choice(_NUMBERS))
                return data[:position] + word + data[position + 4 :]
            case _:
                other = self.contents[rng.choice(self._names)]
                start = rng.randrange(len(other))
                return data[:position] + other[start : start + 64] + data[position:]

    def __getitem__(self, number: int) -> dict[str, bytes]:
        name, data = self.changed(number)
        rest = {each: old for each, old in self.contents.items() if each != name}
        return rest if data is None else {**rest, name: data}
