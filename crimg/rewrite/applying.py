"""`apply`: a plan becomes a new revision of its image."""

from __future__ import annotations

import os

from crimg.collecting import no_collection
from crimg.errors import ConflictError, ImageChangedError, ModelError, UnsoundError, UsageError
from crimg.reader import open_image
from crimg.rewrite.conflicts import find_conflicts
from crimg.validate import RULES, Severity, validate
from crimg.writer.revise import append_revision, take_back

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.model.image import Image
    from crimg.rewrite.changes import Plan

    FilePath = str | os.PathLike[str]


@no_collection()
def apply(
    plan: Plan,
    path: FilePath,
    *,
    image: Image | None = None,
    force: bool = False,
    command: Sequence[bytes] = (),
) -> int:
    """Write what a plan changes behind the image at `path`, as a revision; its number.

    A plan that changes nothing writes nothing.  image: the image that is there, where it is open already.
    force: also where the image is not sound.  command: for the history.

    Raises ConflictError for a plan with conflicts, ImageChangedError where the image is not the one the plan
    was made from, UnsoundError where it is not sound, and what `append_revision` raises.
    """
    if image is None:
        with open_image(os.fspath(path)) as opened:
            return apply(plan, path, image=opened, force=force, command=command)
    check_applicable(plan, image, force=force)
    rows = plan.rows(image)
    if not rows:
        return image.revision
    try:
        revision = append_revision(
            os.fspath(path),
            rows,
            fingerprint=plan.fingerprint,
            command=command,
            rules=[rule.encode("utf-8", "surrogateescape") for rule in plan.rules],
            note=plan.note,
        )
    except ModelError as error:  # a plan from a file has a value that its column has no room for
        raise UsageError(f"plan: {error}") from error
    if not force and len(plan.path_changes) < len(plan.changes):
        _hold(os.fspath(path))
    return revision


def check_applicable(plan: Plan, image: Image, *, force: bool = False) -> None:
    """Raise what `apply` would, before anything is written."""
    if plan.fingerprint != image.fingerprint:
        raise ImageChangedError("the image is not the one that the plan was made from: make the plan anew")
    conflicts = plan.conflicts
    if not plan.checked and not conflicts:  # it comes from a file, which anybody can have changed
        plan.rows(image)
        conflicts = tuple(find_conflicts(image, plan.changes))
    if conflicts:
        raise ConflictError([conflict.text for conflict in conflicts])
    if not force:
        check_sound(image)


def check_sound(image: Image) -> None:
    """Raise UnsoundError for an image whose objects have errors.

    The container is not gone through once more: opening the image has seen to what an append builds on, and
    the rest would be a look at every section of what may be gigabytes.
    """
    wrong = first_error(image)
    if wrong:
        raise UnsoundError(f"the image is not sound: {wrong}")


def _hold(path: str) -> None:
    """Take the last revision back where it is not sound: evidence can contradict what the memory says."""
    with open_image(path) as image:
        wrong = first_error(image)
    if wrong:
        take_back(path, fingerprint=image.fingerprint)
        raise ConflictError([f"the image would not be sound: {wrong}"])


def first_error(image: Image) -> str:
    """The worst that validation finds in the objects of an image, in one line; "" for no error."""
    rules = [rule for rule in RULES.values() if rule.severity == Severity.ERROR]
    errors = validate(image, rules, page_data=False, layout=False).findings
    if not errors:
        return ""
    first = errors[0]
    where = f"#{first.place.objref} {first.place.label} " if first.place.objref is not None else ""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first.rule} {where}{first.text}{more}"
