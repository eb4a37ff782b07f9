"""A small sound image whose every value is written here: tests of all parts share it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from crimg.model import (
    DEFINITION_ORDER,
    Cred,
    EpollWatch,
    Eventfd,
    Fd,
    FdTable,
    File,
    Filesystem,
    Fs,
    HistoryEntry,
    ImageInfo,
    Inode,
    Lock,
    LogEntry,
    Mm,
    Namespaces,
    Pipe,
    PosixTimer,
    Record,
    SharedMemory,
    Sigaction,
    Sighand,
    Siginfo,
    Signal,
    Signalfd,
    Socket,
    Task,
    Thread,
    Timerfd,
    Tty,
    Vma,
)
from tests.builders import GUARD, ZERO, ImageBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = 4096
TIME = 1_700_000_000_123_456_789
TEXT, HEAP, STACK, SCRATCH = 0x5555_5555_4000, 0x5555_5557_0000, 0x7FFF_FFFD_E000, 0x7FFF_F7D0_0000
PAGEMAP_ID, PAGES_ID, PACKED_PAGES_ID, BLOB_ID, PIPE_BLOB_ID = 1, 2, 3, 4, 5

FILESYSTEM, PIPEFS = 1, 2
CRED = 3
PROGRAM, DELETED, REPLACED, TERMINAL, DIRECTORY = 10, 11, 12, 13, 14
PIPE, TTY = 20, 21
PROGRAM_FILE, DELETED_FILE, REPLACED_FILE, TTY_FILE, CWD_FILE, READ_END, WRITE_END = (
    30,
    31,
    32,
    33,
    34,
    35,
    36,
)
EPOLL_FILE = 39
FD_TABLE, FS, MM, SIGHAND, SIGNAL, NAMESPACES, TASK, INFO = 40, 41, 42, 43, 44, 45, 46, 0xFFFF_FFFF

DELETED_CONTENTS = ((0, b"first line\n"), (1 << 20, b"a megabyte further on\n"))
"""Extents of the deleted file; the rest of its 2 MiB is a hole."""
PIPE_CONTENTS = b"bytes nobody has read yet"
SAVED_PAGES = b"".join(bytes([number]) * PAGE for number in (0xA1, 0xA2, 0xA3))
PACKED_PAGES = b"packed page" + bytes(PAGE - 11)
RUNS = (
    (HEAP // PAGE, 2, PAGES_ID, 0),
    (HEAP // PAGE + 2, 1, ZERO, 0),
    (SCRATCH // PAGE, 1, GUARD, 0),
    (SCRATCH // PAGE + 1, 1, PACKED_PAGES_ID, 0),
    (STACK // PAGE, 1, PAGES_ID, 2),
)


def _inode(objref: int, number: int, mode: int, size: int, **columns: object) -> Inode:
    values: dict[str, object] = {
        "objref": objref,
        "referrers": 0,
        "filesystem": FILESYSTEM,
        "device": 0xFD << 32 | 1,
        "number": number,
        "generation": None,
        "handle_type": None,
        "handle": None,
        "mode": mode,
        "uid": 1000,
        "gid": 1000,
        "rdev": 0,
        "nlink": 1,
        "size": size,
        "blocks": (size + 511) // 512,
        "mtime": TIME - 5,
        "ctime": TIME - 4,
        "btime": TIME - 6,
        "digest_kind": None,
        "digest": None,
        "build_id": None,
        "keeper": 0,
        "blobs": (),
        "keeper_path": None,
    }
    return Inode(**{**values, **columns})  # type: ignore[arg-type]  # values are right by their names


def _file(objref: int, kind: int, path: bytes, name_state: int, **columns: object) -> File:
    values: dict[str, object] = {
        "objref": objref,
        "referrers": 0,
        "kind": kind,
        "path": path,
        "name_state": name_state,
        "flags": 0o100000,
        "access": 1,
        "position": 0,
        "inode": None,
        "pipe": None,
        "tty": None,
        "cred": None,
        "owner_type": -1,
        "owner": 0,
        "owner_signal": 0,
        "mount_id": 25,
    }
    return File(**{**values, **columns})  # type: ignore[arg-type]  # values are right by their names


def _filesystems() -> list[Record]:
    root = Filesystem(
        objref=FILESYSTEM,
        referrers=0,
        type=b"ext4",
        source=b"/dev/sda1",
        mount_point=b"/",
        mount_root=b"/",
        mount_id=25,
        device=0xFD << 32 | 1,
        fsid=0xFEDC_BA98_7654_3210,
        options=b"rw,relatime",
        extra={"subvolume": b"@home", "numbers": (1, -1, 2**64 - 1, None, True, 0.5)},
    )
    pipefs = root.replace(
        objref=PIPEFS,
        type=b"devtmpfs",
        source=b"udev",
        mount_point=b"/dev",
        mount_id=26,
        device=6,
        extra=None,
    )
    return [root, pipefs]


def _cred() -> Cred:
    ids = dict.fromkeys(("uid", "euid", "suid", "fsuid", "gid", "egid", "sgid", "fsgid"), 1000)
    return Cred(
        objref=CRED,
        referrers=0,
        **ids,  # type: ignore[arg-type]  # columns by their names
        groups=(4, 24, 0xFFFF_FFFE),
        cap_inheritable=0,
        cap_permitted=0,
        cap_effective=0,
        cap_bounding=0x1FF_FFFF_FFFF,
        cap_ambient=0,
        securebits=0,
        no_new_privs=False,
        label=b"unconfined",
    )


def _files() -> list[Record]:
    return [
        _inode(PROGRAM, 1001, 0o100755, 70_000, generation=0xFFFF_FFFF, build_id=bytes(range(20))),
        _inode(
            DELETED,
            1002,
            0o100600,
            2 << 20,
            nlink=0,
            handle_type=1,
            handle=b"\x01\x02\x03\x04\x05\x06\x07\x08",
            keeper=1,
            blobs=(BLOB_ID,),
            digest_kind="sha256",
            digest=bytes(32),
        ),
        _inode(REPLACED, 2**64 - 1, 0o100644, 10, nlink=0, btime=None, keeper=2, keeper_path=b"/kept/12"),
        _inode(TERMINAL, 5, 0o020620, 0, filesystem=PIPEFS, device=6, rdev=136 << 32 | 3),
        _inode(DIRECTORY, 2, 0o040755, 4096),
        Pipe(
            objref=PIPE,
            referrers=0,
            number=77_001,
            capacity=65536,
            length=len(PIPE_CONTENTS),
            blobs=(PIPE_BLOB_ID,),
        ),
        Tty(objref=TTY, referrers=0, rdev=136 << 32 | 3, termios=bytes(range(36)), rows=24, cols=80),
        _file(PROGRAM_FILE, 1, b"/usr/bin/counter", 1, inode=PROGRAM),
        _file(
            DELETED_FILE, 1, b"/tmp/gone", 2, inode=DELETED, flags=0o100002, access=3, position=11, cred=CRED
        ),
        _file(REPLACED_FILE, 1, b"/tmp/\xff\xfe name (deleted)", 3, inode=REPLACED, position=2**63 - 1),
        _file(TTY_FILE, 3, b"/dev/pts/3", 1, inode=TERMINAL, tty=TTY, flags=0o100002, access=3, mount_id=26),
        _file(CWD_FILE, 2, b"/", 1, inode=DIRECTORY, flags=0o300000),
        _file(READ_END, 5, b"", 0, pipe=PIPE, flags=0, mount_id=14),
        _file(
            WRITE_END,
            5,
            b"",
            0,
            pipe=PIPE,
            flags=1,
            access=2,
            mount_id=14,
            owner_type=1,
            owner=4242,
            owner_signal=29,
        ),
        Lock(file=DELETED_FILE, kind=1, write=True, pid=4242, start=0, end=99),
        Lock(file=DELETED_FILE, kind=2, write=False, pid=-1, start=100, end=None),
        _file(EPOLL_FILE, 6, b"", 0, flags=2, access=3, mount_id=17),
        EpollWatch(epoll=EPOLL_FILE, fd=5, file=READ_END, events=0x8000_2019, data=0xFFFF_FFFF_0000_0005),
        FdTable(objref=FD_TABLE, referrers=0),
        Fd(table=FD_TABLE, fd=0, cloexec=False, file=TTY_FILE),
        Fd(table=FD_TABLE, fd=1, cloexec=False, file=TTY_FILE),
        Fd(table=FD_TABLE, fd=3, cloexec=True, file=DELETED_FILE),
        Fd(table=FD_TABLE, fd=4, cloexec=False, file=REPLACED_FILE),
        Fd(table=FD_TABLE, fd=5, cloexec=False, file=READ_END),
        Fd(table=FD_TABLE, fd=6, cloexec=False, file=WRITE_END),
        Fd(table=FD_TABLE, fd=9, cloexec=True, file=EPOLL_FILE),
        Fs(objref=FS, referrers=0, cwd=CWD_FILE, root=CWD_FILE, umask=0o022),
    ]


def _memory() -> list[Record]:
    return [
        Mm(
            objref=MM,
            referrers=0,
            exe=PROGRAM_FILE,
            start_code=TEXT,
            end_code=TEXT + 0x123,
            start_data=TEXT + 0x1000,
            end_data=TEXT + 0x1100,
            start_brk=HEAP,
            brk=HEAP + 3 * PAGE,
            start_stack=STACK + 0x800,
            arg_start=STACK + 0x900,
            arg_end=STACK + 0x910,
            env_start=STACK + 0x910,
            env_end=STACK + 0xFF0,
            auxv=struct.pack("<4Q", 6, PAGE, 0, 0),
            dumpable=1,
            pagemap=PAGEMAP_ID,
        ),
        _vma(TEXT, 2, 5, file=PROGRAM_FILE, offset=PAGE, vm_flags=b"rd ex mr mw me"),
        _vma(HEAP, 3, 3, name=b"[heap]", vm_flags=b"rd wr mr mw me ac"),
        _vma(SCRATCH, 2, 3, shared=True, file=DELETED_FILE, vm_flags=b"rd wr sh mr mw me ms"),
        _vma(STACK, 1, 3, name=b"[stack]", vm_flags=b"rd wr mr mw me gd ac"),
        _vma(0xFFFF_FFFF_FF60_0000, 1, 4, name=b"[vsyscall]", vm_flags=b"ex"),
    ]


def _vma(start: int, pages: int, prot: int, **columns: object) -> Vma:
    values: dict[str, object] = {
        "mm": MM,
        "start": start,
        "end": start + pages * PAGE,
        "prot": prot,
        "shared": False,
        "offset": 0,
        "file": None,
        "name": None,
        "vm_flags": b"",
    }
    return Vma(**{**values, **columns})  # type: ignore[arg-type]  # values are right by their names


def _signals() -> list[Record]:
    return [
        Sighand(objref=SIGHAND, referrers=0),
        Sigaction(
            sighand=SIGHAND,
            signal=10,
            handler=TEXT + 0x40,
            flags=0x0400_0000,
            restorer=TEXT + 0x80,
            mask=1 << 63,
        ),
        Signal(
            objref=SIGNAL,
            referrers=0,
            rlimits=(2**64 - 1,) * 32,
            itimers=(0, 0, 1_000_000_000, 250_000_000, 0, 0),
        ),
        PosixTimer(
            signal=SIGNAL,
            id=0,
            clock=-6,
            notify=4,
            signo=34,
            value=0x7FFF_0000_0000_0001,
            tid=4243,
            interval=10**9,
            remaining=5 * 10**8,
        ),
        Siginfo(signal=SIGNAL, tid=None, position=0, number=10, info=struct.pack("<3i116x", 10, 0, -6)),
        Siginfo(signal=SIGNAL, tid=4243, position=0, number=12, info=struct.pack("<3i116x", 12, 0, -6)),
        Namespaces(
            objref=NAMESPACES,
            referrers=0,
            **_NAMESPACES,  # type: ignore[arg-type]  # columns by their names
        ),
    ]


_NAMESPACES = {
    name: 4_026_531_834 + number
    for number, name in enumerate(("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"))
}


def _tasks() -> list[Record]:
    task = Task(
        objref=TASK,
        referrers=0,
        pid=4242,
        ppid=4000,
        pgid=4242,
        sid=4000,
        comm=b"counter\x1b[1m",
        state=ord("S"),
        exit_signal=17,
        start_time=123_456,
        tty=136 << 32 | 3,
        personality=0,
        oom_score_adj=-1000,
        mm=MM,
        fd_table=FD_TABLE,
        fs=FS,
        sighand=SIGHAND,
        signal=SIGNAL,
        cred=CRED,
        namespaces=NAMESPACES,
    )
    leader = Thread(
        task=TASK,
        tid=4242,
        comm=b"counter",
        state=ord("S"),
        registers=struct.pack("<27Q", *range(27)),
        xsave=bytes(range(256)) + bytes(576),
        sigmask=0,
        altstack=0,
        altstack_flags=2,
        altstack_size=0,
        robust_list=SCRATCH + 0x10,
        robust_list_size=24,
        rseq=SCRATCH + 0x40,
        rseq_size=32,
        rseq_signature=0x5305_3053,
        rseq_cs=0,
        clear_child_tid=SCRATCH + 0x20,
        policy=0,
        priority=0,
        nice=0,
        cpus=b"\x03" + bytes(7),
        cred=CRED,
    )
    return [
        task,
        leader,
        leader.replace(tid=4243, comm=b"worker", sigmask=1 << 9, policy=2, priority=7, nice=-20),
    ]


def _info() -> ImageInfo:
    return ImageInfo(
        objref=INFO,
        tool="crimg",
        tool_version="0.1.0",
        kernel_release="6.18.0",
        kernel_version="#1 SMP",
        architecture="x86_64",
        hostname=b"node-7",
        boot_id="0f0e0d0c-0b0a-0908-0706-050403020100",
        page_size=PAGE,
        realtime=TIME,
        monotonic=10**12,
        boottime=10**12 + 7,
        command=(b"crimg", b"dump", b"4242", b"-o", b"counter.crimg"),
        parent=None,
        root=TASK,
    )


LOG = (
    LogEntry(
        time=TIME + 1, severity=1, text="stopped for 1.5 ms", objref=None, extra={"stopped_ns": 1_500_000}
    ),
    LogEntry(time=TIME + 2, severity=2, text="was replaced: “name (deleted)”", objref=REPLACED_FILE),
)
HISTORY = (
    HistoryEntry(
        revision=1, time=TIME, tool_version="0.1.0", command=(b"crimg", b"dump"), rules=(), note="checkpoint"
    ),
)


def small_records() -> list[Record]:
    """All objects of the image, definers before referrers, with the right counts of referrers."""
    records = [*_filesystems(), _cred(), *_files(), *_memory(), *_signals(), *_tasks(), _info()]
    counts: dict[int, int] = {}
    for record in records:
        for index, column in type(record).references:
            value = record[index]
            for target in value if column.many else (value,):
                if target is not None:
                    counts[target] = counts.get(target, 0) + 1
    return [
        record.replace(referrers=counts.get(record[0], 0)) if "referrers" in type(record).fields else record
        for record in records
    ]


def special_records() -> list[Record]:
    """A row of each kind that the small image has none of: what open files are that are no inodes."""
    return [
        SharedMemory(inode=1, kind=2, name=b"a name", seals=6, ipc_key=-4, mode=0o1640, extra={"shmid": 3}),
        Eventfd(file=2, value=2**64 - 2, semaphore=True),
        Timerfd(file=3, clock=-1, ticks=9, settime_flags=1, interval=10**9, remaining=-1),
        Signalfd(file=4, mask=1 << 63),
        Socket(
            file=5,
            number=77,
            family=1,
            type=1,
            protocol=0,
            state=3,
            path=b"/run/socket",
            address=b"\x01\0\0name",
            peer=78,
            peer_address=b"\x02\0",
            backlog=128,
            shutdown=1,
            length=4,
            blobs=(BLOB_ID,),
            extra={"options": {"SO_KEEPALIVE": 1}},
        ),
    ]


def tables(records: Sequence[Record]) -> list[tuple[int, list[Record]]]:
    """Kind number and rows of every kind there is, in the order of definition."""
    grouped = ((cls.row_kind, [row for row in records if type(row) is cls]) for cls in DEFINITION_ORDER)
    return [(kind, rows) for kind, rows in grouped if rows]


def small_builder() -> ImageBuilder:
    """The small image up to its first trailer, in a builder, so that a test can go on."""
    return (
        ImageBuilder(created=TIME)
        .pagemap(RUNS)
        .pages(SAVED_PAGES)
        .pages(PACKED_PAGES, codec=1)
        .blob(DELETED_CONTENTS)
        .blob([(0, PIPE_CONTENTS)])
        .batches(tables(small_records()))
        .log(LOG)
        .history(HISTORY)
        .revision()
    )


def small_image() -> bytes:
    """An image of one task with two threads, files of every state, a pipe, memory of every origin."""
    return small_builder().bytes()


def canonical_image() -> bytes:
    """The same objects and contents in the canonical form (specs/format.md, section 11)."""
    builder = ImageBuilder(created=TIME)
    builder.blob(DELETED_CONTENTS, id=BLOB_ID).blob([(0, PIPE_CONTENTS)], id=PIPE_BLOB_ID)
    builder.last_id = PIPE_BLOB_ID
    for kind, rows in tables(small_records()):
        builder.objects(kind, rows)
    following = builder.last_id
    builder.pagemap(RUNS, id=PAGEMAP_ID)
    builder.pages(SAVED_PAGES, id=PAGES_ID).pages(PACKED_PAGES, codec=1, id=PACKED_PAGES_ID)
    builder.last_id = following
    return builder.log(LOG).history(HISTORY).revision().bytes()
