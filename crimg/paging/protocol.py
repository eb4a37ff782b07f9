"""What is said between a restart and the process that supplies pages, by messages of a seqpacket socket."""

from __future__ import annotations

SPACE = b"space"
"""With a userfaultfd, and a memfd of the table of its parts: WORDS numbers of 8 bytes for each."""
GO = b"go"
"""From now on bring in what nobody waits for, too, and go on when the connection is closed."""
READY = b"ready "
"""The answer to it, with the id of the process, which leads a session, in decimal digits."""
WORDS = 4
"""Fields of `missing.Part`."""
