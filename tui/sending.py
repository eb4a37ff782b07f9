"""How a child sends what it has to say (crimg.tui.children takes it): JSON lines, none too long."""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

_FULL = 1 << 16
"""Characters after which a batch is sent."""
LONGEST = 20_000
"""Characters of a text: more than any path has, so that messages have an end."""


def send(**message: object) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def short(text: str) -> str:
    """A text, cut where it is endless."""
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."


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


class Packer:
    """Sends rows that stay packed where they come to (crimg.tui.packed).

    name: key of their messages, whose value is {"rows": them as JSON, "heads": of each what is needed at
    once}.  more: what else stands in each message.
    """

    def __init__(self, name: str, **more: object) -> None:
        self._name = name
        self._more = more
        self._texts: list[str] = []
        self._heads: list[object] = []
        self._size = 0

    def add(self, row: Sequence[Any] | str, head: object) -> None:
        """Send a row, with those that follow. row: or its JSON."""
        text = row if isinstance(row, str) else json.dumps(row)
        self._texts.append(text)
        self._heads.append(head)
        self._size += len(text)
        if self._size > _FULL:
            self.flush()

    def flush(self) -> None:
        """Send what was not sent yet."""
        if self._texts:
            send(**self._more, **{self._name: {"rows": f"[{', '.join(self._texts)}]", "heads": self._heads}})
            self._texts, self._heads, self._size = [], [], 0


def send_packed(
    name: str, rows: Iterable[Sequence[Any]], head: Callable[[Sequence[Any]], object], **more: object
) -> None:
    """Send rows that are all there. head: of a row what is needed at once."""
    packer = Packer(name, **more)
    for row in rows:
        packer.add(row, head(row))
    packer.flush()
