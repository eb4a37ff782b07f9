"""Reading large images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crimg.format.container import FileHeader
from crimg.model import Fd, FdTable, File, Vma
from crimg.writer import FdOutput, ImageWriter
from tests import samples
from tests.bench.measure import Series, alternate
from tests.bench.table import Row
from tests.unit.sparse import write_sparse_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model import Record
    from tests.bench.settings import Settings

TITLE = "Reading"
_ROOT = Path(__file__).parents[2]
_FILES = 1000
_LOAD = """
from crimg.model import KINDS
from crimg.reader import open_image
image = open_image(path)
for kind in KINDS.values():
    image.rows(kind)
"""
_DECODE = """
import io
import msgpack
from crimg.reader import open_image
image = open_image(path)
for section in image.store.sections:
    if section.type == 1:
        body = image.store.body(section.id)
        tables = list(msgpack.Unpacker(io.BytesIO(body), use_list=False, max_buffer_size=0))
"""
_OPEN = "from crimg.reader import open_image\nimage = open_image(path)"
_PROGRAM = """
import json, sys, time
path = sys.argv[1]
started = time.process_time()
exec(sys.argv[2])
cpu = time.process_time() - started
fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
read = dict(line.split(":", 1) for line in open("/proc/self/io"))
print(json.dumps({"cpu": cpu, "memory": int(fields["VmHWM"].split()[0]) << 10, "read": int(read["rchar"])}))
"""


def run(path: Path, code: str) -> dict[str, Any]:
    """What code takes in an interpreter of its own.

    cpu: seconds, imports included.  memory: the most that was in memory, bytes.  read: bytes, of all files.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(path), code], cwd=_ROOT, check=True, stdout=subprocess.PIPE
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def write_large_tables(path: Path, count: int) -> None:
    """An image with so many mappings and so many descriptors, of a thousand files."""
    template = next(row for row in samples.small_records() if isinstance(row, File))
    files = [
        template.replace(objref=100 + number, path=f"/var/lib/service/segment-{number:06}".encode())
        for number in range(_FILES)
    ]
    fds = [
        Fd(table=40, fd=number, cloexec=number % 2 == 0, file=100 + number % _FILES)
        for number in range(count)
    ]
    vmas = [
        Vma(
            mm=samples.MM,
            start=0x7000_0000_0000 + number * 0x3000,
            end=0x7000_0000_2000 + number * 0x3000,
            prot=number % 8,
            shared=False,
            offset=number << 12,
            file=100 + number % _FILES,
            name=None,
            vm_flags=b"rd wr mr mw me ac sd",
        )
        for number in range(count)
    ]
    tables: dict[type[Record], list[Record]] = {
        File: [*files],
        FdTable: [FdTable(objref=40, referrers=count)],
        Fd: [*fds],
        Vma: [*vmas],
    }
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        writer = ImageWriter(FdOutput(fd, str(path)), FileHeader(uuid=bytes(16), created=samples.TIME))
        writer.tables(tables)
        writer.finish()
    finally:
        os.close(fd)


def rows(settings: Settings) -> Iterator[Row]:
    """Loading tables into the model, and opening an image that is larger than memory."""
    tables = settings.folder / "tables.crimg"
    write_large_tables(tables, settings.rows)
    memory: list[float] = []

    def load() -> float:
        figures = run(tables, _LOAD)
        memory.append(figures["memory"] / (1 << 20))
        return float(figures["cpu"])

    loaded, decoded = alternate(settings.rounds, load, lambda: float(run(tables, _DECODE)["cpu"]))
    what = f"{settings.rows:,} vmas and {settings.rows:,} fds into the model"
    note = "own process; imports included"
    yield Row(f"{what}, CPU s", loaded, at_most=0.6, note=note)
    yield Row(f"{what}, CPU s", loaded, "msgpack alone", decoded, note="bare tuples, nothing checked")
    yield Row(f"{what}, peak RSS MiB", Series(memory[1:]), at_most=200)

    large, small = settings.folder / "large.crimg", settings.folder / "small.crimg"
    small.write_bytes(samples.small_image())
    write_sparse_image(large, settings.image)
    size = f"{settings.image >> 30} GiB"
    opened, base = (
        series.times(1000)
        for series in alternate(
            settings.rounds, lambda: float(run(large, _OPEN)["cpu"]), lambda: float(run(small, _OPEN)["cpu"])
        )
    )
    yield Row(f"open an image of {size}, CPU ms", opened, "one of 22 KiB", base, note="imports included")
    read = [(run(large, _LOAD)["read"] - run(small, _OPEN)["read"]) / 1024 for _ in range(settings.rounds)]
    yield Row("open it and load all tables, KiB read", Series(read), at_most=1024)
    large.unlink()
