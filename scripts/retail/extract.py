"""`retail extract`: the tables of the operational PostgreSQL into the landing zone, as Parquet, by DuckDB's Postgres scanner.

All tables are read in one transaction of PostgreSQL (repeatable read, read only), so they fit one another. Then they land one
by one, data first, what is remembered of them second:

1. the keys and the new state are written beside the data, the state as `<table>.pending.json`;
2. the file is put under a name that no file had before;
3. `<table>.pending.json` becomes `<table>.json`.

A run that finds a pending state goes by the file: where it lies in its place with the same SHA-256, step 3 follows; where it
does not, the pending state is forgotten and the table is read again. So a run that is killed anywhere lands nothing twice and
skips nothing. No step asks a clock: dates come from --date, and order from the number of the extract.
"""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from retail import console, copy_files, extensions, landing_zone, load, pipes, tpcds
from retail.errors import UserError
from retail.landed import FileFault
from retail.landing_zone import Bucket, Folder
from retail.pipes import Pipe
from retail.warehouse import quoted

Connection = duckdb.DuckDBPyConnection
Report = Callable[[str, int, int], None]

STATE = "_extract"
"""Where the states lie: no pipe reads it, and the loader leaves names that begin with `_` alone."""

OVERLAP_DAYS = 7
# d_date_sk of TPC-DS is the Julian day number.
JULIAN = 1_721_425
# More days than these outside of the window, and the whole table is read instead of naming them.
DAYS_NAMED = 500
DIFFERENCES_SHOWN = 3


@dataclass(frozen=True)
class File:
    """A file that an extract landed."""

    name: str
    bytes: int
    rows: int
    sha256: str


@dataclass(frozen=True)
class State:
    """What is remembered of a table, beside the data.

    `sequence` numbers its extracts; `dt` is that of the last that landed something; `columns` are PostgreSQL's names and
    types. Of a log: `keys`, the file of the keys, days and hashes of all rows that landed, and `since`, the first day that is
    extracted (None: all). Of a state: `fingerprint` of its rows.
    """

    table: str
    sequence: int
    dt: str
    columns: list[list[str]]
    rows: int
    file: File | None
    keys: str | None = None
    since: str | None = None
    fingerprint: str | None = None

    def as_json(self) -> bytes:
        """As it is written."""
        return json.dumps(asdict(self), indent=2).encode()

    @staticmethod
    def from_json(data: bytes) -> "State":
        """As it was written; ValueError where that is not what it is."""
        values = json.loads(data)
        try:
            file = values.pop("file")
            return State(file=File(**file) if file else None, **values)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from None


@dataclass
class TableResult:
    """What became of a table: rows read, new, changed and deleted, and the file that landed, if one did."""

    table: str
    read: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    landed: File | None = None


@dataclass
class Result:
    """What a run did. `problems`: tables that were stopped; the exit code is then 1. `seconds`: from the first read on."""

    tables: dict[str, TableResult] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0: all that was asked for has landed. 1: a table was stopped."""
        return int(bool(self.problems))


@dataclass(frozen=True)
class Options:
    """What was asked for. `day` is the dt of what lands; `since` the first business day of sales and returns."""

    day: date
    full: bool = False
    since: date | None = None
    overlap: int = OVERLAP_DAYS
    accepted: frozenset[str] = frozenset()


@dataclass
class Scan:
    """What was read of a table, in files of the scratch folder: `rows` in the form of bronze, `keys` of a log's whole table."""

    feed: tpcds.Feed
    pipe: Pipe
    schema: str
    columns: list[list[str]]
    state: State | None
    rows: Path
    keys: Path | None = None
    since: date | None = None
    whole: bool = True


class TableFault(Exception):
    """A table that cannot be extracted; the others can."""


def tables() -> dict[str, tpcds.Feed]:
    """The tables that are extracted, by name. Those with a `date_column` are logs, that column increases with time."""
    return {feed.name: feed for feed in tpcds.FEEDS if feed.source == "ops"}


def chosen_tables(values: list[str], option: str = "--tables") -> list[str]:
    """Tables as typed, repeated or with commas between them, `ops.` before them or not; none named: all."""
    names = [name.strip().removeprefix("ops.") for value in values for name in value.split(",") if name.strip()]
    for name in names:
        if name not in tables():
            raise UserError(f"{option} {name}: there is no such table; known are {', '.join(tables())}")
    return list(dict.fromkeys(names))


