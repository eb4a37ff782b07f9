"""Run `crimg` within the process of the test: to start an interpreter takes most of the time else.

That the program starts, and what it imports, is tested elsewhere, by tests/cli/command.py.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from typing import TYPE_CHECKING

from crimg.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def crimg(*words: str | bytes | Path) -> subprocess.CompletedProcess[bytes]:
    """The finished command, as tests/cli/command.py gives it."""
    out, err = io.BytesIO(), io.BytesIO()
    given = [os.fsdecode(word) for word in words]
    with (
        contextlib.redirect_stdout(io.TextIOWrapper(out, "utf-8")) as stdout,
        contextlib.redirect_stderr(io.TextIOWrapper(err, "utf-8")) as stderr,
    ):
        status = main(given)
        stdout.flush()
        stderr.flush()
    return subprocess.CompletedProcess(given, status, out.getvalue(), err.getvalue())
