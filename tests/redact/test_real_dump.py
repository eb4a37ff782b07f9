"""A process with secrets in every place, dumped and redacted: what was chosen is nowhere in the file."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg.cli import main
from crimg.model import ImageInfo, Task
from tests.dump.dumps import command, save
from tests.dump.programs import Agent, Program, compiled
from tests.redact.drafts import everything

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEMORY = ("heap", "anonymous", "stack")
KEPT = ("file", "pipe")
PLACES = (*MEMORY, *KEPT, "environment", "arguments")
OPTIONS = {
    **{place: ("--vma", place) for place in MEMORY},
    **dict.fromkeys(KEPT, ("--contents",)),
    "environment": ("--environment",),
    "arguments": ("--arguments",),
}

NAMES = """
import os, socket
token = os.environ["TOKEN"]
file = open("of-" + token, "w")
bound = socket.socket(socket.AF_UNIX)
bound.bind("\\0" + token)
bound.listen(1)
open("/proc/self/comm", "w").write(token[:15])
gone = open("gone", "w")
lines = [os.urandom(16).hex() for _ in range(100)]
print(*lines, sep="\\n", file=gone, flush=True)
os.unlink("gone")
"""


class Dumped:
    """An image, and what each place held. text: everything that is in the image."""

    def __init__(self, path: Path, secrets: dict[str, bytes]) -> None:
        self.path = path
        self.secrets = secrets
        self.text = everything(path.read_bytes())

    def held(self) -> set[str]:
        """The places whose secrets are in the image."""
        return {place for place, secret in self.secrets.items() if secret in self.text}


@pytest.fixture(scope="module", params=[False, True], ids=["raw", "compressed"])
def dumped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dumped]:
    folder = tmp_path_factory.mktemp("secrets")
    secrets = {place: os.urandom(16).hex().encode() for place in PLACES}
    (folder / "secrets").write_bytes(b"".join(secrets[place] for place in (*MEMORY, *KEPT)))
    words: list[str | Path] = [compiled("secrets"), folder / "secrets"]
    words.append("--key=" + secrets["arguments"].decode())
    environment = {"KEY": secrets["environment"].decode(), "PATH": "/usr/bin:/bin"}
    with Program(words, folder / "target", env=environment) as program:
        save(program.pid, folder / "image", compress=request.param)
    yield Dumped(folder / "image", secrets)


def redact(dumped: Dumped, *words: str) -> Dumped:
    """The redacted image; the command went well, and the image has no errors."""
    made = dumped.path.with_name("redacted")
    assert main(["redact", str(dumped.path), "-o", str(made), "--force", *words]) == 0
    assert main(["validate", str(made)]) == 0
    return Dumped(made, dumped.secrets)


def test_each_alone(dumped: Dumped) -> None:
    """What is chosen goes, all else stays. Arguments and environment lie on the stack, and go with it."""
    assert dumped.held() == set(PLACES)
    for place in ("heap", "stack", "pipe"):
        gone = {other for other, options in OPTIONS.items() if options == OPTIONS[place]}
        gone |= {"environment", "arguments"} if place == "stack" else set()
        assert redact(dumped, *OPTIONS[place]).held() == set(PLACES) - gone


def test_all_together(dumped: Dumped) -> None:
    words = [word for place in ("heap", "anonymous", "stack", "file") for word in OPTIONS[place]]
    assert redact(dumped, *words, "--registers").held() == set()
    bare = redact(dumped, "--all")
    assert bare.held() == set()
    assert bare.path.stat().st_size < 100_000


def test_strings_go_from_the_stack_and_copies_with_them(
    dumped: Dumped, capsys: pytest.CaptureFixture[str]
) -> None:
    """The kernel keeps the name of the program a second time, behind the environment (AT_EXECFN)."""
    made = redact(dumped, "--arguments", "--environment", "--drop")
    assert made.held() == set(PLACES) - {"arguments", "environment"}
    assert "argument 0 of #" in capsys.readouterr().out
    words = ("--arguments", "--environment", "--copies", "--strict")
    assert redact(dumped, *words).held() == set(PLACES) - {"arguments", "environment"}


def test_a_secret_in_names_and_lines_in_the_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a path it is told, and --strict refuses; names of tasks and of sockets go, lines with --copies."""
    token = "T0" + os.urandom(14).hex()
    environment = {"TOKEN": token, "PATH": "/usr/bin:/bin", "PWD": str(tmp_path / "target")}
    with Agent(NAMES, tmp_path / "target", env=environment) as agent:
        lines = [line.encode() for line in agent.ask("lines")]
        assert command("dump", agent.pid, "-o", tmp_path / "image").returncode == 0
    words = ["--environment", "--copies", "--registers"]
    for options in (words, ["--all", "--copies"]):
        line = ["redact", str(tmp_path / "image"), "-o", str(tmp_path / "redacted"), "--force", *options]
        assert main([*line, "--strict"]) == 1
        told = capsys.readouterr().err
        assert re.search(r"nothing was written: TOKEN in .*: 1 copy is left: #[0-9]+ file.path\n", told)
        assert main(line) == 0
        assert "string are still in it" in capsys.readouterr().err
        left = everything((tmp_path / "redacted").read_bytes())
        sought = token if options is words else token[:8]
        assert left.count(sought.encode()) == left.count(b"of-" + token.encode())
        with crimg.open(tmp_path / "redacted") as image:
            assert [row.comm for row in image.rows(Task)] == [b""]
            assert image.rows(ImageInfo)[0].command == (b"crimg", b"dump")
        assert str(tmp_path / "image").encode() not in left
    assert main(["rewrite", str(tmp_path / "image"), "--map", f"{tmp_path}/target/of-{token}=/of-it"]) == 0
    assert main([*line, "--strict"]) == 0
    assert token.encode() not in everything((tmp_path / "redacted").read_bytes())
    assert "these strings stay, being paths of files in the image: " in capsys.readouterr().out
    line[4:] = ["--force", "--contents"]
    assert main([*line, "--strict"]) == 1
    assert re.search("text in the contents of #[0-9]+: [0-9]{3} copies are left: ", capsys.readouterr().err)
    assert main([*line, "--strict", "--copies", "--registers"]) == 0
    left = everything((tmp_path / "redacted").read_bytes())
    assert not [each for each in lines if each in left]
