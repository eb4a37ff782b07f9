"""Redaction: an image without what must not be seen, to be sent to somebody.

    from crimg.redact import Selection, Selector, plan, write

    with crimg.open("image.bin") as image:
        write(plan(image, Selection(environment=True, vmas=[Selector("stack")])), output)

specs/redaction.md says what is removed, and how the new image says so.
"""

from __future__ import annotations

from crimg.redact.copies import Copy, find_copies
from crimg.redact.planning import plan
from crimg.redact.redaction import Redaction, Removal, Selection
from crimg.redact.selectors import Selector
from crimg.redact.writing import write

__all__ = ["Copy", "Redaction", "Removal", "Selection", "Selector", "find_copies", "plan", "write"]
