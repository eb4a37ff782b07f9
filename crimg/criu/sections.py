"""The files of a CRIU directory in the role of sections: what rows refer to for pages and contents."""

from __future__ import annotations

from functools import partial

from crimg.errors import FormatError
from crimg.format.bodies import pack_extents
from crimg.format.constants import SectionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.criu.directory import Files, Part
    from crimg.criu.framing import Entry
    from crimg.criu.ghosts import Ghost

    Run = tuple[int, int, int, int]

PAGE = 4096
"""Bytes of a page: CRIU does not record it, and x86-64 has no other."""
_TYPES = {"pages": SectionType.PAGES, "pages-shmem": SectionType.PAGES}


class FileSection:
    """A file of the directory, or what an entry in it holds, with the fields of an IndexEntry.

    name: of the file.  ofs_header, len_stored: where it is in that file, bytes.
    """

    __slots__ = ("id", "len_raw", "len_stored", "name", "ofs_header", "type")
    flags = codec = align_log2 = kind = checksum = 0
    revision = 1
    critical = True

    def __init__(self, number: int, type_: int, name: str, offset: int, stored: int, raw: int) -> None:
        self.id = number
        self.type = type_
        self.name = name
        self.ofs_header = offset
        self.len_stored = stored
        self.len_raw = raw

    @property
    def ofs_body(self) -> int:
        """Where its bytes begin in the file."""
        return self.ofs_header

    @property
    def offset(self) -> int:
        """The same: there is no section header."""
        return self.ofs_header

    @property
    def label(self) -> str:
        """Name for messages."""
        return self.name


class Sections:
    """All sections of a directory: first the files, by name; then what is inside them."""

    def __init__(self, directory: Files) -> None:
        self._directory = directory
        self.all: list[FileSection] = []
        self._bodies: dict[int, Callable[[], memoryview]] = {}
        self._ids: dict[str, int] = {}
        self._maps: dict[str, int] = {}
        for part in directory.parts.values():
            type_ = _TYPES.get(part.stem, SectionType.OBJECTS)
            self._ids[part.name] = self._add(
                type_, part, 0, part.size, part.size, partial(getattr, part, "view")
            )

    def _add(
        self, type_: int, part: Part, offset: int, stored: int, raw: int, body: Callable[[], memoryview]
    ) -> int:
        number = len(self.all) + 1
        self.all.append(FileSection(number, type_, part.name, offset, stored, raw))
        self._bodies[number] = body
        return number

    def id_of(self, name: str) -> int | None:
        """The id of a file, or None."""
        return self._ids.get(name)

    def of_page_map(self, part: Part, packed: bytes) -> int:
        """The id of a PAGEMAP section with these runs, which stands for a pagemap image."""
        return self._add(SectionType.PAGEMAP, part, 0, part.size, len(packed), lambda: memoryview(packed))

    def of_payload(self, part: Part, entry: Entry) -> int:
        """The id of a BLOB section with the bytes behind an entry."""
        payload = entry.payload
        start = entry.start + len(entry.data)
        head = pack_extents([(0, len(payload))])
        raw = len(head) + len(payload)
        return self._add(
            SectionType.BLOB, part, start, len(payload), raw, lambda: memoryview(head + bytes(payload))
        )

    def of_packets(self, packets: list[tuple[Part, Entry]]) -> int:
        """The id of a BLOB section with the bytes behind several entries, one after the other."""
        part, first = packets[0]
        data = [entry.payload for _, entry in packets if len(entry.payload)]
        length = sum(map(len, data))
        head = pack_extents([(0, length)])
        raw = len(head) + length
        body = partial(_joined, head, data)
        return self._add(SectionType.BLOB, part, first.offset, length, raw, body)

    def of_shared(self, part: Part, runs: list[Run], size: int) -> int:
        """The id of a BLOB section with the pages of shared memory in these runs. size: its bytes."""
        extents = [(first * PAGE, min(count * PAGE, size - first * PAGE)) for first, count, _, _ in runs]
        head = pack_extents(extents)
        raw = len(head) + sum(length for _, length in extents)

        def body() -> memoryview:
            data = [head]
            for (_, length), (_, _, section, index) in zip(extents, runs, strict=True):
                data.append(bytes(self.body(section)[index * PAGE : index * PAGE + length]))
            return memoryview(b"".join(data))

        return self._add(SectionType.BLOB, part, 0, part.size, raw, body)

    def of_ghost(self, part: Part, ghost: Ghost) -> int:
        """The id of a BLOB section with the contents of a deleted file."""
        head = pack_extents([(offset, len(data)) for offset, data in ghost.extents])
        raw = len(head) + sum(len(data) for _, data in ghost.extents)

        def body() -> memoryview:
            return memoryview(b"".join([head, *(data for _, data in ghost.extents)]))

        return self._add(SectionType.BLOB, part, 0, part.size, raw, body)

    def body(self, number: int) -> memoryview:
        """The bytes of a section: pages where they are, the rest in the form of this project's format."""
        if number not in self._bodies:
            raise FormatError(f"section {number} is not in the image")
        return self._bodies[number]()

    def stored(self, section: FileSection) -> memoryview:
        """The bytes of a section as they stand in the file."""
        part = self._directory.parts[section.name]
        return part.view[section.ofs_header : section.ofs_header + section.len_stored]


def _joined(head: bytes, parts: list[memoryview]) -> memoryview:
    return memoryview(b"".join([head, *parts]))
