"""What comes out of a dump: to a pipe, compressed, with digests; and what it says of itself."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pty
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import crimg
from crimg.model import File, HistoryEntry, ImageInfo, Inode, LogEntry, Mm, Record, Task, Thread, Vma
from crimg.model.record import KINDS
from crimg.pages import Memory
from crimg.reader import open_stream
from tests.dump import oracle_files, oracle_memory, proc
from tests.dump.disturbed import AGENT
from tests.dump.dumps import command, save
from tests.dump.programs import Agent, Program, eventually

if TYPE_CHECKING:
    from crimg.model.image import Image


def test_to_a_pipe(agent: Agent) -> None:
    dumper = subprocess.Popen(
        [sys.executable, "-m", "crimg", "dump", str(agent.pid), "-o", "-"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert dumper.stdout is not None
    with dumper, open_stream(dumper.stdout.fileno()) as opened:
        assert dumper.wait(20) == 0
        assert opened.rows(Task)[0].pid == agent.pid
        oracle_files.check_descriptors(opened, agent.pid)
        oracle_memory.check_mappings(opened, agent.pid)


def test_to_a_slow_pipe_of_one_page(agent: Agent) -> None:
    """The writes come through in pieces; the process stands still until all of it is out."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    dumper = subprocess.Popen(
        [sys.executable, "-m", "crimg", "dump", str(agent.pid), "-o", "-"],
        stdin=subprocess.DEVNULL,
        stdout=write_end,
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with open_stream(read_end) as opened:
        assert opened.rows(Task)[0].pid == agent.pid
        (mm,) = opened.rows(Mm)
        assert Memory(opened, mm).saved_bytes() > 64 * 4096
    os.close(read_end)
    assert dumper.wait(20) == 0


def test_not_to_a_terminal(agent: Agent) -> None:
    master, slave = pty.openpty()
    try:
        words = [sys.executable, "-m", "crimg", "dump", str(agent.pid), "-o", "-"]
        ran = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE)
    finally:
        os.close(slave)
        os.close(master)
    assert (ran.returncode, ran.stderr.count(b"\n")) == (2, 1)


def test_digest(agent: Agent, image: Path) -> None:
    """SHA-256 of every regular file: open, mapped, deleted."""
    assert command("dump", agent.pid, "-o", image, "--digest").returncode == 0
    with crimg.open(image) as opened:
        digests = {}
        for file in opened.rows(File):
            inode = opened.find(Inode, file.inode)
            assert inode is not None
            if stat.S_ISREG(inode.mode):
                assert inode.digest_kind == "sha256"
                digests[file.path] = inode.digest
            else:
                assert inode.digest is None
    assert digests.pop(bytes(agent.folder / "gone")) == hashlib.sha256(b"deleted").digest()
    assert len(digests) > 3
    assert {
        path: hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).digest() for path in digests
    } == digests


def test_no_digest_unless_asked_for(agent: Agent, image: Path) -> None:
    save(agent.pid, image)
    with crimg.open(image) as opened:
        assert {inode.digest for inode in opened.rows(Inode)} == {None}


def _comparable(image: Image) -> dict[str, list[Record]]:
    """All rows but those about the dump itself."""
    kinds = [cls for cls in KINDS.values() if cls not in (ImageInfo, LogEntry, HistoryEntry)]
    return {cls.__name__: list(image.rows(cls)) for cls in kinds}


def _memory(image: Image) -> dict[int, bytes]:
    """Start address to contents of each mapping; without the rseq areas, which the kernel writes to."""
    memory = Memory(image, image.rows(Mm)[0])
    found = {}
    for vma in image.rows(Vma):
        if vma.name not in oracle_memory.KERNEL_MAPPINGS:
            data = bytearray(memory.read(vma.start, vma.end - vma.start))
            for thread in image.rows(Thread):
                if vma.start <= thread.rseq < vma.end:
                    at = thread.rseq - vma.start
                    data[at : at + thread.rseq_size] = bytes(thread.rseq_size)
            found[vma.start] = bytes(data)
    return found


def test_compressed(tmp_path: Path) -> None:
    """Smaller, and the same rows, pages and contents."""
    code = AGENT.replace("os.urandom(4096) * 64", "b'compressible ' * 300000")
    with Agent(code, tmp_path / "target") as agent:
        agent.signal(signal.SIGSTOP)
        eventually(lambda: proc.state(agent.pid) == "T")
        plain, packed = tmp_path / "plain", tmp_path / "packed"
        assert command("dump", agent.pid, "-o", plain).returncode == 0
        assert command("dump", agent.pid, "-o", packed, "--compress").returncode == 0
        assert packed.stat().st_size < plain.stat().st_size / 3
        with crimg.open(plain) as first, crimg.open(packed) as second:
            ours, theirs = _comparable(first), _comparable(second)
            for rows in (ours, theirs):
                rows["Inode"] = [inode.replace(blobs=()) for inode in rows["Inode"]]
                rows["Mm"] = [mm.replace(pagemap=None) for mm in rows["Mm"]]
            assert ours == theirs
            assert _memory(first) == _memory(second)
            oracle_memory.check_memory(second, agent.pid)


def test_record_of_the_dump(agent: Agent, image: Path) -> None:
    """The image says when, where and how it was made."""
    assert command("dump", agent.pid, "-o", image, "--digest").returncode == 0
    with crimg.open(image) as opened:
        (info,) = opened.rows(ImageInfo)
        machine = os.uname()
        assert (info.kernel_release, info.kernel_version, info.architecture) == (
            machine.release,
            machine.version,
            machine.machine,
        )
        assert info.hostname == machine.nodename.encode()
        assert info.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        assert info.root == opened.rows(Task)[0].objref
        assert info.command[-5:] == (b"dump", str(agent.pid).encode(), b"-o", bytes(image), b"--digest")
        import time

        assert abs(info.realtime - time.time_ns()) < 60 * 10**9
        assert abs(info.boottime - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) < 60 * 10**9
        (history,) = opened.rows(HistoryEntry)
        assert history.revision == 1
        log = opened.rows(LogEntry)[0]
        assert "stood still for" in log.text


def test_stopped_for_no_longer_than_said(tmp_path: Path) -> None:
    """A program that looks at the clock all the time sees such a gap."""
    code = """
import time, threading
gaps = []
def watch():
    last = time.monotonic_ns()
    while True:
        now = time.monotonic_ns()
        if now - last > 3_000_000:
            gaps.append(now - last)
        last = now
threading.Thread(target=watch, daemon=True).start()
"""
    with Agent(code, tmp_path / "target") as agent:
        agent.ask("gaps.clear()")
        report = save(agent.pid, tmp_path / "image")
        assert report.threads == 2
        assert report.memory > 1 << 20
        assert any(0.5 * gap < report.stopped_ns < gap + 50_000_000 for gap in agent.ask("gaps"))


def test_program_without_anything_open(tmp_path: Path, image: Path) -> None:
    """All descriptors closed; nothing to tell but memory."""
    words = [sys.executable, "-I", "-S", "-c", "import os, signal; os.closerange(0, 99); signal.pause()"]
    with Program(words, tmp_path / "target", ready=False) as program:
        eventually(lambda: not os.listdir(f"/proc/{program.pid}/fd"))
        assert command("dump", program.pid, "-o", image).returncode == 0
        with crimg.open(image) as opened:
            oracle_files.check_descriptors(opened, program.pid)
            oracle_memory.check_mappings(opened, program.pid)
