"""What waits in a socket is kept by a redaction of other things, and goes with --contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import crimg
from crimg.cli import main
from crimg.model import Socket
from crimg.pages import blob_extents
from crimg.validate import Severity, open_for_check, validate
from tests.dump.dumps import save
from tests.dump.programs import Agent

if TYPE_CHECKING:
    from pathlib import Path

CODE = """
import socket
left, right = socket.socketpair()
left.send(b"waits")
"""


def rules(path: Path) -> set[str]:
    with open_for_check(str(path)) as image:
        return {each.rule for each in validate(image).findings if each.severity > Severity.NOTE}


def test_bytes_in_a_socket(tmp_path: Path) -> None:
    with Agent(CODE, tmp_path / "target") as agent:
        save(agent.pid, tmp_path / "image")
    for option, kept in (("--registers", True), ("--contents", False)):
        output = tmp_path / f"redacted{option}"
        assert main(["redact", str(tmp_path / "image"), option, "-o", str(output)]) == 0
        with crimg.open(output) as image:
            (row,) = (row for row in image.rows(Socket) if row.length)
            assert (row.length, row.is_removed) == (5, not kept)
            found = [bytes(data) for _, data in blob_extents(image, row.blobs)]
            assert found == ([b"waits"] if kept else [])
        assert rules(output) == ({"C527"} if kept else {"C456"})
