"""The kinds of what cannot be saved, and what the user can do about each."""

from __future__ import annotations

from typing import NamedTuple

from crimg.errors import UsageError


class Unsupported(NamedTuple):
    """remedy: what to do, for the end of a line.  allowed: `--allow` may leave it out of the image."""

    remedy: str
    allowed: bool = True


_CLOSE = "close it before the dump"
_UNMAP = "unmap it before the dump"

UNSUPPORTED: dict[str, Unsupported] = {
    "aio": Unsupported("end the asynchronous I/O (io_destroy(2)) before the dump"),
    "anon-inode": Unsupported(_CLOSE),
    "block-device": Unsupported(_CLOSE),
    "bpf": Unsupported(_CLOSE),
    "cwd": Unsupported("change the working directory before the dump", allowed=False),
    "deadline": Unsupported("give the thread another scheduling policy (chrt(1)) before the dump"),
    "deleted-node": Unsupported(_CLOSE),
    "device": Unsupported(_CLOSE),
    "device-memory": Unsupported(_UNMAP),
    "dispatch": Unsupported("end the dispatch (prctl(2)) before the dump"),
    "epoll": Unsupported(_CLOSE),
    "fanotify": Unsupported(_CLOSE),
    "hugetlb": Unsupported("use transparent huge pages (madvise(2)) instead"),
    "inotify": Unsupported(_CLOSE),
    "io-uring": Unsupported(_CLOSE),
    "ldt": Unsupported("none is known but to run the program without it", allowed=False),
    "leak": Unsupported("end that process, or dump a tree that it belongs to"),
    "lease": Unsupported("give the lease back (fcntl(2)) before the dump"),
    "main-thread": Unsupported("keep the main thread of the program alive", allowed=False),
    "namespace": Unsupported("dump from inside the namespaces of the process (nsenter(1))", allowed=False),
    "namespace-file": Unsupported(_CLOSE),
    "perf": Unsupported(_CLOSE),
    "pidfd": Unsupported(_CLOSE),
    "pipe-end": Unsupported("dump a tree that the other process belongs to"),
    "pseudo-file": Unsupported(_CLOSE),
    "relink": Unsupported("take --deleted auto, copy or embed for it", allowed=False),
    "scm-rights": Unsupported("receive them before the dump"),
    "seccomp": Unsupported("start the program without the filter", allowed=False),
    "secret-memory": Unsupported(_UNMAP),
    "shadow-stack": Unsupported("start the program without it (glibc.cpu.x86_shstk)", allowed=False),
    "sharing": Unsupported("dump a tree that the other process belongs to", allowed=False),
    "socket": Unsupported(_CLOSE),
    "socket-option": Unsupported("have the program undo it before the dump, or close it"),
    "socket-peer": Unsupported("dump a tree that the other process belongs to, or close it"),
    "socket-queue": Unsupported("receive or accept what waits before the dump"),
    "tcp": Unsupported("close the connection before the dump"),
    "terminal": Unsupported(_CLOSE),
    "terminal-peer": Unsupported("dump a tree that the other process belongs to, or close it"),
    "terminal-queue": Unsupported("have it read, or dump again: mostly it is read soon"),
    "thread-fds": Unsupported("let all threads share one table of descriptors", allowed=False),
    "thread-fs": Unsupported("let all threads share one working directory", allowed=False),
    "traced": Unsupported("end the tracer, or let it detach, before the dump", allowed=False),
    "traces": Unsupported("let it detach from that process before the dump"),
    "unreachable": Unsupported("move away what is mounted over it, or close it"),
    "unreadable": Unsupported("run the dump with the privileges that this takes"),
    "userfaultfd": Unsupported("wait until all memory is in, or close it before the dump"),
}
"""By the word for `--allow` that names the kind."""


def check_allowed(kind: str) -> None:
    """Raise UsageError where `--allow KIND` cannot be."""
    if kind not in UNSUPPORTED:
        raise UsageError(f"--allow {kind!a}: there is no such kind; there are {', '.join(UNSUPPORTED)}")
    if not UNSUPPORTED[kind].allowed:
        raise UsageError(f"--allow {kind}: a process without it would not be the same")
