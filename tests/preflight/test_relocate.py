"""Files that were moved, found in trees: what is proposed is exact, and nothing is guessed."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from crimg.errors import FileError, UsageError
from crimg.looking.looker import Looker
from crimg.preflight import check, relocate
from crimg.rewrite.rules import PathRules
from tests.dump.dumps import image_of
from tests.dump.programs import Agent
from tests.kernel.forked import in_child, mount, needs_root, private_mounts
from tests.preflight.altered import of_another_machine
from tests.preflight.cases import libraries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crimg.looking.sightings import Contents
    from crimg.model.image import Image
    from crimg.preflight import Relocation

CODE = """
import os
os.makedirs("app/db")
os.makedirs("app/log")
opened = []
for name in ("app/db/base", "app/db/wal", "app/log/out", "app/config", "stays"):
    file = open(name, "w")
    file.write("this is " + name)
    file.flush()
    opened.append(file)
os.chdir("app")
"""


@contextmanager
def dumped(top: Path, code: str = CODE, *, digest: bool = False) -> Iterator[Image]:
    """An image of a process that has run `code` in `top`/work, and is gone."""
    (top / "work").mkdir(exist_ok=True)
    with Agent(code, top / "agent", cwd=top / "work") as agent:
        image = image_of(agent.pid, top / "image", digest=digest)
    time.sleep(0.02)
    with image:
        yield image


def texts(found: Relocation, top: Path) -> list[str]:
    """The rules, relative to `top`."""
    start = len(os.fsencode(top)) + 1
    return [f"{os.fsdecode(rule.old[start:])}={os.fsdecode(rule.new[start:])}" for rule in found.rules]


def fine_with(image: Image, found: Relocation) -> bool:
    """Whether every file is as it was once the paths are rewritten."""
    return all(verdict.fine for verdict in check(image, rules=PathRules(found.rules)))


def test_a_directory(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        (tmp_path / "work/app").rename(tmp_path / "work/new")
        found = relocate(image, [tmp_path / "work"])
        assert texts(found, tmp_path) == ["work/app=work/new"]
        assert {move.basis for move in found.moves} == {"inode"}
        assert len(found.moves) == 5
        assert found.complete
        assert fine_with(image, found)


def test_nothing_has_moved(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        found = relocate(image, [tmp_path])
        assert (found.rules, found.moves, found.ambiguous, found.missing) == ((), (), (), ())
        assert found.complete


def test_a_part_of_a_directory(tmp_path: Path) -> None:
    """What has stayed is not touched by the rule for what has gone."""
    with dumped(tmp_path) as image:
        (tmp_path / "work/app/db").rename(tmp_path / "db")
        (tmp_path / "work/app/config").rename(tmp_path / "work/app/config.old")
        found = relocate(image, [tmp_path])
        assert texts(found, tmp_path) == ["work/app/config=work/app/config.old", "work/app/db=db"]
        assert fine_with(image, found)


def test_a_name_that_another_file_has_taken(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        (tmp_path / "work/app").rename(tmp_path / "work/app.old")
        shutil.copytree(tmp_path / "work/app.old", tmp_path / "work/app", copy_function=shutil.copy2)
        found = relocate(image, [tmp_path / "work"])
        assert texts(found, tmp_path) == ["work/app=work/app.old"]
        assert fine_with(image, found)


def elsewhere(tmp_path: Path) -> Path:
    """The files of the process copied, and gone where they were."""
    shutil.copytree(tmp_path / "work/app", tmp_path / "copy/deep/app", copy_function=shutil.copy2)
    shutil.rmtree(tmp_path / "work/app")
    return tmp_path / "copy"


@pytest.mark.parametrize("digest", [False, True])
def test_copies_on_another_machine(tmp_path: Path, digest: bool) -> None:
    with dumped(tmp_path, digest=digest) as image:
        place = elsewhere(tmp_path)
        of_another_machine(image)
        found = relocate(image, [place])
        assert texts(found, tmp_path) == ["work/app=copy/deep/app"]
        assert {move.basis for move in found.moves} == {"digest" if digest else "name, size and mtime"}
        (directory,) = found.missing  # a directory has no contents to know it by
        assert (os.path.basename(directory.old), directory.fits) == (b"app", True)
        assert directory.led_to == os.fsencode(place / "deep/app")
        assert found.complete
        assert fine_with(image, found)


def test_a_program_is_known_by_its_build(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    shutil.copy2(libraries()[0], tmp_path / "work/library.so")
    code = "import ctypes, os; library = ctypes.CDLL(os.path.abspath('library.so'))"
    with dumped(tmp_path, code) as image:
        (tmp_path / "lib").mkdir()
        (tmp_path / "work/library.so").rename(tmp_path / "lib/library.so.1")
        shutil.copyfile(tmp_path / "lib/library.so.1", tmp_path / "lib/same.so")  # an inode of its own
        (tmp_path / "lib/library.so.1").unlink()
        (tmp_path / "lib/other").write_bytes(b"\0" * (tmp_path / "lib/same.so").stat().st_size)
        found = relocate(of_another_machine(image), [tmp_path / "lib"])
        assert [(move.new, move.basis) for move in found.moves] == [
            (os.fsencode(tmp_path / "lib/same.so"), "build-id")
        ]


def test_what_could_be_several_files_is_listed_and_not_chosen(tmp_path: Path) -> None:
    with dumped(tmp_path, digest=True) as image:
        place = elsewhere(tmp_path)
        shutil.copy2(place / "deep/app/config", place / "config.bak")
        found = relocate(of_another_machine(image), [place])
        (one,) = found.ambiguous
        assert one.old == os.fsencode(tmp_path / "work/app/config")
        assert one.candidates == (
            os.fsencode(place / "config.bak"),
            os.fsencode(place / "deep/app/config"),
        )
        assert one.basis == "digest"
        assert one.old not in {move.old for move in found.moves}
        assert (one.led_to, one.fits) == (os.fsencode(place / "deep/app/config"), True)


def test_size_and_mtime_under_another_name_make_no_rule(tmp_path: Path) -> None:
    code = "f = open('one', 'w'); f.write('text'); f.flush()"
    with dumped(tmp_path, code) as image:
        (tmp_path / "tree").mkdir()
        shutil.copy2(tmp_path / "work/one", tmp_path / "tree/other")
        (tmp_path / "work/one").unlink()
        found = relocate(of_another_machine(image), [tmp_path / "tree"])
        (one,) = found.ambiguous
        assert (one.candidates, one.basis) == ((os.fsencode(tmp_path / "tree/other"),), "size and mtime")
        assert (found.rules, found.moves, found.complete) == ((), (), False)


def test_an_ambiguity_that_no_rule_settles(tmp_path: Path) -> None:
    code = "f = open('one', 'w'); f.write('text'); f.flush()"
    with dumped(tmp_path, code, digest=True) as image:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            shutil.copy2(tmp_path / "work/one", tmp_path / name / "one")
        (tmp_path / "work/one").unlink()
        found = relocate(of_another_machine(image), [tmp_path / "a", tmp_path / "b"])
        (one,) = found.ambiguous
        assert (len(one.candidates), one.led_to, one.fits) == (2, None, False)
        assert not found.complete
        assert found.rules == ()


def test_two_files_are_never_sent_to_one_place(tmp_path: Path) -> None:
    """Equal files, of which one copy is left: which of them it is cannot be told."""
    code = "a = open('one', 'w'); b = open('two', 'w'); [(f.write('text'), f.flush()) for f in (a, b)]"
    with dumped(tmp_path, code, digest=True) as image:
        (tmp_path / "left").mkdir()
        (tmp_path / "work/one").rename(tmp_path / "left/three")
        shutil.rmtree(tmp_path / "work")
        found = relocate(of_another_machine(image), [tmp_path / "left"])
        assert found.rules == ()
        assert [one.candidates for one in found.ambiguous] == [(os.fsencode(tmp_path / "left/three"),)] * 2
        assert not found.complete


def test_other_names_of_the_same_inode(tmp_path: Path) -> None:
    """Any of them leads to the right file; that which is most like the old one is taken."""
    with dumped(tmp_path, "import os; os.mkdir('d'); f = open('d/file', 'w')") as image:
        for name in ("x", "y/d", "z"):
            (tmp_path / name).mkdir(parents=True)
            os.link(tmp_path / "work/d/file", tmp_path / name / "file")
        (tmp_path / "work/d/file").unlink()
        found = relocate(image, [tmp_path / "x", tmp_path / "y", tmp_path / "z"])
        assert [move.new for move in found.moves] == [os.fsencode(tmp_path / "y/d/file")]
        found = relocate(image, [tmp_path / "x", tmp_path / "z"])
        assert found.moves == ()
        assert len(found.ambiguous[0].candidates) == 2


def test_what_is_not_found_is_said_why(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        (tmp_path / "tree").mkdir()
        (tmp_path / "tree/same size").write_text("THIS IS app/db/wal")
        (tmp_path / "work/app/db/wal").unlink()
        (tmp_path / "work/app/log/out").unlink()
        found = relocate(image, [tmp_path / "tree"])
        assert {os.path.basename(one.old): one.reason for one in found.missing} == {
            b"wal": "1 file of 18 bytes, none with its mtime",
            b"out": "no file of 19 bytes in these directories",
        }
        assert not found.complete


def test_only_files_of_equal_size_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    plain = Looker.read

    def noted(self: Looker, path: bytes, *arguments: object) -> Contents:
        if path.startswith(os.fsencode(tmp_path / "tree")):
            read.append(os.path.basename(path))
        return plain(self, path, *arguments)  # type: ignore[arg-type]

    with dumped(tmp_path, "f = open('file', 'w'); f.write('text'); f.flush()", digest=True) as image:
        (tmp_path / "tree").mkdir()
        for number in range(20):
            (tmp_path / f"tree/{number}").write_text("t" * number)
        (tmp_path / "work/file").rename(tmp_path / "tree/file")
        monkeypatch.setattr(Looker, "read", noted)
        found = relocate(of_another_machine(image), [tmp_path / "tree"], timeout=None)
        assert sorted(read) == [b"4", b"file"]
        assert [move.new for move in found.moves] == [os.fsencode(tmp_path / "tree/file")]


def test_links_are_not_followed_and_trees_are_gone_through_once(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        (tmp_path / "work/app").rename(tmp_path / "new")
        (tmp_path / "tree/inner").mkdir(parents=True)
        (tmp_path / "tree/link").symlink_to(tmp_path / "new")
        (tmp_path / "tree/loop").symlink_to(tmp_path / "tree")
        (tmp_path / "alias").symlink_to(tmp_path / "tree")
        os.mkfifo(tmp_path / "tree/fifo")
        found = relocate(image, [tmp_path / "tree", tmp_path / "tree/inner", tmp_path / "alias"])
        assert found.entries == 4, "inner, link, loop, fifo"
        assert {os.path.basename(move.new) for move in found.moves} >= {b"base", b"wal"}


def test_a_directory_that_cannot_be_searched(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        with pytest.raises(FileError, match="none: No such file"):
            relocate(image, [tmp_path / "none"])
        (tmp_path / "file").touch()
        with pytest.raises(FileError, match="file: Not a directory"):
            relocate(image, [tmp_path / "file"])
        (tmp_path / "root").mkdir()
        with pytest.raises(UsageError, match="is not inside"):
            relocate(image, [tmp_path / "work"], root=tmp_path / "root")


def test_below_another_root(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        root = tmp_path / "root"
        (root / "srv").mkdir(parents=True)
        (tmp_path / "work/app").rename(root / "srv/app")
        found = relocate(image, [root / "srv"], root=root)
        rules = PathRules(found.rules)
        assert rules.apply(os.fsencode(tmp_path / "work/app/db/wal")) == b"/srv/app/db/wal"
        assert len(found.moves) == 5


def test_no_file_is_led_to_another_one(tmp_path: Path) -> None:
    """What was not found is not sent where something else is, though it lay in the directory that moved."""
    with dumped(tmp_path) as image:
        (tmp_path / "work/app/config").unlink()
        (tmp_path / "work/app").rename(tmp_path / "new")
        (tmp_path / "new/config").write_text("something else")
        found = relocate(image, [tmp_path])
        assert texts(found, tmp_path) == ["work/app=new", "work/app/config=work/app/config"]
        assert [os.path.basename(one.old) for one in found.missing] == [b"config"]
        assert not found.complete
        again = {one.path: one.verdict for one in check(image, rules=PathRules(found.rules))}
        assert again[os.fsencode(tmp_path / "work/app/config")] == "missing"
        plain = next(one for one in check(image) if one.path.endswith(b"/wal"))
        assert plain.remedies[0].text == f"--map {tmp_path}/work/app={tmp_path}/new"


def test_a_directory_that_is_gone_is_not_taken_for_one_that_was_always_there(tmp_path: Path) -> None:
    code = (
        "import os\nos.makedirs('x/lib')\nos.makedirs('x/bin')\n"
        "a = open('x/lib/a.so', 'w')\nb = open('x/bin/tool', 'w')"
    )
    with dumped(tmp_path, code) as image:
        for name in ("lib", "bin"):
            (tmp_path / "usr" / name).mkdir(parents=True)
        (tmp_path / "usr/bin/tool").write_text("another tool")
        (tmp_path / "work/x/lib/a.so").rename(tmp_path / "usr/lib/a.so")
        shutil.rmtree(tmp_path / "work/x")
        found = relocate(image, [tmp_path / "usr"])
        assert texts(found, tmp_path) == ["work/x/lib=usr/lib"]


@needs_root
def test_mounts_that_keep_no_files_are_left_out(tmp_path: Path) -> None:
    def work() -> tuple[dict[bytes, str], list[str]]:
        private_mounts()
        tree = tmp_path / "tree"
        (tree / "proc").mkdir(parents=True)
        (tree / "disk").mkdir()
        mount("proc", tree / "proc", "proc")
        mount("disk", tree / "disk", "tmpfs")
        with dumped(tmp_path) as image:
            subprocess.run(["cp", "-a", tmp_path / "work/app", tree / "disk/app"], check=True)
            shutil.rmtree(tmp_path / "work/app")
            found = relocate(image, [tree])
        return found.skipped, texts(found, tmp_path)

    skipped, rules = in_child(work)
    assert skipped == {os.fsencode(tmp_path / "tree/proc"): "proc keeps no files"}
    assert rules == ["work/app=tree/disk/app"]


@pytest.mark.parametrize("seed", range(6))
def test_random_moves(tmp_path: Path, seed: int) -> None:
    """Whatever was renamed to wherever: the rules lead every file to the inode it was."""
    chooser = random.Random(seed)
    names = [f"{chooser.choice('abc')}/{chooser.choice('abc')}/{number}" for number in range(24)]
    code = (
        "import os\nopened = []\n"
        f"for name in {names!r}:\n"
        "    os.makedirs(os.path.dirname(name), exist_ok=True)\n"
        "    opened.append(open(name, 'w'))\n"
    )
    with dumped(tmp_path, code) as image:
        work = tmp_path / "work"
        inodes = {name: (work / name).stat().st_ino for name in names}
        for step in range(12):
            everything = sorted(work.rglob("*"))
            source = chooser.choice(everything)
            directories = [work, *(path for path in everything if path.is_dir())]
            target = chooser.choice(directories) / chooser.choice([source.name, f"new{step}", "a", "0"])
            if not os.path.lexists(target) and source not in target.parents:
                source.rename(target)
        found = relocate(image, [work])
        rules = PathRules(found.rules)
        for name, number in inodes.items():
            assert os.stat(rules.apply(os.fsencode(work / name))).st_ino == number
        assert found.complete
        for one in check(image, rules=rules):
            # A file that went to another directory under the name it had has another ctime.
            assert one.fine or (one.verdict, one.details) == ("changed", ("ctime alone",))
