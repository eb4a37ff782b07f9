"""The standard streams: what crimg says on the standard error, and the end of the standard output."""

from __future__ import annotations

import os
import sys

from crimg.errors import FileError
from crimg.escape import one_line


def say(text: str) -> None:
    """Write "crimg: " and the text to the standard error, as one line of printable characters.

    What is in the buffer of the standard output goes first. Raises FileError, BrokenPipeError.
    """
    flush_output()
    if sys.stderr is not None:
        sys.stderr.write(f"crimg: {one_line(text)}\n")
        sys.stderr.flush()


def flush_output() -> None:
    """Write what is in the buffer of the standard output. Raises FileError, BrokenPipeError."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_error(error) from error


def output_error(error: OSError) -> FileError:
    """The error for an output that cannot be written; what is in its buffer is given up."""
    discard_output()
    return FileError(f"standard output: {error.strerror}")


def discard_output() -> None:
    """Let what is in the buffer go nowhere, or the interpreter would try again at its end, loudly."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
