"""Images with some rows changed, as if they came from another machine, boot or dumper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.model import Filesystem, ImageInfo, Inode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from crimg.format.container import IndexEntry
    from crimg.model.image import Image
    from crimg.model.record import Record


class AlteredStore:
    """A store whose rows of some kinds go through a function."""

    def __init__(self, store: Any, changes: dict[type[Record], Callable[[Any], Record]]) -> None:
        self._store = store
        self._changes = changes

    @property
    def sections(self) -> Sequence[IndexEntry]:
        sections: Sequence[IndexEntry] = self._store.sections
        return sections

    def rows(self, cls: type[Any]) -> list[Any]:
        rows: list[Any] = self._store.rows(cls)
        change = self._changes.get(cls)
        return rows if change is None else [change(row) for row in rows]

    def body(self, section_id: int) -> memoryview:
        body: memoryview = self._store.body(section_id)
        return body

    def check(self, section_id: int) -> None:
        self._store.check(section_id)

    def stored(self, section: IndexEntry) -> memoryview:
        body: memoryview = self._store.stored(section)
        return body

    def file(self) -> int | None:
        fd: int | None = self._store.file()
        return fd

    def release(self) -> None:
        self._store.release()

    def close(self) -> None:
        self._store.close()


def altered(image: Image, changes: dict[type[Record], Callable[[Any], Record]]) -> Image:
    """The image, from which no row was read yet, with these changes."""
    assert not image._tables
    image.store = AlteredStore(image.store, changes)
    return image


def of_another_boot(image: Image) -> Image:
    """As if this machine had been started again since."""
    return altered(
        image, {ImageInfo: lambda row: row.replace(boot_id="00000000-0000-0000-0000-000000000000")}
    )


def of_another_machine(image: Image) -> Image:
    """As if it came from a machine whose file systems, and so its inodes, are others than those here."""
    return altered(
        image,
        {
            ImageInfo: lambda row: row.replace(boot_id="00000000-0000-0000-0000-000000000000"),
            Filesystem: lambda row: row.replace(fsid=row.fsid ^ 0x5555),
            Inode: lambda row: row.replace(number=row.number ^ 1 << 40),
        },
    )
