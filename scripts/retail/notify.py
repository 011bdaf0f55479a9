"""`retail notify`: tell someone what went wrong in a run: SNS, CloudWatch, else standard error.

Names and counts alone: files, feeds, models, tests, steps. What rows hold, and the words of an error that may quote it, stay here.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from retail import console, run_record, settings
from retail.errors import UserError
from retail.run_record import BROKEN, ERROR, WARNING, Remark, Run

# AWS cuts a subject off above 100 characters and refuses what is not ASCII.
SUBJECT_CHARACTERS = 100
NAMES_SHOWN = 20

# kind of a remark: what it is called, for one and for several
WORDS = {
    "missing": ("expected feed is missing", "expected feeds are missing"),
    "silent": ("feed is silent for too long", "feeds are silent for too long"),
    "unusual_rows": ("file has an unusual number of rows", "files have an unusual number of rows"),
    "schema": (
        "file has other columns or values than its table",
        "files have other columns or values than their tables",
    ),
    "not_loaded": ("file did not load", "files did not load"),
    "rejected": ("file has records that were rejected", "files have records that were rejected"),
    "model_failed": ("model failed", "models failed"),
    "snapshot_failed": ("snapshot failed", "snapshots failed"),
    "seed_failed": ("seed failed", "seeds failed"),
    "test_failed": ("test failed", "tests failed"),
    "test_warned": ("test warned", "tests warned"),
    "build_stopped": ("build stopped before its end", "builds stopped before their end"),
    "not_published": ("publication failed", "publications failed"),
    "timed_out": ("step ran out of time", "steps ran out of time"),
    "interrupted": ("step was interrupted", "steps were interrupted"),
    "killed": ("step was killed", "steps were killed"),
    "step_failed": ("step failed", "steps failed"),
    "low_stock": ("alert of low stock", "alerts of low stock"),
}

# what is written down once the numbers of a run are sent
METRICS = "metrics"

# Seconds; a run must not hang on telling of it.
CONNECT_SECONDS, READ_SECONDS = 5, 15

# What looks like an address is none of ours: file names come from elsewhere.
_ADDRESS = re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*")


@dataclass(frozen=True)
class Message:
    """What is sent: subject (ASCII, at most 100 characters) and text; `keys` say what it is about, so that nothing is told twice."""

    subject: str
    text: str
    keys: frozenset[str]


def message(run: Run, low_stock: int | None = None) -> Message | None:
    """What there is to tell of a run and has not been told of it; None where there is nothing."""
    remarks = _remarks(run)
    remarks += [
        (step.step, Remark(ERROR, "killed", step.step)) for step in run.steps if step.outcome == run_record.KILLED
    ]
    if low_stock:
        remarks.append(("publish", Remark(WARNING, "low_stock", "products in warehouses", low_stock)))
    keys = frozenset(f"{step}/{remark.kind}/{remark.name}" for step, remark in remarks)
    if not keys - run.told:
        return None
    broken = run.broken()
    counts = Counter((remark.severity, remark.kind) for _, remark in remarks)
    # of the stock and of silent feeds the count is what there is to say
    for _, remark in remarks:
        if remark.kind in ("low_stock", "silent"):
            counts[remark.severity, remark.kind] = remark.count or 1
    ordered = sorted(counts.items(), key=lambda each: (each[0][0] != ERROR, -each[1], each[0]))
    said = [f"{number:,} {WORDS.get(kind, (kind, kind))[number != 1]}" for (_, kind), number in ordered]
    day = next((step.business_date for step in run.steps if step.business_date), None)
    verdict = (
        f"failed at {broken.step}"
        if broken
        else "problems"
        if any(r.severity == ERROR for _, r in remarks)
        else "warnings"
    )
    lines = [f"Run {run.id}{f', business date {day}' if day else ''}: {verdict}.", ""]
    lines += [
        f"{step.step:<8} {step.outcome.replace('_', ' '):<12} {step.seconds:>8,.1f} s{_numbers(step)}"
        for step in run.steps
    ]
    for (severity, kind), number in ordered:
        lines += ["", f"{severity.capitalize()}: {number:,} {WORDS.get(kind, (kind, kind))[number != 1]}"]
        of_kind = [remark for _, remark in remarks if (remark.severity, remark.kind) == (severity, kind)]
        lines += [f"  {_named(remark)}" for remark in of_kind[:NAMES_SHOWN]]
        if len(of_kind) > NAMES_SHOWN:
            lines.append(f"  and {len(of_kind) - NAMES_SHOWN:,} more")
    lines += ["", f"The whole is in the log of the run, logs/runs/{run.id}.jsonl, and in dbt's, logs/dbt.log."]
    subject = _ADDRESS.sub("(address)", f"retail {day or run.id}: {verdict}: {', '.join(said)}")
    subject = re.sub(r"[^\x20-\x7e]", "?", subject)
    if len(subject) > SUBJECT_CHARACTERS:
        subject = subject[: SUBJECT_CHARACTERS - 4].rstrip() + " ..."
    return Message(subject, _ADDRESS.sub("(address)", "\n".join(lines)), keys)


def _remarks(run: Run) -> list[tuple[str, Remark]]:
    """What the steps of a run have to tell, each with its step; of a file that did not load whole not again what was expected of it."""
    found = [(step.step, remark) for step in run.steps for remark in step.remarks]
    known = {remark.name for _, remark in found if remark.kind in ("not_loaded", "rejected")}
    return [(step, remark) for step, remark in found if remark.kind != "schema" or remark.name not in known]


def _numbers(step: run_record.Step) -> str:
    parts = [f"{number:,} {what}" for number, what in ((step.files, "files"), (step.rows, "rows")) if number]
    return f"  {', '.join(parts)}" if parts else ""


def _named(remark: Remark) -> str:
    unit = {"rejected": "records", "test_failed": "results", "test_warned": "results"}.get(remark.kind, "")
    count = f": {remark.count:,} {unit}".rstrip() if remark.count is not None else ""
    return f"{remark.name or remark.kind.replace('_', ' ')}{count}"


def low_stock(gold: Path) -> int | None:
    """Products in warehouses that need attention since they are low or out of stock, in published gold; None where it cannot be read."""
    query = "select count(*) from mart_stock_alerts where needs_attention and stock_status in ('low', 'out_of_stock')"
    try:
        with duckdb.connect(str(gold), read_only=True) as connection:
            return connection.execute(query).fetchone()[0]
    except duckdb.Error:
        return None


def numbers(run: Run) -> dict[str, tuple[float, str]]:
    """What CloudWatch gets of a run: {metric: (value, unit)}."""
    remarks = [remark for _, remark in _remarks(run)]
    return {
        "FilesLoaded": (sum(step.files or 0 for step in run.steps if step.step == "load"), "Count"),
        "RowsLoaded": (sum(step.rows or 0 for step in run.steps if step.step == "load"), "Count"),
        "RowsRejected": (sum(remark.count or 0 for remark in remarks if remark.kind == "rejected"), "Count"),
        "Failures": (sum(remark.severity == ERROR for remark in remarks), "Count"),
        "Warnings": (sum(remark.severity == WARNING for remark in remarks), "Count"),
        "StepsFailed": (sum(step.outcome in BROKEN for step in run.steps), "Count"),
        "Seconds": (round(sum(step.seconds for step in run.steps), 3), "Seconds"),
    }


# -- sending ----------------------------------------------------------------------------------------------------------


def client(service: str, read_seconds: float = READ_SECONDS) -> Any:
    """A client of an AWS service, by the usual variables. UserError where it cannot be made, as without a region."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    retries = {"total_max_attempts": 3, "mode": "standard"}
    limits = Config(connect_timeout=CONNECT_SECONDS, read_timeout=read_seconds, retries=retries)
    try:
        return boto3.client(service, config=limits)
    except (BotoCoreError, ValueError) as error:
        raise UserError(f"AWS: {error}") from None


