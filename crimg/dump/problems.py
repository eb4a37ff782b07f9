"""What cannot be saved faithfully: found in one pass, listed whole, and the end of the dump."""

from __future__ import annotations

from typing import NamedTuple

from crimg.dump.unsupported import UNSUPPORTED
from crimg.errors import UnsupportedResourceError
from crimg.escape import escape
from crimg.model.enums import Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


class Problem(NamedTuple):
    """One thing that cannot be saved.

    pid: of the process.  where: "fd 7", "mapping 7f00-7f01", "process".  what: what is there, printable.
    kind: word of UNSUPPORTED.  reason: why it cannot.  allowed: the user lets it be left out.
    """

    pid: int
    where: str
    what: str
    kind: str
    reason: str
    allowed: bool

    @property
    def remedy(self) -> str:
        """What the user can do."""
        return UNSUPPORTED[self.kind].remedy

    @property
    def line(self) -> str:
        """All of it, as it is shown and logged."""
        return f"process {self.pid}, {self.where}: {self.what}: {self.reason} [{self.kind}]; {self.remedy}"


class Doubt(NamedTuple):
    """A line for the log of the image. objref: the object that it is about, or None.  kind: of what was left
    out, or ""."""

    severity: Severity
    text: str
    objref: int | None = None
    kind: str = ""


class Problems:
    """Collects what cannot be saved of one process, so that one look tells all of it.

    found: what there is, of all processes of the tree.  doubts: of what the image does not tell for sure.
    """

    def __init__(self, pid: int, allowed: Collection[str] = ()) -> None:
        """allowed: kinds that may be left out."""
        self.pid = pid
        self.allowed = allowed
        self.found: list[Problem] = []
        self.doubts: list[Doubt] = []

    def of(self, pid: int) -> Problems:
        """The same lists, for another process."""
        other = Problems(pid, self.allowed)
        other.found, other.doubts = self.found, self.doubts
        return other

    def add(
        self, where: str, what: str | bytes, reason: str, kind: str, *, objref: int | None = None
    ) -> bool:
        """Note a problem; whether the user lets it be left out. The arguments: see Problem.

        objref: the object of the image that is incomplete for it.
        """
        shown = escape(what) if isinstance(what, bytes) else what
        allowed = kind in self.allowed and UNSUPPORTED[kind].allowed
        problem = Problem(self.pid, where, shown, kind, reason, allowed)
        self.found.append(problem)
        if allowed:
            self.doubts.append(Doubt(Severity.WARNING, problem.line, objref, kind))
        return allowed

    def doubt(self, severity: Severity, where: str, what: str, why: str) -> None:
        """As `add`, for what leaves a doubt but does not make the image wrong by itself."""
        self.doubts.append(Doubt(severity, f"process {self.pid}, {where}: {what}: {why}"))

    @property
    def lines(self) -> list[str]:
        """Of what makes the dump fail."""
        return [problem.line for problem in self.found if not problem.allowed]

    def check(self) -> None:
        """Raise UnsupportedResourceError if anything was found that is not allowed."""
        lines = self.lines
        if not lines:
            return
        things = "1 thing that" if len(lines) == 1 else f"{len(lines)} things that"
        raise UnsupportedResourceError(
            f"process {self.pid} has {things} cannot be saved faithfully; no image was made", lines
        )
