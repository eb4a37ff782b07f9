"""One check of an image against this machine: look, read where that tells more, judge."""

from __future__ import annotations

import errno
import stat

from crimg.kernel.procfs import read_boot_id
from crimg.looking.sightings import Contents, Look, as_look
from crimg.model import ImageInfo
from crimg.preflight import judge, verdicts
from crimg.preflight.comparison import SAME, identify, same_filesystem
from crimg.preflight.finding import Finder
from crimg.preflight.judge import Judgement, judge_look
from crimg.preflight.kept import judge_kept, keeper_outlook
from crimg.preflight.outlook import map_remedy, outlook
from crimg.preflight.proposals import Places, is_clean, propose
from crimg.preflight.subjects import inodes_mapped_for_writing, subjects
from crimg.preflight.verdicts import Verdict
from crimg.rewrite.rules import PathRules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.looking.looks import Looks, Progress, Request
    from crimg.looking.mounts import Mounts
    from crimg.looking.sightings import Seen
    from crimg.model import Inode
    from crimg.model.image import Image
    from crimg.preflight.subjects import Subject


def same_boot(image: Image) -> bool:
    """Whether this machine runs since before the dump, and made it: device numbers are those of then."""
    rows = image.rows(ImageInfo)
    return bool(rows) and rows[0].boot_id == read_boot_id()