def extract(
    zone: Folder | Bucket, names: list[str], options: Options, report: Report = lambda step, done, total: None
) -> Result:
    """Extract tables (all where none is named) into the landing zone.

    The connection is that of libpq's settings: PGHOST, PGDATABASE, PGUSER …, PGSERVICE, a password file. Raises UserError
    where the database or the landing zone cannot be reached or written; nothing is lost then, and a next run does the rest.
    """
    result = Result()
    wanted = {name: feed for name, feed in tables().items() if not names or name in names}
    defined = pipes.read_definitions(load.default_scripts()).pipes
    of_feed = {load.feed_name(pipe): pipe for pipe in defined}
    try:
        with zone.locked(f"{STATE}/lock", "retail extract"):
            for name in tables():
                _finish(zone, name)
            scratch = zone.scratch(f"{STATE}/scratch")
            try:
                with _attached(scratch) as connection:
                    begun = time.perf_counter()
                    scans = _scan_all(connection, zone, wanted, of_feed, options, scratch, result, report)
                    connection.execute("detach ops")
                    for done, scan in enumerate(scans):
                        report(f"landing {scan.feed.name}", done, len(scans))
                        with _fault_of(scan.feed.name, result):
                            land = _land_log if scan.feed.date_column else _land_state
                            land(connection, zone, scan, options, result)
                    result.seconds = time.perf_counter() - begun
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    except duckdb.Error as error:
        raise UserError(f"{zone}: {copy_files.first_line(error)}. {_ROOM}") from None
    except (OSError, MemoryError) as error:
        raise UserError(f"{zone}: {getattr(error, 'strerror', None) or 'not enough memory'}. {_ROOM}") from None
    return result


_ROOM = "Make room or put it right, then extract again: what has landed stays, and the rest follows"


@contextmanager
def _fault_of(name: str, result: Result) -> Iterator[None]:
    try:
        yield
    except TableFault as fault:
        result.tables.pop(name, None)
        result.problems.append(f"{name}: {fault}")


# -- what is remembered -----------------------------------------------------------------------------------------------


def _read_state(zone: Folder | Bucket, name: str) -> State | None:
    data = zone.read(f"{STATE}/{name}.json")
    if data is None:
        return None
    try:
        return State.from_json(data)
    except ValueError:
        raise UserError(
            f"{zone}/{STATE}/{name}.json: is not what an extract wrote; put it back from a copy, or remove it and the table lands whole again"
        ) from None


def _finish(zone: Folder | Bucket, name: str) -> None:
    """Bring to an end, or undo, what a run that was killed left of a table."""
    pending = f"{STATE}/{name}.pending.json"
    data = zone.read(pending)
    if data is None:
        return
    state = _read_state(zone, name)
    try:
        found = State.from_json(data)
    except ValueError:
        found = None
    newer = found is not None and (state is None or found.sequence > state.sequence)
    if newer and (found.file is None or zone.digest(found.file.name) == found.file.sha256):
        state = found
        zone.write(f"{STATE}/{name}.json", state.as_json())
    for each in zone.names(f"{STATE}/{name}/"):
        if "/keys-" in each and (state is None or each != state.keys):
            zone.remove(each)
    zone.remove(pending)


def _commit(zone: Folder | Bucket, name: str, before: State | None, state: State) -> None:
    zone.write(f"{STATE}/{name}.json", state.as_json())
    if before and before.keys and before.keys != state.keys:
        zone.remove(before.keys)
    # last, so that a run that is killed before leaves word that there is something to clear away
    zone.remove(f"{STATE}/{name}.pending.json")


def _next_sequence(zone: Folder | Bucket, pipe: Pipe, state: State | None) -> int:
    """The number of the next extract; where nothing is remembered, one that no file bears."""
    if state:
        return state.sequence + 1
    name = pipe.prefix.rstrip("/").rpartition("/")[2]
    numbers = [re.search(rf"/{name}-(\d+)\.parquet$", each) for each in zone.names(pipe.prefix)]
    return max((int(found[1]) for found in numbers if found), default=0) + 1


# -- reading, in one transaction --------------------------------------------------------------------------------------


