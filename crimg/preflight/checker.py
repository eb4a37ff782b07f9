"""One check of an image against this machine: look, judge, and say what follows."""

from __future__ import annotations

import errno
import stat

from crimg.kernel.procfs import read_boot_id
from crimg.looking.sightings import Look
from crimg.model import ImageInfo
from crimg.model.enums import NAMELESS, Keeper
from crimg.preflight import judge, verdicts
from crimg.preflight.finding import Finder
from crimg.preflight.gathering import Gathering
from crimg.preflight.judge import Judgement
from crimg.preflight.kept import REMOVED, judge_kept, keeper_outlook
from crimg.preflight.nameless import judge_name, nameless_outlook
from crimg.preflight.outlook import outlook
from crimg.preflight.proposals import Places, is_clean, propose
from crimg.preflight.remedies import map_remedy, of_incomplete, of_moved, of_unreachable, remedies
from crimg.preflight.subjects import subjects
from crimg.preflight.verdicts import Verdict
from crimg.rewrite.rules import PathRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.looking.looks import Looks, Progress
    from crimg.looking.mounts import Mounts
    from crimg.model import Inode
    from crimg.model.image import Image
    from crimg.preflight.subjects import Subject
    from crimg.preflight.verdicts import Remedy

_FAILS = "it fails here, or hangs"


def same_boot(image: Image) -> bool:
    """Whether this machine runs since before the dump, and made it: device numbers are those of then."""
    rows = image.rows(ImageInfo)
    return bool(rows) and rows[0].boot_id == read_boot_id()


