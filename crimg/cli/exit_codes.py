"""What the exit status of `crimg` says; the same for every verb."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit statuses. Errors carry theirs in `CrimgError.exit_status`."""

    OK = 0
    NO = 1
    """The answer is no: findings, differences."""
    USAGE = 2
    """The command cannot be carried out as it was given."""
    BAD_IMAGE = 3
    """Not a sound image."""
    REFUSED = 4
    """The kernel refused: permission, a file that is not there, a full disk, a process that is gone."""
    UNSUPPORTED = 5
    """The process cannot be saved faithfully."""
    BUG = 70
    """A mistake in crimg (EX_SOFTWARE of sysexits.h)."""
    INTERRUPTED = 130
    """Ended by Ctrl-C: 128 and the number of SIGINT, as shells have it."""
    BROKEN_PIPE = 141
    """The reader of the output went away: 128 and the number of SIGPIPE, as shells have it."""
