"""The committed modules are what the generator makes of the schemas."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.node import GENERATOR_DIR, generate, require_node
from tests.schema import FORMAT_DIR

if TYPE_CHECKING:
    from pathlib import Path

GENERATED_DIR = FORMAT_DIR / "generated"
MODULES = ["crimg", "crimg_container", "crimg_tables", "msgpack_value"]


def files_in(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()}


def test_regenerated_modules_equal_the_committed_ones(tmp_path: Path) -> None:
    generate(tmp_path)
    assert files_in(tmp_path) == files_in(GENERATED_DIR)


def test_committed_modules_belong_to_these_schemas() -> None:
    """What can be said without node: nobody changed a schema and left the modules as they were."""
    lines = (GENERATED_DIR / "SHA256SUMS").read_text().splitlines()
    recorded = {name: digest for digest, name in (line.split("  ") for line in lines)}
    sources = [*FORMAT_DIR.glob("*.ksy"), GENERATOR_DIR / "generate.js", GENERATOR_DIR / "package-lock.json"]
    assert recorded == {
        str(path.relative_to(FORMAT_DIR)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sources
    }


@pytest.mark.parametrize("name", MODULES)
def test_modules_can_write(name: str) -> None:
    text = (GENERATED_DIR / f"{name}.py").read_text()
    assert "ReadWriteKaitaiStruct" in text
    assert "_write__seq" in text


def test_a_module_for_each_schema() -> None:
    assert sorted(path.stem for path in FORMAT_DIR.glob("*.ksy")) == MODULES
    assert sorted(files_in(GENERATED_DIR)) == sorted(
        ["SHA256SUMS", "__init__.py", *(f"{name}.py" for name in MODULES)]
    )


def test_generator_refuses_another_compiler(tmp_path: Path) -> None:
    """The trick that makes read-write classes is known to work with one version of the compiler only."""
    package = tmp_path / "kaitai-struct-compiler"
    package.mkdir()
    (package / "package.json").write_text(
        json.dumps({"name": package.name, "version": "0.12.0", "main": "index.js"})
    )
    (package / "index.js").write_text('module.exports = { version: "0.12.0" };\n')
    preload = tmp_path / "preload.js"
    preload.write_text(
        "const Module = require('node:module');\n"
        "const resolve = Module._resolveFilename;\n"
        "Module._resolveFilename = (request, ...rest) =>\n"
        f"  resolve(request === 'kaitai-struct-compiler' ? {json.dumps(str(package))} : request, ...rest);\n"
    )
    result = subprocess.run(
        [
            require_node(),
            "--require",
            str(preload),
            str(GENERATOR_DIR / "generate.js"),
            str(tmp_path / "out"),
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert (
        result.stderr.decode().strip() == "generate: kaitai-struct-compiler 0.12.0: this script needs 0.11.0"
    )
    assert not (tmp_path / "out").exists()


def test_packages_are_pinned_and_the_lock_names_no_registry() -> None:
    package = json.loads((GENERATOR_DIR / "package.json").read_text())
    lock = json.loads((GENERATOR_DIR / "package-lock.json").read_text())
    assert package["devDependencies"]["kaitai-struct-compiler"] == "0.11.0"
    assert package["devDependencies"]["kaitai-struct"] == "0.11.0"
    for name, entry in lock["packages"].items():
        assert "resolved" not in entry, name
        assert name == "" or entry["integrity"].startswith("sha512-"), name


def test_opening_an_image_imports_the_small_schema_only() -> None:
    code = "import sys, crimg.format.container; print(*sorted(m for m in sys.modules if 'generated' in m))"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
        timeout=60,
    )
    assert result.stdout.split() == ["crimg.format.generated", "crimg.format.generated.crimg_container"]


def test_format_imports_nothing_heavy() -> None:
    """Start-up time counts: every verb of the command line imports these modules."""
    code = (
        "import sys; before = set(sys.modules); import crimg.format.container, crimg.format.bodies;"
        "print(*(set(sys.modules) - before))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    heavy = {
        "typing",
        "dataclasses",
        "subprocess",
        "logging",
        "pathlib",
        "re",
        "json",
        "inspect",
        "zlib",
        "msgpack",
    }
    assert not heavy & set(result.stdout.split())
