"""The views beneath text and JSON: words, names, sums of memory, stretches."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimg.cli.inspect import hex_range
from crimg.cli.inspect_details import seconds, set_words
from crimg.cli.output import cut_middle, folded, table, width
from crimg.errors import UsageError
from crimg.views import names, words
from crimg.views.memory import SavedBytes
from crimg.views.short import fitted, number_runs, user_words


def test_times_are_iso_utc_with_all_digits() -> None:
    assert words.utc(0) == "1970-01-01T00:00:00.000000000Z"
    assert words.utc(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456789Z"
    assert words.utc(-1) == "1969-12-31T23:59:59.999999999Z"
    assert words.utc(2**63 - 1) == "2262-04-11T23:47:16.854775807Z"
    assert words.utc(-(2**63)) == "1677-09-21T00:12:43.145224192Z"


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1500, "1.5 us"),
        (2_000_000, "2 ms"),
        (61 * 10**9, "61 s"),
        (-1500, "-1.5 us"),
    ],
)
def test_durations(nanoseconds: int, shown: str) -> None:
    assert words.duration(nanoseconds) == shown


def test_open_flags_are_those_of_this_system() -> None:
    for name in ("APPEND", "NONBLOCK", "SYNC", "DSYNC", "DIRECT", "NOATIME", "PATH", "DIRECTORY", "TMPFILE"):
        assert words.open_flags(getattr(os, f"O_{name}"))[1:] == [f"O_{name}"]
    assert words.open_flags(os.O_RDWR | os.O_APPEND | 0o100000) == ["O_RDWR", "O_APPEND", "O_LARGEFILE"]
    assert words.open_flags(1 << 31) == ["O_RDONLY", "020000000000"]


@given(st.integers(0, 2**32 - 1))
def test_no_bit_of_the_flags_is_lost(flags: int) -> None:
    modes = {
        "O_RDONLY": 0,
        "O_WRONLY": 1,
        "O_RDWR": 2,
        "O_ACCMODE": 3,
        "O_LARGEFILE": 0o100000,
        "O_ASYNC": 0o20000,
    }
    total = 0
    for name in words.open_flags(flags):
        total |= int(name, 8) if name[0] == "0" else modes.get(name, getattr(os, name, 0))
    assert total == flags


def test_permissions_and_modes() -> None:
    assert words.permissions(5, False) == "r-xp"
    assert words.permissions(3, True) == "rw-s"
    assert words.permissions(0, False) == "---p"
    assert words.mode(stat.S_IFDIR | 0o1777) == "drwxrwxrwt"


def test_state_letters() -> None:
    assert words.state(ord("S")) == "S sleeping"
    assert words.state(ord("q")) == "q"
    assert words.state(0x1B) == "?"
    assert words.state(200) == "?"


def test_signal_names_are_those_of_this_system() -> None:
    for number in signal.Signals:
        if number < 32:
            assert names.signal_name(number) == number.name
    assert names.signal_name(34) == "SIGRTMIN" and int(signal.SIGRTMIN) == 34
    assert names.signal_name(64) == "SIGRTMIN+30" and int(signal.SIGRTMAX) == 64
    assert (names.signal_name(32), names.signal_name(0), names.signal_name(200)) == (
        "SIG32",
        "none",
        "SIG200",
    )


def test_capabilities_are_those_of_the_kernel_headers() -> None:
    header = Path("/usr/include/linux/capability.h")
    if not header.exists():
        pytest.skip("no kernel headers here")
    with header.open() as file:
        lines = [line.split() for line in file if line.startswith("#define CAP_")]
    defined = {line[1]: int(line[2]) for line in lines if len(line) == 3 and line[2].isdecimal()}
    assert {f"CAP_{name}": number for number, name in enumerate(names.CAPABILITIES)} == defined


def test_limit_names_are_in_the_order_of_proc() -> None:
    with open("/proc/self/limits") as file:
        lines = file.read().splitlines()[1:]
    assert len(lines) == len(names.RLIMITS)
    for name, word in (("NOFILE", "open files"), ("RTTIME", "realtime timeout"), ("AS", "address space")):
        assert word in lines[names.RLIMITS.index(f"RLIMIT_{name}")]


def test_cpu_lists_are_those_of_taskset() -> None:
    assert names.cpu_list(bytes([0b1011])) == "0-1,3"
    assert names.cpu_list(b"") == names.cpu_list(bytes(8)) == ""
    assert names.cpu_list(bytes(8) + b"\x03") == "64-65"
    mask = sum(1 << cpu for cpu in os.sched_getaffinity(0)).to_bytes(128, "little")
    status = Path("/proc/self/status").read_text()
    assert f"Cpus_allowed_list:\t{names.cpu_list(mask)}\n" in status


def test_auxiliary_vector_of_a_real_process() -> None:
    entries = names.auxiliary_vector(Path("/proc/self/auxv").read_bytes())
    assert f"AT_PAGESZ={os.sysconf('SC_PAGESIZE'):#x}" in entries
    assert f"AT_UID={os.getuid():#x}" in entries
    assert not [entry for entry in entries if entry.startswith("AT_NULL")]


def test_sets_are_told_by_what_is_missing_when_that_is_shorter() -> None:
    assert set_words([], 64) == "none"
    assert set_words(names.signal_set(1 << 14), 64) == "SIGTERM"
    everything = 2**64 - 1
    assert set_words(names.signal_set(everything), 64) == "all"
    assert set_words(names.signal_set(everything & ~(1 << 8 | 1 << 18)), 64) == "all but SIGKILL SIGSTOP"
    capabilities = names.capability_set((1 << 41) - 1 & ~(1 << 21))
    assert set_words(capabilities, 41) == "all but CAP_SYS_ADMIN"


class Runs:
    """What SavedBytes needs of crimg.pages.Memory."""

    page_size = 4096

    def __init__(self, runs: list[tuple[int, int, int, int]]) -> None:
        self.runs = runs


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from([0, 7, 8, 2**32 - 2, 2**32 - 1]))
    ),
    st.integers(0, 40 * 4096),
    st.integers(0, 40 * 4096),
)
def test_saved_bytes_are_counted_page_by_page(gaps: list[tuple[int, int, int]], start: int, end: int) -> None:
    runs, page = [], 0
    for gap, count, section in gaps:
        runs.append((page + gap, count, section, 0))
        page += gap + count
    saved = {
        number
        for first, count, section, _ in runs
        if section in (7, 8)
        for number in range(first * 4096, (first + count) * 4096, 64)
    }
    counted = SavedBytes(Runs(runs))  # type: ignore[arg-type]  # has what is needed
    start, end = start // 64 * 64, end // 64 * 64
    assert counted.between(start, end) == 64 * sum(start <= byte < end for byte in saved)
    assert counted.total == 64 * len(saved)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7f00", (0x7F00, 0x7F00 + 256)),
        ("0x7f00:16", (0x7F00, 0x7F10)),
        ("7f00:0x10", (0x7F00, 0x7F10)),
        ("7f00-7f08", (0x7F00, 0x7F08)),
        ("ffffffffffffffff", (2**64 - 1, 2**64)),
    ],
)
def test_hex_range(text: str, expected: tuple[int, int]) -> None:
    assert hex_range(text) == expected


@pytest.mark.parametrize(
    "text", ["", ":", "xyz", "7f00:", "7f00:x", "7f00:0", "8-7", "10000000000000000", "0:2000000000", "1-2-3"]
)
def test_hex_range_refuses(text: str) -> None:
    if text == "7f00:":
        assert hex_range(text) == (0x7F00, 0x8000)
        return
    with pytest.raises(UsageError):
        hex_range(text)


@given(st.sets(st.integers(0, 60)))
def test_runs_of_numbers_hold_each_number(numbers: set[int]) -> None:
    runs = number_runs(numbers)
    spelled: list[int] = []
    for run in runs:
        low, _, high = run.partition("-")
        spelled += range(int(low), int(high or low) + 1)
    assert spelled == sorted(numbers)
    assert runs == number_runs([*numbers, *numbers]), "a descriptor of two tables is one number"
    assert len(runs) == sum(number - 1 not in numbers for number in numbers)


def test_users_of_a_file() -> None:
    fds = [{"fd": number} for number in (0, 1, 2, 7)]
    assert user_words({"exe": [{}], "vma": [{}], "fd": fds}, False, 30) == "fd 0-2 7, 1 vma, exe"
    assert user_words({"exe": [{}], "vma": [{}] * 3, "fd": fds}, False, 16) == "fd 0-2 7 +2"
    assert user_words({"fd": [{"fd": n} for n in range(0, 400, 2)]}, False, 22) == "200 fds"
    assert user_words({"fd": fds[:1]}, True, 22) == "1 fd"
    assert user_words({}, False, 22) == ""
    assert fitted(["rw", "O_APPEND", "O_NONBLOCK"], " ", 12) == "rw +2"


def test_seconds_are_exact() -> None:
    assert [seconds(n) for n in (0, 1, 10**9, 250_000_000, -1_500_000_000)] == [
        "0",
        "0.000000001",
        "1",
        "0.25",
        "-1.5",
    ]


@given(st.text(alphabet="ab日é\u0301", max_size=40), st.integers(12, 30))
def test_cut_text_fits_and_keeps_both_ends(text: str, columns: int) -> None:
    cut = cut_middle(text, columns)
    assert width(cut) <= columns
    if width(text) <= columns:
        assert cut == text
    else:
        head, _, tail = cut.partition("…")
        assert text.startswith(head) and text.endswith(tail) and head and tail


def test_tables() -> None:
    rows = [("1", "", "x", "path one"), ("22", "", "日本", ""), ("3", "", "é", "ends with blanks  ")]
    assert list(table(("N", "EMPTY", "WORD", "PATH"), rows, "><<")) == [
        " N  WORD  PATH",
        " 1  x     path one",
        "22  日本",
        " 3  é     ends with blanks  ",
    ]
    assert list(table(("N", "PATH"), [("1", "/a/long/path/name")], ">", columns=15, gap=" ")) == [
        "N PATH",
        "1 /a/lon…h/name",
    ]
    assert list(table(("N", "WORD", "PATH"), [], "><")) == ["N  WORD  PATH"]


def test_folded_text_keeps_every_word() -> None:
    text = " ".join(f"word{number}" for number in range(60))
    lines = list(folded("  label  ", text))
    assert max(map(len, lines)) <= 79
    assert " ".join(" ".join(lines).split()) == f"label {text}"
    assert all(line.startswith(" " * 9) for line in lines[1:])


def test_names_and_times_are_what_other_programs_say() -> None:
    """An outside oracle for what the tables above could have wrong together."""
    moment = int(time.time())
    date = subprocess.run(
        ["date", "-u", "-d", f"@{moment}", "+%Y-%m-%dT%H:%M:%S.000000000Z"], capture_output=True, check=True
    )
    assert words.utc(moment * 10**9) == date.stdout.decode().strip()
    listing = subprocess.run(["ls", "-ld", "/tmp"], capture_output=True, check=True)
    assert listing.stdout.decode().startswith(words.mode(os.stat("/tmp").st_mode))
    left, right = socket.socketpair()
    with left, right:
        assert words.mode(os.fstat(left.fileno()).st_mode)[0] == "s"
