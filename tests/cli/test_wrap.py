"""`crimg wrap`: real commands on a rewritten copy, what becomes of it, and of the signals."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crimg.model import File
from crimg.writer.private import PREFIX, private_copy, remove_leftovers
from tests.cli.command import TIMEOUT, crimg, environment, text
from tests.dump.dumps import save
from tests.dump.programs import Agent
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

SIGNALS = (
    *(signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM),
    signal.SIGRTMIN,
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A sound image, alone in its directory."""
    folder = tmp_path / "images"
    folder.mkdir()
    path = folder / "shop.img"
    path.write_bytes(Draft().bytes())
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A directory with the file `work/app/data` of a process that is gone, and its image `image`."""
    folder = tmp_path / "work"
    (folder / "app").mkdir(parents=True)
    code = "f = open('app/data', 'w')\nf.write('data')\nf.flush()"
    with Agent(code, tmp_path / "agent", cwd=folder) as agent:
        save(agent.pid, tmp_path / "image")
    return folder


def leftovers(path: Path) -> list[str]:
    """Names beside the image."""
    return sorted(name for name in os.listdir(path.parent) if name != path.name)


class Running:
    """A wrap whose command has said its first line."""

    def __init__(self, image: Path, script: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crimg", "wrap", image, "--", "sh", "-c", script, "{image}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().decode().strip()

    def end(self) -> int:
        self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode


def test_the_copy_has_the_new_paths_and_the_image_is_as_it_was(image: Path) -> None:
    before, times = image.read_bytes(), image.stat()
    command = f'test "$0" = "$CRIMG_IMAGE" && exec "{sys.executable}" -m crimg inspect --files --json "$0"'
    result = crimg("wrap", image, "--map", "/tmp=/new place", "--", "sh", "-c", command, "{image}")
    assert result.returncode == 0, result.stderr
    paths = {row["objref"]: row["path"] for row in json.loads(result.stdout)["files"]}
    assert (paths[30], paths[31]) == ("/usr/bin/counter", "/new place/gone")
    assert image.read_bytes() == before
    assert image.stat().st_mtime_ns == times.st_mtime_ns
    assert leftovers(image) == []


def test_the_copy_is_private_and_beside_the_image(image: Path) -> None:
    output = text(crimg("wrap", image, "--", "sh", "-c", 'echo "$0"; stat -c %a "$0" "${0%/*}"', "{image}"))
    path, *modes = output.splitlines()
    assert path.startswith(f"{image.parent}/{PREFIX}")
    assert path.endswith(".img")
    assert modes == ["600", "700"]
    output = text(crimg("wrap", image, "--", "echo", "--file={image}", "a{image}{image}", "--map", "--"))
    one, two, *rest = output.split()
    assert two == "a" + one.removeprefix("--file=") * 2
    assert rest == ["--map", "--"]


def test_a_directory_that_cannot_be_written(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is in TMPDIR then."""
    import errno
    import tempfile

    make = tempfile.mkdtemp

    def refusing(prefix: str, dir: str | None = None) -> str:
        if dir is not None:
            raise OSError(errno.EROFS, "Read-only file system")
        return make(prefix=prefix)

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "mkdtemp", refusing)
    with private_copy(str(image)) as copy:
        assert copy.path.startswith(str(tmp_path / "tmp"))
    assert os.listdir(tmp_path / "tmp") == []


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["sh", "-c", "exit 0", "{image}"], 0),
        (["sh", "-c", "exit 7", "{image}"], 7),
        (["sh", "-c", "exit 255", "{image}"], 255),
        (["sh", "-c", "kill -TERM $$", "{image}"], 128 + 15),
        (["sh", "-c", "kill -KILL $$", "{image}"], 128 + 9),
        (["/no/such/command", "{image}"], 127),
        (["/dev/null", "{image}"], 126),
        (["{image}"], 126),
    ],
)
def test_exit_statuses(image: Path, command: list[str], status: int) -> None:
    result = crimg("wrap", image, "--", *command)
    assert (result.returncode, result.stdout) == (status, b"")
    assert (b"error: " in result.stderr) == (status in (126, 127))
    assert leftovers(image) == []


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["IMAGE"], 2, "no COMMAND"),
        (["IMAGE", "--"], 2, "no COMMAND"),
        (["IMAGE", "--", "touch", "RAN"], 2, "no {image} in COMMAND"),
        (["IMAGE", "touch", "{image}"], 2, "unexpected argument touch"),
        (["-", "--", "touch", "RAN", "{image}"], 2, "give a file"),
        (["IMAGE", "--set", "x", "--", "touch", "RAN", "{image}"], 2, "--set x"),
        (["IMAGE", "--map", "x", "--", "touch", "RAN", "{image}"], 2, "--map x"),
        (["/no/such", "--", "touch", "RAN", "{image}"], 4, "/no/such"),
        (["/etc/passwd", "--", "touch", "RAN", "{image}"], 3, "/etc/passwd"),
        (
            ["IMAGE", "--exact", "/run/fifo=/usr/bin/counter", "--", "touch", "RAN", "{image}"],
            1,
            "the command was not started",
        ),
        (["IMAGE", "--preflight", "--", "touch", "RAN", "{image}"], 1, "the command was not started"),
        (["IMAGE", "--relocate", "EMPTY", "--", "touch", "RAN", "{image}"], 1, "(--relocate)"),
        (["IMAGE", "--relocate", "/no/such", "--", "touch", "RAN", "{image}"], 4, "/no/such"),
    ],
)
def test_what_is_refused_starts_nothing(
    image: Path, tmp_path: Path, words: list[str], status: int, problem: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"IMAGE": str(image), "RAN": str(tmp_path / "ran"), "EMPTY": str(tmp_path / "empty")}
    result = crimg("wrap", *(places.get(word, word) for word in words))
    assert (result.returncode, result.stdout) == (status, b"")
    last = result.stderr.decode().splitlines()[-1]
    assert last.startswith("crimg: error: ")
    assert problem in last
    assert not (tmp_path / "ran").exists()
    assert leftovers(image) == []


