"""Run `crimg` as a user does: in a fresh interpreter, with what it writes as bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIMEOUT = 60


def environment(**changes: str) -> dict[str, str]:
    """The environment of a command: nothing of the user's locale or terminal."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH") if name in os.environ}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **changes}


def crimg(
    *words: str | bytes | Path, env: Mapping[str, str] | None = None, stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The finished command."""
    return subprocess.run(
        [sys.executable, "-m", "crimg", *words],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        env=environment() if env is None else dict(env),
        timeout=TIMEOUT,
        check=False,
    )


def text(result: subprocess.CompletedProcess[bytes]) -> str:
    """What a command wrote, which must have gone well."""
    assert (result.returncode, result.stderr) == (0, b""), result.stderr.decode(errors="replace")
    return result.stdout.decode()