class Checker:
    """One run of `check`. What is seen of a path is asked once, however many file objects have it."""

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
        self.digests = digests
        self.progress = progress
        self.same_boot = same_boot(image)
        self._seen: dict[bytes, Look | None] = {}
        self._contents: dict[tuple[bytes, int], Contents] = {}
        self._mapped = inodes_mapped_for_writing(image)
        self._finder = Finder(looks, mounts, self.is_same)

    def judged(self) -> list[tuple[Subject, Verdict]]:
        """Every file object with its verdict, in the order of the image."""
        wanted = subjects(self.image, self.rules)
        self._look_at([subject.place for subject in wanted if subject.place is not None])
        self._read(wanted)
        found = [self._verdict(subject) for subject in wanted]
        return list(zip(wanted, self._with_rules(found), strict=True))

    def _with_rules(self, found: list[Verdict]) -> list[Verdict]:
        """What was found elsewhere gets the rule that leads there: one for all of a directory that moved."""
        moves = {
            one.path: one.found for one in found if one.found and is_clean(one.path) and one.found != one.path
        }
        if not moves:
            return found
        stays = (verdicts.SAME, verdicts.CHANGED)
        fixed = {one.path for one in found if one.verdict in stays and is_clean(one.path)}
        lost = (verdicts.MISSING, verdicts.REPLACED, verdicts.UNREACHABLE)
        others = {one.path: () for one in found if one.verdict in lost and is_clean(one.path)}
        rules = PathRules(propose(moves, fixed - moves.keys(), Places(self.looks), others))
        return [
            one._replace(remedies=(map_remedy(rule), *one.remedies)) if rule and one.path in moves else one
            for one, rule in ((one, rules.find(one.path)) for one in found)
        ]

    def _look_at(self, paths: Sequence[bytes]) -> None:
        fresh = list(dict.fromkeys(path for path in paths if path not in self._seen))
        requests: list[Request] = [("look", path, ()) for path in fresh]
        for path, answer in zip(fresh, self.looks.run(requests, self.progress), strict=True):
            self._seen[path] = as_look(answer) if answer is not None else None

    def _read(self, wanted: Sequence[Subject]) -> None:
        """Read files whose contents can add to what is known, once for each inode they are held against."""
        requests: dict[tuple[bytes, int], Request] = {}
        for subject in wanted:
            if subject.place is None or subject.inode is None:
                continue
            key = (subject.place, subject.inode.objref)
            request = (
                self._read_request(subject, subject.place, subject.inode) if key not in requests else None
            )
            if request is not None:
                requests[key] = request
        answers = self.looks.run(list(requests.values()), self.progress)
        for key, answer in zip(requests, answers, strict=True):
            self._contents[key] = Contents(*answer) if answer is not None else Contents(errno.ETIMEDOUT)

    def _read_request(self, subject: Subject, path: bytes, inode: Inode) -> Request | None:
        look = self._seen[path]
        seen = (look.target or look.seen) if look is not None else None
        if seen is None or not judge.needs_contents(
            inode,
            seen,
            self._same_fs(subject, seen),
            always=self.digests or subject.kept,
            mapped=inode.objref in self._mapped,
        ):
            return None
        arguments = (
            (seen.device, seen.number),
            judge.digest_length(inode, seen),
            inode.build_id is not None,
            inode.generation is not None,
        )
        return "read", path, arguments

    def _same_fs(self, subject: Subject, seen: Seen) -> bool | None:
        if subject.inode is None:
            return None
        type_now = self.mounts.type_of(seen.mount_id)
        return same_filesystem(subject.inode, subject.filesystem, seen, type_now, same_boot=self.same_boot)

    def is_same(self, subject: Subject, path: bytes) -> Judgement | None:
        """The judgement on what stands at another path, if it is the very inode; else None."""
        self._look_at([path])
        look = self._seen[path]
        if look is None or look.seen is None or subject.inode is None:
            return None
        same_fs = self._same_fs(subject, look.seen)
        if identify(subject.inode, look.seen, None, same_fs) != SAME:
            return None
        return judge_look(subject.inode, look, None, same_fs, mapped=subject.inode.objref in self._mapped)

    def _read_there(self, subject: Subject, judged: Judgement, path: bytes) -> Judgement:
        """The judgement on what was found at another path, with its contents where they tell more."""
        look, inode = self._seen.get(path), subject.inode
        request = self._read_request(subject, path, inode) if look is not None and inode is not None else None
        if look is None or look.seen is None or inode is None or request is None:
            return judged
        name, path, arguments = request
        answer = self.looks.one(name, path, *arguments)
        contents = Contents(*answer) if answer is not None else Contents(errno.ETIMEDOUT)
        mapped = inode.objref in self._mapped
        return judge_look(inode, look, contents, self._same_fs(subject, look.seen), mapped=mapped)

    def _verdict(self, subject: Subject) -> Verdict:
        if subject.kept:
            return self._kept(subject)
        inode = subject.inode
        if subject.place is None or inode is None:
            problem = "no path" if subject.place is None else "no inode"
            return self._made(subject, Judgement(verdicts.UNREACHABLE, (f"the image has {problem} for it",)))
        look = self._seen[subject.place]
        if look is None:
            silent = Judgement(verdicts.UNREACHABLE, (f"no answer in {self.timeout:g} s",))
            return self._made(subject, silent, restart="it fails here, or hangs")
        contents = self._contents.get((subject.place, inode.objref))
        same_fs = self._same_fs(subject, look.seen) if look.seen is not None else None
        mapped = inode.objref in self._mapped
        judged = judge_look(inode, look, contents, same_fs, mapped=mapped)
        if look.target is not None and look.link is not None and not stat.S_ISLNK(inode.mode):
            target_fs = self._same_fs(subject, look.target)
            through = judge_look(inode, Look(0, look.target), contents, target_fs, mapped=mapped)
            if through.verdict in (verdicts.SAME, verdicts.CHANGED):
                return self._moved(subject, through, look.target_path, by_link=True)
        if judged.details == (judge.CTIME_ALONE,) and subject.has_another_name:
            judged = judged._replace(verdict=verdicts.SAME, details=(judge.CTIME_ALONE, judge.RENAMED))
        if judged.verdict == verdicts.MISSING:
            judged = self._unmounted(subject, judged)
        if judged.verdict in (verdicts.MISSING, verdicts.REPLACED):
            found = self._finder.find(subject)
            if found.judgement is not None and judged.verdict == verdicts.MISSING:
                there = self._read_there(subject, found.judgement, found.path)
                return self._moved(subject, there, found.path, by_link=False)
            judged = judged._replace(details=judged.details + found.hints)
            return self._made(subject, judged, look=look, found=found.path or None)
        return self._made(subject, judged, look=look)

    def _kept(self, subject: Subject) -> Verdict:
        inode = subject.inode
        look = contents = same_fs = None
        if subject.place is not None and inode is not None:
            look = self._seen[subject.place] or Look(errno.ETIMEDOUT)
            contents = self._contents.get((subject.place, inode.objref))
            same_fs = self._same_fs(subject, look.seen) if look.seen is not None else None
        judged = judge_kept(self.image, subject.file, inode, look, contents, same_fs)
        restart, remedies = keeper_outlook(judged, self._on_host(subject.place) if subject.place else None)
        return self._made(subject, judged, restart=restart)._replace(remedies=remedies)

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
        details: tuple[str, ...] = ("a symbolic link leads there",) if by_link else ()
        if judged.verdict == verdicts.CHANGED:
            details += tuple(
                judge.UNVERIFIED if word == judge.CTIME_ALONE else word for word in judged.details
            )
        restart = "it goes right, through the link" if by_link else "it fails: nothing is at the old path"
        moved = judged._replace(verdict=verdicts.MOVED, details=details)
        return self._made(subject, moved, restart=restart, found=path or None)

    def _on_host(self, path: bytes) -> bytes:
        """The path on this machine of one below the root: what a command in a shell must name."""
        return self.looks.top.rstrip(b"/") + path

    def _made(
        self,
        subject: Subject,
        judged: Judgement,
        *,
        look: Look | None = None,
        found: bytes | None = None,
        restart: str = "",
    ) -> Verdict:
        remedies: tuple[verdicts.Remedy, ...] = ()
        if look is not None and subject.inode is not None:
            place = self._on_host(subject.looked_at)
            restart, remedies = outlook(subject.file, subject.inode, subject.users, judged, look, place)
            if look.by_link and self.looks.top != b"/":
                # A shell would follow an absolute link out of the root, to a file of this machine.
                remedies = tuple(one for one in remedies if one.action != verdicts.REPAIR)
        return Verdict(
            objref=subject.file.objref,
            path=subject.path,
            looked_at=subject.looked_at,
            users=subject.users,
            verdict=judged.verdict,
            details=judged.details,
            basis=judged.basis,
            evidence=judged.evidence,
            found=found,
            restart=restart,
            remedies=remedies,
        )