def _scan_all(
    connection: Connection,
    zone: Folder | Bucket,
    wanted: dict[str, tpcds.Feed],
    of_feed: dict[str, Pipe],
    options: Options,
    scratch: Path,
    result: Result,
    report: Report,
) -> list[Scan]:
    """Read all tables in one snapshot. One that cannot be read is left out, and the others are read again in another snapshot:
    an error ends PostgreSQL's transaction, and half of the tables in one snapshot and half in a later one fit no more."""
    stopped: dict[str, str] = {}
    while True:
        attempt, scans, at = Result(), [], ""
        try:
            connection.execute("begin")
            there = _columns_there(connection, list(wanted))
            for done, (name, feed) in enumerate(wanted.items()):
                if name in stopped:
                    continue
                at = name
                report(f"reading {name}", done, len(wanted))
                with _fault_of(name, attempt):
                    attempt.tables[name] = TableResult(name)
                    scan = _prepared(zone, feed, of_feed[f"ops.{name}"], there.get(name), options, scratch, attempt)
                    scans.append(_scan(connection, zone, scan, options))
            connection.execute("commit")
        except duckdb.Error as error:
            with suppress(duckdb.Error):
                connection.execute("rollback")
            if copy_files.is_environment(error):
                raise
            text = copy_files.first_line(error)
            if not at or re.search(_LOST, text) or not _answers(connection):
                where = f" while {at} was read" if at else ""
                raise UserError(
                    f"PostgreSQL was lost{where}: {text}; nothing of this run has landed, run it again"
                ) from None
            stopped[at] = f"{at}: cannot be extracted: {text}"
            continue
        result.tables |= attempt.tables
        result.problems += [*stopped.values(), *attempt.problems]
        result.notes += attempt.notes
        return scans


_LOST = "FATAL|server closed|onnection to server|could not receive|no connection|ROLLBACK|COMMIT"


@contextmanager
def _attached(scratch: Path) -> Iterator[Connection]:
    """A connection with the operational database attached, read-only, under the name `ops`."""
    config = {"temp_directory": str(scratch / "spill"), "autoinstall_known_extensions": False}
    with duckdb.connect(config=config) as connection:
        connection.execute("set enable_progress_bar = false")
        # Several connections read a large table, in parts, so there is no order to keep; states are sorted
        connection.execute("set preserve_insertion_order = false")
        extensions.load(connection, "postgres_scanner")
        try:
            # Empty: libpq takes everything from the environment, so nothing secret is written, shown or kept
            connection.execute("attach '' as ops (type postgres, read_only)")
        except duckdb.Error as error:
            reason = copy_files.first_line(error).partition('"": ')[2] or copy_files.first_line(error)
            raise UserError(
                f"PostgreSQL cannot be reached: {reason}; set PGHOST, PGPORT, PGDATABASE, PGUSER (and PGPASSWORD or a password file), "
                "or PGSERVICE"
            ) from None
        yield connection


def _answers(connection: Connection) -> bool:
    """Whether the database still answers; where it ended our session, it counts as lost."""
    try:
        connection.execute("from postgres_query('ops', 'select 1 as one')").fetchall()
    except duckdb.Error:
        return False
    return True


def _columns_there(connection: Connection, names: list[str]) -> dict[str, tuple[str, list[list[str]]]]:
    """Of each table that is there: its schema, and names and types of its columns; the search path decides between schemas."""
    listed = ", ".join(map(_literal, names)) or "''"
    query = f"""
        select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as kind,
            has_table_privilege(c.oid, 'select') as readable
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and pg_table_is_visible(c.oid) and c.relname in ({listed})
        order by c.relname, a.attnum
    """
    found: dict[str, tuple[str, list[list[str]]]] = {}
    for schema, table, column, kind, readable in connection.execute(_asked(query)).fetchall():
        columns = found.setdefault(table, (schema, []))[1]
        if readable:
            columns.append([column, kind])
    return found


def _asked(query: str) -> str:
    return f"from postgres_query('ops', {_literal(query)})"


