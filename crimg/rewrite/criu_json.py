"""A plan for images of CRIU as JSON, and back: specs/rewrite.schema.json."""

from __future__ import annotations

from crimg.errors import UsageError
from crimg.escape import escape, unescape
from crimg.rewrite.criu_plan import COLUMNS, CriuChange, CriuPlan
from crimg.rewrite.criu_restamp import BUILD_ID, MODE, SIZE
from crimg.rewrite.places import referrers_of
from crimg.rewrite.plan_json import VERSION, JsonObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.model.image import Image

_TYPES: dict[str, type[Any]] = {SIZE: int, MODE: int, BUILD_ID: str}


def dump_plan(made: CriuPlan, image: Image) -> dict[str, Any]:
    """The plan in the types of JSON. image: that it was made from, for who refers to what changes."""
    referrers = referrers_of(image, {each.objref for each in made.changes if each.objref is not None})
    return {
        "crimg": VERSION,
        "kind": "rewrite",
        "fingerprint": made.fingerprint,
        "rules": list(made.rules),
        "note": "",
        "changes": [
            {
                **_place(each),
                "before": _plain(each.before),
                "after": _plain(each.after),
                "rule": each.rule,
                "places": list(each.places),
                "referrers": [one._asdict() for one in referrers.get(each.objref or 0, ())],
                "criu": {"place": each.place, "id": each.criu_id},
            }
            for each in made.changes
        ],
        "conflicts": [{"objref": None, "others": [], "text": text} for text in made.conflicts],
        "unmatched": [{**_place(each), "path": escape(each.before)} for each in made.unmatched],
        "unused_rules": list(made.unused),
    }


def load_plan(value: object) -> CriuPlan:
    """The plan that `dump_plan` made this of; its contents are made by `plan_again`. Raises UsageError."""
    try:
        top = JsonObject(value, "the plan")
        if (top.get("crimg", int), top.get("kind", str)) != (VERSION, "rewrite"):
            raise UsageError("is no plan of this version")
        return CriuPlan(
            top.get("fingerprint", str),
            tuple(top.texts("rules")),
            tuple(top.each("changes", _change)),
            {},
            tuple(top.each("conflicts", lambda one: one.get("text", str))),
            tuple(top.texts("unused_rules")),
        )
    except UsageError as error:
        raise UsageError(f"plan: {error}") from error


def _place(change: CriuChange) -> dict[str, Any]:
    kind, column = change.column
    return {"objref": change.objref, "kind": kind, "column": column}


def _plain(value: Any) -> Any:
    return escape(value) if isinstance(value, bytes) else value


def _change(one: JsonObject) -> CriuChange:
    where = JsonObject(one.get("criu", dict), "criu of a change")
    place, number = where.get("place", str), where.get("id", int)
    if place not in COLUMNS and place not in _TYPES:
        raise UsageError(f"a plan for images of CRIU changes no {place}")
    before, after = (_value(one, side, place) for side in ("before", "after"))
    places = tuple(one.texts("places"))
    return CriuChange(place, number, None, before, after, one.get("rule", str), places)


def _value(one: JsonObject, side: str, place: str) -> Any:
    wanted = _TYPES.get(place, str)
    if place == BUILD_ID and one.get(side, object) is None:
        return None
    value = one.get(side, wanted)
    if wanted is int and not 0 <= value < 1 << 64:
        raise UsageError(f"{side} of a change is no {place}")
    if wanted is str:
        return unescape(value)
    return value
