"""Names of sockets on a file system: from other directories, and never in place of another file."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import TYPE_CHECKING

import pytest

from crimg.restart.binding import Place
from tests.dump.programs import needs_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def place(root: Path, cwd: Path, umask: int = 0) -> Iterator[Place]:
    fds = [os.open(path, os.O_PATH) for path in (root, cwd)]
    try:
        yield Place(fds[0], fds[1], umask, None)
    finally:
        for fd in fds:
            os.close(fd)


@needs_root
def test_below_another_root(tmp_path: Path) -> None:
    """Nothing leads out of it; the name is kept as it was given."""
    folder = tmp_path / "inner/folder"
    folder.mkdir(parents=True)
    (tmp_path / "inner/out").symlink_to("/..")
    names = {b"/absolute": "inner/absolute", b"here": "inner/folder/here", b"/out/up": "inner/up"}
    for name, expected in names.items():
        with place(tmp_path / "inner", folder, 0o027) as inside, socket.socket(socket.AF_UNIX) as one:
            take_away = inside.bind(one, name)
            assert one.getsockname() == name.decode()
            assert (tmp_path / expected).stat().st_mode & 0o777 == 0o750
            assert take_away is not None
            take_away()
            assert not (tmp_path / expected).exists()


def test_in_place_of_what_is_nobodys(tmp_path: Path) -> None:
    """Its mode is taken; it stays where the restart fails, as it was there before."""
    path = tmp_path / "name"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(os.fsencode(path))
        path.chmod(0o601)
    with place_here() as here, socket.socket(socket.AF_UNIX) as one:
        assert here.bind(one, os.fsencode(path)) is None
        assert path.stat().st_mode & 0o777 == 0o601
        one.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.fsencode(path))


@pytest.mark.parametrize("kind", ["file", "link", "stream", "datagram"])
def test_never_in_place_of_another(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "name"
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM)
    with other, place_here() as here, socket.socket(socket.AF_UNIX) as one:
        if kind == "file":
            path.write_text("mine")
        elif kind == "link":
            path.symlink_to(tmp_path / "elsewhere")
        else:
            other.bind(os.fsencode(path))
        before = path.lstat()
        with pytest.raises(OSError, match="in use") as caught:
            here.bind(one, os.fsencode(path))
        assert caught.value.errno == errno.EADDRINUSE
        assert os.path.samestat(path.lstat(), before)
        if kind == "datagram":
            other.setblocking(False)
            with pytest.raises(BlockingIOError):
                other.recv(9)


def test_a_name_that_is_anothers_by_now_is_left(tmp_path: Path) -> None:
    path = tmp_path / "name"
    with place_here() as here, socket.socket(socket.AF_UNIX) as one:
        take_away = here.bind(one, os.fsencode(path))
        path.rename(tmp_path / "moved")
        path.write_text("somebody's")
        assert take_away is not None
        take_away()
        assert path.read_text() == "somebody's"


def place_here() -> contextlib.AbstractContextManager[Place]:
    """That of this process."""
    from pathlib import Path

    return place(Path("/"), Path.cwd(), 0o022)
