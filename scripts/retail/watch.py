"""`retail watch`: runs what follows from a file as soon as it has landed: events of a bucket in a queue, or a folder looked at.

A message or a change only wakes it up. What is loaded follows from the landing zone and the load history, so events that come
twice, late or in another order load nothing twice, and whoever missed one loads the file with the next.
"""

import math
import os
import signal
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from retail import check, console, landed, load, night, notify, pipes, s3_events, settings, step_process
from retail.errors import UserError
from retail.load_history import LOAD_FAILED

# Seconds. SQS lets a receive wait for 20; a message in hand is hidden from others for VISIBLE, and again every BEAT.
LONG_POLL = 20
VISIBLE, BEAT = 120, 40
# How long a message that failed rests at first, and at most; the most that is waited after errors of AWS.
FIRST_BACK_OFF, LONGEST_BACK_OFF, LONGEST_ERROR_WAIT = 10, 900, 60
# Messages that one run answers.
BATCH = 1000
# Objects of which another message is known to be a repeat.
REMEMBERED = 10_000


@dataclass(frozen=True)
class Handled:
    """What became of some files: names that are in bronze, names that could not be loaded; others are not known yet."""

    loaded: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    code: int = 0


# From names below the landing zone to what became of them; the second is to be called now and then while it works.
Handle = Callable[[frozenset[str], Callable[[], None]], Handled]


class Stopped(Exception):
    """Someone asked for the end while nothing was being done."""


@dataclass
class Stop:
    """Whether someone asked for the end. A signal waits for the work in hand; a second one does not."""

    asked: bool = False
    idle: bool = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the wish to end."""

        def hear(*_: object) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self.asked = True
            if self.idle:
                raise Stopped
            _say("ends when the run in hand is done; once more to break it off")

        before = {sign: signal.signal(sign, hear) for sign in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A stretch that the wish to end breaks off, with Stopped."""
        self.idle = True
        try:
            if self.asked:
                raise Stopped
            yield
        finally:
            self.idle = False


def back_off(attempt: int, longest: float, first: float = 1.0) -> float:
    """Seconds to wait after so many failures: the first, twice as many, and so on up to the longest."""
    return min(first * 2.0 ** max(attempt - 1, 0), longest)


# -- what is done -----------------------------------------------------------------------------------------------------


def run_night(names: frozenset[str], beat: Callable[[], None], **options: Any) -> Handled:
    """`retail run` in a copy of this process, and what became of the files by the load history.

    The copy has all modules loaded and the pipes read, which would take a second. KeyboardInterrupt breaks it off.
    """

    def work() -> list[Any]:
        code = night.run(**options)
        handled = outcomes(settings.database(), names, code)
        return [sorted(handled.loaded), sorted(handled.failed), code]

    # its steps have limits of their own
    ended = step_process.run(work, math.inf, beat=beat, apart=True)
    if ended.interrupted:
        raise KeyboardInterrupt
    if ended.value is None:
        raise UserError(ended.error or "the run ended before it was done; its log says more")
    loaded, failed, code = ended.value
    return Handled(frozenset(loaded), frozenset(failed), code)


def outcomes(database: Path, names: Iterable[str], code: int = 0, wait: float = 60.0) -> Handled:
    """What the load history says of some files."""
    names = frozenset(names)
    status = {entry.file_name: entry.status for entry in check.read_history(database, wait).values()}
    failed = frozenset(name for name in names if status.get(name) == LOAD_FAILED)
    return Handled(frozenset(names & status.keys() - failed), failed, code)


# -- a queue ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where the landing zone is in a bucket: `prefix` is empty or ends in `/`. `bucket` is None where any will do."""

    bucket: str | None
    prefix: str

    def name(self, new: s3_events.NewObject) -> str | None:
        """An object's name below the landing zone; None where it lies elsewhere."""
        if self.bucket not in (None, new.bucket) or not new.key.startswith(self.prefix):
            return None
        return new.key.removeprefix(self.prefix)


