"""A child of the application: plans, writes (`python -m crimg.tui.changing FD NAME FINGERPRINT REVISION`).

It takes one JSON object a line from its standard input and answers in the same way; every text it sends is
printable, and paths come and go in the escapes of crimg.escape. In a process of its own a regular expression
that never ends holds nobody up: the application ends it.

FD is a descriptor of the image, NAME the name under which it is written, FINGERPRINT that of the image which
the application shows: another one would not be what the user looks at. REVISION is empty for the last one.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter

from crimg.errors import CrimgError, ImageChangedError, UsageError
from crimg.escape import one_line, unescape
from crimg.reader import open_image
from crimg.rewrite import Restamp, apply, plan
from crimg.rewrite.places import REWRITTEN
from crimg.rewrite.planning import inodes_with_keepers
from crimg.rewrite.rulefile import make_rule
from crimg.tui.sending import send, send_packed
from crimg.views.plan_words import side_words
from crimg.views.short import referrer_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from crimg.model.image import Image
    from crimg.rewrite import Change, Plan

    Message = dict[str, Any]

_PATHS = frozenset(column for _, column, _ in REWRITTEN)
_NICE = 5
"""The keys come first."""
_LONGEST = 60
"""Seconds after which a plan is given up; the application may be gone, and nobody else would end it."""


class Server:
    """Answers requests about one image."""

    def __init__(self, image: Image, path: str, name: str) -> None:
        self._image = image
        self._path = path
        self._name = name
        self._plan: Plan | None = None

    def answer(self, request: Message) -> None:
        """Answer a request: "plan", "apply", "relocate" or "revisions"."""
        if "plan" in request:
            try:
                self._make_plan(request)
            except CrimgError as error:
                send(number=request["plan"], error=one_line(str(error)))
        elif "apply" in request:
            self._apply(force=request["force"])
        elif "relocate" in request:
            from crimg.tui.relocating import relocation

            relocation(self._image, request["relocate"])
        else:
            from crimg.tui.relocating import past

            past(self._path, self._name)

    def _make_plan(self, request: Message) -> None:
        number = request["plan"]
        self._plan = None
        rules = [make_rule(table) for table in request["rules"]]
        edits = {objref: unescape(text) for objref, text in request["edits"]}
        signal.alarm(_LONGEST)
        try:
            made = self._plan = plan(
                self._image,
                rules,
                edits=edits,
                drop_keepers=inodes_with_keepers(self._image, request["dropped"]),
                restamp=Restamp() if request["restamp"] else None,
            )
        finally:
            signal.alarm(0)
        counts = Counter(change.rule for change in made.changes)
        texts = [rule.text for rule in rules]
        send(number=number, rules=[(text, text in made.unused_rules, counts[text]) for text in texts])
        send_packed("clashes", made.conflicts, lambda one: (one[0], *one[1]), number=number)
        send_packed("changes", map(_words, made.changes), _head, number=number)
        send(number=number, done=True)

    def _apply(self, *, force: bool) -> None:
        """Write the last plan."""
        command = (b"crimg", b"tui", os.fsencode(self._name))
        try:
            if self._plan is None:
                raise UsageError("there is no plan")
            send(written=apply(self._plan, self._name, force=force, command=command))
        except CrimgError as error:
            send(refused=one_line(str(error)), kind=type(error).__name__)


def _words(change: Change) -> tuple[object, ...]:
    return (
        change.objref,
        change.kind,
        change.column,
        *side_words(change),
        change.rule,
        referrer_words(change.referrers),
    )


def _head(words: Sequence[object]) -> tuple[object, bool]:
    """The object, and whether it is a path that changes."""
    return words[0], words[2] in _PATHS


def main(words: Sequence[str]) -> int:
    """Answer until the standard input ends; the exit status."""
    fd, name, fingerprint, revision = words
    path = f"/proc/self/fd/{fd}"
    os.nice(_NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the application decides
    try:
        with open_image(path, revision=int(revision) if revision else None) as image:
            if image.fingerprint != fingerprint:
                raise ImageChangedError("the image was changed by another program: ctrl+r opens it anew")
            server = Server(image, path, name)
            for line in sys.stdin.buffer:
                server.answer(json.loads(line))
    except CrimgError as error:
        sys.stderr.write(one_line(str(error).replace(path, "the image")) + "\n")
        return error.exit_status
    except BrokenPipeError:  # the application has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
