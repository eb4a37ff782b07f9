"""Verbs and their options.

A verb is one line of `VERBS` and one module: its docstring is the help (first line: what it does),
`add_arguments(parser)` declares the options, `run(args)` returns the exit status. Only the module of the
verb that is asked for is imported, and only its options are built.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial

from crimg.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import NoReturn, Protocol

    class Verb(Protocol):
        """What a verb's module has."""

        __name__: str
        __doc__: str | None

        def add_arguments(self, parser: argparse.ArgumentParser) -> None:
            """Declare its options."""

        def run(self, args: argparse.Namespace) -> int:
            """Carry it out; the exit status."""


VERBS = {
    "inspect": ("crimg.cli.inspect", "show what is in an image"),
    "validate": ("crimg.cli.validate", "check whether an image is sound"),
    "graph": ("crimg.cli.graph", "print which object refers to which (DOT, JSON)"),
    "diff": ("crimg.cli.diff", "show what differs between two images or revisions"),
    "log": ("crimg.cli.log", "list the revisions of an image"),
    "preflight": ("crimg.cli.preflight", "compare an image with the files of this machine"),
    "relocate": ("crimg.cli.relocate", "look for files that were moved, and print rules"),
    "rewrite": ("crimg.cli.rewrite", "rewrite the paths of an image"),
    "wrap": ("crimg.cli.wrap", "run a command on a rewritten copy of an image"),
    "redact": ("crimg.cli.redact", "write an image without what others must not see"),
    "undo": ("crimg.cli.undo", "take the last revision of an image back"),
    "compact": ("crimg.cli.compact", "write an image as a single revision"),
    "convert": ("crimg.cli.convert", "write an image of CRIU as an image of crimg"),
    "tui": ("crimg.cli.tui", "browse an image on the whole terminal"),
    "dump": ("crimg.cli.dump", "save a running process to an image"),
    "restart": ("crimg.cli.restart", "bring the process of an image back"),
    "keepers": ("crimg.cli.keepers", "list, check or remove what keeps deleted files"),
    "demo": ("crimg.cli.demo", "start a small program, dump it, and explain its image"),
}
"""Name of the verb: its module, and one line of help."""

IMAGE = "image file; of CRIU, a directory or a container checkpoint (tar, tar.gz, tar.zst)"
READ = f"{IMAGE}; - is the standard input"
"""Help of IMAGE, for verbs that take a name alone, and for those that read the standard input too."""
_DESCRIPTION = "Checkpoint images of Linux processes: made, read, and shown."
_EPILOG = """\
`crimg VERB --help` tells more. Data go to the standard output, everything else to the standard error.

Exit status: 0 fine, 1 the answer is no, 2 usage, 3 not a sound image, 4 the kernel refused,
5 the process cannot be saved faithfully, 70 a mistake in crimg, 130 interrupted.
"""
argparse._ = str  # type: ignore[attr-defined]  # no catalogue is asked for translations (1 ms): crimg has none

_DEFAULT_COLUMNS = 80
_MOST_COLUMNS = 100


