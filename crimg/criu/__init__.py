"""Images of CRIU (criu.org): a directory of protobuf messages and page data, read as an `Image`.

    with open_directory("/var/lib/images/1") as image: ...

`crimg.open` comes here for a directory. Only this package knows protobuf, and loads it when it is needed.
"""

from __future__ import annotations

import os

from crimg.criu.building import Builder
from crimg.criu.directory import Directory, Files
from crimg.criu.marks import marks_of
from crimg.criu.sections import PAGE
from crimg.criu.store import CriuStore
from crimg.errors import FileError, FormatError
from crimg.model.image import Image

__all__ = ["CriuStore", "open_archive", "open_directory"]


def open_directory(path: str | bytes | os.PathLike[str], *, salvage: bool = False) -> Image:
    """The image in a directory of CRIU, or in the `checkpoint` directory of a container checkpoint.

    salvage: take a damaged one for what is whole in it; `Image.damage` then says what is not.
    Raises FormatError for what is no sound image, UsageError for a directory that holds none, FileError
    where it cannot be read.
    """
    name = os.fsdecode(path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise FileError(f"{name}: {error.strerror}") from error
    return load(Directory(name, fd), salvage=salvage)


def open_archive(fd: int, name: str, *, salvage: bool = False) -> Image:
    """The image in a container checkpoint, a tar archive that may be compressed. `fd` is its own from now on.

    The rest as for `open_directory`.
    """
    from crimg.criu.archive import Archive

    return load(Archive(name, fd), salvage=salvage)


def load(files: Files, *, salvage: bool = False) -> Image:
    """The image in these files, which it closes when it is closed. The rest as for `open_directory`."""
    try:
        return _load(files, salvage)
    except BaseException:
        files.close()
        raise


def _load(directory: Files, salvage: bool) -> Image:
    damage: list[FormatError] = []

    def note(error: FormatError) -> None:
        if not salvage:
            raise error
        error.__cause__ = error.__context__ = None
        damage.append(error.with_traceback(None))

    builder = Builder(directory, note)
    tables = builder.build(everything=salvage)
    return Image(
        CriuStore(builder, tables, marks_of(builder)),  # type: ignore[arg-type]  # its sections have the fields of an IndexEntry
        uuid=builder.system.run_id or _fingerprint(directory),
        created=builder.system.created,
        page_size=PAGE,
        machine=builder.system.machine,
        size=sum(part.size for part in directory.parts.values()),
        damage=damage,
    )


def _fingerprint(directory: Files) -> bytes:
    """16 bytes that name an image which CRIU gave no name: of what is in its inventory, tree and files."""
    from xxhash import xxh3_128

    state = xxh3_128()
    for name in ("inventory.img", "pstree.img", "files.img"):
        if name in directory.parts:
            state.update(directory.parts[name].view)
    return state.digest()
