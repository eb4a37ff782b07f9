"""`crimg dump --check` lists what cannot be saved; `--allow KIND` leaves it out, and the image says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.dump.unsupported import UNSUPPORTED
from crimg.errors import UsageError
from crimg.model import Fd, File, LogEntry, Vma
from crimg.model.enums import FileKind
from crimg.validate import Severity, open_for_check, validate
from tests.cli.schemas import problems
from tests.dump.dumps import command, save
from tests.dump.programs import TARGETS, Agent, needs_root
from tests.dump.untouched import Untouched, only

if TYPE_CHECKING:
    from pathlib import Path

INOTIFY = """
import ctypes
fd = ctypes.CDLL(None).syscall(294, 0)
gone = os.open("gone", os.O_RDWR | os.O_CREAT)
os.write(gone, bytes(1000))
os.unlink("gone")
if os.fork() == 0:
    import signal
    while True:
        signal.pause()
"""
LEAK = """
shared = os.open("shared", os.O_RDWR | os.O_CREAT)
own = os.open("shared", os.O_RDWR)
told = os.pipe()
if os.fork() == 0:
    if other := os.fork():
        os.write(told[1], b"%d" % other)
        os._exit(0)
    for number in range(1000):
        if number != shared:
            try:
                os.close(number)
            except OSError:
                pass
    import signal
    signal.pause()
os.wait()
other = int(os.read(told[0], 9))
os.close(told[0])
os.close(told[1])
"""


def test_check_prints_the_list_and_the_sizes(tmp_path: Path, folder: Path) -> None:
    with Agent(INOTIFY, tmp_path / "target") as agent:
        untouched = Untouched(agent.pid)
        fd = agent.ask("fd")
        ran = command("dump", "--check", agent.pid, cwd=folder)
        assert (ran.returncode, ran.stderr) == (5, b"")
        problem, sizes = ran.stdout.decode().splitlines()
        assert problem.startswith(f"process {agent.pid}, fd {fd}: anon_inode:inotify: an inotify instance ")
        assert problem.endswith(" [inotify]; close it before the dump")
        assert sizes.startswith("2 processes (2 threads, ")
        assert " 1000 bytes of deleted files, 0 bytes in pipes; " in sizes
        allowed = command("dump", "--check", "--json", agent.pid, "--allow", "inotify", cwd=folder)
        assert (allowed.returncode, allowed.stderr) == (0, b"")
        value = json.loads(allowed.stdout)
        assert problems(value, "check") == []
        assert [each["kind"] for each in value["problems"]] == ["inotify"]
        assert (value["tasks"], value["deleted"], value["can_be_saved"]) == (2, 1000, True)
        assert value["memory"] > 1 << 20
        untouched.check()
    only(folder)


def test_wrong_use() -> None:
    for words in (["1"], ["--check", "-o", "x", "1"], ["-o", "x", "--json", "1"]):
        assert command("dump", *words).returncode == 2
    for kind in ("nonsense", "seccomp"):
        ran = command("dump", "--check", "1", "--allow", kind)
        assert (ran.returncode, ran.stderr.count(b"\n")) == (2, 1)


def test_placeholder_stands_for_what_was_left_out(tmp_path: Path, folder: Path) -> None:
    with Agent(INOTIFY, tmp_path / "target") as agent:
        fd = agent.ask("fd")
        ran = command("dump", agent.pid, "-o", folder / "image", "--allow", "inotify")
        assert ran.returncode == 0
        assert ran.stderr.startswith(b"crimg: warning: process ")
        with crimg.open(folder / "image") as image:
            rows = [row for row in image.rows(Fd) if row.fd == fd]
            assert len(rows) == 2
            (objref,) = {row.file for row in rows}
            file = image.find(File, objref)
            assert file is not None
            assert file.kind == FileKind.PLACEHOLDER
            assert file.extra == {"unsupported": "inotify", "link": b"anon_inode:inotify"}
            (entry,) = [entry for entry in image.rows(LogEntry) if "unsupported" in (entry.extra or {})]
            assert (entry.objref, entry.severity) == (objref, Severity.WARNING)
        checked = command("validate", folder / "image")
        assert b"C418" in checked.stdout
        shown = command("inspect", folder / "image", "--fds")
        assert f"{fd} ".encode() in shown.stdout
        assert b"anon_inode:inotify" in shown.stdout


def test_leak_is_named_with_pid_and_fd(tmp_path: Path, folder: Path) -> None:
    """The same open file description, not only the same file."""
    with Agent(LEAK, tmp_path / "target") as agent:
        shared, other = agent.ask("shared, other")
        try:
            ran = command("dump", agent.pid, "-o", folder / "image")
            assert ran.returncode == 5
            line, _ = ran.stderr.decode().splitlines()
            assert line.startswith(f"process {agent.pid}, fd {shared}: {agent.folder}/shared: ")
            assert f"process {other} holds this open file, too (fd {shared})" in line
            assert "[leak]" in line
            save(agent.pid, folder / "image", allow=["leak"])
            with open_for_check(str(folder / "image")) as image:
                findings = [each for each in validate(image).findings if each.severity > Severity.NOTE]
            assert [each.rule for each in findings] == ["C418"]
            assert f"process {other} holds" in findings[0].text
        finally:
            agent.ask("os.kill(other, 9)")


@needs_root
def test_everything_that_can_be_left_out(tmp_path: Path, folder: Path) -> None:
    """All kinds at once: an image that breaks no other rule."""
    allow = [kind for kind, entry in UNSUPPORTED.items() if entry.allowed]
    with Agent((TARGETS / "unsupported.py").read_text(), tmp_path / "target") as agent:
        save(agent.pid, folder / "image", allow=allow)
        agent.ask("os.kill(child, 9)")
        with open_for_check(str(folder / "image")) as image:
            findings = [each for each in validate(image).findings if each.severity > Severity.NOTE]
        assert {each.rule for each in findings} == {"C418"}
        with crimg.open(folder / "image") as image:
            left_out = [vma for vma in image.rows(Vma) if "unsupported" in (vma.extra or {})]
            assert left_out
            assert all(vma.file is None for vma in left_out)
            held = {row.fd for row in image.rows(Fd)}
            wanted = {int(place[3:]) for _, place in agent.ask("found") if place.startswith("fd ")}
            assert wanted <= held


def test_kinds_have_their_remedies() -> None:
    for kind, entry in UNSUPPORTED.items():
        assert kind == kind.lower()
        assert entry.remedy
    from crimg.dump import DumpOptions

    with pytest.raises(UsageError, match="no such kind"):
        DumpOptions(allow=["nothing"])
