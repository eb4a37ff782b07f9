"""What rules make of the paths of images of CRIU, and what speaks against it. Nothing is written."""

from __future__ import annotations

from crimg.criu.paths import INTERPRETER, LINK, MOUNT, NAME, SOCKET, rewritten
from crimg.errors import ImageChangedError, UsageError
from crimg.escape import escape
from crimg.model import File, Filesystem
from crimg.rewrite.changes import Change
from crimg.rewrite.conflicts import find_conflicts, target_fault
from crimg.rewrite.criu_plan import CriuChange, CriuPlan, fingerprint
from crimg.rewrite.matching import PREFIX, Rule, RuleSet
from crimg.rewrite.places import places_of_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from crimg.criu.store import CriuStore
    from crimg.model.image import Image
    from crimg.rewrite.criu_restamp import CriuRestamp
    from crimg.rewrite.rules import PathRule

    Key = tuple[str, int, bytes]
    """Word for a place, id of the file or 0, path."""

_PLACES = {SOCKET: "socket", MOUNT: "mount", LINK: "keeper", INTERPRETER: "exe"}
"""Word for a place to what rules call it, where the referrers of an open file do not say that."""
LINKED = 0
"""Type of remap-fpath.img: a link beside the file keeps it."""


def plan(
    image: Image,
    store: CriuStore,
    rules: Iterable[Rule | PathRule] = (),
    *,
    edits: Mapping[int, bytes] | None = None,
    restamp: CriuRestamp | None = None,
) -> CriuPlan:
    """What these rules change.

    edits: objref of a file, a socket or a re-linked inode to the path that it is to have.  restamp: where to
    take size, mode and build-id of the files from. Raises FormatError for a damaged image, UsageError for two
    rules of one pattern that differ and for an object that has no path.
    """
    given = [rule if isinstance(rule, Rule) else Rule(PREFIX, rule.old, rule.new) for rule in rules]
    planner = _Planner(image, store, RuleSet(given), dict(edits or {}))
    contents = rewritten(store.directory, planner.choose)
    planner.check_edits()
    changes = planner.changes
    conflicts = [*planner.rivals, *planner.conflicts()]
    if restamp is not None:
        from crimg.rewrite.criu_restamp import put

        stamped, unfit = restamp.changes(store, planner.names, everything=not (given or edits))
        changes = [*changes, *(each._replace(objref=planner.inode_of(each.criu_id)) for each in stamped)]
        conflicts += unfit
        put(store.directory, stamped, contents)
    return CriuPlan(
        fingerprint(store.directory),
        (*(rule.text for rule in given), *(_edit_text(*each) for each in sorted((edits or {}).items()))),
        tuple(changes),
        contents,
        tuple(dict.fromkeys(conflicts)),
        tuple(rule.text for rule in given if rule.text not in planner.used),
        tuple(planner.unmatched),
    )


def plan_again(image: Image, store: CriuStore, saved: CriuPlan) -> CriuPlan:
    """A plan that was saved, made anew for its image, and looked through for conflicts again.

    Raises ImageChangedError where the image is another one, or not as the plan says.
    """
    from crimg.rewrite.criu_restamp import put

    if saved.fingerprint != fingerprint(store.directory):
        raise ImageChangedError("the image is not the one that the plan was made from: make the plan anew")
    planner = _Planner(image, store, RuleSet(()), {})
    planner.saved = {(each.place, each.criu_id, each.before): each for each in saved.changes if each.is_path}
    contents = rewritten(store.directory, planner.choose)
    missing = planner.saved.keys() - {(each.place, each.criu_id, each.before) for each in planner.changes}
    if missing:
        place, number, before = sorted(missing)[0]
        raise ImageChangedError(f"{place} {number} {escape(before)}: is not in the image: make the plan anew")
    stamped = [
        each._replace(objref=planner.inode_of(each.criu_id)) for each in saved.changes if not each.is_path
    ]
    put(store.directory, stamped, contents)
    conflicts = (*saved.conflicts, *planner.conflicts())
    return saved._replace(
        changes=(*planner.changes, *stamped), contents=contents, conflicts=tuple(dict.fromkeys(conflicts))
    )


