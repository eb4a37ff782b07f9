"""A plan's changes in words."""

from __future__ import annotations

from crimg.escape import escape
from crimg.model.enums import Keeper
from crimg.rewrite.changes import CLASSES
from crimg.views.objects import meaning, plain_value
from crimg.views.values import value_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crimg.rewrite.changes import Change


def side_words(change: Change) -> tuple[str, str]:
    """The values before and after: times, kinds and modes as everywhere else; printable."""
    cls = CLASSES[change.kind]
    column = next(one for one in cls.columns if one.name == change.column)

    def words(value: object) -> str:
        if isinstance(value, bytes) and not column.name.startswith(("handle", "digest", "build_id")):
            return escape(value)
        known = meaning(cls.noun, column, value)
        if isinstance(known, bytes):
            return escape(known)
        return value_words({"name": column.name, "value": plain_value(column, value), "meaning": known})

    return words(change.before), words(change.after)


def dropped_words(changes: Iterable[Change]) -> Iterator[str]:
    """What stays for now of the contents that these changes give up, one line for each file."""
    for change in changes:
        if change.column == "keeper_path" and change.before is not None and change.after is None:
            yield f"#{change.objref} the file {escape(change.before)} stays: remove it by hand"
        if change.column == "keeper" and (change.before, change.after) == (Keeper.EMBEDDED, Keeper.REMOVED):
            yield f"#{change.objref} its contents stay in the file until crimg compact"