class Checker:
    """One run of `check`."""

    def __init__(
        self,
        image: Image,
        looks: Looks,
        mounts: Mounts,
        rules: PathRules,
        *,
        timeout: float | None,
        digests: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.image = image
        self.looks = looks
        self.mounts = mounts
        self.rules = rules
        self.timeout = timeout
        self._gathering = Gathering(
            image, looks, mounts, same_boot=same_boot(image), digests=digests, progress=progress
        )
        self.is_same = self._gathering.is_same
        self._finder = Finder(looks, mounts, self.is_same)

    def judged(self) -> list[tuple[Subject, Verdict]]:
        """Every file object with its verdict, in the order of the image."""
        wanted = subjects(self.image, self.rules)
        self._gathering.look_at(wanted)
        found = [self._verdict(subject) for subject in wanted]
        return list(zip(wanted, self._with_rules(found), strict=True))

    def _with_rules(self, found: list[Verdict]) -> list[Verdict]:
        """What was found elsewhere gets the rule that leads there: one for all of a directory that moved."""
        moves = {
            one.path: one.found for one in found if one.found and is_clean(one.path) and one.found != one.path
        }
        rules = PathRules()
        if moves:
            stays = (verdicts.SAME, verdicts.CHANGED)
            fixed = {one.path for one in found if one.verdict in stays and is_clean(one.path)}
            lost = (verdicts.MISSING, verdicts.REPLACED, verdicts.UNREACHABLE)
            others = {one.path: () for one in found if one.verdict in lost and is_clean(one.path)}
            rules = PathRules(propose(moves, fixed - moves.keys(), Places(self.looks), others))
        return [self._with_rule(one, rules if one.path in moves else PathRules()) for one in found]

    def _with_rule(self, verdict: Verdict, rules: PathRules) -> Verdict:
        rule = rules.find(verdict.path)
        if rule is not None:
            return verdict._replace(remedies=(map_remedy(rule), *verdict.remedies))
        if verdict.verdict == verdicts.MOVED and not verdict.remedies:
            return verdict._replace(remedies=of_moved(verdict))
        return verdict

    def _verdict(self, subject: Subject) -> Verdict:
        if subject.kept:
            return self._kept(subject)
        inode = subject.inode
        if subject.place is None or inode is None:
            problem = "no path" if subject.place is None else "no inode"
            judged = Judgement(verdicts.UNREACHABLE, (f"the image has {problem} for it",))
            mend = of_incomplete(subject.file, has_path=subject.place is not None)
            return _made(subject, judged, _FAILS, mend)
        look = self._gathering.at(subject.place)
        if look is None:
            silent = Judgement(verdicts.UNREACHABLE, (f"no answer in {self.timeout:g} s",))
            return _made(subject, silent, _FAILS, self._to_reach(subject, inode, None))
        contents = self._gathering.contents(subject.place, inode)
        judged = self._gathering.judged(subject, inode, look, contents)
        if look.target is not None and look.link is not None and not stat.S_ISLNK(inode.mode):
            through = self._gathering.judged(subject, inode, Look(0, look.target), contents)
            if through.verdict in (verdicts.SAME, verdicts.CHANGED):
                return self._moved(subject, through, look.target_path, by_link=True)
        if judged.details == (judge.CTIME_ALONE,) and subject.has_another_name:
            judged = judged._replace(verdict=verdicts.SAME, details=(judge.CTIME_ALONE, judge.RENAMED))
        if judged.verdict == verdicts.MISSING:
            judged = self._unmounted(subject, judged)
        if judged.verdict == verdicts.UNREACHABLE:
            error = 0 if look.error in judge.ABSENT else look.error
            return _made(subject, judged, _FAILS, self._to_reach(subject, inode, error))
        if judged.verdict not in (verdicts.MISSING, verdicts.REPLACED):
            return self._named(subject, inode, judged, look)
        found = self._finder.find(subject)
        if found.judgement is not None and judged.verdict == verdicts.MISSING:
            there = self._gathering.read_there(subject, found.judgement, found.path)
            return self._moved(subject, there, found.path, by_link=False)
        if self.looks.top == b"/":  # elsewhere it is no news that the one of then is not below the root
            judged = judged._replace(details=judged.details + found.hints)
        return self._named(subject, inode, judged, look)._replace(found=found.path or None)

    def _kept(self, subject: Subject) -> Verdict:
        inode, place = subject.inode, subject.place
        look = contents = same_fs = host = None
        if place is not None and inode is not None:
            look = self._gathering.at(place) or Look(errno.ETIMEDOUT)
            contents = self._gathering.contents(place, inode)
            same_fs = self._gathering.same_fs(subject, look.seen) if look.seen is not None else None
            host = self._on_host(place)
        judged = judge_kept(self.image, subject.file, inode, look, contents, same_fs, subject.socket)
        if subject.lacking and judged.verdict == verdicts.KEPT:
            judged = Judgement(verdicts.MISSING, (subject.lacking,))
        if subject.file.kind in NAMELESS and judged.details != (REMOVED,):
            host = self._on_host(place) if place is not None else None
            if place is not None:
                judged = judge_name(judged, place, self._gathering.at)
            return _made(subject, judged, *nameless_outlook(judged, host))
        return _made(subject, judged, *keeper_outlook(judged, inode, host))

    def _unmounted(self, subject: Subject, judged: Judgement) -> Judgement:
        """Where the file system was mounted that the file was on, nothing is mounted: that is the reason.

        Below another root it need not be mounted: its files may have been copied there.
        """
        filesystem = subject.filesystem
        if filesystem is None or filesystem.mount_point == b"/" or subject.place is None:
            return judged
        point = filesystem.mount_point
        here = self.looks.top.rstrip(b"/") + point
        if not subject.place.startswith(point + b"/") or self.mounts.is_mount_point(here):
            return judged
        verdict = verdicts.UNREACHABLE if self.looks.top == b"/" else judged.verdict
        return Judgement(verdict, (verdicts.not_mounted(filesystem),))

    def _moved(self, subject: Subject, judged: Judgement, path: bytes, *, by_link: bool) -> Verdict:
        details: tuple[str, ...] = (verdicts.BY_LINK,) if by_link else ()
        if judged.verdict == verdicts.CHANGED:
            details += tuple(
                judge.UNVERIFIED if word == judge.CTIME_ALONE else word for word in judged.details
            )
        restart = "it goes right, through the link" if by_link else "it fails: nothing is at the old path"
        moved = judged._replace(verdict=verdicts.MOVED, details=details)
        return _made(subject, moved, restart)._replace(found=path or None)

    def _on_host(self, path: bytes) -> bytes:
        """The path on this machine of one below the root: what a command in a shell must name."""
        return self.looks.top.rstrip(b"/") + path

    def _to_reach(self, subject: Subject, inode: Inode, error: int | None) -> tuple[Remedy, ...]:
        return of_unreachable(inode, subject.filesystem, self._on_host(subject.looked_at), error)

    def _named(self, subject: Subject, inode: Inode, judged: Judgement, look: Look) -> Verdict:
        """The verdict on what was found, or not, under its name."""
        restart = outlook(subject.file, inode, subject.users, judged, look)
        path, keeper = self._on_host(subject.looked_at), None
        # A shell would follow an absolute link out of the root, to a file of this machine.
        leads_out = look.by_link and self.looks.top != b"/"
        if judged.verdict != verdicts.SAME and not leads_out:
            keeper = self._keeper(inode)
        mend = remedies(subject.file, inode, judged, path, keeper)
        if leads_out:
            mend = tuple(one for one in mend if one.action != verdicts.REPAIR)
        return _made(subject, judged, restart, mend)

    def _keeper(self, inode: Inode) -> bytes | None:
        """The file on this machine that keeps the contents of an inode, if it is there."""
        if inode.keeper not in (Keeper.COPIED, Keeper.RELINKED) or not inode.keeper_path:
            return None
        place = self.rules.apply(inode.keeper_path)
        look = self._gathering.at(place)
        if look is None or look.seen is None or look.by_link or not stat.S_ISREG(look.seen.mode):
            return None
        return self._on_host(place) if look.seen.size == inode.size else None


def _made(subject: Subject, judged: Judgement, restart: str = "", mend: tuple[Remedy, ...] = ()) -> Verdict:
    return Verdict(
        objref=subject.file.objref,
        path=subject.path,
        looked_at=subject.looked_at,
        users=subject.users,
        verdict=judged.verdict,
        details=judged.details,
        basis=judged.basis,
        evidence=judged.evidence,
        restart=restart,
        remedies=mend,
    )
