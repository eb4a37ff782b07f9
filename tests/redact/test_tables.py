"""Removed strings in rows: names that hold them go, others are told; paths of files stay."""

from __future__ import annotations

import pytest

from crimg.cli import main
from crimg.model import File, ImageInfo, Inode, Mm, Socket, Task, Thread
from crimg.redact import Selection, find_copies
from crimg.redact.redaction import Secret
from crimg.redact.tables import _AT_ONCE, kept_as_paths, table_hits
from tests.property.opened import opened
from tests.redact.drafts import PASSWORD, TOKEN, everything, redacted, secret_draft
from tests.samples import DELETED, DELETED_FILE, INFO, MM, TASK
from tests.validate.broken_special import FILE, socket, with_file
from tests.validate.sound import CHILD, Draft

ENVIRONMENT = Selection(environment=True, copies=True)
LABEL = f"TOKEN in the environment of #{MM}"


def hits(data: bytes, *values: bytes, program: bool = False) -> list[tuple[int | None, str]]:
    """Where strings are in the rows of an image."""
    with opened(data) as image:
        secrets = [Secret("it", value, program=program) for value in values]
        return [(objref, column) for _, objref, column in table_hits(image, secrets)]


def with_socket(name: bytes) -> Draft:
    """The draft with secrets, and a socket with this abstract name."""
    secrets = secret_draft()
    draft = with_file(12, socket(state=2, backlog=1, address=b"\x01\0" + name)).counted()
    draft.pages, draft.packed = secrets.pages, secrets.packed
    row = secrets.row(Mm, MM)
    names = ("arg_start", "arg_end", "env_start", "env_end")
    return draft.change(Mm, MM, **{name: getattr(row, name) for name in names})


def test_strings_in_all_columns_are_found_and_refused() -> None:
    draft = secret_draft()
    draft.change(File, DELETED_FILE, path=b"/tmp/of-" + TOKEN)
    draft.change(Inode, DELETED, extra={"one": [{"two": TOKEN.decode()}], "b": {TOKEN.decode(): b""}})
    draft.change(ImageInfo, INFO, kernel_version=f"built with {TOKEN.decode()}")
    expected = [
        (INFO, "image_info.kernel_version"),
        *[(DELETED, "inode.extra")] * 2,
        (DELETED_FILE, "file.path"),
    ]
    assert hits(draft.bytes(), TOKEN) == expected
    found, made = redacted(draft.bytes(), ENVIRONMENT)
    with opened(made) as image:
        (copy,) = find_copies(image, found.secrets)
        assert (copy.label, copy.number) == (LABEL, len(expected))
        assert copy.spots == tuple((objref, None, column) for objref, column in expected)


