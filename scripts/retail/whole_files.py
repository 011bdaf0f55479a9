"""Files that a reader sees whole or not at all: one writer at a time, and a new file in the place of the old one in one step."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retail.errors import UserError


@contextmanager
def alone(folder: Path, wait: float, verb: str) -> Iterator[int]:
    """Hold `folder` against another `verb` (`retail publish`); the lock ends with the process, however it ends.

    Waits up to `wait` seconds, then raises UserError. Gives the open file that holds the lock: a process that inherits it
    holds it too.
    """
    until = time.monotonic() + wait
    handle = os.open(folder, os.O_RDONLY)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise UserError(f"{folder}: another {verb} still writes there after {wait:g} s") from None
                time.sleep(0.1)
        yield handle
    finally:
        os.close(handle)


def put_in_place(new: Path, old: Path) -> None:
    """Replace `old` by `new` in one step, on disk before anybody sees it; a link is replaced, not followed."""
    if not new.is_symlink():
        with open(new, "rb") as stream:
            os.fsync(stream.fileno())
    os.replace(new, old)
    folder = os.open(old.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
