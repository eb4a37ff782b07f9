"""`write`: the new image, with nothing in it but what its own rows name."""

from __future__ import annotations

from crimg.format.constants import Codec, SectionType
from crimg.format.container import FileHeader
from crimg.model import Inode, LogEntry, Pipe, Socket
from crimg.redact.pages import MemoryWriter
from crimg.redact.rows import history, new_tables
from crimg.writer import ImageWriter
from crimg.writer.identity import new_uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.redact.redaction import Redaction
    from crimg.writer import Output


def write(redaction: Redaction, output: Output, *, progress: Callable[[int], object] | None = None) -> bytes:
    """Write the image without what is to be removed, as one revision; its uuid.

    progress: called with bytes of memory gone through. What is kept is stored as it was, with its codec, and
    is held against its checksum first. Raises FormatError, FileError.
    """
    image = redaction.image
    uuid = new_uuid()
    header = FileHeader(machine=image.machine, page_size=image.page_size, uuid=uuid, created=image.created)
    tables = new_tables(redaction)
    blobs = {
        blob
        for cls in (Inode, Pipe, Socket)
        for row in tables[cls]
        for blob in row[cls.fields.index("blobs")]
    }
    kept = [section for section in image.store.sections if section.id in blobs]
    writer = ImageWriter(output, header, codec=_codec(redaction))
    writer.avoid([*blobs, *redaction.pages.kept, *redaction.pages.maps])
    memory = MemoryWriter(redaction.pages, writer)
    for section in kept:
        image.store.check(section.id)
        writer.copy(section, image.store.stored(section))
    writer.tables(tables)
    memory.write(progress)
    writer.table(image.rows(LogEntry), type_=SectionType.LOG)
    writer.table([history(redaction)], type_=SectionType.HISTORY)
    writer.finish()
    return uuid


def _codec(redaction: Redaction) -> Codec:
    """How tables are stored: with zstd where the image has some that are."""
    packed = any(
        section.type == SectionType.OBJECTS and section.codec == Codec.ZSTD
        for section in redaction.image.store.sections
    )
    return Codec.ZSTD if packed else Codec.NONE
