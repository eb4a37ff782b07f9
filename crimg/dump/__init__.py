"""Make an image of a running process (ptrace(2), proc(5)): freeze, collect, copy, let go.

`dump` does not know files: it writes to an output and leaves it to the caller to keep or to drop what was
written. The target goes on as it was, whatever happens (crimg.kernel.freeze).
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time

from crimg import __version__
from crimg.dump.contents import keep_contents
from crimg.dump.digests import LIMIT
from crimg.dump.process import collect
from crimg.dump.stream import PagePlan, copy_pages
from crimg.errors import KernelError, ProcessGoneError, UsageError
from crimg.format.constants import Codec, SectionType
from crimg.format.container import FileHeader
from crimg.kernel.freeze import Freeze
from crimg.kernel.procfs import ProcDir, read_boot_id, read_clocks
from crimg.kernel.procstat import read_stat
from crimg.model import HistoryEntry, ImageInfo, LogEntry
from crimg.model.enums import Severity
from crimg.writer import ImageWriter
from crimg.writer.identity import new_uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.dump.stream import Progress
    from crimg.kernel.freeze import Leave
    from crimg.writer import Output

    Doubts = Sequence[tuple[Severity, str]]


class DumpOptions:
    """How to dump.

    leave: what becomes of the target, "running", "stopped" (SIGSTOP) or "killed" (SIGKILL).
    digest: take the SHA-256 of every file.  digest_mapped: else of the files that shared mappings can store
    into, up to so many bytes together.  compress: store bodies with zstd.
    command: the command line, for the record.
    """

    __slots__ = ("command", "compress", "digest", "digest_mapped", "leave")

    def __init__(
        self,
        *,
        leave: Leave = "running",
        digest: bool = False,
        digest_mapped: int = LIMIT,
        compress: bool = False,
        command: Sequence[bytes] = (),
    ) -> None:
        self.leave = leave
        self.digest = digest
        self.digest_mapped = digest_mapped
        self.compress = compress
        self.command = tuple(command)


class DumpReport:
    """What a dump did.

    stopped_ns: how long the target stood still.  memory: bytes of memory copied.  threads: how many it has.
    warnings: doubts that were found, one line each; they are in the image's log, too.
    """

    __slots__ = ("memory", "stopped_ns", "threads", "warnings")

    def __init__(self, *, stopped_ns: int, memory: int, threads: int, warnings: Sequence[str]) -> None:
        self.stopped_ns = stopped_ns
        self.memory = memory
        self.threads = threads
        self.warnings = tuple(warnings)


def dump(
    pid: int, output: Output, options: DumpOptions | None = None, progress: Progress | None = None
) -> DumpReport:
    """Write an image of process `pid` to `output`.

    Raises UnsupportedResourceError, with everything that cannot be saved faithfully; ProcessGoneError;
    KernelError where the kernel refuses; FileError where the output does. Whatever was written by then is no
    image: it has no trailer.
    """
    if pid == os.getpid():
        raise UsageError("a process cannot dump itself")
    with ProcDir(pid) as proc:
        try:
            return _dump(proc, output, options or DumpOptions(), progress)
        except (KernelError, OSError) as error:
            if proc.ended():  # the kernel has many words for a process that ends while it is looked at
                raise ProcessGoneError(pid) from error
            if isinstance(error, OSError):
                name = error.filename or "a system call"
                raise KernelError(str(name), error.errno or errno.EIO, pid=pid) from error
            raise


def _dump(proc: ProcDir, output: Output, options: DumpOptions, progress: Progress | None) -> DumpReport:
    created = read_clocks().realtime
    header = FileHeader(uuid=new_uuid(), created=created, page_size=os.sysconf("SC_PAGESIZE"))
    writer = ImageWriter(output, header, codec=Codec.ZSTD if options.compress else Codec.NONE)
    states = _states(proc)
    started = time.monotonic_ns()
    with _no_terminal_stops(), Freeze(proc.pid) as frozen:
        plan, doubts = _save(proc, frozen, states, writer, options, progress)
        threads = len(frozen.tids)
        if options.leave == "killed":  # only once there is an image: until then nothing is to be lost
            _finish(writer, time.monotonic_ns() - started, doubts, options)
            output.commit()
        frozen.leave = options.leave
    stopped = time.monotonic_ns() - started
    if options.leave != "killed":
        _finish(writer, stopped, doubts, options)
        output.commit()
    warnings = [line for weight, line in doubts if weight >= Severity.WARNING]
    return DumpReport(stopped_ns=stopped, memory=plan.total, threads=threads, warnings=warnings)


@contextlib.contextmanager
def _no_terminal_stops() -> Iterator[None]:
    """Let Ctrl-Z wait: a dumper that is stopped would leave the target standing still."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _states(proc: ProcDir) -> dict[int, str]:
    """State letters of the threads, before they are stopped."""
    states = {}
    for name in proc.listdir("task"):
        with contextlib.suppress(ProcessGoneError), ProcDir(int(name)) as thread:
            states[int(name)] = read_stat(thread).state
    return states


def _save(
    proc: ProcDir,
    frozen: Freeze,
    states: dict[int, str],
    writer: ImageWriter,
    options: DumpOptions,
    progress: Progress | None,
) -> tuple[PagePlan, Doubts]:
    """Collect everything, then write contents of files, tables, memory, in this order.

    The ids of all sections that rows or page runs name are taken before the tables are written.
    """
    machine = os.uname()
    clocks = read_clocks()
    info = ImageInfo(
        objref=0,
        tool="crimg",
        tool_version=__version__,
        kernel_release=machine.release,
        kernel_version=machine.version,
        architecture=machine.machine,
        hostname=os.fsencode(machine.nodename),
        boot_id=read_boot_id(),
        page_size=writer.header.page_size,
        realtime=clocks.realtime,
        monotonic=clocks.monotonic,
        boottime=clocks.boottime,
        command=options.command,
        parent=None,
        root=0,
    )
    pagemap_id = writer.take_id()
    collected = collect(
        proc,
        frozen,
        states,
        pagemap_id=pagemap_id,
        digest=options.digest,
        digest_mapped=options.digest_mapped,
        info=info,
    )
    try:
        keep_contents(collected, writer)
    finally:
        collected.close()
    plan = PagePlan(collected.saved, collected.guards, writer.header.page_size, writer.take_id)
    writer.tables(collected.objects.tables)
    writer.pagemap(plan.runs, pagemap_id)
    copy_pages(proc.pid, plan, writer, progress)
    return plan, collected.doubts


def _finish(writer: ImageWriter, stopped: int, doubts: Doubts, options: DumpOptions) -> None:
    """Write how the image came to be, the index and the trailer."""
    now = time.time_ns()
    text = f"the process stood still for {stopped / 1e6:.1f} ms"
    entry = LogEntry(time=now, severity=Severity.NOTE, text=text, objref=None, extra={"stopped_ns": stopped})
    history = HistoryEntry(
        revision=1, time=now, tool_version=__version__, command=options.command, rules=(), note="dump"
    )
    entries = [entry]
    entries += [LogEntry(time=now, severity=weight, text=line, objref=None) for weight, line in doubts]
    writer.table(entries, type_=SectionType.LOG)
    writer.table([history], type_=SectionType.HISTORY)
    writer.finish()
