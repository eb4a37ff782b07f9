"""What can happen to a file between a dump and a preflight, done to the files of a real process."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crimg.preflight import check
from tests.dump.dumps import image_of
from tests.dump.programs import Agent, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.image import Image
    from crimg.preflight import Verdict

_OPENED = (
    "untouched", "renamed", "renamed over", "grown", "shrunk", "rewritten", "mtime restored", "permissions",
    "owner", "deleted", "re-created", "symlink", "symlink to it", "directory", "fifo", "linked elsewhere",
    "only elsewhere", "touched", "logrotate", "restored and linked", "restored and permissions",
)  # fmt: skip
_MOVED_DIRECTORY = "directory moved"
_LIBRARY = "library.so"
_PROGRAM = "program"

_CODE = """
import ctypes, os
top = {top!r}
opened = []
for name in {opened!r}:
    file = open(os.path.join(top, name), "a+")
    file.write("contents of " + name)
    file.flush()
    opened.append(file)
os.mkdir(os.path.join(top, {moved!r}))
inside = open(os.path.join(top, {moved!r}, "file"), "w")
inside.write("x")
inside.flush()
library = ctypes.CDLL(os.path.join(top, "library.so"))
"""

EXPECTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "untouched": ("same", ()),
    "renamed": ("moved", ("contents not verified",)),
    f"{_MOVED_DIRECTORY}/file": ("moved", ()),
    "renamed over": ("replaced", ("another file",)),
    "grown": ("changed", ("grown",)),
    "shrunk": ("changed", ("shrunk",)),
    "rewritten": ("changed", ("rewritten or touched",)),
    "mtime restored": ("changed", ("ctime alone",)),
    "permissions": ("changed", ("permissions", "contents not verified")),
    "owner": ("changed", ("owner", "contents not verified")),
    "deleted": ("missing", ()),
    "re-created": ("replaced", ("another file",)),
    "symlink": ("replaced", ("a symbolic link now",)),
    "symlink to it": ("moved", ("a symbolic link leads there", "contents not verified")),
    "directory": ("replaced", ("a directory now",)),
    "fifo": ("replaced", ("a FIFO now",)),
    "linked elsewhere": ("changed", ("ctime alone", "links 1, now 2")),
    "only elsewhere": ("moved", ("contents not verified",)),
    "restored and linked": ("changed", ("ctime alone", "links 1, now 2")),
    "restored and permissions": ("changed", ("permissions", "contents not verified")),
    "touched": ("changed", ("rewritten or touched",)),
    "logrotate": ("replaced", ("another file",)),
    _LIBRARY: ("replaced", ("another build",)),
    _PROGRAM: ("replaced", ("another build",)),
}
"""Name of the file to verdict and details, without hints about where the old one may be."""
FOUND = {
    "renamed": "renamed.old",
    f"{_MOVED_DIRECTORY}/file": f"{_MOVED_DIRECTORY}.old/file",
    "symlink to it": "the file",
    "only elsewhere": "only elsewhere.other",
    "logrotate": "logrotate.1",
}
"""Where it is to be found, for those that are still there."""
WITH_DIGEST = {
    "rewritten": ("changed", ("rewritten",)),
    "mtime restored": ("changed", ("rewritten",)),
    "touched": ("same", ()),
    "renamed": ("moved", ()),
    "only elsewhere": ("moved", ()),
    "symlink to it": ("moved", ("a symbolic link leads there",)),
    "permissions": ("changed", ("permissions",)),
    "owner": ("changed", ("owner",)),
    "linked elsewhere": ("same", ("links 1, now 2",)),
    "restored and linked": ("changed", ("rewritten", "links 1, now 2")),
    "restored and permissions": ("changed", ("rewritten", "permissions")),
    "grown": ("changed", ("grown", "what it had is intact")),
    "re-created": ("replaced", ("another file", "of the same contents")),
}
"""What the digest of every file tells better."""


def libraries() -> list[Path]:
    """Two different shared libraries of this machine."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    found = sorted({line.split()[-1] for line in lines if line.endswith((".so.6", ".so.1"))})
    return [Path(path) for path in found if "/ld-" not in path][:2]


