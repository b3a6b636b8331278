"""One process at a time: a lock that its holder keeps for as long as a file is open."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO

from sleeptime_lib.errors import InputError


def hold(file: Path, what: Path) -> IO[str]:
    """Lock a file, made if missing; closing it, or the end of the process, gives the lock back.

    Nobody waits: who finds it locked is told by whom. On a network file system that passes locks
    on, it keeps processes of other machines out as well.

    Args:
        file: A file that is nothing but the lock; it names its holder.
        what: What it protects, for the message.

    Raises:
        InputError: Another process holds it, or the file system knows no locks.
        OSError: The file cannot be made.
    """
    handle = file.open("a+", encoding="utf-8", errors="replace")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        holder = handle.read(200).strip()
        handle.close()
        known = f" ({holder})" if holder and holder.isprintable() else ""
        raise InputError(
            f"{what} is in use by another process{known}: wait until it has ended, or choose "
            "another place with --out"
        ) from None
    except OSError as error:
        handle.close()
        raise InputError(
            f"{what} cannot be locked ({error.strerror}): choose a place on another file system "
            "with --out"
        ) from None
    with suppress(OSError):  # a full disk will be told by what needs it
        handle.truncate(0)
        handle.write(f"{os.getpid()} on {socket.gethostname()}\n")
        handle.flush()
    return handle
