"""Trees of processes: who is whose child, in which session and group, what they share, how they ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import FileError, KernelError
from crimg.kernel import birth
from crimg.kernel.descriptors import KCMP_FILE, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_VM, kcmp
from crimg.preflight import check
from tests.dump import proc
from tests.dump.programs import Agent, Program, compiled, eventually
from tests.dump.test_trees import FAMILY, names, settled
from tests.restart.comeback import bring_back, put_away, there_and_back

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATUS = (
    *("Name", "Umask", "State", "Tgid", "Pid", "PPid", "Uid", "Gid", "Groups", "Threads", "SigPnd", "ShdPnd"),
    *("SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs"),
)
_FILES = ("comm", "cmdline", "environ", "limits", "oom_score_adj", "personality", "auxv")


def look(pid: int) -> dict[str, object]:
    """What /proc says of a process that stays, field by field."""
    status = proc.fields(f"/proc/{pid}/status")
    found: dict[str, object] = {name: status[name] for name in _STATUS if name in status}
    stat = proc.stat_fields(f"/proc/{pid}/stat")
    names = {"ppid": 4, "pgrp": 5, "session": 6, "tty": 7, "nice": 19, "exit signal": 38, "exit code": 52}
    found.update({name: stat[number - 3] for name, number in names.items()})
    if found["State"] in ("R (running)", "D (disk sleep)"):  # on its way to or from a sleep
        found["State"] = "S (sleeping)"
    if found["State"] == "Z (zombie)":  # it will never take a signal again
        return {name: value for name, value in found.items() if not name.startswith("Sig")}
    for name in _FILES:
        found[name] = Path(f"/proc/{pid}/{name}").read_bytes()
    for name in ("exe", "cwd", "root"):
        found[name] = os.readlink(f"/proc/{pid}/{name}")
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            link = os.readlink(f"/proc/{pid}/fd/{name}").partition("[")[0]  # a pipe has another number
            info = proc.fields(f"/proc/{pid}/fdinfo/{name}")
            found[f"fd {name}"] = link, info["pos"], int(info["flags"], 8) & ~0o100000  # O_LARGEFILE
    return found


def look_at_all(root: int) -> dict[int, dict[str, object]]:
    """The whole tree."""
    return {pid: look(pid) for pid in proc.descendants(root)}


def compared(program: Program, image: Path, **options: bool) -> None:
    """There and back, with nothing different in /proc. options: of `bring_back`."""
    before: dict[int, dict[str, object]] = {}
    while before != (before := look_at_all(program.pid)):  # what it wrote is seen before its position is
        time.sleep(0.01)
    there_and_back(program, image, **options)
    eventually(lambda: look_at_all(program.pid).keys() == before.keys())
    after = look_at_all(program.pid)
    for pid, one in before.items():
        assert after[pid] == one
    assert after.keys() == before.keys()


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Agent]:
    """The family of the tests of dumping."""
    with Agent(FAMILY, tmp_path / "target") as agent:
        pids = agent.ask("pids")
        eventually(lambda: settled(pids))
        with _no_rest(agent):
            yield agent


def test_a_family(family: Agent, tmp_path: Path) -> None:
    """Two zombies, a session with a group in it, a stopped child, threads, a file of its own; twice."""
    pids = family.ask("pids")
    for round_ in range(2):
        compared(family, tmp_path / f"image{round_}")
        assert settled(pids)
    number, gone = family.ask("fd, gone")
    for pid in (pids["session"], pids["threads"], pids["own"]):
        assert kcmp(family.pid, pid, KCMP_FILE, number, number) == 0
        assert kcmp(family.pid, pid, KCMP_FILE, gone, gone) == 0
    assert family.ask("os.read(ends[0], 99)") == b"queued"
    assert family.ask("os.waitstatus_to_exitcode(os.waitpid(pids['exited'], 0)[1])") == 7
    assert family.ask("os.waitpid(pids['killed'], 0)[1]") == 9
    assert family.ask("os.kill(pids['own'], 10), os.waitpid(pids['own'], 0)[1]")[1] == 10
    os.kill(pids["stopped"], signal.SIGCONT)
    eventually(lambda: proc.state(pids["stopped"]) == "S")


def test_whatever_fails_leaves_nobody(family: Agent, tmp_path: Path) -> None:
    """An error before each step."""
    pids = proc.descendants(family.pid)
    put_away(family, tmp_path / "image")
    with crimg.open(tmp_path / "image") as image:
        plan = restart.plan(image, check(image))
        for step in range(len(plan.steps)):

            def fail(index: int, _total: int, _step: object, at: int = step) -> None:
                if index == at:
                    raise FileError("something")

            with pytest.raises(FileError, match="something"):
                restart.restart(image, plan, progress=fail)
            assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_what_clone_shares(tmp_path: Path) -> None:
    with Program([compiled("sharers")], tmp_path / "target") as program:
        compared(program, tmp_path / "image")
        kinds = (KCMP_FILES, KCMP_FS, KCMP_VM, KCMP_SIGHAND)
        shared = [[kind for kind in kinds if kcmp(program.pid, int(pid), kind) == 0] for pid in program.words]
        assert shared == [[KCMP_FILES], [KCMP_FS], [KCMP_VM, KCMP_SIGHAND], []]


LEADERS = """
import signal, time
def child(work):
    pid = os.fork()
    if pid == 0:
        work()
        while True:
            signal.pause()
    return pid
