"""The restarting command as an ordinary user."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.dump.programs import public_environment, public_python

if TYPE_CHECKING:
    from collections.abc import Iterator


USER = 65534


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users can reach, as that of the tests may not be."""
    folder = Path(tempfile.mkdtemp(prefix="crimg-"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def give_away(folder: Path) -> None:
    """Let the user have what is in a folder."""
    for path in folder.iterdir():
        os.chown(path, USER, USER)


def restart_as_user(image: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """`crimg restart IMAGE WORDS`."""
    return subprocess.run(
        [public_python(), "-m", "crimg", "restart", str(image), *words],
        user=USER, group=USER, extra_groups=[], cwd="/", env=public_environment(),
        stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
