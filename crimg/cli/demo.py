"""Start a small program, dump it, and explain its image.

The program has files in every state that matters: open, open and deleted, open and renamed over, mapped and
deleted with no descriptor left; a pipe with bytes in it; two threads; and a counter, which shows that it
goes on after the dump. It runs in a temporary directory, and is ended when the demonstration is over.
"""

from __future__ import annotations

import os
import sys
import time

from crimg.cli.output import write_lines
from crimg.errors import DumpError, FileError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    import subprocess

_IMAGE = "demo.crimg"
_DEADLINE = 20.0
_PAUSE = 0.05

_WHAT_TO_SEE = """
# What to see under "Files":
#   journal   is open to append. Its name leads to it: nothing stands under STATE.
#   scratch   is deleted, and still open. Its contents went into the image.
#   config    is replaced: it was renamed over. The file that has the name now is
#             another one, and a restart must never take it for the one that was
#             open.
#   table     is deleted, and mapped: no descriptor refers to it, only a mapping
#             (vma) does.
#   pipe:[N]  has two ends, which share one buffer; the bytes in it are saved.
# Every open file stands there once, under its number (objref), whoever refers to
# it: descriptors, mappings, the program itself (exe), the working directory.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument(
        "--keep", metavar="DIR", help="run the program in this new or empty directory, and keep it"
    )
    parser.add_argument("--tui", action="store_true", help="browse the image on the whole terminal")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg demo`; the exit status."""
    if args.tui:
        from crimg.cli.tui import require_terminal

        require_terminal(keys_from_stdin=True)
    if args.keep is None:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="crimg-demo-") as folder:
            return _demonstrate(folder, browsed=args.tui)
    folder = os.path.abspath(args.keep)
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise UsageError(f"{folder}: is not empty")
    except OSError as error:
        raise FileError(f"{folder}: {error.strerror}") from error
    status = _demonstrate(folder, browsed=args.tui)
    if status == 0:
        write_lines([f"# The image stays there: crimg inspect {os.path.join(folder, _IMAGE)} --memory"])
    return status


def _demonstrate(folder: str, *, browsed: bool) -> int:
    from crimg.cli import main

    image = os.path.join(folder, _IMAGE)
    child = _start(folder)
    try:
        first = _wait_for_count(child, folder, 3)
        write_lines(
            [
                f"# A small program runs as process {child.pid} in {folder}.",
                f"# It counts, and is at {first}. Now it is saved:",
                "",
                f"$ crimg dump {child.pid} -o {image}",
            ]
        )
        status = main(["dump", str(child.pid), "-o", image])
        if status:
            return status
        if browsed:
            return main(["tui", image])
        write_lines(["", f"$ crimg inspect {image}"])
        status = main(["inspect", image]) or _explain(image)
        if status:
            return status
        after = _count(folder)
        later = _wait_for_count(child, folder, after + 5)
        write_lines(
            [
                "",
                f"# The program goes on: its counter was at {first}, then at {after}, and is at {later} now.",
            ]
        )
        return 0
    finally:
        child.kill()
        child.wait()


def _explain(image: str) -> int:
    """Say what the first screen shows, and look at one object of it; the exit status."""
    import crimg
    from crimg.cli import main
    from crimg.model import File
    from crimg.model.enums import NameState

    with crimg.open(image) as opened:
        replaced = [file for file in opened.rows(File) if file.name_state == NameState.REPLACED]
    lines = _WHAT_TO_SEE.splitlines()
    if not replaced:
        write_lines(lines)
        return 0
    number = str(replaced[0].objref)
    write_lines([*lines, "", f"$ crimg inspect {image} --object {number}"])
    return main(["inspect", image, "--object", number])


def _start(folder: str) -> subprocess.Popen[bytes]:
    """Start the program, its standard streams in files of the directory."""
    import subprocess

    import crimg

    script = os.path.join(os.path.dirname(os.path.abspath(crimg.__file__)), "demo_target.py")
    try:
        with open(os.path.join(folder, "output"), "wb") as output:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", script],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
    except OSError as error:
        raise FileError(f"{folder}: {error.strerror}") from error


def _count(folder: str) -> int:
    """What the counter of the program says; 0 before it has begun."""
    try:
        with open(os.path.join(folder, "counter"), "rb") as counter:
            return int(counter.read() or 0)
    except FileNotFoundError:
        return 0


def _wait_for_count(child: subprocess.Popen[bytes], folder: str, least: int) -> int:
    """Wait until the counter says at least so much; what it says. Raises DumpError where it stands still."""
    end = time.monotonic() + _DEADLINE
    while (count := _count(folder)) < least:
        if child.poll() is not None:
            raise DumpError(f"the program of the demonstration ended with status {child.returncode}")
        if time.monotonic() > end:
            raise DumpError(f"the program of the demonstration stands still at {count}")
        time.sleep(_PAUSE)
    return count
