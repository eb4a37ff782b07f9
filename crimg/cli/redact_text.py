"""What `crimg redact` prints: what was removed, as text and as JSON."""

from __future__ import annotations

from crimg.cli.inspect_json import document
from crimg.cli.output import shown_name
from crimg.escape import escape
from crimg.redact.redaction import FILE, MEMORY, NAME, PIPE, SOCKET, THREAD
from crimg.views.words import hexadecimal, uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from crimg.redact import Copy, Redaction, Removal
    from crimg.redact.copies import Spot
    from crimg.redact.redaction import Written
    from crimg.views.subject import Subject

_SHOWN = 3
_WORDS = {FILE: "", PIPE: "", SOCKET: "", THREAD: "registers of ", NAME: "name of "}


def text_lines(
    subject: Subject, redaction: Redaction, written: Written | None, *, verbose: bool
) -> Iterator[str]:
    """The report. written: None after a dry run.  verbose: with every mapping and every place of a copy."""
    name = shown_name(subject.name)
    if written is None:
        yield f"{name}: {redaction.size:,} bytes to remove; nothing was written"
    else:
        size = f"{written.size:,} bytes"
        yield f"{escape(written.path)}: {size}, without {redaction.size:,} bytes of {name}"
    by_reason: dict[str, list[Removal]] = {}
    for removal in redaction.removals:
        by_reason.setdefault(removal.by, []).append(removal)
    pids = subject.pids_of("mm")
    for by, removals in by_reason.items():
        yield ""
        yield by
        yield from _removal_lines(removals, pids, verbose)
    if redaction.also:
        yield ""
        yield "not chosen, but the same saved bytes"
        for mm, (start, end) in redaction.also:
            yield f"  #{mm}{_pids(pids, mm)} {start:x}-{end:x}"
    if written is not None:
        yield from _copy_lines(written.copies, verbose)
    if redaction.notes:
        yield ""
        yield from (f"note: {note}" for note in redaction.notes)


def _pids(pids: dict[int, list[int]], mm: int) -> str:
    found = pids.get(mm, [])
    return f" (pid {', '.join(map(str, found))})" if found else ""


def _removal_lines(removals: list[Removal], pids: dict[int, list[int]], verbose: bool) -> Iterator[str]:
    memory: dict[int, list[Removal]] = {}
    for removal in removals:
        if removal.what == MEMORY and removal.objref is not None:
            memory.setdefault(removal.objref, []).append(removal)
    for mm, parts in memory.items():
        size = sum(part.size for part in parts)
        if not size and len(removals) > len(parts):
            continue  # a mapping of a file of which nothing but the contents was saved
        whole = f"{size:,} bytes"
        count = f" in {len(parts)} ranges" if len(parts) > 1 else ""
        yield f"  #{mm}{_pids(pids, mm)}: {whole} of memory{count}"
        for part in parts if verbose or len(parts) <= _SHOWN else ():
            yield f"      {part.start:x}-{part.end:x} {part.label}: {part.size:,} bytes".replace(" :", ":")
    for removal in removals:
        if removal.what != MEMORY:
            number = f"#{removal.objref} " if removal.objref is not None else ""
            yield f"  {number}{_WORDS[removal.what]}{removal.label}: {removal.size:,} bytes"


def _copy_lines(copies: tuple[Copy, ...], verbose: bool) -> Iterator[str]:
    if not copies:
        return
    yield ""
    yield "copies that are still in it"
    for copy in copies:
        yield f"  {copy.label} ({copy.length} bytes): {copy.number}"
        for spot in copy.spots if verbose else copy.spots[:_SHOWN]:
            yield f"      {_spot_words(spot)}"
        more = copy.number - (len(copy.spots) if verbose else min(_SHOWN, len(copy.spots)))
        if more:
            yield f"      and {more:,} more"


def copy_words(copy: Copy) -> str:
    """How many copies of one string are left, and where the first ones are, in one line."""
    places = ", ".join(_spot_words(spot) for spot in copy.spots[:_SHOWN])
    more = ", ..." if copy.number > _SHOWN else ""
    return f"{copy.label}: {copy.number} cop{'y is' if copy.number == 1 else 'ies are'} left: {places}{more}"


def _spot_words(spot: Spot) -> str:
    number = f"#{spot.objref} " if spot.objref is not None else ""
    position = f"{spot.position:x} " if spot.position is not None else ""
    return f"{number}{position}{spot.label}"


def json_lines(subject: Subject, redaction: Redaction, written: Written | None) -> Iterator[str]:
    """The lines of the JSON object."""
    output = None
    if written is not None:
        output = {"file": written.path, "size": written.size, "uuid": uuid(written.uuid)}
    return document(
        "redact",
        subject,
        [
            ("output", output),
            ("selection", redaction.selection.words),
            ("bytes", redaction.size),
            ("removed", [_removal(removal) for removal in redaction.removals]),
            ("also", [_range(mm, *bounds) for mm, bounds in redaction.also]),
            ("copies", [_copy(copy) for copy in written.copies] if written is not None else None),
            ("notes", list(redaction.notes)),
        ],
    )


def _range(mm: int, start: int, end: int) -> dict[str, Any]:
    return {"mm": mm, "start": hexadecimal(start), "end": hexadecimal(end)}


def _removal(removal: Removal) -> dict[str, Any]:
    return {
        "what": removal.what,
        "by": removal.by,
        "objref": removal.objref,
        "label": removal.label or None,
        "bytes": removal.size,
        "start": None if removal.start is None else hexadecimal(removal.start),
        "end": None if removal.end is None else hexadecimal(removal.end),
    }


def _copy(copy: Copy) -> dict[str, Any]:
    return {
        "string": copy.label,
        "length": copy.length,
        "number": copy.number,
        "places": [
            {
                "objref": spot.objref,
                "position": None if spot.position is None else hexadecimal(spot.position),
                "label": spot.label,
            }
            for spot in copy.spots
        ],
    }
