"""`crimg inspect` of real CRIU directories, held against what /proc said of the living tree."""

from __future__ import annotations

import ast
import json
import os
import tarfile
from typing import Any

import pytest

from crimg.criu.framing import entries
from crimg.criu.kinds import KINDS
from crimg.model import File, Inode, Mm, Pipe, Vma
from crimg.model.enums import NameState
from crimg.pages import Memory, blob_extents
from crimg.reader import criu_store, open_image
from crimg.views.words import open_flags
from tests.cli.command import text
from tests.cli.json_schema import problems
from tests.criu.corpus import CORPUS, NAMES, directory, expected
from tests.criu.inside import crimg
from tests.criu.wire import entries_of

O_CLOEXEC = 0o2000000
GONE = ("deleted", "re-linked")


def inspected(name: str, *words: str) -> Any:
    return json.loads(text(crimg("inspect", directory(name), "--json", *words)))


def exact(record: Any, member: str) -> bytes:
    """The bytes of a string of the image."""
    digits = record.get(f"{member}_hex")
    return bytes.fromhex(digits) if digits is not None else str(record[member]).encode()


def _of_decoder(path: str) -> bytes:
    """A path as the other decoder wrote it: of bytes that are no UTF-8 it made a literal of Python."""
    if path.startswith("b'"):
        found = ast.literal_eval(path)
        assert isinstance(found, bytes)
        return found
    return path.encode("utf-8", "surrogateescape")