class _Planner:
    """One run. names: id of every entry with a name to its path before and after, deleted ones left out."""

    def __init__(self, image: Image, store: CriuStore, rules: RuleSet, edits: dict[int, bytes]) -> None:
        self._image = image
        self._store = store
        self._rules = rules
        self._edits = edits
        self._places = places_of_files(image)
        self._objrefs = _objrefs(image, store)
        self._links: dict[int, int | None] = {}
        linked = [remap for remap in store.remaps.values() if remap.remap_type == LINKED]
        self._links = {remap.remap_id: self.inode_of(remap.orig_id) for remap in linked}
        self.saved: dict[Key, CriuChange] = {}
        self.names: dict[int, tuple[bytes, bytes]] = {}
        self.changes: list[CriuChange] = []
        self.unmatched: list[CriuChange] = []
        self.rivals: list[str] = []
        self.used: set[str] = set()
        self._edited: set[int] = set()

    def choose(self, place: str, number: int, path: bytes) -> bytes:
        """The new path of a place, in the role of crimg.criu.paths.Chooser."""
        objref = self._objref(place, number)
        after, rule, words = self._decided(place, number, objref, path)
        change = CriuChange(place, number, objref, path, after, rule, words)
        if after != path:
            self.changes.append(change)
        elif not rule:
            self.unmatched.append(change)
        if place == NAME and number not in self._store.remaps:
            self.names[number] = (path, after)
        return after

    def _decided(self, place: str, number: int, objref: int | None, path: bytes) -> tuple[bytes, str, Any]:
        words = frozenset({_PLACES.get(place, "fd")})
        if place == NAME:
            words = self._places.get(self._objrefs.get(number, 0), frozenset())
        if number in self._links:
            words |= {"keeper"}
        shown = tuple(sorted(words))
        saved = self.saved.get((place, number, path))
        if saved is not None:
            return saved.after, saved.rule, shown
        if objref in self._edits and place in (NAME, SOCKET):
            self._edited.add(objref)
            return self._edits[objref], _edit_text(objref, self._edits[objref]), shown
        match = self._rules.find(path, objref or 0, words)
        if match is None:
            return path, "", shown
        self.used.add(match.rule.text)
        if match.rivals:
            self.rivals.append(f"{escape(path)}: {match.rule.text} and {match.rivals[0].text} disagree")
        return match.made, match.rule.text, shown

    def _objref(self, place: str, number: int) -> int | None:
        if number in self._links and place == NAME:
            return self._links[number]
        return self._objrefs.get(number)

    def inode_of(self, number: int) -> int | None:
        """The objref of the inode of an entry with a name."""
        if number in self._links:
            return self._links[number]
        file = self._image.find(File, self._objrefs.get(number))
        return file.inode if file is not None else None

    def check_edits(self) -> None:
        """Raise UsageError for edits of objects that have no path here."""
        for objref in sorted(self._edits.keys() - self._edited):
            if self._image.lookup(objref) is None:
                raise UsageError(f"the image has no object #{objref} with a path")
            raise UsageError(
                f"#{objref} has no absolute path: in images of CRIU --set is for files, sockets, and links"
                " that keep deleted files"
            )

    def conflicts(self) -> Iterator[str]:
        """What speaks against the changes: as in images of our own, and of what has no row there."""
        known: list[Change] = []
        for change in self.changes:
            kind, column = change.column
            if change.place in (NAME, SOCKET) and change.objref is not None:
                known.append(Change(change.objref, kind, column, change.before, change.after, change.rule))
            elif fault := target_fault(change.after):
                yield f"{escape(change.before)} would become {escape(change.after)}: {fault}"
        moved = {change.before: change.after for change in self.changes if change.place == MOUNT}
        for mounted in self._image.rows(Filesystem):
            point = mounted.mount_point
            if point in moved:
                known.append(Change(mounted.objref, Filesystem.noun, "mount_point", point, moved[point], ""))
        for conflict in find_conflicts(self._image, known):
            yield conflict.text
        yield from self._archived(moved)

    def _archived(self, moved: Mapping[bytes, bytes]) -> Iterator[str]:
        """Files whose contents are in an archive of a tmpfs, in which their names would stay as they are.

        moved: mount points that change, before and after.
        """
        files, mounts = self._store.directory, self._store.builder.system.mounts
        for number, (before, after) in self.names.items():
            entry = self._store.files.get(number)
            mount = mounts.get(entry.reg.mnt_id) if entry is not None and before != after else None
            if mount is None:
                continue
            part = files.part("tmpfs-dev", mount.root_dev) or files.part("tmpfs", mount.mnt_id)
            point = mount.mountpoint
            if part is not None and _below(before, point) != _below(after, moved.get(point, point)):
                where = f"is in {escape(part.name)}, in which names stay"
                yield f"{escape(before)} {where}: it would not be {escape(after)}"


def _objrefs(image: Image, store: CriuStore) -> dict[int, int]:
    """Id of an entry to the objref of the open file; that of the FIFO or terminal for one that names it."""
    found = {
        number: file.objref
        for file in image.rows(File)
        if isinstance(number := (file.extra or {}).get("criu_id"), int)
    }
    for entry in store.file_entries:
        beside = entry.fifo.regf_id or entry.tty.regf_id
        if beside and entry.id in found:
            found.setdefault(beside, found[entry.id])
    return found


def _below(path: bytes, point: bytes) -> bytes | None:
    """A path from a mount point on; None for one that is elsewhere."""
    head = point.rstrip(b"/")
    return path[len(head) :] if path == point or path.startswith(head + b"/") else None


def _edit_text(objref: int, path: bytes) -> str:
    return f"set #{objref}={escape(path)}"
