"""crimg: checkpoint images of Linux processes, made, read, and shown.

`crimg.open(path)` gives an `Image` (crimg.model.image), whose rows are the record classes of crimg.model;
`crimg.CrimgError` is the base of all errors. Everything else is imported from the module that has it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.errors import CrimgError, FormatError
    from crimg.model.image import Image
    from crimg.reader import open_image as open

__version__ = "0.1.0"
__all__ = ["CrimgError", "FormatError", "Image", "__version__", "open"]

_HOMES = {
    "CrimgError": ("crimg.errors", "CrimgError"),
    "FormatError": ("crimg.errors", "FormatError"),
    "Image": ("crimg.model.image", "Image"),
    "open": ("crimg.reader", "open_image"),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562): `import crimg` alone costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'crimg' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
