"""Directories of CRIU, against their decoding to JSON by protobuf's json_format: what crit does."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from tests.bench.install import scripts
from tests.bench.measure import alternate, usage
from tests.bench.table import Row
from tests.criu.synthetic import Tree, reg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench.settings import Settings

TITLE = "Images of CRIU"
_MAPPED, _STEP = 0x7000_0000_0000, 0x3000
_FDS, _VMAS = 25, 40
"""Descriptors and mappings of each task of a tree."""
_JSON = """
import json, os, sys
from google.protobuf import json_format
from crimg.criu.directory import Directory
files = Directory(sys.argv[1], os.open(sys.argv[1], os.O_RDONLY))
with open(os.devnull, "w") as output:
    for part in files.parts.values():
        if part.kind is not None and part.kind.message:
            entries = [
                json_format.MessageToDict(entry.message, preserving_proto_field_name=True)
                for entry in part.entries()
            ]
            json.dump({"magic": part.stem, "entries": entries}, output)
"""
"""pycriu/images/images.py and crit: every entry to a dict, all of a file to JSON."""


def _seconds(command: list[str | Path]) -> float:
    """How long a command takes as a whole."""
    return usage(command).wall


def add_task(tree: Tree, pid: int, fds: int, vmas: int) -> None:
    """A task with so many files, each at a descriptor, and so many mappings of the first thousand of them."""
    first = 10 + sum(map(len, tree.fds.values()))
    tree.files += [
        reg(first + number, b"/var/lib/service/segment-%06d" % (first + number), size=4096, pos=number)
        for number in range(fds)
    ]
    tree.task(pid, tree.root, [(number, first + number, 1) for number in range(fds)])
    tree.vmas[pid] += [
        tree.vma(
            _MAPPED + number * _STEP,
            2,
            file=first + number % min(fds, 1000),
            prot=number % 8,
            offset=number << 12,
        )
        for number in range(vmas)
    ]


def rows(settings: Settings) -> Iterator[Row]:
    """A directory with a large table of each kind, and one with many tasks."""
    _, crimg, _ = scripts(settings.folder)
    large, many = Tree(), Tree()
    add_task(large, 100, settings.fds, settings.fds)
    for number in range(settings.tasks):
        add_task(many, 100 + number, _FDS, _VMAS)
    folders = {
        f"{settings.fds:,} fds and {settings.fds:,} vmas": large.write(settings.folder / "criu-large"),
        f"{settings.tasks:,} tasks": many.write(settings.folder / "criu-tasks"),
    }
    for what, folder in folders.items():
        shown, decoded = alternate(
            settings.rounds,
            partial(_seconds, [crimg, "inspect", folder]),
            partial(_seconds, [sys.executable, "-c", _JSON, folder]),
        )
        yield Row(f"crimg inspect of {what}, s", shown, at_most=0.5, note="the whole command")
        yield Row(
            f"json_format of {what}, s",
            decoded,
            "crimg inspect",
            shown,
            at_least=5,
            note="every file of the same directory, to /dev/null",
        )
