"""Rewrites of images of CRIU carried out: in place with a journal, in a new directory, in a new archive."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import time

from crimg.criu.directory import CHECKPOINT, DONE, INVENTORY, JOURNAL, PARENT, Directory
from crimg.criu.kinds import split_name
from crimg.criu.saving import as_file_error, link_or_copy, new_directory, sync_directory
from crimg.errors import ConflictError, FileError, FormatError, UsageError
from crimg.escape import escape
from crimg.writer.locking import locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.criu.store import CriuStore
    from crimg.rewrite.criu_plan import CriuPlan

_RECORD = "rewrite.json"
_NEW = ".crimg-new-"


def _folder(store: CriuStore) -> str:
    """The path of the directory that the image files are in."""
    directory = store.directory
    if not isinstance(directory, Directory):
        raise UsageError("these images are in no directory")
    return os.readlink(f"/proc/self/fd/{directory.fd}")


def apply(made: CriuPlan, store: CriuStore, *, command: Sequence[bytes] = ()) -> int:
    """Carry a plan out in place; the number of the rewrite, for `undo`.

    The files that change are kept, as they are, in the journal before the first new one takes its name. Where
    this is cut short, `undo` puts all of them back. Raises ConflictError, FileError, ImageBusyError.
    """
    if made.conflicts:
        raise ConflictError(made.conflicts)
    folder = _folder(store)
    with locked(os.path.join(folder, INVENTORY)), as_file_error(folder):
        number = _last(folder) + 1
        if number > 1 and not os.path.exists(os.path.join(folder, JOURNAL, str(number - 1), DONE)):
            raise FileError(f"{escape(folder)}: a rewrite was cut short; crimg undo takes it back")
        _remove_new(folder)
        for name, data in made.contents.items():
            if bytes(store.directory.parts[name].view) != _read(os.path.join(folder, name)):
                raise FileError(f"{escape(folder)}/{escape(name)}: was changed meanwhile")
            _write(os.path.join(folder, _NEW + name), data, os.path.join(folder, name))
        entry = os.path.join(folder, JOURNAL, str(number))
        kept = entry + ".part"
        shutil.rmtree(kept, ignore_errors=True)  # of one that was cut short before it had changed anything
        os.makedirs(kept, mode=0o700)
        for name in made.contents:
            os.link(os.path.join(folder, name), os.path.join(kept, name))
        record = {
            "time": time.time_ns(),
            "command": [escape(word) for word in command],
            "files": sorted(made.contents),
        }
        _write(os.path.join(kept, _RECORD), json.dumps(record).encode())
        os.rename(kept, entry)
        sync_directory(os.path.join(folder, JOURNAL))
        for name in made.contents:
            os.rename(os.path.join(folder, _NEW + name), os.path.join(folder, name))
        sync_directory(folder)
        _write(os.path.join(entry, DONE), b"")
        return number


def undo(path: str) -> int:
    """Put back, byte for byte, what the last rewrite of a CRIU directory replaced; its number.

    A rewrite that was cut short is taken back too. Raises UsageError where there is none, FileError.
    """
    inner = os.path.join(path, CHECKPOINT)
    here = os.path.exists(os.path.join(path, INVENTORY))
    folder = path if here or not os.path.isdir(inner) else inner
    with locked(os.path.join(folder, INVENTORY)), as_file_error(folder):
        number = _last(folder)
        if not number:
            raise UsageError(f"{escape(path)}: was not rewritten; there is nothing to take back")
        entry = os.path.join(folder, JOURNAL, str(number))
        for name in _recorded(entry):
            if os.path.exists(os.path.join(entry, name)):  # else it is back already
                os.rename(os.path.join(entry, name), os.path.join(folder, name))
        sync_directory(folder)
        os.rename(entry, entry + ".part")  # from here on it is taken back
        shutil.rmtree(entry + ".part")
        _remove_new(folder)
        with contextlib.suppress(OSError):  # earlier rewrites are in it
            os.rmdir(os.path.join(folder, JOURNAL))
        return number


def _remove_new(folder: str) -> None:
    """Remove the new files of rewrites that were cut short before they had changed anything."""
    for name in os.listdir(folder):
        if name.startswith(_NEW):
            os.unlink(os.path.join(folder, name))


def _recorded(entry: str) -> list[str]:
    """The names of the files that a rewrite replaced. Raises FormatError for a journal that is none."""
    try:
        names = json.loads(_read(os.path.join(entry, _RECORD)))["files"]
        if all(isinstance(name, str) and "/" not in name and split_name(name)[0] for name in names):
            return list(names)
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError("is no journal of a rewrite", section=escape(entry)) from error
    raise FormatError("names files that are no images", section=escape(entry))


def write_copy(made: CriuPlan, store: CriuStore, output: str) -> None:
    """A new directory with the rewritten files. All others are hard links, or copies where none can be made.

    It appears whole or not at all. Raises ConflictError, UsageError where something is there, FileError.
    """
    if made.conflicts:
        raise ConflictError(made.conflicts)
    folder = _folder(store)
    with new_directory(output) as part:
        for name in sorted(os.listdir(folder)):
            old, new = os.path.join(folder, name), os.path.join(part, name)
            mode = os.lstat(old).st_mode
            if name in made.contents:
                _write(new, made.contents[name], old)
            elif stat.S_ISREG(mode) and not name.startswith(_NEW):
                link_or_copy(name, new, store.directory.fd)
            elif name == PARENT and stat.S_ISLNK(mode):
                os.symlink(os.path.realpath(old), new)


def write_archive(made: CriuPlan, store: CriuStore, output: int) -> None:
    """Write a container checkpoint with the rewritten files to a descriptor, as a stream from the old one.

    Raises ConflictError, FormatError, UsageError where the image is in no archive, FileError.
    """
    from crimg.criu.archive import Archive
    from crimg.criu.repacking import repack

    if made.conflicts:
        raise ConflictError(made.conflicts)
    if not isinstance(store.directory, Archive):
        raise UsageError("these images are in no archive")
    with as_file_error(store.directory.name):
        repack(store.directory.source, output, made.contents)


def _last(folder: str) -> int:
    """The number of the last rewrite that the journal has, 0 for none."""
    try:
        names = os.listdir(os.path.join(folder, JOURNAL))
    except FileNotFoundError:
        return 0
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, data: bytes, like: str = "") -> None:
    """A file on the disk with these bytes, with the mode and times of `like`."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
        file.flush()
        if like:
            os.fchmod(fd, stat.S_IMODE(os.stat(like).st_mode))
        os.fsync(fd)
