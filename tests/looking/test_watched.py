"""Look-ups that hang: they end in time, are said, and nothing waits for them afterwards."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from crimg.errors import CrimgError, FileError
from crimg.looking.looker import Looker
from crimg.looking.looks import Direct, NoAnswerError
from crimg.looking.mounts import Mounts
from crimg.looking.sightings import as_look
from crimg.looking.watched import Watched
from crimg.preflight import check, relocate
from tests.dump.dumps import image_of
from tests.dump.programs import Agent
from tests.kernel.forked import in_child, mount, needs_root, private_mounts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from crimg.looking.looks import Request

SHORT = 0.25
NO_MOUNTS = b"1 0 0:1 / / rw - ext4 none rw\n"


def watched(root: Path, timeout: float = 5.0, mountinfo: bytes = NO_MOUNTS) -> Watched:
    return Watched(os.fsencode(root), timeout, Mounts(mountinfo))


def looks(*paths: str) -> list[Request]:
    return [("look", path.encode(), ()) for path in paths]


def errors(answers: list[Any]) -> list[int | None]:
    return [None if answer is None else answer[0] for answer in answers]


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Makes every look below some path hang, in the processes that are forked from now on."""
    look = Looker.look

    def hang_at(place: bytes) -> None:
        def slow(self: Looker, path: bytes) -> object:
            if path.startswith(place):
                time.sleep(60)
            return look(self, path)

        monkeypatch.setattr(Looker, "look", slow)

    return hang_at


def test_answers_are_those_of_direct_looks(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "deep").mkdir()
    requests = looks("/file", "/link", "/none", "/deep", "/file/x", "/" + "n" * 300, "/\n")
    with Direct(os.fsencode(tmp_path)) as direct, watched(tmp_path) as other:
        expected = direct.run(requests)
        assert list(map(as_look, other.run(requests))) == expected
        assert other.top == direct.top == os.fsencode(tmp_path)
        assert other.one("look", b"/file") == other.run(requests)[0]


def test_many_long_requests(tmp_path: Path) -> None:
    """More than a pipe holds, both ways."""
    (tmp_path / "file").touch()
    requests = looks(*(f"/{'x' * (number % 4000)}" for number in range(3000)), "/file")
    steps = []
    with watched(tmp_path) as other:
        answers = other.run(requests, lambda done, total: steps.append((done, total)))
    assert len(answers) == len(requests)
    assert steps == [(number + 1, len(requests)) for number in range(len(requests))]
    assert answers[-1][0] == 0


def test_silence_ends_in_time_and_the_rest_is_answered(
    tmp_path: Path, hanging: Callable[[bytes], None]
) -> None:
    (tmp_path / "file").touch()
    hanging(b"/dead/")
    with watched(tmp_path, SHORT) as other:
        started = time.monotonic()
        dead = [f"/dead/{number}" for number in range(40)]
        answers = other.run(looks("/file", "/dead/a", "/file", *dead, "/dead/c/d", "/file"))
        assert errors(answers) == [0, None, 0, *[None] * 41, 0]
        assert errors(other.run(looks("/dead/e", "/file"))) == [None, 0]
        assert time.monotonic() - started < 20 * SHORT


@pytest.mark.parametrize("stops_at", ["/", "/file", "/deep/file"])
def test_a_process_that_is_stopped_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops_at: str
) -> None:
    """By SIGSTOP, in the middle of its work: what it was asked is not known, the rest is."""
    (tmp_path / "deep").mkdir()
    for name in ("file", "other", "deep/file"):
        (tmp_path / name).touch()
    look = Looker.look

    def stopping(self: Looker, path: bytes) -> object:
        if path == stops_at.encode():
            os.kill(os.getpid(), signal.SIGSTOP)
        return look(self, path)

    monkeypatch.setattr(Looker, "look", stopping)
    started = time.monotonic()
    with watched(tmp_path, SHORT) as other:
        paths = ("/", "/file", "/deep/file", "/other")
        answers = dict(zip(paths, errors(other.run(looks(*paths))), strict=True))
    assert answers == dict.fromkeys(paths, 0) | {stops_at: None}
    assert time.monotonic() - started < 20 * SHORT


