"""The command line: `main` finds the verb, imports its module alone, and runs it.

The exit statuses are those of crimg.cli.exit_codes, as plain numbers here: an enumeration is not worth its
import on the way to a prompt answer.
"""

from __future__ import annotations

import gc
import os
import sys

from crimg.cli import streams
from crimg.errors import CrimgError, FileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_BUG = 70
_INTERRUPTED = 130
_BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run `crimg` with these words (those of the process, without its name, by default); the exit status.

    Errors are said in one line on the standard error, with a traceback only where the words have --debug.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    own = words[: words.index("--")] if "--" in words else words  # what is behind is not for crimg
    try:
        status = _run(words)
        streams.flush_output()
    except CrimgError as error:
        status = error.exit_status
        _say(f"error: {error}", own)
    except KeyboardInterrupt:
        status = _INTERRUPTED
        _say("interrupted", own)
    except BrokenPipeError:
        status = _BROKEN_PIPE
        streams.discard_output()
    except Exception as error:  # noqa: BLE001 - whatever else comes up to here is a mistake in crimg
        status = _BUG
        text = f"error: a mistake in crimg, please report it: {type(error).__name__}: {error}"
        _say(text + ("" if "--debug" in own else " (--debug shows where)"), own)
    if argv is None:
        gc.freeze()  # the process ends: looking through all objects for cycles would take 2 ms and more
        if words[:1] == ["inspect"]:
            _leave(status)
    return status


def _leave(status: int) -> None:
    """End the process without taking the interpreter apart, which would take another 2 ms.

    For a verb that only reads: nothing of it has to be put back at exit.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)


def _run(words: list[str]) -> int:
    collects = gc.isenabled()
    gc.disable()  # imports leave no garbage worth the time to look for it
    try:
        from crimg.cli.parser import parse, verb_module

        args = parse(words)
        verb = verb_module(args.verb)
    except SystemExit as stop:  # how argparse ends after --help and --version
        return stop.code if isinstance(stop.code, int) else 0
    finally:
        if collects:
            gc.enable()
    return int(verb.run(args))


def _say(text: str, words: list[str]) -> None:
    """One line on the standard error; with --debug, the traceback of the exception at hand before it."""
    if "--debug" in words:
        import traceback

        traceback.print_exc()
    try:
        streams.flush_output()
    except (BrokenPipeError, FileError):  # what is to be said came first
        streams.discard_output()
    streams.say(text)
