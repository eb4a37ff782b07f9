"""Words for mappings."""

from __future__ import annotations

import pytest

from crimg.errors import UsageError
from crimg.model import Thread, Vma
from crimg.redact import Selector
from crimg.redact.selectors import Scene
from tests.property.opened import opened
from tests.samples import DELETED, DELETED_FILE, HEAP, MM, PAGE, SCRATCH, STACK, TASK, TEXT
from tests.validate.sound import ANONYMOUS, CHILD, VDSO, ZOMBIE, Draft, registers

VSYSCALL = 0xFFFF_FFFF_FF60_0000
NAMED = 0x7FFF_E000_0000
ALL = [TEXT, HEAP, NAMED, ANONYMOUS, SCRATCH, VDSO, STACK, VSYSCALL]


def scene_bytes() -> bytes:
    draft = Draft()
    draft.copy(Vma, (MM, ANONYMOUS), start=NAMED, end=NAMED + PAGE, name=b"[anon:a pool]")
    draft.change(Thread, (TASK, 4243), registers=registers(r19=ANONYMOUS + 8))
    draft.records.sort(key=lambda row: row.start if isinstance(row, Vma) else 0)
    return draft.counted().bytes()


@pytest.mark.parametrize(
    ("word", "starts"),
    [
        ("all", ALL),
        ("heap", [HEAP]),
        ("anonymous", [NAMED, ANONYMOUS]),
        ("stack", [ANONYMOUS, STACK]),
        ("file", [TEXT, SCRATCH]),
        ("shared", [SCRATCH]),
        ("/", [TEXT, SCRATCH]),
        ("/tmp", [SCRATCH]),
        ("/tmp/", [SCRATCH]),
        ("/tm", []),
        ("/tmp/g*", [SCRATCH]),
        ("/**/counter", [TEXT]),
        ("[heap]", [HEAP]),
        ("[anon:a pool]", [NAMED]),
        ("[anon:*", [NAMED]),
        ("[v*]", [VDSO, VSYSCALL]),
        (f"0x{HEAP + 1:x}", [HEAP]),
        (f"0x{HEAP + 3 * PAGE:x}", []),
        (str(DELETED), [SCRATCH]),
        (str(DELETED_FILE), [SCRATCH]),
        (str(MM), ALL),
        (str(CHILD), ALL),
        (str(ZOMBIE), []),
        (f"{MM}:heap", [HEAP]),
        (f"{TASK}:/tmp", [SCRATCH]),
        (f"{ZOMBIE}:heap", []),
        (f"{DELETED}:heap", []),
    ],
)
def test_what_is_meant(word: str, starts: list[int]) -> None:
    with opened(scene_bytes()) as image:
        found = list(Selector(word).choose(Scene(image)))
    assert [vma.start for vma, _ in found] == starts
    assert all(bounds == (vma.start, vma.end) for vma, bounds in found)


def test_a_range_is_cut_to_its_mappings() -> None:
    low, high = HEAP + 100, STACK + 7
    with opened(scene_bytes()) as image:
        for word in (f"{low:x}-{high:x}", f"0x{low:X}-0x{high:x}"):
            bounds = [bounds for _, bounds in Selector(word).choose(Scene(image))]
            assert bounds[0] == (low, HEAP + 3 * PAGE)
            assert bounds[-1] == (STACK, high)


@pytest.mark.parametrize(
    "word", ["", "heaps", "2000-1000", "5-5", "x-y", "0x", "1:", "1:2:heap", "/a\\q", "-1"]
)
def test_what_is_no_word(word: str) -> None:
    with pytest.raises(UsageError):
        Selector(word)
