"""The memory that a redaction takes does not grow with the image."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from crimg.model import Mm, Vma
from tests.redact.drafts import AREA
from tests.samples import MM, PAGE
from tests.validate.sound import ANONYMOUS, Draft

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 96 << 20
_CODE = """
import os, resource, sys
from crimg.cli import main
pages = int(open("/proc/self/statm").read().split()[5])
limit = pages * os.sysconf("SC_PAGESIZE") + (32 << 20)
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
raise SystemExit(main(sys.argv[1:]))
"""


def test_pages_are_streamed(tmp_path: Path) -> None:
    """One section of 96 MiB, of which half the pages go, within 32 MiB of data."""
    draft = Draft()
    image = draft.contents().pages(bytes(SIZE))
    body = image.last_id
    image.pagemap([(AREA // PAGE + number, 1, body, 2 * number) for number in range(SIZE // PAGE // 2)])
    draft.copy(Vma, (MM, ANONYMOUS), start=AREA, end=AREA + SIZE // 2)
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    draft.change(Mm, MM, pagemap=image.last_id).counted()
    source = tmp_path / "large.img"
    source.write_bytes(image.batches(draft.tables()).revision().bytes())
    done = subprocess.run(
        [sys.executable, "-c", _CODE, "redact", str(source), "-o", str(tmp_path / "out.img"), "--vma",
         f"{AREA:x}-{AREA + SIZE // 8 + 100:x}"],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
