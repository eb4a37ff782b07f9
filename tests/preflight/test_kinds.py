"""What is no linked regular file: deleted ones and their keepers, pipes, devices, directories, FIFOs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from crimg.model import File, Inode, Pipe
from crimg.model.enums import Keeper
from crimg.preflight import check
from tests.dump.dumps import image_of
from tests.dump.programs import Agent
from tests.kernel.forked import become_nobody, in_child, mount, needs_root, private_mounts
from tests.preflight.altered import altered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crimg.model.image import Image
    from crimg.preflight import Verdict


def image_from(
    top: Path, code: str, *, digest: bool = False, after: Callable[[], None] | None = None
) -> Image:
    """An image of a process that has run `code` in `top`/work; the process is gone."""
    (top / "work").mkdir()
    with Agent(code, top / "agent", cwd=top / "work") as agent:
        image = image_of(agent.pid, top / "image", digest=digest)
    time.sleep(0.02)
    return image


def of(image: Image, name: str, **options: object) -> Verdict:
    found = check(image, **options)  # type: ignore[arg-type]
    return next(verdict for verdict in found if os.path.basename(verdict.path) == name.encode())


DELETED = "import os; f = open('gone', 'w+'); f.write('contents'); f.flush(); os.unlink('gone')"


def test_deleted_and_kept_in_the_image(tmp_path: Path) -> None:
    with image_from(tmp_path, DELETED) as image:
        (tmp_path / "work/gone").write_text("another file has the name")
        found = of(image, "gone")
        assert (found.verdict, found.details, found.fine) == ("kept", ("its 8 bytes are in the image",), True)


def test_deleted_and_the_contents_are_not_in_the_image(tmp_path: Path) -> None:
    lost = image_from(tmp_path, DELETED)
    with altered(lost, {Inode: lambda row: row.replace(blobs=(99,) if row.blobs else ())}) as image:
        found = of(image, "gone")
        assert (found.verdict, found.fine) == ("missing", False)
        assert found.details == ("section 99 with its contents is not in the image",)
        assert found.restart.startswith("it fails")
        assert found.remedies


def test_deleted_and_kept_nowhere(tmp_path: Path) -> None:
    lost = image_from(tmp_path, DELETED)
    with altered(lost, {Inode: lambda row: row.replace(keeper=Keeper.NONE, blobs=())}) as image:
        found = of(image, "gone")
        assert (found.verdict, found.details) == ("missing", ("deleted, and its contents are kept nowhere",))


def test_deleted_and_removed(tmp_path: Path) -> None:
    redacted = image_from(tmp_path, DELETED)
    with altered(redacted, {Inode: lambda row: row.replace(keeper=Keeper.REMOVED, blobs=())}) as image:
        found = of(image, "gone")
        assert (found.verdict, found.details) == (
            "missing",
            ("its contents were removed from the image on purpose",),
        )
        assert "refused" in found.restart
        assert "not removed" in found.remedies[0].text


def copied_to(image: Image, keeper: Path, kind: Keeper = Keeper.COPIED) -> Image:
    def change(row: Inode) -> Inode:
        return row.replace(keeper=kind, blobs=(), keeper_path=os.fsencode(keeper)) if row.blobs else row

    return altered(image, {Inode: change})


@pytest.mark.parametrize("digest", [False, True])
def test_deleted_and_copied(tmp_path: Path, digest: bool) -> None:
    keeper = tmp_path / "area/8"
    keeper.parent.mkdir()
    with copied_to(image_from(tmp_path, DELETED, digest=digest), keeper) as image:
        found = of(image, "gone")
        assert (found.verdict, found.details) == ("missing", ("its keeper is not there",))
        assert f"{keeper}, 8 bytes of " in found.remedies[0].text
        assert f"--map {keeper.parent}=..." in found.remedies[1].text
        keeper.write_text("contents")
        found = of(image, "gone")
        assert found.verdict == "kept"
        assert found.details == (("in a copy",) if digest else ("in a copy, known by its size",))
        assert (found.basis, found.weak) == (("digest", False) if digest else ("size", True))
        keeper.write_text("CONTENTS")
        assert of(image, "gone").verdict == ("changed" if digest else "kept")
        keeper.write_text("longer than it was")
        found = of(image, "gone")
        assert (found.verdict, found.details) == ("changed", ("its keeper has 18 bytes, not 8",))
        assert "comes back as its keeper is now" in found.restart
        keeper.unlink()
        os.mkfifo(keeper)
        found = of(image, "gone")
        assert (found.verdict, found.details) == ("replaced", ("its keeper is a FIFO now",))


@pytest.mark.parametrize("digest", [False, True])
def test_deleted_and_re_linked(tmp_path: Path, digest: bool) -> None:
    """As if the dump had linked it again: the inode is that of a file in the area."""
    keeper = tmp_path / "area"
    code = "f = open('kept', 'w+'); f.write('contents'); f.flush()"
    plain = image_from(tmp_path, code, digest=digest)
    number = (tmp_path / "work/kept").stat().st_ino

    def inode(row: Inode) -> Inode:
        if row.number != number:
            return row
        return row.replace(keeper=Keeper.RELINKED, keeper_path=os.fsencode(keeper), nlink=0)

    def file(row: File) -> File:
        return row.replace(name_state=5) if row.path.endswith(b"/kept") else row

    (tmp_path / "work/kept").rename(keeper)
    with altered(plain, {Inode: inode, File: file}) as image:
        found = of(image, "kept")
        details = ("re-linked",) if digest else ("re-linked", "contents not verified")
        assert (found.verdict, found.details, found.basis) == ("kept", details, "inode")
        (tmp_path / "copy").write_text("contents")
        (tmp_path / "copy").rename(keeper)
        found = of(image, "kept")
        assert (found.verdict, found.details[:2]) == ("replaced", ("its keeper", "another file"))
        keeper.unlink()
        found = of(image, "kept")
        assert (found.verdict, found.details) == ("missing", ("its keeper is not there",))


@pytest.mark.parametrize(("kind", "command"), [(Keeper.COPIED, "cp -p"), (Keeper.RELINKED, "ln")])
def test_a_lost_name_is_brought_back_from_the_keeper_of_its_inode(
    tmp_path: Path, kind: Keeper, command: str
) -> None:
    """The inode had another name, deleted, so that its contents are kept: they are those of this one too."""
    plain = image_from(tmp_path, "f = open('file', 'w'); f.write('contents'); f.flush()")
    path, keeper = tmp_path / "work/file", tmp_path / "kept"
    number = path.stat().st_ino

    def change(row: Inode) -> Inode:
        return row.replace(keeper=kind, keeper_path=os.fsencode(keeper)) if row.number == number else row

    with altered(plain, {Inode: change}) as image:
        path.unlink()
        assert not any(str(keeper) in one.text for one in of(image, "file").remedies), "it is not there"
        keeper.write_text("of another size")
        assert not any(str(keeper) in one.text for one in of(image, "file").remedies)
        keeper.write_text("contents")
        found = of(image, "file")
        assert found.verdict == "missing"
        (text,) = (one.text for one in found.remedies if str(keeper) in one.text)
        assert text.endswith(f": {command} {keeper} {path}")


def test_pipes_and_deleted_fifos_are_made_anew(tmp_path: Path) -> None:
    code = (
        "import os; r, w = os.pipe(); os.mkfifo('fifo'); f = os.open('fifo', os.O_RDWR); os.unlink('fifo');"
        "os.mkfifo('there'); g = os.open('there', os.O_RDWR)"
    )
    with image_from(tmp_path, code) as image:
        pipes = [verdict for verdict in check(image) if not verdict.path]
        assert [(one.verdict, one.details) for one in pipes] == [("kept", ("a pipe, made anew",))] * 2
        fifo = of(image, "fifo")
        assert (fifo.verdict, fifo.details) == ("kept", ("a FIFO that was deleted, made anew",))
        assert of(image, "there").verdict == "same"
        (tmp_path / "work/there").unlink()
        missing = of(image, "there")
        assert (missing.verdict, missing.remedies[0].text) == (
            "missing",
            f"mkfifo -m {os.stat(tmp_path / 'agent/in').st_mode & 0o777:04o} {tmp_path}/work/there",
        )
        (tmp_path / "work/there").write_text("")
        other = of(image, "there")
        assert other.details[0] == "a regular file now"
        assert other.remedies[0].text.startswith(f"mv {tmp_path}/work/there ELSEWHERE && mkfifo -m ")


def test_devices_are_their_numbers(tmp_path: Path) -> None:
    with image_from(tmp_path, "f = open('/dev/null', 'w'); g = open('/dev/zero')") as image:
        assert (of(image, "null").verdict, of(image, "null").basis) == ("same", "device number")
        root = tmp_path / "root"
        (root / "dev").mkdir(parents=True)
        absent = of(image, "null", root=root)
        assert absent.verdict == "missing"
        assert "--map /dev/null=" in absent.remedies[0].text
        if os.geteuid() == 0:
            os.mknod(root / "dev/null", 0o020666, os.makedev(1, 3))
            os.chmod(root / "dev/null", 0o666)
            os.mknod(root / "dev/zero", 0o020666, os.makedev(1, 7))
            assert of(image, "null", root=root).verdict == "same"
            other = of(image, "zero", root=root)
            assert (other.verdict, other.details) == ("replaced", ("another device",))


def test_directories(tmp_path: Path) -> None:
    code = "import os; opened = [os.mkdir(name) or os.open(name, os.O_RDONLY) for name in 'de']"
    with image_from(tmp_path, code) as image:
        (tmp_path / "work/d/new").touch()
        assert (of(image, "d").verdict, of(image, "work").verdict) == ("same", "same")
        (tmp_path / "work/d").chmod(0o700)
        assert of(image, "d").details == ("permissions",)
        (tmp_path / "work/e").rename(tmp_path / "work/f")
        assert of(image, "e").found == os.fsencode(tmp_path / "work/f")
        (tmp_path / "work/e").mkdir()
        found = of(image, "e")
        assert (found.verdict, found.details) == ("replaced", ("another directory",))
        assert found.found == os.fsencode(tmp_path / "work/f")


def test_an_inode_number_that_was_given_again(tmp_path: Path) -> None:
    """Deleted, no longer open, and made anew: on some file systems it gets the very same number."""
    with image_from(tmp_path, "f = open('file', 'w'); f.write('text'); f.flush()") as image:
        path = tmp_path / "work/file"
        old = path.stat()
        path.unlink()
        path.write_text("text")
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
        found = of(image, "file")
        assert (found.verdict, found.details) == ("replaced", ("another file",))
        numbers = [one.agrees for one in found.evidence if one.name == "inode"]
        assert numbers == [path.stat().st_ino == old.st_ino]


@needs_root
def test_a_file_system_that_is_not_mounted(tmp_path: Path) -> None:
    def work() -> tuple[str, tuple[str, ...], str]:
        private_mounts()
        place = tmp_path / "data"
        place.mkdir()
        mount("some", place, "tmpfs")
        image = image_from(tmp_path, f"f = open({str(place / 'file')!r}, 'w')")
        assert of(image, "file").verdict == "same"
        os.system(f"umount {place}")
        found = of(image, "file")
        return found.verdict, found.details, found.remedies[0].text

    verdict, details, mend = in_child(work)
    assert mend == f"mount its file system again (tmpfs from some on {tmp_path}/data)"
    assert verdict == "unreachable"
    assert details == (f"nothing is mounted on {tmp_path}/data, which was tmpfs from some",)


@needs_root
def test_another_file_system_with_the_same_device_number(tmp_path: Path) -> None:
    """A tmpfs that is mounted again gets the number of the one before; its files are others."""

    def work() -> tuple[bool, str, bool | None]:
        private_mounts()
        place = tmp_path / "data"
        place.mkdir()
        mount("some", place, "tmpfs")
        device = place.stat().st_dev
        image = image_from(tmp_path, f"f = open({str(place / 'file')!r}, 'w'); f.write('text')")
        os.system(f"umount {place}")
        mount("some", place, "tmpfs")
        (place / "file").write_text("text")
        found = of(image, "file")
        same_device = next(one.agrees for one in found.evidence if one.name == "device")
        return place.stat().st_dev == device, found.verdict, same_device

    given_again, verdict, same_device = in_child(work)
    if not given_again:
        pytest.skip("this kernel did not give the device number again")
    assert (verdict, same_device) == ("changed", False)


def test_a_directory_that_may_not_be_searched(tmp_path: Path) -> None:
    def look() -> Verdict:
        if os.geteuid() == 0:
            become_nobody()
        return of(image, "file")

    with image_from(tmp_path, "import os; os.mkdir('d'); f = open('d/file', 'w')") as image:
        (tmp_path / "work/d").chmod(0)
        found = in_child(look)
        (tmp_path / "work/d").chmod(0o700)
        assert (found.verdict, found.details) == ("unreachable", ("Permission denied",))
        assert [one.action for one in found.remedies] == ["bring back", "relocate", "accept"]
        assert "a user who may search" in found.remedies[0].text


def test_names_of_any_bytes(tmp_path: Path) -> None:
    name = b"a=b \\ \n\x1b[31m\xff\xe2\x80\xae"
    code = f"f = open({os.fsencode(tmp_path) + b'/work/' + name!r}, 'w')"
    with image_from(tmp_path, code) as image:
        path = os.fsencode(tmp_path) + b"/work/" + name
        os.rename(path, path + b"2")
        found = next(verdict for verdict in check(image) if verdict.path == path)
        assert (found.verdict, found.found) == ("moved", path + b"2")
        (remedy,) = found.remedies
        assert remedy.text.isprintable()
        assert remedy.rule is not None
        assert remedy.rule.apply(path) == path + b"2"


def test_an_image_that_lacks_rows(tmp_path: Path) -> None:
    """What a rewriter or damage has left without an inode, or with a path that leads nowhere, is said."""
    plain = image_from(tmp_path, "f = open('file', 'w'); g = open('odd', 'w')")

    def change(row: File) -> File:
        if row.path.endswith(b"/file"):
            return row.replace(inode=9999)
        return row.replace(path=b"odd") if row.path.endswith(b"/odd") else row

    with altered(plain, {File: change}) as image:
        assert of(image, "file").details == ("the image has no inode for it",)
        assert "crimg undo" in of(image, "file").remedies[0].text
        assert "--set " in of(image, "odd").remedies[1].text
        assert (of(image, "odd").verdict, of(image, "odd").details) == (
            "unreachable", ("the image has no path for it",),
        )  # fmt: skip


def test_a_pipe_that_was_emptied_on_purpose(tmp_path: Path) -> None:
    emptied = image_from(tmp_path, "import os; r, w = os.pipe(); os.write(w, b'three')")

    def change(row: Pipe) -> Pipe:
        return row.replace(blobs=(), extra={"removed": 5}) if row.length else row

    with altered(emptied, {Pipe: change}) as image:
        ends = [verdict for verdict in check(image) if not verdict.path]
        assert [one.verdict for one in ends] == ["missing"] * 2
        assert all("refused" in one.restart and one.remedies for one in ends)
