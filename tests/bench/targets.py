"""Programs that are dumped: C, compiled when they are needed."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Random numbers, so that no page is zero or like another one.
_MEMORY = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv) {
  size_t size = strtoull(argv[1], 0, 10);
  uint64_t *memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t state = 88172645463325252u;
  if (memory == MAP_FAILED) return 1;
  for (size_t i = 0; i < size / sizeof *memory; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    memory[i] = state;
  }
  printf("%p\n", (void *)memory);
  fflush(stdout);
  close(1);
  for (;;) pause();
}
"""
_TREE = r"""
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void *wait_for_ever(void *unused) {
  for (;;) pause();
}

static void open_files(int count, const char *folder) {
  char path[4096];
  for (int n = 0; n < count; n++) {
    snprintf(path, sizeof path, "%s/%d", folder, n);
    if (open(path, O_RDWR | O_CREAT, 0600) < 0) exit(2);
  }
}

int main(int argc, char **argv) {
  int tasks = atoi(argv[1]), threads = atoi(argv[2]), files = atoi(argv[3]), told[2];
  char byte = 0;
  pthread_t thread;
  pthread_attr_t small;
  if (pipe(told) || pthread_attr_init(&small) || pthread_attr_setstacksize(&small, 1 << 16)) return 1;
  for (int n = 1; n < tasks; n++)
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(1);
      open_files(files, argv[4]);
      if (write(told[1], &byte, 1) != 1) return 1;
      wait_for_ever(NULL);
    }
  open_files(files, argv[4]);
  for (int n = 1; n < threads; n++)
    if (pthread_create(&thread, &small, wait_for_ever, NULL)) return 1;
  for (int n = 1; n < tasks; n++)
    if (read(told[0], &byte, 1) != 1) return 1;
  puts("0");
  fflush(stdout);
  close(1);
  wait_for_ever(NULL);
}
"""
_FILES = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int count = atoi(argv[1]), opened = 0;
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return 1;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit)) return 1;
  for (char path[4096]; opened < count; opened++) {
    snprintf(path, sizeof path, "%s/%d", argv[2], argc > 3 ? opened : 0);
    if (open(path, O_RDWR | O_CREAT, 0600) < 0) break;
  }
  printf("%d\n", opened);
  fflush(stdout);
  close(1);
  for (;;) pause();
}
"""


class NoCompilerError(Exception):
    """There is no C compiler on this machine."""


def _built(folder: Path, name: str, source: str) -> Path:
    program = folder / name
    if not program.exists():
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            raise NoCompilerError
        program.with_suffix(".c").write_text(source)
        subprocess.run(
            [compiler, "-O2", "-pthread", "-o", str(program), str(program.with_suffix(".c"))], check=True
        )
    return program


@contextmanager
def _running(command: list[str]) -> Iterator[tuple[int, str]]:
    """Pid of the program, and the line that it wrote when it was ready; it holds no end of a pipe then."""
    program = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd="/",
    )
    try:
        assert program.stdout is not None
        line = program.stdout.read()
        assert line, f"{command} did not get ready"
        yield program.pid, line.strip()
    finally:
        program.kill()
        program.communicate()


@contextmanager
def memory(folder: Path, size: int) -> Iterator[tuple[int, int]]:
    """Pid of a process that has written to `size` bytes of memory, and their address."""
    with _running([str(_built(folder, "memory", _MEMORY)), str(size)]) as (pid, line):
        yield pid, int(line, 16)


@contextmanager
def tree(folder: Path, *, tasks: int = 1, threads: int = 1, fds: int = 0) -> Iterator[int]:
    """Pid of the first of so many processes; it has so many threads, and each has opened `fds` files."""
    opened = folder / "opened"
    opened.mkdir()
    command = [str(_built(folder, "tree", _TREE)), *map(str, (tasks, threads, fds)), str(opened)]
    try:
        with _running(command) as (pid, _):
            yield pid
    finally:
        shutil.rmtree(opened)


@contextmanager
def files(folder: Path, count: int, *, distinct: bool) -> Iterator[tuple[int, int]]:
    """Pid of a process with open file descriptions, and their number: at most `count`.

    distinct: each of a file of its own, else all of one file.
    """
    opened = folder / "opened"
    opened.mkdir()
    command = [str(_built(folder, "files", _FILES)), str(count), str(opened), *["distinct"][: int(distinct)]]
    try:
        with _running(command) as (pid, line):
            yield pid, int(line)
    finally:
        shutil.rmtree(opened)