def _prepared(
    zone: Folder | Bucket,
    feed: tpcds.Feed,
    pipe: Pipe,
    there: tuple[str, list[list[str]]] | None,
    options: Options,
    scratch: Path,
    result: Result,
) -> Scan:
    """What is known of a table before it is read; TableFault where it must not be."""
    if there is None:
        raise TableFault("there is no such table in the database (on the search path of its user)")
    columns = there[1]
    if not columns:
        raise TableFault(f"the database's user may not read it; grant select on {there[0]}.{feed.name}")
    state = _read_state(zone, feed.name)
    if state and options.day.isoformat() < state.dt:
        raise TableFault(
            f"--date {options.day} is before {state.dt}, the date of what landed last; rows of an older date would count as older. "
            f"Give --date {state.dt} or later"
        )
    if state and state.columns != columns and feed.name not in options.accepted:
        raise TableFault(
            f"{_changes(state.columns, columns)}; nothing of it is extracted. If that is right: --accept-schema {feed.name}"
        )
    names = {name.lower() for name, _ in columns}
    wanted = [column.name for column in pipe.table.columns if column.name not in pipe.metadata]
    missing, extra = [name for name in wanted if name not in names], sorted(names - set(wanted))
    if missing:
        raise TableFault(
            f"has no column {', '.join(missing)}, which {pipe.table.name} expects; nothing of it is extracted. Add it to the database "
            "(a view of the old form will do)"
        )
    if extra:
        result.notes.append(f"{feed.name}: not extracted, for {pipe.table.name} lacks them: {', '.join(extra)}")
    if state and state.keys and not _is_there(zone, state.keys):
        raise TableFault(
            f"{state.keys} is missing beside the data; put it back, or remove {STATE}/{feed.name}.json and the table lands whole again"
        )
    since = None
    if feed.date_column:
        kept = date.fromisoformat(state.since) if state and state.since else None
        if options.full or not state:
            since = options.since
        elif kept and options.since:
            since = min(kept, options.since)
        else:
            since = kept
    return Scan(feed, pipe, there[0], columns, state, scratch / f"{feed.name}.parquet", since=since)


def _is_there(zone: Folder | Bucket, name: str) -> bool:
    try:
        return zone.fetch(name).exists()
    except landing_zone.Gone:
        return False


def _changes(before: list[list[str]], now: list[list[str]]) -> str:
    """What has changed between two lists of columns, in words."""
    old, new = dict(map(tuple, before)), dict(map(tuple, now))
    gone, come = [name for name in old if name not in new], [name for name in new if name not in old]
    found = []
    for name in gone:
        place = [column for column, _ in before].index(name)
        twin = now[place][0] if len(before) == len(now) else ""
        if twin in come and new[twin] == old[name]:
            come.remove(twin)
            found.append(f"column {name} ({old[name]}) is gone and {twin} is new in its place: renamed?")
        else:
            found.append(f"column {name} ({old[name]}) is gone")
    found += [f"column {name} ({new[name]}) is new" for name in come]
    found += [
        f"column {name} was {old[name]}, is {new[name]} now" for name in old if new.get(name, old[name]) != old[name]
    ]
    if not found:
        found.append("its columns have another order")
    more = f" and {len(found) - DIFFERENCES_SHOWN} more" if len(found) > DIFFERENCES_SHOWN else ""
    return "; ".join(found[:DIFFERENCES_SHOWN]) + more


def _scan(connection: Connection, zone: Folder | Bucket, scan: Scan, options: Options) -> Scan:
    """Read a table into files: a state whole; of a log the window, and rows whose keys have not landed."""
    feed, state = scan.feed, scan.state
    table = f"ops.{quoted(scan.schema)}.{quoted(feed.name)}"
    query = _as_bronze(connection, scan.pipe, table)
    if not feed.date_column:
        _write(connection, f"{query} from {table} order by {', '.join(feed.key)}", scan.rows)
        return scan
    day = feed.date_column
    of_days = f"{day} >= {_day_key(scan.since)} or {day} is null" if scan.since else "true"
    if options.full or state is None or state.keys is None:
        _write(connection, f"{query} from {table} where {of_days}", scan.rows)
        return scan
    # All keys as they are now: those that have not landed are new, whatever their day; those that are gone were deleted.
    keys = replace(scan, keys=scan.rows.with_suffix(".keys"), whole=False)
    _write(connection, f"select {', '.join(feed.key)}, {day} from {table}", keys.keys)
    kept = _file(zone.fetch(state.keys))
    last = connection.execute(f"select max({day}) from {kept} where {day} <= ?", [_day_key(options.day)]).fetchone()[0]
    begin = (last if last is not None else 0) - options.overlap
    if options.since:
        begin = min(begin, _day_key(options.since))
    days = connection.execute(
        f"select distinct {day} from {_file(keys.keys)} as now where {day} < {begin} and ({of_days}) and not exists "
        f"(select 1 from {kept} as kept where {_same_row(feed)})"
    ).fetchall()
    if len(days) > DAYS_NAMED:
        _write(connection, f"{query} from {table} where {of_days}", scan.rows)
        return keys
    window = f"{quoted(day)} >= {begin} or {quoted(day)} is null"
    if days:
        window += f" or {quoted(day)} in ({', '.join(str(one) for (one,) in days)})"
    asked = _asked(f"select * from {quoted(scan.schema)}.{quoted(feed.name)} where {window}")
    _write(connection, f"{query} {asked} where {of_days}", scan.rows)
    return keys


