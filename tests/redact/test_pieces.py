"""Text of removed contents that is in the memory a second time: found, told, removed, and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.cli import main
from crimg.model import Inode
from crimg.redact import Selection, Selector, find_copies, pieces
from tests.property.opened import opened
from tests.redact.drafts import PACKED, everything, redacted, secret_draft
from tests.samples import DELETED, PAGE

if TYPE_CHECKING:
    import pytest

    from tests.validate.sound import Draft

LABEL = f"text in the contents of #{DELETED}"
FIRST, LAST = b"a line of the journal, number 1", "Zeile 2 endet mit ÄÖÜ".encode()
NOTE = (
    "of removed contents, copies of {} of text are looked for;"
    " of pieces of less than 16 bytes and of other data they are not"
)


def with_lines(*lines: bytes, memory: bytes = b"") -> Draft:
    """The draft with these lines in its deleted file, and with something in its memory."""
    draft = secret_draft().change(Inode, DELETED, size=1 << 24)
    draft.blob = [(0, b"\n".join(lines))]
    draft.packed = (memory + PACKED)[:PAGE]
    return draft


def test_copies_in_memory_are_found_and_removed() -> None:
    lines = (FIRST, b"-" * 40, b"short", b"\x80\xff\xfe" * 9, LAST)
    data = with_lines(*lines, memory=b"\0".join(lines)).bytes()
    found, made = redacted(data, Selection(contents=True))
    with opened(made) as image:
        copies = [copy for copy in find_copies(image, found.secrets) if copy.label == LABEL]
        assert [(copy.number, copy.length) for copy in copies] == [(2, len(FIRST))]
        assert [spot.label for spot in copies[0].spots] == ["anonymous"] * 2
    assert NOTE.format("3 pieces") in found.notes  # one of them is what was in the pipe
    found, made = redacted(data, Selection(contents=True, copies=True))
    with opened(made) as image:
        assert find_copies(image, found.secrets) == []
    assert FIRST not in everything(made)
    assert LAST not in everything(made)
    assert b"short" in everything(made)


def test_what_goes_with_a_mapping_and_of_one_object_counts() -> None:
    data = with_lines(FIRST, memory=FIRST).bytes()
    for selection in (Selection(vmas=[Selector("/tmp/gone")]), Selection(objects=[DELETED])):
        found, made = redacted(data, selection)
        with opened(made) as image:
            assert [copy.label for copy in find_copies(image, found.secrets)] == [LABEL]
    found, _ = redacted(data, Selection(registers=True))
    assert (found.secrets, found.notes) == ([], [])


def test_too_many_are_spread_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [b"line number %06d of many" % number for number in range(3000)]
    data = with_lines(*lines).bytes()
    found, _ = redacted(data, Selection(objects=[DELETED]))
    assert (len(found.secrets), found.unsought) == (3000, 0)
    monkeypatch.setattr(pieces, "_WORK", 300)
    found, _ = redacted(data, Selection(objects=[DELETED]))
    assert [secret.value for secret in found.secrets[:3]] == [lines[0], lines[11], lines[23]]
    assert (len(found.secrets), found.unsought) == (pieces.MOST, 3000 - pieces.MOST)
    assert any(
        "256 pieces of text are looked for, of 2744 more they are not;" in note for note in found.notes
    )
    monkeypatch.setattr(pieces, "SEEN", 300)
    found, _ = redacted(data, Selection(objects=[DELETED]))
    assert any(", of at least 44 more they are not" in note for note in found.notes)
    monkeypatch.setattr(pieces, "_LOOKED", 1)
    monkeypatch.setattr(pieces, "_AT_ONCE", 100)
    found, _ = redacted(data, Selection(objects=[DELETED]))
    assert any("copies of 4 pieces of text are looked for, of at least 0" in note for note in found.notes)
    assert found.unsought


def test_strict(
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Copies that are left, and pieces that are too many, are refused; without memory they are none."""
    monkeypatch.setattr(pieces, "_WORK", 300)
    folder = tmp_path_factory.mktemp("strict")
    few = with_lines(FIRST, memory=FIRST).bytes()
    many = with_lines(*(b"line number %06d of many" % number for number in range(300)), memory=FIRST).bytes()
    for data, words, status, problem in (
        (few, ["--contents"], 1, f"{LABEL}: 1 copy is left: #"),
        (few, ["--contents", "--copies"], 0, ""),
        (many, ["--contents", "--copies"], 1, "copies of 45 strings were not looked for (--strict)"),
        (many, ["--contents", "--vma", "all"], 0, ""),
        (many, ["--all"], 0, ""),
    ):
        (folder / "image").write_bytes(data)
        line = ["redact", str(folder / "image"), "-o", str(folder / "red"), "--force", "--strict", *words]
        assert main(line) == status, words
        assert problem in capsys.readouterr().err
