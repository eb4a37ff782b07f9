"""Work that makes many rows, without looking for cycles meanwhile."""

from __future__ import annotations

import gc
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def no_collection() -> Iterator[None]:
    """Leave the collector of cycles off: rows make none, and it takes half the time of a big image."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def collect_again() -> None:
    """End what `gc.disable` began, where it did; what is there stays, and is not looked through any more."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
