"""The record of the runs: what each step of each night did, when, and how it ended.

A step is written down when it begins and when it ends, as a line of JSON in a file beside the warehouse: that works while another
process has the database, and outlives a kill. At the end of a run the lines are copied into `audit.run_steps`.
"""

import json
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from retail import last_build, settings
from retail.errors import UserError

RUNNING, DONE, NOTHING, INCOMPLETE, FAILED = "running", "done", "nothing", "incomplete", "failed"
SKIPPED, TIMED_OUT, INTERRUPTED, KILLED = "skipped", "timed_out", "interrupted", "killed"
# how a step ends when it has to be done again
BROKEN = (FAILED, TIMED_OUT, INTERRUPTED, KILLED)

ERROR, WARNING = "error", "warning"

# A year of nights; audit.run_steps keeps them all.
RUNS_KEPT = 400

TABLE = """
create schema if not exists audit;
create table if not exists audit.run_steps (
    run_id varchar not null,
    business_date date,
    step varchar not null,
    started_at timestamp not null,
    ended_at timestamp,
    outcome varchar not null,
    message varchar,
    file_count bigint,
    row_count bigint
);
comment on table audit.run_steps is 'A step of a run of `retail run`: when (UTC), how it ended, files and rows it was about';
"""


@dataclass(frozen=True)
class Remark:
    """Something a run has to tell: names and counts alone, never what a row holds.

    `kind` is a word such as `not_loaded`, `test_failed`; `name` a file, feed, model or test; `count` rows, results or feeds.
    """

    severity: str
    kind: str
    name: str = ""
    count: int | None = None


@dataclass(frozen=True)
class Step:
    """A step of a run. Times are UTC, ISO 8601; `attempt` tells apart what is run again under the same run id."""

    run: str
    attempt: str
    business_date: str | None
    step: str
    started_at: str
    ended_at: str | None = None
    outcome: str = RUNNING
    message: str = ""
    files: int | None = None
    rows: int | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it took; 0 while it runs."""
        if not self.ended_at:
            return 0.0
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.started_at)).total_seconds()


@dataclass
class Run:
    """A run: its steps in order, of its last attempt where it was run again; what has been told of it already."""

    id: str
    steps: list[Step] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def broken(self) -> Step | None:
        """The step at which it ended before its time."""
        return next((step for step in self.steps if step.outcome in BROKEN), None)


def path(database: Path) -> Path:
    """Where the record of a warehouse's runs is."""
    return database.with_name(f"{database.name}.runs.jsonl")


def now() -> str:
    """The time, UTC, as it is written down."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def new_id() -> str:
    """A name for a run that sorts by time and is nobody else's."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def write(database: Path, step: Step) -> None:
    """Write down how a step stands."""
    _append(database, {"kind": "step", **asdict(step)})


def write_told(database: Path, run: str, told: Iterable[str]) -> None:
    """Write down what has been told of a run, so that it is not told twice."""
    _append(database, {"kind": "told", "run": run, "told": sorted(told)})


