"""Arguments and environments: the strings in them."""

from __future__ import annotations

from crimg.escape import escape
from crimg.pages import SAVED, Memory
from crimg.redact.redaction import ARGUMENTS, ENVIRONMENT, Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crimg.model import Mm

LEAST = 8
"""Bytes of a string that is worth looking for: shorter ones are everywhere."""
MOST = 256
"""Strings that are looked for: each is one more walk through all of the memory."""
_LONGEST = 8 << 20  # arguments and environment take at most 6 MiB (bprm_stack_limits in fs/exec.c)


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
            yield Secret(f"value in {label}", value, ARGUMENTS)
        else:
            yield Secret(label, argument, ARGUMENTS, program=number == 0)


def environment_secrets(mm: Mm, variables: Iterable[bytes]) -> Iterator[Secret]:
    """The values of an environment; where one is too short to be looked for, with its name."""
    for variable in variables:
        name, equals, value = variable.partition(b"=")
        if equals:
            sought = value if len(value) >= LEAST or not value else variable
            yield Secret(f"{escape(name)} in the environment of #{mm.objref}", sought, ENVIRONMENT)
        else:
            yield Secret(f"a string in the environment of #{mm.objref}", variable, ENVIRONMENT)


def worth_looking_for(secrets: Iterable[Secret]) -> list[Secret]:
    """Those that are long enough, each value once, the longest first.

    A value that is the name of a program in one place and something else in another is something else.
    """
    known: dict[bytes, Secret] = {}
    for secret in secrets:
        before = known.get(secret.value)
        if len(secret.value) >= LEAST and (before is None or before.program > secret.program):
            known[secret.value] = secret
    return sorted(known.values(), key=lambda secret: -len(secret.value))
