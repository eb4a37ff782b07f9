"""What `criu restore` would say of the files of this machine, for all files of an image at once.

CRIU opens every file by its name and compares the size, the mode and the build-id that it recorded. It ends
with the first that differs; it does not see a file of the same size with other contents.
"""

from __future__ import annotations

import stat

from crimg.escape import escape
from crimg.looking.sightings import Contents, as_look
from crimg.model import Socket
from crimg.model.enums import FileKind, Keeper, NameState
from crimg.model.record import unrecorded
from crimg.preflight import verdicts
from crimg.preflight.criu_mounts import CriuMounts
from crimg.preflight.judge import GROWN, PERMISSIONS, SHRUNK, judge_error, type_name
from crimg.preflight.kept import REMOVED, is_removed
from crimg.preflight.remedies import shell_path
from crimg.preflight.subjects import subjects
from crimg.preflight.verdicts import Remedy, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from crimg.criu.store import CriuStore
    from crimg.looking.looks import Looks, Progress
    from crimg.looking.sightings import Look, Seen
    from crimg.model.image import Image
    from crimg.preflight.subjects import Subject
    from crimg.rewrite.rules import PathRules

_NAMED = (FileKind.REGULAR, FileKind.DIRECTORY, FileKind.CHARACTER_DEVICE, FileKind.FIFO)
_MODE = 0o7777
BAD_BUILD_ID = "other build-id"
UNSEEN = "only its size and mode are compared: CRIU would not see other contents"
NO_SIZE = "no size was recorded: CRIU takes any file of this name"
SPENT = "the link that keeps it is gone: a restore removes it, or it was left behind"