class HelpFormatter(argparse.HelpFormatter):
    """Help with the paragraphs of the docstring."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Paragraphs are filled, but for those that are indented."""
        paragraphs = text.strip("\n").split("\n\n")
        return "\n\n".join(part if part.startswith(" ") else fill(part, width) for part in paragraphs)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are `UsageError`s with what to do about them."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{message} (see {self.prog} --help)")

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments; raises UsageError, and SystemExit after --help.

        Where there is a default for `command`, it gets the words behind the first --, as they are.
        """
        command: Sequence[str] = ()
        if self.get_default("command") is not None and "--" in words:
            place = list(words).index("--")
            words, command = words[:place], words[place + 1 :]
        args, rest = self.parse_known_args(words)
        if command:
            args.command = list(command)
        if rest:
            word = next((word for word in rest if word.startswith("-")), rest[0])
            what = "unknown option" if word.startswith("-") else "unexpected argument"
            self.error(f"{what} {word}{did_you_mean(word.partition('=')[0], self._option_string_actions)}")
        return args


def help_formatter() -> Callable[..., HelpFormatter]:
    """A maker of formatters of a given width: left alone, each of them would import shutil to find it."""
    return partial(HelpFormatter, max_help_position=26, width=min(help_columns(), _MOST_COLUMNS) - 2)


def fill(text: str, width: int) -> str:
    """The words of a text in lines of at most so many columns."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def help_columns() -> int:
    """Width for help texts: COLUMNS, else that of the terminal, else 80."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return max(int(given), _DEFAULT_COLUMNS // 2)
    try:
        return max(os.get_terminal_size(1).columns, _DEFAULT_COLUMNS // 2)
    except OSError:
        return _DEFAULT_COLUMNS


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ "; did you mean X?" where something known resembles the word, else nothing."""
    import difflib

    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command, with the verb in `verb`. Raises UsageError; SystemExit after --help."""
    start = 0
    while start < len(words) and words[start].startswith("-"):
        start += 1
    leading = list(words[:start])
    if start < len(words) and not {"-h", "--help", "--version"}.intersection(leading):
        verb = words[start]
        if verb == "help":
            return parse([*words[start + 1 : start + 2], "--help"])
        return verb_parser(verb).parse([*leading, *words[start + 1 :]])
    parser = top_parser()
    parser.parse(leading)
    if sys.stderr is not None:
        parser.print_help(sys.stderr)
    raise SystemExit(UsageError.exit_status)


def top_parser() -> Parser:
    """The parser of `crimg` itself, with the names of the verbs alone."""
    from crimg import __version__

    parser = _new_parser("crimg", f"{_DESCRIPTION}\n\n{_verb_list()}", _EPILOG)
    parser.usage = "crimg [-h] [--version] VERB ..."
    parser.add_argument("--version", action="version", version=f"crimg {__version__}")
    add_common(parser)
    return parser


def _verb_list() -> str:
    widest = max(map(len, VERBS))
    return "\n".join(f"  {name:<{widest}}  {text}" for name, (_, text) in VERBS.items())


def _new_parser(prog: str, description: str, epilog: str | None = None) -> Parser:
    return Parser(
        prog=prog,
        description=description,
        epilog=epilog,
        formatter_class=help_formatter(),
        allow_abbrev=False,  # an abbreviation in a script would break with the next option
    )


def add_common(parser: argparse.ArgumentParser) -> None:
    """Declare the options that every verb has."""
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more")
    parser.add_argument("--debug", action="store_true", help="show a traceback with an error")


def verb_module(verb: str) -> Verb:
    """Import the module of a verb; raises UsageError for no verb."""
    if verb not in VERBS:
        hint = did_you_mean(verb, VERBS)
        if not hint and os.path.exists(verb):
            hint = f"; did you mean crimg inspect {verb}?"
        raise UsageError(f"no verb {verb}{hint or ' (see crimg --help)'}")
    name = VERBS[verb][0]
    __import__(name)
    module: Verb = sys.modules[name]
    return module


def verb_parser(verb: str) -> Parser:
    """The parser of one verb; raises UsageError for no verb."""
    module = verb_module(verb)
    parser = _new_parser(f"crimg {verb}", (module.__doc__ or "").rstrip())
    _fill(parser, verb, module)
    return parser


def _fill(parser: argparse.ArgumentParser, verb: str, module: Verb) -> None:
    module.add_arguments(parser)
    add_common(parser)
    parser.set_defaults(verb=verb)


def full_parser() -> Parser:
    """The parser with all verbs and all their options, for manual pages and shell completion."""
    parser = top_parser()
    verbs = parser.add_subparsers(metavar="VERB", parser_class=Parser)
    for verb, (_, text) in VERBS.items():
        module = verb_module(verb)
        child = verbs.add_parser(
            verb,
            help=text,
            description=(module.__doc__ or "").rstrip(),
            formatter_class=help_formatter(),
            allow_abbrev=False,
        )
        _fill(child, verb, module)
    return parser
