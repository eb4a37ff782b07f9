"""A dump that fails half-way: the program goes on as it was, and nothing is left of the image."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.dump.disturbed import chosen, clear, steps_of
from tests.dump.dumps import Dumper, command
from tests.dump.programs import Agent, Program, needs_root
from tests.dump.progress import Counts
from tests.dump.steps import Steps, failing
from tests.dump.untouched import Untouched, only

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.sweep
@pytest.mark.parametrize("error", [errno.EPERM, errno.ESRCH])
def test_refused_at_every_step(error: int, counter: Program, folder: Path, tmp_path: Path) -> None:
    """Each system call but those of ptrace(2) fails once: one line, no image or a whole one, nothing left."""
    names = steps_of(counter, tmp_path)
    untouched = Untouched(counter.pid)
    wrong = []
    for step in chosen(names):
        name = names[step]
        if name.startswith("PTRACE") or name == "close":
            continue
        before = Steps(tmp_path / "log", step, failing(error))
        errors = tmp_path / "errors"
        status = Dumper(counter.pid, folder / "image", "-q", errors=errors, before=before).wait()
        lines = errors.read_text().splitlines()
        if status not in (0, 4, 5) or (status == 4 and len(lines) != 1):
            wrong.append((step, name, status, lines))
        with contextlib.suppress(FileNotFoundError):
            (folder / "image.log").unlink()
        assert status == 0 or not (folder / "image").exists()
        clear(folder)
        untouched.check()
    Counts(counter.folder / "count").check()
    assert not wrong


def _memory(megabytes: int) -> str:
    return f"data = bytearray(os.urandom(4096) * {256 * megabytes})"


def test_file_size_limit(tmp_path: Path, folder: Path) -> None:
    with Agent(_memory(4), tmp_path / "target") as program:
        untouched = Untouched(program.pid)

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

        dumper = Dumper(program.pid, folder / "image", errors=tmp_path / "errors", before=limit)
        assert dumper.wait() == 4
        assert (tmp_path / "errors").read_text().splitlines() == [
            f"crimg: error: {folder}/image: {os.strerror(errno.EFBIG)}"
        ]
        only(folder)
        untouched.check()
        assert program.ask("len(data)") == 4 << 20


@needs_root
def test_disk_full(tmp_path: Path, folder: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "crimg-test", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with Agent(_memory(4), tmp_path / "target") as program:
            untouched = Untouched(program.pid)
            ran = command("dump", program.pid, "-o", folder / "image")
            assert (ran.returncode, ran.stdout) == (4, b"")
            assert ran.stderr.decode() == f"crimg: error: {folder}/image: {os.strerror(errno.ENOSPC)}\n"
            only(folder)
            assert os.statvfs(folder).f_bfree == os.statvfs(folder).f_blocks
            untouched.check()
            assert program.ask("len(data)") == 4 << 20
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_device_behind_standard_output(tmp_path: Path) -> None:
    with Agent(_memory(1), tmp_path / "target") as program, open("/dev/full", "wb") as full:
        untouched = Untouched(program.pid)
        ran = subprocess.run(
            [sys.executable, "-m", "crimg", "dump", str(program.pid), "-o", "-"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
        )
        assert ran.returncode == 4
        assert ran.stderr.decode() == f"crimg: error: standard output: {os.strerror(errno.ENOSPC)}\n"
        untouched.check()


def test_reader_of_the_pipe_goes_away(tmp_path: Path) -> None:
    with Agent(_memory(4), tmp_path / "target") as program:
        untouched = Untouched(program.pid)
        dumper = subprocess.Popen(
            [sys.executable, "-m", "crimg", "dump", str(program.pid), "-o", "-"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert dumper.stdout is not None
        assert dumper.stdout.read(100)
        dumper.stdout.close()
        _, errors = dumper.communicate(timeout=20)
        assert dumper.returncode in (4, 141)
        assert b"Traceback" not in errors
        untouched.check()
