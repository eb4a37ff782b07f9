"""The images that are damaged: one that was assembled, and dumps of small programs."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from crimg.cli.atomic import AtomicOutput
from crimg.dump import DumpOptions, dump
from crimg.model import File
from tests import samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_C_PROGRAM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int ends[2], file = open(argv[1], O_RDWR | O_CREAT, 0600);
  if (file < 0 || pipe(ends) || write(ends[1], "unread", 6) != 6) return 1;
  if (write(file, "start", 5) != 5 || lseek(file, 1 << 20, SEEK_SET) < 0) return 1;
  if (write(file, "end", 3) != 3) return 1;
  unlink(argv[1]);
  for (int i = 0; i < 12; i++) {
    char *memory = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory[i * 1024] = i + 1;
    mprotect(memory + 8192, 4096, PROT_READ);
  }
  mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
  puts("ready");
  fflush(stdout);
  close(1);
  pause();
}
"""
_PYTHON_PROGRAM = """
import os, sys, threading, time
kept = open(sys.argv[1], "w+b")
os.unlink(sys.argv[1])
kept.write(b"contents of a deleted file" * 100)
kept.flush()
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print("ready", flush=True)
os.close(1)
time.sleep(600)
"""


def small() -> bytes:
    """One task, every kind of row."""
    return samples.small_image()


def revised() -> bytes:
    """The same with a second revision."""
    renamed = [
        row.replace(path=b"/elsewhere" + row.path)
        for row in samples.small_records()
        if isinstance(row, File) and row.path.startswith(b"/tmp")
    ]
    note = samples.HISTORY[0].replace(revision=2, note="moved")
    return samples.small_builder().objects(File.row_kind, renamed, codec=1).history([note]).revision().bytes()


def c_program(*, compress: bool = False) -> bytes:
    """A dump of a static C program with a pipe, a deleted file with a hole, and some mappings."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise FileNotFoundError("no C compiler on this machine")
    with tempfile.TemporaryDirectory(prefix="crimg-fuzz-") as name:
        program = Path(name) / "program"
        source = program.with_suffix(".c")
        source.write_text(_C_PROGRAM)
        subprocess.run([compiler, "-O1", "-static", "-o", str(program), str(source)], check=True)
        with _running([str(program), str(program.with_suffix(".kept"))]) as pid:
            return _dumped(pid, program.with_suffix(".crimg"), compress=compress)


def python_program() -> bytes:
    """A dump of CPython with two threads and a deleted file."""
    with tempfile.TemporaryDirectory(prefix="crimg-fuzz-") as name:
        kept = Path(name) / "kept"
        with _running([sys.executable, "-I", "-S", "-c", _PYTHON_PROGRAM, str(kept)]) as pid:
            return _dumped(pid, kept.with_suffix(".crimg"), compress=False)


@contextlib.contextmanager
def _running(command: Sequence[str]) -> Iterator[int]:
    """The pid of a program that has said "ready" and closed its end of the pipe it said it through."""
    program = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/"
    )
    try:
        assert program.stdout is not None
        assert program.stdout.read() == b"ready\n"
        yield program.pid
    finally:
        program.kill()
        program.communicate()


def _dumped(pid: int, path: Path, *, compress: bool) -> bytes:
    with AtomicOutput(str(path)) as output:
        dump(pid, output, DumpOptions(compress=compress))
    return path.read_bytes()


ORIGINALS = {
    "small": small,
    "revised": revised,
    "c": c_program,
    "c-zstd": lambda: c_program(compress=True),
    "python": python_program,
}
"""Name to maker."""
