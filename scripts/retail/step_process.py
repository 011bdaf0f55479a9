"""A step of the night in a process of its own, so that it can be stopped when it takes too long, whatever it is about."""

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from retail.errors import UserError

# Seconds that a step gets to end by itself once it is asked to.
GRACE = 10.0


@dataclass(frozen=True)
class Ended:
    """How a step's process ended: with what it gave, with the error of a user, out of time, interrupted, or by itself (`signal`)."""

    value: Any = None
    error: str | None = None
    timed_out: bool = False
    interrupted: bool = False
    crashed: bool = False


def run(
    function: Callable[[], Any], seconds: float, *, beat: Callable[[], None] | None = None, apart: bool = False
) -> Ended:
    """Call a function in a copy of this process, and stop it after so many seconds; what it gives must be JSON.

    The copy is made as it is, without starting Python anew, so this process must have no threads. On Ctrl-C and on SIGTERM
    the copy is stopped, too. `beat` is called every second. `apart`: signals are none of the copy's business; this process
    hears them as it did before, and stops the copy with KeyboardInterrupt alone.
    """
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(read)
        if apart:
            os.setsid()
        _in_the_copy(function, write)
    os.close(write)
    told = b""
    stopped = ""
    try:
        with nullcontext() if apart else _terminable():
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                if not select.select([read], [], [], min(left, 1.0))[0]:
                    if beat:
                        beat()
                    continue
                block = os.read(read, 1 << 16)
                if not block:
                    break
                told += block
            else:
                stopped = "timed_out"
                _stop(child)
    except (KeyboardInterrupt, _Terminated) as reason:
        stopped = "interrupted"
        # Ctrl-C at the terminal reaches the copy, too, and lets it end what it is about
        _stop(child, patience=GRACE if isinstance(reason, KeyboardInterrupt) and not apart else 0.0)
    finally:
        os.close(read)
    if stopped:
        return Ended(timed_out=stopped == "timed_out", interrupted=stopped == "interrupted")
    os.waitpid(child, 0)
    try:
        kind, value = json.loads(told)
    except ValueError:
        return Ended(crashed=True)
    if kind == "interrupted":
        return Ended(interrupted=True)
    return Ended(error=value) if kind == "error" else Ended(crashed=True) if kind == "crashed" else Ended(value=value)


def _in_the_copy(function: Callable[[], Any], write: int) -> None:
    """Never returns."""
    told: tuple[str, Any] = ("crashed", None)
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        told = ("value", function())
    except UserError as error:
        told = ("error", str(error))
    except KeyboardInterrupt:
        told = ("interrupted", None)
    except SystemExit:
        pass
    except BaseException:  # noqa: BLE001, a fault of ours: shown, and this copy ends here
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
            with os.fdopen(write, "wb") as stream:
                stream.write(json.dumps(told).encode())
        finally:
            os._exit(0)


def _stop(child: int, patience: float = 0.0) -> None:
    """End a process: after `patience` seconds ask it to, then make it."""
    for sign, seconds in ((None, patience), (signal.SIGTERM, 2 * GRACE), (signal.SIGKILL, None)):
        if sign:
            os.kill(child, sign)
        until = time.monotonic() + seconds if seconds is not None else None
        while until is None or time.monotonic() < until:
            if os.waitpid(child, 0 if until is None else os.WNOHANG) != (0, 0):
                return
            time.sleep(0.05)


class _Terminated(Exception):
    pass


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM as an exception, where this process may say so."""

    def terminated(*_: object) -> None:
        raise _Terminated

    try:
        before = signal.signal(signal.SIGTERM, terminated)
    except ValueError:
        # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
