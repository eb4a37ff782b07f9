"""crimg as a user has it: installed from a wheel, which starts otherwise than a working copy."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from tests.bench.measure import CommandError

_ROOT = Path(__file__).parents[2]


def is_editable() -> bool:
    """Whether the crimg of this interpreter is a working copy."""
    return "editable" in (distribution("crimg").read_text("direct_url.json") or "")


@cache
def scripts(folder: Path) -> tuple[Path, Path, str]:
    """An interpreter, its `crimg` command, and how that was installed.

    Where the crimg of this interpreter is a working copy, a wheel is built and put into an environment of its
    own in `folder`, which takes the packages that crimg needs from here.
    """
    if not is_editable():
        return Path(sys.executable), Path(sysconfig.get_path("scripts")) / "crimg", "as it is installed here"
    wheels, environment = folder / "wheels", folder / "environment"
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels))
    (wheel,) = wheels.glob("*.whl")
    _run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    python = environment / "bin" / "python"
    _run(
        *(sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"),
        *("install", "--quiet", "--no-index", "--no-deps", str(wheel)),
    )
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python, environment / "bin" / "crimg", "from a wheel, in an environment of its own"


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"{' '.join(command)}: {done.stderr.strip()}")
