"""Files that NFS keeps under a name of its own (.nfsXXXX) once they are deleted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from crimg.dump import inodes
from crimg.kernel import mountinfo
from crimg.model.enums import Keeper, NameState
from tests.dump.deleted import findings
from tests.dump.dumps import image_of
from tests.dump.programs import Agent
from tests.dump.rows import contents, file_of, inode_of

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.kernel.procfs import ProcDir

CODE = """
fd = os.open("file", os.O_RDWR | os.O_CREAT)
os.write(fd, b"deleted, says the client of NFS")
os.rename("file", ".nfs000000000a1b2c3d00000001")
"""
SILLY = b"/.nfs000000000a1b2c3d00000001"


@pytest.mark.parametrize("kind", [b"nfs", b"nfs4", b"xfs"])
def test_silly_name(kind: bytes, tmp_path: Path, image_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no NFS in a test: the file is on a file system that is said to be one.

    On NFS it is deleted, and its contents are kept; elsewhere a name is a name.
    """

    def said(proc: ProcDir) -> list[mountinfo.Mount]:
        return [mount._replace(fs_type=kind) for mount in mountinfo.read_mountinfo(proc)]

    monkeypatch.setattr(inodes, "read_mountinfo", said)
    with Agent(CODE, tmp_path / "target") as agent:
        number = agent.ask("fd")
        with image_of(agent.pid, image_path) as image:
            file = file_of(image, number)
            assert file.path == os.fsencode(agent.folder) + SILLY
            inode = inode_of(image, file)
            if kind == b"xfs":
                assert (file.name_state, inode.keeper) == (NameState.LINKED, Keeper.NONE)
            else:
                assert (file.name_state, inode.keeper) == (NameState.DELETED, Keeper.EMBEDDED)
                assert contents(image, inode) == b"deleted, says the client of NFS"
        assert findings(image_path) == []
        assert agent.ask("os.pread(fd, 7, 0)") == b"deleted"
