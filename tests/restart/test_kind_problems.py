"""Files without names as no dump writes them: one line for each, and nothing is tried."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, get_args

import pytest

import crimg
from crimg.model import SharedMemory
from crimg.restart.problems import Machine, find_problems
from crimg.restart.steps import Step
from tests.cli.schemas import SPECS
from tests.validate.broken_special import FILE, INODE, MEMFD, socket, with_file

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.record import Record

LOOPBACK = struct.pack("=H", 2) + struct.pack(">H", 80) + bytes((127, 0, 0, 1)) + bytes(8)
SEGMENT = SharedMemory(
    inode=INODE, kind=3, name=b"", seals=None, ipc_key=7, mode=0o600,
    extra={"shmid": 5, "uid": 0, "gid": 0, "cuid": 0, "cgid": 0},
)  # fmt: skip
FINE: dict[str, tuple[int, Record]] = {
    "other end closed": (12, socket(state=1, shutdown=3)),
    "at a path": (12, socket(state=1, path=b"/run/name")),
    "abstract": (12, socket(state=1, address=b"\1\0\0name")),
    "TCP": (12, socket(family=2, protocol=6, state=2, address=LOOPBACK, backlog=5)),
    "an option": (12, socket(state=1, extra={"options": {"SO_RCVTIMEO": 10**18, "SO_PASSCRED": 1}})),
    "memfd": (8, MEMFD),
}
WRONG: dict[str, tuple[int, Record, str]] = {
    "packet": (12, socket(family=17, state=1), "sockets of family 17"),
    "path in an address": (12, socket(state=1, address=b"\1\0/etc/passwd"), "no abstract name"),
    "long abstract name": (12, socket(state=1, address=b"\1\0\0" + b"x" * 108), "no abstract name"),
    "long path": (12, socket(state=1, path=b"/" * 109), "its path is none"),
    "short address": (12, socket(family=2, protocol=6, state=1, address=LOOPBACK[:8]), "none of its family"),
    "other family": (12, socket(family=10, protocol=6, state=1, address=LOOPBACK), "none of its family"),
    "option": (12, socket(state=1, extra={"options": {"SO_ODD": 1}}), "not known here (SO_ODD)"),
    "option too high": (12, socket(state=1, extra={"options": {"SO_LINGER": 1 << 40}}), "(SO_LINGER)"),
    "option of text": (12, socket(state=1, extra={"options": {"SO_MARK": "x"}}), "(SO_MARK)"),
    "no other end": (12, socket(peer=77), "socket 77, is not in the image"),
    "removed": (12, socket(state=1, length=5, extra={"removed": 5}), "removed from the image on purpose"),
    "name of a memfd": (8, MEMFD.replace(name=b"x" * 250), "none that a memfd can have"),
    "id of a segment": (8, SEGMENT.replace(extra={**(SEGMENT.extra or {}), "uid": -1}), "not all is known"),
    "segment at a descriptor": (8, SEGMENT, "open at a descriptor"),
}  # fmt: skip


def problems_of(folder: Path, kind: int, row: Record) -> list[str]:
    """The lines about the file that the row tells of."""
    path = folder / "image"
    path.write_bytes(with_file(kind, row).counted().bytes())
    with crimg.open(path) as image:
        lines = find_problems(image, Machine(b""), new_pids=False, accepted={})
    return [line for line in lines if f"#{FILE} " in line]


@pytest.mark.parametrize("name", FINE)
def test_what_can_be_made(name: str, tmp_path: Path) -> None:
    assert problems_of(tmp_path, *FINE[name]) == []


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot(name: str, tmp_path: Path) -> None:
    kind, row, words = WRONG[name]
    assert any(words in line for line in problems_of(tmp_path, kind, row))


def test_every_step_is_in_the_schema() -> None:
    steps = [cls for cls in get_args(Step) if hasattr(cls, "describe")]
    schema = json.loads((SPECS / "restart.schema.json").read_text())
    names = schema["$defs"]["step"]["properties"]["step"]["enum"]
    assert sorted(cls.__name__ for cls in steps) == sorted(names)
