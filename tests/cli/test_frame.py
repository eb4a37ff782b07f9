"""The frame of the command line: verbs, help, errors, exit statuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import crimg as package
from crimg import errors
from crimg.cli import main
from crimg.cli.exit_codes import ExitCode
from crimg.cli.parser import VERBS, full_parser, verb_module
from tests.cli.command import TIMEOUT, crimg, environment, text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

ROOT = Path(package.__file__).parent.parent


def all_errors(cls: type[errors.CrimgError]) -> Iterator[type[errors.CrimgError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from all_errors(child)


def test_without_arguments_help_goes_to_stderr_and_the_status_is_usage() -> None:
    result = crimg()
    assert (result.returncode, result.stdout) == (ExitCode.USAGE, b"")
    for verb in VERBS:
        assert f"\n  {verb} ".encode() in result.stderr


def test_help_is_data() -> None:
    shown = text(crimg("--help"))
    assert shown.startswith("usage: crimg")
    for verb, (_, line) in VERBS.items():
        assert verb in shown and line in shown
    assert text(crimg("-h")) == shown


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_comes_from_its_docstring(verb: str) -> None:
    shown = text(crimg(verb, "--help"))
    doc = verb_module(verb).__doc__ or ""
    assert " ".join(doc.split("\n\n")[0].split()) in " ".join(shown.split())
    assert text(crimg("help", verb)) == shown


@pytest.mark.parametrize("words", [("--help",), *((verb, "--help") for verb in VERBS)])
def test_help_fits_80_columns(words: tuple[str, ...]) -> None:
    assert max(map(len, text(crimg(*words)).splitlines())) <= 80
    narrow = text(crimg(*words, env=environment(COLUMNS="60")))
    assert narrow.count("\n") >= text(crimg(*words)).count("\n")


def test_version_is_that_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert package.__version__ == declared
    assert text(crimg("--version")) == f"crimg {declared}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["inspcet", "x"], "no verb inspcet; did you mean inspect?"),
        (["xyzzy"], "no verb xyzzy (see crimg --help)"),
        (["inspect", "x", "--memry"], "unknown option --memry; did you mean --memory?"),
        (["inspect", "x", "--mem"], "unknown option --mem"),  # abbreviations are none
        (["inspect", "x", "y"], "unexpected argument y"),
        (["inspect"], "IMAGE (see crimg inspect --help)"),
        (["--frob"], "unknown option --frob (see crimg --help)"),
        (["inspect", "x", "--object", "1", "--fds"], "choose one of"),
        (["inspect", "x", "--hex", "1", "--object", "1"], "choose one of"),
    ],
)
def test_mistakes_in_the_call_are_named(words: list[str], message: str) -> None:
    result = crimg(*words)
    assert (result.returncode, result.stdout) == (ExitCode.USAGE, b"")
    line = result.stderr.decode()
    assert line.startswith("crimg: error: ") and line.count("\n") == 1
    assert message in line


def test_an_image_where_a_verb_should_be_gets_a_hint(small: Path) -> None:
    assert f"did you mean crimg inspect {small}?" in crimg(small).stderr.decode()


def test_common_options_go_before_or_behind_the_verb(small: Path) -> None:
    assert text(crimg("-v", "inspect", small)) == text(crimg("inspect", small, "-q", "-vv"))


def test_every_error_has_an_exit_status_of_the_table() -> None:
    expected = {
        errors.UsageError: ExitCode.USAGE,
        errors.FormatError: ExitCode.BAD_IMAGE,
        errors.TruncatedError: ExitCode.BAD_IMAGE,
        errors.BadMagicError: ExitCode.BAD_IMAGE,
        errors.UnsupportedVersionError: ExitCode.BAD_IMAGE,
        errors.ChecksumError: ExitCode.BAD_IMAGE,
        errors.KernelError: ExitCode.REFUSED,
        errors.FileError: ExitCode.REFUSED,
        errors.DumpError: ExitCode.REFUSED,
        errors.ProcessGoneError: ExitCode.REFUSED,
        errors.UnsupportedResourceError: ExitCode.UNSUPPORTED,
        errors.ModelError: ExitCode.BUG,
    }
    for cls in all_errors(errors.CrimgError):
        assert cls.exit_status in set(ExitCode), cls
    for cls, status in expected.items():
        assert cls.exit_status == status, cls


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (errors.UsageError("no"), 2, "crimg: error: no\n"),
        (errors.FormatError("bad", section="header", offset=8), 3, "crimg: error: header at offset 8"),
        (
            errors.KernelError("ptrace", 1, pid=7, hint="be root"),
            4,
            "process 7: Operation not permitted; be root",
        ),
        (errors.ProcessGoneError(7), 4, "crimg: error: process 7 is gone\n"),
        (errors.UnsupportedResourceError("odd", ["a"]), 5, "crimg: error: odd\n"),
        (errors.FileError("evil \x1b[2J\nname \u202e"), 4, "crimg: error: evil \\x1b[2J\\nname \\u202e\n"),
        (KeyboardInterrupt(), 130, "crimg: interrupted\n"),
        (ZeroDivisionError("oops"), 70, "a mistake in crimg, please report it: ZeroDivisionError: oops"),
    ],
)
def test_what_a_verb_raises_becomes_one_line_and_a_status(
    raised: BaseException,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_args: argparse.Namespace) -> int:
        raise raised

    monkeypatch.setattr("crimg.cli.inspect.run", fail)
    assert main(["inspect", "x"]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err and captured.err.count("\n") == 1
    assert main(["inspect", "x", "--debug"]) == status
    traced = capsys.readouterr().err
    assert "Traceback" in traced and said in traced


def test_the_status_of_a_verb_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crimg.cli.inspect.run", lambda _args: 1)
    assert main(["inspect", "x"]) == 1


def test_a_missing_file_is_the_systems_no(tmp_path: Path) -> None:
    result = crimg("inspect", tmp_path / "none")
    assert result.returncode == ExitCode.REFUSED
    assert result.stderr.decode() == f"crimg: error: {tmp_path / 'none'}: No such file or directory\n"


def test_a_reader_that_goes_away_is_no_error(small: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "crimg", "inspect", small],
            stdout=write,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=TIMEOUT,
            check=False,
        )
    finally:
        os.close(write)
    assert (result.returncode, result.stderr) == (ExitCode.BROKEN_PIPE, b"")


def test_output_that_cannot_be_written_is_told(small: Path) -> None:
    for words in (["inspect", str(small)], ["--version"]):
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [sys.executable, "-m", "crimg", *words],
                stdout=full,
                stderr=subprocess.PIPE,
                env=environment(),
                timeout=TIMEOUT,
                check=False,
            )
        assert result.returncode == ExitCode.REFUSED
        assert result.stderr == b"crimg: error: standard output: No space left on device\n"


def test_closed_standard_streams_are_no_crash(small: Path) -> None:
    shell = f'"{sys.executable}" -m crimg inspect "{small}"'
    closed_out = subprocess.run(
        ["sh", "-c", f"{shell} >&-"], capture_output=True, env=environment(), check=False
    )
    assert closed_out.returncode == ExitCode.REFUSED
    assert closed_out.stderr == b"crimg: error: standard output is closed\n"
    closed_err = subprocess.run(
        ["sh", "-c", f"{shell}x 2>&-"], capture_output=True, env=environment(), check=False
    )
    assert (closed_err.returncode, closed_err.stdout) == (ExitCode.REFUSED, b"")


def test_interrupt_gives_130_and_one_line(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "crimg", "inspect", str(pipe)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    with process, open(pipe, "wb") as writer:  # the pipe opens once crimg reads
        writer.write(b"\x89CRI")
        writer.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (ExitCode.INTERRUPTED, b"", b"crimg: interrupted\n")


def test_full_parser_knows_every_verb_and_its_options() -> None:
    parser = full_parser()
    args = parser.parse_args(["inspect", "image", "--fds", "--json"])
    assert (args.verb, args.image, args.sections, args.json) == ("inspect", "image", ["fds"], True)
    assert parser.parse_args(["dump", "7", "-o", "x"]).verb == "dump"
    with pytest.raises(errors.UsageError):
        parser.parse_args(["no such verb"])


def test_public_names_are_imported_when_asked_for(small: Path) -> None:
    code = (
        "import sys, crimg; assert 'crimg.reader' not in sys.modules; "
        "assert {'open', 'Image', 'CrimgError'} <= set(dir(crimg)); "
        f"print(crimg.open({str(small)!r}).revision); import crimg.errors; "
        "assert crimg.CrimgError is crimg.errors.CrimgError; assert not hasattr(crimg, 'nothing')"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=TIMEOUT, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"1\n", b"")
