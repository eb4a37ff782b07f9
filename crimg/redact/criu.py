"""What is particular about the redaction of images of CRIU: files that go, or are left out, as a whole.

What is chosen, and why, is settled by `plan` as for images of our own; crimg.redact.criu_files removes it.
"""

from __future__ import annotations

import os

from crimg.criu.directory import PARENT, Directory
from crimg.criu.pagemaps import page_maps
from crimg.criu.sections import PAGE
from crimg.escape import escape
from crimg.redact.copies import SHOWN, Copy, Spot, find_copies
from crimg.redact.redaction import CONTENTS, FILE, Removal
from crimg.redact.tables import kept_as_paths
from crimg.searching import find_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crimg.criu.directory import Files, Part
    from crimg.criu.pagemaps import PageMap
    from crimg.criu.store import CriuStore
    from crimg.model.image import Image
    from crimg.redact.ranges import Range
    from crimg.redact.redaction import Secret

UNDECODED = (
    *("tcp-stream", "tty-data", "ipcns-shm", "ipcns-msg", "bpfmap-data", "bpfmap-file"),
    *("tmpfs", "tmpfs-dev"),
)
"""Stems of image files with contents that crimg does not look into: what waits in TCP sockets and terminals,
System V shared memory and messages, maps of BPF, files in a tmpfs."""
_CONTENTS = ("pages", "pages-shmem", "ghost-file", "pipes-data", "fifo-data", "sk-queues")
"""Stems of files whose contents are gone through as memory, or as those of files, pipes and sockets."""


def undecoded(store: CriuStore) -> Iterator[Removal]:
    """The image files with contents that nobody looks into: with all contents they go as a whole."""
    for part in store.directory.parts.values():
        if part.stem in UNDECODED and part.size:
            yield Removal(FILE, CONTENTS, None, escape(part.name), part.size)


def left_out(store: CriuStore) -> list[str]:
    """Printable names of what stays behind: what is beside the images, and images of no known kind."""
    files = store.directory
    names = [part.name for part in files.unknown()]
    if isinstance(files, Directory):
        there = os.listdir(files.fd)
        names += [name for name in there if name not in files.parts and name != PARENT]
    else:
        names.append("what is beside the images in the archive (config.dump and others)")
    return [escape(name) for name in sorted(names)]


def surplus(files: Files, maps: Iterable[PageMap]) -> Iterator[tuple[Part, Range]]:
    """Files of pages that hold more than their page maps count, with the bytes that nobody refers to."""
    counted: dict[str, int] = {}
    for page_map in maps:
        counted[page_map.pages] = max(counted.get(page_map.pages, 0), page_map.count * PAGE)
    for part in files.parts.values():
        known = counted.get(part.name, 0)
        if part.stem in ("pages", "pages-shmem") and part.size > known:
            yield part, (known, part.size)


def surplus_notes(store: CriuStore) -> Iterator[str]:
    """What is said of them, one line each. Raises FormatError."""
    for part, (low, high) in surplus(store.directory, page_maps(store.directory)):
        yield f"{escape(part.name)}: {high - low} bytes that no page map counts are removed, too"


def all_copies(
    image: Image, store: CriuStore, secrets: Sequence[Secret], progress: Callable[[int], object] | None = None
) -> list[Copy]:
    """Every removed string that is still in images of CRIU: in memory, in contents, elsewhere in files."""
    found: dict[str, Copy] = {
        copy.label: copy for copy in find_copies(image, secrets, progress, tables=False)
    }
    kept = set(kept_as_paths(image, secrets))
    for copy in _copies_in_files(store, [secret for secret in secrets if secret not in kept]):
        other = found.get(copy.label)
        if other is not None:
            copy = other._replace(
                number=other.number + copy.number, spots=(*other.spots, *copy.spots)[:SHOWN]
            )
        found[copy.label] = copy
    labels = dict.fromkeys(secret.label for secret in secrets)
    return [found[label] for label in labels if label in found]


def _copies_in_files(store: CriuStore, secrets: Sequence[Secret]) -> list[Copy]:
    """Removed strings that stand in image files outside of what is memory or contents: names, settings."""
    found = []
    parts = [part for part in store.directory.parts.values() if part.stem not in _CONTENTS]
    for secret in secrets:
        spots: list[Spot] = []
        count = 0
        for part in parts:
            for _, hit in find_all([(0, part.view)], [secret.value]):
                if hit is not None:
                    count += 1
                    if len(spots) < SHOWN:
                        spots.append(Spot(None, hit[1], escape(part.name)))
        if count:
            found.append(Copy(secret.label, len(secret.value), count, tuple(spots)))
    return found
