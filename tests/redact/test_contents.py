"""Contents of deleted files and pipes, registers, and what nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.model import Inode, Mm, Pipe, Thread, Vma
from crimg.model.enums import Keeper
from crimg.redact import Selection, Selector
from crimg.validate import validate
from tests.property.opened import opened
from tests.redact.drafts import everything, memory_of, redacted, secret_draft
from tests.samples import (
    BLOB_ID,
    DELETED,
    DELETED_FILE,
    MM,
    PAGE,
    PAGES_ID,
    PIPE,
    PIPE_CONTENTS,
    SCRATCH,
    TASK,
)
from tests.validate.sound import registers, xsave

if TYPE_CHECKING:
    from tests.validate.sound import Draft

SECRETS = (b"first line\n", b"a megabyte further on\n", PIPE_CONTENTS)
DIGEST, BUILD_ID, ATTRIBUTE = b"D" * 32, b"B" * 20, b"value of an attribute"


def with_evidence() -> Draft:
    extra = {"xattrs": ((b"user.note", ATTRIBUTE),), "other": 1}
    return secret_draft().change(
        Inode, DELETED, digest_kind="sha256", digest=DIGEST, build_id=BUILD_ID, extra=extra
    )


def rules(data: bytes) -> set[str]:
    with opened(data) as image:
        return {finding.rule for finding in validate(image).findings}


def test_contents_go_with_all_that_tells_of_them() -> None:
    data = with_evidence().bytes()
    found, made = redacted(data, Selection(contents=True))
    for secret in (*SECRETS, DIGEST, BUILD_ID, ATTRIBUTE):
        assert secret in everything(data)
        assert secret not in everything(made)
    assert rules(made) == {"C426", "C436"}
    with opened(data) as before, opened(made) as after:
        inode = after.find(Inode, DELETED)
        assert inode is not None
        assert (inode.keeper, inode.blobs, inode.digest, inode.extra) == (
            Keeper.REMOVED,
            (),
            None,
            {"other": 1},
        )
        pipes = {pipe.objref: pipe for pipe in after.rows(Pipe)}
        assert pipes[PIPE].is_removed
        assert [pipe for pipe in pipes.values() if pipe.objref != PIPE] == list(before.rows(Pipe))[1:]
        assert memory_of(before) == memory_of(after)
    assert {(removal.objref, removal.size) for removal in found.removals if removal.what != "memory"} == {
        (DELETED, len(SECRETS[0]) + len(SECRETS[1])),
        (PIPE, len(PIPE_CONTENTS)),
    }
    assert len([note for note in found.notes if "not in the image" in note]) == 2


def test_one_object_alone() -> None:
    data = with_evidence().bytes()
    for objref in (DELETED, DELETED_FILE):
        _, made = redacted(data, Selection(objects=[objref]))
        assert SECRETS[0] not in everything(made)
        assert PIPE_CONTENTS in everything(made)
    _, made = redacted(data, Selection(objects=[PIPE]))
    assert SECRETS[0] in everything(made)
    assert PIPE_CONTENTS not in everything(made)


def test_a_mapping_of_a_deleted_file_takes_its_contents_along() -> None:
    """And contents take along what a private mapping made of them."""
    draft = with_evidence()
    _, made = redacted(draft.bytes(), Selection(vmas=[Selector("/tmp/gone")]))
    assert SECRETS[0] not in everything(made)
    draft.change(Vma, (MM, SCRATCH), shared=False, vm_flags=b"rd wr mr mw me ac")
    draft.runs = sorted([*draft.runs, (SCRATCH // PAGE, 1, PAGES_ID, 1)])[1:]
    found, made = redacted(draft.bytes(), Selection(contents=True))
    with opened(made) as image:
        assert memory_of(image)[SCRATCH] == bytes(2 * PAGE)
        assert (image.rows(Mm)[0].extra or {})["removed"] == ((SCRATCH, SCRATCH + PAGE),)
    assert found.pages.size == PAGE


def test_a_blob_of_two_objects_goes_for_both() -> None:
    draft = with_evidence()
    draft.change(Pipe, PIPE, blobs=(BLOB_ID,), length=32, capacity=65536)
    draft.change(Inode, DELETED, size=1 << 20)
    draft.blob = [(0, b"the same bytes for both of them.")]
    _, made = redacted(draft.bytes(), Selection(objects=[PIPE]))
    assert b"the same bytes" not in everything(made)
    assert rules(made) == {"C426", "C436"}


def test_registers_say_where_a_thread_was_and_nothing_else() -> None:
    draft = secret_draft()
    general = {f"r{number}": 0x1111 * (number + 1) for number in (*range(15), 15)}
    area = bytearray(xsave())
    area[160:168] = b"in xmm0."
    area[464:472] = bytes([7, 0, 0, 0, 0, 0, 0, 0])
    for key in ((TASK, 4242), (TASK, 4243)):
        draft.change(Thread, key, registers=registers(**general), xsave=bytes(area))
    _, made = redacted(draft.bytes(), Selection(registers=True))
    assert b"in xmm0." not in everything(made)
    assert rules(made) == {"C527"}
    with opened(made) as image:
        thread = image.rows(Thread)[0]
        assert thread.registers == registers(r15=0x1111 * 16)
        expected = bytearray(xsave(state=0))
        expected[464] = 7
        assert thread.xsave == bytes(expected)


def test_what_nobody_knows_is_left_out_and_said() -> None:
    builder = secret_draft().builder()
    builder.section(99, b"who knows what this is", flags=0).objects(0x8001, [[b"nor what this is"]], flags=0)
    found, made = redacted(builder.revision().bytes(), Selection(environment=True))
    assert b"what this is" not in everything(made)
    assert [note for note in found.notes if "nobody knows" in note and "(type 99)" in note]
