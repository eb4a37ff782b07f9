"""What is seen of the files of an image: each path is asked once, and read where that tells more."""

from __future__ import annotations

import errno
import stat

from crimg.looking.sightings import Contents, as_look
from crimg.preflight import judge
from crimg.preflight.comparison import SAME, identify, same_filesystem
from crimg.preflight.judge import Judgement, judge_look
from crimg.preflight.subjects import inodes_mapped_for_writing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crimg.looking.looks import Looks, Progress, Request
    from crimg.looking.mounts import Mounts
    from crimg.looking.sightings import Look, Seen
    from crimg.model import Inode
    from crimg.model.image import Image
    from crimg.preflight.subjects import Subject


class Gathering:
    """The looks of one check, and what follows from them alone."""

    def __init__(
        self,
        image: Image,
        looks: Looks,
        mounts: Mounts,
        *,
        same_boot: bool,
        digests: bool,
        progress: Progress | None,
    ) -> None:
        """digests: read files whose digest was recorded also where their inodes show no change."""
        self._looks = looks
        self._mounts = mounts
        self._same_boot = same_boot
        self._digests = digests
        self._progress = progress
        self._seen: dict[bytes, Look | None] = {}
        self._contents: dict[tuple[bytes, int], Contents] = {}
        self._mapped = inodes_mapped_for_writing(image)
        self._is_elsewhere = looks.top != b"/"
        self._originals: set[bytes] = set()

    def look_at(self, wanted: Sequence[Subject]) -> None:
        """Look at the places of all, and read what has to be read."""
        self._look([subject.place for subject in wanted if subject.place is not None])
        self._note_originals(wanted)
        self._read(wanted)

    def at(self, path: bytes) -> Look | None:
        """What stands at a path; None where no answer came in time."""
        self._look([path])
        return self._seen[path]

    def contents(self, path: bytes, inode: Inode) -> Contents | None:
        """What was read there for this inode; None for nothing."""
        return self._contents.get((path, inode.objref))

    def _look(self, paths: Iterable[bytes]) -> None:
        fresh = list(dict.fromkeys(path for path in paths if path not in self._seen))
        requests: list[Request] = [("look", path, ()) for path in fresh]
        for path, answer in zip(fresh, self._looks.run(requests, self._progress), strict=True):
            self._seen[path] = as_look(answer) if answer is not None else None

    def _note_originals(self, wanted: Sequence[Subject]) -> None:
        """Below another root: which directories are the very ones of then, and no copies."""
        for subject in wanted if self._is_elsewhere else ():
            inode, look = subject.inode, self._seen.get(subject.place or b"")
            if inode is None or look is None or look.seen is None or not stat.S_ISDIR(inode.mode):
                continue
            type_now = self._mounts.type_of(look.seen.mount_id)
            same_fs = same_filesystem(
                inode, subject.filesystem, look.seen, type_now, same_boot=self._same_boot
            )
            if identify(inode, look.seen, None, same_fs) == SAME:
                self._originals.add(subject.looked_at)

    def _is_in_original(self, path: bytes) -> bool:
        """Whether the path leads through a directory of then, so that another inode is another file."""
        while path not in self._originals:
            if not path or path == b"/":
                return False
            path = path.rpartition(b"/")[0] or b"/"
        return True

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
        answers = self._looks.run(list(requests.values()), self._progress)
        for key, answer in zip(requests, answers, strict=True):
            self._contents[key] = Contents(*answer) if answer is not None else Contents(errno.ETIMEDOUT)

    def _read_request(self, subject: Subject, path: bytes, inode: Inode) -> Request | None:
        look = self._seen[path]
        seen = (look.target or look.seen) if look is not None else None
        if seen is None or not judge.needs_contents(
            inode,
            seen,
            self.same_fs(subject, seen),
            always=self._digests or subject.kept,
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

    def same_fs(self, subject: Subject, seen: Seen) -> bool | None:
        """Whether it is on the file system of then, where inodes tell files apart; None where these do not.

        That is where the file system is not known again; and below another root, whose files may be copies on
        the very same file system. There another inode is another file only in a directory of then.
        """
        inode = subject.inode
        if inode is None:
            return None
        type_now = self._mounts.type_of(seen.mount_id)
        same_fs = same_filesystem(inode, subject.filesystem, seen, type_now, same_boot=self._same_boot)
        if same_fs and self._is_elsewhere and identify(inode, seen, None, same_fs) != SAME:
            return True if self._is_in_original(subject.place or b"") else None
        return same_fs

    def judged(self, subject: Subject, inode: Inode, look: Look, contents: Contents | None) -> Judgement:
        """The judgement on what was looked at, going by that alone."""
        same_fs = self.same_fs(subject, look.seen) if look.seen is not None else None
        return judge_look(inode, look, contents, same_fs, mapped=inode.objref in self._mapped)

    def is_same(self, subject: Subject, path: bytes) -> Judgement | None:
        """The judgement on what stands at another path, if it is the very inode; else None."""
        look, inode = self.at(path), subject.inode
        if look is None or look.seen is None or inode is None:
            return None
        if identify(inode, look.seen, None, self.same_fs(subject, look.seen)) != SAME:
            return None
        return self.judged(subject, inode, look, None)

    def read_there(self, subject: Subject, judged: Judgement, path: bytes) -> Judgement:
        """The judgement on what was found at another path, with its contents where they tell more."""
        look, inode = self._seen.get(path), subject.inode
        request = self._read_request(subject, path, inode) if look is not None and inode is not None else None
        if look is None or look.seen is None or inode is None or request is None:
            return judged
        name, path, arguments = request
        answer = self._looks.one(name, path, *arguments)
        contents = Contents(*answer) if answer is not None else Contents(errno.ETIMEDOUT)
        return self.judged(subject, inode, look, contents)
