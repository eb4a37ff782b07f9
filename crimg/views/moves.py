"""Files that a search found, in few words."""

from __future__ import annotations

from collections import Counter

from crimg.preflight.candidates import WEAK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crimg.preflight import Move


def basis_words(moves: Iterable[Move]) -> str:
    """How many files a search knows by what: "2 by digest, 1 by size and mtime (weak)"."""
    counts = Counter(move.basis for move in moves)
    return ", ".join(
        f"{count} by {basis}{' (weak)' if basis in WEAK else ''}" for basis, count in sorted(counts.items())
    )
