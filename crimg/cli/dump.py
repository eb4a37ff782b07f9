"""Save a running process and all its descendants to an image; they go on as they were.

The image is written under a temporary name and appears whole or not at all. It holds the memory of the
processes, and is readable by its owner alone. What cannot be saved faithfully is listed, all of it, on the
standard error and in a log beside the image (IMAGE.log); then no image is made and the exit status is 5.
Each line ends in the kind of what it is about, in brackets, and in what can be done about it.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

from crimg.cli.streams import say
from crimg.errors import FileError, UnsupportedResourceError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from crimg.dump import DumpOptions
    from crimg.writer import Output


_LOG_TITLE = b"crimg dump: what could not be saved\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("pid", type=_pid, metavar="PID", help="process to save, with all its descendants")
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o", "--output", metavar="IMAGE", help="file to write; - is the standard output (no log then)"
    )
    group.add_argument("--force", action="store_true", help="replace IMAGE if it is there")
    group.add_argument("--compress", action="store_true", help="store tables and pages with zstd")
    group.add_argument("--sync", action="store_true", help="write the image through to the disk (fsync)")
    group.add_argument(
        "--check",
        action="store_true",
        help="instead of -o: make no image, but print what cannot be saved, and how much there is to save;"
        " exit status 5 where a dump would make none",
    )
    group.add_argument("--json", action="store_true", help="with --check: JSON (specs/check.schema.json)")
    group = parser.add_argument_group("the processes afterwards")
    after = group.add_mutually_exclusive_group()
    for name, text in (
        ("running", "let them go on as they were (default)"),
        ("stopped", "leave them stopped by SIGSTOP (kill -CONT PID has one go on)"),
    ):
        after.add_argument(
            f"--leave-{name}", dest="leave", action="store_const", const=name, default="running", help=text
        )
    after.add_argument(
        "--kill",
        dest="leave",
        action="store_const",
        const="killed",
        help="end them by SIGKILL once the image is safe on disk",
    )
    group = parser.add_argument_group("what is saved")
    group.add_argument(
        "--allow",
        metavar="KIND",
        action="append",
        default=[],
        help="leave things of this kind (the word in brackets of a line) out of the image, with a note in"
        " its log; a restart wants to be told what to do without them; may be given again",
    )
    group.add_argument("--digest", action="store_true", help="record the SHA-256 of every file (slow)")
    group.add_argument(
        "--digest-mapped",
        type=_mebibytes,
        metavar="MIB",
        help="without --digest, record it of files that shared mappings can store into, as long as these have"
        " no more MiB together (default 16; 0: of none)",
    )
    group = parser.add_argument_group("deleted files that are open or mapped")
    group.add_argument(
        "--deleted",
        metavar="WAY[:CONDITION]",
        action="append",
        default=[],
        help="keep them by WAY: embed (in the image, default), copy (in DIR), relink (by a new name in DIR,"
        " of the same file system), auto (relink where the kernel lets it, else embed up to 1 MiB, else copy)"
        ". CONDITION: size>N, size<N (bytes, or with K, M, G), fs=TYPE, path=GLOB; may be given again, the"
        " first that a file meets counts",
    )
    group.add_argument("--keep-dir", metavar="DIR", help="folder for copies and new names; made if need be")


def _pid(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 1 << 31):
        raise UsageError(f"{text!a} is no process id")
    return int(text)


def _mebibytes(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(f"--digest-mapped {text!a}: is no whole number of MiB")
    return int(text) << 20


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg dump`; the exit status."""
    from crimg.cli.atomic import AtomicOutput
    from crimg.writer import FdOutput

    if args.check == (args.output is not None):
        raise UsageError("give one of -o IMAGE and --check")
    if args.json and not args.check:
        raise UsageError("--json goes with --check")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup(1)
            signal.signal(number, _leave)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # every deleted file takes a descriptor
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if args.check:
        from crimg.cli.dump_check import check

        return check(args.pid, _options(args), as_json=args.json)
    if args.output == "-":
        if os.isatty(1):
            raise UsageError("an image is not for a terminal: give -o FILE, or a pipe")
        _save(args, FdOutput(1, "standard output"), None)
        return 0
    with AtomicOutput(args.output, replace=args.force, sync=args.sync or args.leave == "killed") as output:
        _save(args, output, args.output + ".log")
    return 0


def _leave(number: int, _frame: object) -> None:
    """End as after Ctrl-C: the process goes on, nothing is left behind; the status tells the signal."""
    raise SystemExit(128 + number)


def _options(args: argparse.Namespace) -> DumpOptions:
    from crimg.dump import DumpOptions
    from crimg.dump.digests import LIMIT

    return DumpOptions(
        leave=args.leave,
        digest=args.digest,
        digest_mapped=LIMIT if args.digest_mapped is None else args.digest_mapped,
        compress=args.compress,
        command=[os.fsencode(word) for word in sys.argv][:64],
        allow=args.allow,
        deleted=args.deleted,
        keep_dir=args.keep_dir,
    )


def _save(args: argparse.Namespace, output: Output, log: str | None) -> None:
    from crimg.dump import dump

    try:
        report = dump(args.pid, output, _options(args), _progress(args))
    except UnsupportedResourceError as error:
        for line in error.problems:
            _tell(line)
        if log is not None:
            _write_log(log, error.problems)
        raise
    if log is not None:
        _remove_log(log)
    for line in report.warnings:
        say(f"warning: {line}")
    if not args.quiet:
        threads = f"{report.threads} thread{'s' if report.threads > 1 else ''}"
        if report.tasks > 1:
            threads = f"{report.tasks} processes, {threads}"
        memory = f"{report.memory / (1 << 20):.1f} MiB of memory"
        _tell(f"{args.output}: {memory}, {threads}; stopped for {report.stopped_ns / 1e6:.1f} ms")


def _tell(line: str) -> None:
    """A line of its own on the standard error, if there is one."""
    if sys.stderr is not None:
        print(line, file=sys.stderr)


def _is_ours(path: str) -> bool:
    """Whether a file is a log of this verb, and no file of the user's that happens to have its name."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return file.read(len(_LOG_TITLE)) == _LOG_TITLE
    except OSError:
        return False


def _write_log(path: str, lines: tuple[str, ...]) -> None:
    """Leave the list beside the would-be image; what stands there and is none of ours stays."""
    from crimg.cli.atomic import AtomicOutput

    try:
        with AtomicOutput(path, replace=_is_ours(path)) as output:
            output.write(_LOG_TITLE, *(f"{line}\n".encode() for line in lines))
            output.commit()
    except (FileError, UsageError) as error:
        say(f"warning: no log was written: {error}")


def _remove_log(path: str) -> None:
    """Away with the log of a dump that failed before this one."""
    if _is_ours(path):
        os.unlink(path)


def _progress(args: argparse.Namespace) -> Callable[[int, int], None] | None:
    """A line that tells how far the copy is, on a terminal only."""
    if args.quiet or sys.stderr is None or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        filled = 40 * done // max(total, 1)
        bar = "#" * filled + "." * (40 - filled)
        end = "\r\x1b[K" if done == total else ""
        print(f"\r[{bar}] {100 * done // max(total, 1):3d} %{end}", end="", file=sys.stderr, flush=True)

    return show
