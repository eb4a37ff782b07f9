"""`crimg redact`: transcripts, the report as JSON, exit status, what is written and what never is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from crimg.cli import main
from crimg.model import HistoryEntry, Mm, Vma
from crimg.reader import open_image
from tests.cli.command import crimg, text
from tests.cli.golden import check
from tests.cli.schemas import problems
from tests.redact.drafts import PASSWORD, TOKEN, everything, secret_draft
from tests.samples import HEAP, MM, PAGE, STACK

if TYPE_CHECKING:
    from pathlib import Path

OTHER_MM = 60
LEFT = (
    "crimg: note: made.crimg: copies of 1 removed string are still in it; --copies removes those in memory\n"
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A sound image with secrets."""
    path = tmp_path / "secret.crimg"
    path.write_bytes(secret_draft().bytes())
    return path


def shortened(output: str, image: Path) -> str:
    return output.replace(f"{image.parent}/", "")


def test_text(image: Path) -> None:
    made = image.with_name("made.crimg")
    words = ("--environment", "--arguments", "--contents", "--vma", "/usr")
    result = crimg("redact", image, "-o", made, *words)
    assert (result.returncode, shortened(result.stderr.decode(), image)) == (0, LEFT)
    check("redact/strings.txt", shortened(result.stdout.decode(), image))
    told = text(crimg("redact", image, "-o", image.with_name("bare.crimg"), "--all", "-v"))
    check("redact/all_verbose.txt", shortened(told, image))
    log = text(crimg("log", made))
    assert "command: crimg redact --environment --arguments --contents --vma /usr\n" in log
    assert "secret.crimg" not in log.partition("\n")[2]
    assert made.stat().st_mode & 0o777 == 0o600


def test_json(image: Path) -> None:
    made = image.with_name("made.crimg")
    words = (
        "redact",
        image,
        "--json",
        "--environment",
        "--arguments",
        "--contents",
        "--registers",
        "--vma",
        "heap",
    )
    value = json.loads(text(crimg(*words, "-o", made)))
    assert problems(value, "redact") == []
    assert value["output"]["size"] == made.stat().st_size
    assert {removal["what"] for removal in value["removed"]} == {"memory", "file", "pipe", "thread", "name"}
    assert value["copies"] == []
    dry = json.loads(text(crimg(*words, "-n")))
    assert problems(dry, "redact") == []
    assert (dry["output"], dry["copies"]) == (None, None)
    assert dry["removed"] == value["removed"]
    assert dry["bytes"] == value["bytes"]
    value["removed"][0]["odd"] = 1
    assert problems(value, "redact") == ["$.removed[0]: odd is not in the schema"]


def test_copies_are_told_and_no_value_is(image: Path) -> None:
    made = image.with_name("made.crimg")
    result = crimg("redact", image, "-o", made, "--environment", "--arguments", "--json", "--quiet", "-v")
    value = json.loads(text(result))
    assert problems(value, "redact") == []
    (copy,) = value["copies"]
    assert copy["string"] == f"TOKEN in the environment of #{MM}"
    assert copy["places"] == [{"objref": MM, "position": hex(HEAP + PAGE - 5), "label": "[heap]"}]
    assert TOKEN not in result.stdout
    assert PASSWORD not in result.stdout
    strict = crimg("redact", image, "-o", image.with_name("no.crimg"), "--environment", "--strict")
    assert (strict.returncode, strict.stdout) == (1, b"")
    assert f"1 copy is left: #{MM} {HEAP + PAGE - 5:x} [heap]\n".encode() in strict.stderr
    assert not image.with_name("no.crimg").exists()
    assert (
        crimg("redact", image, "-o", made, "--force", "--environment", "--strict", "--copies").returncode == 0
    )
    assert TOKEN not in everything(made.read_bytes())


def test_shared_pages_are_told(image: Path) -> None:
    """Of two address spaces that have one page map, one is chosen."""
    draft = secret_draft()
    draft.copy(Mm, MM, objref=OTHER_MM)
    for vma in [row for row in draft.records if isinstance(row, Vma)]:
        draft.add(vma.replace(mm=OTHER_MM))
    image.write_bytes(draft.counted().bytes())
    told = text(crimg("redact", image, "-o", image.with_name("made.crimg"), "--vma", f"{MM}:stack"))
    assert f"not chosen, but the same saved bytes\n  #{OTHER_MM} {STACK:x}-{STACK + PAGE:x}\n" in told


def test_the_image_comes_from_a_pipe(image: Path) -> None:
    made = image.with_name("made.crimg")
    words = ("redact", "-", "-o", made, "--environment", "--quiet")
    result = crimg(*words, stdin=image.read_bytes())
    assert (result.returncode, result.stderr) == (0, b"")
    with open_image(str(made)) as opened:
        assert [row.note for row in opened.rows(HistoryEntry)] == ["redacted: 70 bytes of memory"]


def test_nothing_is_written_for_a_damaged_image(image: Path) -> None:
    data = bytearray(image.read_bytes())
    data[data.index(b"packed page")] ^= 1
    image.write_bytes(data)
    made = image.with_name("made.crimg")
    result = crimg("redact", image, "-o", made, "--environment")
    assert result.returncode == 3
    assert re.fullmatch(r"crimg: error: .*secret.crimg: section .*checksum.*\n", result.stderr.decode())
    assert not made.exists()


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["IMAGE", "--all"], 2, "give the new image a name"),
        (["IMAGE", "--all", "-o", "-"], 2, "give a file"),
        (["IMAGE", "--all", "-o", "IMAGE"], 2, "is the image itself"),
        (["IMAGE", "--all", "-o", "IMAGE", "--force"], 2, "is the image itself"),
        (["IMAGE", "--all", "-o", "LINK", "--force"], 2, "is the image itself"),
        (["IMAGE", "--all", "-o", "OTHER"], 2, "--force replaces it"),
        (["IMAGE", "-o", "NEW"], 2, "nothing to remove"),
        (["IMAGE", "-o", "NEW", "--copies", "--drop"], 2, "nothing to remove"),
        (["IMAGE", "-o", "NEW", "--vma", "heaps"], 2, "is none of all"),
        (["IMAGE", "-o", "NEW", "--contents-of", "x"], 2, "no number"),
        (["IMAGE", "-o", "NEW", "--vma", "/\x1b[1m"], 1, r"nothing was written: --vma /\x1b[1m: no mapping"),
        (["IMAGE", "-o", "NEW", "--contents-of", "42"], 1, "holds no contents"),
        (["/etc/passwd", "-n", "--all"], 3, "/etc/passwd"),
        (["/no/such", "-n", "--all"], 4, "/no/such"),
    ],
)
def test_errors_are_one_line(
    image: Path, words: list[str], status: int, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {name: str(image.with_name(name.lower())) for name in ("NEW", "OTHER", "LINK")}
    (image.parent / "other").write_bytes(b"there already")
    (image.parent / "link").symlink_to(image)
    before = image.read_bytes()
    assert main(["redact", *({**names, "IMAGE": str(image)}.get(word, word) for word in words)]) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(rf"crimg: error: .*{re.escape(problem)}.*\n", told.err)
    assert image.read_bytes() == before
    assert (image.parent / "other").read_bytes() == b"there already"
    assert sorted(path.name for path in image.parent.iterdir()) == ["link", "other", "secret.crimg"]
