"""Mapped files, with a descriptor and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.model import Fd, Mm
from crimg.model.enums import Keeper, NameState
from crimg.pages import Memory
from tests.dump.programs import Agent, needs_root
from tests.dump.rows import contents, dumped, file_of, inode_of, mapping_of

if TYPE_CHECKING:
    from pathlib import Path


MAP = """
import mmap
with open("file", "wb") as file:
    file.write(b"mapped " * 2000)
"""


@needs_root
def test_file_mapped_only_and_deleted(tmp_path: Path, image_path: Path) -> None:
    code = (
        MAP
        + """
with open("file", "rb") as file:
    memory = mmap.mmap(os.open("file", os.O_RDWR), 0, mmap.MAP_PRIVATE)
os.unlink("file")
# mmap keeps a duplicate of the descriptor, which a mapping does not need
for name in os.listdir("/proc/self/fd"):
    if int(name) > 2:
        try: os.close(int(name))
        except OSError: pass
"""
    )
    with Agent(code, tmp_path / "target") as agent, dumped(agent, image_path) as image:
        vma, file = mapping_of(image, b"file")
        assert not vma.shared
        assert file.name_state == NameState.DELETED
        assert file.objref not in {row.file for row in image.rows(Fd)}
        inode = inode_of(image, file)
        assert (inode.nlink, inode.keeper) == (0, Keeper.EMBEDDED)
        assert contents(image, inode) == b"mapped " * 2000


def test_shared_mapping(tmp_path: Path, image_path: Path) -> None:
    """It refers to the open file of the descriptor, and none of its pages is in the image."""
    code = (
        MAP
        + """
fd = os.open("file", os.O_RDWR)
memory = mmap.mmap(fd, 0, mmap.MAP_SHARED)
memory[0:6] = b"MAPPED"
"""
    )
    with Agent(code, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        with dumped(agent, image_path) as image:
            vma, file = mapping_of(image, b"file")
            assert vma.shared
            assert vma.prot == 3
            assert file.inode == file_of(image, fd).inode
            assert file.access == 3
        assert agent.ask("bytes(memory[0:6])") == b"MAPPED"


@needs_root
def test_deleted_shared_mapping(tmp_path: Path, image_path: Path) -> None:
    """What was written through the mapping is in the contents."""
    code = (
        MAP
        + """
memory = mmap.mmap(os.open("file", os.O_RDWR), 0, mmap.MAP_SHARED)
memory[7:13] = b"SHARED"
os.unlink("file")
"""
    )
    with Agent(code, tmp_path / "target") as agent, dumped(agent, image_path) as image:
        _, file = mapping_of(image, b"file")
        assert contents(image, inode_of(image, file)) == b"mapped SHARED " + b"mapped " * 1998


def test_private_mapping_that_was_written_to(tmp_path: Path, image_path: Path) -> None:
    """Only the page that differs is in the image."""
    code = """
import mmap
with open("file", "wb") as file:
    file.write(bytes(range(256)) * 256)
fd = os.open("file", os.O_RDONLY)
memory = mmap.mmap(fd, 0, mmap.MAP_PRIVATE, 3)
memory[20000] = 7
"""
    with Agent(code, tmp_path / "target") as agent, dumped(agent, image_path, memory=True) as image:
        vma, _ = mapping_of(image, b"file")
        memory = Memory(image, image.rows(Mm)[0])
        assert memory.saved_bytes(vma.start, vma.end) == 4096
        assert memory.read(vma.start + 20000, 1) == b"\7"