def place() -> Place:
    """The bucket and prefix of RETAIL_LANDING; of a folder, which something else fills from a bucket, any and none."""
    named = urlsplit(os.environ.get("RETAIL_LANDING", ""))
    if named.scheme != "s3":
        return Place(None, "")
    folder = named.path.strip("/")
    return Place(named.netloc, f"{folder}/" if folder else "")


@dataclass
class Queue:
    """A queue of S3's events, and what is done about them."""

    url: str
    handle: Handle
    prefixes: tuple[str, ...]
    at: Place = Place(None, "")
    # seconds in which further messages join a run
    window: float = 0.3
    long_poll: int = LONG_POLL
    first_back_off: float = FIRST_BACK_OFF
    stop: Stop = field(default_factory=Stop)
    client: Any = None
    known: OrderedDict[s3_events.NewObject, None] = field(default_factory=OrderedDict)
    passed_over: set[str] = field(default_factory=set)
    errors: int = 0

    def open(self) -> None:
        """Find the queue. UserError where it is not there, or not ours; a note where nothing takes what cannot be handled."""
        from botocore.exceptions import BotoCoreError, ClientError

        self.client = self.client or notify.client("sqs", read_seconds=LONG_POLL + 10)
        try:
            answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["RedrivePolicy"])
        except ClientError as error:
            raise UserError(f"queue {self.url}: {error.response['Error']['Code']}") from None
        except BotoCoreError as error:
            raise UserError(f"queue {self.url}: {error}") from None
        if "RedrivePolicy" not in answer.get("Attributes", {}):
            _say(
                "the queue has no redrive policy: a message that cannot be handled comes back until it expires; docs/nightly.md",
                "yellow",
            )

    def watch(self, *, once: bool = False) -> int:
        """Answer messages until somebody ends it, or with `once` until none is left; the exit code, 1 where a run failed."""
        self.open()
        code = 0
        while not self.stop.asked:
            try:
                messages = self._receive(min(1, self.long_poll) if once else self.long_poll)
            except Stopped:
                break
            if not messages:
                if once:
                    break
                continue
            code = max(code, self._answer(messages))
        return code if once else 0

    def _receive(self, seconds: int) -> list[dict[str, Any]]:
        """The messages that wait, and those that follow them within the window."""
        with self.stop.waiting():
            messages = self._call("receive_message", **self._asked(seconds)).get("Messages", [])
            until = time.monotonic() + self.window
            while messages and len(messages) < BATCH and time.monotonic() < until:
                more = self._call("receive_message", **self._asked(0)).get("Messages", [])
                if not more:
                    time.sleep(0.05)
                messages += more
        return messages

    def _asked(self, seconds: int) -> dict[str, Any]:
        return {
            "QueueUrl": self.url,
            "MaxNumberOfMessages": 10,
            "WaitTimeSeconds": seconds,
            "VisibilityTimeout": VISIBLE,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        }

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call SQS until it answers, ever more slowly."""
        from botocore.exceptions import BotoCoreError, ClientError

        while True:
            try:
                answer = getattr(self.client, operation)(**arguments)
                self.errors = 0
                return answer
            except (BotoCoreError, ClientError) as error:
                self.errors += 1
                seconds = back_off(self.errors, LONGEST_ERROR_WAIT)
                said = error.response["Error"]["Code"] if isinstance(error, ClientError) else str(error)
                _say(f"the queue does not answer ({said}); again in {seconds:g} s", "yellow")
                with self.stop.waiting():
                    time.sleep(seconds)

    def _answer(self, messages: list[dict[str, Any]]) -> int:
        """Do what follows from some messages; those that are done with are deleted, the others come back. The exit code."""
        wanted: dict[str, dict[str, s3_events.NewObject]] = {}
        done, back = [], []
        for message in messages:
            try:
                found = self._ours(s3_events.new_objects(message["Body"]))
            except s3_events.NotAnEvent as fault:
                _say(
                    f"message {message['MessageId']} is no event of S3's ({fault}); left to the redrive policy",
                    "yellow",
                )
                back.append(message)
                continue
            if found:
                wanted[message["ReceiptHandle"]] = found
            else:
                done.append(message)
        self._delete(done)
        code, done = 0, []
        if wanted:
            names = frozenset(name for found in wanted.values() for name in found)
            _say(f"{_files(names)}: {', '.join(sorted(names)[:3])}{' …' if len(names) > 3 else ''}")
            try:
                handled = self.handle(names, self._beat([each for each in messages if each["ReceiptHandle"] in wanted]))
            except UserError as error:
                _say(str(error), "red")
                handled = Handled(code=1)
            code = handled.code
            for message in messages:
                if (found := wanted.get(message["ReceiptHandle"])) is None:
                    continue
                if found.keys() <= handled.loaded:
                    done.append(message)
                    self._remember(found.values())
                else:
                    back.append(message)
                    lacking = sorted(found.keys() - handled.loaded)
                    why = "did not load" if found.keys() & handled.failed else "is not in bronze yet"
                    _say(
                        f"{lacking[0]} {why}; its message comes back, and goes to the dead-letter queue in the end",
                        "yellow",
                    )
        self._delete(done)
        self._give_back(back)
        return code

    def _ours(self, objects: list[s3_events.NewObject]) -> dict[str, s3_events.NewObject]:
        """Objects that a pipe loads and that are not known to be loaded, by name below the landing zone."""
        found = {}
        for each in objects:
            name = self.at.name(each)
            if name is None or not name.startswith(self.prefixes) or not _landed(name):
                folder = f"{each.bucket}/{each.key.rpartition('/')[0]}"
                if folder not in self.passed_over:
                    self.passed_over.add(folder)
                    _say(f"{folder}: no pipe reads this; its events are deleted", "yellow")
            elif each not in self.known:
                found[name] = each
        return found

    def _remember(self, objects: Iterable[s3_events.NewObject]) -> None:
        for each in objects:
            self.known[each] = None
        while len(self.known) > REMEMBERED:
            self.known.popitem(last=False)

    def _beat(self, messages: list[dict[str, Any]]) -> Callable[[], None]:
        """What keeps messages hidden from others while their run is at work."""
        last = time.monotonic()

        def beat() -> None:
            nonlocal last
            if time.monotonic() - last >= BEAT:
                last = time.monotonic()
                self._hide(messages, lambda _: VISIBLE)

        return beat

    def _hide(self, messages: list[dict[str, Any]], seconds: Callable[[dict[str, Any]], int]) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        for start in range(0, len(messages), 10):
            entries = [
                {"Id": str(at), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": seconds(message)}
                for at, message in enumerate(messages[start : start + 10])
            ]
            try:
                self.client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
            except (BotoCoreError, ClientError):
                # they come back earlier than they should, which loads nothing twice
                return

    def _give_back(self, messages: list[dict[str, Any]]) -> None:
        def seconds(message: dict[str, Any]) -> int:
            received = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
            return round(back_off(received, LONGEST_BACK_OFF, self.first_back_off))

        self._hide(messages, seconds)

    def _delete(self, messages: list[dict[str, Any]]) -> None:
        try:
            for start in range(0, len(messages), 10):
                entries = [
                    {"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]}
                    for at, message in enumerate(messages[start : start + 10])
                ]
                self._call("delete_message_batch", QueueUrl=self.url, Entries=entries)
        except Stopped:
            # while AWS did not answer: what is not deleted comes again, and loads nothing twice
            return


def _landed(name: str) -> bool:
    """Whether a name says that the object has landed, as it is with files."""
    parts = name.split("/")
    return not any(part.startswith(landed.NOT_LANDED_PREFIXES) for part in parts) and not name.endswith(
        ("/", *landed.NOT_LANDED_SUFFIXES)
    )


# -- a folder ---------------------------------------------------------------------------------------------------------


@dataclass
class Folder:
    """A landing zone on disk, and what is done about new files. A file is taken once two looks, `poll` seconds apart, find it the same."""

    root: Path
    handle: Handle
    prefixes: tuple[str, ...]
    poll: float = 0.4
    stop: Stop = field(default_factory=Stop)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    handled: dict[str, tuple[int, int]] = field(default_factory=dict)
    later: dict[str, tuple[int, float]] = field(default_factory=dict)

    def watch(self, *, once: bool = False) -> int:
        """Take new files until somebody ends it, or with `once` those that are there; the exit code, 1 where a run failed."""
        self.look()
        code = 0
        while not self.stop.asked:
            begun = time.monotonic()
            try:
                with self.stop.waiting():
                    time.sleep(self.poll)
            except Stopped:
                break
            new = self.look()
            if new:
                code = max(code, self._answer(new))
            if once:
                break
            # a landing zone of very many files is looked at less often
            spare = 4 * (time.monotonic() - begun - self.poll) if not new else 0.0
            try:
                with self.stop.waiting():
                    time.sleep(max(spare - self.poll, 0.0))
            except Stopped:
                break
        return code if once else 0

    def look(self) -> dict[str, tuple[int, int]]:
        """New files that have not changed since the last look: size and time of change, by name."""
        listing = landed.list_files(self.root, self.prefixes)
        now = {file.name: (file.size, file.mtime_ns) for files in listing.files.values() for file in files}
        clock = time.monotonic()
        found = {
            name: state
            for name, state in now.items()
            if self.handled.get(name) != state
            and self.seen.get(name) == state
            and (name not in self.later or self.later[name][1] <= clock)
        }
        self.seen = now
        return found

    def _answer(self, new: dict[str, tuple[int, int]]) -> int:
        names = frozenset(new)
        _say(f"{_files(names)}: {', '.join(sorted(names)[:3])}{' …' if len(names) > 3 else ''}")
        try:
            handled = self.handle(names, lambda: None)
        except UserError as error:
            _say(str(error), "red")
            handled = Handled(code=1)
        for name, state in new.items():
            if name in handled.loaded | handled.failed:
                # one that failed is taken again when it changes
                self.handled[name] = state
                self.later.pop(name, None)
            else:
                tries = self.later.get(name, (0, 0.0))[0] + 1
                self.later[name] = (tries, time.monotonic() + back_off(tries, LONGEST_BACK_OFF))
        return handled.code


# -- the face ---------------------------------------------------------------------------------------------------------


def _files(names: frozenset[str]) -> str:
    return "1 file" if len(names) == 1 else f"{len(names):,} files"


def _say(text: str, style: str | None = None) -> None:
    console.err.print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} watch: {text}", style=style, markup=False)


def run(queue: str | None, *, once: bool, poll: float, window: float, **options: Any) -> int:
    """Watch the queue, or the landing zone where there is none, by the settings; the exit code.

    `options` go to each night.run. UserError where there is nothing to watch.
    """
    at, url = place(), queue or settings.queue()
    if at.bucket and not url:
        raise UserError(
            "the landing zone is a bucket: name the queue that its events go to, with --queue or RETAIL_QUEUE_URL"
        )
    prefixes = tuple(pipe.prefix for pipe in pipes.read_definitions(load.default_scripts()).pipes)
    stop = Stop()

    def handle(names: frozenset[str], beat: Callable[[], None]) -> Handled:
        return run_night(names, beat, **options)

    with stop.heard():
        try:
            if url:
                watcher = Queue(url, handle, prefixes, at, window, stop=stop)
                watcher.open()
                _say(f"watches {url}")
                # what landed while nobody watched
                handle(frozenset(), lambda: None)
                return watcher.watch(once=once)
            _say(f"watches {settings.landing()}")
            return Folder(settings.landing(), handle, prefixes, poll, stop).watch(once=once)
        except Stopped:
            return 0
        except KeyboardInterrupt:
            return 130
