"""Golden transcripts: what a command prints, byte for byte, beside the sample it prints of.

CRIMG_UPDATE_GOLDEN=1 writes them anew; the difference is what a reviewer reads.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent.parent / "golden"


def check(name: str, output: str) -> None:
    """Hold the output against the transcript of this name."""
    path = GOLDEN / name
    if os.environ.get("CRIMG_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(output, encoding="utf-8", newline="")
    assert output == path.read_text(encoding="utf-8"), f"differs from {path}"
