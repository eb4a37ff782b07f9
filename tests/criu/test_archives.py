"""Container checkpoints: the same images in tar, tar.gz and tar.zst, and archives that mean no good."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from crimg.criu.kinds import split_name
from crimg.reader import open_image
from tests.cli.command import crimg, text
from tests.criu.corpus import NAMES, directory
from tests.criu.synthetic import small

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
    assert "prog" in text(crimg("inspect", "-", stdin=path.read_bytes()))


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
    result = crimg("wrap", path, "--map", "/srv=/opt", "--", *words)
    assert (result.returncode, result.stdout) == (7, b"1\n"), result.stderr
    assert os.listdir(tmp_path) == ["checkpoint.tar"]


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
