"""A plan as JSON, and back: specs/rewrite.schema.json. Bytes are texts in the escapes of crimg.escape."""

from __future__ import annotations

from typing import NamedTuple

from crimg.errors import UsageError
from crimg.escape import escape, one_line, unescape
from crimg.rewrite.changes import CHANGEABLE, CLASSES, Change, Conflict, Plan, Unmatched
from crimg.rewrite.places import Referrer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from crimg.model.record import Column

    T = TypeVar("T", bound=NamedTuple)

VERSION = 1
"""Of this JSON: members are only added within a version."""


def dump_plan(plan: Plan) -> dict[str, Any]:
    """The plan in the types of JSON."""
    return {
        "crimg": VERSION,
        "kind": "rewrite",
        "fingerprint": plan.fingerprint,
        "rules": list(plan.rules),
        "note": plan.note,
        "changes": [
            {
                "objref": change.objref,
                "kind": change.kind,
                "column": change.column,
                "before": _plain(change.before),
                "after": _plain(change.after),
                "rule": change.rule,
                "places": list(change.places),
                "referrers": [each._asdict() for each in change.referrers],
            }
            for change in plan.changes
        ],
        "conflicts": [
            {"objref": each.objref, "others": list(each.others), "text": each.text} for each in plan.conflicts
        ],
        "unmatched": [{**each._asdict(), "path": escape(each.path)} for each in plan.unmatched],
        "unused_rules": list(plan.unused_rules),
    }


def load_plan(value: object) -> Plan:
    """The plan that `dump_plan` made this of. Raises UsageError where it is none."""
    try:
        top = JsonObject(value, "the plan")
        if (top.get("crimg", int), top.get("kind", str)) != (VERSION, "rewrite"):
            raise UsageError("is no plan of this version")
        return Plan(
            top.get("fingerprint", str),
            rules=top.texts("rules"),
            note=top.get("note", str),
            changes=top.each("changes", _change),
            conflicts=top.each(
                "conflicts",
                lambda one: Conflict(
                    one.get("objref", int), tuple(one.numbers("others")), one.get("text", str)
                ),
            ),
            unmatched=top.each(
                "unmatched",
                lambda one: Unmatched(
                    one.get("objref", int),
                    one.get("kind", str),
                    one.get("column", str),
                    unescape(one.get("path", str)),
                ),
            ),
            unused_rules=top.texts("unused_rules"),
        )
    except UsageError as error:
        raise UsageError(f"plan: {error}") from error


class JsonObject:
    """An object of JSON whose members are asked for by their types."""

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict):
            raise UsageError(f"{what} is no JSON object")
        self._value: dict[str, Any] = value
        self._what = what

    def get(self, name: str, type_: type[Any]) -> Any:
        """The member of this name; any member with `object`."""
        if name not in self._value:
            raise UsageError(f"{self._what} has no {name}")
        value = self._value[name]
        if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
            raise UsageError(f"{name} of {self._what} is no {type_.__name__}")
        return one_line(value) if isinstance(value, str) else value

    def texts(self, name: str) -> list[str]:
        """A member that is a list of texts."""
        return [JsonObject({name: each}, self._what).get(name, str) for each in self.get(name, list)]

    def numbers(self, name: str) -> list[int]:
        """A member that is a list of integers."""
        return [JsonObject({name: each}, self._what).get(name, int) for each in self.get(name, list)]

    def each(self, name: str, make: Callable[[JsonObject], Any]) -> list[Any]:
        """What is made of the objects of a list."""
        return [
            make(JsonObject(each, f"{name}[{number}]")) for number, each in enumerate(self.get(name, list))
        ]


def _change(one: JsonObject) -> Change:
    objref, kind, name = one.get("objref", int), one.get("kind", str), one.get("column", str)
    cls = CLASSES.get(kind)
    if cls is None or name not in CHANGEABLE[cls]:
        raise UsageError(f"{kind} #{objref}: a plan does not change {name}")
    column = cls.columns[cls.fields.index(name)]
    before, after = (
        _value(one.get(side, object), column, f"{kind} #{objref}: {name} {side}")
        for side in ("before", "after")
    )
    return Change(
        objref,
        kind,
        name,
        before,
        after,
        one.get("rule", str),
        tuple(one.texts("places")),
        tuple(one.each("referrers", _referrer)),
    )


def _referrer(one: JsonObject) -> Referrer:
    return Referrer(one.get("place", str), one.get("objref", int), one.get("label", str))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return escape(value)
    return list(value) if isinstance(value, tuple) else value


_TYPES = {"bytes": str, "str": str, "bool": bool}


def _value(plain: Any, column: Column, what: str) -> Any:
    """The value of a column from its JSON. Raises UsageError where it is of another type."""
    if plain is None and column.optional:
        return None
    if column.many and isinstance(plain, list):
        return tuple(_scalar(each, column, what) for each in plain)
    return _scalar(plain, column, what)


def _scalar(plain: Any, column: Column, what: str) -> Any:
    wanted: type[Any] = _TYPES.get(column.type, int)
    if not isinstance(plain, wanted) or (wanted is int and isinstance(plain, bool)):
        raise UsageError(f"{what} is no {column.type}")
    return unescape(plain) if column.type == "bytes" else plain