def _same_row(feed: tpcds.Feed) -> str:
    return " and ".join(f"kept.{name} is not distinct from now.{name}" for name in (*feed.key, feed.date_column))


def _day_key(day: date) -> int:
    """The d_date_sk of a day."""
    return day.toordinal() + JULIAN


def _as_bronze(connection: Connection, pipe: Pipe, table: str) -> str:
    """SELECT of a table's columns under the names and types of bronze; an error where a value cannot be held whole."""
    described = {name.lower(): (name, kind) for name, kind, *_ in connection.execute(f"describe {table}").fetchall()}
    selected = []
    for column in pipe.table.columns:
        if column.name in pipe.metadata:
            continue
        name, kind = described[column.name]
        try:
            value = quoted(name) if kind == column.type else copy_files.typed(pipe, column, name, kind)
        except FileFault as fault:
            raise TableFault(
                f"{fault.reason}; nothing of it is extracted. Change the database's column, or put a view before it"
            ) from None
        selected.append(f"{value} as {quoted(column.name)}")
    return f"select {', '.join(selected)}"


def _write(connection: Connection, query: str, path: Path) -> int:
    """Rows of a query into a Parquet file."""
    return connection.execute(f"copy ({query}) to {_literal(str(path))} (format parquet, compression zstd)").fetchone()[
        0
    ]


# -- landing ----------------------------------------------------------------------------------------------------------


def _land_state(connection: Connection, zone: Folder | Bucket, scan: Scan, options: Options, result: Result) -> None:
    """A whole table, where its rows are not those that landed last."""
    name, state, told = scan.feed.name, scan.state, result.tables[scan.feed.name]
    told.read, fingerprint = connection.execute(
        f"select count(*), count(*) || ' ' || coalesce(sum(cast({_hash(scan.pipe)} as hugeint)), 0) from {_file(scan.rows)}"
    ).fetchone()
    same = state is not None and state.fingerprint == fingerprint
    if same and (not options.full or state.dt == options.day.isoformat()):
        if state.columns != scan.columns:
            _commit(zone, name, state, replace(state, columns=scan.columns))
        return
    if state and not told.read and state.rows and not options.full:
        raise TableFault(
            f"is empty, and had {state.rows:,} rows when it landed last; if that is right: --full --tables {name}"
        )
    if not state and not told.read:
        return
    if state and state.dt == options.day.isoformat() and state.file:
        told.new = 0
        result.warnings.append(
            f"{name}: has changed since its extract of {state.dt}; a state has one extract a date, so it comes with the next --date"
        )
        return
    told.new = told.read
    _hand_over(zone, scan, options, scan.rows, told, fingerprint=fingerprint)


