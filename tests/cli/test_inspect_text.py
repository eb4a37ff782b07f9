"""`crimg inspect` as text: golden transcripts, widths, stability."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from crimg.cli.inspect import SECTIONS
from tests.cli import golden
from tests.cli.command import crimg, environment, text
from tests.cli.terminal import on_terminal
from tests.samples import HEAP, SCRATCH, small_image, small_records

if TYPE_CHECKING:
    from pathlib import Path

OBJECTS = sorted({row[0] for row in small_records() if type(row).shared})
VIEWS = {
    "first_screen": (),
    **{name: (f"--{name}",) for name in SECTIONS},
    "all": ("--all",),
    "two_sections": ("--files", "--fds"),
    "objects": None,
    "hex_saved_zero": ("--hex", f"{HEAP + 0x1FE8:x}:64"),
    "hex_guard_compressed_unmapped": ("--hex", f"{SCRATCH:x}-{SCRATCH + 0x1010:x}"),
    "hex_file_and_gap": ("--hex", "0x555555555ff8:16"),
    "hex_kernel": ("--hex", "ffffffffff600000:0x10"),
}


@pytest.fixture
def in_its_folder(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The name of the image without a folder, which would stand in the transcript."""
    monkeypatch.chdir(small.parent)
    return small


@pytest.mark.parametrize("view", VIEWS)
def test_transcript(view: str, in_its_folder: Path) -> None:
    words = VIEWS[view]
    if words is None:
        output = "\n".join(text(crimg("inspect", "small.crimg", "--object", str(n))) for n in OBJECTS)
    else:
        output = text(crimg("inspect", "small.crimg", *words))
    golden.check(f"inspect/small/{view}.txt", output)


@pytest.mark.parametrize("view", [view for view in VIEWS if not view.startswith(("hex", "all", "objects"))])
def test_lines_fit_80_columns_but_for_a_path_at_their_end(view: str) -> None:
    lines = (golden.GOLDEN / f"inspect/small/{view}.txt").read_text().splitlines()
    assert lines
    for line in lines:
        name = re.search(r" /| anon_inode:", line)
        assert (name.start() if name else len(line)) <= 80, line


def test_hex_lines_take_80_columns() -> None:
    lines = (golden.GOLDEN / "inspect/small/hex_saved_zero.txt").read_text().splitlines()
    assert len(lines[0]) == 80
    assert lines[0][14:16] == "a2"


def test_what_is_printed_does_not_depend_on_locale_zone_or_terminal(small: Path) -> None:
    plain = crimg("inspect", small, "--all").stdout
    assert "“".encode() in plain
    for env in (
        {"TZ": "Asia/Tokyo"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "C.UTF-8", "LANGUAGE": "de"},
        {"COLUMNS": "40", "TERM": "dumb"},
        {"TERM": "xterm-256color", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"},
        {"PYTHONIOENCODING": "latin-1"},
    ):
        assert crimg("inspect", small, "--all", env=environment(**env)).stdout == plain, env


def test_from_a_pipe_and_by_redirection(small: Path) -> None:
    from_file = text(crimg("inspect", small)).splitlines()
    from_pipe = text(crimg("inspect", "-", stdin=small.read_bytes())).splitlines()
    assert from_pipe[0] == "Image    (standard input)"
    assert from_pipe[1:] == from_file[1:]
    fifo = small.parent / "fifo"
    os.mkfifo(fifo)
    child = os.fork()
    if child == 0:
        fifo.write_bytes(small_image())
        os._exit(0)
    assert text(crimg("inspect", fifo)).splitlines()[1:] == from_file[1:]
    os.waitpid(child, 0)


def test_an_image_whose_name_is_no_utf8(small: Path) -> None:
    odd = os.fsencode(small.parent) + b"/caf\xe9.crimg"
    os.rename(small, odd)
    assert text(crimg("inspect", odd)).splitlines()[0].endswith("/caf\\xe9.crimg")
    assert f'"file_hex": "{odd.hex()}"' in text(crimg("inspect", odd, "--json"))


@pytest.mark.parametrize("columns", [80, 60])
def test_on_a_terminal_paths_are_cut_in_the_middle(small: Path, columns: int) -> None:
    shown = on_terminal("inspect", small, "--fds", columns=columns).splitlines()
    piped = text(crimg("inspect", small, "--fds")).splitlines()
    assert any("…" in line for line in shown)
    for on_screen, whole in zip(shown, piped, strict=True):
        assert len(on_screen) <= max(columns, 56 + 12)
        if "…" in on_screen:
            head, _, tail = on_screen.partition("…")
            assert whole.startswith(head) and whole.endswith(tail) and tail
        else:
            assert on_screen == whole


def test_on_a_wide_terminal_nothing_is_cut_and_nothing_is_coloured(small: Path) -> None:
    shown = on_terminal("inspect", small, columns=200)
    assert shown == text(crimg("inspect", small))
    assert "\x1b" not in shown
    assert on_terminal("inspect", small, columns=200, COLUMNS="60").count("…") >= 1


def test_a_terminal_without_utf8_gets_escapes(small: Path) -> None:
    shown = on_terminal(
        "inspect", small, "--log", columns=80, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0"
    )
    assert shown.isascii()
    assert "was replaced: \\u201cname (deleted)\\u201d" in shown
