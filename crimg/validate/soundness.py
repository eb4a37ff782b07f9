"""What other verbs ask before they build on an image: is it sound?"""

from __future__ import annotations

from crimg.errors import UnsoundError
from crimg.validate import RULES, Severity, validate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model.image import Image


def check_sound(image: Image, *, thorough: bool = False) -> None:
    """Raise UnsoundError, which names the worst, for an image with errors (not mere warnings).

    thorough: the container and the checksums of all contents count too, which reads the whole file. Without
    it the objects alone are looked at: opening the image has seen to what an append builds on.
    """
    rules = [rule for rule in RULES.values() if rule.severity == Severity.ERROR]
    errors = validate(image, rules, page_data=thorough, layout=thorough).findings
    if errors:
        first = errors[0]
        where = f"#{first.place.objref} {first.place.label} " if first.place.objref is not None else ""
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise UnsoundError(f"the image is not sound: {first.rule} {where}{first.text}{more}")
