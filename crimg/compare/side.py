"""One of two images that are compared."""

from __future__ import annotations

import os
from contextlib import contextmanager

from crimg.errors import FormatError
from crimg.graph import count_references
from crimg.model.record import KINDS, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeVar

    from crimg.model.image import Image

    R = TypeVar("R", bound=Record)


class Side:
    """An image, and the name under which errors about it are said (printable; "" to leave it out)."""

    def __init__(self, image: Image, name: str = "") -> None:
        self.image = image
        self.name = name
        self._counts: dict[int, int] | None = None
        self._file = _identity(image)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Make errors about the image say its name."""
        try:
            yield
        except FormatError as error:
            if not self.name:
                raise
            raise FormatError(f"{self.name}: {error}; crimg validate tells more") from error

    def rows(self, cls: type[R]) -> Sequence[R]:
        """The rows of one kind. Raises FormatError, with the name."""
        with self.named():
            return self.image.rows(cls)

    @property
    def counts(self) -> dict[int, int]:
        """Objref to the references that are made to it."""
        if self._counts is None:
            self._counts = count_references((cls, self.rows(cls)) for cls in KINDS.values())
        return self._counts

    def same_bytes(self, other: Side, section_id: int, other_id: int) -> bool:
        """Whether two sections are one and the same part of one file, so that nothing has to be read."""
        own, its = self.image.section(section_id), other.image.section(other_id)
        if own is None or its is None or own.ofs_header != its.ofs_header or own != its:
            return False
        return self._file is not None and self._file == other._file


def _identity(image: Image) -> tuple[int, int] | None:
    """Device and inode of the file behind an image; None where there is none."""
    fd = getattr(image.store, "fd", None)
    if not isinstance(fd, int) or fd < 0:
        return None
    status = os.fstat(fd)
    return status.st_dev, status.st_ino
