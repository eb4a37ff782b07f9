"""Keys with which an image is changed, and all commands of the palette."""

from __future__ import annotations

from textual.app import SystemCommand
from textual.binding import Binding

from crimg.tui.heads import TABS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.binding import BindingType

    from crimg.tui.app import Browser

BINDINGS: list[BindingType] = [
    Binding("e", "change('edit')", "Edit the path", show=False),
    Binding("r", "change('rule')", "Rule", show=False),
    Binding("R", "change('search')", "Moved files", show=False),
    Binding("x,delete", "change('drop')", "Take out", show=False),
    Binding("w", "change('write')", "Write", show=False),
    Binding("u", "change('undo')", "Undo", show=False),
    Binding("F", "change('file')", "Rules of a file", show=False),
    Binding("t", "change('restamp')", "Restamp", show=False),
    Binding("D", "change('keeper')", "Drop the keeper", show=False),
    Binding("H", "change('history')", "Revisions", show=False),
    Binding("ctrl+r", "change('reopen')", "Open anew", show=False),
]
COMMANDS = (
    ("Plan: rules and paths to change", "key 8", "plan"),
    ("Change the path under the cursor", "key e", "edit"),
    ("New rule", "for many paths, key r", "rule"),
    ("Search for moved files", "key R", "search"),
    ("Rules of a file", "TOML, key F", "file"),
    ("Restamp", "take the evidence of the files that are there now, key t", "restamp"),
    ("Drop the keeper", "of the deleted file under the cursor, key D", "keeper"),
    ("Write the plan", "as a new revision, key w", "write"),
    ("Drop the plan", "all its rules and paths", "forget"),
    ("Undo", "take the last revision back, key u", "undo"),
    ("Revisions", "what each changed, key H", "history"),
    ("Open the image anew", "key ctrl+r", "reopen"),
)
"""What the command palette has of this: title, help, name of a method."""


def system_commands(app: Browser) -> Iterator[SystemCommand]:
    """What the palette has: the pages, and everything that has a key."""
    for number, name in enumerate(TABS, 1):
        yield SystemCommand(f"{name} page", f"key {number}", lambda number=number: app.action_tab(number))
    yield SystemCommand("Differences of two images", "key c", app.action_compare)
    for title, words, what in COMMANDS:
        yield SystemCommand(title, words, lambda what=what: app.action_change(what))
    yield SystemCommand("Check again", "validate and preflight, key v", app.action_check)
    yield SystemCommand("Save the page", "as text, key s", app.action_save)
    yield SystemCommand("Memory to scale", "key m", app.action_scale)
    yield SystemCommand("Theme", "colours, or none", app.action_change_theme)
    yield SystemCommand("Help", "the keys of this page", app.action_help)
    yield SystemCommand("Quit", "key q", app.rewriting.quit)
