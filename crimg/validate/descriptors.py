"""C401 to C408: descriptors and open file descriptions."""

from __future__ import annotations

from operator import itemgetter

from crimg.escape import escape
from crimg.model import Fd, File, Fs, Inode, Task
from crimg.model.enums import Access, FileKind
from crimg.model.record import unrecorded
from crimg.validate.definitions import doubles
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

O_PATH = 0o10000000
_NEVER_KEPT = {
    0o100: "O_CREAT",
    0o200: "O_EXCL",
    0o400: "O_NOCTTY",
    0o1000: "O_TRUNC",
    0o2000000: "O_CLOEXEC",
}
"""Flags that act at open(2) and are not kept (do_dentry_open, fs/open.c); O_CLOEXEC is the descriptor's."""
_KNOWN_FLAGS = 0o37777777
_MOST_FD = 1 << 30
"""The kernel's own limit of fs.nr_open (sysctl_nr_open_max, fs/file.c)."""
_F_OWNER_TID, _F_OWNER_PID, _F_OWNER_PGRP = 0, 1, 2  # fcntl(2), F_SETOWN_EX
_FLAGS, _ACCESS, _POSITION = map(File.fields.index, ("flags", "access", "position"))


@rule("C401", ERROR)
def same_fd(checked: Checked) -> Iterator[Hit]:
    """A descriptor is in its table twice.

    dup2(2) puts one file there and then the other: the first is closed, and the program reads from or writes
    to the wrong one.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in doubles(checked, Fd):
        yield Hit(f"is there twice, here for #{row.file}", row, "fd")


@rule("C402", ERROR)
def fd_number(checked: Checked) -> Iterator[Hit]:
    """A descriptor has a number that no descriptor can have.

    dup2(2) refuses it (EBADF).

    Remedy: undo what rewrote the image, or dump again.
    """
    index = Fd.fields.index("fd")
    if max(map(itemgetter(index), checked.rows(Fd)), default=0) >= _MOST_FD:
        for row in checked.rows(Fd):
            if row.fd >= _MOST_FD:
                yield Hit("is more than the kernel allows", row, "fd")


@rule("C403", ERROR)
def negative_position(checked: Checked) -> Iterator[Hit]:
    """The position in a regular file is negative.

    lseek(2) refuses it (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(File):
        if row[_POSITION] < 0 and row.kind == FileKind.REGULAR:
            yield Hit(f"position {row.position}", row, "position")


@rule("C404", WARNING)
def position_past_end(checked: Checked) -> Iterator[Hit]:
    """The position is past the end of the file.

    It comes back as it was: reading gives nothing, and writing leaves a hole. A log that was emptied
    under the program is like that; so is a file that had become shorter when it was dumped.

    Remedy: find out whether the file was cut short by mistake; if not, nothing is to be done.
    """
    for row in checked.rows(File):
        if row[_POSITION] > 0 and row.kind == FileKind.REGULAR:
            inode = checked.find(Inode, row.inode)
            if inode is not None and row[_POSITION] > inode.size and "size" not in unrecorded(inode):
                yield Hit(f"position {row.position}, the file has {inode.size} bytes", row, "position")


@rule("C405", ERROR)
def flags(checked: Checked) -> Iterator[Hit]:
    """An open file has flags that none can have.

    O_CREAT, O_EXCL, O_TRUNC act when a file is opened and are then gone. A restart that opened the file with
    them would empty it, or make one where it is missing.

    Remedy: undo what rewrote the image, or dump again.
    """
    never = sum(_NEVER_KEPT)
    wrong = {
        value
        for value in map(itemgetter(_FLAGS), checked.rows(File))
        if value & never or value > _KNOWN_FLAGS
    }
    for row in checked.rows(File) if wrong else ():
        if row[_FLAGS] in wrong:
            names = [name for bit, name in _NEVER_KEPT.items() if row.flags & bit]
            rest = row.flags & ~_KNOWN_FLAGS
            yield Hit(", ".join(names + ([f"{rest:#o}"] if rest else [])), row, "flags")


@rule("C406", ERROR)
def access_mode(checked: Checked) -> Iterator[Hit]:
    """The access mode of an open file contradicts what may be done with it.

    A restart opens the file by its flags: the program could write where it could only read, or get EBADF
    where it could write.

    Remedy: undo what rewrote the image, or dump again.
    """
    pairs = set(map(itemgetter(_FLAGS, _ACCESS), checked.rows(File)))
    wrong = {
        (value, access) for value, access in pairs if access != (0 if value & O_PATH else value + 1 & 3)
    }  # OPEN_FMODE of linux/fs.h
    for row in checked.rows(File) if wrong else ():
        if (row[_FLAGS], row[_ACCESS]) in wrong:
            mode = ("O_RDONLY", "O_WRONLY", "O_RDWR", "access mode 3")[row.flags & 3]
            allowed = [each.name.lower() for each in Access if row.access & each and each.name]
            path = "O_PATH and " if row.flags & O_PATH else ""
            text = f"is open with {path}{mode}, and for {' and '.join(allowed) or 'nothing'}"
            yield Hit(text, row, "access")


@rule("C407", WARNING, whole=True)
def file_owner(checked: Checked) -> Iterator[Hit]:
    """A file sends its signals to a process that is not in the image.

    F_SETOWN is set again by number at a restart: SIGIO and SIGURG would go to whatever has this number by
    then, or fcntl(2) refuses it (ESRCH).

    Remedy: dump the process that is meant too, or accept that nobody gets these signals.
    """
    if not any(row.owner_type != -1 for row in checked.rows(File)):
        return
    tasks = checked.rows(Task)
    known = {
        _F_OWNER_TID: checked.tids,
        _F_OWNER_PID: {task.pid for task in tasks},
        _F_OWNER_PGRP: {task.pgid for task in tasks},
    }
    for row in checked.rows(File):
        if row.owner_type != -1 and row.owner not in known.get(row.owner_type, ()):
            what = {0: "thread", 1: "process", 2: "process group"}.get(
                row.owner_type, f"type {row.owner_type}"
            )
            yield Hit(f"owner is {what} {row.owner}", row, "owner")


@rule("C408", ERROR)
def directories(checked: Checked) -> Iterator[Hit]:
    """The working directory or the root of a task is no directory, or its umask has other bits.

    chdir(2) and chroot(2) refuse it (ENOTDIR); umask(2) cuts the bits off.

    Remedy: undo what rewrote the image, or dump again.
    """
    for fs in checked.rows(Fs):
        for name in ("cwd", "root"):
            file = checked.find(File, getattr(fs, name))
            if file is not None and file.kind != FileKind.DIRECTORY:
                yield Hit(f"{name} is #{file.objref} {escape(file.path)}, no directory", fs, name)
        if fs.umask > 0o777:
            yield Hit(f"umask {fs.umask:#o}", fs, "umask")
