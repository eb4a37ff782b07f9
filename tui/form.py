"""The form for a rule: its kind, what it matches, what becomes of it, where it holds."""

from __future__ import annotations

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from crimg.rewrite.matching import KINDS, PLACES
from crimg.tui.bars import Bar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from crimg.tui.draft import RuleTable

_MEANINGS = {
    "exact": "this path alone",
    "prefix": "this path, and what is below it",
    "glob": "* ? [a-z] ** match; {1} {2} is what they matched",
    "regex": "the whole path matches; {1} {2} are its groups",
}
_LABELS = {"old": "from", "new": "to", "places": "only"}


class RuleForm(Vertical):
    """Asks for a rule; what is typed is told after each key. Paths are in the escapes of crimg.escape."""

    DEFAULT_CSS = """
    RuleForm { height: 4; display: none; }
    RuleForm Horizontal { height: 1; }
    RuleForm Input { border: none; height: 1; padding: 0; width: 1fr; }
    RuleForm Horizontal Bar { width: 7; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False),
        Binding("ctrl+t", "kind", "Kind", show=False),
        Binding("down", "step(1)", "Next", show=False),
        Binding("up", "step(-1)", "Previous", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="form")
        self._kind = KINDS[0]
        self._kinds = Bar(id="kinds")
        self._inputs = {
            name: Input(id=f"rule-{name}", compact=True, placeholder=self._placeholder(name))
            for name in _LABELS
        }
        self._labels = {name: Bar(id=f"label-{name}") for name in _LABELS}
        self._objects: list[int] = []
        self._told: RuleTable = {}
        self._changed: Callable[[RuleTable], None] = lambda _: None
        self._done: Callable[[RuleTable], None] = lambda _: None
        self._cancelled: Callable[[], None] = lambda: None

    @staticmethod
    def _placeholder(name: str) -> str:
        return f"empty: everywhere; or {', '.join(PLACES)}" if name == "places" else ""

    def compose(self) -> ComposeResult:
        """A line for the kind, and one for each text."""
        yield self._kinds
        for name in _LABELS:
            with Horizontal():
                yield self._labels[name]
                yield self._inputs[name]

    def ask(
        self,
        table: RuleTable,
        *,
        changed: Callable[[RuleTable], None],
        done: Callable[[RuleTable], None],
        cancelled: Callable[[], None],
    ) -> None:
        """Ask, beginning with this rule. It stays until `close`; `cancelled` is for Esc."""
        self._kind = table["kind"]
        self._changed, self._done, self._cancelled = changed, done, cancelled
        self._inputs["old"].value = table["old"]
        self._inputs["new"].value = table["new"]
        self._inputs["places"].value = ", ".join(table.get("places") or ())
        self._objects = list(table.get("objects") or ())
        self._told = {}
        self.display = True
        self._inputs["old"].focus()
        self._tell()

    def close(self) -> None:
        """Be gone."""
        self.display = False

    @property
    def table(self) -> RuleTable:
        """The rule as it stands there."""
        table: RuleTable = {
            "kind": self._kind,
            "old": self._inputs["old"].value,
            "new": self._inputs["new"].value,
        }
        places = [word.strip() for word in self._inputs["places"].value.split(",") if word.strip()]
        limits = {"places": places, "objects": self._objects}
        return table | {name: words for name, words in limits.items() if words}

    def _tell(self) -> None:
        spans = [("key", " rule  ")]
        spans += [("chosen" if kind == self._kind else "dim", f" {kind} ") for kind in KINDS]
        self._kinds.show([*spans, ("dim", f" ctrl+t  {_MEANINGS[self._kind]}")], ["", *["ctrl+t"] * 5])
        if self.display and self.table != self._told:
            self._told = self.table
            self._changed(self._told)

    def on_descendant_focus(self) -> None:
        """Mark the field with the keys."""
        for name, field in self._inputs.items():
            sign = ">" if field.has_focus else " "
            self._labels[name].show([("key", f"{sign}{_LABELS[name]:<6}")])

    def on_input_changed(self, event: Input.Changed) -> None:
        """After each key."""
        event.stop()
        self._tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """After Enter."""
        event.stop()
        self._done(self.table)

    def action_cancel(self) -> None:
        """After Esc."""
        self.close()
        self._cancelled()

    def action_kind(self) -> None:
        """The next kind of rule."""
        self._kind = KINDS[(KINDS.index(self._kind) + 1) % len(KINDS)]
        self._tell()

    def action_step(self, by: int) -> None:
        """Go to the next field."""
        fields = list(self._inputs.values())
        here = next((at for at, field in enumerate(fields) if field.has_focus), 0)
        fields[(here + by) % len(fields)].focus()