@contextmanager
def processes(top: Path, python_user: int | None = None) -> Iterator[tuple[Agent, Program]]:
    """A process with all the files, and one whose program is in `top`."""
    shutil.copy2(libraries()[0], top / _LIBRARY)
    shutil.copy2("/bin/sleep", top / _PROGRAM)
    code = _CODE.format(top=str(top), opened=_OPENED, moved=_MOVED_DIRECTORY)
    with (
        Agent(code, top / "agent", user=python_user) as agent,
        Program([top / _PROGRAM, "1000"], top / "sleeper", ready=False) as sleeper,
    ):
        deadline = time.monotonic() + 10
        while os.readlink(f"/proc/{sleeper.pid}/exe") != str(top / _PROGRAM):
            assert time.monotonic() < deadline
        time.sleep(0.05)
        yield agent, sleeper


def happen(top: Path, *, as_root: bool) -> None:
    """Do to each file what its name says."""
    contents = {name: (top / name).read_text() for name in _OPENED}

    def new(name: str, text: str) -> Path:
        path = top / "new"
        path.write_text(text)
        status = (top / name).stat()
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        path.chmod(status.st_mode & 0o7777)
        return path

    (top / "renamed").rename(top / "renamed.old")
    (top / _MOVED_DIRECTORY).rename(top / f"{_MOVED_DIRECTORY}.old")
    new("renamed over", contents["renamed over"][::-1]).rename(top / "renamed over")
    with (top / "grown").open("a") as file:
        file.write(" and more")
    os.truncate(top / "shrunk", 3)
    for name in ("rewritten", "mtime restored", "restored and linked", "restored and permissions"):
        status = (top / name).stat()
        with (top / name).open("r+") as file:
            file.write(contents[name][::-1])
        if name != "rewritten":
            os.utime(top / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.link(top / "restored and linked", top / "restored and linked.other")
    for name in ("permissions", "restored and permissions"):
        (top / name).chmod(0o600)
    if as_root:
        os.chown(top / "owner", 1, 1)
    (top / "deleted").unlink()
    again = new("re-created", contents["re-created"])
    (top / "re-created").unlink()
    again.rename(top / "re-created")
    (top / "symlink").unlink()
    (top / "symlink").symlink_to("untouched")
    (top / "symlink to it").rename(top / "the file")
    (top / "symlink to it").symlink_to(top / "the file")
    (top / "directory").unlink()
    (top / "directory").mkdir()
    (top / "fifo").unlink()
    os.mkfifo(top / "fifo")
    os.link(top / "linked elsewhere", top / "elsewhere")
    os.link(top / "only elsewhere", top / "only elsewhere.other")
    (top / "only elsewhere").unlink()
    os.utime(top / "touched")
    (top / "logrotate").rename(top / "logrotate.1")
    (top / "logrotate").write_text("")
    for name, other in ((_LIBRARY, libraries()[1]), (_PROGRAM, Path("/bin/cat"))):
        shutil.copy2(other, top / f"{name}.dpkg-new")
        (top / f"{name}.dpkg-new").rename(top / name)


def dumped(top: Path, *, digest: bool = False, python_user: int | None = None) -> list[Image]:
    """Images of both processes, from before everything happened to their files."""
    with processes(top, python_user) as running:
        images = []
        for number, process in enumerate(running):
            images.append(image_of(process.pid, top / f"image{number}", digest=digest))
        time.sleep(0.02)  # for file systems whose times are as coarse as the clock tick
        happen(top, as_root=os.geteuid() == 0)
    return images


def verdicts_by_name(images: list[Image], top: Path, **options: object) -> dict[str, Verdict]:
    """Path below `top` to the verdict."""
    prefix = os.fsencode(top) + b"/"
    return {
        verdict.path[len(prefix) :].decode(): verdict
        for image in images
        for verdict in check(image, **options)  # type: ignore[arg-type]
        if verdict.path.startswith(prefix)
    }


def without_hints(details: tuple[str, ...]) -> tuple[str, ...]:
    """Details without what was learnt of the whereabouts of the old file."""
    return tuple(text for text in details if not text.startswith("the old one"))
