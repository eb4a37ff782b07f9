"""Findings: where, what, how bad, and what mends it. They are data, never exceptions."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.format.container import IndexEntry
    from crimg.model.enums import Severity
    from crimg.model.record import Record


class Hit:
    """What a rule yields: the text, and the row or the place in the file that it is about.

    row: the row of a table.  field: its column.  section: the section, where it is about no row.
    offset: byte offset in the file, where it is neither that of the row's section nor of `section`.
    """

    __slots__ = ("field", "offset", "row", "section", "text")

    def __init__(
        self,
        text: str,
        row: Record | None = None,
        field: str | None = None,
        *,
        section: IndexEntry | None = None,
        offset: int | None = None,
    ) -> None:
        self.text = text
        self.row = row
        self.field = field
        self.section = section
        self.offset = offset


class Place:
    """Where a finding is.

    objref: the object, or the one that the row is a part of.  kind: noun of the row's table, or None.
    label: printable name of the row ("fd 5", "file /tmp/x"), of the section, or "".  field: column, or None.
    section: id of the section that holds it, or None.  offset: of that section or of the bytes, or None.
    """

    __slots__ = ("field", "kind", "label", "objref", "offset", "section")

    def __init__(
        self,
        *,
        objref: int | None = None,
        kind: str | None = None,
        label: str = "",
        field: str | None = None,
        section: int | None = None,
        offset: int | None = None,
    ) -> None:
        self.objref = objref
        self.kind = kind
        self.label = label
        self.field = field
        self.section = section
        self.offset = offset

    def as_dict(self) -> dict[str, object]:
        """For JSON (specs/validate.schema.json)."""
        return {
            name: getattr(self, name) for name in ("objref", "kind", "label", "field", "section", "offset")
        }


class Finding:
    """One finding.

    rule: id of the rule ("C301").  severity: as the rule has it.  text: what is wrong, one printable line.
    remedy: what to do about it, one line.
    """

    __slots__ = ("place", "remedy", "rule", "severity", "text")

    def __init__(self, rule: str, severity: Severity, place: Place, text: str, remedy: str) -> None:
        self.rule = rule
        self.severity = severity
        self.place = place
        self.text = text
        self.remedy = remedy

    def as_dict(self) -> dict[str, object]:
        """For JSON (specs/validate.schema.json)."""
        return {
            "rule": self.rule,
            "severity": self.severity.name.lower(),
            "place": self.place.as_dict(),
            "text": self.text,
            "remedy": self.remedy,
        }

    def __repr__(self) -> str:
        return (
            f"<{self.rule} {self.severity.name.lower()} #{self.place.objref} {self.place.label}: {self.text}>"
        )
