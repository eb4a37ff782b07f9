"""`crimg validate`: text and JSON, choice of rules, exit status."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Any

import pytest

from crimg.cli import main
from crimg.model import Fd, File, Inode, Sigaction
from crimg.validate import RULES
from tests.cli import golden
from tests.cli.command import TIMEOUT, crimg, environment, text
from tests.cli.schemas import problems
from tests.cli.terminal import on_terminal
from tests.cli.test_startup import HEAVY, modules_after
from tests.samples import DELETED_FILE, FD_TABLE, HISTORY, REPLACED, REPLACED_FILE, SIGHAND
from tests.validate.broken_container import flipped, whole
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path


def several() -> bytes:
    """Two errors, a warning and a note."""
    draft = Draft().change(Fd, (FD_TABLE, 3), file=998).change(File, REPLACED_FILE, position=11)
    draft.change(File, DELETED_FILE, path=b"tmp/\x1b[31m\xff\n\xe2\x80\xae", flags=0o100002).counted()
    return draft.builder().section(99, b"from the future", flags=0).revision().bytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sound.crimg, broken.crimg and warned.crimg are, and the commands run."""
    (tmp_path / "sound.crimg").write_bytes(Draft().bytes())
    (tmp_path / "broken.crimg").write_bytes(several())
    warned = Draft().change(File, REPLACED_FILE, position=11)
    (tmp_path / "warned.crimg").write_bytes(warned.bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sound_image_is_one_line(folder: Path) -> None:
    output = text(crimg("validate", "sound.crimg"))
    own = [rule_id for rule_id in RULES if not rule_id.startswith("C6")]  # these are of images of CRIU
    assert output == f"sound.crimg: sound ({len(own)} rules)\n"


def test_transcript_of_a_broken_image(folder: Path) -> None:
    result = crimg("validate", "broken.crimg")
    assert (result.returncode, result.stderr) == (1, b"")
    golden.check("validate/broken.txt", result.stdout.decode())
    assert crimg("validate", "broken.crimg").stdout == result.stdout


def test_transcript_of_a_damaged_image(folder: Path) -> None:
    image = whole()
    (folder / "damaged.crimg").write_bytes(flipped(image.bytes(), image.offsets[6] + 700) + b"more")
    result = crimg("validate", "damaged.crimg")
    assert result.returncode == 1
    assert result.stderr.startswith(
        b"crimg: note: damaged.crimg: 4 bytes behind revision 1, of a rewrite that"
    )
    golden.check("validate/damaged.txt", result.stdout.decode())


def test_nothing_of_the_image_reaches_a_terminal_raw(folder: Path) -> None:
    for words in (("broken.crimg",), ("broken.crimg", "--json"), ("broken.crimg", "-v")):
        output = crimg("validate", *words).stdout
        assert all(char.isprintable() or char == "\n" for char in output.decode())


def test_json_is_what_the_schema_says(folder: Path) -> None:
    for name, status in (("sound", 0), ("broken", 1), ("warned", 0)):
        result = crimg("validate", f"{name}.crimg", "--json")
        assert result.returncode == status
        value = json.loads(result.stdout)
        assert problems(value, "validate") == []
        assert value["sound"] == (status == 0)
        assert sum(value["counts"].values()) == len(value["findings"])


def test_the_schema_is_not_lenient(folder: Path) -> None:
    value = json.loads(crimg("validate", "broken.crimg", "--json").stdout)
    finding = value["findings"][0]
    for change in ({"severity": "bad"}, {"rule": "X1"}, {"surprise": 1}, {"look": "crimg"}):
        assert problems({**value, "findings": [{**finding, **change}]}, "validate")
    assert problems({**value, "sound": 1}, "validate")


def test_json_and_text_tell_the_same(folder: Path) -> None:
    value = json.loads(crimg("validate", "broken.crimg", "--json").stdout)
    lines = crimg("validate", "broken.crimg").stdout.decode()
    assert [finding["rule"] for finding in value["findings"]] == ["C201", "C412", "C404", "C111"]
    for finding in value["findings"]:
        assert finding["text"] in lines and finding["remedy"] in lines
    first = value["findings"][0]
    assert first["place"] | {"section": 0, "offset": 0} == {
        "objref": FD_TABLE, "kind": "fd", "label": "fd 3", "field": "file", "section": 0, "offset": 0,
    }  # fmt: skip


def test_the_way_to_look_works(folder: Path) -> None:
    value = json.loads(crimg("validate", "broken.crimg", "--json").stdout)
    for finding in value["findings"]:
        words = finding["look"]
        assert words[0] == "crimg"
        assert crimg(*words[1:]).returncode == 0, words


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        (["--rule", "C2"], {"C201"}),
        (["--rule", "C404", "--rule", "C412"], {"C404", "C412"}),
        (["--ignore", "C4", "--ignore", "C201"], {"C111"}),
        (["--rule", "C4", "--ignore", "C404"], {"C412"}),
        (["--rule", "C5"], set()),
    ],
)
def test_rules_are_chosen(words: list[str], rules: set[str], folder: Path) -> None:
    result = crimg("validate", "broken.crimg", "--json", *words)
    value = json.loads(result.stdout)
    assert {finding["rule"] for finding in value["findings"]} == rules
    assert result.returncode == (1 if {"C201", "C412"} & rules else 0)


