"""`crimg redact` of images of CRIU: what was removed is nowhere, and the rest is as it was."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from crimg import searching
from crimg.criu.marks import NAME
from crimg.errors import ConflictError, FormatError
from crimg.model import File, Mm, Pipe, Thread
from crimg.pages import Memory
from crimg.reader import criu_store, open_image
from crimg.redact import Selection, find_copies, plan
from crimg.redact.criu_files import write
from crimg.redact.redaction import Secret
from crimg.validate import validate
from tests.cli.command import crimg as in_a_process
from tests.cli.command import text
from tests.cli.schemas import problems
from tests.criu.corpus import NAMES, directory
from tests.criu.inside import crimg
from tests.criu.synthetic import CORE, DATA, FILES, GHOST, OWNER, PAGE, PAGEMAP, Tree, core, reg, small
from tests.criu.test_archives import archive
from tests.criu.wire import BYTES, Fields, entries_of, fields_of, image

if TYPE_CHECKING:
    from pathlib import Path

MEMFD, SK_QUEUES, REMAP, TCP = 0x48453499, 0x56264026, 0x59133954, 0x51465506
ARGUMENT, VARIABLE = b"ARGUMENT-SECRET", b"VARIABLE-SECRET-OF-THE-ENVIRONMENT"
REGISTER, VECTOR = 0x1234_5678_9ABC_DEF0, 0x7A7B_7C7D
CONTENTS = {
    "ghost-file-1a.img": b"contents of a deleted file",
    "ghost-file-1b.img": b"a chunk of another",
    "pipes-data.img": b"waits in a pipe",
    "sk-queues.img": b"waits in a socket",
    "pages-9.img": b"in shared memory",
    "tcp-stream-5.img": b"waits in TCP",
    "tmpfs-dev-48.tar.gz.img": b"of a tmpfs",
}
"""Image file to what of its bytes is a secret."""


def secretive() -> Tree:
    """A tree with a secret in every place that redaction knows."""
    tree = small()
    head = b"prog\0" + ARGUMENT + b"\0PASSWORD=" + VARIABLE + b"\0"
    tree.strings = (0, 5 + len(ARGUMENT) + 1, 5 + len(ARGUMENT) + 1, len(head))
    pages = head.ljust(PAGE, b"p") + (b"kept " + VARIABLE + b" copy").ljust(PAGE, b"q")
    thread: Any = core(ARGUMENT)
    thread[2][2][15] = REGISTER
    thread[2][3] |= {9: [VECTOR] * 32, 10: [VECTOR] * 64, 13: {1: 7, 2: [VECTOR] * 64}}
    tree.files[6] = reg(7, b"/srv/app/gone", flags=0o100002, pos=3, size=None)
    tree.files[6][3][11] = [0x42424242] * 5  # type: ignore[index]
    tree.files += [
        reg(11, b"/srv/app/sparse", flags=0o100002, size=None),
        {1: 5, 2: 12, 16: {1: 12, 2: 5, 3: 1, 4: 7, 5: 2, 6: 0, 7: 0, 8: 0, 9: OWNER, 11: b""}},
        {1: 18, 2: 13, 20: {1: 13, 2: 2, 3: 0, 4: OWNER, 5: 1}},
    ]
    tree.fds[100] += [
        {1: number, 2: 0, 3: kind, 4: 20 + number} for number, kind in ((11, 1), (12, 5), (13, 18))
    ]
    ghost: Fields = {1: 0, 2: 0, 3: stat.S_IFREG | 0o600, 4: 8 << 20 | 1, 5: 4711}
    chunk = CONTENTS["ghost-file-1b.img"]
    tree.images |= {
        "core-100.img": image(CORE, thread),
        "pages-2.img": pages,
        "pages-3.img": bytes(2 * PAGE),
        "remap-fpath.img": image(REMAP, {1: 7, 2: 0x1A, 3: 1}, {1: 8, 2: 9, 3: 0}, {1: 11, 2: 0x1B, 3: 1}),
        "ghost-file-1a.img": image(GHOST, (ghost, CONTENTS["ghost-file-1a.img"])),
        "ghost-file-1b.img": image(
            GHOST, {**ghost, 5: 4712, 9: 1, 10: 1 << 20}, ({1: len(chunk), 2: 8192}, chunk)
        ),
        "pipes-data.img": image(0x56453709, ({1: 77, 2: 15, 3: 65536}, CONTENTS["pipes-data.img"])),
        "sk-queues.img": image(SK_QUEUES, ({1: 12, 2: 17}, CONTENTS["sk-queues.img"])),
        "memfd.img": image(MEMFD, {1: b"memory", 2: 0, 3: 0, 4: PAGE, 5: 50, 6: 0, 7: 1}),
        "pagemap-shmem-50.img": image(PAGEMAP, {1: 9}, {1: 0, 2: 1, 4: 4, 5: 1}),
        "pages-9.img": CONTENTS["pages-9.img"].ljust(PAGE, b"\0"),
        "tcp-stream-5.img": image(TCP, {1: 1}) + CONTENTS["tcp-stream-5.img"],
        "tmpfs-dev-48.tar.gz.img": CONTENTS["tmpfs-dev-48.tar.gz.img"],
    }
    return tree


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = secretive().write(tmp_path / "images")
    (folder / "dump.log").write_bytes(b"log of " + VARIABLE)
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def changed(old: Path, new: Path) -> set[str]:
    before, after = files_in(old), files_in(new)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def severities(folder: Path) -> set[tuple[str, str]]:
    report = json.loads(crimg("validate", folder, "--json").stdout)
    return {(each["severity"], each["rule"]) for each in report["findings"]}


def redacted(images: Path, *words: str) -> Any:
    new = images.with_name("new")
    value = json.loads(text(crimg("redact", images, "-o", new, "--json", "--quiet", *words)))
    assert problems(value, "redact") == []
    return value


def test_everything_is_nowhere(images: Path) -> None:
    value = redacted(images, "--all")
    new = images.with_name("new")
    left = b"".join(files_in(new).values())
    for secret in (ARGUMENT, VARIABLE, *CONTENTS.values()):
        assert secret not in left, secret
    assert value["output"]["size"] == len(left)
    assert value["copies"] == []
    assert {each["what"] for each in value["removed"]} == {
        *("memory", "file", "pipe", "socket", "thread", "name")
    }
    assert {each["label"] for each in value["removed"] if each["objref"] is None} == {
        *("tcp-stream-5.img", "tmpfs-dev-48.tar.gz.img")
    }
    assert any("dump.log" in note for note in value["notes"])
    assert {name for severity, name in severities(new) if severity == "error"} == set()
    assert {"C337", "C426", "C436", "C456", "C527"} <= {name for _, name in severities(new)}
    same = {"files.img", "core-100.img", "core-101.img", "pages-2.img", NAME, "dump.log", *CONTENTS}
    assert changed(images, new) == same
    assert new.stat().st_mode & 0o777 == 0o700


def test_registers_are_zero_and_where_the_thread_is_stays(images: Path) -> None:
    """By a decoder of the tests' own; counts of words stay, which CRIU compares."""
    redacted(images, "--registers")
    ((old, _),) = entries_of((images / "core-100.img").read_bytes())
    ((new, _),) = entries_of((images.with_name("new") / "core-100.img").read_bytes())
    before, after = (_machine(data) for data in (old, new))
    assert [field.number for field in before["general"]] == [field.number for field in after["general"]]
    values = {field.number: field.value for field in after["general"]}
    assert (values[17], values[20]) == (0x400010, 0x600800)
    assert not any(values[number] for number in range(1, 16))
    for part in ("floating", "xsave"):
        assert [field.number for field in before[part]] == [field.number for field in after[part]]
        kept = (7, 8) if part == "floating" else ()
        assert all(field.value == 0 or field.number in (*kept, 13) for field in after[part])
    with open_image(images.with_name("new")) as opened:
        thread = opened.rows(Thread)[0]
        assert struct.pack("<I", VECTOR) not in thread.xsave
        assert struct.pack("<Q", REGISTER) not in thread.registers


