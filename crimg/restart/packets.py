"""Pipes in packet mode (O_DIRECT of pipe(2)): where one packet ends and the next begins."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Pipe

_MOST = 4096
"""Bytes of a packet, at the most: one page."""


def packets_of(pipe: Pipe) -> list[int]:
    """Lengths of the packets in a pipe; none where it holds a stream of bytes, or what could not be."""
    found = (pipe.extra or {}).get("packets")
    lengths = list(found) if isinstance(found, list | tuple) else []
    return lengths if sum(lengths) == pipe.length else []


def wrong_packets(pipe: Pipe) -> bool:
    """Whether it says that it has packets, and cannot have these."""
    found = (pipe.extra or {}).get("packets")
    if found is None:
        return False
    return not (
        isinstance(found, list | tuple)
        and all(isinstance(length, int) and 0 < length <= _MOST for length in found)
        and sum(found) == pipe.length
    )
