"""The memory that a redaction takes does not grow with the image."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from crimg.model import Mm, Vma
from tests.redact.drafts import AREA, secret_draft
from tests.samples import MM, PAGE
from tests.validate.sound import ANONYMOUS

if TYPE_CHECKING:
    from pathlib import Path

SECTION, SECTIONS = 4 << 20, 24
_MOST = 40 << 20
_CODE = """
import sys
from crimg.cli import main
import crimg.redact, crimg.cli.redact_text, crimg.cli.preflight
def most():
    return next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = most()
status = main(sys.argv[1:])
print(most() - before, file=sys.stderr)
raise SystemExit(status)
"""


def test_pages_are_streamed(tmp_path: Path) -> None:
    """96 MiB, of which half the pages are named, some go, and what is left is searched: within 40 MiB.

    What is looked at through a mapping of the file counts.
    """
    draft = secret_draft()
    image, runs = draft.contents(), []
    pages = SECTION // PAGE // 2
    for number in range(SECTIONS):
        image.pages(bytes(SECTION))
        first = AREA // PAGE + number * pages
        runs += [(first + page, 1, image.last_id, 2 * page) for page in range(pages)]
    end = AREA + SECTIONS * pages * PAGE
    draft.copy(Vma, (MM, ANONYMOUS), start=AREA, end=end)
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    draft.change(Mm, MM, pagemap=image.pagemap(runs).last_id).counted()
    source = tmp_path / "large.img"
    source.write_bytes(image.batches(draft.tables()).revision().bytes())
    words = ["--vma", f"{AREA:x}-{AREA + SECTION + 100:x}", "--environment"]
    words += ["--vma", f"{end - SECTION:x}-{end:x}", "--copies"]
    done = subprocess.run(
        [sys.executable, "-c", _CODE, "redact", source, "-o", tmp_path / "out.img", "--quiet", *words],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stderr) < _MOST
