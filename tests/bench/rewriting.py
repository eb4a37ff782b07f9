"""Rewriting and comparing: one path of a very large image, very many paths, two images with large tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from crimg.model import File
from crimg.reader import open_image
from crimg.writer.revise import append_revision, undo
from tests.bench.install import scripts
from tests.bench.loading import write_large_tables
from tests.bench.measure import Series, alternate, usage
from tests.bench.table import Row
from tests.many_files import write_many_files
from tests.unit.sparse import write_sparse_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.settings import Settings

TITLE = "Rewriting"
_ROOT = Path(__file__).parents[2]
_LARGE = 4 << 30
_RULES = 1000
_OLD, _NEW = "/usr/bin/counter", "/opt/counter"

_PROGRAM = """
import json, sys, time
path, rules = sys.argv[1:3]
from crimg.format import container
from crimg.reader import open_image
from crimg.rewrite import Rule, apply, plan
from crimg.rewrite import applying, planning
def count():
    lines = dict(line.split(":", 1) for line in open("/proc/self/io"))
    return int(lines["rchar"]), int(lines["wchar"])
def reference():
    started, made = time.process_time(), {}
    for number in range(400_000):
        made[b"%d" % number] = (number, str(number))
    return time.process_time() - started
"""
_ONE_PATH = f"""
before, cpu, wall = count(), time.process_time(), time.perf_counter()
with open_image(path) as image:
    apply(plan(image, [Rule("exact", b"{_OLD}", b"{_NEW}")]), path, image=image, force=True)
    index = image.store.trailer
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
moved = [after - earlier for earlier, after in zip(before, count())]
started = time.perf_counter()
with open(path, "rb") as file:
    file.seek(index.ofs_index)
    file.read(index.len_index)
bare = time.perf_counter() - started
print(json.dumps({{"cpu": cpu, "wall": wall, "read": moved[0], "written": moved[1], "bare": bare}}))
"""
_MANY_PATHS = """
with open_image(path) as image:
    image.kinds()
    started = time.process_time()
    made = plan(image, [Rule("prefix", b"/d%d" % n, b"/new/%d" % n) for n in range(int(rules))])
    apply(made, path, image=image)
    spent = time.process_time() - started
print(json.dumps({"cpu": spent, "reference": reference(), "changes": len(made.changes)}))
"""


def run(code: str, path: Path) -> dict[str, float]:
    """What code prints in an interpreter of its own, which has imported what it needs."""
    words = [sys.executable, "-c", _PROGRAM + code, str(path), str(_RULES)]
    done = subprocess.run(words, cwd=_ROOT, check=True, stdout=subprocess.PIPE)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def rows(settings: Settings) -> Iterator[Row]:
    """In-place rewriting, planning, comparing."""
    yield from _one_path(settings)
    yield from _many_paths(settings)
    yield from _comparing(settings)


def _one_path(settings: Settings) -> Iterator[Row]:
    """One path in place. The image is sparse, and not sound but for its pages: hence --force."""
    large = settings.folder / "rewritten.crimg"
    write_sparse_image(large, _LARGE)
    python, crimg, how = scripts(settings.folder)
    figures: list[dict[str, float]] = []

    def in_library() -> float:
        figures.append(run(_ONE_PATH, large))
        undo(large)
        return figures[-1]["wall"]

    def by_command() -> float:
        taken = usage([crimg, "rewrite", large, "--exact", f"{_OLD}={_NEW}", "--force"]).wall
        undo(large)
        return taken

    library, command, nothing = (
        series.times(1000)
        for series in alternate(
            settings.rounds, in_library, by_command, lambda: usage([python, "-c", "pass"]).wall
        )
    )
    counted = figures[1:]
    what = f"rewrite one path in an image of {_LARGE >> 30} GiB"
    by_hand = f"`crimg rewrite` of one path in {_LARGE >> 30} GiB, wall ms"
    yield Row(by_hand, command, "`python -c pass`", nothing, note=f"crimg {how}")
    yield Row(f"{what}, wall ms", library, at_most=200, note="from opening to the last fdatasync")
    bare = Series(each["bare"] * 1000 for each in counted)
    yield Row(f"{what}, wall ms", library, "a bare read of its index", bare)
    for key in ("read", "written"):
        amount = Series(each[key] / 1024 for each in counted)
        yield Row(f"{what}, KiB {key}", amount, at_most=1024, note="with the index, 50 KiB, and the tables")
    large.unlink()


def _many_paths(settings: Settings) -> Iterator[Row]:
    path = settings.folder / "many.crimg"
    write_many_files(path, settings.rows, _RULES)
    loops: list[float] = []

    def work() -> float:
        figures = run(_MANY_PATHS, path)
        undo(path)
        loops.append(figures["reference"])
        return figures["cpu"]

    (spent,) = alternate(settings.rounds, work)
    what = f"plan and apply {_RULES:,} rules to {settings.rows:,} files, CPU s"
    yield Row(what, spent, at_most=2, note="check for soundness included")
    yield Row(what, spent, "a loop of 400,000 small objects", Series(loops[1:]), at_most=9)
    path.unlink()


def _comparing(settings: Settings) -> Iterator[Row]:
    one, other = settings.folder / "one.crimg", settings.folder / "other.crimg"
    for path in (one, other):
        write_large_tables(path, settings.rows)
    with open_image(other) as image:
        changed = [row.replace(path=b"/moved" + row.path) for row in image.rows(File)]
        append_revision(other, changed, fingerprint=image.fingerprint)
    _, crimg, _ = scripts(settings.folder)

    def inspect() -> float:
        return sum(usage([crimg, "inspect", "--fds", "--memory", path]).cpu for path in (one, other))

    def diff() -> float:
        return usage(["sh", "-c", '"$0" diff "$1" "$2"; test $? = 1', str(crimg), one, other]).cpu

    compared, inspected = alternate(settings.rounds, diff, inspect)
    what = f"`crimg diff` of two images with {settings.rows:,} vmas and fds each, CPU s"
    yield Row(what, compared, "two of `crimg inspect`", inspected, at_most=1.5)
    for path in (one, other):
        path.unlink()
