"""`Image`: the tables of an image and the way to its bytes, whatever it was read from.

Everything above the reader takes an `Image`. Tables are decoded when they are first asked for; contents
(pages, blobs) stay where they are and are reached through the image's store.
"""

from __future__ import annotations

from collections import Counter

from crimg.model.record import KINDS, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol, Self, TypeVar

    from crimg.errors import FormatError
    from crimg.format.container import IndexEntry

    R = TypeVar("R", bound=Record)

    class Store(Protocol):
        """Where an image's rows and bytes come from."""

        @property
        def sections(self) -> Sequence[IndexEntry]:
            """All sections but index and trailer, in file order."""

        def rows(self, cls: type[R]) -> list[R]:
            """The rows of one kind, each in its latest revision; raises FormatError."""

        def body(self, section_id: int) -> memoryview:
            """The decoded body of a section; raises FormatError where there is none or it is damaged."""

        def check(self, section_id: int) -> None:
            """Hold the stored body of a section against its checksum, once; raises FormatError."""

        def stored(self, section: IndexEntry) -> memoryview:
            """The body of a section of `sections` as it stands in the file; raises FormatError."""

        def file(self) -> int | None:
            """Descriptor of the file in which all bodies are, where `sections` say; None: there is no one."""

        def release(self) -> None:
            """Give back the memory that bodies took which were looked at; views of them stay good."""

        def close(self) -> None:
            """Let go of the file; views into it become invalid."""


class Image:
    """An image: what it says of itself, its tables, its contents.

    uuid: 16 bytes that name it.  created: CLOCK_REALTIME ns.  page_size: bytes.  machine: ELF e_machine.
    revision: number of the revision shown, from 1.  size: length of the file in bytes, 0 when in memory.
    damage: what is wrong with the file; empty unless it was opened with salvage.
    fingerprint: 16 hexadecimal digits that differ in every revision (checksum of the trailer's body), ""
    where no trailer counts.  torn: bytes behind the last revision, of an append that was cut short.
    """

    __slots__ = (
        "_by_ref",
        "_sections",
        "_tables",
        "created",
        "damage",
        "fingerprint",
        "machine",
        "page_maps",
        "page_size",
        "revision",
        "size",
        "store",
        "torn",
        "uuid",
    )

    def __init__(
        self,
        store: Store,
        *,
        uuid: bytes,
        created: int,
        page_size: int,
        machine: int,
        revision: int = 1,
        size: int = 0,
        damage: Sequence[FormatError] = (),
        fingerprint: str = "",
        torn: int = 0,
    ) -> None:
        self.store = store
        self.uuid = uuid
        self.created = created
        self.page_size = page_size
        self.machine = machine
        self.revision = revision
        self.size = size
        self.damage = tuple(damage)
        self.fingerprint = fingerprint
        self.torn = torn
        self.page_maps: dict[int, list[tuple[int, int, int, int]]] = {}
        """Page runs by the id of their section, as far as crimg.pages was asked for them: address spaces, of
        which a damaged image may have many, share them."""
        self._tables: dict[type[Record], list[Record]] = {}
        self._by_ref: dict[type[Record], dict[int, Record]] = {}
        self._sections: dict[int, IndexEntry] | None = None

    def rows(self, cls: type[R]) -> Sequence[R]:
        """All rows of one kind, in the order of the image. Raises FormatError where they are damaged."""
        if cls not in self._tables:
            self._tables[cls] = self.store.rows(cls)
        return self._tables[cls]  # type: ignore[return-value]

    def find(self, cls: type[R], objref: int | None) -> R | None:
        """The object of this kind with this number, or None where the image has none.

        Of a kind whose rows tell more of another object, one at the most (Socket): that of this object.
        """
        return self._numbered(cls).get(objref) if objref is not None else None  # type: ignore[return-value]

    def ambiguous(self, cls: type[Record]) -> frozenset[int]:
        """The numbers that several rows of this kind have (rules C203, C210): `find` gives one of them."""
        if len(self._numbered(cls)) == len(self.rows(cls)):
            return frozenset()
        (index,) = cls.key_columns
        counts = Counter(row[index] for row in self.rows(cls))
        return frozenset(number for number, count in counts.items() if count > 1)

    def _numbered(self, cls: type[Record]) -> dict[int, Record]:
        if cls not in self._by_ref:
            (index,) = cls.key_columns
            self._by_ref[cls] = {row[index]: row for row in self.rows(cls)}
        return self._by_ref[cls]

    def lookup(self, objref: int) -> Record | None:
        """The object with this number, of whatever kind, or None."""
        for cls in KINDS.values():
            if cls.shared:
                found = self.find(cls, objref)
                if found is not None:
                    return found
        return None

    def kinds(self) -> list[type[Record]]:
        """The kinds that this image has rows of, in the order of their numbers."""
        return [KINDS[number] for number in sorted(KINDS) if self.rows(KINDS[number])]

    def section(self, section_id: int) -> IndexEntry | None:
        """The section with this id, or None where the image has none."""
        if self._sections is None:
            self._sections = {section.id: section for section in self.store.sections}
        return self._sections.get(section_id)

    def close(self) -> None:
        """Let go of the file behind it; page and blob views become invalid."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
