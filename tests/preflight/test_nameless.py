"""Files that never had a name: every kind with its contents, and the names that sockets are bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import crimg
from crimg.model import Inode, Pipe, SharedMemory, Socket
from crimg.preflight import check
from crimg.restart.machine import this_machine
from crimg.restart.problems import find_problems
from tests.dump.dumps import save
from tests.dump.programs import Agent
from tests.preflight.altered import altered

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.model.image import Image
    from crimg.preflight import Verdict

EVERYTHING = """
import ctypes, mmap, os, select, socket
libc = ctypes.CDLL(None)
signals = ctypes.create_string_buffer(8)
memory = os.memfd_create("memory")
os.write(memory, b"hello")
shared = mmap.mmap(-1, 8192)
shared[:3] = b"abc"
one, other = socket.socketpair()
one.send(b"queued")
os.mkdir("d")
server = socket.socket(socket.AF_UNIX)
server.bind("{top}/d/a b")
server.listen()
relative = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
relative.bind("plain")
abstract = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
abstract.bind("\\0hidden")  # an address, and no path
tcp = socket.create_server(("127.0.0.1", 0))
r, w = os.pipe()
os.write(w, b"z")
epoll = select.epoll()
epoll.register(r)
counter = libc.eventfd(3, 0)
timer = libc.timerfd_create(1, 0)
waiting = libc.signalfd(-1, signals, 0)
watch = libc.inotify_init()
if os.fork() == 0:
    while True:
        __import__("signal").pause()
"""


def dumped(tmp_path: Path) -> Path:
    """An image of two processes with everything, made in `tmp_path`/work; both are gone."""
    work = tmp_path / "work"
    work.mkdir()
    with Agent(EVERYTHING.replace("{top}", str(work)), tmp_path / "agent", cwd=work) as agent:
        save(agent.pid, tmp_path / "image", allow=["inotify"])
    return tmp_path / "image"


def nameless(image: Image) -> list[Verdict]:
    return [one for one in check(image) if not one.path]


def test_every_kind_has_its_verdict(tmp_path: Path) -> None:
    with crimg.open(dumped(tmp_path)) as image:
        found = nameless(image)
        details = sorted("; ".join(one.details) for one in found if one.verdict == "kept")
        assert details == [
            "a pipe, made anew; its 1 byte is in the image",
            "a pipe, made anew; its 1 byte is in the image",
            "a signalfd, made anew",
            "a socket, made anew",
            "a socket, made anew",
            "a socket, made anew",
            f"a socket, made anew; bound to {tmp_path}/work/d/a b",
            "a socket, made anew; bound to plain",
            "a socket, made anew; its 6 bytes are in the image",
            "a timerfd, made anew",
            "an epoll instance, made anew",
            "an eventfd, made anew",
            "shared memory, made anew; its 5 bytes are in the image",
            "shared memory, made anew; its 8192 bytes are in the image",
        ]
        (lost,) = (one for one in found if one.verdict != "kept")
        assert (lost.verdict, lost.fine) == ("missing", False)
        assert lost.details == ("it could not be saved, and was left out of the image on purpose",)
        assert lost.restart == "it is refused: nothing of it was saved"
        assert "dump again" in lost.remedies[0].text


def test_the_name_of_a_bound_socket(tmp_path: Path) -> None:
    with crimg.open(dumped(tmp_path)) as image:
        name = tmp_path / "work/d/a b"
        objref = next(row.file for row in image.rows(Socket) if row.path == bytes(name))

        def now() -> Verdict:
            return next(one for one in check(image) if one.objref == objref)

        name.unlink()
        assert now().verdict == "kept", "the name is free"
        name.write_text("")
        taken = now()
        assert (taken.verdict, taken.details[-1]) == ("replaced", "a regular file has its name now")
        assert taken.restart == "binding it fails: its name is taken"
        assert taken.remedies[0].text == f"mv '{name}' ELSEWHERE"
        name.unlink()
        name.parent.rmdir()
        lost = now()
        assert (lost.verdict, lost.details[-1]) == ("missing", "the directory of its name is not there")
        assert lost.remedies[0].text == f"mkdir -p {name.parent}"


def test_contents_that_are_not_in_the_image(tmp_path: Path) -> None:
    image = crimg.open(dumped(tmp_path))
    memory = {row.inode for row in image.rows(SharedMemory)}
    image.close()

    def lose(row: Pipe | Socket | Inode) -> Pipe | Socket | Inode:
        if isinstance(row, Inode) and row.objref not in memory:
            return row
        return row.replace(blobs=(999,)) if row.blobs else row

    with altered(crimg.open(tmp_path / "image"), {Pipe: lose, Socket: lose, Inode: lose}) as image:
        found = [one for one in nameless(image) if "section 999 with" in one.details[0]]
        assert [one.verdict for one in found] == ["missing"] * 5
        assert {one.restart for one in found} == {"it fails: what was in it is not to be had"}
        assert all(one.remedies for one in found)


def test_what_a_restart_refuses_is_foretold(tmp_path: Path) -> None:
    """A datagram socket of a pair whose other end has gone on to another one; a segment at a descriptor."""
    code = """
import ctypes, socket
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
named = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
named.bind("named")
other.connect("named")
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
start = libc.shmat(libc.shmget(0, 4096, 0o1600), None, 0)
fd = os.open("/proc/self/map_files/%x-%x" % (start, start + 4096), os.O_RDWR)
libc.shmctl(int(os.stat(fd).st_ino), 0, None)
"""
    with Agent(code, tmp_path / "target") as agent:
        save(agent.pid, tmp_path / "image")
    with crimg.open(tmp_path / "image") as image:
        lost = {one.details: one for one in check(image) if one.verdict == "missing"}
        problems = find_problems(image, this_machine(), new_pids=False, accepted={})
        objrefs = {one.objref for one in lost.values()}
        assert {
            ("it sends to a socket that has no name to be found by",),
            ("it is a System V segment that is open at a descriptor",),
        } == lost.keys()
        assert all(any(f"#{objref} " in line for line in problems) for objref in objrefs)
        assert all(one.restart.startswith("it is refused: ") for one in lost.values())
        assert all("before the dump" in one.remedies[0].text for one in lost.values())
