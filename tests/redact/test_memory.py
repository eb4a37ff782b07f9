"""Memory that is removed: nowhere in the new image, and nothing else is touched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crimg.errors import ConflictError, FormatError, UsageError
from crimg.model import ImageInfo, Mm, Sighand, Task, Thread, Vma
from crimg.pages import Memory
from crimg.redact import Selection, Selector, find_copies
from crimg.redact.rows import ORIGINAL, REMOVED
from tests.builders import PAGES, PARENT, ZERO
from tests.property.opened import opened
from tests.redact.drafts import (
    AREA,
    ARGUMENTS,
    ENVIRONMENT,
    FIRST,
    LAST,
    PASSWORD,
    SECOND,
    TOKEN,
    everything,
    memory_of,
    redacted,
    secret_draft,
)
from tests.samples import HEAP, MM, PACKED_PAGES_ID, PAGE, PAGEMAP_ID, PAGES_ID, SIGHAND, STACK, TASK
from tests.validate.sound import ANONYMOUS, CHILD

if TYPE_CHECKING:
    from crimg.model.image import Image

OTHER_MM, OTHER_SIGHAND = 60, 61


def vmas(*words: str, drop: bool = False) -> Selection:
    return Selection(vmas=[Selector(word) for word in words], drop=drop)


def marks(image: Image, mm: int = MM) -> object:
    row = image.find(Mm, mm)
    assert row is not None
    return (row.extra or {}).get(REMOVED)


def test_arguments_and_environment_are_cut_out_of_their_page() -> None:
    draft = secret_draft()
    row = draft.row(Mm, MM)
    for selection, low, high, gone, kept in (
        (Selection(environment=True), row.env_start, row.env_end, ENVIRONMENT, ARGUMENTS),
        (Selection(arguments=True), row.arg_start, row.arg_end, ARGUMENTS, ENVIRONMENT),
    ):
        found, made = redacted(draft.bytes(), selection)
        whole = everything(made)
        assert not [each for each in gone if len(each) > 8 and b"\0" + each + b"\0" in whole]
        assert all(each in whole for each in kept)
        assert found.size == high - low
        with opened(draft.bytes()) as before, opened(made) as after:
            expected = memory_of(before)
            page = bytearray(expected[STACK])
            page[low - STACK : high - STACK] = bytes(high - low)
            assert memory_of(after) == {**expected, STACK: bytes(page)}
            assert marks(after) == ((low, high),)


def test_a_whole_mapping_is_zero_and_the_rest_as_it_was() -> None:
    data = secret_draft().bytes()
    for word, start, contents in (("heap", HEAP, FIRST), ("anonymous", ANONYMOUS, b"packed page")):
        found, made = redacted(data, vmas(word))
        assert contents[:500] in everything(data)
        assert contents[:500] not in everything(made)
        with opened(data) as before, opened(made) as after:
            expected = memory_of(before)
            assert memory_of(after) == {**expected, start: bytes(len(expected[start]))}
            assert found.size == sum(after - before for before, after in marks(after))  # type: ignore[attr-defined]
            guards = [run for run in Memory(after, after.rows(Mm)[0]).runs if run[2] == 0xFFFF_FFFE]
            assert guards == [(ANONYMOUS // PAGE, 1, 0xFFFF_FFFE, 0)]


def test_runs_of_what_is_removed_are_zero_or_dropped() -> None:
    data = secret_draft().bytes()
    _, zero = redacted(data, vmas("heap"))
    _, dropped = redacted(data, vmas("heap", drop=True))
    for made, runs in ((zero, [(HEAP // PAGE, 3, ZERO, 0)]), (dropped, [(HEAP // PAGE + 2, 1, ZERO, 0)])):
        with opened(made) as image:
            found = Memory(image, image.rows(Mm)[0]).runs
            assert [run for run in found if run[0] < ANONYMOUS // PAGE] == runs


def test_what_is_whole_is_copied_and_what_nobody_names_is_left_out() -> None:
    """Sections keep their ids; a page that no run names, and rows of earlier revisions, are in no output."""
    draft = secret_draft()
    unused = b"a page that is named by no run" + bytes(PAGE - 30)
    draft.pages += unused
    image = draft.builder().revision().pages(b"a section that nobody names".ljust(PAGE)).pagemap([])
    old = draft.row(Task, TASK)
    data = image.objects(Task.row_kind, [old.replace(comm=b"new name")]).revision().bytes()
    assert unused in data
    _, made = redacted(data, vmas("anonymous"))
    whole = everything(made)
    assert b"named by no run" not in whole
    assert b"nobody names" not in whole
    assert b"new name" in whole
    assert old.comm not in whole
    assert FIRST[:500] in whole
    with opened(made) as image_:
        assert [section.id for section in image_.store.sections if section.type in (2, 3)] == [
            PAGEMAP_ID,
            PAGES_ID,
        ]
    _, made = redacted(secret_draft().bytes(), vmas("heap"))
    with opened(made) as image_, opened(secret_draft().bytes()) as before:
        entries = [each.section(PACKED_PAGES_ID) for each in (image_, before)]
        assert entries[0] is not None
        assert entries[1] is not None
        assert image_.store.stored(entries[0]) == before.store.stored(entries[1])


def test_address_spaces_that_share_saved_pages_lose_them_together() -> None:
    """By one page map, and by two that name the same pages; the report and the marks tell of both."""
    for own_map, start in ((False, HEAP), (True, STACK)):
        draft = secret_draft()
        builder = draft.contents()
        columns: dict[str, object] = {"objref": OTHER_MM}
        if own_map:
            columns["pagemap"] = builder.pagemap([(STACK // PAGE, 1, PAGES_ID, 0)]).last_id
        draft.copy(Mm, MM, **columns).copy(Sighand, SIGHAND, objref=OTHER_SIGHAND)
        draft.change(Task, CHILD, mm=OTHER_MM, sighand=OTHER_SIGHAND)
        for vma in [row for row in draft.records if isinstance(row, Vma)]:
            draft.add(vma.replace(mm=OTHER_MM))
        data = builder.batches(draft.counted().tables()).revision().bytes()
        found, made = redacted(data, vmas(f"{MM}:heap"))
        assert FIRST[:500] not in everything(made)
        assert (OTHER_MM, start) in [(mm, low) for mm, (low, _) in found.also]
        with opened(made) as after:
            assert memory_of(after, OTHER_MM)[start][:PAGE] == bytes(PAGE)
            assert marks(after, OTHER_MM)


def test_one_saved_page_at_two_addresses() -> None:
    draft = secret_draft()
    draft.runs = [*draft.runs[:-1], (STACK // PAGE, 1, PAGES_ID, 1)]
    low = HEAP + PAGE + 100
    found, made = redacted(draft.bytes(), vmas(f"{low:x}-{low + 50:x}"))
    assert found.also == [(MM, (STACK + 100, STACK + 150))]
    assert SECOND[100:150] not in everything(made)
    assert LAST[:500] not in everything(made)  # no run names it
    page = draft.pages[PAGE : 2 * PAGE]
    with opened(made) as image:
        assert memory_of(image)[STACK] == page[:100] + bytes(50) + page[150:]


def test_a_large_section_is_cut_into_chunks() -> None:
    """It has a codec or none; what is kept of it comes in sections of at most 4 MiB."""
    body = b"".join((b"<%06d>" % number).ljust(PAGE, b".") for number in range(2500))
    low, high = AREA + 100 * PAGE + 4, AREA + 1200 * PAGE
    for codec in (0, 1):
        draft = secret_draft()
        image = draft.contents().pages(body, codec=codec)
        page, section = AREA // PAGE, image.last_id
        image.pagemap([(page, 1300, section, 0), (page + 1300, 1200, section, 1300)])
        draft.copy(Vma, (MM, ANONYMOUS), start=AREA, end=AREA + 2500 * PAGE)
        draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
        draft.change(Mm, MM, pagemap=image.last_id).counted()
        data = image.batches(draft.tables()).revision().bytes()
        _, made = redacted(data, vmas(f"0x{low:x}-{high:x}"))
        with opened(made) as after:
            assert memory_of(after)[AREA] == body[: low - AREA] + bytes(high - low) + body[high - AREA :]
            assert len([section for section in after.store.sections if section.type == PAGES]) == 2
        found = {int(number) for number in re.findall(b"<([0-9]{6})>", everything(made))}
        assert found == {*range(100), *range(1200, 2500)}


def test_pages_of_a_parent_stay_there() -> None:
    draft = secret_draft()
    draft.runs = [(HEAP // PAGE, 2, PARENT, 0), *draft.runs[1:]]
    draft.change(ImageInfo, 0xFFFF_FFFF, parent=bytes(16))
    found, made = redacted(draft.bytes(), vmas("heap"))
    assert found.notes == ["8192 bytes that were chosen are in the parent image, and stay there"]
    with opened(made) as image:
        assert Memory(image, image.rows(Mm)[0]).runs[0] == (HEAP // PAGE, 2, PARENT, 0)
        assert marks(image) is None


def test_the_new_image_says_what_it_was() -> None:
    data = secret_draft().bytes()
    _, made = redacted(data, Selection(environment=True))
    with opened(data) as before, opened(made) as after:
        assert after.uuid != before.uuid
        assert after.created == before.created
        assert (after.rows(ImageInfo)[0].extra or {})[ORIGINAL] == before.uuid


def test_marks_of_an_image_that_is_redacted_again() -> None:
    """They add up; more of them than a list may have are joined over the smallest gaps."""
    _, once = redacted(secret_draft().bytes(), vmas("heap"))
    _, twice = redacted(once, vmas(f"{STACK:x}-{STACK + 8:x}"))
    with opened(twice) as image:
        assert marks(image) == ((HEAP, HEAP + 2 * PAGE), (STACK, STACK + 8))
    draft = secret_draft()
    many = tuple((HEAP + 16 * number, HEAP + 16 * number + 1) for number in range(4096))
    draft.change(Mm, MM, extra={REMOVED: many})
    _, made = redacted(draft.bytes(), vmas(f"{STACK:x}-{STACK + 8:x}"))
    with opened(made) as image:
        found = marks(image)
        assert isinstance(found, tuple)
        assert len(found) == 4096
        assert found[0] == (HEAP, HEAP + 17)
        assert found[-1] == (STACK, STACK + 8)


def test_copies_are_found_and_removed() -> None:
    data = secret_draft().bytes()
    found, made = redacted(data, Selection(environment=True))
    with opened(made) as image:
        (copy,) = find_copies(image, found.secrets)
        assert (copy.label, copy.length, copy.number) == (f"TOKEN in the environment of #{MM}", len(TOKEN), 1)
        assert copy.spots == ((MM, HEAP + PAGE - 5, "[heap]"),)
    found, made = redacted(data, Selection(environment=True, copies=True))
    assert TOKEN not in everything(made)
    with opened(data) as before, opened(made) as after:
        assert find_copies(after, found.secrets) == []
        expected = memory_of(before)[HEAP].replace(TOKEN, bytes(len(TOKEN)))
        assert memory_of(after)[HEAP] == expected


def test_copies_in_kept_contents_are_found() -> None:
    draft = secret_draft()
    draft.blob = [(0, b"xx"), (2, PASSWORD), (100, b"end")]
    found, made = redacted(draft.bytes(), Selection(arguments=True, copies=True))
    with opened(made) as image:
        (copy,) = find_copies(image, found.secrets)
        assert copy.label == f"value in argument 1 of #{MM}"
        assert copy.spots == ((11, 2, "/tmp/gone"),)


def test_names_that_repeat_an_argument_go() -> None:
    draft = secret_draft()
    draft.change(Task, TASK, comm=b"counter").change(Thread, (TASK, 4243), comm=b"hunter2-and-mor")
    _, made = redacted(draft.bytes(), Selection(arguments=True))
    with opened(made) as image:
        assert [task.comm for task in image.rows(Task)] == [b"", b"child", b"ended"]
        assert [thread.comm for thread in image.rows(Thread)] == [b"", b"", b"child"]


@pytest.mark.parametrize(
    ("selection", "problem"),
    [
        (vmas("heap", "/no/such/file"), "--vma /no/such/file: no mapping"),
        (vmas("42:[nothing]"), "no mapping"),
        (vmas("998"), "no mapping"),
        (vmas("1000-2000"), "no mapping"),
        (Selection(objects=[42]), "--contents-of 42: "),
    ],
)
def test_what_matches_nothing_is_refused(selection: Selection, problem: str) -> None:
    with pytest.raises(ConflictError, match=problem):
        redacted(secret_draft().bytes(), selection)


def test_an_image_without_arguments_is_refused_unless_everything_goes() -> None:
    draft = secret_draft()
    draft.change(Mm, MM, arg_start=0, arg_end=0)
    with pytest.raises(ConflictError, match="--arguments: no address space"):
        redacted(draft.bytes(), Selection(arguments=True))
    found, _ = redacted(draft.bytes(), Selection(everything=True))
    assert f"#{MM}: the kernel knew of no arguments" in found.notes


def test_damaged_and_unsound_images_are_refused() -> None:
    damaged = bytearray(secret_draft().bytes())
    damaged[damaged.index(FIRST[:100]) + 7] ^= 1
    for word in ("heap", "stack"):
        with pytest.raises(FormatError, match="checksum"):
            redacted(bytes(damaged), vmas(word))
    with pytest.raises(FormatError, match="not sound: C201"):
        redacted(secret_draft().change(Task, TASK, mm=998).bytes(), vmas("heap"))
    with pytest.raises(UsageError, match="nothing to remove"):
        redacted(secret_draft().bytes(), Selection(copies=True))