def _call(what: str, service: str, operation: str, **arguments: object) -> None:
    """Call AWS; UserError in one line where it does not answer as it should."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        getattr(client(service), operation)(**arguments)
    except ClientError as error:
        raise UserError(f"{what}: {error.response['Error']['Code']}") from None
    except BotoCoreError as error:
        raise UserError(f"{what}: {error}") from None


def send(told: Message) -> None:
    """Send a message to the topic of the settings; to standard error where there is none. UserError where that fails."""
    topic = settings.topic()
    if topic is None:
        console.err.print(f"{told.subject}\n{told.text}", markup=False)
        return
    _call(f"SNS topic {topic}", "sns", "publish", TopicArn=topic, Subject=told.subject, Message=told.text)


def measure(run: Run) -> None:
    """Send a run's numbers to CloudWatch, where the settings name a namespace. UserError where that fails."""
    namespace = settings.metrics()
    if namespace is None:
        return
    data = [{"MetricName": name, "Value": value, "Unit": unit} for name, (value, unit) in numbers(run).items()]
    _call(f"CloudWatch namespace {namespace}", "cloudwatch", "put_metric_data", Namespace=namespace, MetricData=data)


def tell(database: Path, run_id: str, *, low_stock: bool = False) -> int:
    """Tell of a run on record what has not been told yet; 0, or 1 where it could not be sent, which is said on standard error."""
    run = next((each for each in run_record.runs(database) if each.id == run_id), None)
    if run is None:
        return 0
    code = 0
    if METRICS not in run.told:
        code |= _safely(lambda: measure(run), database, run_id, {METRICS} if settings.metrics() else set())
    told = message(run, low_stock_of(low_stock))
    # on the terminal the run has said all of it already
    if told and (settings.topic() or low_stock):
        code |= _safely(lambda: send(told), database, run_id, told.keys)
    return code


def low_stock_of(asked: bool) -> int | None:
    """The alerts of low stock, where they are asked for."""
    return low_stock(settings.gold()) if asked else None


def _safely(send_: Any, database: Path, run_id: str, keys: Iterable[str]) -> int:
    try:
        send_()
        if keys:
            run_record.write_told(database, run_id, keys)
    except (UserError, OSError) as error:
        console.err.print(f"retail notify: not sent: {error}", style="red", markup=False)
        return 1
    return 0


def run(run_id: str | None, *, low_stock: bool, again: bool, dry_run: bool) -> int:
    """`retail notify`: tell of a run on record, by default the last; the exit code.

    `again` tells what has been told already; `dry_run` prints the message and sends nothing. UserError where there is no such run.
    """
    database = settings.database()
    known = run_record.runs(database)
    found = next((each for each in reversed(known) if run_id in (None, each.id)), None)
    if found is None:
        raise UserError(
            f"no run{f' {run_id}' if run_id else ''} is on record beside {database}; `retail run` makes one"
        )
    if again:
        found.told.clear()
    told = message(found, low_stock_of(low_stock))
    if told is None:
        console.out.print(f"Run {found.id}: nothing to tell{' that has not been told' if found.told else ''}.")
        return 0
    if dry_run:
        console.out.print(f"{told.subject}\n\n{told.text}", markup=False)
        return 0
    code = _safely(lambda: send(told), database, found.id, told.keys)
    if not code and settings.topic():
        console.out.print(f"Told of run {found.id}: {told.subject}", markup=False)
    return code
