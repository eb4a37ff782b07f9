"""Files that need nothing of the old names: deleted ones, whose contents are kept, and what never had one."""

from __future__ import annotations

import stat

from crimg.model import File, Pipe
from crimg.model.enums import NAMELESS, FileKind, Keeper, NameState
from crimg.preflight import judge, verdicts
from crimg.preflight.comparison import digest_of
from crimg.preflight.judge import Judgement
from crimg.preflight.nameless import contents_words, judge_nameless
from crimg.preflight.remedies import description, map_to_fill_in, shell_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.looking.sightings import Contents, Look
    from crimg.model import Inode, Socket
    from crimg.model.image import Image

UNLINKED = frozenset((NameState.DELETED, NameState.REPLACED, NameState.RELINKED))
"""States of a name at the dump that leave nothing to be looked for under it."""


REMOVED = "its contents were removed from the image on purpose"


def is_kept(image: Image, file: File, inode: Inode | None) -> bool:
    """Whether a restart makes it without a file under its name, or would have to."""
    unlinked = inode is not None and file.name_state in UNLINKED
    made = file.kind in NAMELESS or unlinked or is_removed(image, file, inode)
    return made or is_made_terminal(image, file)


def is_made_terminal(image: Image, file: File) -> bool:
    """Whether it is the slave side of a pseudo-terminal whose master side is in the image, too."""
    if file.tty is None or file.kind != FileKind.CHARACTER_DEVICE:
        return False
    return any(other.kind == FileKind.PTY_MASTER and other.tty == file.tty for other in image.rows(File))


def is_removed(image: Image, file: File, inode: Inode | None) -> bool:
    """Whether what was in it was removed from the image on purpose (specs/redaction.md)."""
    pipe = image.find(Pipe, file.pipe)
    return (pipe is not None and pipe.is_removed) or (inode is not None and inode.keeper == Keeper.REMOVED)


def keeper_path(inode: Inode | None) -> bytes | None:
    """The file that keeps the contents of a deleted one, where that is one of this machine."""
    if inode is None or inode.keeper not in (Keeper.COPIED, Keeper.RELINKED):
        return None
    return inode.keeper_path


def judge_kept(
    image: Image, file: File, inode: Inode | None, look: Look | None, contents: Contents | None,
    same_fs: bool | None, socket: Socket | None = None,
) -> Judgement:  # fmt: skip
    """The verdict on what `is_kept`. look, contents, same_fs: of its keeper, where that is a file."""
    if is_removed(image, file, inode) or (socket is not None and socket.is_removed):
        return Judgement(verdicts.MISSING, (REMOVED,))
    if is_made_terminal(image, file):
        return Judgement(verdicts.KEPT, ("a pseudo-terminal, made anew with its master side",))
    if file.kind in NAMELESS or inode is None:
        return judge_nameless(image, file, inode, socket)
    if inode.keeper == Keeper.EMBEDDED:
        absent = [blob for blob in inode.blobs if image.section(blob) is None]
        if absent:
            return Judgement(
                verdicts.MISSING, (f"section {absent[0]} with its contents is not in the image",)
            )
        return Judgement(verdicts.KEPT, (contents_words(inode.size),))
    if look is not None and inode.keeper_path is not None:
        return _judge_keeper(inode, look, contents, same_fs)
    if not stat.S_ISREG(inode.mode):
        return Judgement(verdicts.KEPT, (f"{judge.type_name(inode.mode)} that was deleted, made anew",))
    return Judgement(verdicts.MISSING, ("deleted, and its contents are kept nowhere",))


def _judge_keeper(inode: Inode, look: Look, contents: Contents | None, same_fs: bool | None) -> Judgement:
    if inode.keeper == Keeper.RELINKED:
        judged = judge.judge_look(inode, look, contents, same_fs)
        if judged.verdict == verdicts.SAME:
            return judged._replace(verdict=verdicts.KEPT, details=("re-linked",))
        if judged.details[:1] == (judge.CTIME_ALONE,):  # linking it again has set the ctime in any case
            return judged._replace(verdict=verdicts.KEPT, details=("re-linked", judge.UNVERIFIED))
        return judged._replace(details=_of_keeper(judged))
    if look.seen is None:
        judged = judge.judge_error(look.error)
        return judged._replace(details=_of_keeper(judged))
    if not stat.S_ISREG(look.seen.mode):
        return Judgement(verdicts.REPLACED, (f"its keeper is {judge.type_name(look.seen.mode)} now",))
    if look.seen.size != inode.size:
        return Judgement(verdicts.CHANGED, (f"its keeper has {look.seen.size} bytes, not {inode.size}",))
    if digest_of(inode) is not None and contents is not None and contents.digest is not None:
        if contents.digest != inode.digest:
            return Judgement(verdicts.CHANGED, ("its keeper has other contents",), verdicts.BY_DIGEST)
        return Judgement(verdicts.KEPT, ("in a copy",), verdicts.BY_DIGEST)
    return Judgement(verdicts.KEPT, ("in a copy, known by its size",), verdicts.BY_SIZE)


def _of_keeper(judged: Judgement) -> tuple[str, ...]:
    """The details of a judgement, said of a keeper."""
    if judged.verdict == verdicts.MISSING:
        return ("its keeper is not there", *judged.details)
    return ("its keeper", *judged.details)


def keeper_outlook(
    judged: Judgement, inode: Inode | None, path: bytes | None
) -> tuple[str, tuple[verdicts.Remedy, ...]]:
    """What a restart would do where the keeper is not as it should be, and what would mend it.

    path: of the keeper on this machine.
    """
    if judged.verdict == verdicts.KEPT:
        return "", ()
    if judged.details == (REMOVED,):
        original = "take the image from which they were not removed, or another one of the process"
        return "it is refused: what was in it cannot be brought back", (
            verdicts.Remedy(verdicts.BRING_BACK, original),
        )
    there = judged.verdict in (verdicts.CHANGED, verdicts.REPLACED)
    restart = (
        "it fails, or the deleted file comes back as its keeper is now"
        if there
        else "it fails: the contents of the deleted file are not to be had"
    )
    if path is None or inode is None:
        return restart, (verdicts.Remedy(verdicts.BRING_BACK, "take another image of the process"),)
    where = shell_path(path)
    area = (inode.keeper_path or path).rpartition(b"/")[0] or b"/"
    return restart, (
        verdicts.Remedy(verdicts.BRING_BACK, f"bring back its keeper {where}, {description(inode)}"),
        verdicts.Remedy(verdicts.BRING_BACK, f"if the keepers are elsewhere now: {map_to_fill_in(area)}"),
    )
