"""Processes that share what has no name: a pool of workers, servers that fork, an event loop."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.dump.programs import Agent, needs_root
from tests.restart.comeback import there_and_back

if TYPE_CHECKING:
    from pathlib import Path

POOL = """
import multiprocessing
context = multiprocessing.get_context("fork")
total = context.Value("i", 0)
def work(number):
    with total.get_lock():
        total.value += number
    return number * number
sys.modules["__main__"].work = work  # where the workers look for it
pool = context.Pool(3)
first = pool.map(work, range(100))
"""
SERVER = """
import select, socket
server = socket.create_server(("127.0.0.1", 0))
left, right = socket.socketpair()
left.send(b"word")
for number in range(2):
    if os.fork() == 0:
        left.close()
        poll = select.epoll()
        poll.register(server, select.EPOLLIN | select.EPOLLEXCLUSIVE)
        if number:
            poll.register(right, select.EPOLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == right.fileno():
                    right.send(right.recv(9).upper())
                else:
                    client = server.accept()[0]
                    client.send(b"%d" % os.getppid())
                    client.close()
right.close()
"""
LOOP = """
import asyncio, signal, threading
loop = asyncio.new_event_loop()
turns, answers = [], []
async def turn():
    reader, writer = await asyncio.open_unix_connection("served")
    while True:
        turns.append(1)
        writer.write(b"x" * len(turns) + b"\\n")
        answers.append(len(await reader.readline()) - 1)
        await asyncio.sleep(0.001)
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line)
async def main():
    await asyncio.start_unix_server(serve, "served")
    await asyncio.create_subprocess_exec("sleep", "1000")
    await turn()
threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True).start()
"""


@needs_root
def test_pool_of_workers(tmp_path: Path) -> None:
    """Pipes, semaphores in shared memory that have lost their names, a value that all add to."""
    with Agent(POOL, tmp_path / "target") as agent:
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            assert agent.ask("sum(pool.map(work, range(10)))") == 285
        assert agent.ask("total.value") == 4950 + 2 * 45
        agent.ask("pool.terminate()")


@needs_root
def test_server_that_forks(tmp_path: Path) -> None:
    with Agent(SERVER, tmp_path / "target") as agent:
        address = agent.ask("server.getsockname()")
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            with socket.create_connection(address) as client:
                assert client.recv(99) == b"%d" % agent.pid
        assert agent.ask("left.recv(9), left.send(b'more'), left.recv(9)") == (b"WORD", 4, b"MORE")


@needs_root
def test_event_loop(tmp_path: Path) -> None:
    """A client and a server in one loop, with their connection, and a child that is watched."""
    with Agent(LOOP, tmp_path / "target") as agent:
        for turn in range(2):
            there_and_back(agent, tmp_path / str(turn))
            before = agent.ask("len(answers)")
            while agent.ask("len(answers)") < before + 5:
                pass
        assert agent.ask("(copy := list(answers)) == list(range(1, len(copy) + 1))")
