"""What a search for moved files found, and what each revision changed. Filled from their children."""

from __future__ import annotations

from typing import Any, NamedTuple

from crimg.tui.packed import Packed

Message = dict[str, Any]


class Move(NamedTuple):
    """A file that has moved. objrefs: of its file objects.  old, new: paths, escaped.  basis: known by."""

    objrefs: list[int]
    old: str
    new: str
    basis: str


class Proposal(NamedTuple):
    """A rule that leads to moved files. old, new: escaped.  known: by what they are known, in words."""

    old: str
    new: str
    known: str
    moves: Packed[Move]


class Unsettled(NamedTuple):
    """A file that was not found, or more than once. why: in words.  candidates: paths, escaped."""

    objrefs: list[int]
    old: str
    why: str
    candidates: list[str]


class Proposals:
    """What the last search found.

    state: "none", "running", "done", "failed".  error: why it failed.  entries: gone through so far.
    lines: what there is to see of the unsettled: the number of one, and 0 or that of a candidate, from 1.
    """

    def __init__(self) -> None:
        self.start(())
        self.state = "none"

    def start(self, directories: tuple[str, ...]) -> None:
        """Forget what the search before this one said."""
        self.directories = directories
        self.state, self.error, self.entries = "running", "", 0
        self.rules: list[Proposal] = []
        self.unsettled = Packed(Unsettled._make)
        self.lines: list[tuple[int, int]] = []
        self.notes: list[str] = []

    def take(self, message: Message) -> None:
        """Take one message of the child."""
        if "entries" in message:
            self.entries = message["entries"]
        elif "rule" in message:
            old, new, known = message["rule"]
            self.rules.append(Proposal(old, new, known, Packed(Move._make)))
        elif "moves" in message:
            self.rules[-1].moves.add(message["moves"]["rows"], len(message["moves"]["heads"]))
        elif "unsettled" in message:
            first, heads = len(self.unsettled), message["unsettled"]["heads"]
            self.unsettled.add(message["unsettled"]["rows"], len(heads))
            for number, candidates in enumerate(heads, first):
                self.lines += [(number, at) for at in range(candidates + 1)]
        elif "notes" in message:
            self.notes += message["notes"]

    def finish(self, error: str) -> None:
        """The child has ended; error: what went wrong, or ""."""
        self.error = error
        self.state = "failed" if error else "done"


class Revision(NamedTuple):
    """One revision, in printable words.

    in_file: False for what only the history knows of.  added: bytes that it made the file longer by, or None.
    summary: what it changed, by kind.  lines: every object that it changed.
    """

    number: int
    time: str
    version: str
    command: str
    rules: tuple[str, ...]
    note: str
    in_file: bool
    added: int | None
    summary: tuple[str, ...]
    lines: list[str]


class Past:
    """The revisions of an image, the last one first. state, error: as in Proposals."""

    def __init__(self) -> None:
        self.state, self.error = "none", ""
        self.revisions: list[Revision] = []

    def take(self, message: Message) -> None:
        """Take one message of the child."""
        if "revision" in message:
            values = message["revision"]
            lists = {name: tuple(values[name]) for name in ("rules", "summary")}
            self.revisions.append(Revision(**{**values, **lists}, lines=[]))
        elif "lines" in message:
            self.revisions[-1].lines.extend(message["lines"])

    def finish(self, error: str) -> None:
        """The child has ended; error: what went wrong, or ""."""
        self.error = error
        self.state = "failed" if error else "done"