def _machine(entry: bytes) -> dict[str, Any]:
    info = next(field.value for field in fields_of(entry) if field.number == 2)
    assert isinstance(info, bytes)
    parts = {field.number: field.value for field in fields_of(info) if field.wire == BYTES}
    general, floating = parts[2], parts[3]
    assert isinstance(general, bytes) and isinstance(floating, bytes)
    xsave = next(field.value for field in fields_of(floating) if field.number == 13)
    assert isinstance(xsave, bytes)
    return {"general": fields_of(general), "floating": fields_of(floating), "xsave": fields_of(xsave)}


def test_an_environment_and_its_copies(images: Path) -> None:
    value = redacted(images, "--environment")
    new = images.with_name("new")
    (copy,) = value["copies"]
    assert [spot["label"] for spot in copy["places"]] == ["[stack]"]
    assert changed(images, new) == {"pages-2.img", NAME, "dump.log"}
    before, after = (images / "pages-2.img").read_bytes(), (new / "pages-2.img").read_bytes()
    end = before.index(b"p", len(b"prog"))
    start = before.index(b"PASSWORD")
    assert after == before[:start] + bytes(end - start) + before[end:]
    assert os.path.samefile(images / "files.img", new / "files.img")
    strict = crimg("redact", images, "-o", images.with_name("no"), "--environment", "--strict")
    assert (strict.returncode, b"1 copy is left" in strict.stderr) == (1, True)
    assert sorted(os.listdir(images.parent)) == ["images", "new"]
    assert crimg("redact", images, "-o", images.with_name("two"), "--environment", "--copies").returncode == 0
    assert VARIABLE not in b"".join(files_in(images.with_name("two")).values())


