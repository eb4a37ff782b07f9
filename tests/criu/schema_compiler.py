"""Compile crimg/criu/criu.proto to crimg/criu/generated/schema.py: `make regenerate-criu`.

What is committed is the descriptor of the schema, from which the protobuf runtime makes the message classes:
unlike the code that protoc writes, it is not tied to one version of that runtime.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).parents[2] / "crimg" / "criu"
SCHEMA = HOME / "criu.proto"
COMPILED = HOME / "generated" / "schema.py"
_WIDTH = 48
"""Bytes in a line."""


def digest() -> str:
    """SHA-256 of the schema, by which it is seen that the compiled module is of another one."""
    return hashlib.sha256(SCHEMA.read_bytes()).hexdigest()


def compiled() -> str:
    """The text of the module, made anew by protoc (package grpcio-tools)."""
    from google.protobuf import descriptor_pb2

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "descriptor"
        words = [f"--proto_path={HOME}", f"--descriptor_set_out={output}", str(SCHEMA)]
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *words], check=True)
        (file,) = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file
    for message in file.message_type:
        for field in message.field:
            field.ClearField("json_name")  # nobody asks for it, and it is a third of the size
    return _module(file.SerializeToString(deterministic=True))


def _module(descriptor: bytes) -> str:
    parts = [descriptor[start : start + _WIDTH] for start in range(0, len(descriptor), _WIDTH)]
    return "\n".join(
        [
            '"""Compiled from crimg/criu/criu.proto by `make regenerate-criu`; not to be edited."""',
            "",
            f'SCHEMA_SHA256 = "{digest()}"',
            '"""Of the schema that this was compiled from."""',
            "DESCRIPTOR = (",
            *(f"    {part!r}" for part in parts),
            ")",
            '"""The schema as a serialized google.protobuf.FileDescriptorProto."""',
            "",
        ]
    )


if __name__ == "__main__":
    COMPILED.write_text(compiled())