def _land_log(connection: Connection, zone: Folder | Bucket, scan: Scan, options: Options, result: Result) -> None:
    """The rows that have not landed as they are now; deleted ones are reported."""
    feed, state, told = scan.feed, scan.state, result.tables[scan.feed.name]
    keys, day = ", ".join(feed.key), feed.date_column
    rows = _file(scan.rows)
    next_keys = scan.rows.with_suffix(".next")
    kept = _file(zone.fetch(state.keys)) if state and state.keys else None
    hashed = f"select {keys}, {day}, {_hash(scan.pipe)} as row_hash from {rows}"
    if kept is None or scan.whole:
        _write(connection, hashed, next_keys)
        told.read = told.new = _count(connection, next_keys)
        if options.full and kept:
            # everything lands again, but a line that is gone is still told
            told.deleted = _deleted(connection, zone, scan, kept, f"(select {keys} from {_file(next_keys)})")
        if not told.read and not told.deleted:
            return
        _tell_deleted(scan, told, result)
        _hand_over(zone, scan, options, scan.rows if told.read else None, told, keys=next_keys)
        return

    connection.execute(f"create or replace temp table found as {hashed}")
    same_key = " and ".join(f"kept.{name} is not distinct from found.{name}" for name in feed.key)
    connection.execute(
        f"create or replace temp table fresh as select found.*, exists (select 1 from {kept} as kept where {same_key}) as is_known from found "
        f"where not exists (select 1 from {kept} as kept where {same_key} and kept.row_hash = found.row_hash)"
    )
    told.read = _count(connection, "found")
    told.new, told.changed = connection.execute(
        "select count(*) filter (not is_known), count(*) filter (is_known) from fresh"
    ).fetchone()
    told.deleted = _deleted(connection, zone, scan, kept, _file(scan.keys))
    if not (told.new or told.changed or told.deleted):
        if state.columns != scan.columns or state.since != _text(scan.since):
            _commit(zone, feed.name, state, replace(state, columns=scan.columns, since=_text(scan.since)))
        return
    _tell_deleted(scan, told, result)
    file = None
    if told.new or told.changed:
        file = scan.rows
        if told.new + told.changed < told.read:
            file = scan.rows.with_suffix(".fresh")
            same = " and ".join(f"fresh.{name} is not distinct from landing.{name}" for name in feed.key)
            _write(
                connection,
                f"select landing.* from {rows} as landing where exists (select 1 from fresh where {same}) order by {keys}",
                file,
            )
    now = _file(scan.keys)
    in_now = " and ".join(f"kept.{name} is not distinct from now.{name}" for name in feed.key)
    _write(
        connection,
        f"select * from {kept} as kept where exists (select 1 from {now} as now where {in_now}) "
        f"and not exists (select 1 from found where {same_key}) union all from found",
        next_keys,
    )
    _hand_over(zone, scan, options, file, told, keys=next_keys)


def _deleted(connection: Connection, zone: Folder | Bucket, scan: Scan, kept: str, now: str) -> int:
    """Write the keys that landed and are no longer in the table into a report; their number."""
    feed, state = scan.feed, scan.state
    keys, day = ", ".join(feed.key), feed.date_column
    same = " and ".join(f"kept.{name} is not distinct from now.{name}" for name in feed.key)
    since = f"({day} >= {_day_key(scan.since)} or {day} is null)" if scan.since and scan.whole else "true"
    path = scan.rows.with_suffix(".deleted")
    connection.execute(
        f"copy (select {keys}, {day} from {kept} as kept where {since} and not exists (select 1 from {now} as now where {same}) "
        f"order by {keys}) to {_literal(str(path))} (format csv, header)"
    )
    count = path.read_bytes().count(b"\n") - 1
    if count:
        zone.write(_report_name(feed.name, state.sequence + 1), path.read_bytes())
    return count


def _report_name(table: str, sequence: int) -> str:
    return f"{STATE}/{table}/deleted-{sequence:06d}.csv"


def _tell_deleted(scan: Scan, told: TableResult, result: Result) -> None:
    if told.deleted:
        lines = "1 line that landed is" if told.deleted == 1 else f"{told.deleted:,} lines that landed are"
        result.warnings.append(
            f"{scan.feed.name}: {lines} no longer in the database; their keys are in {_report_name(scan.feed.name, scan.state.sequence + 1)}. "
            "The warehouse keeps them: docs/extract.md says how to cancel them"
        )


