"""The objects of an image: one record class per kind.  `Image` (crimg.model.image) holds them.

The definition order of `DEFINITION_ORDER` is the order in which a writer puts tables into an image: every
kind stands behind the kinds that it refers to.
"""

from __future__ import annotations

from crimg.model.files import EpollWatch, Fd, FdTable, File, Fs, Inode, Lock, Pipe, Tty
from crimg.model.journal import HistoryEntry, LogEntry
from crimg.model.memory import Mm, Vma
from crimg.model.record import KINDS, Column, Record
from crimg.model.signals import PosixTimer, Sigaction, Sighand, Siginfo, Signal
from crimg.model.special import Eventfd, SharedMemory, Signalfd, Socket, Timerfd
from crimg.model.system import Cred, Filesystem, ImageInfo, Namespaces
from crimg.model.tasks import Task, Thread

DEFINITION_ORDER: tuple[type[Record], ...] = (
    Filesystem,
    Cred,
    Inode,
    SharedMemory,
    Pipe,
    Tty,
    File,
    Lock,
    EpollWatch,
    Eventfd,
    Timerfd,
    Signalfd,
    Socket,
    FdTable,
    Fd,
    Fs,
    Mm,
    Vma,
    Sighand,
    Sigaction,
    Signal,
    PosixTimer,
    Siginfo,
    Namespaces,
    Task,
    Thread,
    ImageInfo,
)

__all__ = [
    "DEFINITION_ORDER",
    "KINDS",
    "Column",
    "Cred",
    "EpollWatch",
    "Eventfd",
    "Fd",
    "FdTable",
    "File",
    "Filesystem",
    "Fs",
    "HistoryEntry",
    "ImageInfo",
    "Inode",
    "Lock",
    "LogEntry",
    "Mm",
    "Namespaces",
    "Pipe",
    "PosixTimer",
    "Record",
    "SharedMemory",
    "Sigaction",
    "Sighand",
    "Siginfo",
    "Signal",
    "Signalfd",
    "Socket",
    "Task",
    "Thread",
    "Timerfd",
    "Tty",
    "Vma",
]
