"""`plan`: what a selection means for one image."""

from __future__ import annotations

from crimg.collecting import no_collection
from crimg.errors import ConflictError, UsageError
from crimg.escape import escape
from crimg.format.constants import FIRST_ANCILLARY_KIND, Codec, SectionType
from crimg.graph import row_label
from crimg.model import Mm, Thread
from crimg.pages import Memory
from crimg.reader import criu_store
from crimg.redact.contents import Contents
from crimg.redact.copies import mapping_label, memory_copies
from crimg.redact.names import repeating_names
from crimg.redact.pages import PageWork
from crimg.redact.pieces import removed_pieces
from crimg.redact.ranges import union, without
from crimg.redact.redaction import (
    ARGUMENTS,
    CONTENTS,
    COPIES,
    ENVIRONMENT,
    MEMORY,
    REGISTERS,
    THREAD,
    Chosen,
    Redaction,
    Removal,
    Selection,
)
from crimg.redact.selectors import Scene
from crimg.redact.strings import (
    LEAST,
    MOST,
    argument_secrets,
    environment_secrets,
    strings_of,
    worth_looking_for,
)
from crimg.redact.tables import kept_as_paths
from crimg.validate.soundness import check_sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.criu.store import CriuStore
    from crimg.model import Vma
    from crimg.model.image import Image
    from crimg.redact.ranges import Range
    from crimg.redact.redaction import Secret

_SHOWN = 8
"""Strings that are told by name in a note."""
_KNOWN_TYPES = frozenset(SectionType)
_KNOWN_CODECS = frozenset(Codec)


@no_collection()
def plan(image: Image, selection: Selection, *, progress: Callable[[int], object] | None = None) -> Redaction:
    """What is to be removed from an image. progress: called with bytes gone through in search of copies.

    Raises ConflictError where a part of the selection matches nothing, UsageError for an empty one and for
    objects that have no contents to remove, UnsoundError where the image is not sound.
    """
    check_sound(image)
    if not [word for word in selection.words if word not in ("--drop", "--copies")]:
        raise UsageError("nothing to remove: give --environment, --vma WHAT or others")
    return _Planner(image, selection).plan(progress)


