"""`check`: an image against the files of this machine."""

from __future__ import annotations

from crimg.looking.mounts import Mounts
from crimg.looking.watched import TIMEOUT, looks_for
from crimg.preflight.checker import Checker
from crimg.reader import criu_store
from crimg.rewrite.rules import PathRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.looking.looks import Looks, Progress
    from crimg.looking.watched import FilePath
    from crimg.model.image import Image
    from crimg.preflight.criu import CriuChecker
    from crimg.preflight.verdicts import Verdict


def check(
    image: Image,
    *,
    root: FilePath = "/",
    rules: PathRules | None = None,
    timeout: float | None = TIMEOUT,
    digests: bool = False,
    progress: Progress | None = None,
) -> list[Verdict]:
    """The verdict on every file object of the image, in its order. Nothing is changed.

    root: directory that stands for "/".  rules: look where these would rewrite the paths to.
    timeout: seconds a file system has for an answer; the look-ups are then made by a forked process (the
    caller should have no other threads); with None by this one, however long they take.
    digests: compare the contents also of files whose inode shows that they were not touched.
    progress: called with the number of steps that are done, and that of all.

    Raises FormatError for a damaged image, FileError and NoAnswerError where `root` cannot be looked at.
    """
    mounts = Mounts()
    with looks_for(root, timeout, mounts) as looks:
        checker = checker_for(
            image, looks, mounts, rules or PathRules(), timeout=timeout, digests=digests, progress=progress
        )
        return [verdict for _, verdict in checker.judged()]


def checker_for(
    image: Image,
    looks: Looks,
    mounts: Mounts,
    rules: PathRules,
    *,
    timeout: float | None,
    digests: bool = False,
    progress: Progress | None = None,
) -> Checker | CriuChecker:
    """What judges the files of this image: by all that was recorded, or as CRIU does it."""
    store = criu_store(image)
    if store is not None:
        from crimg.preflight.criu import CriuChecker

        return CriuChecker(image, store, looks, rules, progress=progress)
    return Checker(image, looks, mounts, rules, timeout=timeout, digests=digests, progress=progress)
