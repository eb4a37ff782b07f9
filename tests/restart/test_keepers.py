"""Deleted files that are kept in files of their own: opened, deleted at the end, and never another file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import crimg
from crimg import restart
from crimg.errors import FileError, FilesDifferError
from crimg.preflight import check
from tests.dump import deleted
from tests.dump.programs import Agent
from tests.restart.comeback import bring_back, put_away

if TYPE_CHECKING:
    from pathlib import Path

    from crimg.restart.steps import Step

CODE = """
import mmap
gone = os.open("gone", os.O_RDWR | os.O_CREAT, 0o640)
os.write(gone, b"kept")
os.lseek(gone, 1, 0)
os.ftruncate(gone, 1 << 16)
mapped = mmap.mmap(gone, 1 << 16)
if LINKED:
    os.link("gone", "other name")
os.unlink("gone")
"""


@pytest.mark.parametrize("way", ["copy", "relink"])
def test_the_keeper_goes(way: str, tmp_path: Path) -> None:
    """A copy; another name of a file that has one left."""
    area = tmp_path / "area"
    with Agent(f"LINKED = {way == 'relink'}{CODE}", tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image", deleted=[way], keep_dir=str(area))
        assert os.listdir(area)
        bring_back(agent, tmp_path / "image")
        assert os.listdir(area) == []
        assert agent.ask("os.read(gone, 3), os.fstat(gone).st_nlink") == (b"ept", way == "relink")
        assert agent.ask("mapped.__setitem__(0, 75), os.pread(gone, 4, 0)") == (None, b"Kept")
        assert agent.ask("oct(os.fstat(gone).st_mode)") == "0o100640"


@pytest.mark.parametrize("way", ["embed", "copy"])
def test_all_of_it_comes_back(way: str, tmp_path: Path) -> None:
    """Holes, mode, owner, times, extended attributes, too; what is mapped is read by that."""
    with Agent(deleted.CODE, tmp_path / "target") as agent:
        known = agent.ask("known")
        put_away(agent, tmp_path / "image", deleted=[way], keep_dir=str(tmp_path / "area"))
        bring_back(agent, tmp_path / "image")
        for name in ("opened", "linked", "unnamed"):
            assert agent.ask(f"facts({name})") == known[name][1]
        assert agent.ask("facts(both)[4:]") == known["both"][1][4:]


@pytest.mark.parametrize("late", [False, True])
def test_another_file_in_its_place_is_left_alone(late: bool, tmp_path: Path) -> None:
    """Put there after preflight; before the keeper is opened, or (late) after that."""
    area = tmp_path / "area"
    with Agent(f"LINKED = True{CODE}", tmp_path / "target") as agent:
        put_away(agent, tmp_path / "image", deleted=["relink"], keep_dir=str(area))

        def replace(_index: int, _total: int, step: Step) -> None:
            if type(step).__name__ == ("LetGo" if late else "MakeDeleted"):
                for path in area.iterdir():
                    path.rename(tmp_path / path.name)
                    path.write_bytes((tmp_path / path.name).read_bytes())

        with crimg.open(tmp_path / "image") as image:
            plan = restart.plan(image, check(image))
            with pytest.raises(FileError if late else FilesDifferError, match="another file"):
                restart.restart(image, plan, progress=replace)
        assert len(os.listdir(area)) == 1
        assert not os.path.exists(f"/proc/{agent.pid}")
