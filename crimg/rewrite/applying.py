"""`apply`: a plan becomes a new revision of its image."""

from __future__ import annotations

import os

from crimg.collecting import no_collection
from crimg.errors import ConflictError, ImageChangedError, ModelError, UnsoundError, UsageError
from crimg.reader import open_image
from crimg.rewrite.conflicts import find_conflicts
from crimg.validate.soundness import check_sound
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
    name: FilePath | None = None,
) -> int:
    """Write what a plan changes behind the image at `path`, as a revision; its number.

    A plan that changes nothing writes nothing.  image: the image that is there, where it is open already.
    force: also where the image is not sound.  command: for the history.
    name: what errors call the file, where that is not its path.

    Raises ConflictError for a plan with conflicts, ImageChangedError where the image is not the one the plan
    was made from, UnsoundError where it is not sound, and what `append_revision` raises.
    """
    if image is None:
        with open_image(os.fspath(path)) as opened:
            return apply(plan, path, image=opened, force=force, command=command, name=name)
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
            rules=[rule.encode("utf-8", "surrogateescape") for rule in plan.used_rules],
            note=plan.note,
            name=name,
        )
    except ModelError as error:  # a plan from a file has a value that its column has no room for
        raise UsageError(f"plan: {error}") from error
    if not force and not (plan.checked and len(plan.path_changes) == len(plan.changes)):
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


def _hold(path: str) -> None:
    """Take the last revision back where it is not sound: evidence can contradict what the memory says."""
    with open_image(path) as image:
        try:
            check_sound(image)
        except UnsoundError as error:
            take_back(path, fingerprint=image.fingerprint)
            raise ConflictError([f"after the rewrite {error}"]) from error
