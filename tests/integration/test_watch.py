"""`retail watch`: what S3 and SQS deliver, and files in a folder, are loaded once, whatever comes twice, late, or damaged."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aws_stand_in import Aws, server, until
from landing_zone import INVENTORY, Zone

from conftest import ROOT, Warehouse, new_warehouse
from retail import landing_zone as landing_zones
from retail import load, run_record, s3_events, watch
from retail.errors import UserError
from retail.watch import Folder, Handled, Place, Queue

FEED = "inventory/inventory/"
KEY = FEED + "dt=2024-01-07/a.csv"
# the limit that is promised, beside the load itself
SECONDS = 2.0


@pytest.fixture(scope="module")
def running() -> Iterator[Aws]:
    with server() as running:
        yield running


@pytest.fixture
def aws(running: Aws) -> Aws:
    running.reset()
    return running


@dataclass
class Loads:
    """Stands for the run: notes what it is asked for, and when; every file loads but those whose name says otherwise."""

    calls: list[frozenset[str]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    work: Callable[[], None] = lambda: None

    def __call__(self, names: frozenset[str], beat: Callable[[], None]) -> Handled:
        self.at.append(time.monotonic())
        self.calls.append(names)
        self.work()
        beat()
        failed = frozenset(name for name in names if "damaged" in name)
        return Handled(names - failed, failed, int(bool(failed)))

    @property
    def names(self) -> list[str]:
        return sorted(name for names in self.calls for name in names)


def queue_of(url: str, handle: watch.Handle, **options: object) -> Queue:
    options = {"long_poll": 0, "window": 0.1, "first_back_off": 0, **options}
    return Queue(url, handle, (FEED, "ops/reason/"), **options)


def event(key: str, name: str = "ObjectCreated:Put", etag: str = "1") -> dict:
    return {"eventName": name, "s3": {"bucket": {"name": "lake"}, "object": {"key": key, "eTag": etag}}}


# -- what a message says ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "keys"),
    [
        (
            {"Records": [event("ops%2Freason%2Fdt%3D2024-01-01%2Fa+b%2Bc.parquet")]},
            ["ops/reason/dt=2024-01-01/a b+c.parquet"],
        ),
        ({"Records": [event("a"), event("b", "ObjectCreated:CompleteMultipartUpload")]}, ["a", "b"]),
        ({"Records": [event("a", "ObjectRemoved:Delete"), event("b", "s3:ObjectCreated:Copy")]}, ["b"]),
        ({"Type": "Notification", "Message": json.dumps({"Records": [event("a%2Fb")]})}, ["a/b"]),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "lake"}, []),
        ({"Records": []}, []),
    ],
    ids=["encoded", "two", "removed", "through SNS", "test", "none"],
)
def test_the_objects_of_a_message_are_those_created_under_their_own_keys(told: dict, keys: list[str]) -> None:
    assert [each.key for each in s3_events.new_objects(json.dumps(told))] == keys


@pytest.mark.parametrize(
    "body",
    ["", "no JSON", "[]", "1", "{}", '{"Records": [{}]}', '{"Records": 1}', '{"Records": [1]}', '{"Message": "x"}',
     json.dumps({"Records": [event("%ff")]})],
)  # fmt: skip
def test_what_s3_does_not_send_is_refused(body: str) -> None:
    with pytest.raises(s3_events.NotAnEvent):
        s3_events.new_objects(body)


def test_an_object_has_its_name_below_the_landing_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    def named(landing: str, bucket: str, key: str) -> str | None:
        monkeypatch.setenv("RETAIL_LANDING", landing)
        return watch.place().name(s3_events.NewObject(bucket, key, ""))

    assert named("s3://lake", "lake", "ops/a") == "ops/a"
    assert named("s3://lake/in/", "lake", "in/ops/a") == "ops/a"
    assert named("s3://lake/in", "lake", "inner/ops/a") is None
    assert named("s3://lake/in", "pond", "in/ops/a") is None
    assert named("landing", "pond", "ops/a") == "ops/a"


# -- the queue --------------------------------------------------------------------------------------------------------


def test_what_s3_tells_the_queue_is_loaded_once_and_its_messages_are_gone(aws: Aws) -> None:
    url, dead = aws.queue_with_dead_letters("landing", 3)
    # S3 sends its test event now
    aws.bucket("lake", url)
    loads = Loads()
    watcher = queue_of(url, loads, at=Place("lake", "in/"))
    aws.put("lake", "in/" + KEY)
    aws.put("lake", f"in/{FEED}dt=2024-01-14/with blank+plus=é.csv")
    aws.put("lake", "in/elsewhere/a.csv")
    aws.put("lake", f"in/{FEED}dt=2024-01-14/_temporary.csv")
    aws.put("lake", f"outside/{KEY}")
    assert watcher.watch(once=True) == 0
    # one run for all that came together
    assert loads.calls == [frozenset({KEY, FEED + "dt=2024-01-14/with blank+plus=é.csv"})]
    assert (aws.waiting(url), aws.waiting(dead)) == (0, 0)
    # the same content again tells the same thing again
    aws.put("lake", "in/" + KEY)
    assert watcher.watch(once=True) == 0
    assert len(loads.calls) == 1
    # other content under a name that is loaded: the run says what is wrong with that
    aws.put("lake", "in/" + KEY, b"y")
    watcher.watch(once=True)
    assert len(loads.calls) == 2 and aws.waiting(url) == 0


def test_events_through_a_topic_repeated_and_out_of_order_load_nothing_twice(aws: Aws) -> None:
    url, _ = aws.queue_with_dead_letters("landing", 3)
    topic = aws.client("sns").create_topic(Name="landing")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=aws.arn(url))
    aws.bucket("lake", topic=topic)
    aws.put("lake", KEY)
    for key, etag in (("late", "2"), ("late", "1"), ("late", "2")):
        body = json.dumps({"Records": [event(f"{FEED}{key}.csv", etag=etag)]})
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    loads = Loads()
    assert queue_of(url, loads).watch(once=True) == 0
    assert loads.calls == [frozenset({KEY, f"{FEED}late.csv"})]
    assert aws.waiting(url) == 0


def test_what_cannot_be_handled_goes_to_the_dead_letters_and_the_rest_is_loaded(aws: Aws) -> None:
    url, dead = aws.queue_with_dead_letters("landing", 2)
    aws.bucket("lake", url)
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="no event at all")
    aws.put("lake", f"{FEED}dt=2024-01-07/damaged.csv")
    aws.put("lake", KEY)
    loads = Loads()
    watcher = queue_of(url, loads)
    assert watcher.watch(once=True) == 1
    until(lambda: watcher.watch(once=True) is not None and aws.waiting(url) == 0)
    assert loads.names.count(KEY) == 1
    # tried as often as the redrive policy says
    assert loads.names.count(f"{FEED}dt=2024-01-07/damaged.csv") == 2
    bodies = aws.bodies(dead)
    assert len(bodies) == 2 and "no event at all" in bodies


@pytest.mark.slow
def test_a_run_that_fails_before_it_has_loaded_leaves_the_message(aws: Aws) -> None:
    url, _ = aws.queue_with_dead_letters("landing", 9)
    aws.bucket("lake", url)
    aws.put("lake", KEY)

    def fails(_: frozenset[str], __: Callable[[], None]) -> Handled:
        raise UserError("the disk is full")

    assert queue_of(url, fails, first_back_off=2).watch(once=True) == 1
    assert aws.waiting(url) == 1
    loads = Loads()
    until(lambda: queue_of(url, loads).watch(once=True) == 0 and loads.calls)
    assert loads.names == [KEY] and aws.waiting(url) == 0


@pytest.mark.slow
def test_a_message_in_hand_is_kept_from_others_for_as_long_as_its_run_takes(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "VISIBLE", 1)
    monkeypatch.setattr(watch, "BEAT", 0.3)
    url, _ = aws.queue_with_dead_letters("landing", 9)
    aws.bucket("lake", url)
    aws.put("lake", KEY)
    others: list[dict] = []

    def slow(names: frozenset[str], beat: Callable[[], None]) -> Handled:
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            time.sleep(0.1)
            beat()
            others.extend(aws.client("sqs").receive_message(QueueUrl=url).get("Messages", []))
        return Handled(names)

    assert queue_of(url, slow).watch(once=True) == 0
    assert others == [] and aws.waiting(url) == 0


def test_errors_of_aws_are_waited_out_and_a_queue_that_is_not_there_is_named(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url, _ = aws.queue_with_dead_letters("landing", 9)
    aws.bucket("lake", url)
    aws.put("lake", KEY)
    monkeypatch.setattr(watch, "back_off", lambda *_: 0.01)
    loads = Loads()
    watcher = queue_of(url, loads)
    watcher.open()
    real, fails = watcher.client.receive_message, iter([1, 1, 1])

    def flaky(**arguments: object) -> dict:
        # three times in a row
        if next(fails, None):
            arguments["QueueUrl"] = url + "-gone"
        return real(**arguments)

    watcher.client.receive_message = flaky
    assert watcher.watch(once=True) == 0
    assert loads.names == [KEY]
    assert capsys.readouterr().err.count("the queue does not answer") == 3
    with pytest.raises(UserError, match="QueueDoesNotExist|NonExistentQueue"):
        queue_of(url + "-gone", loads).watch(once=True)


def test_back_off_doubles_up_to_its_limit() -> None:
    assert [watch.back_off(number, 900, 10) for number in (1, 2, 3, 9)] == [10, 20, 40, 900]


def test_an_event_reaches_the_run_within_two_seconds(aws: Aws) -> None:
    url, _ = aws.queue_with_dead_letters("landing", 3)
    aws.bucket("lake", url)
    loads = Loads()
    watcher = queue_of(url, loads, long_poll=1, window=Queue.window)
    thread = threading.Thread(target=watcher.watch)
    thread.start()
    try:
        for number in range(3):
            landed = time.monotonic()
            aws.put("lake", f"{FEED}dt=2024-01-07/{number}.csv")
            until(lambda wanted=number: len(loads.calls) > wanted)
            assert loads.at[number] - landed < SECONDS
    finally:
        watcher.stop.asked = True
        thread.join()


def loaded(zone: Zone, names: frozenset[str]) -> Handled:
    """What a run does of it: load the bucket; what became of the objects by the load history."""
    code = load.load(landing_zones.of("s3://lake/in"), zone.database, scripts=zone.scripts).exit_code
    return watch.outcomes(zone.database, names, code)


def test_objects_end_in_bronze_once_and_a_damaged_one_in_the_dead_letters(aws: Aws, tmp_path: Path) -> None:
    zone = Zone(tmp_path)
    url, dead = aws.queue_with_dead_letters("landing", 2)
    aws.bucket("lake", url)
    watcher = queue_of(url, lambda names, _: loaded(zone, names), at=Place("lake", "in/"))
    aws.put("lake", f"in/{KEY}", (INVENTORY + "2024-01-01,1,1,5\n").encode())
    aws.put("lake", f"in/{FEED}dt=2024-01-07/damaged.csv.gz", b"not packed")
    watcher.watch(once=True)
    aws.put("lake", f"in/{FEED}dt=2024-01-14/b.csv", (INVENTORY + "2024-01-08,1,1,7\n").encode())
    # a second watcher, which knows nothing of what the first has done, gets the first event again
    body = json.dumps({"Records": [event(f"in/{KEY}")]})
    aws.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    other = queue_of(url, watcher.handle, at=Place("lake", "in/"))
    until(lambda: other.watch(once=True) is not None and aws.waiting(url) == 0)
    assert zone.counts() == [("2024-01-01", "1", "1", "5"), ("2024-01-08", "1", "1", "7")]
    (dead_letter,) = aws.bodies(dead)
    assert "damaged.csv.gz" in dead_letter


# -- a folder ---------------------------------------------------------------------------------------------------------


def test_a_file_is_taken_when_it_no_longer_changes_and_once(tmp_path: Path) -> None:
    loads = Loads()
    folder = Folder(tmp_path, loads, (FEED,), poll=0.2)
    thread = threading.Thread(target=folder.watch)
    file = tmp_path / KEY
    file.parent.mkdir(parents=True)
    thread.start()
    try:
        with file.open("w") as stream:
            # half of it, and more for a second
            for _ in range(10):
                stream.write(INVENTORY)
                stream.flush()
                time.sleep(0.1)
                assert loads.calls == []
        (file.parent / "_later.csv").write_text(INVENTORY)
        (tmp_path / "elsewhere.csv").write_text(INVENTORY)
        until(lambda: loads.calls)
        time.sleep(0.7)
        assert loads.calls == [frozenset({KEY})]
        for number in range(2):
            landed = time.monotonic()
            file.with_name(f"{number}.csv").write_text(INVENTORY)
            until(lambda wanted=number: len(loads.calls) > 1 + wanted)
            assert loads.at[-1] - landed < SECONDS
        # one that could not be loaded, when it is put right
        damaged = file.with_name("damaged.csv")
        damaged.write_text("")
        until(lambda: len(loads.calls) == 4)
        time.sleep(0.7)
        assert len(loads.calls) == 4
        damaged.write_text(INVENTORY)
        until(lambda: len(loads.calls) == 5)
    finally:
        folder.stop.asked = True
        thread.join()


def test_a_file_that_the_run_did_not_take_is_taken_up_again(tmp_path: Path) -> None:
    tries: list[frozenset[str]] = []

    def busy(names: frozenset[str], _: Callable[[], None]) -> Handled:
        tries.append(names)
        return Handled(code=75) if len(tries) == 1 else Handled(names)

    (tmp_path / FEED).mkdir(parents=True)
    (tmp_path / FEED / "a.csv").write_text(INVENTORY)
    folder = Folder(tmp_path, busy, (FEED,), poll=0.05)
    assert folder.watch(once=True) == 75
    assert folder.watch(once=True) == 0 and len(tries) == 1
    time.sleep(1.1)
    assert folder.watch(once=True) == 0 and len(tries) == 2
    folder.watch(once=True)
    assert len(tries) == 2


@pytest.fixture
def empty(tmp_path: Path) -> Warehouse:
    """A landing zone with nothing in it."""
    empty = new_warehouse(tmp_path)
    empty.landing.mkdir()
    return empty


@pytest.mark.slow
def test_watching_ends_on_a_signal_when_the_run_in_hand_is_done(empty: Warehouse) -> None:
    """The command itself, up to the load: dbt is left out by a step limit that it cannot keep."""
    environment = {**empty.environment, "RETAIL_STEP_SECONDS": "build=0.05"}
    process = subprocess.Popen(
        ["retail", "watch", "--poll", "0.1"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )  # fmt: skip
    try:
        assert "watches" in process.stdout.readline()
        file = empty.landing / KEY
        file.parent.mkdir(parents=True)
        file.write_text(INVENTORY + "2024-01-01,1,1,5\n")
        until(lambda: run_record.steps(empty.database))
        process.send_signal(signal.SIGTERM)
        said = process.stdout.read()
        assert process.wait() == 0, said
    finally:
        process.kill()
        process.stdout.close()
    assert "ends when the run in hand is done" in said and "Traceback" not in said
    assert [step.outcome for step in run_record.steps(empty.database)] == [
        "nothing",
        "done",
        "done",
        "timed_out",
        "skipped",
    ]
    with empty.connect() as connection:
        assert connection.execute("select count(*) from bronze.inventory__inventory").fetchone() == (1,)


def test_a_bucket_without_a_queue_cannot_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_LANDING", "s3://lake/in")
    monkeypatch.delenv("RETAIL_QUEUE_URL", raising=False)
    with pytest.raises(UserError, match="--queue or RETAIL_QUEUE_URL"):
        watch.run(None, once=True, poll=0.1, window=0.1)
    assert os.environ["RETAIL_LANDING"] == "s3://lake/in"
