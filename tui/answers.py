"""What a search for moved files found, and what each revision changed. Filled from their children."""

from __future__ import annotations

from typing import Any, NamedTuple

Message = dict[str, Any]


class Proposal(NamedTuple):
    """A rule that leads to moved files. old, new: escaped.  known: by what they are known, in words.
    moves: objrefs, old path, new path, basis of each.
    """

    old: str
    new: str
    known: str
    moves: list[tuple[tuple[int, ...], str, str, str]]


class Unsettled(NamedTuple):
    """A file that was not found, or more than once. why: in words.  candidates: paths, escaped."""

    objrefs: tuple[int, ...]
    old: str
    why: str
    candidates: list[str]


class Proposals:
    """What the last search found.

    state: "none", "running", "done", "failed".  error: why it failed.  entries: gone through so far.
    """

    def __init__(self) -> None:
        self.start(())
        self.state = "none"

    def start(self, directories: tuple[str, ...]) -> None:
        """Forget what the search before this one said."""
        self.directories = directories
        self.state, self.error, self.entries = "running", "", 0
        self.rules: list[Proposal] = []
        self.unsettled: list[Unsettled] = []
        self.notes: list[str] = []

    def take(self, message: Message) -> None:
        """Take one message of the child."""
        if "entries" in message:
            self.entries = message["entries"]
        elif "rule" in message:
            old, new, known = message["rule"]
            self.rules.append(Proposal(old, new, known, []))
        elif "moves" in message:
            self.rules[-1].moves.extend((tuple(each[0]), *each[1:]) for each in message["moves"])
        elif "unsettled" in message:
            objrefs, old, why = message["unsettled"]
            self.unsettled.append(Unsettled(tuple(objrefs), old, why, []))
        elif "candidates" in message:
            self.unsettled[-1].candidates.extend(message["candidates"])
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
