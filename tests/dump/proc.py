"""What /proc says, read by code of its own: the tests hold images and parsers of crimg against it."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

_MAPS_LINE = re.compile(
    rb"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<perms>[rwxsp-]{4}) (?P<offset>[0-9a-f]+) "
    rb"(?P<major>[0-9a-f]+):(?P<minor>[0-9a-f]+) (?P<inode>\d+) *(?P<path>.*)"
)


def fields(path: str) -> dict[str, str]:
    """The `Key: value` lines of a file such as /proc/PID/status."""
    lines = Path(path).read_text(errors="surrogateescape").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def stat_fields(path: str) -> list[str]:
    """The fields of a stat file from the third one, the state, on; field N of proc_pid_stat(5) is [N - 3]."""
    return Path(path).read_text(errors="surrogateescape").rpartition(")")[2].split()


def state(pid: int) -> str:
    """The state letter of a process."""
    return stat_fields(f"/proc/{pid}/stat")[0]


def stopped(pid: int) -> bool:
    """Whether all threads are stopped by a signal."""
    return _states(pid) == {"T"}


def sleeping(pid: int) -> bool:
    """Whether all threads sleep."""
    return _states(pid) == {"S"}


def _states(pid: int) -> set[str]:
    return {stat_fields(f"/proc/{pid}/task/{tid}/stat")[0] for tid in threads(pid)}


def maps(pid: int) -> list[dict[str, bytes]]:
    """The lines of /proc/PID/maps."""
    found = []
    for line in Path(f"/proc/{pid}/maps").read_bytes().splitlines():
        match = _MAPS_LINE.fullmatch(line)
        assert match, line
        found.append(match.groupdict())
    return found


def threads(pid: int) -> list[int]:
    """The ids of all threads."""
    return sorted(map(int, os.listdir(f"/proc/{pid}/task")))


def descendants(pid: int) -> list[int]:
    """The pids of a process and all that come from it, zombies too, ascending."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                children.setdefault(int(stat_fields(f"/proc/{name}/stat")[1]), []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return sorted(found)


def device(number: int) -> int:
    """A device number as images have it."""
    return os.major(number) << 32 | os.minor(number)
