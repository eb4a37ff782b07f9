"""The directory handle, its errors, the machine's identity, namespaces, mountinfo."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel import mountinfo, procfs
from crimg.kernel.procfs import ProcDir
from tests.kernel.forked import become_nobody, child, in_child, mount, needs_root, private_mounts


def test_reads_files_and_links() -> None:
    with ProcDir(os.getpid()) as proc:
        assert proc.read("cmdline") == Path("/proc/self/cmdline").read_bytes()
        assert proc.readlink("cwd") == os.getcwdb()
        assert str(os.getpid()) in proc.listdir("task")


def test_a_file_longer_than_one_read_is_whole(tmp_path: Path) -> None:
    environment = {f"NAME{number}": "x" * 1000 for number in range(300)}
    with subprocess.Popen(["sleep", "100"], env=environment) as process:
        try:
            with ProcDir(process.pid) as proc:
                deadline = time.monotonic() + 10
                while not (content := proc.read("environ")) and time.monotonic() < deadline:
                    time.sleep(0.01)  # exec has not come to that yet
            assert content == b"".join(f"{key}={value}\0".encode() for key, value in environment.items())
        finally:
            process.kill()


def test_no_such_process() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    with pytest.raises(ProcessGoneError) as caught:
        ProcDir(pid)
    assert caught.value.pid == pid


def test_a_process_that_ends_is_gone_and_never_another() -> None:
    with child(lambda: None) as process:
        proc = ProcDir(process.pid)
        assert not proc.gone()
    with proc:
        assert proc.gone()
        for call in (
            lambda: proc.read("stat"),
            lambda: proc.readlink("exe"),
            lambda: proc.listdir("fd"),
            lambda: procfs.read_namespaces(proc),
        ):
            with pytest.raises(ProcessGoneError):
                call()


def test_a_missing_file_of_a_live_process_is_no_gone_process() -> None:
    with ProcDir(os.getpid()) as proc, pytest.raises(KernelError) as caught:
        proc.read("no-such-file")
    assert caught.value.errno == errno.ENOENT
    assert "no-such-file" in str(caught.value)


@needs_root
def test_refusal_names_the_capability() -> None:
    def as_nobody(pid: int) -> tuple[int, str]:
        become_nobody()
        with ProcDir(pid) as proc:
            try:
                proc.readlink("exe")
            except KernelError as error:
                return error.errno, error.hint
        return 0, ""

    parent = os.getpid()
    number, hint = in_child(lambda: as_nobody(parent))
    assert number == errno.EACCES
    assert "CAP_SYS_PTRACE" in hint


def test_close_twice_and_no_descriptor_left() -> None:
    before = os.listdir("/proc/self/fd")
    proc = ProcDir(os.getpid())
    proc.directory("fd")
    proc.directory("fdinfo")
    proc.close()
    proc.close()
    assert os.listdir("/proc/self/fd") == before


def test_thread_directory_serves_where_the_leader_has_exited() -> None:
    """pthread_exit in main leaves a zombie leader whose maps are empty."""
    source = (
        "import ctypes, threading, time, os\n"
        "def work():\n"
        "    print(threading.get_native_id(), flush=True)\n"
        "    time.sleep(1000)\n"
        "threading.Thread(target=work).start()\n"
        "ctypes.CDLL(None).syscall(60, 0)\n"
    )
    with subprocess.Popen([os.sys.executable, "-c", source], stdout=subprocess.PIPE) as process:  # type: ignore[attr-defined]
        try:
            assert process.stdout is not None
            tid = int(process.stdout.readline())
            with ProcDir(process.pid) as leader:
                deadline = time.monotonic() + 10
                while leader.read("maps") and time.monotonic() < deadline:
                    time.sleep(0.01)
                assert leader.read("maps") == b""
            with ProcDir(tid) as thread:
                assert b"[stack]" in thread.read("maps")
        finally:
            os.kill(process.pid, signal.SIGKILL)


def test_namespaces_are_the_inodes_of_the_links() -> None:
    with ProcDir(os.getpid()) as proc:
        found = procfs.read_namespaces(proc)
    assert {"mnt", "pid", "net", "ipc", "uts", "user", "cgroup"} <= found.keys()
    for name, inode in found.items():
        assert os.stat(f"/proc/self/ns/{name}").st_ino == inode


@needs_root
def test_another_mount_namespace_has_another_number() -> None:
    with child(private_mounts) as process, ProcDir(process.pid) as proc, ProcDir(os.getpid()) as own:
        theirs, ours = procfs.read_namespaces(proc), procfs.read_namespaces(own)
    assert theirs["mnt"] != ours["mnt"]
    assert theirs["net"] == ours["net"]


def test_clocks_and_boot_id() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns(), time.monotonic_ns()
    clocks = procfs.read_clocks()
    after = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns(), time.monotonic_ns()
    assert before[0] <= clocks.boottime <= after[0]
    assert before[1] <= clocks.realtime <= after[1]
    assert before[2] <= clocks.monotonic <= after[2]
    assert procfs.read_boot_id() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_mountinfo_of_this_process() -> None:
    with ProcDir(os.getpid()) as proc:
        mounts = mountinfo.read_mountinfo(proc)
    by_id = {entry.mnt_id: entry for entry in mounts}
    fd = os.open("/proc", os.O_RDONLY)
    try:
        mnt_id = int(Path(f"/proc/self/fdinfo/{fd}").read_text().split("mnt_id:")[1].split()[0])
    finally:
        os.close(fd)
    assert by_id[mnt_id].fs_type == b"proc"
    assert by_id[mnt_id].mount_point == b"/proc"
    assert by_id[mnt_id].device == os.stat("/proc").st_dev


@needs_root
def test_mountinfo_undoes_the_escapes(tmp_path: Path) -> None:
    names = [b"a b", b"tab\there", b"new\nline", b"back\\slash", b"\\040", b"hash#mark", b"esc\x1b\xff"]

    def prepare() -> None:
        private_mounts()
        for name in names:
            target = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
            target.mkdir()
            mount("s p\\ace", target, "tmpfs", "size=4k")

    with child(prepare) as process, ProcDir(process.pid) as proc:
        mounts = {entry.mount_point: entry for entry in mountinfo.read_mountinfo(proc)}
    for name in names:
        entry = mounts[os.fsencode(tmp_path) + b"/" + name]
        assert (entry.fs_type, entry.source, entry.root) == (b"tmpfs", b"s p\\ace", b"/")


def test_mountinfo_text() -> None:
    text = (
        b"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue\n"
        b"37 35 0:5 / /\\134x\\9 rw - fuse.x  rw\n"
    )
    first, second = mountinfo.parse_mountinfo(text)
    assert first == mountinfo.Mount(
        36,
        35,
        os.makedev(98, 0),
        b"/mnt1",
        b"/mnt2",
        b"rw,noatime",
        (b"master:1", b"propagate_from:2"),
        b"ext3",
        b"/dev/root",
        b"rw,errors=continue",
    )
    assert second.mount_point == b"/\\x\\9"
    assert (second.tags, second.fs_type, second.source) == ((), b"fuse.x", b"")
