"""`crimg preflight` as text: the files by verdict, the worst first, with evidence, consequence and remedy."""

from __future__ import annotations

from crimg.cli.output import folded
from crimg.cli.output import shown_name as shown_image
from crimg.escape import escape
from crimg.preflight import same_boot, verdicts
from crimg.preflight.evidence_words import difference, shown_name
from crimg.reader import criu_store
from crimg.views import words
from crimg.views.short import number_runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.preflight import Remedy, Users, Verdict
    from crimg.views.subject import Subject

_MOST_FDS = 24
_MOST_REMEDIES = 4


def text_lines(subject: Subject, found: Sequence[Verdict], *, verbose: bool) -> Iterator[str]:
    """The report. verbose: with every fine file, and with every remedy."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in found:
        groups.setdefault(verdict.verdict, []).append(verdict)
    wrong = [verdict for verdict in found if not verdict.fine]
    yield f"{shown_image(subject.name)}: {_result(len(wrong), len(found))}{_weakness(found, len(wrong))}"
    yield from folded("", _origin(subject))
    if counts := verdicts.by_basis(found):
        yield from folded("", f"known by {', '.join(_basis(*one) for one in counts.items())}")
    for kind, meaning in verdicts.MEANINGS.items():
        if kind in groups:
            yield ""
            if kind == verdicts.SAME:
                yield from _same_lines(groups[kind], verbose=verbose)
                continue
            yield f"{kind}: {meaning}"
            for block in _blocks(groups[kind]):
                yield from _block_lines(block, verbose=verbose)


def _result(wrong: int, total: int) -> str:
    if not wrong:
        return f"all {total} files are as a restart needs them"
    return f"{wrong} of {total} files {'is' if wrong == 1 else 'are'} not as a restart needs them"


def _weakness(found: Sequence[Verdict], wrong: int) -> str:
    """How many of the fine files can be others all the same, at the end of the headline."""
    weak = sum(verdict.weak for verdict in found)
    if not weak:
        return ""
    others = f" other{'s' if weak > 1 else ''}" if wrong else ""
    return f"; {weak}{others} by weak evidence alone"


def _basis(basis: str, count: int) -> str:
    return f"{basis} ({count}{', weak' if basis in verdicts.WEAK else ''})"


def _origin(subject: Subject) -> str:
    info = subject.info
    if info is None:
        return "the image does not say where it was made"
    if criu_store(subject.image) is not None:  # it records neither when it was made nor where
        return "compared with what criu restore compares: type, size, mode, build-id"
    when = f"dumped {words.utc(info.realtime, 0)} on {escape(info.hostname)}"
    if same_boot(subject.image):
        return f"{when}, in this boot of this machine"
    return (
        f"{when}, in another boot or on another machine: where a file system cannot be known again, files are"
        " known by their type, contents and times alone"
    )


def _same_lines(found: list[Verdict], *, verbose: bool) -> Iterator[str]:
    """How many files are as they were; those of which there is more to say."""
    yield f"{verdicts.SAME}: {_files(len(found))} as before"
    for verdict in found:
        if verbose or verdict.details:
            basis = (f"by {verdict.basis}",) if verbose and verdict.basis else ()
            yield _file_line(verdict, (*verdict.details, *basis))


def _files(count: int) -> str:
    return f"{count} file{'s' if count != 1 else ''}"


def _blocks(found: list[Verdict]) -> Iterator[list[Verdict]]:
    """Files of which the same is to be said, together."""
    blocks: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in found:
        key: tuple[object, ...] = (verdict.details, verdict.restart, _names(verdict, agrees=False))
        if verdict.verdict == verdicts.KEPT:
            key = ()
        blocks.setdefault(key, []).append(verdict)
    yield from blocks.values()


def _names(verdict: Verdict, *, agrees: bool | None) -> tuple[str, ...]:
    return tuple(shown_name(one.name) for one in verdict.evidence if one.agrees is agrees)


def _block_lines(block: list[Verdict], *, verbose: bool) -> Iterator[str]:
    for verdict in block:
        yield _file_line(verdict, verdict.details)
    first = block[0]
    if first.fine:
        return
    if len(block) == 1:
        differing = [difference(one) for one in first.evidence if one.agrees is False]
    else:
        differing = list(_names(first, agrees=False))
    if differing:
        yield from folded("    differ:  ", "; ".join(differing))
    if agreeing := _names(first, agrees=True):
        yield from folded("    agree:   ", ", ".join(agreeing))
    if unknown := _names(first, agrees=None):
        yield from folded("    unknown: ", ", ".join(unknown))
    if first.restart:
        yield from folded("    restart: ", first.restart)
    remedies = _remedies(block)
    shown = remedies if verbose else remedies[:_MOST_REMEDIES]
    for number, remedy in enumerate(shown):
        lead = "             " if number else "    mend:    "
        if remedy.action in (verdicts.ACCEPT, verdicts.RELOCATE):
            accept = "accept: " if remedy.action == verdicts.ACCEPT else ""
            yield from folded(lead, accept + remedy.text)
        else:
            yield lead + remedy.text  # with paths and commands, to be pasted
    if len(shown) < len(remedies):
        yield f"             ... and {len(remedies) - len(shown)} more (-v shows them)"


def _remedies(block: list[Verdict]) -> list[Remedy]:
    """What would mend these files: rules first."""
    found = dict.fromkeys(remedy for verdict in block for remedy in verdict.remedies)
    return sorted(found, key=lambda remedy: remedy.action != verdicts.MAP)


def _file_line(verdict: Verdict, details: Sequence[str]) -> str:
    path = escape(verdict.path) if verdict.path else "(no name)"
    if verdict.looked_at != verdict.path:
        path += f" => {escape(verdict.looked_at)}"
    if verdict.found:
        path += f" -> {escape(verdict.found)}"
    note = f" ({', '.join(details)})" if details else ""
    used = user_words(verdict.users)
    return f"  #{verdict.objref} {used + '  ' if used else ''}{path}{note}"


def user_words(users: Users) -> str:
    """ "fd 0-2, 3 vmas, exe": who refers to a file."""
    parts = []
    if users.fds:
        runs = "fd " + " ".join(number_runs(users.fds))
        parts.append(runs if len(runs) <= _MOST_FDS else f"{len(users.fds)} fds")
    vmas = users.private + users.shared
    if vmas:
        parts.append(f"{vmas} vma{'s' if vmas > 1 else ''}")
    return ", ".join([*parts, *users.roles])
