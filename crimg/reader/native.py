"""Opening an image of our own: its last whole revision, an earlier one, or what is whole of a damaged one."""

from __future__ import annotations

from crimg.errors import FormatError, UnsupportedVersionError, UsageError
from crimg.format.constants import HEADER_SIZE
from crimg.format.container import FileHeader
from crimg.model.image import Image
from crimg.reader.file import ImageFile


def open_native(fd: int, name: str, *, salvage: bool, revision: int | None) -> Image:
    """The image in a regular file. `fd` is its own from now on. The rest as for `crimg.reader.open_image`."""
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
