"""Opens the files of an image, each only once it is known to be the one that is meant."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct

from crimg.errors import FileError, FilesDifferError
from crimg.escape import escape
from crimg.kernel.lookup import Root
from crimg.kernel.pipes import queued_bytes
from crimg.model import File, Lock, Pipe
from crimg.model.enums import Access, FileKind, LockKind
from crimg.pages import blob_extents
from crimg.restart.deleted import DeletedFiles
from crimg.restart.opening import flags_to_open, hold_against
from crimg.restart.packets import packets_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.model.image import Image
    from crimg.restart.steps import MakeDeleted, MakePipe, OpenFile
    from crimg.restart.terminal_steps import OpenTerminal

_SETTABLE = os.O_APPEND | os.O_ASYNC | os.O_DIRECT | os.O_NOATIME | os.O_NONBLOCK
"""Flags that F_SETFL sets (fcntl(2))."""
_WITH_POSITION = (FileKind.REGULAR, FileKind.DIRECTORY, FileKind.CHARACTER_DEVICE, FileKind.MEMORY)
_F_SETOWN_EX, _F_SETSIG, _F_SETPIPE_SZ, _F_OFD_SETLK = 15, 10, 1031, 37
_LARGE_FILE = 0o100000
"""O_LARGEFILE, which pipe(2) does not set, and open(2) does."""
_OWNER = struct.Struct("<iI")
_FLOCK = struct.Struct("<hhxxxxqqixxxx")


class OpenFiles:
    """The open file descriptions of an image by objref, as descriptors of this process; a context manager.

    root: directory that stands for "/".
    deleted_in: directory in which deleted files are made, instead of the one that each was in; or None.
    undo: what is to be done where the restart fails.
    """

    def __init__(self, image: Image, *, root: str = "/", deleted_in: str | None = None) -> None:
        self.image = image
        self.by_objref: dict[int, int] = {}
        self.undo = contextlib.ExitStack()
        self._others: list[int] = []
        self._filled: set[int] = set()
        self._locks: dict[int, list[Lock]] = {}
        for lock in image.rows(Lock):
            if lock.kind in (LockKind.FLOCK, LockKind.OFD):  # the others belong to a process
                self._locks.setdefault(lock.file, []).append(lock)
        self.root = Root(root)
        self.deleted = DeletedFiles(image, self.root, deleted_in, self._reopen)

    def __enter__(self) -> OpenFiles:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Undo what has been made, and close all of them here; a second call does nothing."""
        self.undo.close()
        for fd in (*self.by_objref.values(), *self._others):
            os.close(fd)
        self.by_objref.clear()
        self._others.clear()
        self.root.close()

    def hold(self, fd: int) -> None:
        """Take a descriptor over that nobody but this process is to have; it is closed with the others."""
        self._others.append(fd)

    def open_named(self, step: OpenFile) -> None:
        """Open a file under its name. Raises FileError; FilesDifferError: it is not the file of preflight."""
        shown = f"#{step.file.objref} {escape(step.path)}"
        try:
            found = self.root.open(step.path, follow=True)
            try:
                hold_against(step.evidence, found, shown)
                fd = self._reopen(step.file, found)
            finally:
                os.close(found)
            self.settle(step.file, fd)
        except OSError as error:
            raise FileError(f"{shown}: {error.strerror}") from error

    def open_terminal(self, step: OpenTerminal) -> None:
        """Open a terminal. Raises FileError."""
        try:
            self.settle(step.file, os.open(step.path, flags_to_open(step.file)))
        except OSError as error:
            raise FileError(f"{escape(step.path)}: {error.strerror}") from error

    def _reopen(self, file: File, found: int) -> int:
        """The inode at the O_PATH descriptor `found`, opened as it was."""
        link = f"/proc/self/fd/{found}"
        if file.flags & os.O_PATH:
            return os.dup(found)
        flags = flags_to_open(file)
        if file.kind != FileKind.FIFO:
            return os.open(link, flags)
        # To open one end of a FIFO waits for the other; with both ends held it does not.
        both = os.open(link, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._others.append(both)
        self._refill(file, self._others[-1])
        return os.open(link, flags & ~os.O_DIRECT)

    def _refill(self, file: File, both: int) -> None:
        """Put back what was in a FIFO, once, if nothing is in it."""
        pipe = self.image.find(Pipe, file.pipe)
        if pipe is None or pipe.objref in self._filled:
            return
        self._filled.add(pipe.objref)
        if pipe.length and queued_bytes(both):
            raise FilesDifferError(
                [f"#{file.objref} {escape(file.path)}: there is something in the FIFO already"]
            )
        _fill_pipe(self.image, pipe, both)

    def make_pipe(self, step: MakePipe) -> None:
        """Make a pipe, with its ends as they were."""
        read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _fill_pipe(self.image, step.pipe, write_end)
            unused = {Access.READ: read_end, Access.WRITE: write_end}
            for file in step.files:
                end = write_end if file.access == Access.WRITE else read_end
                plain = not file.flags & _LARGE_FILE
                if plain and unused.pop(Access(file.access), None) is not None:
                    fd = os.dup(end)
                else:  # through /proc each opening makes an open file description of its own
                    flags = flags_to_open(file) & ~os.O_DIRECT  # packets: F_SETFL alone sets it
                    fd = os.open(f"/proc/self/fd/{end}", flags | os.O_NONBLOCK)
                self.settle(file, fd)
        except OSError as error:
            raise FileError(f"pipe #{step.pipe.objref}: {error.strerror}") from error
        finally:
            os.close(read_end)
            os.close(write_end)

    def make_deleted(self, step: MakeDeleted) -> None:
        """Make a deleted file."""
        self.settle_all(step.files, self.deleted.make(step))

    def settle_all(self, files: Sequence[File], fds: Sequence[int]) -> None:
        """`settle` for each of them; all descriptors are taken over, whatever fails. Raises FileError."""
        self.by_objref.update(zip((file.objref for file in files), fds, strict=True))
        for file, fd in zip(files, fds, strict=True):
            try:
                self.settle(file, fd)
            except OSError as error:
                raise FileError(f"#{file.objref} {escape(file.path)}: {error.strerror}") from error

    def settle(self, file: File, fd: int) -> None:
        """Flags, position and locks of a file that is open."""
        self.by_objref[file.objref] = fd
        if file.flags & os.O_PATH:
            return
        now = fcntl.fcntl(fd, fcntl.F_GETFL)
        if (now ^ file.flags) & _SETTABLE & ~os.O_ASYNC:
            fcntl.fcntl(fd, fcntl.F_SETFL, file.flags & ~os.O_ASYNC)
        if file.position and file.kind in _WITH_POSITION:
            os.lseek(fd, file.position, os.SEEK_SET)
        for lock in self._locks.get(file.objref, ()):
            _lock(fd, lock)

    def set_owners(self, pids: dict[int, int]) -> None:
        """F_SETOWN and O_ASYNC, once the processes are there. pids: number in the image to that of now."""
        for file in self.image.rows(File):
            fd = self.by_objref.get(file.objref)
            if fd is None or file.flags & os.O_PATH:
                continue
            if file.owner_signal:
                fcntl.fcntl(fd, _F_SETSIG, file.owner_signal)
            if file.owner_type >= 0 and file.owner in pids:  # who else has that number now is a stranger
                owner = _OWNER.pack(file.owner_type, pids[file.owner])
                try:
                    fcntl.fcntl(fd, _F_SETOWN_EX, owner)
                except ProcessLookupError:
                    continue  # it had ended before, or is none of the image
            if file.flags & os.O_ASYNC:
                fcntl.fcntl(fd, fcntl.F_SETFL, file.flags)


def _fill_pipe(image: Image, pipe: Pipe, fd: int) -> None:
    """Packets are written one by one, in packet mode (O_DIRECT of pipe(2)), which is left as it was."""
    fcntl.fcntl(fd, _F_SETPIPE_SZ, pipe.capacity)
    packets = packets_of(pipe)
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    if packets:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_DIRECT)
    data = b"".join(bytes(extent) for _, extent in blob_extents(image, pipe.blobs))
    written = 0
    for length in packets or [len(data)]:
        end = written + length
        while written < end:
            written += os.write(fd, data[written:end])
    if packets:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)


def _lock(fd: int, lock: Lock) -> None:
    """An open file description lock, or one of flock(2). Raises OSError: somebody else has one."""
    if lock.kind == LockKind.FLOCK:
        fcntl.flock(fd, (fcntl.LOCK_EX if lock.write else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        return
    fcntl.fcntl(fd, _F_OFD_SETLK, flock_of(lock))


def flock_of(lock: Lock) -> bytes:
    """`struct flock` of fcntl_locking(2)."""
    kind = fcntl.F_WRLCK if lock.write else fcntl.F_RDLCK
    length = 0 if lock.end is None else lock.end - lock.start + 1
    return _FLOCK.pack(kind, os.SEEK_SET, lock.start, length, 0)
