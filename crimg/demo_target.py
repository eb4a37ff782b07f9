"""The program that `crimg demo` checkpoints: files in every state, a pipe, two threads, a counter.

It is run as a script, in an empty directory that it may fill, and counts until it is killed.
"""

from __future__ import annotations

import mmap
import os
import threading
import time

TICK = 0.02
"""Seconds between two counts."""


def open_journal() -> int:
    """An ordinary open file, opened to append."""
    journal = os.open("journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(journal, b"started\n")
    return journal


def open_deleted() -> int:
    """A file that is open, but has no name any more."""
    scratch = os.open("scratch", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(scratch, b"contents that nothing but this process still has\n")
    os.unlink("scratch")
    return scratch


def open_replaced() -> int:
    """A file whose name now belongs to another file, as after a careful save of a configuration."""
    for name, text in (("config", b"old settings\n"), ("config.new", b"new settings\n")):
        fd = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(fd, text)
        os.close(fd)
    config = os.open("config", os.O_RDONLY)
    os.rename("config.new", "config")
    return config


def map_deleted() -> mmap.mmap:
    """A file that is mapped, but has neither a name nor a descriptor."""
    fd = os.open("table", os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(fd, 4 * mmap.PAGESIZE)
    table = mmap.mmap(fd, 0)
    table[:5] = b"table"
    identity = os.fstat(fd)
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if os.path.samestat(os.fstat(number), identity):  # ours, and the copy that the mmap object keeps
                os.close(number)
        except OSError:  # the descriptor of the listing itself
            continue
    os.unlink("table")
    return table


def fill_pipe() -> tuple[int, int]:
    """A pipe, both of whose ends are here, with bytes in it that nobody has read yet."""
    ends = os.pipe()
    os.write(ends[1], b"bytes nobody has read yet")
    return ends


def main() -> None:
    """Open everything, then count."""
    kept = (open_journal(), open_deleted(), open_replaced(), map_deleted(), fill_pipe())
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    counter = os.open("counter", os.O_RDWR | os.O_CREAT, 0o600)
    number = 0
    while kept:
        number += 1
        os.pwrite(counter, b"%d\n" % number, 0)
        time.sleep(TICK)


if __name__ == "__main__":
    main()
