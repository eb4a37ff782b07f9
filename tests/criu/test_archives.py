"""Container checkpoints: the same images in tar, tar.gz and tar.zst, and archives that mean no good."""

from __future__ import annotations

import gzip
import io
import json
import mmap
import os
import resource
import tarfile
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from crimg.criu.kinds import split_name
from crimg.reader import open_image
from tests.cli.command import crimg as in_a_process
from tests.cli.command import text
from tests.criu.corpus import NAMES, directory
from tests.criu.inside import crimg
from tests.criu.synthetic import DATA, PAGE, PAGEMAP, small
from tests.criu.wire import Fields, image

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMS = ("tar", "tar.gz", "tar.zst")


def packed(data: bytes, form: str) -> bytes:
    if form == "tar.gz":
        return gzip.compress(data)
    return zstandard.compress(data) if form == "tar.zst" else data


def archive(contents: Mapping[str, bytes], *more: tarfile.TarInfo, prefix: str = "checkpoint/") -> bytes:
    """A tar as container engines make it; more: members without contents."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        members = {"config.dump": b"{}", **{prefix + name: data for name, data in contents.items()}}
        for name, data in {**members, "rootfs-diff.tar": b"\0" * 1024}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), 1_700_000_000
            if name == "config.dump":
                member.pax_headers = {"SCHILY.xattr.user.note": "kept"}
            tar.addfile(member, io.BytesIO(data))
        for each in more:
            tar.addfile(each)
    return out.getvalue()


def of_directory(name: str) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in directory(name).iterdir() if split_name(each.name)[0]}


def shown(path: Path) -> Any:
    """What inspect tells, without what is of the file and not of the image."""
    value = json.loads(text(crimg("inspect", path, "--json", "--all")))
    for name in ("file", "size", "created", "stopped_at"):
        value["image"].pop(name)
    for name in ("sections", "log"):
        value.pop(name, None)
    return value


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_shows_what_its_directory_shows(name: str, tmp_path: Path) -> None:
    form = FORMS[NAMES.index(name) % 3]
    path = tmp_path / f"checkpoint.{form}"
    path.write_bytes(packed(archive(of_directory(name)), form))
    assert shown(path) == shown(directory(name))


@pytest.mark.parametrize("form", FORMS)
def test_pages_validate_and_a_pipe(form: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(packed(archive(small().contents(), prefix="./checkpoint/"), form))
    assert "02 02 02 02" in text(crimg("inspect", path, "--hex", "600000:16"))
    report = json.loads(crimg("validate", path, "--json").stdout)
    assert [each for each in report["findings"] if each["severity"] == "error"] == []
    assert "prog" in text(in_a_process("inspect", "-", stdin=path.read_bytes()))


@pytest.mark.parametrize("form", FORMS)
def test_rewritten_to_a_new_archive_only_the_paths_differ(form: str, tmp_path: Path) -> None:
    contents = small().contents()
    path, new = tmp_path / "old", tmp_path / "new"
    path.write_bytes(packed(archive(contents), form))
    before = path.read_bytes()
    assert crimg("rewrite", path, "--map", "/srv/app=/opt/a/longer/app", "-o", new).returncode == 0
    folder = small().write(tmp_path / "images")
    assert crimg("rewrite", folder, "--map", "/srv/app=/opt/a/longer/app").returncode == 0
    expected = {name: (folder / name).read_bytes() for name in contents}
    data = new.read_bytes()
    if form == "tar.zst":
        data = zstandard.ZstdDecompressor().stream_reader(data).read()
    if form == "tar.gz":
        data = gzip.decompress(data)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
        assert tar.getmember("config.dump").pax_headers["SCHILY.xattr.user.note"] == "kept"
    assert {name.removeprefix("checkpoint/"): data for name, data in found.items()} == {
        "config.dump": b"{}",
        "rootfs-diff.tar": bytes(1024),
        **expected,
    }
    assert path.read_bytes() == before
    assert crimg("rewrite", path, "--map", "/srv/app=/opt", "-o", new).returncode == 2
    refused = crimg("rewrite", path, "--map", "/srv/app=/opt")
    assert (refused.returncode, b"-o FILE" in refused.stderr) == (2, True)
    assert path.read_bytes() == before


def test_wrap_gives_a_command_a_rewritten_archive(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.tar"
    path.write_bytes(archive(small().contents()))
    words = ("sh", "-c", 'grep -c /opt/app/log "$0"; exit 7', "{image}")
    result = in_a_process("wrap", path, "--map", "/srv=/opt", "--", *words)
    assert (result.returncode, result.stdout) == (7, b"1\n"), result.stderr
    assert os.listdir(tmp_path) == ["checkpoint.tar"]


@pytest.mark.parametrize("form", FORMS)
def test_page_images_are_unpacked_once_at_the_most(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a plain archive they stay where they are; of a packed one a rewrite takes the stream once more."""
    made: list[str] = []
    real = tempfile.TemporaryFile

    def spool(*arguments: Any, **more: Any) -> Any:
        made.append("spool")
        return real(*arguments, **more)

    contents = {**small().contents(), "pages-2.img": b"p" * (1 << 17)}
    path = tmp_path / "a"
    path.write_bytes(packed(archive(contents), form))
    monkeypatch.setattr(tempfile, "TemporaryFile", spool)
    with open_image(path) as opened:
        section = next(each for each in opened.store.sections if each.label == "pages-2.img")
        body = opened.store.body(section.id)
        assert isinstance(body.obj, mmap.mmap) and len(body) == 1 << 17
        del body
    made.clear()
    assert crimg("rewrite", path, "--map", "/srv=/opt", "-o", tmp_path / "new").returncode == 0
    assert made == ([] if form == "tar" else ["spool"])