def test_strict_refuses_a_path(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("strict")
    draft = secret_draft().change(File, DELETED_FILE, path=b"/tmp/" + TOKEN)
    (folder / "image").write_bytes(draft.bytes())
    words = ["redact", str(folder / "image"), "-o", str(folder / "red"), "--all", "--copies"]
    assert main([*words, "--strict"]) == 1
    assert f"{LABEL}: 1 copy is left: #{DELETED_FILE} file.path\n" in capsys.readouterr().err
    assert not (folder / "red").exists()
    assert main(words) == 0
    assert "copies of 1 removed string are still in it" in capsys.readouterr().err


def test_what_spans_two_rows_is_no_copy() -> None:
    """A value with a NUL in it, as a library can ask for, is found in one row only."""
    draft = with_socket(b"first\0second-and-more")
    assert hits(draft.bytes(), b"first\0second") == [(FILE, "socket.address")]
    paths = [row.path for row in draft.records if isinstance(row, File)]
    assert hits(draft.bytes(), paths[0][2:] + b"\0" + paths[1][:3]) == []


def test_a_large_table_is_gone_through_in_parts() -> None:
    draft = secret_draft()
    area = bytes(2 << 20)
    for key in ((TASK, 4242), (TASK, 4243)):
        draft.change(Thread, key, extra={"large": area + TOKEN})
    assert 2 * len(area) >= _AT_ONCE
    assert hits(draft.bytes(), TOKEN) == [(TASK, "thread.extra")] * 2


@pytest.mark.parametrize(
    "comm", [TOKEN[:15], b"x:" + TOKEN[:13], PASSWORD[:15]], ids=["cut", "behind", "argument"]
)
def test_names_of_tasks_that_hold_a_removed_string_go(comm: bytes) -> None:
    """Of any task, not only of the one that had it; the beginning of one counts where a name may be cut."""
    draft = secret_draft().change(Task, CHILD, comm=comm).change(Thread, (TASK, 4243), comm=comm)
    old = draft.row(Task, TASK).comm
    found, made = redacted(draft.bytes(), Selection(environment=True, arguments=True))
    assert comm[:15] not in everything(made).replace(TOKEN, b"").replace(PASSWORD, b"")
    with opened(made) as image:
        assert [row.comm for row in image.rows(Task)] == [old, b"", b"ended"]
    names = [removal for removal in found.removals if removal.what == "name"]
    assert {removal.by for removal in names} <= {"environment", "arguments"}


def test_short_beginnings_and_names_of_programs_stay() -> None:
    draft = secret_draft().change(Task, CHILD, comm=TOKEN[:14]).change(Task, TASK, comm=b"counter")
    _, made = redacted(draft.bytes(), Selection(environment=True))
    with opened(made) as image:
        assert {TOKEN[:14], b"counter"} <= {row.comm for row in image.rows(Task)}


def test_names_of_sockets_and_of_the_machine_go() -> None:
    draft = with_socket(b"\0bus-" + TOKEN).change(ImageInfo, INFO, hostname=b"web-" + TOKEN)
    found, made = redacted(draft.bytes(), ENVIRONMENT)
    assert TOKEN not in everything(made)
    with opened(made) as image:
        assert image.rows(Socket)[0].address == b"\x01\0" + bytes(5 + len(TOKEN))
        assert image.rows(ImageInfo)[0].hostname == b""
    assert [(one.objref, one.label) for one in found.removals if one.what == "name"] == [
        (FILE, "socket:[9]"),
        (INFO, "the machine"),
    ]
    assert found.summary.endswith(", 2 names")


def test_paths_that_are_removed_strings_are_told_and_are_no_copies() -> None:
    draft = secret_draft().change(File, DELETED_FILE, path=b"/srv/shop/spool")
    found, made = redacted(draft.bytes(), Selection(arguments=True, copies=True))
    (note,) = (note for note in found.notes if note.startswith("these strings stay"))
    assert note == f"these strings stay, being paths of files in the image: argument 0 of #{MM}"
    with opened(made) as image:
        assert find_copies(image, found.secrets) == []
        secrets = [
            Secret("above", b"/srv/shop/"),
            Secret("itself", b"/srv/shop/spool"),
            Secret("part", b"/srv/shop/sp"),
            Secret("within", b"shop/spool"),
            Secret("program", b"./spool", program=True),
            Secret("link", b"/srv/shop/sp", program=True),
            Secret("last", b"spool"),
        ]
        assert [one.label for one in kept_as_paths(image, secrets)] == ["above", "itself", "program", "link"]


def test_of_the_command_of_the_dump_the_verb_stays() -> None:
    words = (b"/home/sender/bin/crimg", b"--quiet", b"dump", b"4242", b"-o", b"of-the-customer.img")
    for command, left in ((words, (b"crimg", b"dump")), (words[:2], ()), ((), ())):
        draft = secret_draft().change(ImageInfo, INFO, command=command)
        _, made = redacted(draft.bytes(), Selection(registers=True))
        with opened(made) as image:
            assert image.rows(ImageInfo)[0].command == left
        assert b"sender" not in everything(made)
        assert b"customer" not in everything(made)