def test_preflight_and_relocate_on_a_real_image(work: Path) -> None:
    """A moved directory stops the command, and the rules that are found let it start."""
    image = work.parent / "image"
    (work / "app").rename(work / "moved")
    ran = work.parent / "ran"
    command: list[str | Path] = ["--", "sh", "-c", 'cp "$0" "$1"', "{image}", ran]
    result = crimg("wrap", image, "--preflight", *command)
    assert (result.returncode, result.stdout, ran.exists()) == (1, b"", False)
    assert f"{work}/app/data -> {work}/moved/data" in result.stderr.decode()
    result = crimg("wrap", image, "--preflight", "--relocate", work, *command)
    found = f"crimg: note: found by --relocate: --map {work}/app={work}/moved\n"
    assert (result.returncode, result.stderr.decode()) == (0, found)
    assert crimg("preflight", ran).returncode == 0
    assert crimg("preflight", image).returncode == 1
    ran.unlink()
    given = ["--map", f"{work}/app={work}/moved"]
    assert crimg("wrap", image, "--preflight", *given, "--relocate", work, *command).returncode == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_signals_reach_the_command(image: Path, number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    running = Running(image, f"trap 'exit 41' {name}; echo ready; while :; do sleep 0.02; done")
    running.process.send_signal(number)
    assert running.end() == 41
    assert leftovers(image) == []


def test_a_command_killed_by_a_signal_that_was_sent_to_wrap(image: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):  # no terminal here: SIGINT is passed on as well
        running = Running(image, "echo ready; exec sleep 60")
        running.process.send_signal(number)
        assert running.end() == 128 + number
        assert leftovers(image) == []


def test_a_signal_before_the_command_starts(image: Path) -> None:
    """Here while the copy is rewritten."""
    ran = image.parent.parent / "ran"
    code = (
        "import os, signal, sys\n"
        "from crimg.cli import main, wrap\n"
        "wrap._rewrite = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "raise SystemExit(main(sys.argv[1:]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "wrap", image, "--", "touch", ran, "{image}"],
        capture_output=True,
        env=environment(),
        timeout=TIMEOUT,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (128 + 15, b"", b"")
    assert not ran.exists()
    assert leftovers(image) == []


def test_ctrl_c_in_a_terminal_reaches_the_command_once(image: Path) -> None:
    import pty

    script = """if True:
        import signal, sys, time
        got = []
        signal.signal(signal.SIGINT, lambda *_: got.append(1))
        print("ready", flush=True)
        while not got:
            time.sleep(0.01)
        time.sleep(0.3)  # no event tells that a second one will not come
        sys.exit(len(got))"""
    pid, fd = pty.fork()
    if pid == 0:
        words = [
            sys.executable,
            "-m",
            "crimg",
            "wrap",
            str(image),
            "--",
            sys.executable,
            "-c",
            script,
            "{image}",
        ]
        os.execve(sys.executable, words, environment())
    try:
        said = b""
        while b"ready" not in said:
            said += os.read(fd, 1024)
        os.write(fd, b"\x03")
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(fd)
    assert os.waitstatus_to_exitcode(status) == 1
    assert leftovers(image) == []


def test_what_kill_9_leaves_is_removed_by_the_next(image: Path) -> None:
    living = Running(image, 'echo "$0"; read line')  # it waits
    killed = Running(image, 'echo "$0"; exec sleep 60')
    killed.process.kill()
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.end()
    assert os.path.exists(killed.said)
    (image.parent / f"{PREFIX}mine").mkdir()
    (image.parent / f"{PREFIX}mine" / "kept").touch()
    assert text(crimg("wrap", image, "--", "test", "-f", "{image}")) == ""
    assert not os.path.exists(os.path.dirname(killed.said))
    assert os.path.exists(living.said)
    os.killpg(living.process.pid, signal.SIGTERM)
    living.end()
    assert leftovers(image) == [f"{PREFIX}mine"]


def test_a_copy_that_a_command_uses_outlives_wrap(image: Path) -> None:
    """Its command was not killed with it: the next wrap lets the copy be until the command has ended."""
    running = Running(image, 'echo "$0"; read line; cat "$0"')
    running.process.kill()
    running.process.wait()
    assert text(crimg("wrap", image, "--", "test", "-f", "{image}")) == ""
    assert os.path.exists(running.said)
    output, _ = running.process.communicate(b"\n", timeout=TIMEOUT)  # it ends with the command's output
    assert output == image.read_bytes()
    assert text(crimg("wrap", image, "--", "test", "-f", "{image}")) == ""
    assert leftovers(image) == []


def test_an_image_that_is_not_sound(image: Path) -> None:
    image.write_bytes(Draft().change(File, 30, inode=998).bytes())
    result = crimg("wrap", image, "--map", "/tmp=/x", "--", "true", "{image}")
    assert (result.returncode, result.stdout) == (3, b"")
    assert b"the image is not sound: C201" in result.stderr
    assert b"--force" not in result.stderr
    assert leftovers(image) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit(143), RuntimeError("x")])
def test_the_copy_goes_with_an_exception(image: Path, error: BaseException) -> None:
    with pytest.raises(BaseException) as caught, private_copy(str(image)) as copy:
        folder = os.path.dirname(copy.path)
        os.mkdir(os.path.join(folder, "of the command"))
        assert remove_leftovers(str(image.parent)) == []
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        raise error
    assert caught.type in (KeyboardInterrupt, SystemExit, RuntimeError)
    assert leftovers(image) == []


def test_keep(image: Path) -> None:
    result = crimg("wrap", image, "--keep", "--", "sh", "-c", "exit 3", "{image}")
    assert result.returncode == 3
    kept = result.stderr.decode().strip().removeprefix("crimg: the copy stays: ")
    assert crimg("validate", "-q", kept).returncode == 0
    assert text(crimg("wrap", image, "--", "test", "-f", "{image}")) == ""
    assert os.listdir(os.path.dirname(kept)) == ["image.img"]


def test_what_was_not_started_is_not_kept(image: Path) -> None:
    """A copy holds the memory of the process. All conflicts are said, and what did not happen."""
    words = ("--set", "30=/same", "--set", "33=/same", "--set", "31=/x/../y")
    result = crimg("wrap", image, *words, "--keep", "--", "true", "{image}")
    *conflicts, last = result.stderr.decode().splitlines()
    assert result.returncode == 1
    assert len(conflicts) == 2
    assert all(line.startswith("conflict: #") for line in conflicts)
    assert last.startswith("crimg: error: the command was not started: #")
    assert leftovers(image) == []


def test_verbose_tells_the_plan(image: Path) -> None:
    result = crimg("wrap", image, "--exact", "/usr/bin/counter=/opt/counter", "-v", "--", "true", "{image}")
    assert (result.returncode, result.stdout) == (0, b"")
    assert "/usr/bin/counter -> /opt/counter\n" in result.stderr.decode()


def test_a_name_with_a_long_ending(image: Path) -> None:
    long = image.with_name("x." + "y" * 252)
    image.rename(long)
    assert text(crimg("wrap", long, "--", "test", "-f", "{image}")) == ""


def test_a_rule_that_decides_nothing(image: Path) -> None:
    """It is said; with --strict the command is not started."""
    words = ("wrap", image, "--map", "/no/such=/o")
    done = crimg(*words, "--", "true", "{image}")
    assert (done.returncode, done.stderr.count(b"decides no path of the image")) == (0, 1)
    done = crimg(*words, "--strict", "--", "touch", image.with_name("RAN"), "{image}")
    assert done.returncode == 1
    assert not image.with_name("RAN").exists()


def test_the_path_is_what_the_kernel_takes_it_for(image: Path) -> None:
    """A link before .. leads elsewhere than the text."""
    elsewhere = image.parent.parent / "elsewhere" / "deeper"
    elsewhere.mkdir(parents=True)
    (elsewhere.parent / "shop.img").write_bytes(Draft().bytes())
    image.write_bytes(b"another")
    (image.parent / "link").symlink_to(elsewhere)
    done = crimg("wrap", f"{image.parent}/link/../shop.img", "--", "grep", "-c", "another", "{image}")
    assert (done.returncode, done.stdout) == (1, b"0\n")


def test_a_command_that_removes_its_copy(image: Path) -> None:
    done = crimg("wrap", image, "--", "sh", "-c", 'rm -r "$(dirname "$1")"; exit 7', "sh", "{image}")
    assert (done.returncode, done.stderr) == (7, b"")


def test_closed_descriptors_stay_closed(image: Path) -> None:
    script = 'crimg wrap "$1" -- ls -l /proc/self/fd {image} <&-'.replace(
        "crimg", f"{sys.executable} -m crimg"
    )
    done = subprocess.run(
        ["sh", "-c", script, "sh", image], capture_output=True, env=environment(), timeout=TIMEOUT
    )
    assert b"lock" not in b"".join(line for line in done.stdout.splitlines() if b" 0 -> " in line)
