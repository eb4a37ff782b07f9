"""What a piece of Python takes, in a fresh interpreter: memory, and bytes that it reads and writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[2]
_PROGRAM = """
import sys
def status(name, file="/proc/self/status"):
    for line in open(file):
        if line.startswith(name):
            return int(line.split()[1])
    raise KeyError(name)
path = sys.argv[1]
exec(sys.argv[2])
before, read, written = (status(*what) for what in (
    ("VmHWM",), ("rchar", "/proc/self/io"), ("wchar", "/proc/self/io")))
exec(sys.argv[3])
read, written = status("rchar", "/proc/self/io") - read, status("wchar", "/proc/self/io") - written
mapped = 0
lines = iter(open("/proc/self/smaps"))
for line in lines:
    if path in line:
        while not line.startswith("Rss"):
            line = next(lines)
        mapped += int(line.split()[1]) << 10
print((status("VmHWM") - before) << 10, read, mapped, written)
"""


class Footprint(NamedTuple):
    """memory: by how much the most that was in memory grew.  read, written: by system calls.  mapped: of the
    file that are in memory because they were looked at through a mapping.  All in bytes."""

    memory: int
    read: int
    mapped: int
    written: int


def footprint(path: Path, code: str, *, before: str = "", timeout: float = 60) -> Footprint:
    """What `code` takes, after `before` was run; both see the path of an image as `path`."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(path), before, code],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return Footprint(*map(int, done.stdout.split()))