class CriuChecker:
    """One run of `check` for an image of CRIU, in the role of crimg.preflight.checker.Checker."""

    def __init__(
        self,
        image: Image,
        store: CriuStore,
        looks: Looks,
        rules: PathRules,
        *,
        progress: Progress | None = None,
    ) -> None:
        self.image = image
        self.looks = looks
        self._store = store
        self._mounts = CriuMounts(store)
        self._rules = rules
        self._progress = progress

    def judged(self) -> list[tuple[Subject, Verdict]]:
        """Every file object with its verdict, in the order of the image."""
        wanted = subjects(self.image, self._rules)
        for each in wanted:
            each.place = self._mounts.place(each) or each.place
        places = list(dict.fromkeys(each.place for each in wanted if each.place is not None))
        places += [point for point in self._mounts.points if point not in places]
        answers = self.looks.run([("look", place, ()) for place in places], self._progress)
        looked = {
            place: as_look(answer) if answer is not None else None
            for place, answer in zip(places, answers, strict=True)
        }
        return [(each, self._verdict(each, looked)) for each in wanted]

    def is_same(self, _subject: Subject, _path: bytes) -> None:
        """CRIU records no inode by which a file could be known elsewhere."""
        return

    def _entry(self, subject: Subject) -> Any:
        """The entry of files.img that CRIU compares with, or None."""
        number = (subject.file.extra or {}).get("criu_id")
        entry = self._store.files.get(number) if isinstance(number, int) else None
        return entry.reg if entry is not None and entry.HasField("reg") else None

    def _verdict(self, subject: Subject, looked: Mapping[bytes, Look | None]) -> Verdict:
        file, inode = subject.file, subject.inode
        socket = self.image.find(Socket, file.objref)
        if is_removed(self.image, file, inode) or (socket is not None and socket.is_removed):
            restart = "criu restore makes it with zero bytes"
            return self._made(subject, verdicts.MISSING, (REMOVED,), restart)
        if file.kind not in _NAMED or inode is None:
            return self._made(subject, verdicts.KEPT, ("made anew from the image",))
        if (file.extra or {}).get("given_at_restore"):
            return self._made(subject, verdicts.KEPT, ("given at the restore (--external, --inherit-fd)",))
        if file.name_state == NameState.DELETED:
            if inode.keeper == Keeper.EMBEDDED or not stat.S_ISREG(inode.mode):
                return self._made(subject, verdicts.KEPT, ("made anew from its ghost file",))
            return self._made(subject, verdicts.MISSING, ("its ghost file is not in the image",), "it fails")
        if (by_mount := self._mounts.judged(subject, looked)) is not None:
            return self._made(subject, by_mount.verdict, (by_mount.detail,), by_mount.restart)
        look = looked.get(subject.place or b"")
        if look is None:
            return self._made(
                subject, verdicts.UNREACHABLE, ("no answer in time",), "it fails here, or hangs"
            )
        seen = look.target or look.seen
        if seen is None or (look.link is not None and look.target is None):
            return self._absent(subject, look)
        if file.name_state == NameState.RELINKED:
            return self._made(subject, verdicts.KEPT, ("re-linked",))
        return self._compared(subject, seen)

    def _absent(self, subject: Subject, look: Look) -> Verdict:
        restart = f"criu restore ends: Can't open file {escape(subject.looked_at)}"
        if subject.file.name_state == NameState.RELINKED:
            return self._made(subject, verdicts.MISSING, (SPENT,), restart)
        judged = judge_error(look.error) if look.error else None
        verdict = judged.verdict if judged is not None else verdicts.MISSING
        details = judged.details if judged is not None else ("a symbolic link that leads nowhere",)
        place = shell_path(subject.looked_at)
        remedies = (
            Remedy(verdicts.RELOCATE, "look for it: crimg relocate IMAGE DIRECTORY"),
            Remedy(verdicts.BRING_BACK, f"bring back {place}"),
        )
        return self._made(subject, verdict, details, restart, remedies)

    def _compared(self, subject: Subject, seen: Seen) -> Verdict:
        """As validate_file and open_path of criu/files-reg.c do it: size, build-id, mode."""
        entry, inode = self._entry(subject), subject.inode
        name, place = escape(subject.looked_at), shell_path(subject.looked_at)
        mode = entry.mode if entry is not None and entry.HasField("mode") else None
        if mode is None and inode is not None and "mode" not in unrecorded(inode):
            mode = inode.mode
        if mode is not None and stat.S_IFMT(mode) != stat.S_IFMT(seen.mode):
            text = f"{type_name(seen.mode)} has the name, it was {type_name(mode)}"
            restart = f"criu restore ends: File {name} has bad mode 0{seen.mode:o} (expect 0{mode:o})"
            return self._made(subject, verdicts.REPLACED, (text,), restart)
        if entry is not None and entry.HasField("size") and entry.size != seen.size:
            detail = GROWN if seen.size > entry.size else SHRUNK
            restart = f"criu restore ends: File {name} has bad size {seen.size} (expect {entry.size})"
            cut = Remedy(
                verdicts.REPAIR, f"truncate -s {entry.size} {place}  # right only if it was appended to"
            )
            back = Remedy(verdicts.BRING_BACK, f"bring back {place} of {entry.size} bytes")
            remedies = (cut, back) if detail == GROWN else (back,)
            return self._made(subject, verdicts.CHANGED, (detail,), restart, remedies)
        if entry is not None and entry.build_id and stat.S_ISREG(seen.mode):
            wanted = b"".join(word.to_bytes(4, "little") for word in entry.build_id)
            found = self._build_id(subject, seen)
            if found is not None and found + bytes(-len(found) % 4) != wanted:
                restart = f"criu restore ends: File {name} has bad build-ID"
                back = Remedy(verdicts.BRING_BACK, f"bring back {place} with build-id {wanted.hex()}")
                return self._made(subject, verdicts.CHANGED, (BAD_BUILD_ID,), restart, (back,))
            return self._by_mode(subject, seen, mode, ())
        details: tuple[str, ...] = ()
        if entry is not None and stat.S_ISREG(seen.mode):
            details = (UNSEEN,) if entry.HasField("size") else (NO_SIZE,)
        return self._by_mode(subject, seen, mode, details)

    def _by_mode(self, subject: Subject, seen: Seen, mode: int | None, details: tuple[str, ...]) -> Verdict:
        if mode is None or mode == seen.mode:
            return self._made(subject, verdicts.SAME, details)
        name, place = escape(subject.looked_at), shell_path(subject.looked_at)
        restart = f"criu restore ends: File {name} has bad mode 0{seen.mode:o} (expect 0{mode:o})"
        remedies = (
            Remedy(verdicts.REPAIR, f"chmod {mode & _MODE:04o} {place}"),
            Remedy(verdicts.ACCEPT, "criu restore --skip-file-rwx-check"),
        )
        return self._made(subject, verdicts.CHANGED, (PERMISSIONS,), restart, remedies)

    def _build_id(self, subject: Subject, seen: Seen) -> bytes | None:
        arguments = ((seen.device, seen.number), None, True, False)
        answer = self.looks.one("read", subject.place or b"", *arguments)
        return Contents(*answer).build_id if answer is not None else None

    def _made(
        self,
        subject: Subject,
        verdict: str,
        details: tuple[str, ...],
        restart: str = "",
        remedies: tuple[Remedy, ...] = (),
    ) -> Verdict:
        return Verdict(
            objref=subject.file.objref,
            path=subject.path,
            looked_at=subject.looked_at,
            users=subject.users,
            verdict=verdict,
            details=details,
            restart=restart,
            remedies=remedies,
        )
