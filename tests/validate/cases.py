"""The images that break one rule each: `CASES` by the id of the rule, filled by the modules broken_*.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Maker = Callable[[], bytes]

CASES: list[tuple[str, str, Maker]] = []
"""Id of the rule, name of the case, and what makes the image; several cases may break one rule."""


def breaks(rule_id: str) -> Callable[[Maker], Maker]:
    """The decorated function makes an image that breaks this rule and no other."""

    def register(maker: Maker) -> Maker:
        CASES.append((rule_id, maker.__name__, maker))
        return maker

    return register
