"""What the children of the application tell, and what it makes of that."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest
import zstandard

from crimg import validate
from crimg.tui.background import run_child
from crimg.tui.checking import Findings
from crimg.tui.checks import WORSE, Checks
from crimg.tui.session import Session
from crimg.validate import Finding, Place, Severity
from tests.bench.loading import write_large_tables
from tests.samples import PACKED_PAGES, small_image
from tests.tui.screens import drive, opened, until, until_shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crimg.tui.checks import Message

Told = list[tuple[str, int | None, str]]


def told_by_child(path: Path) -> tuple[Checks, list[Message]]:
    """What a child makes of an image, and its messages."""
    checks, messages = Checks(), []
    session = Session(str(path))

    def take(message: Message) -> None:
        messages.append(message)
        checks.take("validate", message)

    try:
        assert asyncio.run(run_child("validate", session, take)) == ""
    finally:
        session.close()
    return checks, messages


def known(checks: Checks) -> Told:
    """The findings that count."""
    numbers = [number for severity in checks.counts() for number in checks.of_severity(severity)]
    return sorted((one.rule, one.objref, one.text) for one in map(checks.findings.__getitem__, numbers))


def wanted(path: Path) -> Told:
    """What validate says itself."""
    with validate.open_for_check(str(path)) as image:
        report = validate.validate(image)
    return sorted((one.rule, one.place.objref, one.text) for one in report.findings)


def damaged() -> bytes:
    """The small image, with a byte of its packed pages changed: only reading all memory shows it."""
    whole = bytearray(small_image())
    start = whole.index(zstandard.ZstdCompressor(level=1).compress(PACKED_PAGES))
    whole[start + 10] ^= 1
    return bytes(whole)


@pytest.mark.parametrize("make", [small_image, damaged])
def test_in_the_end_a_child_has_told_what_validate_says(tmp_path: Path, make: Callable[[], bytes]) -> None:
    path = tmp_path / "image"
    path.write_bytes(make())
    checks, messages = told_by_child(path)
    assert known(checks) == wanted(path)
    kinds = [next(iter(message)) for message in messages]
    assert kinds.count("summary") == 1
    assert ("withdrawn" in kinds) == (make is damaged)  # what is missing may be in the damaged section
    for objref in {finding.objref for finding in checks.findings} - {None}:
        numbers = checks.of_object(objref or 0)
        worst = {checks.findings[number].severity for number in numbers}
        assert checks.mark(objref or 0) == next((role for role in WORSE if role in worst), "")


def test_findings_are_sent_once_and_withdrawn_by_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    def finding(text: str) -> Finding:
        return Finding("C201", Severity.ERROR, Place(objref=7, label="fd 1"), text, "")

    sent = Findings()
    sent.send([finding("one"), finding("two"), finding("two"), finding("three")])
    capsys.readouterr()
    sent.send([finding("zero"), finding("two"), finding("three")])
    messages = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (zero, withdrawn) = messages
    assert zero["findings"]["heads"] == [["C201", 7]]
    assert json.loads(zero["findings"]["rows"]) == [["C201", 7, "fd 1", "", "zero"]]
    assert withdrawn == {"withdrawn": [0, 1]}


def test_many_findings_come_in_small_messages_and_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    write_large_tables(path, 5_000)
    checks, messages = told_by_child(path)
    count = sum(checks.counts().values())
    assert count == len(checks.findings) > 9_000
    sizes = [len(json.dumps(message)) for message in messages]
    assert max(sizes) < 100_000
    assert sum(sizes) < 150 * count
    again = Checks()
    tracemalloc.start()
    try:
        for message in messages:
            again.take("validate", json.loads(json.dumps(message)))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 150 * count


def test_texts_without_end_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(label="x" * 1_000_000)
    Findings().send([Finding("C201", Severity.ERROR, place, "y" * 1_000_000, "")])
    (_rules, message) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    ((_, _, where, _, text),) = json.loads(message["findings"]["rows"])
    assert (where[-5:], text[-5:]) == ("x ...", "y ...")
    assert len(where + text) < 50_000


def test_a_child_that_fails_says_so(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            monkeypatch.setattr("sys.executable", str(small))  # which is no program
            await pilot.press("v", "5")
            await until(pilot, lambda: app.session.checks.state["validate"] == "failed")
            await until_shown(pilot, app, "it could not be started: Permission denied")

            def wrong(_which: str, _message: Message) -> None:
                raise LookupError("[b]odd")

            monkeypatch.undo()
            monkeypatch.setattr(app.session.checks, "take", wrong)
            await pilot.press("v")
            await until_shown(pilot, app, "a mistake in crimg, please report it: LookupError: [b]odd")

    drive(work)


def test_rows_stay_what_they_are_while_the_checks_begin_anew(small: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            for key in ("5", "6"):
                await pilot.press(key)
                await until(pilot, lambda: len(app.view("main").rows) > 1)
                rows = app.view("main").rows
                app.session.checks.start("validate")
                app.session.checks.start("preflight")
                assert [rows.row(index).text for index in range(len(rows))]
                await pilot.press("j")
                app.checking.start()
                await until(pilot, lambda: set(app.session.checks.state.values()) == {"done"})

    drive(work)


def test_a_failure_is_shown_beside_what_was_found(small: Path) -> None:
    async def work() -> None:
        async with opened(small) as (app, pilot):
            checks = app.session.checks
            await until(pilot, lambda: set(checks.state.values()) <= {"done", "failed"})
            checks.take("validate", {"rules": [("C201", "error", "title", "remedy", ("reason",))]})
            rows = json.dumps([("C201", None, "somewhere", "", "wrong")])
            checks.take("validate", {"findings": {"rows": rows, "heads": [("C201", None)]}})
            checks.finish("validate", "it took too long")
            await pilot.press("5")
            await until_shown(pilot, app, " - failed: it took too long")

    drive(work)
