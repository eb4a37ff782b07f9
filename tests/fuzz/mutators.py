"""Ways to damage bytes. All of them take the random numbers they need from the generator that is passed."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Regions = Sequence[tuple[int, int]]
    Mutator = Callable[[bytearray, Regions, Random], None]

EDGES = sorted(
    {0, 1, 2, 3, 7, 8, 48, 64, 4095, 4096, 4097}
    | {(1 << bits) + step for bits in (7, 8, 15, 16, 24, 31, 32, 52, 63, 64) for step in (-2, -1, 0, 1)}
)
"""Numbers that code which counts and adds is wrong about."""
_MARKERS = bytes((*range(0xC0, 0xE0), 0x80, 0x8F, 0x90, 0x93, 0x9F, 0xA0, 0xBF, 0x00, 0x7F, 0xFF))


def place(regions: Regions, rng: Random, length: int = 1) -> int:
    """An offset in one of the regions, each as likely as the others."""
    start, end = rng.choice(regions)
    return rng.randrange(start, max(end - length, start) + 1)


def flip_bit(data: bytearray, regions: Regions, rng: Random) -> None:
    """Turn one bit over."""
    at = place(regions, rng)
    if at < len(data):
        data[at] ^= 1 << rng.randrange(8)


def set_byte(data: bytearray, regions: Regions, rng: Random) -> None:
    """Another byte: a marker of MessagePack, or any."""
    at = place(regions, rng)
    if at < len(data):
        data[at] = rng.choice(_MARKERS) if rng.random() < 0.6 else rng.randrange(256)


def set_integer(data: bytearray, regions: Regions, rng: Random) -> None:
    """An edge of the integers over 2, 4 or 8 bytes, at a multiple of that mostly, in either byte order."""
    size = rng.choice((2, 4, 8, 8))
    start, end = rng.choice(regions)
    at = start + rng.randrange(max(end - start, 1))
    if rng.random() < 0.7:
        at -= (at - start) % size
    value = rng.choice((*EDGES, len(data), len(data) - start, start, end)) % (1 << 8 * size)
    packed = value.to_bytes(size, "little" if rng.random() < 0.7 else "big")
    if at + size <= len(data):
        data[at : at + size] = packed


def overwrite(data: bytearray, regions: Regions, rng: Random) -> None:
    """A stretch from one place over another: what fits elsewhere, or nearly."""
    length = rng.choice((1, 4, 8, 16, 48, 64, 200))
    source, target = place(regions, rng, length), place(regions, rng, length)
    chunk = data[source : source + length]
    data[target : target + len(chunk)] = chunk[: max(len(data) - target, 0)]


def exchange(data: bytearray, regions: Regions, rng: Random) -> None:
    """Two stretches of one length change places."""
    length = rng.choice((1, 2, 8, 48))
    one, two = sorted((place(regions, rng, length), place(regions, rng, length)))
    if one + length <= two and two + length <= len(data):
        data[one : one + length], data[two : two + length] = (
            data[two : two + length],
            data[one : one + length],
        )


def cut_end(data: bytearray, regions: Regions, rng: Random) -> None:
    """Lose the end."""
    del data[place(regions, rng) :]


def cut_out(data: bytearray, regions: Regions, rng: Random) -> None:
    """Lose a stretch."""
    at = place(regions, rng)
    del data[at : at + rng.choice((1, 2, 8, 16, 48, 112))]


def insert(data: bytearray, regions: Regions, rng: Random) -> None:
    """Gain a stretch: of zeros, of random bytes, of what stands elsewhere, or of what claims to be long."""
    length = rng.choice((1, 3, 8, 48, 64))
    source = place(regions, rng, length)
    claim = bytes([rng.choice((0xC6, 0xDB, 0xDD, 0xDF))]) + struct.pack(">I", rng.choice(EDGES) & 0xFFFF_FFFF)
    chunk = rng.choice((bytes(length), rng.randbytes(length), bytes(data[source : source + length]), claim))
    at = place(regions, rng)
    data[at:at] = chunk


SAME_LENGTH: tuple[Mutator, ...] = (flip_bit, set_byte, set_integer, set_integer, overwrite, exchange)
ANY_LENGTH: tuple[Mutator, ...] = (*SAME_LENGTH, cut_end, cut_out, insert)


def mutate(data: bytearray, regions: Regions, rng: Random, mutators: Sequence[Mutator]) -> None:
    """Damage bytes in one to three ways."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(mutators)(data, regions, rng)
