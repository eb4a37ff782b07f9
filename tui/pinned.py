"""The image that is shown, opened once more by a child: that one, and no later revision of it."""

from __future__ import annotations

from crimg.errors import ImageChangedError
from crimg.reader import open_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model.image import Image
    from crimg.tui.session import Session


def pin(session: Session) -> tuple[str, str, str]:
    """The words that tell a child which image to look at: descriptor, revision, fingerprint."""
    image = session.subject.image
    return str(session.fd), str(image.revision), image.fingerprint


def open_pinned(fd: str, revision: str, fingerprint: str) -> Image:
    """The image of these words. Raises ImageChangedError where it is not to be had any more, FormatError."""
    from crimg.validate import open_for_check

    path = f"/proc/self/fd/{fd}"
    image = open_for_check(path)
    if image.fingerprint == fingerprint:
        return image
    image.close()
    if image.revision >= int(revision):
        image = open_image(path, revision=int(revision))
        if image.fingerprint == fingerprint:
            return image
        image.close()
    raise ImageChangedError("the image was changed by another program: ctrl+r opens it anew")
