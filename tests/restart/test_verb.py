"""`crimg restart` as a command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import crimg
from crimg import restart
from crimg.preflight import check
from crimg.restart.steps import MapMemory
from tests.cli import schemas
from tests.dump.dumps import command, save
from tests.dump.programs import Agent, Program, eventually, needs_root
from tests.restart.as_user import USER, give_away, open_folder, restart_as_user
from tests.restart.comeback import bring_back, put_away

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_in_the_background(tmp_path: Path) -> None:
    """The process id is what is printed; the program is nobody's child any more."""
    with Agent("", tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        done = command("restart", tmp_path / "image")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"%d\n" % agent.pid, b"")
        try:
            agent.send("1 + 1\n")
            agent.process = subprocess.Popen(["true"])  # `line` looks whether it has ended
            agent.process.poll = lambda: None  # type: ignore[method-assign]
            assert agent.line() == "2"
        finally:
            os.kill(agent.pid, signal.SIGKILL)


def test_wait_passes_the_exit_status_on(tmp_path: Path) -> None:
    with Program(["sh", "-c", "echo ready; read word; exit 7"], tmp_path / "target") as program:
        put_away(program, tmp_path / "image")
        words = [sys.executable, "-m", "crimg", "restart", "--wait", str(tmp_path / "image")]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as waiting:
            assert waiting.stdout is not None
            assert waiting.stdout.readline() == b"%d\n" % program.pid
            program.send("word\n")
            assert waiting.wait(20) == 7


def test_dry_run_tells_the_steps_and_makes_nothing(tmp_path: Path) -> None:
    code = "fd = os.open('gone', os.O_RDWR | os.O_CREAT)\nos.write(fd, b'12345')\nos.unlink('gone')"
    with Agent(code, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        text = command("restart", "-n", tmp_path / "image").stdout.decode()
        assert f"5 bytes of the deleted {tmp_path}/target/gone" in text
        assert f"make process {agent.pid}\n" in text
        assert f"process {agent.pid} begins a session of its own\n" in text
        value = json.loads(command("restart", "-n", "--json", tmp_path / "image").stdout)
        assert schemas.problems(value, "restart") == []
        with crimg.open(tmp_path / "image") as image:
            plan = restart.plan(image, check(image))
            assert [step["text"] for step in value["steps"]] == [step.describe() for step in plan.steps]
        assert not os.path.exists(f"/proc/{agent.pid}")


def test_wrong_input(tmp_path: Path) -> None:
    """One line, and what to do."""
    with Agent("", tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        (tmp_path / "globs").write_text('[[rule]]\nkind = "glob"\nold = "/a/*"\nnew = "/b/{1}"\n')
        for words, status, text in (
            (["--accept", "out"], 2, "--accept out: is not FILE=VERDICT"),
            (["--accept", "/nowhere=same"], 2, "the image has no such file"),
            (["--json"], 2, "--json goes with --dry-run"),
            (["--rules", tmp_path / "globs"], 2, "crimg wrap IMAGE --rules FILE"),
            (["--deleted-in", "/nowhere", "--root", "/nowhere"], 4, "/nowhere"),
        ):
            done = command("restart", tmp_path / "image", *words)
            assert done.returncode == status, done.stderr
            assert text in done.stderr.decode()
            assert done.stderr.count(b"\n") == 1


def test_rules_in_a_file(tmp_path: Path) -> None:
    with Agent("", tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        os.rename(tmp_path / "target", tmp_path / "house")
        rule = f'[[rule]]\nkind = "prefix"\nold = "{tmp_path}/target"\nnew = "{tmp_path}/house"\n'
        (tmp_path / "rules").write_text(rule)
        assert command("restart", "-n", tmp_path / "image").returncode == 1
        done = command("restart", "-n", tmp_path / "image", "--rules", tmp_path / "rules")
        assert f"open fifo {tmp_path}/house/in as" in done.stdout.decode(), done.stderr


def test_taken_process_id(tmp_path: Path) -> None:
    """The program is still there: it is left alone, and --new-pids is named."""
    with Agent("", tmp_path / "target") as agent:
        save(agent.pid, tmp_path / "image")
        done = command("restart", tmp_path / "image")
        assert done.returncode == 4
        assert b"--new-pids" in done.stderr
        assert agent.ask("1") == 1


def test_wait_passes_signals_on(tmp_path: Path) -> None:
    """Those that would have ended the command, as Ctrl-C does."""
    code = "import signal\nfor n in (2, 15):\n    signal.signal(n, lambda n, _: os._exit(n))"
    for number in (signal.SIGINT, signal.SIGTERM):
        with Agent(code, tmp_path / f"target{number}") as agent:
            image = tmp_path / f"image{number}"
            put_away(agent, image)
            words = [sys.executable, "-m", "crimg", "restart", "--wait", str(image)]
            with subprocess.Popen(words, stdout=subprocess.PIPE) as waiting:
                assert waiting.stdout is not None
                assert waiting.stdout.readline() == b"%d\n" % agent.pid
                waiting.send_signal(number)
                assert waiting.wait(20) == number


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """SIGKILL to the restarting program before each step: the new process ends with it."""
    code = "fd = os.open('gone', os.O_RDWR | os.O_CREAT)\nos.unlink('gone')"
    with Agent(code, tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image")
        before = sorted(os.listdir(tmp_path / "target"))
        with crimg.open(tmp_path / "image") as image:
            plan = restart.plan(image, check(image))
            first = next(n for n, step in enumerate(plan.steps) if isinstance(step, MapMemory))
            for fatal in range(first, len(plan.steps)):
                pid = os.fork()
                if pid == 0:

                    def die(index: int, _total: int, _step: object, fatal: int = fatal) -> None:
                        if index == fatal:
                            os.kill(os.getpid(), signal.SIGKILL)

                    try:
                        restart.restart(image, plan, progress=die)
                    finally:
                        os._exit(1)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
                eventually(lambda: not os.path.exists(f"/proc/{agent.pid}"))
        assert sorted(os.listdir(tmp_path / "target")) == before


@needs_root
def test_ordinary_user() -> None:
    """Restarts what is his own, with --new-pids; without, it says what that takes."""
    with open_folder() as folder, Agent("", folder / "target", user=USER) as agent:
        give_away(agent.folder)
        put_away(agent, folder / "image")
        give_away(folder)
        done = restart_as_user(folder / "image")
        assert (done.returncode, done.stderr.count(b"\n")) == (4, 1)
        assert b"--new-pids" in done.stderr
        done = restart_as_user(folder / "image", "--new-pids")
        assert done.returncode == 0, done.stderr
        pid = int(done.stdout)
        try:
            agent.process.poll = lambda: None  # type: ignore[method-assign]
            assert agent.ask("os.getresuid(), os.getpid()") == ((USER,) * 3, pid)
        finally:
            os.kill(pid, signal.SIGKILL)
        bring_back(agent, folder / "image", accept=b"/out")
        assert agent.ask("os.getresuid(), os.getresgid(), os.getgroups()") == ((USER,) * 3,) * 2 + ([],)
