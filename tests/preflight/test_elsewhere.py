"""On another machine, in another boot, below another root: what is known there, and what is said of it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.errors import FileError
from crimg.model import File
from crimg.preflight import check
from crimg.preflight.verdicts import BY_BUILD_ID, BY_DIGEST, BY_INODE, BY_SIZE_AND_MTIME, BY_SNAPSHOT, BY_TYPE
from crimg.rewrite.rules import PathRules, parse_rule
from tests.dump.dumps import image_of
from tests.dump.programs import Agent
from tests.kernel.forked import in_child, mount, needs_root, private_mounts
from tests.kernel.name_cases import make_file_system, skip_unless_possible
from tests.preflight.altered import of_another_boot, of_another_machine
from tests.preflight.cases import libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crimg.model.image import Image
    from crimg.preflight import Verdict

CODE = """
import ctypes, os
opened = [open(name, "a+") for name in ("log", "data")]
for file in opened:
    file.write("some text")
    file.flush()
library = ctypes.CDLL(os.path.abspath("library.so"))
"""


@contextmanager
def dumped(top: Path, *, digest: bool = False) -> Iterator[Image]:
    """An image of a process in `top`/work; the process is gone."""
    work = top / "work"
    work.mkdir(exist_ok=True)
    shutil.copy2(libraries()[0], work / "library.so")
    run = top / f"run{len(list(top.glob('run*')))}"
    with Agent(CODE, run, cwd=work) as agent:
        image = image_of(agent.pid, run / "image", digest=digest)
    with image:
        yield image


def of(found: list[Verdict], name: str) -> Verdict:
    return next(verdict for verdict in found if os.path.basename(verdict.path) == name.encode())


def copied_by_cp(top: Path) -> None:
    subprocess.run(["cp", "-a", top / "work", top / "copy"], check=True)


def copied_by_tar(top: Path) -> None:
    """In the old format of GNU tar, which keeps whole seconds."""
    (top / "copy").mkdir()
    subprocess.run(["tar", "--format=gnu", "-C", top / "work", "-cf", top / "tar", "."], check=True)
    subprocess.run(["tar", "-C", top / "copy", "-xpf", top / "tar"], check=True)


@pytest.mark.parametrize("copy", [copied_by_cp, copied_by_tar])
def test_copies_on_another_machine(tmp_path: Path, copy: Callable[[Path], None]) -> None:
    with dumped(tmp_path) as image:
        copy(tmp_path)
        shutil.rmtree(tmp_path / "work")
        (tmp_path / "copy").rename(tmp_path / "work")
        found = check(of_another_machine(image))
        assert {of(found, name).verdict for name in ("log", "data", "library.so", "work")} == {"same"}
        assert of(found, "log").basis == BY_SIZE_AND_MTIME
        assert of(found, "library.so").basis == BY_BUILD_ID
        assert of(found, "work").basis == BY_TYPE
        for verdict in found:
            unknown = {one.name for one in verdict.evidence if one.agrees is None}
            assert verdict.basis == BY_INODE or {"inode"} <= unknown


def test_a_copy_with_other_times(tmp_path: Path) -> None:
    """Nothing recorded tells a copy without its times from a file that was rewritten."""
    with dumped(tmp_path) as image:
        for name in ("data", "library.so"):
            os.utime(tmp_path / "work" / name, (1, 1))
        found = check(of_another_machine(image))
        assert (of(found, "data").verdict, of(found, "data").details) == (
            "changed",
            ("rewritten or touched",),
        )
        assert (of(found, "library.so").verdict, of(found, "library.so").basis) == ("same", BY_BUILD_ID)


def test_digests_on_another_machine(tmp_path: Path) -> None:
    with dumped(tmp_path, digest=True) as image:
        os.utime(tmp_path / "work/data", (1, 1))
        status = (tmp_path / "work/log").stat()
        (tmp_path / "work/log").write_text("SOME TEXT")
        os.utime(tmp_path / "work/log", ns=(status.st_atime_ns, status.st_mtime_ns))
        found = check(of_another_machine(image))
        assert (of(found, "data").verdict, of(found, "data").basis) == ("same", BY_DIGEST)
        assert (of(found, "log").verdict, of(found, "log").details) == ("changed", ("rewritten",))


def test_another_build_on_another_machine(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        shutil.copy2(libraries()[1], tmp_path / "work/library.so")
        found = of(check(of_another_machine(image)), "library.so")
        assert (found.verdict, found.details, found.basis) == ("replaced", ("another build",), BY_BUILD_ID)
        assert "other code" in found.restart


def test_grown_on_another_machine(tmp_path: Path) -> None:
    with dumped(tmp_path, digest=True) as image:
        with (tmp_path / "work/log").open("a") as file:
            file.write("!")
        found = of(check(of_another_machine(image)), "log")
        assert (found.verdict, found.details) == ("changed", ("grown", "what it had is intact"))


def test_in_another_boot_a_file_system_is_known_by_its_id(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        status = (tmp_path / "work/log").stat()
        (tmp_path / "work/new").write_text("SOME TEXT")
        os.utime(tmp_path / "work/new", ns=(status.st_atime_ns, status.st_mtime_ns))
        (tmp_path / "work/new").rename(tmp_path / "work/log")
        found = check(of_another_boot(image))
        if of(found, "data").basis != BY_INODE:
            pytest.skip("the file system of the temporary directory has no lasting id")
        assert of(found, "log").verdict == "replaced"
        assert of(found, "data").verdict == of(found, "library.so").verdict == "same"


def test_below_another_root(tmp_path: Path) -> None:
    """Absolute links inside the root stay inside; names are looked up there, and found there."""
    with dumped(tmp_path) as image:
        root = tmp_path / "root"
        inside = root / str(tmp_path).lstrip("/")
        inside.mkdir(parents=True)
        shutil.copytree(tmp_path / "work", inside / "real", copy_function=shutil.copy2)
        (inside / "work").symlink_to(tmp_path / "real")
        found = check(image, root=root)
        by_way = "by way of a symbolic link"
        for name, basis in (("log", BY_SIZE_AND_MTIME), ("library.so", BY_BUILD_ID)):
            verdict = of(found, name)
            assert (verdict.verdict, verdict.basis, verdict.details) == ("same", basis, (by_way,))
            assert {"device", "inode"} <= {one.name for one in verdict.evidence if one.agrees is None}
        top = next(v for v in found if v.path == b"/")
        assert (top.verdict, top.basis, top.looked_at) == ("same", BY_TYPE, b"/")
    with crimg.open(tmp_path / "run0/image") as image:
        found = check(of_another_machine(image), root=root)
        assert (of(found, "data").verdict, of(found, "data").details) == ("same", (by_way,))
        assert of(found, "libc.so.6").verdict == "missing"


@needs_root
def test_below_a_root_that_has_the_very_files(tmp_path: Path) -> None:
    """Mounted a second time they are no copies: another inode is another file, however it looks."""

    def work() -> list[tuple[str, tuple[str, ...], str]]:
        private_mounts()
        with dumped(tmp_path) as image:
            root = tmp_path / "root"
            root.mkdir()
            subprocess.run(["mount", "--bind", "/", root], check=True)
            shutil.copy2(tmp_path / "work/data", tmp_path / "work/new")
            (tmp_path / "work/new").rename(tmp_path / "work/data")
            found = check(image, root=root)
            names = ("log", "library.so", "data", "work")
            return [(one.verdict, one.details, one.basis) for one in (of(found, name) for name in names)]

    *same, replaced = in_child(work)[:3]
    assert same == [("same", (), BY_INODE)] * 2
    assert replaced == ("replaced", ("another file",), BY_INODE)


def snapshot_of_btrfs(top: Path, files: Path) -> Path:
    subprocess.run(["btrfs", "-q", "subvolume", "snapshot", files, top / "mounted/snapshot"], check=True)
    return top / "mounted/snapshot"


def overlay_of_tmpfs(top: Path, files: Path) -> Path:
    for name in ("upper", "inner", "merged"):
        (files.parent / name).mkdir()
    upper, inner, merged = (files.parent / name for name in ("upper", "inner", "merged"))
    mount("o", merged, "overlay", f"lowerdir={files},upperdir={upper},workdir={inner}")
    return merged


@pytest.mark.parametrize(
    ("kind", "taken"), [("btrfs subvolume", snapshot_of_btrfs), ("tmpfs", overlay_of_tmpfs)]
)
def test_below_a_snapshot(kind: str, taken: Callable[[Path, Path], Path], tmp_path: Path) -> None:
    """Its inodes have a device of their own, and number and times of those of then."""
    skip_unless_possible(kind)

    def work() -> list[tuple[str, tuple[str, ...], str]]:
        private_mounts()
        files = make_file_system(kind, tmp_path)
        if kind == "tmpfs":
            files = files / "files"
            files.mkdir()
        code = f"opened = [open({str(files)!r} + '/' + name, 'a') for name in 'ab']; opened[0].write('text')"
        image = image_of_code(code, tmp_path)
        root = tmp_path / "root"
        (root / str(files).lstrip("/")).mkdir(parents=True)
        there = taken(tmp_path, files)
        subprocess.run(["mount", "--bind", there, root / str(files).lstrip("/")], check=True)
        with (there / "b").open("a") as file:
            file.write("grown in the snapshot")
        found = check(image, root=root)
        return [(one.verdict, one.details, one.basis) for one in (of(found, "a"), of(found, "b"))]

    untouched, grown = in_child(work)
    assert untouched == ("same", (), BY_SNAPSHOT)
    assert grown[:2] == ("changed", ("grown",))


def image_of_code(code: str, top: Path) -> Image:
    with Agent(code, top / "agent") as agent:
        return image_of(agent.pid, top / "saved")


def test_commands_below_another_root_name_its_files(tmp_path: Path) -> None:
    """Run as they are, they change nothing of this machine; --map keeps the paths of the image."""
    with dumped(tmp_path) as image:
        root = tmp_path / "a root"
        inside = root / str(tmp_path).lstrip("/")
        inside.mkdir(parents=True)
        shutil.copytree(tmp_path / "work", inside / "work", copy_function=shutil.copy2)
        with (inside / "work/log").open("a") as file:
            file.write(" and more")
        (inside / "work/data").chmod(0o600)
        (tmp_path / "work/data").chmod(0o604)
        (inside / "work/library.so").unlink()
        found = check(of_another_machine(image), root=root)
        for name, action in (("log", "truncate -s 9"), ("data", "chmod 0"), ("library.so", "bring back")):
            texts = [one.text for one in of(found, name).remedies if one.text.startswith(action)]
            assert len(texts) == 1
            assert shlex.split(texts[0].replace(",", " "), comments=True).count(f"{inside}/work/{name}") == 1
        commands = [one.text for verdict in found for one in verdict.remedies if one.action == "repair"]
        assert all(f"'{root}/" in text for text in commands)
        for text in (text for text in commands if text.startswith(("truncate", "chmod"))):
            subprocess.run(["bash", "-c", text], check=True)
        assert (inside / "work/log").stat().st_size == 9
        assert (inside / "work/data").stat().st_mode & 0o777 != 0o600
        assert (tmp_path / "work/data").stat().st_mode & 0o777 == 0o604, "that of this machine"


def test_no_command_that_a_link_leads_out_of_the_root(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        root = tmp_path / "root"
        inside = root / str(tmp_path).lstrip("/")
        inside.mkdir(parents=True)
        shutil.copytree(tmp_path / "work", inside / "real", copy_function=shutil.copy2)
        (inside / "work").symlink_to(tmp_path / "real")
        (inside / "real/data").chmod(0o600)
        found = of(check(of_another_machine(image), root=root), "data")
        assert found.details[0] == "permissions"
        assert "repair" not in {one.action for one in found.remedies}


def test_a_file_that_went_to_another_directory_is_not_explained_by_the_rule(tmp_path: Path) -> None:
    """Its ctime may be that of the rename or that of a write; a new name of its own is said, at least."""
    with dumped(tmp_path) as image:
        work, other = tmp_path / "work", tmp_path / "other"
        other.mkdir()
        for name, new in (("log", "log"), ("data", "data.old")):
            status = (work / name).stat()
            (work / name).write_text("SOME TEXT")
            os.utime(work / name, ns=(status.st_atime_ns, status.st_mtime_ns))
            (work / name).rename(other / new)
        rules = PathRules(
            [parse_rule(f"{work}/log={other}/log"), parse_rule(f"{work}/data={other}/data.old")]
        )
        found = check(image, rules=rules)
        assert (of(found, "log").verdict, of(found, "log").details) == ("changed", ("ctime alone",))
        assert of(found, "data").details == (
            "ctime alone",
            "its rename can explain it; contents not verified",
        )


def test_a_root_that_is_none(tmp_path: Path) -> None:
    with dumped(tmp_path) as image, pytest.raises(FileError, match="No such file"):
        check(image, root=tmp_path / "none")


def test_with_rules(tmp_path: Path) -> None:
    with dumped(tmp_path) as image:
        (tmp_path / "work").rename(tmp_path / "elsewhere")
        plain = check(image)
        assert {of(plain, name).verdict for name in ("log", "data", "library.so", "work")} == {"moved"}
        texts = {remedy.text for verdict in plain for remedy in verdict.remedies}
        assert texts == {f"--map {tmp_path}/work={tmp_path}/elsewhere"}
        rules = PathRules([parse_rule(text.removeprefix("--map ")) for text in texts])
        mapped = check(image, rules=rules)
        assert {verdict.verdict for verdict in mapped} == {"same"}
        assert of(mapped, "log").looked_at == os.fsencode(tmp_path / "elsewhere/log")
        assert [row.path for row in image.rows(File)] == [verdict.path for verdict in mapped]
        wrong = check(image, rules=PathRules([parse_rule(f"{tmp_path}/work/log={tmp_path}/elsewhere/data")]))
        assert of(wrong, "log").verdict == "replaced"
        assert of(wrong, "log").found == os.fsencode(tmp_path / "elsewhere/log")


def test_the_image_and_the_files_are_not_touched(tmp_path: Path) -> None:
    def state() -> dict[str, tuple[int, ...]]:
        return {
            os.fspath(path): (path.stat().st_mtime_ns, path.stat().st_ctime_ns, path.stat().st_size)
            for path in tmp_path.rglob("*")
        }

    with dumped(tmp_path, digest=True) as image:
        before = state()
        check(image, digests=True)
        assert state() == before
