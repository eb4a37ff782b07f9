"""What is shipped: one top-level package with all that format/ and tui/ hold, and links that resolve."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import crimg

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def tracked(folder: str) -> set[str]:
    """Files of a folder that belong to the project: not node modules, not caches."""
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not {"node_modules", "__pycache__"} & set(path.parts)
    }


@pytest.mark.parametrize("name", ["format", "tui"])
def test_link_leads_to_the_folder(name: str) -> None:
    link = ROOT / "crimg" / name
    assert link.is_symlink(), f"crimg/{name} is no symbolic link: this checkout has none (core.symlinks?)"
    assert link.readlink() == Path("..") / name
    assert link.resolve() == ROOT / name


@pytest.mark.parametrize("name", ["format", "tui"])
def test_wheel_has_every_file_of_the_folder(wheel: zipfile.ZipFile, name: str) -> None:
    shipped = set(wheel.namelist())
    missing = {path for path in tracked(name) if f"crimg/{path}" not in shipped}
    assert not missing


def test_wheel_has_one_top_level_package(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"crimg", f"crimg-{crimg.__version__}.dist-info"}
    assert "crimg/py.typed" in wheel.namelist()
    assert not [name for name in wheel.namelist() if "node_modules" in name or "__pycache__" in name]


def test_version_is_said_twice_and_alike() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == crimg.__version__


def test_installed_wheel_runs_from_anywhere(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """As `pip install .` leaves it: `python -m crimg`, from any folder and from the repository."""
    wheel.extractall(tmp_path / "site")
    for folder in (tmp_path, ROOT):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "crimg", "--version"],
            cwd=folder,
            env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert crimg.__version__ in done.stdout
