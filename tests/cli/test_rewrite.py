"""`crimg rewrite`: transcripts, plans as JSON, exit status, what is written and what never is."""

from __future__ import annotations

import json
import re
import resource
from typing import TYPE_CHECKING

import pytest

from crimg.cli import main
from crimg.model import File, HistoryEntry
from crimg.reader import open_image
from tests.cli.command import crimg, text
from tests.cli.golden import check
from tests.cli.schemas import problems
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = r"/tmp/\xff\xfe name (deleted)"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A sound image of one revision."""
    path = tmp_path / "sound.crimg"
    path.write_bytes(Draft().bytes())
    return path


def paths(image: Path) -> dict[int, bytes]:
    """Objref of a file to its path."""
    with open_image(str(image)) as opened:
        return {file.objref: file.path for file in opened.rows(File)}


def shortened(output: bytes, image: Path) -> str:
    return output.decode().replace(str(image), image.name)


def test_text(image: Path) -> None:
    words = ("rewrite", image, "--map", "/tmp=/srv/tmp", "--exact", "/usr/bin/counter=/opt/counter", "-n")
    check("rewrite/plan.txt", shortened(text(crimg(*words)).encode(), image))
    verbose = text(crimg(*words, "--keeper-area", "/kept=/var/kept", "-v"))
    check("rewrite/plan_verbose.txt", shortened(verbose.encode(), image))
    assert image.read_bytes() == Draft().bytes()


def test_written_sound_and_taken_back(image: Path) -> None:
    before = paths(image)
    result = crimg("rewrite", image, "--map", "/tmp=/srv/tmp")
    assert (result.returncode, shortened(result.stderr, image)) == (
        0,
        "crimg: sound.crimg: revision 2 is written\n",
    )
    moved = {ref: path.replace(b"/tmp/", b"/srv/tmp/") for ref, path in before.items()}
    assert moved != before
    assert paths(image) == moved
    text(crimg("validate", image))
    assert "prefix /tmp=/srv/tmp" in text(crimg("log", "-v", image))
    crimg("undo", image)
    assert image.read_bytes() == Draft().bytes()


def test_dry_run_as_json(image: Path) -> None:
    value = json.loads(text(crimg("rewrite", image, "--map", "/=/n", "--drop-keeper", "all", "-n", "--json")))
    assert problems(value, "rewrite") == []
    assert {change["kind"] for change in value["changes"]} == {"file", "inode", "filesystem"}
    assert {"before": "/usr/bin/counter", "after": "/n/usr/bin/counter"}.items() <= value["changes"][
        0
    ].items()
    assert image.read_bytes() == Draft().bytes()
    value["changes"][0]["odd"] = 1
    assert problems(value, "rewrite") == ["$.changes[0]: odd is not in the schema"]


def test_conflicts_as_json(image: Path) -> None:
    """They are in the data, and in the exit status."""
    result = crimg("rewrite", image, "--set", "30=/run/fifo", "--json")
    value = json.loads(result.stdout)
    assert (result.returncode, problems(value, "rewrite")) == (1, [])
    assert [conflict["objref"] for conflict in value["conflicts"]] == [30]
    assert re.fullmatch(r"crimg: error: .*/run/fifo.*\n", result.stderr.decode())
    assert image.read_bytes() == Draft().bytes()


def test_to_another_file(image: Path) -> None:
    other = image.with_name("other.crimg")
    words = ("rewrite", image, "--map", "/tmp=/srv/tmp", "-o", other)
    assert crimg(*words).returncode == 0
    assert image.read_bytes() == Draft().bytes()
    assert crimg("rewrite", image, "--map", "/tmp=/srv/tmp").returncode == 0
    assert paths(other) == paths(image)
    assert crimg("undo", other).returncode == 0
    assert other.read_bytes() == Draft().bytes()


def test_nothing_to_change_in_another_file(image: Path) -> None:
    """The file that was asked for is there all the same."""
    other = image.with_name("other.crimg")
    result = crimg("rewrite", image, "--map", "/nowhere=/x", "-o", other, "--quiet")
    assert (result.returncode, result.stderr) == (0, b"")
    assert other.read_bytes() == image.read_bytes() == Draft().bytes()


def test_plan_saved_carried_out_and_stale(image: Path) -> None:
    plan = image.with_name("plan.json")
    planned = text(crimg("rewrite", image, "--map", "/tmp=/srv/tmp", "--save-plan", plan))
    assert image.read_bytes() == Draft().bytes()
    assert problems(json.loads(plan.read_text()), "rewrite") == []
    other = image.with_name("direct.crimg")
    assert crimg("rewrite", image, "--map", "/tmp=/srv/tmp", "-o", other).returncode == 0
    result = crimg("rewrite", image, "--plan", plan)
    assert (result.returncode, result.stdout.decode()) == (0, planned)
    assert paths(image) == paths(other)
    written = image.read_bytes()
    stale = crimg("rewrite", image, "--plan", plan)
    assert stale.returncode == 1
    assert re.fullmatch(r"crimg: error: .*not the one that the plan was made from.*\n", stale.stderr.decode())
    assert image.read_bytes() == written
    both = crimg("rewrite", image, "--plan", plan, "--map", "/a=/b")
    assert (both.returncode, both.stdout) == (2, b"")


def test_what_is_there_is_not_replaced(image: Path) -> None:
    """--force is for images that are not sound, and no advice here."""
    there = image.with_name("there")
    there.write_text("mine")
    for option in ("-o", "--save-plan"):
        result = crimg("rewrite", image, "--map", "/tmp=/srv/tmp", "--force", option, there)
        assert result.returncode == 2
        assert result.stderr.decode().endswith("is there already; give another name, or remove it first\n")
    assert there.read_text() == "mine"


def test_a_plan_with_conflicts_is_shown_and_goes_no_further(image: Path) -> None:
    saved = image.with_name("plan.json")
    shown = crimg("rewrite", image, "--set", "30=/run/fifo", "--json", "--save-plan", saved)
    assert (shown.returncode, saved.exists()) == (1, False)
    saved.write_bytes(shown.stdout)
    carried_out = crimg("rewrite", image, "--plan", saved)
    assert carried_out.returncode == 1
    assert b"nothing was written: #30" in carried_out.stderr
    value = json.loads(shown.stdout)
    value["conflicts"] = []  # they are looked for again
    saved.write_text(json.dumps(value))
    assert crimg("rewrite", image, "--plan", saved).returncode == 1
    assert image.read_bytes() == Draft().bytes()


def test_a_plan_that_was_made_unsound_is_taken_back(image: Path) -> None:
    """Nobody knows what was done to a plan in a file: what it makes is validated."""
    saved = image.with_name("plan.json")
    words = ("rewrite", image, "--map", "/kept=/var/kept", "--save-plan", saved)
    assert crimg(*words).returncode == 0
    value = json.loads(saved.read_bytes())
    keeper = next(change for change in value["changes"] if change["column"] == "keeper_path")
    keeper["after"] = None
    saved.write_text(json.dumps(value))
    result = crimg("rewrite", image, "--plan", saved)
    assert (result.returncode, b"C423" in result.stderr) == (1, True)
    assert image.read_bytes() == Draft().bytes()


def test_more_rules_than_a_row_of_history_has_room_for(image: Path) -> None:
    rules = image.with_name("rules.toml")
    one = '[[rule]]\nkind = "exact"\nold = "{0}"\nnew = "/n{0}"\n'
    rules.write_text("".join(one.format(path) for path in ["/tmp/gone", *(f"/no/{n}" for n in range(4500))]))
    assert crimg("rewrite", image, "--rules", rules, "--quiet").returncode == 0
    with open_image(image) as opened:
        assert opened.rows(HistoryEntry)[-1].rules == (b"exact /tmp/gone=/n/tmp/gone",)
    maps = [word for n in range(4500) for word in ("--exact", f"/no/{n}=/n")]
    assert crimg("rewrite", image, *maps, "--exact", "/n/tmp/gone=/x", "--quiet").returncode == 0
    with open_image(image) as opened:
        command = opened.rows(HistoryEntry)[-1].command
        assert (len(command), command[-1]) == (4096, b"... and 4911 more")


def test_a_file_without_an_end_is_not_read_for_ever(image: Path) -> None:
    result = crimg("rewrite", image, "--rules", "/dev/zero")
    assert (result.returncode, result.stderr) == (2, b"crimg: error: /dev/zero: has more than 64 MiB\n")


def test_errors_name_the_new_file(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = image.with_name("other")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (image.stat().st_size + 100, hard))
    try:
        assert main(["rewrite", str(image), "--map", "/tmp=/srv/tmp", "-o", str(other)]) == 4
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert capsys.readouterr().err.startswith(f"crimg: error: {other}: File too large")
    assert not other.exists()


def test_hostile_names_are_shown_escaped_and_taken_so(image: Path) -> None:
    result = crimg("rewrite", image, "--exact", rf"{HOSTILE}=/\x1b[1m\=\xfe", "-v")
    assert result.returncode == 0
    assert all(line.isprintable() for line in result.stdout.decode().split("\n"))
    assert rf"{HOSTILE} -> /\x1b[1m=\xfe" in result.stdout.decode()
    assert b"/\x1b[1m=\xfe" in paths(image).values()


def test_strict_refuses_rules_that_decide_nothing(image: Path) -> None:
    words = ("rewrite", image, "--map", "/tmp=/srv/tmp", "--map", "/nowhere=/x")
    refused = crimg(*words, "--strict", "--quiet")
    assert refused.returncode == 1
    assert re.fullmatch(r"crimg: error: .*\(--strict\)\n", refused.stderr.decode())
    assert image.read_bytes() == Draft().bytes()
    written = crimg(*words)
    assert written.returncode == 0
    assert "note: prefix /nowhere=/x: decides no path" in written.stderr.decode()


def test_rules_in_a_file(image: Path) -> None:
    rules = image.with_name("rules.toml")
    rules.write_text(
        '[[rule]]\nkind = "glob"\nold = "/*/gone"\nnew = "/{1}.new/gone"\nplaces = ["fd"]\n'
        '[[rule]]\nkind = "regex"\nold = "/usr/bin/(.*)"\nnew = "/opt/{1}"\n'
    )
    assert crimg("rewrite", image, "--rules", rules, "--strict").returncode == 0
    found = paths(image)
    assert {ref: found[ref] for ref in (30, 31, 37)} == {
        30: b"/opt/counter",
        31: b"/tmp.new/gone",
        37: b"/var.new/gone",
    }
    assert found[38] == b"/run/fifo"


def test_an_image_that_is_not_sound_needs_force(image: Path) -> None:
    image.write_bytes(Draft().change(File, 30, inode=998).bytes())
    refused = crimg("rewrite", image, "--map", "/tmp=/x")
    assert refused.returncode == 3
    assert "--force" in refused.stderr.decode()
    assert crimg("rewrite", image, "--map", "/tmp=/x", "--force").returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["IMAGE"], 2, "nothing to do"),
        (["IMAGE", "--map", "/a"], 2, "has no ="),
        (["IMAGE", "--map", "/a=/b=/c"], 2, "more than one ="),
        (["IMAGE", "--map", "a=/b"], 2, "relative"),
        (["IMAGE", "--map", "/a="], 2, "empty"),
        (["IMAGE", "--map", r"/a=/\x00"], 2, "NUL"),
        (["IMAGE", "--map", "/a=/" + "b" * 4095], 2, "4096 bytes"),
        (["IMAGE", "--map", "/a=/b", "--map", "/a=/c"], 2, "two prefix rules"),
        (["IMAGE", "--map", "/a=/b", "--only", "elbow"], 2, "elbow is no place"),
        (["IMAGE", "--set", "x=/a"], 2, "is not N=PATH"),
        (["IMAGE", "--set", "998=/a"], 2, "no object #998"),
        (["IMAGE", "--set", "9" * 5000 + "=/a"], 2, "is not N=PATH"),
        (["IMAGE", "--drop-keeper", "one"], 2, "no number"),
        (["IMAGE", "--drop-keeper", "9" * 5000], 2, "no number"),
        (["IMAGE", "--rules", "/no/such"], 4, "/no/such"),
        (["IMAGE", "--plan", "/etc/passwd"], 2, "is no JSON"),
        (["-", "--map", "/a=/b"], 2, "standard input"),
        (["IMAGE", "--map", "/a=/b", "-o", "-"], 2, "standard output"),
        (["IMAGE", "--map", "/a=/b", "--save-plan", "-"], 2, "standard output"),
        (["IMAGE", "--map", "/a=/b", "--save-plan", "p", "-o", "q"], 2, "-o does not go with --save-plan"),
        (["IMAGE", "--map", "/a=/b", "--save-plan", "p", "-n"], 2, "-n does not go with --save-plan"),
        (["IMAGE", "--map", "/a=/b", "--root", "/r"], 2, "--root goes with --restamp"),
        (["IMAGE", "--map", "/a=/b", "--only", ""], 2, "is no place"),
        (["IMAGE", "--exact", "/a=/b", "--only", "fd"], 2, "--only limits --map"),
        (["IMAGE", "--plan", "p", "--only", "fd"], 2, "--plan takes no further rules"),
        (["IMAGE", "--set", "30=/a", "--set", "30=/b"], 2, "another path by --set"),
        (["/etc/passwd", "--map", "/a=/b"], 3, "/etc/passwd"),
    ],
)
def test_errors_are_one_line(
    image: Path, words: list[str], status: int, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rewrite", *(str(image) if word == "IMAGE" else word for word in words)]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(rf"crimg: error: .*{re.escape(problem)}.*\n", told.err)
    assert image.read_bytes() == Draft().bytes()
