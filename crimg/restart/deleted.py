"""Files that were deleted when the image was made: they come back with no name, all openers on one inode."""

from __future__ import annotations

import errno
import os
import stat

from crimg.errors import FileError
from crimg.escape import escape
from crimg.kernel.uninterrupted import Uninterrupted
from crimg.model.enums import Keeper
from crimg.pages import blob_extents
from crimg.restart.nodes import make_node, set_attributes, set_times
from crimg.restart.opening import flags_to_open, hold_against

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.kernel.lookup import Root
    from crimg.model import File, Inode
    from crimg.model.image import Image
    from crimg.restart.steps import MakeDeleted


class DeletedFiles:
    """Makes them. keepers: files that keep contents, to be deleted at the very end, each with its status.

    folder: directory in which they are made, or None for the one that each was in, or the nearest above it
    that is there.  reopen: opens a file again, as it was, from an O_PATH descriptor of its inode.
    """

    def __init__(
        self, image: Image, root: Root, folder: str | None, reopen: Callable[[File, int], int]
    ) -> None:
        self.reopen = reopen
        self.image = image
        self.root = root
        self.folder = folder
        self.keepers: list[tuple[bytes, os.stat_result]] = []

    def make(self, step: MakeDeleted) -> list[int]:
        """Descriptors for the files of a step, in their order. Raises FileError; nothing is left behind."""
        try:
            if step.inode.keeper in (Keeper.COPIED, Keeper.RELINKED):
                return self._from_keeper(step)
            parent, _, name = step.name.rpartition(b"/")
            folder, there = self._folder(parent or b"/")
            own = name if step.visible and there else b""
            try:
                if stat.S_ISREG(step.inode.mode):
                    return self._file(step, folder, own)
                return make_node(step, folder, own, self.reopen)
            finally:
                os.close(folder)
        except OSError as error:
            hint = "; --deleted-in DIR makes it elsewhere" if self.folder is None else ""
            raise FileError(f"deleted file {escape(step.name)}: {error.strerror}{hint}") from error

    def remove_keepers(self) -> list[bytes]:
        """Delete the files that kept contents; the paths of those that could not be.

        Raises FileError where another file is at such a path by now, or the first one cannot be deleted: then
        none has been. Once one is, the process is the only one that has its contents, and has to live.
        """
        for path, opened in self.keepers:
            try:
                same = os.path.samestat(os.lstat(path), opened)
            except OSError as error:
                raise FileError(f"{escape(path)}: {error.strerror}") from error
            if not same:
                raise FileError(f"{escape(path)}: another file than the keeper that was opened is there now")
        left = []
        for path, _ in self.keepers:
            try:
                os.unlink(path)
            except OSError as error:
                left.append(path)
                if path == self.keepers[0][0]:
                    raise FileError(f"{escape(path)}: {error.strerror}") from error
        return left

    def _folder(self, parent: bytes) -> tuple[int, bool]:
        """A descriptor of the directory, and whether it is the one that the file was in."""
        if self.folder is not None:
            return os.open(self.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC), False
        path = parent
        while True:
            try:
                return self.root.open(path, follow=True), path == parent
            except (FileNotFoundError, NotADirectoryError):
                if path == b"/":
                    raise
                path = path.rpartition(b"/")[0] or b"/"

    def _from_keeper(self, step: MakeDeleted) -> list[int]:
        path = step.inode.keeper_path or b""
        found = self.root.open(path)
        try:
            hold_against(step.evidence, found, f"keeper {escape(path)}")
            status = os.fstat(found)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "its keeper is no regular file")
            fds = open_all(step.files, f"/proc/self/fd/{found}")
            self.keepers.append((os.readlink(b"/proc/self/fd/%d" % found), status))
            return fds
        finally:
            os.close(found)

    def _file(self, step: MakeDeleted, folder: int, name: bytes) -> list[int]:
        """A regular file. name: what it is to be shown as, or nothing."""
        here = f"/proc/self/fd/{folder}"
        fd = os.open(here, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fill(self.image, step.inode, fd)
            set_attributes(fd, step.inode)
            if name:
                fds = _under_its_name(step, fd, folder, name)
                if fds is not None:
                    return fds
            return open_all(step.files, f"/proc/self/fd/{fd}")
        finally:
            set_times(fd, step.inode)
            os.close(fd)


def fill(image: Image, inode: Inode, fd: int) -> None:
    """Write the contents of an inode to the empty file at `fd`, holes left out."""
    for offset, data in blob_extents(image, inode.blobs):
        written = 0
        while written < len(data):
            written += os.pwrite(fd, data[written:], offset + written)
    if os.fstat(fd).st_size != inode.size:
        os.ftruncate(fd, inode.size)


def _under_its_name(step: MakeDeleted, fd: int, folder: int, name: bytes) -> list[int] | None:
    """Opened while the file has its name for a moment; None where something has that name."""
    with Uninterrupted():
        try:
            os.link(f"/proc/self/fd/{fd}", name, dst_dir_fd=folder, follow_symlinks=True)
        except FileExistsError:
            return None
        try:
            # Not by the name: what is opened keeps the flag O_NOFOLLOW that this would take.
            named = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            try:
                if not os.path.samestat(os.fstat(named), os.fstat(fd)):
                    raise OSError(errno.ESTALE, "somebody changed the name meanwhile")
                return open_all(step.files, f"/proc/self/fd/{named}")
            finally:
                os.close(named)
        finally:
            os.unlink(name, dir_fd=folder)


def open_all(files: tuple[File, ...], path: str) -> list[int]:
    """One open file description for each file; all or none."""
    fds: list[int] = []
    try:
        for file in files:
            fds.append(os.open(path, flags_to_open(file)))
    except BaseException:
        for fd in fds:
            os.close(fd)
        raise
    return fds
