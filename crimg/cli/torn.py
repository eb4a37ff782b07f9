"""What verbs say of an image whose last rewrite was cut short."""

from __future__ import annotations

from crimg.reader import criu_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model.image import Image


def note_torn(image: Image, name: str, *, quiet: bool = False) -> None:
    """Say on the standard error, in one line, what is behind the last whole revision; nothing for nothing."""
    criu = criu_store(image)
    unfinished = criu is not None and criu.directory.unfinished()
    if not (image.torn or unfinished) or quiet:
        return
    from crimg.cli.output import shown_name
    from crimg.cli.streams import say

    shown = shown_name(name)
    if unfinished:
        say(f"note: {shown}: a rewrite was cut short, or is going on; crimg undo takes back what it did")
        return
    behind = f"{image.torn} bytes behind revision {image.revision}"
    if _is_rewritten(image):
        say(f"note: {shown}: {behind}: a rewrite is going on; this is the image before it")
    else:
        say(
            f"note: {shown}: {behind}, of a rewrite that was cut short;"
            " they are not looked at, and the next rewrite or undo removes them"
        )


def _is_rewritten(image: Image) -> bool:
    """Whether another program has the lock of the file."""
    from crimg.reader.file import ImageFile
    from crimg.writer.locking import is_locked

    return isinstance(image.store, ImageFile) and is_locked(image.store.fd)
