"""Damage becomes findings, what is whole is still validated, and nothing but FormatError is ever raised."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any

import pytest

from crimg.errors import FormatError, UnsupportedVersionError
from crimg.model import Fd, Sighand
from crimg.model.record import KINDS
from crimg.model.types import RANGES
from crimg.validate import RULES, Report, Severity, open_for_check, validate
from crimg.validate.checked import Checked
from tests.samples import FD_TABLE, HISTORY, SIGHAND
from tests.validate.broken_container import TABLES_ID, flipped, two_revisions, whole
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.record import Column, Record


def report_of(data: bytes, folder: Path, *, page_data: bool = True) -> Report:
    path = folder / "damaged.crimg"
    path.write_bytes(data)
    with open_for_check(str(path)) as image:
        return validate(image, page_data=page_data)


def rules_of(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


def test_what_is_whole_is_still_validated(tmp_path: Path) -> None:
    draft = Draft().change(Fd, (FD_TABLE, 3), fd=1 << 31)
    image = draft.builder().revision()
    report = report_of(flipped(image.bytes(), image.offsets[7] + 60), tmp_path)  # the log
    assert rules_of(report) == {"C103", "C402"}


def test_lost_tables_do_not_repeat_the_damage(tmp_path: Path) -> None:
    image = whole()
    report = report_of(flipped(image.bytes(), image.offsets[TABLES_ID] + 900), tmp_path)
    assert rules_of(report) == {"C103"}
    assert set(report.skipped) == {
        rule.id for rule in RULES.values() if rule.whole and not rule.id.startswith("C6")
    }
    assert set(report.skipped).isdisjoint(report.checked)


def test_damage_at_several_places_is_found_in_one_pass(tmp_path: Path) -> None:
    image = two_revisions()
    data = flipped(
        image.bytes(), 30, image.offsets[2] + 4096 + 5, image.offsets[7] + 4, image.offsets[10] + 70
    )
    report = report_of(data + b"tail", tmp_path)
    assert rules_of(report) >= {"C101", "C102", "C103", "C105"}
    offsets = [finding.place.offset for finding in report.findings if finding.rule == "C103"]
    assert image.offsets[2] in offsets


def test_page_data_can_be_left_out(tmp_path: Path) -> None:
    image = whole()
    data = flipped(image.bytes(), image.offsets[2] + 5000)
    assert rules_of(report_of(data, tmp_path)) == {"C103"}
    report = report_of(data, tmp_path, page_data=False)
    assert not report.findings and not report.page_data


def test_progress_ends_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(whole().bytes())
    calls: list[tuple[int, int]] = []
    with open_for_check(str(path)) as image:
        validate(image, progress=lambda done, total: calls.append((done, total)))
    assert calls == sorted(calls) and calls[-1][0] == calls[-1][1] > 0


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"root:x:0:0\n" * 40, whole().bytes()[:50]])
def test_what_holds_nothing_cannot_be_read(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        report_of(data, tmp_path)


def test_a_version_from_the_future_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVersionError):
        report_of(Draft().contents(version_major=2).bytes(), tmp_path)
    with pytest.raises(UnsupportedVersionError):
        report_of(Draft().builder().section(99, b"critical").revision().bytes(), tmp_path)


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    image = whole()
    for data, rules in ((image.bytes(), set()), (flipped(image.bytes(), image.offsets[2] + 5000), {"C103"})):
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        if os.fork() == 0:
            try:
                with open(fifo, "wb") as writer:
                    writer.write(data)
            finally:
                os._exit(0)
        with open_for_check(str(fifo)) as opened:
            assert rules_of(validate(opened)) == rules
        os.wait()
        fifo.unlink()


def test_rows_are_those_of_the_reader(tmp_path: Path) -> None:
    """Rows of a later revision stand in for earlier ones, in their places."""
    draft = Draft()
    image = draft.builder().revision()
    fd = draft.row(Fd, (FD_TABLE, 4))
    image.objects(Fd.row_kind, [fd.replace(fd=50), fd.replace(cloexec=True)])
    image.objects(Sighand.row_kind, [draft.row(Sighand, SIGHAND).replace(extra={"new": 1})])
    image.history([HISTORY[0].replace(revision=2)]).revision()
    image.objects(Fd.row_kind, [fd.replace(fd=50, cloexec=True)]).revision()
    path = tmp_path / "image"
    path.write_bytes(image.bytes())
    with open_for_check(str(path)) as opened:
        checked = Checked(opened)
        assert len(opened.rows(Fd)) == len([row for row in draft.records if isinstance(row, Fd)]) + 1
        for cls in KINDS.values():
            assert checked.rows(cls) == list(opened.rows(cls))


def test_an_image_in_memory_is_validated_too(tmp_path: Path) -> None:
    """What a rewrite is about to write: rows that are in no file."""
    path = tmp_path / "image"
    path.write_bytes(Draft().bytes())
    for more, rules in ((0, set[str]()), (1, {"C401", "C207"})):
        with open_for_check(str(path)) as opened:
            rows = opened.store.rows(Fd)
            store: Any = _Memory(opened.store, {Fd: [*rows, *rows[:more]]})
            opened.store = store
            report = validate(opened)
            assert rules_of(report) == rules and not report.skipped


class _Memory:
    """A store that is no file, with other rows of some kinds."""

    def __init__(self, inner: Any, changed: dict[type[Record], Any]) -> None:
        self.inner = inner
        self.changed = changed

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def rows(self, cls: type[Record]) -> Any:
        return self.changed.get(cls) or self.inner.rows(cls)


def test_no_bytes_raise_anything_but_format_errors(tmp_path: Path) -> None:
    chance = random.Random(3)
    data = two_revisions().bytes()
    refused = 0
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 9))):
            position = chance.randrange(len(changed))
            changed[position] = chance.randrange(256)
        if chance.random() < 0.2:
            del changed[chance.randrange(len(changed)) :]
        if chance.random() < 0.1:
            where = chance.randrange(len(changed))
            changed[where:where] = chance.randbytes(chance.randrange(1, 100))
        if bytes(changed) == data:
            continue
        try:
            report = report_of(bytes(changed), tmp_path)
        except FormatError:
            refused += 1
        else:
            errors_or_padding = rules_of(report) == {"C108"} or report.count(Severity.ERROR)
            assert errors_or_padding, "every changed byte is noticed"
    assert refused < 200


def test_no_values_of_columns_raise_anything(tmp_path: Path) -> None:
    """Rows that are sealed, but hold anything that their columns can."""
    chance = random.Random(4)
    for _ in range(400):
        draft = Draft()
        for _ in range(chance.choice((1, 3, 30))):
            index = chance.randrange(len(draft.records))
            row = draft.records[index]
            column = chance.choice(type(row).columns)
            draft.records[index] = row.replace(**{column.name: _value(chance, column)})
        report = report_of(draft.bytes(), tmp_path)
        for finding in report.findings:
            assert finding.text.isprintable()
            assert finding.as_dict()


def _value(chance: random.Random, column: Column) -> object:
    if column.optional and chance.random() < 0.3:
        return None
    if column.many:
        return tuple(_scalar(chance, column) for _ in range(chance.randrange(5)))
    return _scalar(chance, column)


def _scalar(chance: random.Random, column: Column) -> object:
    if column.type in RANGES:
        low, high = RANGES[column.type]
        small = chance.randrange(max(low, -50), 50)
        return chance.choice((low, high, small, chance.randint(low, high), 0, 1, high // 2 + 1))
    values: dict[str, object] = {
        "bool": chance.random() < 0.5,
        "bytes": chance.choice((b"", b"/", b"\0", b"\x1b[31m\xff\n", chance.randbytes(300), b"/x" * 3000)),
        "str": chance.choice(("", "sha256", "\u202e\n")),
        "map": {"a": 1},
    }
    return values[column.type]
