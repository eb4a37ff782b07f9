"""Images that are to take much memory, opened in a process that cannot have it (RLIMIT_AS)."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING

from crimg.model import Mm
from crimg.views.memory import saved_by_mm
from crimg.views.subject import Subject
from tests import samples
from tests.builders import OBJECTS, ImageBuilder
from tests.property.opened import opened

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
_LIMITED = """
import resource
from crimg.format.bodies import unpack_runs
from crimg.errors import FormatError
{before}
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + {room}, now + {room}))
try:
    {code}
except FormatError as error:
    print(error)
"""


def limited(code: str, room: int, before: str = "") -> str:
    """What a process prints that can have `room` bytes of address space more than it has."""
    program = _LIMITED.format(code=code, room=room, before=before)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_page_map_of_zeros_needs_no_memory() -> None:
    """16 MiB of them, which zstd packs into a kilobyte: refused at the first run, before a list is made."""
    told = limited("unpack_runs(body)", 4 * MIB, before="body = bytes(24 * (16 << 20) // 24 // 24 * 24)")
    assert "run 0 is empty" in told


def test_little_room_is_enough_for_a_small_file_of_many_rows(tmp_path: Path) -> None:
    """The whole of validate, too, on a file that is as bad as the limits allow."""
    path = tmp_path / "image"
    row = b"\x93\x01\x00\xc0"
    body = b"\x92\x09\xdd" + struct.pack(">I", MIB // 4) + row * (MIB // 4)
    path.write_bytes(ImageBuilder().section(OBJECTS, body, kind=9, codec=1).revision().bytes())
    assert path.stat().st_size < 2048
    before = "import zstandard; from crimg.validate import open_for_check, validate"
    code = f"print(len(validate(open_for_check({str(path)!r})).findings))"
    assert int(limited(code, 256 * MIB, before)) > MIB // 4


def test_address_spaces_with_one_page_map_share_what_is_made_of_it() -> None:
    """A small file can have many of them, and a long page map: one pass over it is enough."""
    (mm,) = [row for row in samples.small_records() if isinstance(row, Mm)]
    spaces = [mm.replace(objref=1000 + number, pagemap=1) for number in range(3)]
    builder = ImageBuilder().pagemap(samples.RUNS).pages(samples.SAVED_PAGES).pages(samples.PACKED_PAGES)
    with opened(builder.objects(Mm.row_kind, spaces).revision().bytes()) as image:
        saved = saved_by_mm(Subject(image, b"image"))
        assert saved.keys() == {1000, 1001, 1002}
        assert len(set(map(id, saved.values()))) == 1
        assert saved[1000].total == 4 * samples.PAGE
