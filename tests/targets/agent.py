"""Runs the code that it is given, writes "ready", and then the value of each expression that it reads.

Whatever it has open, nobody else has: the FIFO at descriptor 0 is held by itself for reading and writing.
"""

from __future__ import annotations

import os
import sys


def answer(line: str, names: dict[str, object]) -> str:
    try:
        return repr(eval(line, names))
    except Exception as error:
        return f"! {error!r}"


def main() -> None:
    names: dict[str, object] = {"os": os, "sys": sys}
    exec(compile(sys.argv[1], "agent", "exec"), names)
    os.write(1, b"ready\n")
    rest = b""
    while True:
        *lines, rest = (rest + os.read(0, 65536)).split(b"\n")
        for line in lines:
            os.write(1, answer(line.decode(), names).encode() + b"\n")


main()
