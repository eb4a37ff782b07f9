"""Ask everything that can be asked of an image: whatever the bytes, the answer is a value or FormatError."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from itertools import islice
from typing import TYPE_CHECKING

from crimg.cli.parser import parse, verb_module
from crimg.errors import FormatError
from crimg.graph import Graph, references
from crimg.model import KINDS, Inode, Mm, Pipe, Vma
from crimg.pages import Memory, blob_extents
from crimg.reader import open_image
from crimg.writer import BytesOutput, write_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.model import Record
    from crimg.model.image import Image

    Tables = dict[type[Record], list[Record] | None]

_RUNS = 4
_EXTENTS = 8
_MOST_MEMORY = 1 << 16
_READ = 256


def tables_of(image: Image) -> Tables:
    """Every table, None for a damaged one."""
    tables: Tables = {}
    for cls in KINDS.values():
        tables[cls] = None
        with suppress(FormatError):
            tables[cls] = list(image.rows(cls))
    return tables


def look(path: str, *, salvage: bool = False) -> Tables | None:
    """Open an image and look at all of it; its tables, or None where it cannot be opened."""
    try:
        image = open_image(path, salvage=salvage)
    except FormatError:
        return None
    with image:
        tables = tables_of(image)
        with suppress(FormatError):
            _objects(image, tables)
        for mm in (tables[Mm] or ())[:_MOST_MEMORY]:
            assert isinstance(mm, Mm)
            with suppress(FormatError):
                _memory(image, mm)
        _contents(image, tables)
        for section in image.store.sections:
            with suppress(FormatError):
                image.store.body(section.id)
    return tables


def _objects(image: Image, tables: Tables) -> None:
    graph = Graph(image)
    for cls, rows in tables.items():
        for row in rows or ():
            for _, target in references(row):
                image.lookup(target)
            if cls.shared:
                graph.referrers(row[cls.fields.index("objref")])


def _memory(image: Image, mm: Mm) -> None:
    """Page map, and the first and the last pages that are in it."""
    memory = Memory(image, mm)
    memory.saved_bytes()
    for page, count, _, _ in (*memory.runs[:_RUNS], *memory.runs[-_RUNS:]):
        start = page * memory.page_size
        end = (page + count) * memory.page_size
        with suppress(FormatError):
            list(memory.pieces(start, end))
        with suppress(FormatError):
            memory.read(start, _READ)
    for vma in image.rows(Vma)[:_RUNS]:
        with suppress(FormatError):
            list(islice(memory.pieces(vma.start, vma.end), _RUNS))


def _contents(image: Image, tables: Tables) -> None:
    """The first extents of every file and pipe that is kept in the image."""
    for cls in (Inode, Pipe):
        for row in tables[cls] or ():
            assert isinstance(row, (Inode, Pipe))
            with suppress(FormatError):
                for _, data in islice(blob_extents(image, row.blobs), _EXTENTS):
                    bytes(data[:_READ])


def rewrite(image: Image) -> bytes:
    """The image written again; an image that could be read can be written, and gives the same tables."""
    output = BytesOutput()
    write_image(image, output)
    return bytes(output.data)


@contextmanager
def silence() -> Iterator[None]:
    """Nothing reaches the standard output and the standard error."""
    with open(os.devnull, "w") as null, redirect_stdout(null), redirect_stderr(null):
        yield


def show(path: str, words: Sequence[str]) -> None:
    """`crimg` with these words about an image, in this process; what it prints goes nowhere."""
    args = parse([*words, path])
    with silence(), suppress(FormatError):
        verb_module(args.verb).run(args)
        sys.stdout.flush()