class _Planner:
    def __init__(self, image: Image, selection: Selection) -> None:
        self.image = image
        self.selection = selection
        self.scene = Scene(image)
        self.result = Redaction(image, selection)
        self.chosen: list[Chosen] = []
        self.contents = Contents(image)
        self.unmatched: list[str] = []

    def plan(self, progress: Callable[[int], object] | None) -> Redaction:
        self._choose_strings()
        self._choose_contents()
        self._choose_mappings()
        if self.unmatched:
            raise ConflictError(self.unmatched)
        self.contents.follow_blobs()
        self._follow_mappings()
        self._choose_pieces()
        if self.selection.copies:
            self._choose_copies(progress)
        self._settle()
        if not self.result.removals:
            raise ConflictError(["the image has nothing of what is to be removed"])
        return self.result

    def _choose(self, by: str, vma: Vma, bounds: Range) -> None:
        self.chosen.append(Chosen(by, vma.mm, mapping_label(self.image, vma), *bounds))

    def _choose_mappings(self) -> None:
        for selector in self.selection.vmas:
            found = list(selector.choose(self.scene))
            by = f"vma {escape(selector.text)}"
            if not found and not self.selection.everything:
                self.unmatched.append(f"--{by}: no mapping of the image is meant")
            for vma, bounds in found:
                self._choose(by, vma, bounds)
                self._choose_kept(by, vma)

    def _choose_kept(self, by: str, vma: Vma) -> None:
        """The contents of a deleted file are what its mappings show: they go with them."""
        file = self.scene.file(vma)
        if file is not None:
            self.contents.choose(file.objref, by)

    def _choose_strings(self) -> None:
        secrets: list[Secret] = []
        arguments: dict[int, list[bytes]] = {}
        if self.selection.arguments:
            for mm, strings in self._strings(ARGUMENTS, "arg_start", "arg_end"):
                secrets += argument_secrets(mm, strings)
                arguments[mm.objref] = strings[1:]
        if self.selection.environment:
            for mm, strings in self._strings(ENVIRONMENT, "env_start", "env_end"):
                secrets += environment_secrets(mm, strings)
        found = worth_looking_for(secrets)
        for key, removal in repeating_names(self.image, arguments, found):
            self.result.names.add(key)
            self.result.removals.append(removal)
        self._note_paths(found)
        self.result.secrets = found[:MOST]
        self.result.unsought = max(len(found) - MOST, 0)
        if self.result.unsought:
            self.result.notes.append(f"copies of {self.result.unsought} shorter strings are not looked for")
        if short := {one.value for one in secrets if 0 < len(one.value) < LEAST}:
            self.result.notes.append(
                f"copies of {len(short)} string{'s' if len(short) != 1 else ''} of less than {LEAST} bytes"
                " are not looked for"
            )

    def _note_paths(self, secrets: list[Secret]) -> None:
        labels = [secret.label for secret in kept_as_paths(self.image, secrets)]
        if labels:
            more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
            named = ", ".join(labels[:_SHOWN])
            self.result.notes.append(f"these strings stay, being paths of files in the image: {named}{more}")

    def _strings(self, by: str, low: str, high: str) -> list[tuple[Mm, list[bytes]]]:
        found = []
        for mm in self.image.rows(Mm):
            start, end = getattr(mm, low), getattr(mm, high)
            if start < end:
                self.chosen.append(Chosen(by, mm.objref, "", start, end))
                found.append((mm, strings_of(Memory(self.image, mm), start, end)))
            else:
                self.result.notes.append(f"#{mm.objref}: the kernel knew of no {by}")
        if not found and not self.selection.everything:
            self.unmatched.append(f"--{by}: no address space of the image has any")
        return found

    def _choose_contents(self) -> None:
        if self.selection.contents:
            self.contents.choose_all()
            self.result.notes += self.contents.elsewhere()
            for vma in self.scene.vmas:  # shared memory without a file, as CRIU keeps it
                if vma.file is None and "shmid" in (vma.extra or {}):
                    self._choose(CONTENTS, vma, (vma.start, vma.end))
        for objref in self.selection.objects:
            by = f"contents-of {objref}"
            if not self.contents.choose(objref, by):
                self.unmatched.append(f"--{by}: the image holds no contents of such an object")

    def _follow_mappings(self) -> None:
        """Pages of mappings of a file whose contents go: what the program made of these contents."""
        for vma in self.scene.vmas:
            file = self.scene.file(vma)
            if file is not None and file.inode in self.contents.inodes:
                self._choose(self.contents.inodes[file.inode], vma, (vma.start, vma.end))

    def _choose_pieces(self) -> None:
        rows = list(self.contents.rows())
        pieces = removed_pieces(self.image, rows, {secret.value for secret in self.result.secrets})
        self.result.secrets += pieces.secrets
        if rows and not self.selection.is_all_saved:
            self.result.notes.append(pieces.note)
            self.result.unsought += max(pieces.more, pieces.cut)

    def _choose_copies(self, progress: Callable[[int], object] | None) -> None:
        found = memory_copies(self.image, self.result.secrets, self._ranges(), progress)
        for mm, ranges in found.items():
            self.chosen += [Chosen(COPIES, mm, "", low, high) for low, high in ranges]

    def _ranges(self) -> dict[int, list[Range]]:
        """Objref of an mm to what is chosen of its memory."""
        found: dict[int, list[Range]] = {}
        for one in self.chosen:
            found.setdefault(one.mm, []).append((one.start, one.end))
        return {mm: union(ranges) for mm, ranges in found.items()}

    def _remove(self, what: str, by: str, objref: int, label: str, size: int, *bounds: int) -> None:
        self.result.removals.append(Removal(what, by, objref, label, size, *bounds))

    def _settle(self) -> None:
        """Everything is chosen: what that comes to."""
        result, ranges = self.result, self._ranges()
        result.pages = PageWork(self.image, ranges, drop=self.selection.drop)
        for one in dict.fromkeys(self.chosen):
            size = result.pages.memories[one.mm].saved_bytes(one.start, one.end)
            self._remove(MEMORY, one.by, one.mm, one.label, size, one.start, one.end)
        for mm, lost in result.pages.lost.items():
            result.also += [(mm, bounds) for bounds in without(lost, ranges.get(mm, ()))]
        result.inodes, result.pipes = set(self.contents.inodes), set(self.contents.pipes)
        result.removals += self.contents.removals()
        if self.selection.registers:
            for thread in self.image.rows(Thread):
                result.threads.add(thread.key)
                size = len(thread.registers) + len(thread.xsave)
                self._remove(THREAD, REGISTERS, thread.task, row_label(thread), size)
        if result.pages.in_parent:
            result.notes.append(
                f"{result.pages.in_parent} bytes that were chosen are in the parent image, and stay there"
            )
        store = criu_store(self.image)
        if store is not None:
            self._settle_files(store)
        self._note_unknown()

    def _settle_files(self, store: CriuStore) -> None:
        """What goes with whole image files of CRIU, and what is left behind."""
        from crimg.redact.criu import left_out, surplus_notes, undecoded

        if self.selection.contents:
            self.result.removals += undecoded(store)
        self.result.notes += surplus_notes(store)
        if names := left_out(store):
            self.result.notes.append(f"left out, since nobody knows what is in them: {', '.join(names)}")

    def _note_unknown(self) -> None:
        unknown = [
            section
            for section in self.image.store.sections
            if section.type not in _KNOWN_TYPES
            or section.kind >= FIRST_ANCILLARY_KIND
            or section.codec not in _KNOWN_CODECS
        ]
        if unknown:
            labels = ", ".join(section.label for section in unknown)
            self.result.notes.append(f"left out, since nobody knows what is in them: {labels}")
