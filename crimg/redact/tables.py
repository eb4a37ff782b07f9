"""Removed strings in the tables of an image: in names, paths, attributes, the log, the history."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from crimg.graph import owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.model.image import Image
    from crimg.redact.redaction import Secret

    Cell = tuple[int | None, str, bytes]

_TEXT = frozenset(("bytes", "str", "map"))
"""Types of columns that strings can be in."""
_AT_ONCE = 4 << 20
"""Bytes of a table that are put together to be gone through: a thread has kilobytes of registers."""


def kept_as_paths(image: Image, secrets: Sequence[Secret]) -> list[Secret]:
    """Those that are a path of the image or a directory above one, or a program with whose name one begins.

    Paths stay in a redacted image: that PWD is the working directory is no copy that somebody could remove.
    """
    paths = b"\0".join(
        row[index]
        for cls in image.kinds()
        for index, column in enumerate(cls.columns)
        if column.path
        for row in image.rows(cls)
        if row[index]
    )
    whole = b"\0%b\0" % paths
    found = []
    for secret in secrets:
        value = secret.value.rstrip(b"/")
        if secret.program:  # of links, too, as python3 to python3.11
            is_kept = b"\0%b" % value in whole or b"/%b" % value.removeprefix(b"./") in whole
        elif value.startswith(b"/"):
            is_kept = b"\0%b\0" % value in whole or b"\0%b/" % value in whole
        else:
            is_kept = False
        if is_kept:
            found.append(secret)
    return found


def table_hits(image: Image, secrets: Sequence[Secret]) -> Iterator[tuple[Secret, int | None, str]]:
    """Every string that stands in a row: with the objref of the object, and the table with the column.

    Paths that stay by themselves (`kept_as_paths`) are not meant. Raises FormatError.
    """
    kept = set(kept_as_paths(image, secrets))
    wanted = [secret for secret in secrets if secret not in kept]
    batch: list[Cell] = []
    size = 0
    for cell in _cells(image) if wanted else ():
        batch.append(cell)
        size += len(cell[2])
        if size >= _AT_ONCE:
            yield from _in_batch(batch, wanted)
            batch, size = [], 0
    yield from _in_batch(batch, wanted)


def _in_batch(batch: Sequence[Cell], wanted: Sequence[Secret]) -> Iterator[tuple[Secret, int | None, str]]:
    text = b"\0".join(value for _, _, value in batch)
    starts = list(accumulate((len(value) + 1 for _, _, value in batch), initial=0))
    for secret in wanted:
        offset = text.find(secret.value)
        while offset != -1:
            number = bisect_right(starts, offset) - 1
            if offset + len(secret.value) < starts[number + 1]:
                yield secret, *batch[number][:2]
            offset = text.find(secret.value, offset + 1)


def _cells(image: Image) -> Iterator[Cell]:
    """Objref, table with column, and bytes of everything in the rows that is a string."""
    for cls in image.kinds():
        columns = [pair for pair in enumerate(cls.columns) if pair[1].type in _TEXT]
        for row in image.rows(cls):
            objref = owner(row)
            for index, column in columns:
                for value in _strings(row[index]):
                    yield objref, f"{cls.noun}.{column.name}", value


def _strings(value: object) -> Iterator[bytes]:
    """The strings in the value of a column, which in `extra` can be nested, keys of maps among them."""
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, str):
        yield value.encode("utf-8", "surrogateescape")
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _strings(pair)
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _strings(one)