def test_a_request_that_no_pipe_holds_and_nobody_reads(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with watched(tmp_path, SHORT) as other:
        long = "/directory/" + "x" * 300_000
        assert errors(other.run(looks(long))) == [errno.ENAMETOOLONG]
        os.kill(other._pid, signal.SIGSTOP)
        assert errors(other.run(looks(long, "/file"))) == [None, 0]


def test_a_process_that_is_killed_is_said(tmp_path: Path) -> None:
    with watched(tmp_path) as other:
        os.kill(other._pid, signal.SIGKILL)
        os.waitid(os.P_PID, other._pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(CrimgError, match="was ended from outside"):
            other.run(looks("/file"))


def test_a_killed_process_is_said_while_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Looker, "look", lambda _self, _path: os.kill(os.getpid(), signal.SIGKILL))
    with watched(tmp_path) as other, pytest.raises(CrimgError, match="was ended from outside"):
        other.run(looks("/file"))


def test_a_dead_mount_is_asked_once(tmp_path: Path, hanging: Callable[[bytes], None]) -> None:
    (tmp_path / "file").touch()
    hanging(b"/mnt")
    mountinfo = NO_MOUNTS + b"2 1 0:2 / %s/mnt rw - nfs server:/ rw\n" % os.fsencode(tmp_path)
    with watched(tmp_path, SHORT, mountinfo) as other:
        started = time.monotonic()
        paths = [f"/mnt/directory{number}/file" for number in range(100)]
        assert errors(other.run(looks(*paths, "/file"))) == [None] * 100 + [0]
        assert time.monotonic() - started < 50 * SHORT


def test_a_mount_that_answers_only_at_its_top_is_given_up(
    tmp_path: Path, hanging: Callable[[bytes], None]
) -> None:
    hanging(b"/mnt/")
    mountinfo = NO_MOUNTS + b"2 1 0:2 / %s/mnt rw - nfs server:/ rw\n" % os.fsencode(tmp_path)
    with watched(tmp_path, SHORT, mountinfo) as other:
        started = time.monotonic()
        paths = [f"/mnt/directory{number}/file" for number in range(100)]
        assert errors(other.run(looks(*paths))) == [None] * 100
        assert time.monotonic() - started < 50 * SHORT


def test_signs_of_life_while_a_big_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest that takes longer than the limit is no silence."""

    def slow(_self: Looker, _path: bytes, beat: Callable[[int], object]) -> tuple[int]:
        for step in range(10):
            time.sleep(SHORT / 3)
            beat(step)
        return (7,)

    monkeypatch.setattr(Looker, "read", slow)
    with watched(tmp_path, SHORT) as other:
        assert other.one("read", b"/file") == (7,)


def test_a_root_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        watched(tmp_path / "none")


def test_a_root_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Looker, "__init__", lambda _self, _root: time.sleep(60))
    with pytest.raises(NoAnswerError, match=r"no answer in 0\.25 s"):
        watched(tmp_path, SHORT)


def test_nothing_is_left(tmp_path: Path, hanging: Callable[[bytes], None]) -> None:
    hanging(b"/dead")
    before = os.listdir("/proc/self/fd")
    with watched(tmp_path, SHORT) as other:
        other.run(looks("/dead/x", "/file"))
        other.close()
        other.close()
    assert os.listdir("/proc/self/fd") == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_hanging_process_holds_no_output_open(tmp_path: Path) -> None:
    """A pipe from the command comes to its end, though the process that hangs cannot be ended."""
    code = (
        "import os, signal, time\n"
        "from crimg.looking.looker import Looker\n"
        "from crimg.looking.mounts import Mounts\n"
        "from crimg.looking.watched import Watched\n"
        "Looker.look = lambda self, path: time.sleep(30)\n"
        "os.kill = lambda pid, number: None\n"
        "with Watched(b'/', 0.2, Mounts()) as looks:\n"
        "    print(looks.run([('look', b'/x/y', ())]))\n"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL
    )
    assert (done.stdout, done.stderr) == ("[None]\n", "")
    assert time.monotonic() - started < 10


def test_a_check_says_what_gave_no_answer(tmp_path: Path, hanging: Callable[[bytes], None]) -> None:
    code = "import os; os.mkdir('dead'); a = open('dead/a', 'w'); b = open('b', 'w')"
    with Agent(code, tmp_path / "agent") as agent, image_of(agent.pid, tmp_path / "image") as image:
        dead = os.fsencode(tmp_path / "agent/dead/a")
        hanging(dead)
        found = {verdict.path: verdict for verdict in check(image, timeout=SHORT)}
        assert found[dead].verdict == "unreachable"
        assert found[dead].details == ("no answer in 0.25 s",)
        assert "or wait longer: --timeout" in found[dead].remedies[0].text
        assert found[os.fsencode(tmp_path / "agent/b")].verdict == "same"


@needs_root
def test_a_file_system_whose_server_never_answers(tmp_path: Path) -> None:
    """A FUSE mount whose requests nobody reads."""

    def work() -> tuple[str, tuple[str, ...], float, dict[bytes, str], str]:
        private_mounts()
        folder = tmp_path / "agent/data"
        code = "import os; os.mkdir('data'); a = open('data/a', 'w')"
        with Agent(code, tmp_path / "agent") as agent:
            image = image_of(agent.pid, tmp_path / "image")
        server = os.open("/dev/fuse", os.O_RDWR)
        mount("dead", folder, "fuse", f"fd={server},rootmode=40000,user_id=0,group_id=0")
        started = time.monotonic()
        found = {verdict.path: verdict for verdict in check(image, timeout=SHORT)}
        took = time.monotonic() - started
        verdict = found[os.fsencode(folder / "a")]
        relocation = relocate(image, [tmp_path], timeout=SHORT)
        with pytest.raises(FileError) as raised:
            relocate(image, [folder], timeout=SHORT)
        return verdict.verdict, verdict.details, took, relocation.skipped, str(raised.value)

    if not os.path.exists("/dev/fuse"):
        pytest.skip("no FUSE on this machine")
    verdict, details, took, skipped, error = in_child(work)
    assert (verdict, details) == ("unreachable", ("no answer in 0.25 s",))
    assert took < 40 * SHORT
    assert skipped == {os.fsencode(tmp_path / "agent/data"): "its file system gives no answer"}
    assert error == f"{tmp_path}/agent/data: its file system gives no answer"
