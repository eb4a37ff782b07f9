"""Programs that a test needs."""

from __future__ import annotations

import os
import shutil

import pytest


def missing(reason: str) -> None:
    """Skip the test; with CI=true fail it, since there everything has to be tested."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def require(program: str) -> None:
    """Do without the test where this program is not installed."""
    if shutil.which(program) is None:
        missing(f"{program} is not installed")
