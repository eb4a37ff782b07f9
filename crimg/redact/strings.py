"""Arguments and environments: the strings in them, and names of tasks that repeat them."""

from __future__ import annotations

from crimg.escape import escape
from crimg.pages import SAVED, Memory
from crimg.redact.redaction import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crimg.model import Mm

LEAST = 8
"""Bytes of a string that is worth looking for: shorter ones are everywhere."""
MOST = 256
"""Strings that are looked for: each is one more walk through all of the memory."""
_LONGEST = 8 << 20  # arguments and environment take at most 6 MiB (bprm_stack_limits in fs/exec.c)
_COMM = 15


def strings_of(memory: Memory, start: int, end: int) -> list[bytes]:
    """The strings in a range of addresses, as far as they are saved; each ends with a NUL or a gap."""
    parts = []
    left = _LONGEST
    for piece in memory.pieces(start, end):
        if piece.origin == SAVED and piece.data is not None:
            parts.append(bytes(piece.data[:left]))
            left -= len(parts[-1])
        else:
            parts.append(b"\0")
        if not left:
            break
    return b"".join(parts).split(b"\0")


def argument_secrets(mm: Mm, arguments: Iterable[bytes]) -> Iterator[Secret]:
    """What of the arguments can be looked for: each, of an option with a = what is behind that."""
    for number, argument in enumerate(arguments):
        label, value = f"argument {number} of #{mm.objref}", argument.partition(b"=")[2]
        if argument.startswith(b"-") and len(value) >= LEAST:
            yield Secret(f"value in {label}", value)
        else:
            yield Secret(label, argument)


def environment_secrets(mm: Mm, variables: Iterable[bytes]) -> Iterator[Secret]:
    """The values of an environment; where one is too short to be looked for, with its name."""
    for variable in variables:
        name, equals, value = variable.partition(b"=")
        if equals:
            sought = value if len(value) >= LEAST or not value else variable
            yield Secret(f"{escape(name)} in the environment of #{mm.objref}", sought)
        else:
            yield Secret(f"a string in the environment of #{mm.objref}", variable)


def worth_looking_for(secrets: Iterable[Secret]) -> list[Secret]:
    """Those that are long enough, each value once, the longest first."""
    known: dict[bytes, Secret] = {}
    for secret in secrets:
        if len(secret.value) >= LEAST:
            known.setdefault(secret.value, secret)
    return sorted(known.values(), key=lambda secret: -len(secret.value))


def repeats(comm: bytes, arguments: Iterable[bytes]) -> bool:
    """Whether the name of a task is (the first 15 bytes of) one of these, or of its part behind = or /."""
    return any(
        comm == part[:_COMM]
        for argument in arguments
        for part in (argument, argument.rpartition(b"=")[2], argument.rpartition(b"/")[2])
        if part
    )