def _append(database: Path, line: dict[str, Any]) -> None:
    """Add a line, on disk when this returns. UserError where it cannot be written."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with open(path(database), "a+b", buffering=0) as stream:
            size = stream.seek(0, os.SEEK_END)
            # a line that a full disk or a loss of power cut off stands alone
            cut = size and os.pread(stream.fileno(), 1, size - 1) != b"\n"
            stream.write((b"\n" if cut else b"") + json.dumps(line, default=str).encode() + b"\n")
            os.fsync(stream.fileno())
    except OSError as error:
        raise UserError(
            f"{path(database)}: cannot be written: {error.strerror}; make room, then run it again"
        ) from None


def _lines(database: Path) -> list[dict[str, Any]]:
    lines = []
    with suppress(FileNotFoundError):
        for text in path(database).read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError):
                line = json.loads(text)
                if isinstance(line, dict) and line.get("run"):
                    lines.append(line)
    return lines


def _step(line: dict[str, Any]) -> Step:
    fields = {name: value for name, value in line.items() if name in Step.__dataclass_fields__}
    return Step(**{**fields, "remarks": tuple(Remark(**each) for each in line.get("remarks") or ())})


def steps(database: Path) -> list[Step]:
    """Every step on record in order of its beginning, as it stands now."""
    found: dict[tuple[str, str, str], Step] = {}
    for line in _lines(database):
        if line.get("kind") == "step":
            step = _step(line)
            found[step.run, step.attempt, step.step] = step
    return list(found.values())


def runs(database: Path) -> list[Run]:
    """The runs on record, in order."""
    found: dict[str, Run] = {}
    for step in steps(database):
        run = found.setdefault(step.run, Run(step.run))
        # a step that is run again replaces what was
        run.steps = [each for each in run.steps if each.step != step.step] + [step]
    for line in _lines(database):
        if line.get("kind") == "told" and line["run"] in found:
            found[line["run"]].told |= set(line["told"])
    return list(found.values())


def close_killed(database: Path) -> list[str]:
    """Say of steps that never ended that they were killed; the ids of their runs. For who holds the lock: nobody else is at work."""
    killed = [step for step in steps(database) if step.outcome == RUNNING]
    for step in killed:
        write(database, replace(step, outcome=KILLED, message="the process was killed"))
    return list(dict.fromkeys(step.run for step in killed))


def fold(database: Path) -> None:
    """Copy into `audit.run_steps` what is not there yet, and forget old runs; nothing where the database is not free."""
    if not database.exists():
        return
    # what is written here is nothing that a build has to know of
    record = last_build.vouched(database)
    try:
        connection = duckdb.connect(str(database))
    except duckdb.Error:
        return
    # where there is no room, the file has it all, and the next run copies it
    with suppress(duckdb.Error, OSError):
        try:
            _copy(connection, steps(database))
        finally:
            connection.close()
            last_build.renew(database, record)
        _forget_old(database)


def _copy(connection: duckdb.DuckDBPyConnection, steps_: list[Step]) -> None:
    """Add the steps that have ended and are not in `audit.run_steps` yet."""
    connection.execute(TABLE)
    known = set(connection.execute("select run_id, step, started_at from audit.run_steps").fetchall())
    columns: list[list[Any]] = [[] for _ in range(9)]
    for each in steps_:
        if each.outcome == RUNNING or (each.run, each.step, datetime.fromisoformat(each.started_at)) in known:
            continue
        row = (
            each.run, each.business_date, each.step, each.started_at, each.ended_at, each.outcome, each.message or None,
            each.files, each.rows,
        )  # fmt: skip
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    if columns[0]:
        kinds = ("varchar", "date", "varchar", "timestamp", "timestamp", "varchar", "varchar", "bigint", "bigint")
        values = ", ".join(f"unnest(${at}::varchar[])::{kind}" for at, kind in enumerate(kinds, 1))
        texts = [[None if value is None else str(value) for value in column] for column in columns]
        connection.execute(f"insert into audit.run_steps select {values}", texts)


def _forget_old(database: Path) -> None:
    ids = list(dict.fromkeys(line["run"] for line in _lines(database)))
    # not at every run
    if len(ids) < 2 * RUNS_KEPT:
        return
    kept = set(ids[-RUNS_KEPT:])
    new = path(database).with_name(f"{path(database).name}.new")
    with new.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in _lines(database) if line["run"] in kept)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, path(database))


# -- the log of a run -------------------------------------------------------------------------------------------------

LOGS_KEPT = 100


class Log:
    """The log of a run: a file of JSON lines under the log folder, a line an event. One that cannot be written stops nothing."""

    def __init__(self, run: str) -> None:
        self.run = run
        # a scheduler's name for a run may hold anything
        name = re.sub(r"[^\w.+:-]", "_", run)
        self.file = settings.logs() / "runs" / f"{name}.jsonl"
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            for old in sorted(self.file.parent.glob("*.jsonl"), key=lambda file: file.stat().st_mtime)[:-LOGS_KEPT]:
                old.unlink(missing_ok=True)

    def write(self, level: str, event: str, **more: object) -> None:
        """Add an event: `level` is info, warning or error."""
        line = {"at": now(), "level": level, "run": self.run, "event": event, **more}
        with suppress(OSError), self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({name: value for name, value in line.items() if value not in (None, "")}) + "\n")
