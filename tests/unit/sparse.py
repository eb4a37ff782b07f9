"""Images of many gigabytes that take no room: their pages are holes of a sparse file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crimg.format.container import FileHeader
from crimg.model import Mm
from crimg.writer import PAGES_SECTION, FdOutput, ImageWriter
from tests import samples

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model import Record
    from crimg.writer import Buffer

PAGE = 4096
FIRST_PAGE = 0x7000_0000_0000 // PAGE
_ZEROS = bytes(PAGES_SECTION)


class _SparseOutput(FdOutput):
    """A file in which whole sections of zeros are holes."""

    def write(self, *buffers: Buffer) -> None:
        for buffer in buffers:
            if buffer is _ZEROS:
                os.lseek(self.fd, len(buffer), os.SEEK_CUR)
            else:
                super().write(buffer)


def write_sparse_image(path: Path, size: int) -> None:
    """The small image, with `size` bytes of zero pages at FIRST_PAGE; all checksums hold."""
    tables: dict[type[Record], list[Record]] = {}
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        writer = ImageWriter(_SparseOutput(fd, str(path)), FileHeader(uuid=bytes(16), created=samples.TIME))
        pagemap = writer.take_id()
        sections = [writer.take_id() for _ in range(size // PAGES_SECTION)]
        for row in samples.small_records():
            changed = row.replace(pagemap=pagemap) if isinstance(row, Mm) else row
            tables.setdefault(type(row), []).append(changed)
        writer.tables(tables)
        step = PAGES_SECTION // PAGE
        runs = [(FIRST_PAGE + number * step, step, section, 0) for number, section in enumerate(sections)]
        writer.pagemap(runs, pagemap)
        for section in sections:
            writer.pages(_ZEROS, section)
        writer.finish()
    finally:
        os.close(fd)