def test_memory_that_is_much_is_searched(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is asked to give back what it decoded, every so many bytes."""
    monkeypatch.setattr(searching, "_RELEASE", PAGE)
    with open_image(images) as opened:
        (copy,) = find_copies(opened, [Secret("it", VARIABLE)])
    assert copy.number == 2


def test_a_copy_outside_of_the_memory_is_told(images: Path) -> None:
    """A path stays; a name of a task, that is no argument by the rules, goes."""
    (images / "core-101.img").write_bytes(image(CORE, core(b"x=" + VARIABLE[:13])))
    data = (images / "files.img").read_bytes() + image(FILES, reg(99, b"/of/" + VARIABLE))[8:]
    (images / "files.img").write_bytes(data)
    value = redacted(images, "--environment", "--copies")
    (copy,) = value["copies"]
    assert {(spot["label"], spot["objref"]) for spot in copy["places"]} == {("files.img", None)}
    assert VARIABLE[:13] not in (images.with_name("new") / "core-101.img").read_bytes()


def test_text_of_removed_contents_in_the_memory(images: Path) -> None:
    secret = CONTENTS["ghost-file-1a.img"]
    pages = bytearray((images / "pages-2.img").read_bytes())
    pages[-200 : len(secret) - 200] = secret
    (images / "pages-2.img").write_bytes(pages)
    value = redacted(images, "--contents")
    (copy,) = value["copies"]
    assert (copy["string"][:24], copy["number"]) == ("text in the contents of ", 1)
    words = ("redact", images, "-o", images.with_name("two"), "--contents", "--copies", "--strict")
    assert crimg(*words).returncode == 0
    assert secret not in b"".join(files_in(images.with_name("two")).values())


def test_whole_pages_can_be_left_out(images: Path) -> None:
    """With --drop the page map has no entry for them; those that are kept are where they were."""
    (images / "pages-2.img").write_bytes(b"".join(bytes([number]) * PAGE for number in range(1, 6)))
    runs: list[Fields] = [{1: DATA, 2: 3, 4: 4, 5: 3, 99: 7}, {1: DATA + 3 * PAGE, 2: 1, 4: 4, 5: 1}]
    (images / "pagemap-100.img").write_bytes(image(PAGEMAP, {1: 2}, *runs))
    redacted(images, "--drop", "--vma", f"{DATA + PAGE:x}-{DATA + 2 * PAGE:x}")
    new = images.with_name("new")
    assert (new / "pages-2.img").read_bytes() == b"".join(bytes([number]) * PAGE for number in (1, 3, 4))
    (_, *kept) = [fields_of(data) for data, _ in entries_of((new / "pagemap-100.img").read_bytes())]
    assert [{field.number: field.value for field in entry} for entry in kept] == [
        {1: DATA, 2: 1, 4: 4, 5: 1, 99: 7},
        {1: DATA + 2 * PAGE, 2: 1, 4: 4, 5: 1, 99: 7},
        {1: DATA + 3 * PAGE, 2: 1, 4: 4, 5: 1},
    ]
    with open_image(new) as opened:
        memory = Memory(opened, opened.rows(Mm)[0])
        assert [memory.read(DATA + page * PAGE, 1)[0] for page in range(4)] == [1, 0, 3, 4]
        assert memory.saved_bytes() == 3 * PAGE
    found = severities(new)
    assert "C612" not in {name for _, name in found} and "error" not in {severity for severity, _ in found}


def test_pages_that_nobody_counts_are_not_sent_along(images: Path) -> None:
    """Nobody knows what is in them; that they went is said."""
    with (images / "pages-2.img").open("ab") as file:
        file.write(VARIABLE)
    (images / "pages-77.img").write_bytes(VARIABLE.ljust(PAGE, b"x"))
    value = redacted(images, "--environment", "--copies")
    for name, size in (("pages-2.img", len(VARIABLE)), ("pages-77.img", PAGE)):
        assert f"{name}: {size} bytes that no page map counts are removed, too" in value["notes"]
    assert VARIABLE not in b"".join(files_in(images.with_name("new")).values())


def test_an_archive_from_a_pipe(tmp_path: Path) -> None:
    new = tmp_path / "new"
    words = ("redact", "-", "--all", "--quiet", "-o", new)
    result = in_a_process(*words, stdin=archive(secretive().contents()))
    assert (result.returncode, result.stderr) == (0, b"")
    assert CONTENTS["pipes-data.img"] not in b"".join(files_in(new).values())


def test_single_contents(images: Path) -> None:
    with open_image(images) as opened:
        file = next(row.objref for row in opened.rows(File) if row.path == b"/srv/app/sparse")
    redacted(images, "--contents-of", str(file))
    assert changed(images, images.with_name("new")) == {"ghost-file-1b.img", NAME, "dump.log"}


def test_twice_is_all_of_both(images: Path) -> None:
    redacted(images, "--environment")
    with open_image(images.with_name("new")) as opened:
        pipe = opened.rows(Pipe)[0].objref
    words = ("--quiet", "--contents-of", str(pipe), "-o", images.with_name("twice"))
    assert crimg("redact", images.with_name("new"), *words).returncode == 0
    assert {"C337", "C436"} <= {name for _, name in severities(images.with_name("twice"))}


def test_of_an_archive_comes_a_directory(tmp_path: Path, images: Path) -> None:
    path = tmp_path / "checkpoint.tar"
    path.write_bytes(archive(secretive().contents()))
    words = ("redact", path, "--all", "-o", tmp_path / "of-archive", "--json")
    value = json.loads(text(crimg(*words)))
    assert any("config.dump" in note for note in value["notes"])
    redacted(images, "--all")
    assert files_in(tmp_path / "of-archive") == files_in(tmp_path / "new")
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
        member = tar.getmember("checkpoint/inventory.img")
    assert (tmp_path / "of-archive/inventory.img").stat().st_mtime == member.mtime


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["--all", "-o", "IMAGES"], 2, "is the image itself"),
        (["--all", "-o", "OTHER"], 2, "is there already"),
        (["--all", "-o", "NEW", "--force"], 2, "replaces none"),
        (["--contents-of", "1", "-o", "NEW"], 1, "holds no contents"),
        (["-o", "NEW"], 2, "nothing to remove"),
    ],
)
def test_what_is_refused(words: list[str], status: int, problem: str, images: Path) -> None:
    (images.parent / "other").mkdir()
    places = {"IMAGES": images, "OTHER": images.with_name("other"), "NEW": images.with_name("new")}
    result = crimg("redact", images, *(places.get(word, word) for word in words))
    assert (result.returncode, result.stderr.count(b"\n")) == (status, 1), result.stderr
    assert problem in result.stderr.decode()
    assert sorted(os.listdir(images.parent)) == ["images", "other"]


def test_registers_of_another_machine_are_not_passed_over(images: Path) -> None:
    arm: Any = core(b"prog")
    (images / "core-101.img").write_bytes(image(CORE, {**arm, 1: 3, 8: arm.pop(2)}))
    result = crimg("redact", images, "--registers", "-o", images.with_name("new"))
    assert (result.returncode, b"core-101.img: registers of machine 3" in result.stderr) == (1, True)
    assert os.listdir(images.parent) == ["images"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[" * 9999, b"[]", b'{"crimg": 2}', b'{"crimg": 1, "memory": {"x": []}}',
        json.dumps({"crimg": 1, "memory": {"1": [[-1, 5]]}}).encode(),
        json.dumps({"crimg": 1, "memory": {"1": [[0, 5]] * 5000}}).encode(),
        json.dumps({"crimg": 1, "memory": {}, "ghosts": ["a"]}).encode(),
    ],
)  # fmt: skip
def test_marks_that_are_none_are_damage(data: bytes, tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    (folder / NAME).write_bytes(data)
    with pytest.raises(FormatError, match=NAME):
        open_image(folder)
    with open_image(folder, salvage=True) as opened:
        assert [error.section for error in opened.damage] == [NAME]


@pytest.mark.parametrize("name", NAMES)
def test_of_the_corpus_nothing_is_left(name: str, tmp_path: Path) -> None:
    """All pages are zero, no page of what was in a deleted file is anywhere; the rest is sound."""
    folder = tmp_path / "new"
    folder.mkdir()
    with open_image(directory(name)) as opened:
        store = criu_store(opened)
        assert store is not None
        write(plan(opened, Selection(everything=True)), store, str(folder))
        unknown = {part.name for part in store.directory.unknown()}
    left = files_in(folder)
    assert left.keys() == {part for part in store.directory.parts if part not in unknown} | {NAME}
    for each, data in left.items():
        if each.startswith("pages-"):
            assert not any(data) and len(data) == (directory(name) / each).stat().st_size
    changing = (
        "pages-",
        "core-",
        "ghost-",
        "pipes-",
        "fifo-",
        "sk-",
        "tty-data",
        "tmpfs",
        "tcp-",
        "ipcns-",
        NAME,
    )
    for each in left:
        if not each.startswith((*changing, "files.img")):
            assert left[each] == (directory(name) / each).read_bytes(), each
    with open_image(folder) as made:
        assert [each for each in validate(made).findings if each.severity == 3] == []


def test_nothing_is_chosen(tmp_path: Path) -> None:
    folder = small().write(tmp_path / "images")
    with open_image(folder) as opened, pytest.raises(ConflictError):
        plan(opened, Selection(objects=[999]))
