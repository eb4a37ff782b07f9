"""Make an image of running processes (ptrace(2), proc(5)): freeze, collect, copy, let go.

`dump` does not know files: it writes to an output and leaves it to the caller to keep or to drop what was
written. The targets go on as they were, whatever happens (crimg.kernel.freeze).
"""

from __future__ import annotations

import os
import time

from crimg import __version__
from crimg.dump.contents import keep_contents
from crimg.dump.digests import LIMIT
from crimg.dump.keeping import Keeping, parse_rule
from crimg.dump.problems import Problems
from crimg.dump.process import Collector
from crimg.dump.stream import PagePlan, copy_pages
from crimg.dump.target import no_terminal_stops, whole_tree
from crimg.dump.unsupported import check_allowed
from crimg.format.constants import Codec, SectionType
from crimg.format.container import FileHeader
from crimg.kernel.procfs import read_boot_id, read_clocks
from crimg.model import HistoryEntry, ImageInfo, LogEntry
from crimg.model.enums import Severity
from crimg.writer import ImageWriter
from crimg.writer.identity import new_uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crimg.dump.problems import Doubt
    from crimg.dump.stream import Progress
    from crimg.kernel.tracees import Leave
    from crimg.kernel.tree import FreezeTree
    from crimg.writer import Output


class DumpOptions:
    """How to dump.

    leave: what becomes of the target, "running", "stopped" (SIGSTOP) or "killed" (SIGKILL).
    digest: take the SHA-256 of every file.  digest_mapped: else of the files that shared mappings can store
    into, up to so many bytes together.  compress: store bodies with zstd.
    command: the command line, for the record.  allow: kinds of what cannot be saved (crimg.dump.unsupported)
    that may be left out of the image.  deleted: rules how deleted files are kept (crimg.dump.keeping), in
    keep_dir where not in the image.
    """

    __slots__ = ("allow", "command", "compress", "deleted", "digest", "digest_mapped", "keep_dir", "leave")

    def __init__(
        self,
        *,
        leave: Leave = "running",
        digest: bool = False,
        digest_mapped: int = LIMIT,
        compress: bool = False,
        command: Sequence[bytes] = (),
        allow: Collection[str] = (),
        deleted: Sequence[str] = (),
        keep_dir: str | None = None,
    ) -> None:
        """Raises UsageError for a kind in `allow` that cannot be left out, and for a rule that is none."""
        for kind in allow:
            check_allowed(kind)
        self.leave = leave
        self.digest = digest
        self.digest_mapped = digest_mapped
        self.compress = compress
        self.command = tuple(command)
        self.allow = frozenset(allow)
        self.deleted = tuple(map(parse_rule, deleted))
        self.keep_dir = keep_dir


class DumpReport:
    """What a dump did.

    stopped_ns: how long the targets stood still.  memory: bytes of memory copied.  tasks: how many processes
    there are.  threads: how many they have.
    warnings: doubts that were found, one line each; they are in the image's log, too.
    """

    __slots__ = ("memory", "stopped_ns", "tasks", "threads", "warnings")

    def __init__(
        self, *, stopped_ns: int, memory: int, tasks: int, threads: int, warnings: Sequence[str]
    ) -> None:
        self.stopped_ns = stopped_ns
        self.memory = memory
        self.tasks = tasks
        self.threads = threads
        self.warnings = tuple(warnings)


def dump(
    pid: int, output: Output, options: DumpOptions | None = None, progress: Progress | None = None
) -> DumpReport:
    """Write an image of process `pid` and all its descendants to `output`.

    Raises UnsupportedResourceError, with everything that cannot be saved faithfully; ProcessGoneError;
    KernelError where the kernel refuses; FileError where the output does. Whatever was written by then is no
    image: it has no trailer.
    """
    options = options or DumpOptions()
    uuid = new_uuid()
    keeping = Keeping(options.deleted, options.keep_dir, uuid.hex())
    try:
        with whole_tree(pid) as tree:
            return _dump(tree, output, options, progress, uuid, keeping)
    except BaseException:
        keeping.undo()
        raise


