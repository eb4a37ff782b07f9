"""How a child sends what it has to say (crimg.tui.children takes it): JSON lines, none too long."""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FULL = 1 << 16
"""Characters after which a batch is sent."""


def send(**message: object) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def batches(rows: Iterable[object]) -> Iterator[list[object]]:
    """Rows, as many at once as make a message that is quickly taken."""
    batch: list[object] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(str(row))
        if size > _FULL:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
