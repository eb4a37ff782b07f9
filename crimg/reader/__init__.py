"""Reading images: `open_image` for a file, `open_stream` for a pipe."""

from __future__ import annotations

import os
import stat

from crimg.errors import FileError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.criu.store import CriuStore
    from crimg.model.image import Image

_COPY_STEP = 1 << 20
_PACKED, _TAR_MAGIC_AT, HEAD = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"), 257, 512
"""How gzip and zstd begin; where tar says what it is; bytes that are looked at first."""


def open_image(
    path: str | bytes | os.PathLike[str], *, salvage: bool = False, revision: int | None = None
) -> Image:
    """The image in the file at `path`, or in a directory or archive of CRIU; "-" is standard input.

    Close it, or use it in a with statement.

    Reads the header, the last trailer and the index; everything else when it is asked for.
    Where a rewrite was cut short, it is the last whole revision, and `Image.torn` says how much is behind it.
    salvage: take a damaged file for what is whole in it; `Image.damage` then says what is not.
    revision: the image as it was at this revision, as if the file ended there.
    Raises FormatError for anything that is no sound image (its offset is the first damage from the start of
    the file), FileError where the file cannot be read, UsageError for what is no file, for a revision that
    the image does not have, and for one that is to be salvaged.
    """
    if salvage and revision is not None:
        raise UsageError("a revision can be chosen in a sound image only, not with salvage")
    if path == "-":
        return open_stream(0, salvage=salvage, revision=revision)
    name = os.fsdecode(path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not block the open
        mode = os.fstat(fd).st_mode
    except OSError as error:
        raise FileError(f"{name}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{name!a}: {error}") from error
    if stat.S_ISREG(mode):
        return _open(fd, name, salvage, revision)
    if stat.S_ISDIR(mode):
        os.close(fd)
        return _open_directory(path, name, salvage, revision)
    if stat.S_ISFIFO(mode):
        try:
            _wait_for_writer(fd)
            os.set_blocking(fd, True)
            return open_stream(fd, name=name, salvage=salvage, revision=revision)
        finally:
            os.close(fd)
    os.close(fd)
    raise UsageError(f"{name}: is no regular file and no pipe")


def _open_directory(
    path: str | bytes | os.PathLike[str], name: str, salvage: bool, revision: int | None
) -> Image:
    """The image in a directory of CRIU, which has no revisions."""
    from crimg.criu import open_directory

    if revision not in (None, 1):
        raise UsageError(f"{name}: there is no revision {revision}: images of CRIU have one only")
    return open_directory(path, salvage=salvage)


def criu_store(image: Image) -> CriuStore | None:
    """What is behind an image that was read from a directory of CRIU; None for any other.

    Does not load crimg.criu: only it makes such a store.
    """
    store = getattr(image.store, "beneath", image.store)
    return store if getattr(store, "is_criu", False) else None  # type: ignore[return-value]


def _wait_for_writer(fd: int) -> None:
    """Wait until a FIFO that was opened without blocking has, or has had, a writer (fifo(7))."""
    import select

    poll = select.poll()
    poll.register(fd, select.POLLIN)
    poll.poll()


def open_stream(
    fd: int, *, name: str = "standard input", salvage: bool = False, revision: int | None = None
) -> Image:
    """The image that comes from a pipe or socket `fd` (which stays open), up to its end of file.

    It is kept in an unnamed temporary file (in TMPDIR), not in memory. Where `fd` is a regular file that
    nothing was read from yet, the image is that file, as for `open_image`.
    """
    try:
        if stat.S_ISREG(os.fstat(fd).st_mode) and os.lseek(fd, 0, os.SEEK_CUR) == 0:
            return _open(os.dup(fd), name, salvage, revision)
        return _open(_spool(fd, name, salvage), name, salvage, revision)
    except OSError as error:
        raise FileError(f"{name}: {error.strerror}") from error


def _spool(fd: int, name: str, salvage: bool) -> int:
    """A descriptor of an unnamed file with everything that comes from `fd`."""
    import tempfile

    part = b""
    while len(part) < HEAD and (more := os.read(fd, HEAD - len(part))):
        part += more
    if part and not salvage and not is_archive(part):
        from crimg.format.container import read_header

        read_header(part)  # what is no image is not kept, however much of it comes
    with tempfile.TemporaryFile(prefix="crimg-") as spool:
        while part:
            try:
                spool.write(part)
                spool.flush()
            except OSError as error:
                raise FileError(f"{name}: {tempfile.gettempdir()}: {error.strerror}") from error
            part = os.read(fd, _COPY_STEP)
        return os.dup(spool.fileno())


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is a tar archive, plain or in gzip or zstd: no image of our own is."""
    return head.startswith(_PACKED) or head[_TAR_MAGIC_AT:].startswith(b"ustar")


def _open(fd: int, name: str, salvage: bool, revision: int | None) -> Image:
    if is_archive(os.pread(fd, HEAD, 0)):
        from crimg.criu import open_archive

        if revision not in (None, 1):
            os.close(fd)
            raise UsageError(f"{name}: there is no revision {revision}: images of CRIU have one only")
        return open_archive(fd, name, salvage=salvage)
    from crimg.reader.native import open_native

    return open_native(fd, name, salvage=salvage, revision=revision)
