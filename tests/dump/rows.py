"""Ways to the rows of an image: by descriptor, by mapping, down to the contents."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from crimg.model import Fd, File, Inode, Pipe, Vma
from crimg.pages import blob_extents
from tests.dump import oracle, oracle_memory, proc
from tests.dump.dumps import image_of
from tests.dump.programs import Program, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image


def dumped(agent: Program, path: Path, *, memory: bool = False) -> Image:
    """The image of a program, held against /proc while it stands still; it runs on afterwards.

    memory: compare all of its memory too.
    """
    image = image_of(agent.pid, path, leave="stopped")
    eventually(lambda: proc.stopped(agent.pid))
    oracle.check_all(image, agent.pid)
    if memory:
        oracle_memory.check_memory(image, agent.pid)
    agent.signal(signal.SIGCONT)
    return image


def file_of(image: Image, fd: int) -> File:
    """The file object of a descriptor."""
    (row,) = (row for row in image.rows(Fd) if row.fd == fd)
    file = image.find(File, row.file)
    assert file is not None
    return file


def inode_of(image: Image, file: File) -> Inode:
    """The inode of a file object."""
    inode = image.find(Inode, file.inode)
    assert inode is not None
    return inode


def contents(image: Image, inode: Inode) -> bytes:
    """What is kept of a deleted file, holes as zeros."""
    data = bytearray(inode.size)
    for offset, part in blob_extents(image, inode.blobs):
        data[offset : offset + len(part)] = part
    return bytes(data)


def mapping_of(image: Image, name: bytes) -> tuple[Vma, File]:
    """The one mapping of a file with this last component, and that file."""
    found = []
    for vma in image.rows(Vma):
        file = image.find(File, vma.file)
        if file is not None and file.path.endswith(b"/" + name):
            found.append((vma, file))
    ((vma, file),) = found
    return vma, file


def pipe_of(image: Image, fd: int) -> tuple[Pipe, bytes]:
    """The pipe behind a descriptor, and the bytes in it."""
    pipe = image.find(Pipe, file_of(image, fd).pipe)
    assert pipe is not None
    data = b"".join(bytes(part) for _, part in blob_extents(image, pipe.blobs))
    assert len(data) == pipe.length
    return pipe, data
