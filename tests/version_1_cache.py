"""A cache file as the program wrote it before, version 1 of the schema."""

import json
import sqlite3
import zlib
from pathlib import Path

from sleeptime_lib.records import Reply

_SCHEMA = """
CREATE TABLE calls (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, model TEXT NOT NULL,
  owner TEXT NOT NULL, created REAL NOT NULL, latency_s REAL NOT NULL, prompt INTEGER NOT NULL,
  cached INTEGER NOT NULL, completion INTEGER NOT NULL, reasoning INTEGER NOT NULL,
  estimated INTEGER NOT NULL, finish_reason TEXT NOT NULL, text TEXT NOT NULL,
  thought TEXT NOT NULL, tool_calls TEXT NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE begun (key BLOB PRIMARY KEY, session INTEGER NOT NULL, tokens INTEGER NOT NULL,
  nano_usd INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL,
  pid INTEGER NOT NULL, process TEXT NOT NULL, seen REAL NOT NULL);
CREATE TABLE spent (prompt INTEGER NOT NULL, cached INTEGER NOT NULL, completion INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, unknown_calls INTEGER NOT NULL, unknown_tokens INTEGER NOT NULL,
  unknown_nano_usd INTEGER NOT NULL);
PRAGMA user_version = 1;
"""


def write(
    path: Path, replies: dict[bytes, Reply], spent: tuple[int, ...], begun: tuple[bytes, ...] = ()
) -> None:
    """Write a file of version 1.

    Args:
        path: The file.
        replies: By key.
        spent: The seven numbers of its table.
        begun: Keys of calls in flight at a kill, of 1,000 tokens and 5,000 nano-USD each.
    """
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(_SCHEMA)
    db.execute("INSERT INTO sessions VALUES (7, 'elsewhere', 1, 'x', 0.0)")
    db.execute("INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?, ?)", spent)
    db.executemany("INSERT INTO begun VALUES (?, 7, 1000, 5000)", [(key,) for key in begun])
    for key, reply in replies.items():
        usage = reply.usage
        calls = [[call.call_id, call.name, call.arguments] for call in reply.tool_calls]
        values = (
            "m",
            reply.owner,
            1.5,
            reply.latency_s,
            *(usage.prompt, usage.cached, usage.completion, usage.reasoning, usage.estimated + 0),
            *(reply.finish_reason, reply.text, reply.reasoning),
            json.dumps(calls) if calls else "",
        )
        checksum = zlib.crc32(json.dumps(values, default=repr).encode())
        marks = ", ".join("?" * (len(values) + 2))
        db.execute(f"INSERT INTO calls VALUES (NULL, {marks})", (key, *values, checksum))
    db.commit()
    db.close()
