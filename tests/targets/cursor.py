"""sqlite3 with a database file, a connection, and a cursor in the middle of its rows: `next` gives one more."""

from __future__ import annotations

import os
import sqlite3
import sys

database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 8")
database.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY, square INTEGER, text TEXT)")
database.execute("BEGIN")
database.executemany("INSERT INTO numbers VALUES (?, ?, ?)", ((n, n * n, "x" * 1000) for n in range(2000)))
database.execute("COMMIT")
cursor = database.execute("SELECT n, square FROM numbers ORDER BY n")
for _ in range(1000):
    last = next(cursor)
os.write(1, b"ready %d\n" % last[0])
rest = b""
while True:
    *lines, rest = (rest + os.read(0, 4096)).split(b"\n")
    for line in lines:
        if line == b"next":
            os.write(1, b"%d %d\n" % next(cursor))
        elif line == b"rest":
            os.write(1, b"%d\n" % sum(square for _, square in cursor))
            database.execute("INSERT INTO numbers VALUES (-1, 1, '')")
