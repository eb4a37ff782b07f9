"""Reading images: `open_image` for a file, `open_stream` for a pipe."""

from __future__ import annotations

import os
import stat

from crimg.errors import FileError, FormatError, UnsupportedVersionError, UsageError
from crimg.format.constants import HEADER_SIZE
from crimg.format.container import FileHeader, read_header
from crimg.model.image import Image
from crimg.reader.file import ImageFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.criu.store import CriuStore

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
    file = ImageFile(fd, name)
    try:
        damage = _salvage(file) if salvage else _load(file)
        if revision is not None:
            _go_back(file, revision)
    except BaseException:
        file.close()
        raise
    return Image(
        file,
        uuid=file.header.uuid,
        created=file.header.created,
        page_size=file.header.page_size,
        machine=file.header.machine,
        revision=file.trailer.revision
        if file.trailer
        else max((s.revision for s in file.sections), default=1),
        size=file.size,
        damage=damage,
        fingerprint=file.fingerprint,
        torn=file.size - file.end,
    )


def _go_back(file: ImageFile, revision: int) -> None:
    """Take an earlier revision of a file whose last one was loaded."""
    from crimg.reader.revisions import earlier_end

    trailer = file.trailer
    if trailer is None or not 1 <= revision <= trailer.revision:
        have = f"1 to {trailer.revision}" if trailer and trailer.revision > 1 else "1 only"
        raise UsageError(f"{file.name}: there is no revision {revision}; it has {have}")
    if revision < trailer.revision:
        file.load_index(earlier_end(file, revision))
    file.size = file.end


def _load(file: ImageFile) -> list[FormatError]:
    if file.size == 0:
        raise FormatError("the file is empty", section="header", offset=0)
    file.load_header()
    try:
        _load_last(file)
    except UnsupportedVersionError:
        raise
    except FormatError as error:
        from crimg.reader.scan import scan

        _, damages = scan(file)
        raise (damages[0] if damages else error) from error
    return []


def _load_last(file: ImageFile) -> None:
    """Take the last revision, or, where the file was cut short behind one, the last whole one."""
    try:
        file.load_index()
    except UnsupportedVersionError:
        raise
    except FormatError:
        from crimg.reader.revisions import whole_end

        end = whole_end(file)
        if end is None:
            raise
        file.load_index(end)


def _salvage(file: ImageFile) -> list[FormatError]:
    """Everything that is whole, whatever the header, the index and the trailer say."""
    from crimg.reader.scan import scan

    damages: list[FormatError] = []
    try:
        file.load_header()
    except FormatError as error:
        if isinstance(error, UnsupportedVersionError) and _is_sealed(file):
            raise
        damages.append(error)
        file.header = FileHeader(uuid=bytes(16), created=0)
    sections, found = scan(file) if file.size > HEADER_SIZE else ([], [])
    try:
        _load_last(file)
    except FormatError as error:
        if not found and not damages:  # every section is whole, and still the index does not fit them
            found.append(error)
    else:  # the index knows better than the order of sections which revision each of them is of
        whole = {entry.ofs_header: entry.header() for entry in sections}
        sections = [entry for entry in file.sections if whole.get(entry.ofs_header) == entry.header()]
        if len(sections) < len(file.sections) and not found:
            found.append(FormatError("lists a section that is not there", section="index"))
    file.set_sections(sections, end=file.size)
    return damages + found


def _is_sealed(file: ImageFile) -> bool:
    """Whether the file header is as it was written, so that what is not known in it is no damage."""
    try:
        FileHeader.check_seal(file.read(0, HEADER_SIZE, "header"), "header", 0)
    except FormatError:
        return False
    return True
