"""Starts a server on a unix socket and asks it without end, on one connection: both belong to one tree.

hub.py SOCKET REQUEST REPLY COMMAND...: REPLY is a pattern for the end of an answer; its group, if any, is to be
the number of the round. The file `count` has four words: rounds, wrong answers, 0, 0.
"""

from __future__ import annotations

import mmap
import os
import re
import socket
import struct
import subprocess
import sys
import time


def connected(path: str, server: subprocess.Popen[bytes]) -> socket.socket:
    """A connection to the server, once it listens."""
    while server.poll() is None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            time.sleep(0.01)
        else:
            return connection
    sys.exit(f"the server has ended: {server.returncode}")


def main(path: str, request: str, reply: str, *command: str) -> None:
    """Ask for ever."""
    wanted = re.compile(reply.encode() + rb"\Z")
    asked = request.encode().decode("unicode_escape").encode()
    fd = os.open("count", os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, 4096)
    words = mmap.mmap(fd, 4096)
    with open("log", "ab") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    connection = connected(path, server)
    print("ready", server.pid, flush=True)
    wrong = 0
    for number in range(1, 1 << 40):
        connection.sendall(asked)
        answer = b""
        while not (found := wanted.search(answer)):
            part = connection.recv(1 << 16)
            if not part:
                sys.exit("the server has closed the connection")
            answer += part
        wrong += bool(found.groups()) and int(found[1]) != number
        struct.pack_into("<QQ", words, 0, number, wrong)


main(*sys.argv[1:])
