"""Restamp of images of CRIU: size, mode and build-id of the files that are now at the paths of an image.

These are what `criu restore` compares (validate_file and open_path of criu/files-reg.c). Of what the dump did
not record nothing is taken.
"""

from __future__ import annotations

import os
import stat

from crimg.criu.editing import edited
from crimg.criu.splicing import numbered
from crimg.escape import escape
from crimg.looking.mounts import Mounts
from crimg.looking.watched import TIMEOUT, looks_for
from crimg.rewrite.criu import LINKED
from crimg.rewrite.criu_plan import CriuChange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from crimg.criu.directory import Files
    from crimg.criu.splicing import Tree
    from crimg.criu.store import CriuStore

RULE = "restamp"
SIZE, MODE, BUILD_ID = "size", "mode", "build_id"
_FIELDS = {SIZE: 8, MODE: 10, BUILD_ID: 11}
"""Fields of RegularFile (crimg/criu/criu.proto)."""
_WHERE: dict[str, Tree | str] = {"files": {3: "reg"}, "reg-files": "reg"}
"""Stem of an image file to where it holds messages of that kind."""


class CriuRestamp:
    """Where files are looked at. root: directory that stands for "/".  timeout: seconds for an answer."""

    def __init__(self, root: str | bytes = "/", timeout: float | None = TIMEOUT) -> None:
        self.root = root
        self.timeout = timeout

    def changes(
        self, store: CriuStore, names: dict[int, tuple[bytes, bytes]], *, everything: bool
    ) -> tuple[list[CriuChange], list[str]]:
        """What changes of the entries with these ids (path before and after), and what does not fit.

        Of a file that a link keeps, that link is looked at: a restore gives it the old name.  everything: of
        all of them, not only of those that get another path. Raises FileError and NoAnswerError where the
        root cannot be looked at.
        """
        linked = [each for each in store.remaps.values() if each.remap_type == LINKED]
        names = names | {each.orig_id: names[each.remap_id] for each in linked if each.remap_id in names}
        wanted = [
            (entry, after)
            for entry in store.file_entries
            if entry.HasField("reg") and entry.id in names
            for before, after in (names[entry.id],)
            if everything or before != after
        ]
        requests = [
            ("columns", path, (stat.S_IFMT(entry.reg.mode) or stat.S_IFREG, bool(entry.reg.build_id), False))
            for entry, path in wanted
        ]
        with looks_for(self.root, self.timeout, Mounts()) as looks:
            answers = looks.run(requests)
        changes: list[CriuChange] = []
        conflicts = []
        for (entry, path), answer in zip(wanted, answers, strict=True):
            if fault := _fault(entry.reg, answer):
                conflicts.append(f"{escape(path)} {fault}")
            else:
                changes += _differences(entry.id, entry.reg, answer[1])
        return changes, conflicts


def put(files: Files, changes: Iterable[CriuChange], contents: dict[str, bytes]) -> None:
    """Put changes of entries into the bytes of their files. contents: name to bytes of files that change."""
    values: dict[int, dict[int, tuple[int, ...]]] = {}
    for change in changes:
        after = _words(change.after) if change.place == BUILD_ID else (change.after,)
        values.setdefault(change.criu_id, {})[_FIELDS[change.place]] = after
    for part in files.parts.values():
        if values and part.stem in _WHERE and part.kind is not None and part.size:
            old = contents.get(part.name, bytes(part.view))
            new = edited(
                old,
                part.kind,
                part.name,
                _WHERE[part.stem],
                lambda message, _word, entry: numbered(entry, values.get(message.id, {})),
            )
            if new is not old:
                contents[part.name] = new


def _fault(reg: Any, answer: Any) -> str:
    """Why a file cannot be taken, in words; "" where it can."""
    if answer is None:
        return "gives no answer"
    error, columns, _, _ = answer
    if error:
        return f"cannot be looked at: {os.strerror(error)}"
    if reg.mode and stat.S_IFMT(columns["mode"]) != stat.S_IFMT(reg.mode):
        return "is of another type now"
    return ""


def _differences(number: int, reg: Any, columns: dict[str, Any]) -> Iterator[CriuChange]:
    """The fields that the dump recorded, and that are other ones now."""
    before = {
        SIZE: reg.size if reg.HasField("size") else None,
        MODE: reg.mode if reg.HasField("mode") else None,
        BUILD_ID: b"".join(word.to_bytes(4, "little") for word in reg.build_id) or None,
    }
    for name, old in before.items():
        new = columns.get(name)
        if name == BUILD_ID and new is not None:
            new += bytes(-len(new) % 4)
        if old is not None and new != old:
            yield CriuChange(name, number, None, old, new, RULE)


def _words(build_id: bytes | None) -> tuple[int, ...]:
    data = build_id or b""
    return tuple(int.from_bytes(data[start : start + 4], "little") for start in range(0, len(data), 4))