def orphan_of_session():  # the child of a session leader that has ended
    os.setsid()
    child(lambda: None)
    child(lambda: os.setpgid(0, 0))
    os._exit(0)
libc = __import__("ctypes").CDLL(None)
libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
ends = os.pipe()
first = child(lambda: (os.setpgid(0, 0), os.read(ends[0], 1), os._exit(0)))
os.setpgid(first, first)  # whichever of the two is quicker
group = [child(lambda: (os.setpgid(0, first), os.write(ends[1], b"."))) for _ in range(2)]
os.waitpid(first, 0)
os.waitpid(child(orphan_of_session), 0)
def before_session():  # a child in the session from before its parent began one
    child(lambda: None)
    os.setsid()
    child(lambda: None)
third = child(before_session)
def changed_group():  # leads a group that it is not in any more
    os.setpgid(0, 0)
    inner = child(lambda: None)
    other = child(lambda: os.setpgid(0, 0))
    while os.getpgid(other) != other:
        time.sleep(0.001)
    os.setpgid(0, other)
child(changed_group)
handled = []
signal.signal(signal.SIGCHLD, lambda *_: handled.append(1))
"""


@pytest.mark.parametrize("new_pids", [False, True])
def test_leaders_that_have_ended(new_pids: bool, tmp_path: Path) -> None:
    """Of sessions and of groups; children from before their parent began a session."""
    with Agent(LEADERS, tmp_path / "target") as agent, _no_rest(agent):
        eventually(lambda: len(proc.descendants(agent.pid)) == 11, 30)
        eventually(lambda: all(proc.sleeping(one) for one in proc.descendants(agent.pid)[1:]))
        shape = _shape(agent.pid)
        assert len({sid for _, _, sid in shape.values()}) == 3
        if new_pids:
            there_and_back(agent, tmp_path / "image", new_pids=True)
        else:
            compared(agent, tmp_path / "image")
        assert _shapes(_shape(agent.pid)) == _shapes(shape)
        assert agent.ask("handled") == []


@contextlib.contextmanager
def _no_rest(agent: Agent) -> Iterator[None]:
    """End with all of the tree, those in other groups and sessions too."""
    try:
        yield
    finally:
        for pid in reversed(proc.descendants(agent.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _shape(root: int) -> dict[int, tuple[int, int, int]]:
    """Parent, group and session of each."""
    found = {}
    for pid in proc.descendants(root):
        stat = proc.stat_fields(f"/proc/{pid}/stat")
        found[pid] = int(stat[1]), int(stat[2]), int(stat[3])
    return found


def _shapes(shape: dict[int, tuple[int, int, int]]) -> list[tuple[int, ...]]:
    """The same whatever the numbers are: how many others have the same parent, group and session."""
    rows = list(shape.values())
    return sorted(
        tuple(sum(one[at] == other[at] for other in rows) for at in range(3))
        + tuple(one[at] == pid for at in (1, 2))
        for pid, one in shape.items()
    )


def test_pipeline_of_a_shell(tmp_path: Path) -> None:
    """It counts on, through pipes between three programs, and the shell sees how it ends."""
    if shutil.which("bash") is None:
        pytest.skip("no bash on this machine")
    script = (
        "echo ready; (n=0; while :; do echo $n; n=$((n+1)); done) |"
        " (while read x; do echo $x; [ -e end ] && exit 3; done) | (cat >count; exit 5);"
        ' echo "${PIPESTATUS[1]} ${PIPESTATUS[2]}"'
    )
    with Program(["bash", "-c", script], tmp_path / "target") as program:
        eventually(lambda: b"cat" in names(program.pid))
        for round_ in range(3):
            there_and_back(program, tmp_path / f"image{round_}")
            size = (program.folder / "count").stat().st_size
            eventually(lambda size=size: (program.folder / "count").stat().st_size > size)  # type: ignore[misc]
        (program.folder / "end").touch()
        assert program.line() == "3 5"
        numbers = (program.folder / "count").read_text().split()
        assert numbers == [str(number) for number in range(len(numbers))]


def test_stopped_tree_of_a_shell(tmp_path: Path) -> None:
    """A parent in waitpid(2) hears of the end of its child, whoever the child is of."""
    code = """
import threading
def wait():
    os.write(1, b"%d\\n" % os.waitpid(pid, 0)[1])
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    os.read(r, 1)
    os._exit(9)
threading.Thread(target=wait, daemon=True).start()
"""
    with Agent(code, tmp_path / "target") as agent:
        compared(agent, tmp_path / "image")
        agent.send("os.write(w, b'.')\n")
        assert sorted([agent.line(), agent.line()]) == ["1", str(9 << 8)]


def test_one_process_is_gone_if_the_tree_is_taken(tmp_path: Path) -> None:
    """The number of a child is in use: nothing is left of its parent."""
    with Agent("import signal\nchild = os.fork() or signal.pause()", tmp_path / "target") as agent:
        child = agent.ask("child")
        put_away(agent, tmp_path / "image")
        pid = birth.fork(child)
        if pid == 0:
            signal.pause()
        try:
            with pytest.raises(KernelError, match="--new-pids"):
                bring_back(agent, tmp_path / "image")
            assert not os.path.exists(f"/proc/{agent.pid}")
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