def test_strict_counts_warnings(folder: Path) -> None:
    assert crimg("validate", "warned.crimg").returncode == 0
    assert crimg("validate", "--strict", "warned.crimg").returncode == 1
    assert crimg("validate", "--strict", "--ignore", "C404", "warned.crimg").returncode == 0
    assert crimg("validate", "--strict", "sound.crimg").returncode == 0


def test_errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "text").write_text("hello\n" * 20)
    cases: list[tuple[list[str], int, str]] = [
        (["text"], 3, "this is no image of crimg"),
        (["missing.crimg"], 4, "No such file"),
        ([], 2, "which IMAGE?"),
        (["sound.crimg", "--rule", "C9"], 2, "no rule 'C9'"),
        (["sound.crimg", "--rule", "c301"], 2, "did you mean C301?"),
        (["--explain", "C999"], 2, "no rule 'C999'"),
        (["sound.crimg", "--explain", "C301"], 2, "--explain takes a rule"),
    ]
    for words, status, told in cases:
        assert main(["validate", *words]) == status
        captured = capsys.readouterr()
        assert told in captured.err and captured.err.count("\n") == 1 and captured.out == ""


def test_damage_is_told_whatever_rules_are_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cut.crimg").write_bytes(Draft().bytes()[:-30])
    assert main(["validate", "cut.crimg", "--rule", "C3"]) == 1
    captured = capsys.readouterr()
    assert "damaged: " in captured.err
    assert "Not checked, since parts of the image are lost:\n  C322 " in captured.out


def test_explain(folder: Path) -> None:
    golden.check("validate/explain_C301.txt", text(crimg("validate", "--explain", "C301")))
    family = text(crimg("validate", "--explain", "C33"))
    assert all(f"C33{number}  " in family for number in range(1, 7))
    listed = text(crimg("validate", "--explain", "all"))
    assert all(f"  {rule_id}  " in listed for rule_id in RULES)
    assert max(map(len, (listed + family).splitlines())) <= 80


def test_page_data_left_out_is_said(folder: Path) -> None:
    image = whole()
    (folder / "page.crimg").write_bytes(flipped(image.bytes(), image.offsets[2] + 5000))
    assert crimg("validate", "page.crimg").returncode == 1
    output = text(crimg("validate", "page.crimg", "--no-page-data"))
    assert "checksums of page data were not looked at" in output


def test_standard_input(folder: Path) -> None:
    result = crimg("validate", "-", stdin=several())
    assert result.returncode == 1
    assert result.stdout.decode().splitlines()[-1].startswith("standard input: 2 errors, 1 warning, 1 note")


def many() -> bytes:
    draft = Draft()
    action: Any = draft.row(Sigaction, (SIGHAND, 10))
    draft.add(*(action.replace(signal=signal) for signal in range(100, 150)))
    return draft.counted().bytes()


def test_many_findings_are_cut_on_a_terminal_only(folder: Path) -> None:
    (folder / "many.crimg").write_bytes(many())
    assert crimg("validate", "many.crimg").stdout.count(b"signal is 1") == 50
    shown = on_terminal("validate", "many.crimg", "--rule", "C1", columns=80)
    assert shown.endswith("many.crimg: sound (15 rules)\n")
    for words, count in (((), 20), (("--all",), 50)):
        output = _failing_on_terminal("validate", str(folder / "many.crimg"), *words)
        assert output.count("signal is 1") == count
        assert ("and 30 more" in output) == (not words)


def _failing_on_terminal(*words: str) -> str:
    """As on_terminal, for a command whose exit status is 1."""
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    program = [sys.executable, "-m", "crimg", *words]
    process = subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=slave, env=environment())
    os.close(slave)
    output = b""
    with contextlib.suppress(OSError):  # EIO: nobody has the terminal open any more
        while part := os.read(master, 65536):
            output += part
    os.close(master)
    assert process.wait(TIMEOUT) == 1
    return output.decode()


def test_a_second_revision_is_validated(folder: Path) -> None:
    draft = Draft()
    image = draft.builder().revision()
    row = draft.row(Inode, REPLACED).replace(keeper_path=b"relative")
    image.objects(Inode.row_kind, [row]).history([HISTORY[0].replace(revision=2)]).revision()
    (folder / "second.crimg").write_bytes(image.bytes())
    value = json.loads(crimg("validate", "second.crimg", "--json").stdout)
    assert [finding["rule"] for finding in value["findings"]] == ["C425"]
    assert value["findings"][0]["place"]["offset"] == image.offsets[11]


def test_progress_is_for_terminals_and_long_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for least, quiet, expected in ((0, False, True), (1 << 30, False, False), (0, True, False)):
        terminal = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr("crimg.cli.validate._WORTH_PROGRESS", least)
            patch.setattr(sys, "stderr", terminal)
            assert main(["validate", "sound.crimg", *(["--quiet"] if quiet else [])]) == 0
        shown = terminal.getvalue()
        assert ("\rchecksums: 100 %\r\x1b[K" in shown) == expected
        assert not shown or shown.endswith("\x1b[K")


def test_nothing_heavy_is_imported(folder: Path) -> None:
    for words in (("validate", "sound.crimg"), ("validate", "--explain", "C3"), ("graph", "sound.crimg")):
        loaded = modules_after(*words)
        assert loaded.isdisjoint(set(HEAVY) - {"zstandard", "typing"}), "zstandard imports typing"
        assert loaded.isdisjoint({"crimg.kernel", "crimg.dump"})