def test_the_corpus_is_whole() -> None:
    directory("simple")
    assert sorted(each.name for each in CORPUS.iterdir() if each.is_dir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_inspect_agrees_with_proc(name: str) -> None:
    said = expected(name)
    seen = inspected(name, "--all")
    assert problems(seen) == []
    check_tasks(said, seen)
    check_descriptors(said, seen)
    check_live(said.get("live_before_dump", []), seen)
    check_sharing(said.get("live_shared_struct_file_groups", []), seen)
    check_deleted(said, seen)
    assert {each["name"] for each in seen["sections"]} >= set(said["images"])


def check_tasks(said: Any, seen: Any) -> None:
    tasks = {task["pid"]: task for task in seen["tasks"]}
    tids: dict[int, list[int]] = {}
    for thread in seen["threads"]:
        tids.setdefault(thread["pid"], []).append(thread["tid"])
    assert tasks.keys() == {process["pid"] for process in said["processes"]}
    for process in said["processes"]:
        task = tasks[process["pid"]]
        for column in ("ppid", "pgid", "sid", "comm"):
            assert task[column] == process[column], column
        dead = process["task_state"] == 2
        assert task["state"][0] == ("Z" if dead else "S")
        assert tids.get(process["pid"], []) == ([] if dead else process["threads"])
        for column in ("cwd", "root", "exe"):
            assert task[column] == process.get(column), column
        if dead:
            assert (task["mm"], task["fd_table"], task["fs"]) == (None, None, None)
            continue
        check_memory(process, task, seen)


def check_memory(process: Any, task: Any, seen: Any) -> None:
    vmas = [vma for vma in seen["vmas"] if vma["mm"] == task["mm"]]
    assert len(vmas) == task["vmas"] == process["vma_count"]
    mapped = [vma for vma in vmas if vma["file"] is not None]
    assert len(mapped) == process["file_backed_vmas"]
    named = {vma["path"] for vma in mapped}
    in_memory = {path for path in process["mapped_files"] if path.startswith("memfd:")}
    assert {path for path in named if not path.startswith(("/memfd:", "/dev/zero"))} == {
        *process["mapped_files"]
    } - in_memory
    shared = sum(vma["stored"] for vma in vmas if vma["permissions"][3] == "s")
    assert task["stored"] - shared == 4096 * process["pages_dumped"]


def check_descriptors(said: Any, seen: Any) -> None:
    """Every descriptor as the other decoder has it: kind, flags, position, close-on-exec."""
    fds = {(pid, fd["fd"]): fd for fd in seen["fds"] for pid in fd["pids"]}
    listed = {(p["pid"], fd["fd"]): fd for p in said["processes"] for fd in p.get("fds", [])}
    assert fds.keys() == listed.keys()
    kinds = {
        "REG": ("regular", "directory", "character device"),
        "PIPE": ("pipe",),
        "FIFO": ("fifo",),
        "TTY": ("character device",),
        "UNIXSK": ("socket",),
        "INETSK": ("socket",),
        "EVENTPOLL": ("epoll",),
        "MEMFD": ("memory",),
        **{kind: (kind.lower(),) for kind in ("EVENTFD", "TIMERFD", "SIGNALFD", "INOTIFY")},
    }
    for place, fd in listed.items():
        found = fds[place]
        assert found["kind"] in kinds[fd["type"]], place
        assert found["cloexec"] is fd["cloexec"]
        if fd["flags"] is not None:
            assert found["flags"] == open_flags(fd["flags"])
        if fd["pos"] is not None:
            assert found["position"] == fd["pos"]
        if fd["type"] == "REG":
            assert exact(found, "path") == _of_decoder(fd["path"]), place
            assert (found["state"] in GONE) is ("remap" in fd)


def check_live(said: Any, seen: Any) -> None:
    """Every descriptor as /proc showed it before the dump: what it leads to, flags, position."""
    fds = {(pid, fd["fd"]): fd for fd in seen["fds"] for pid in fd["pids"]}
    for process in said:
        for number, live in process.get("fds", {}).items():
            found = fds[process["pid"], int(number)]
            flags = int(live["flags_octal"], 8)
            assert found["flags"] == open_flags(flags & ~O_CLOEXEC)
            assert found["cloexec"] is bool(flags & O_CLOEXEC)
            assert found["position"] == live["pos"], live
            assert link_of(found) == live["link"].encode("utf-8", "surrogateescape"), live


def link_of(fd: Any) -> bytes:
    """What the link in /proc/PID/fd would read."""
    if fd["pipe_number"] is not None and fd["path"] is None:
        return b"pipe:[%d]" % fd["pipe_number"]
    if fd["kind"] == "epoll":  # the views have one name for all of these
        return b"anon_inode:[eventpoll]"
    if fd.get("link") is not None:
        return exact(fd, "link")
    return exact(fd, "path") + (b" (deleted)" if fd["state"] in GONE else b"")


def check_sharing(groups: Any, seen: Any) -> None:
    """Descriptors lead to one file object exactly where kcmp(2) said that they do."""
    fds = {(pid, fd["fd"]): fd["file"] for fd in seen["fds"] for pid in fd["pids"]}
    together: dict[int, set[tuple[int, int]]] = {}
    for place, file in fds.items():
        together.setdefault(file, set()).add(place)
    several = sorted(sorted(group) for group in together.values() if len(group) > 1)
    assert not groups or several == sorted(sorted(map(tuple, group)) for group in groups)


def check_deleted(said: Any, seen: Any) -> None:
    inodes = {inode["objref"]: inode for inode in seen["inodes"]}
    files = {file["path"]: file for file in seen["files"] if file["state"] == "deleted"}
    assert files.keys() == {ghost["path"] for ghost in said["ghost_files"]}
    for ghost in said["ghost_files"]:
        inode = inodes[files[ghost["path"]]["inode"]]
        mode = int(ghost["mode_octal"], 8)
        directory = mode & 0o170000 == 0o040000
        assert inode["keeper"] == ("none" if directory else "embedded")
        assert inode["mode"][0] == ("d" if directory else "-")
        if ghost["size"] is not None:
            assert inode["size"] == ghost["size"]
    relinked = {file["path"]: file for file in seen["files"] if file["state"] == "re-linked"}
    assert relinked.keys() == {link["path"] for link in said["link_remaps"]}
    for link in said["link_remaps"]:
        assert inodes[relinked[link["path"]]["inode"]]["keeper_path"] == link["remap_path"]


@pytest.mark.parametrize("name", NAMES)
def test_every_known_entry_is_decoded(name: str) -> None:
    """The entries that the decoder of the tests finds are those that the project finds, byte for byte."""
    with open_image(directory(name)) as image:
        store = criu_store(image)
        assert store is not None
        assert [part.name for part in store.directory.unknown()] == []
        for part in store.directory.parts.values():
            if part.kind is None or not part.kind.message or part.stem == "ghost-file":
                continue
            payload = {"bytes": 2, "length": 2}.get(part.kind.payload, 0)
            theirs = entries_of(bytes(part.view), payload)
            ours = [
                (bytes(each.data), bytes(each.payload)) for each in entries(part.view, KINDS[part.stem], name)
            ]
            assert ours == theirs


def test_contents_of_deleted_files_and_pipes() -> None:
    with open_image(directory("ghostsparse")) as image:
        (inode,) = [row for row in image.rows(Inode) if row.blobs]
        extents = list(blob_extents(image, inode.blobs))
        assert (len(extents), inode.size) == (3, 67108864)
    with open_image(directory("ghost")) as image:
        kept = {
            row.path: image.find(Inode, row.inode)
            for row in image.rows(File)
            if row.name_state == NameState.DELETED
        }
        inner = kept[b"/srv/criu/ghost/fs/sub/inner.txt"]
        assert inner is not None
        assert b"".join(bytes(data) for _, data in blob_extents(image, inner.blobs)) == b"inner\n"
    with open_image(directory("fifo")) as image:
        (pipe,) = [row for row in image.rows(Pipe) if row.length]
        assert [len(data) for _, data in blob_extents(image, pipe.blobs)] == [13]


def test_pages_are_those_of_the_program() -> None:
    """Saved pages of the text of the program are those of the file that it was made from."""
    with tarfile.open(directory("simple") / "fs.tar") as archive:
        member = next(each for each in archive.getmembers() if os.path.basename(each.name) == "corp")
        file = archive.extractfile(member)
        assert file is not None
        program = file.read()
    with open_image(directory("simple")) as image:
        memory = Memory(image, image.rows(Mm)[0])
        text_vma = next(vma for vma in image.rows(Vma) if vma.prot == 5 and vma.file is not None)
        saved = [each for each in memory.pieces(text_vma.start, text_vma.end) if each.data is not None]
        assert saved
        for piece in saved:
            start = text_vma.offset + piece.start - text_vma.start
            assert bytes(piece.data or b"") == program[start : start + piece.end - piece.start]


@pytest.mark.parametrize("name", NAMES)
def test_validate_finds_no_error(name: str) -> None:
    report = json.loads(crimg("validate", directory(name), "--json").stdout)
    assert [each for each in report["findings"] if each["severity"] == "error"] == []
    warnings = {each["rule"] for each in report["findings"] if each["severity"] == "warning"}
    assert warnings <= ({"C404"} if name == "append" else set())  # it has a position past the end
