"""Looking for moved files in a large tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import samples
from tests.bench.install import scripts
from tests.bench.measure import alternate, usage
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bench.settings import Settings

TITLE = "Searching"
_IN_ONE_DIRECTORY = 200
_NOT_FOUND = 1
_WALK = """
import os, sys
pending, sizes = [sys.argv[1]], set()
while pending:
    with os.scandir(pending.pop()) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                sizes.add(entry.stat(follow_symlinks=False).st_size)
"""


def make_tree(folder: Path, count: int) -> Path:
    """A tree of so many small files, none of a size that is looked for."""
    tree = folder / "many-files"
    for number in range(count):
        directory = tree / f"{number // 10_000}" / f"{number // _IN_ONE_DIRECTORY}"
        if number % _IN_ONE_DIRECTORY == 0:
            directory.mkdir(parents=True)
        (directory / f"file-{number}").write_bytes(b"x" * (number % 5))
    return tree


def rows(settings: Settings) -> Iterator[Row]:
    """`crimg relocate`, which finds nothing and so goes through all of it by number and by size."""
    python, crimg, how = scripts(settings.folder)
    image = settings.folder / "lost.crimg"
    image.write_bytes(samples.small_image())
    tree = make_tree(settings.folder, settings.tree)
    searched, walked, found = alternate(
        settings.rounds,
        lambda: usage([crimg, "-q", "relocate", image, tree], good=_NOT_FOUND).cpu,
        lambda: usage([python, "-c", _WALK, tree]).cpu,
        lambda: usage(["find", tree, "-type", "f", "-size", "+1k"]).cpu,
    )
    what = f"`crimg relocate` in {settings.tree:,} files, CPU s"
    yield Row(what, searched, at_most=5, note=f"crimg {how}")
    yield Row(what, searched, "`os.scandir` and `stat`", walked, note="of each file, once")
    yield Row(what, searched, "`find -size`", found)