def _hand_over(
    zone: Folder | Bucket,
    scan: Scan,
    options: Options,
    file: Path | None,
    told: TableResult,
    *,
    keys: Path | None = None,
    fingerprint: str | None = None,
) -> None:
    """Land a file and remember it: pending state, data, state."""
    feed, before = scan.feed, scan.state
    sequence = _next_sequence(zone, scan.pipe, before)
    landed = before.file if before else None
    if file:
        name = f"{scan.pipe.prefix}dt={options.day}/{feed.name}-{sequence:06d}.parquet"
        landed = File(name, file.stat().st_size, told.new + told.changed, landing_zone.sha256(file))
    state = State(
        table=feed.name,
        sequence=sequence,
        dt=options.day.isoformat() if file else before.dt,
        columns=scan.columns,
        rows=told.read,
        file=landed,
        since=_text(scan.since),
        fingerprint=fingerprint,
    )
    if keys:
        state = replace(state, keys=f"{STATE}/{feed.name}/keys-{sequence:06d}.parquet")
        # left by a run that was killed before it wrote the pending state: nothing names it
        zone.remove(state.keys)
        zone.place(keys, state.keys, landing_zone.sha256(keys))
    zone.write(f"{STATE}/{feed.name}.pending.json", state.as_json())
    if file:
        try:
            zone.place(file, landed.name, landed.sha256)
        except FileExistsError:
            raise UserError(
                f"{landed.name} is there already and is not of this extract; has another machine extracted to {zone}? Run it again"
            ) from None
        except landing_zone.Damaged:
            raise UserError(f"{zone}: {landed.name} was damaged on the way and is not kept; run it again") from None
        told.landed = landed
    _commit(zone, feed.name, before, state)


def _hash(pipe: Pipe) -> str:
    """SQL of a row's hash, 64 bits, over the columns of bronze in their order."""
    return (
        f"hash({', '.join(quoted(column.name) for column in pipe.table.columns if column.name not in pipe.metadata)})"
    )


def _count(connection: Connection, table: str | Path) -> int:
    source = table if isinstance(table, str) else _file(table)
    return connection.execute(f"select count(*) from {source}").fetchone()[0]


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _file(path: Path) -> str:
    return f"read_parquet({_literal(copy_files.escaped(str(path)))}, hive_partitioning = false)"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# -- the face ---------------------------------------------------------------------------------------------------------


def run(names: list[str], *, day: str | None, since: str | None, full: bool, overlap: int, accepted: list[str]) -> int:
    """The verb: read the arguments as typed, extract, say what became of each table; the exit code."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    options = Options(
        day=_date("--date", day) or datetime.now(UTC).date(),
        full=full,
        since=_date("--since", since),
        overlap=overlap,
        accepted=frozenset(chosen_tables(accepted, "--accept-schema")),
    )
    zone = landing_zone.from_settings()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("tables"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console.err, transient=True, disable=not console.err.is_terminal) as bar:
        task = bar.add_task("extract", total=None)

        def report(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        try:
            result = extract(zone, chosen_tables(names), options, report)
        except KeyboardInterrupt:
            console.err.print("Interrupted: what has landed stays; run it again and the rest follows.")
            return 130
        except RuntimeError as error:
            # what DuckDB makes of Ctrl-C during a statement
            if str(error) != "Query interrupted":
                raise
            return 130
    _show(result, zone)
    return result.exit_code


def _show(result: Result, zone: Folder | Bucket) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("table")
    for heading in ("rows read", "new", "changed", "deleted"):
        table.add_column(heading, justify="right")
    table.add_column("landed")
    for each in result.tables.values():
        counts = (each.read, each.new, each.changed, each.deleted)
        table.add_row(each.table, *(f"{count:,}" for count in counts), each.landed.name if each.landed else "unchanged")
    if result.tables:
        console.print_table(table)
    files = [each.landed for each in result.tables.values() if each.landed]
    many = "1 file has" if len(files) == 1 else f"{len(files):,} files have"
    console.out.print(
        f"{zone}: {many} landed, {sum(file.rows for file in files):,} rows, {sum(file.bytes for file in files) / 1e6:,.1f} MB.",
        markup=False,
    )
    for note in result.notes:
        console.err.print(f"note: {note}", markup=False)
    for warning in result.warnings:
        console.err.print(f"warning: {warning}", style="yellow", markup=False)
    for problem in result.problems:
        console.err.print(problem, style="red", markup=False)


def _date(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        value = date.fromisoformat(text)
    except ValueError:
        value = None
    # Python reads more forms; one is enough to be sure of what was meant
    if value is None or value.isoformat() != text:
        raise UserError(f"{option} {text}: not a date; write it as YYYY-MM-DD, for example 2002-06-30")
    return value
