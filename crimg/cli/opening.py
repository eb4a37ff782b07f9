"""Opening the image that a verb is about: its errors name it, and a torn end is said."""

from __future__ import annotations

import os
from contextlib import contextmanager

from crimg.cli.output import shown_name
from crimg.collecting import no_collection
from crimg.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.views.subject import Subject

VALIDATE = "; crimg validate tells more"


@contextmanager
def named(name: str, hint: str = VALIDATE) -> Iterator[None]:
    """Make each FormatError say the name of the image, if it does not yet. hint: what to do, at its end."""
    try:
        yield
    except FormatError as error:
        text, shown = str(error), f"{shown_name(name)}: "
        if text.startswith(shown):
            raise
        raise FormatError(f"{shown}{text}{hint}") from error


@contextmanager
def opened(name: str, alias: str = "", *, quiet: bool = False) -> Iterator[Subject]:
    """The image of this name. Raises FormatError that names it, also for damage which is met later.

    alias: what to call it, where that is not its name.  quiet: do not say that its end is torn.

    Rows and what is made of them make no cycles: collecting them would take a good part of the time of a big
    image.
    """
    from crimg.cli.torn import note_torn
    from crimg.reader import open_image
    from crimg.views.subject import Subject

    with named(alias or name), no_collection(), open_image(name) as image:
        note_torn(image, alias or name, quiet=quiet)
        yield Subject(image, os.fsencode(alias or name))
