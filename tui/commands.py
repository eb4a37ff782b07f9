"""Keys and commands with which an image is changed."""

from __future__ import annotations

from textual.binding import Binding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.binding import BindingType

BINDINGS: list[BindingType] = [
    Binding("e", "change('edit')", "Edit the path", show=False),
    Binding("r", "change('rule')", "Rule", show=False),
    Binding("R", "change('search')", "Moved files", show=False),
    Binding("x,delete", "change('drop')", "Take out", show=False),
    Binding("w", "change('write')", "Write", show=False),
    Binding("u", "change('undo')", "Undo", show=False),
    Binding("H", "change('history')", "Revisions", show=False),
    Binding("ctrl+r", "change('reopen')", "Open anew", show=False),
]
COMMANDS = (
    ("Plan: rules and paths to change", "key 8", "plan"),
    ("Change the path under the cursor", "key e", "edit"),
    ("New rule", "for many paths, key r", "rule"),
    ("Search for moved files", "key R", "search"),
    ("Write the plan", "as a new revision, key w", "write"),
    ("Drop the plan", "all its rules and paths", "forget"),
    ("Undo", "take the last revision back, key u", "undo"),
    ("Revisions", "what each changed, key H", "history"),
    ("Open the image anew", "key ctrl+r", "reopen"),
)
"""What the command palette has of this: title, help, name of a method."""
