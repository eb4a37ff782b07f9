"""`crimg dump --check`: what cannot be saved, and how much there is."""

from __future__ import annotations

from crimg.cli.output import write_lines
from crimg.dump.checking import check as look
from crimg.errors import UnsupportedResourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.dump import DumpOptions
    from crimg.dump.checking import CheckReport

_COUNTS = ("tasks", "threads", "fds", "memory", "deleted", "pipes", "stopped_ns")


def check(pid: int, options: DumpOptions, *, as_json: bool) -> int:
    """Print the report; the exit status."""
    report = look(pid, options)
    write_lines(_json(report) if as_json else _text(report))
    return 0 if report.can_be_saved else UnsupportedResourceError.exit_status


def _text(report: CheckReport) -> Iterator[str]:
    for problem in report.problems:
        yield problem.line + (" (allowed)" if problem.allowed else "")
    processes = "1 process" if report.tasks == 1 else f"{report.tasks} processes"
    yield (
        f"{processes} ({report.threads} threads, {report.fds} descriptors):"
        f" {report.memory / (1 << 20):.1f} MiB of memory, {report.deleted} bytes of deleted files,"
        f" {report.pipes} bytes in pipes; stood still for {report.stopped_ns / 1e6:.1f} ms"
    )


def _json(report: CheckReport) -> Iterator[str]:
    from crimg.cli.json_text import object_lines

    problems = [
        {**problem._asdict(), "remedy": problem.remedy, "line": problem.line} for problem in report.problems
    ]
    counts = ((name, getattr(report, name)) for name in _COUNTS)
    members = (("pid", report.pid), ("can_be_saved", report.can_be_saved), *counts, ("problems", problems))
    return object_lines("check", members)
