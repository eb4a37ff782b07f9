"""Text in removed contents: a program that has read or written a file often has the same in its memory."""

from __future__ import annotations

import re
from typing import NamedTuple

from crimg.format.constants import SectionType
from crimg.pages import blob_extents
from crimg.redact.contents import objref_of
from crimg.redact.redaction import CONTENTS, Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from crimg.model.image import Image
    from crimg.redact.contents import Holder

LEAST, LONGEST = 16, 256
"""Bytes of a piece of text: shorter ones are everywhere, longer ones are cut."""
MOST = 256
"""Pieces that are looked for, spread evenly over what was found; more where there is little to search."""
_WORK = 16 << 30
"""Bytes that are gone through then, those of the image once for every piece: some seconds."""
SEEN = 1 << 14
"""Pieces after which contents are not read on, and so the most that are told to be too many."""
_LOOKED = 64 << 20
"""Bytes of contents after which they are not read on."""
_AT_ONCE = 4 << 20
_DIFFERENT = 6
"""Different bytes that a piece must have: lines of dashes are everywhere."""
_RUN = re.compile(rb"[\t\x20-\x7e\x80-\xff]{%d,%d}" % (LEAST, LONGEST))
_BROKEN = 6
"""Bytes at both ends of a piece that can be of characters which were cut (RFC 3629: of 4 bytes, 3)."""


class Pieces(NamedTuple):
    """Text of removed contents. secrets: what is looked for.  more: how many further pieces are not, at the
    least where `cut`.  cut: contents were not read to their end."""

    secrets: list[Secret]
    more: int
    cut: bool

    @property
    def note(self) -> str:
        """What of removed contents is looked for, in one line."""
        count = len(self.secrets)
        text = (
            f"of removed contents, copies of {count} piece{'s' if count != 1 else ''} of text are looked for"
        )
        if self.more or self.cut:
            text += f", of {'at least ' if self.cut else ''}{self.more} more they are not"
        return f"{text}; of pieces of less than {LEAST} bytes and of other data they are not"


def removed_pieces(image: Image, rows: Iterable[Holder], known: Container[bytes]) -> Pieces:
    """The text in the contents of these rows, each piece once. known: strings that are looked for already.

    Memory that it takes is bounded. Raises FormatError for damaged contents.
    """
    found: dict[bytes, int] = {}
    looked, cut = 0, False
    for objref, data in _parts(image, rows):
        if cut := cut or looked >= _LOOKED:
            break
        looked += len(data)
        for run in _RUN.finditer(data):
            piece = run[0]
            if len(set(piece)) >= _DIFFERENT and _is_text(piece) and piece not in known:
                found.setdefault(piece, objref)
                if cut := len(found) >= SEEN:
                    break
    all_pieces = list(found.items())
    count = min(len(all_pieces), max(MOST, _WORK // max(_saved(image), 1)))
    chosen = (all_pieces[number * len(all_pieces) // count] for number in range(count))
    secrets = [Secret(f"text in the contents of #{objref}", piece, CONTENTS) for piece, objref in chosen]
    return Pieces(secrets, len(all_pieces) - count, cut)


def _saved(image: Image) -> int:
    """Bytes of memory and contents, decoded."""
    kept = (SectionType.PAGES, SectionType.BLOB)
    return sum(section.len_raw for section in image.store.sections if section.type in kept)


def _parts(image: Image, rows: Iterable[Holder]) -> Iterator[tuple[int, memoryview]]:
    """Objref of the holder, and bytes of contents, a bounded number at once."""
    for row in rows:
        for _, data in blob_extents(image, row.blobs):
            for start in range(0, len(data), _AT_ONCE):
                yield objref_of(row), data[start : start + _AT_ONCE]
        image.store.release()


def _is_text(piece: bytes) -> bool:
    """Whether it is UTF-8, but for characters that are cut at its ends."""
    return piece.isascii() or len(piece.decode("utf-8", "ignore").encode()) + _BROKEN >= len(piece)