def _dump(
    tree: FreezeTree,
    output: Output,
    options: DumpOptions,
    progress: Progress | None,
    uuid: bytes,
    keeping: Keeping,
) -> DumpReport:
    created = read_clocks().realtime
    header = FileHeader(uuid=uuid, created=created, page_size=os.sysconf("SC_PAGESIZE"))
    writer = ImageWriter(output, header, codec=Codec.ZSTD if options.compress else Codec.NONE)
    started = time.monotonic_ns()
    with no_terminal_stops(), tree:
        memory, doubts = _save(tree, writer, options, progress, keeping)
        threads = sum(len(freeze.tids) for freeze in tree.frozen.values())
        tasks = len(tree.members)
        if options.leave == "killed":  # only once there is an image: until then nothing is to be lost
            _finish(writer, time.monotonic_ns() - started, doubts, options)
            keeping.done()
            output.commit()
        tree.leave = options.leave
    stopped = time.monotonic_ns() - started
    if options.leave != "killed":
        _finish(writer, stopped, doubts, options)
        keeping.done()
        output.commit()
    warnings = [doubt.text for doubt in doubts if doubt.severity >= Severity.WARNING]
    return DumpReport(stopped_ns=stopped, memory=memory, tasks=tasks, threads=threads, warnings=warnings)


def _save(
    tree: FreezeTree,
    writer: ImageWriter,
    options: DumpOptions,
    progress: Progress | None,
    keeping: Keeping,
) -> tuple[int, Sequence[Doubt]]:
    """Collect everything, then write contents of files, tables, memory, in this order; the bytes of memory.

    The ids of all sections that rows or page runs name are taken before the tables are written.
    """
    info = _image_info(writer.header.page_size, options)
    problems = Problems(tree.pid, options.allow)
    collector = Collector(
        tree, problems, writer.take_id, digest=options.digest, unasked=options.digest_mapped
    )
    try:
        collector.look()
        problems.check()
        collector.ask(info)
        problems.check()
        keep_contents(collector, writer, keeping)
    finally:
        collector.close()
    plans = [
        (space, PagePlan(space.saved, space.guards, writer.header.page_size, writer.take_id))
        for space in collector.spaces
    ]
    writer.tables(collector.objects.tables)
    for space, plan in plans:
        writer.pagemap(plan.runs, space.pagemap)
    copy_pages([(space.pid, plan) for space, plan in plans], writer, progress)
    return sum(plan.total for _, plan in plans), problems.doubts


def _image_info(page_size: int, options: DumpOptions) -> ImageInfo:
    machine = os.uname()
    clocks = read_clocks()
    return ImageInfo(
        objref=0,
        tool="crimg",
        tool_version=__version__,
        kernel_release=machine.release,
        kernel_version=machine.version,
        architecture=machine.machine,
        hostname=os.fsencode(machine.nodename),
        boot_id=read_boot_id(),
        page_size=page_size,
        realtime=clocks.realtime,
        monotonic=clocks.monotonic,
        boottime=clocks.boottime,
        command=options.command,
        parent=None,
        root=0,
    )


def _finish(writer: ImageWriter, stopped: int, doubts: Sequence[Doubt], options: DumpOptions) -> None:
    """Write how the image came to be, the index and the trailer."""
    now = time.time_ns()
    text = f"the process stood still for {stopped / 1e6:.1f} ms"
    entry = LogEntry(time=now, severity=Severity.NOTE, text=text, objref=None, extra={"stopped_ns": stopped})
    history = HistoryEntry(
        revision=1, time=now, tool_version=__version__, command=options.command, rules=(), note="dump"
    )
    entries = [entry]
    for doubt in doubts:
        extra: dict[str, object] | None = {"unsupported": doubt.kind} if doubt.kind else None
        entries.append(
            LogEntry(time=now, severity=doubt.severity, text=doubt.text, objref=doubt.objref, extra=extra)
        )
    writer.table(entries, type_=SectionType.LOG)
    writer.table([history], type_=SectionType.HISTORY)
    writer.finish()