def test_page_images_of_a_directory_are_mapped(tmp_path: Path) -> None:
    """A file of a gigabyte that is all holes is opened, and a page of it looked at."""
    folder = small().write(tmp_path / "images")
    os.truncate(folder / "pages-2.img", 1 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open_image(folder) as opened:
        section = next(each for each in opened.store.sections if each.label == "pages-2.img")
        body = opened.store.body(section.id)
        assert isinstance(body.obj, mmap.mmap) and bytes(body[-4096:]) == bytes(4096)
        del body
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_names_that_lead_elsewhere_are_not_followed(tmp_path: Path) -> None:
    link = tarfile.TarInfo("checkpoint/fs-100.img")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    contents = small().contents()
    del contents["fs-100.img"]
    path = tmp_path / "a.tar"
    path.write_bytes(archive(contents, link))
    result = crimg("inspect", path)
    assert (result.returncode, b"fs-100.img" in result.stderr) == (3, True)
    for prefix in ("../checkpoint/", "/checkpoint/", "checkpoint/../"):
        path.write_bytes(archive(small().contents(), prefix=prefix))
        assert crimg("inspect", path).returncode == 2


@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_archive_is_refused_in_one_line(form: str, tmp_path: Path) -> None:
    data = packed(archive(small().contents()), form)
    path = tmp_path / "a"
    for cut in (300, len(data) // 3, len(data) // 2):
        path.write_bytes(data[:cut])
        result = crimg("inspect", path)
        assert result.returncode in (2, 3) and result.stderr.count(b"\n") == 1, result.stderr
    twice = archive({**small().contents(), "./fs-100.img": b""})
    path.write_bytes(packed(twice, form))
    assert crimg("inspect", path).returncode in (0, 3)


@pytest.mark.parametrize("form", FORMS[1:])
def test_a_bomb_takes_no_room(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from crimg.criu import archive as archives
    from crimg.errors import FormatError

    monkeypatch.setattr(archives, "MAX_STORED", 1 << 16)
    monkeypatch.setattr(archives, "MAX_STORED_RATIO", 1)
    path = tmp_path / "a"
    path.write_bytes(packed(archive({**small().contents(), "pages-9.img": b"x" * (1 << 20)}), form))
    with pytest.raises(FormatError, match="unpacks to more"):
        open_image(path)
    path.write_bytes(packed(archive({**small().contents(), "pages-9.img": bytes(1 << 20)}), form))
    open_image(path).close()
    monkeypatch.setattr(archives, "MAX_READ", 1 << 18)
    monkeypatch.setattr(archives, "MAX_READ_RATIO", 1)
    with pytest.raises(FormatError, match="unpacks to more"):
        open_image(path)


def in_archive(folders: Mapping[str, Mapping[str, bytes]], links: Mapping[str, str]) -> bytes:
    """An archive with several directories, and links in it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for folder, contents in folders.items():
            for name, data in contents.items():
                member = tarfile.TarInfo(f"{folder}/{name}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        for name, target in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return out.getvalue()


def chain(pages: int = 2) -> dict[str, dict[str, bytes]]:
    """A dump whose second page is in the one before it, which has so many."""
    before, last = small(), small()
    before.images["pagemap-100.img"] = image(PAGEMAP, {1: 2}, {1: DATA, 2: pages, 4: 4, 5: pages})
    parts: list[Fields] = [{1: DATA, 2: 1, 4: 4, 5: 1}, {1: DATA + PAGE, 2: 1, 3: 1, 4: 1, 5: 1}]
    last.images |= {"pagemap-100.img": image(PAGEMAP, {1: 2}, *parts), "pages-2.img": bytes(PAGE)}
    return {"checkpoint": last.contents(), "pre-checkpoint": before.contents()}


def chain_faults(path: Path) -> list[str]:
    report = json.loads(crimg("validate", path, "--json").stdout)
    return [each["text"] for each in report["findings"] if each["rule"] == "C611"]


@pytest.mark.parametrize("form", FORMS)
def test_the_dump_before_can_be_in_the_archive(form: str, tmp_path: Path) -> None:
    """As podman packs it with --with-previous: beside `checkpoint`, where a link names its directory."""
    path = tmp_path / "a"
    link = {"checkpoint/parent": "../pre-checkpoint"}
    path.write_bytes(packed(in_archive(chain(), link), form))
    assert chain_faults(path) == []
    path.write_bytes(packed(in_archive(chain(pages=1), link), form))
    assert [text.partition(",")[0] for text in chain_faults(path)] == ["1 runs"]


@pytest.mark.parametrize(
    "links",
    [
        {"checkpoint/parent": "../elsewhere"},
        {"checkpoint/parent": "/etc"},
        {"checkpoint/parent": "../../.."},
        {"checkpoint/parent": ""},
        {"checkpoint/parent": "../pre-checkpoint", "pre-checkpoint/parent": "../pre-checkpoint"},
        {"checkpoint/parent": "../pre-checkpoint", "pre-checkpoint/parent": "../checkpoint"},
    ],
)
def test_a_chain_in_an_archive_that_leads_nowhere(links: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(in_archive(chain(), links))
    (fault,) = chain_faults(path)
    assert "is not in the archive" in fault or "is longer than" in fault


def test_convert_preflight_and_diff_take_archives(tmp_path: Path) -> None:
    folder, path = small().write(tmp_path / "images"), tmp_path / "a.tar.zst"
    path.write_bytes(packed(archive(small().contents()), "tar.zst"))
    for each in folder.iterdir():
        os.utime(each, (1_700_000_000, 1_700_000_000))
    for source, target in ((folder, "one"), (path, "other")):
        assert crimg("convert", source, "-o", tmp_path / target).returncode == 0
    made = [crimg("inspect", tmp_path / name, "--all", "--json") for name in ("one", "other")]
    rows = [json.loads(text(each)) for each in made]
    for value in rows:
        for name in ("image", "sections", "history", "log"):
            value.pop(name)
    assert rows[0] == rows[1]
    checks = [crimg("preflight", source, "--root", tmp_path, "--json") for source in (folder, path)]
    files = [json.loads(each.stdout)["files"] for each in checks]
    assert files[0] == files[1] and checks[0].returncode == checks[1].returncode == 1
    assert b"Can't open file /srv/app/log" in crimg("preflight", path, "--root", tmp_path).stdout
    assert crimg("diff", folder, path).returncode == 0
    for verb in ("graph", "keepers", "relocate", "log"):
        more = (tmp_path,) if verb == "relocate" else ()
        results = [crimg(verb, source, *more, "--json") for source in (folder, path)]
        assert results[0].returncode == results[1].returncode < 2, verb


@pytest.mark.parametrize("words", [("compact",), ("restart", "--dry-run")])
def test_what_images_of_criu_are_not_for_is_said(words: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(archive(small().contents()))
    more = ("-o", tmp_path / "new") if words[0] == "compact" else ()
    result = crimg(*words, path, *more)
    assert (result.returncode, result.stderr.count(b"\n")) == (2, 1)
    assert b"is of CRIU" in result.stderr
    assert os.listdir(tmp_path) == ["a.tar"]
    refused = crimg("undo", path)
    assert (refused.returncode, b"not rewritten in place" in refused.stderr) == (2, True)


def header(kind: bytes, size: int) -> bytes:
    """The header of a member that is one itself, or has a map of its holes."""
    member = tarfile.TarInfo("x")
    member.type, member.size = kind, size
    return member.tobuf(tarfile.USTAR_FORMAT)


def attribute(key: str, value: bytes) -> bytes:
    """A pax record: its own length comes first, here with six digits."""
    record = f" {key}=".encode() + value + b"\n"
    return b"%06d" % (len(record) + 6) + record


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


_VERSION_10 = attribute("GNU.sparse.major", b"1") + attribute("GNU.sparse.minor", b"0")
_GLOBAL = attribute("comment", b"x" * 200_000)
HOSTILE = {
    "a name without end": header(tarfile.GNUTYPE_LONGNAME, 7 << 30),
    "attributes without end": header(tarfile.XHDTYPE, 7 << 30),
    "attributes of all": (header(tarfile.XGLTYPE, len(_GLOBAL)) + padded(_GLOBAL)) * 2,
    "a map of holes": header(tarfile.GNUTYPE_SPARSE, 512) + bytes(512),
    "a map in the contents": header(tarfile.XHDTYPE, len(_VERSION_10))
    + padded(_VERSION_10)
    + header(tarfile.REGTYPE, 7 << 30)
    + padded(b"99999999\n"),
    "headers of headers": (header(tarfile.XHDTYPE, 20) + padded(attribute("k", b"v"))) * 3000,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", HOSTILE)
def test_headers_that_would_fill_the_memory(fault: str, form: str, tmp_path: Path) -> None:
    """They claim gigabytes, and are refused before anything of that is read."""
    path = tmp_path / "a"
    path.write_bytes(packed(HOSTILE[fault] + archive(small().contents()), form))
    for verb, more in (("inspect", ()), ("rewrite", ("--map", "/a=/b", "-o", tmp_path / "new"))):
        result = crimg(verb, path, *more)
        assert (result.returncode, result.stderr.count(b"\n")) == (3, 1), result.stderr
    assert os.listdir(tmp_path) == ["a"]
