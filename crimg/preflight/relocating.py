"""`relocate`: files that are not under their names any more, looked for, and the rules that follow."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from crimg.errors import FileError, UsageError
from crimg.looking.mounts import Mounts
from crimg.looking.watched import TIMEOUT, looks_for
from crimg.preflight import verdicts
from crimg.preflight.candidates import SIZE_MTIME, Candidates
from crimg.preflight.checking import checker_for
from crimg.preflight.proposals import Places, is_clean, propose
from crimg.preflight.search import Search, prepare
from crimg.rewrite.rules import PathRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.looking.looks import Looks
    from crimg.looking.watched import FilePath
    from crimg.model.image import Image
    from crimg.preflight.candidates import Match
    from crimg.preflight.checker import Checker
    from crimg.preflight.criu import CriuChecker
    from crimg.preflight.search import Count
    from crimg.preflight.subjects import Subject
    from crimg.preflight.verdicts import Verdict
    from crimg.rewrite.rules import PathRule


class Move(NamedTuple):
    """A file that was found.

    objrefs: of its file objects.  old: path in the image.  new: path now.  basis: by what it is known (see
    crimg.preflight.candidates).
    """

    objrefs: tuple[int, ...]
    old: bytes
    new: bytes
    basis: str


class Unsettled(NamedTuple):
    """A file that was not found, or more than once.

    objrefs, old: as in Move.  candidates: all that could be it.  basis: what they have in common with it.
    led_to: where the proposed rules would send its path, None where they do not touch it.
    fits: that this is one of the candidates, or for a directory, that one is there.
    reason: why there is no candidate; empty where there are some.
    """

    objrefs: tuple[int, ...]
    old: bytes
    candidates: tuple[bytes, ...] = ()
    basis: str = ""
    led_to: bytes | None = None
    fits: bool = False
    reason: str = ""


class Relocation(NamedTuple):
    """What a search found.

    moves: files with one new place.  rules: the shortest set that explains them.  ambiguous, missing: files
    that are not explained.  skipped: mount points that were left out, with the reason.  unreadable:
    directories that could not be read.  entries: directory entries gone through.
    """

    moves: tuple[Move, ...]
    rules: tuple[PathRule, ...]
    ambiguous: tuple[Unsettled, ...]
    missing: tuple[Unsettled, ...]
    skipped: dict[bytes, str]
    unreadable: tuple[bytes, ...]
    entries: int

    @property
    def complete(self) -> bool:
        """Whether the rules lead every file that moved to where it is."""
        return all(one.fits for one in (*self.ambiguous, *self.missing))

    def by_rule(self) -> dict[PathRule, list[Move]]:
        """Each rule with the moves that it is for; none for one that only stays out of another."""
        made = PathRules(self.rules)
        found: dict[PathRule, list[Move]] = {rule: [] for rule in self.rules}
        for move in self.moves:
            rule = made.find(move.old)
            if rule is not None:
                found[rule].append(move)
        return found


def relocate(
    image: Image,
    directories: Sequence[FilePath],
    *,
    root: FilePath = "/",
    timeout: float | None = TIMEOUT,
    progress: Count | None = None,
) -> Relocation:
    """Look in these directories for the files of the image that are not as they were under their names.

    root, timeout: as of `check`; the directories are paths of this machine, inside `root`.  progress: called
    with the number of directory entries gone through. Nothing is changed, nothing guessed.
    Raises FormatError for a damaged image, FileError and NoAnswerError for a directory that cannot be read,
    UsageError for one outside `root`.
    """
    mounts = Mounts()
    with looks_for(root, timeout, mounts) as looks:
        places = [_real_path(looks, os.fsencode(directory)) for directory in directories]
        checker = checker_for(image, looks, mounts, PathRules(), timeout=timeout)
        judged = checker.judged()
        search = Search(prepare(places, looks, mounts), progress)
        return _relocate(checker, judged, search, looks)


def _real_path(looks: Looks, directory: bytes) -> bytes:
    """The path of a directory without symbolic links. Asked of the process that may hang."""
    name = os.fsdecode(directory)
    if not directory:
        raise UsageError("an empty name is no directory to search")
    answer = looks.one("resolve", os.path.abspath(directory))
    if answer is None:
        raise FileError(f"{name}: its file system gives no answer")
    problem, path = answer
    if problem:
        raise FileError(f"{name}: {problem}")
    if not path:
        raise UsageError(f"{name}: is not inside {os.fsdecode(looks.top)}")
    return bytes(path)


def _is_wanted(subject: Subject, verdict: Verdict) -> bool:
    """Whether the file may be elsewhere: it is not under its name, or what is there may be another file."""
    if subject.kept or subject.inode is None or subject.place is None:
        return False
    if stat.S_IFMT(subject.inode.mode) not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO):
        return False
    if verdict.verdict == verdicts.CHANGED:
        return verdict.basis not in (verdicts.BY_INODE, verdicts.BY_SNAPSHOT) and stat.S_ISREG(
            subject.inode.mode
        )
    return verdict.verdict in (verdicts.MISSING, verdicts.REPLACED, verdicts.MOVED, verdicts.UNREACHABLE)


def _relocate(
    checker: Checker | CriuChecker, judged: Sequence[tuple[Subject, Verdict]], search: Search, looks: Looks
) -> Relocation:
    wanted: dict[tuple[bytes, int], list[tuple[Subject, Verdict]]] = {}
    fixed: set[bytes] = set()
    taken: set[tuple[int, int]] = set()
    for subject, verdict in judged:
        if _is_wanted(subject, verdict) and is_clean(subject.path):
            wanted.setdefault((subject.path, subject.file.inode or 0), []).append((subject, verdict))
        elif verdict.verdict in (verdicts.SAME, verdicts.CHANGED) and is_clean(subject.path):
            fixed.add(subject.path)
            if subject.inode is not None and verdict.basis == verdicts.BY_INODE:
                taken.add((subject.inode.device, subject.inode.number))
    candidates = Candidates(checker, looks, search, taken)
    groups = list(wanted.values())
    matches = candidates.match([group[0] for group in groups])
    moves, unsettled = _sort_out(groups, matches)
    explained = {move.old: move.new for move in moves}
    places = Places(looks)
    others = {one.old: None if is_directory else one.candidates for one, is_directory in unsettled}
    rules = propose(explained, fixed, places, others)
    made = PathRules(rules)
    settled = [_settle(one, made, places, is_directory) for one, is_directory in unsettled]
    return Relocation(
        moves=tuple(moves),
        rules=tuple(rules),
        ambiguous=tuple(one for one in settled if one.candidates),
        missing=tuple(one for one in settled if not one.candidates),
        skipped=search.trees.skipped,
        unreadable=tuple(sorted({*search.unreadable})),
        entries=search.entries,
    )


def _sort_out(
    groups: Sequence[list[tuple[Subject, Verdict]]], matches: Sequence[Match]
) -> tuple[list[Move], list[tuple[Unsettled, bool]]]:
    """Files with one new place, and the others.

    Among these are two files that would end at one place, and one that nothing but size and time of
    modification ties to a file of another name: many files share these by chance.
    """
    takers: dict[bytes, set[int]] = {}
    olds: dict[bytes, int] = {}
    for group, match in zip(groups, matches, strict=True):
        olds[group[0][0].path] = olds.get(group[0][0].path, 0) + 1
        if len(match.paths) == 1:
            takers.setdefault(match.paths[0], set()).add(group[0][0].file.inode or 0)
    moves, others = [], []
    for group, match in zip(groups, matches, strict=True):
        subject = group[0][0]
        objrefs = tuple(one.file.objref for one, _ in group)
        alone = (
            match.basis != SIZE_MTIME
            and len(match.paths) == 1
            and len(takers[match.paths[0]]) == 1
            and olds[subject.path] == 1
        )
        if alone and match.paths[0] != subject.path:
            moves.append(Move(objrefs, subject.path, match.paths[0], match.basis))
            continue
        is_directory = subject.inode is not None and stat.S_ISDIR(subject.inode.mode)
        others.append(
            (Unsettled(objrefs, subject.path, match.paths, match.basis, reason=match.reason), is_directory)
        )
    return moves, others


def _settle(one: Unsettled, rules: PathRules, places: Places, is_directory: bool) -> Unsettled:
    """With where the rules lead it."""
    led_to = rules.apply(one.old)
    if led_to == one.old:
        return one
    fits = led_to in one.candidates
    if is_directory and not one.candidates:
        fits = places.is_directory(led_to)
    return one._replace(led_to=led_to, fits=fits)
