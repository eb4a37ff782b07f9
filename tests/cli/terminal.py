"""Run `crimg` with its standard output on a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from tests.cli.command import TIMEOUT, environment

if TYPE_CHECKING:
    from pathlib import Path


def on_terminal(*words: str | Path, columns: int, **env: str) -> str:
    """What the command writes to a terminal of that many columns; it must end well."""
    master, slave = os.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "crimg", *words],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=subprocess.PIPE,
            env=environment(**env),
        )
    finally:
        os.close(slave)
    with process, open(master, "rb", buffering=0) as reader:
        output = b""
        while part := _read(reader.fileno()):
            output += part
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT) == 0
    return output.decode().replace("\r\n", "\n")


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # EIO: nobody has the terminal open any more
        return b""
