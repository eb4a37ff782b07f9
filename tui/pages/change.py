"""The plan: rules and paths that are to be changed, what they make of the image, what speaks against it."""

from __future__ import annotations

from crimg.tui.pages.page import Page, count, mark, object_words, pair, pairs
from crimg.tui.pages.proposals import how_far
from crimg.tui.places import CHANGE, PROPOSALS, REVISIONS, Place
from crimg.tui.rows import Fixed, Joined, Made, Row, text_row, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.tui.draft import Clash, Draft, RuleTable
    from crimg.tui.rows import Rows
    from crimg.tui.session import Session

_KEYS = (
    ("r", "Rule"),
    ("x", "Take out"),
    ("w", "Write"),
    ("e", "change the path under the cursor"),
    ("R", "search directories for moved files"),
    ("F", "rules of a file (TOML, specs/rewriting.md)"),
    ("t", "restamp: take the evidence of the files that are there now"),
    ("D", "give up what keeps the deleted file under the cursor"),
    ("H", "the revisions"),
    ("u", "take the last revision back"),
)


def change(session: Session, _place: Place) -> Page:
    """Rules and edits, then conflicts, then every path that changes."""
    draft = session.draft
    changes, clashes = draft.changes, draft.clashes

    def clash_row(clash: Clash) -> Row:
        return Row(
            (mark("error"), ("error", clash.text)), Place("object", clash.objref), subject=clash.objref
        )

    def change_row(number: int) -> Row:
        one = changes[number]
        spans = (
            mark("error" if one.objref in draft.clashing else "edited"),
            ("number", f"#{one.objref:<5} "),
            ("dim", "" if draft.planned(one.objref) == one else f"{one.kind} {one.column}: "),
            ("path", one.before),
            ("key", " -> "),
            ("edited", one.after),
            ("dim", f"  ({one.users})" if one.users else ""),
        )
        target = Place("object", one.objref)
        return Row(spans, target, Place("planned", number), copy=one.after, subject=one.objref)

    parts: list[Rows] = [Fixed(_top(session))]
    if clashes:
        head = text_row(f"Conflicts ({len(clashes):,}): nothing is written", "head")
        parts += [Fixed([text_row(""), head]), Made(clashes, clash_row)]
    if changes:
        what = "Paths that change" if draft.paths == len(changes) else "What changes"
        head = text_row(f"{what} ({len(changes):,})", "head")
        parts += [Fixed([text_row(""), head]), Made(range(len(changes)), change_row)]
    return Page(f"Plan: {summary(draft)}", Joined(parts), True, _KEYS)


def summary(draft: Draft) -> str:
    """A draft in few words."""
    if draft.state == "failed":
        return "cannot be made"
    if draft.state == "none":
        return "nothing is to be changed"
    told = [f"{draft.amount} to change"]
    told += [count(len(draft.clashes), "conflict")] if draft.clashes else []
    return ", ".join(told) + (" ..." if draft.state == "running" else "")


def _top(session: Session) -> Iterator[Row]:
    """What is asked for, and what is wrong with it."""
    draft = session.draft
    if session.read_only:
        yield from wrapped(f"read-only: {session.read_only}", "warning", mark("warning"), room=session.room)
    for text in (draft.refused, draft.error):
        if text:
            yield from wrapped(text, "error", mark("error"), room=session.room)
    yield text_row("Rules and paths", "head")
    for number, table in enumerate(draft.rules):
        yield _rule_row(draft, table, number)
    if isinstance(draft.typed, dict):
        yield _rule_row(draft, draft.typed, len(draft.rules))
    for objref, path in draft.edits.items():
        spans = (mark("edited"), ("key", "set    "), ("number", f"#{objref} "), ("edited", path))
        yield Row(spans, Place("object", objref), Place("object", objref), copy=path, subject=objref)
    for objref in draft.dropped:
        what = (mark("edited"), ("key", "drop   "), ("", f"what keeps the contents of #{objref}"))
        yield Row(what, Place("object", objref), Place("object", objref), subject=objref)
    if draft.restamp:
        yield Row((mark("edited"), ("key", "restamp "), ("", _restamps(draft))), None, Place("restamp"))
    if not draft.pending and draft.typed is None:
        yield text_row("  r: a rule for many paths   e: one path, on a file", "dim")
        yield text_row("  R: rules for what has moved, found in directories", "dim")
        yield text_row("  F: rules of a file   t: restamp   D: drop keeper", "dim")
    yield Row((("link", "moved files"), ("dim", f": {how_far(session.proposals)}")), PROPOSALS)
    past = f": this is {session.subject.image.revision}; what each changed, and undo"
    yield Row((("link", "revisions"), ("dim", past)), REVISIONS)


def _restamps(draft: Draft) -> str:
    which = "at the new paths" if draft.rules or draft.edits else "under their names"
    return f"take the evidence of the files that are {which} now"


def restamp(session: Session, _place: Place) -> Page:
    """That the evidence of files is taken anew."""
    rows = wrapped(
        f"{_restamps(session.draft)}: for copies that were made on purpose, which are other files than those"
        " of the dump. preflight knows them as what they are from then on.",
        room=session.room,
    )
    return Page("Restamp", Fixed([*rows, Row((("dim", "x takes it out of the "), ("link", "plan")), CHANGE)]))


def _rule_row(draft: Draft, table: RuleTable, number: int) -> Row:
    """One rule, as it was typed."""
    use = draft.uses[number] if number < len(draft.uses) else None
    places = f" in {', '.join(table['places'])}" if table.get("places") else ""
    places += f" of {' '.join(f'#{each}' for each in table['objects'])}" if table.get("objects") else ""
    unused = "  decides no path" if use is not None and use.unused else ""
    spans = (
        mark("warning" if unused else "edited"),
        ("key", f"{table['kind']:<6} "),
        ("path", table["old"]),
        ("key", " -> "),
        ("edited", table["new"]),
        ("dim", places),
        ("warning", unused),
    )
    return Row(spans, None, Place("rule", number), copy=use.text if use is not None else "")


def planned(session: Session, place: Place) -> Page:
    """One path that changes."""
    draft = session.draft
    if place.number >= len(draft.changes):
        return Page("Change", Fixed([text_row("the plan is made anew", "dim")]))
    one = draft.changes[place.number]
    clashes = [draft.clashes[number].text for number in draft.clashing.get(one.objref, ())]
    rows = [
        *(row for text in clashes for row in wrapped(text, "error", mark("error"), room=session.room)),
        *([pair("value", f"{one.kind} {one.column}")] if draft.planned(one.objref) != one else []),
        *pairs(session, "before", one.before),
        *pairs(session, "after", one.after, role="edited"),
        *pairs(session, "rule", one.rule),
        *pairs(session, "used by", one.users),
        *pairs(session, "object", object_words(session, one.objref), target=Place("object", one.objref)),
    ]
    return Page(f"#{one.objref} {one.column}", Fixed(rows))


def rule(session: Session, place: Place) -> Page:
    """One rule of the draft."""
    draft = session.draft
    if place.number >= len(draft.uses):
        return Page("Rule", Fixed([text_row("the plan is made anew", "dim")]))
    use = draft.uses[place.number]
    rows = [*pairs(session, "rule", use.text), pair("changes", count(use.changes, "path"))]
    if use.unused:
        rows.append(pair("", "it decides no path of the image", role="warning"))
    rows.append(Row((("dim", "r changes it, x takes it out of the "), ("link", "plan")), CHANGE))
    return Page("Rule", Fixed(rows))
