"""A process with secrets in every place, dumped and redacted: what was chosen is nowhere in the file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from crimg.cli import main
from tests.dump.dumps import save
from tests.dump.programs import Program, compiled
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
    command: list[str | Path] = [compiled("secrets"), folder / "secrets"]
    command.append("--key=" + secrets["arguments"].decode())
    environment = {"KEY": secrets["environment"].decode(), "PATH": "/usr/bin:/bin"}
    with Program(command, folder / "target", env=environment) as program:
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
