"""`retail sample`: TPC-DS at a chosen scale, a marketplace's and a shop's files, written into the landing zone as if they had come.

Layout: `<landing>/<source>/<feed>/dt=YYYY-MM-DD/<file>`; feeds of `ops` are Parquet, stock counts gzip CSV, those of the
marketplace and the shop plain CSV. Sales, returns, counts, transactions and the shop's changes and orders are cut by business
date, one file a period (several where there are many rows); tables that show a state land whole, once, or again at the
start of each period with what has changed.
"""

import fcntl
import filecmp
import hashlib
import json
import math
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from retail import console, draws, marketplace, shop, shop_rows, states, tpcds
from retail.errors import UserError

# The end of the period that holds a business date. Weeks end on Saturday, without an engine's idea of a week:
# dayofweek counts from Sunday = 0.
PERIOD_END = {
    "day": "business_date",
    "week": "(business_date + cast(6 - dayofweek(business_date) as integer))",
    "month": "last_day(business_date)",
    "all": "date '9999-12-31'",
}
SUFFIX = {"ops": "parquet", "inventory": "csv.gz"}
FORMAT = {"ops": "format parquet, compression zstd", "inventory": "format csv, header true, compression gzip"}
SOURCES = (*tpcds.SOURCES, marketplace.SOURCE, shop.SOURCE)
FEEDS = (
    *((feed.source, feed.name) for feed in tpcds.FEEDS),
    (marketplace.SOURCE, marketplace.FEED),
    *((shop.SOURCE, feed) for feed in shop.FEEDS),
)
# What later extracts of state tables are made of is remembered beside what their source is made of.
LATER_EXTRACTS = "later extracts of ops"
MARKER = ".sample.json"
STAGING = ".sample-staging"

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FeedResult:
    """What became of one feed: its files, their rows and bytes, and how many of the files are new in the landing zone."""

    source: str
    feed: str
    files: int
    rows: int
    bytes: int
    new: int

    @property
    def unchanged(self) -> int:
        """Files that were there already, byte for byte."""
        return self.files - self.new


def run(
    landing: Path,
    scale: str,
    sources: Sequence[str],
    from_: str | None,
    to: str | None,
    granularity: str,
    rows: str,
    seed: str,
    shop_customers: str,
    state_granularity: str,
) -> None:
    """The verb: read the arguments as typed, write the sample, print what became of it. Raises UserError."""
    chosen_scale = _number(scale)
    chosen_rows, chosen_seed = _whole_number("--rows", rows), _whole_number("--seed", seed)
    chosen_customers = _whole_number("--shop-customers", shop_customers)
    first, last = _date("--from", from_), _date("--to", to)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console.err,
        transient=True,
        disable=not console.err.is_terminal,
    ) as progress:
        task = progress.add_task("")

        def report(step: str, done: int, total: int) -> None:
            progress.update(task, description=step, completed=done, total=total or None)
            if progress.disable and not total:
                console.err.print(f"{step} ...", markup=False)

        results = write_sample(
            landing,
            chosen_scale,
            split_sources(sources),
            first,
            last,
            granularity,
            chosen_rows,
            chosen_seed,
            chosen_customers,
            state_granularity,
            report,
        )
    _print(landing, results)


def write_sample(
    landing: Path,
    scale: float = 0.1,
    sources: Iterable[str] = SOURCES,
    from_: date | None = None,
    to: date | None = None,
    granularity: str = "all",
    rows: int = marketplace.DEFAULT_ROWS,
    seed: int = marketplace.DEFAULT_SEED,
    shop_customers: int = shop.DEFAULT_CUSTOMERS,
    state_granularity: str = "all",
    report: Report = lambda step, done, total: None,
) -> list[FeedResult]:
    """Write the sample into the landing zone; files that are there already, byte for byte, are left untouched.

    landing: the landing zone's root, made where there is none.
    scale: TPC-DS scale factor, 0.01 to 10; of `ops` and `inventory`.
    sources: of SOURCES.
    from_, to: first and last business date of sales, returns, counts, transactions, the shop's rows and later extracts to
        land, both included; None: no bound.
    granularity: `day`, `week`, `month` or `all`: what one file of sales, returns, counts, transactions or the shop covers.
    rows: of the marketplace's whole export, 1 to 100 million.
    seed: of marketplace, shop and later extracts, 0 to 1 million.
    shop_customers: of the whole shop, 1 to 1 million.
    state_granularity: of states.GRANULARITIES: how often the state tables of `ops` are extracted again; `all`: never.
    report: called with (step, steps done, steps in all) as the work goes on.

    A file's `dt` is the last business date that it covers: the end of its period, but no later than the feed's own
    last date or `to`. Nothing is written unless everything can be: a file of other content under one of the names is
    an error. Returns one result a feed, in the order of FEEDS. Raises UserError.
    """
    sources = sorted(set(sources))
    _check_arguments(scale, sources, from_, to, granularity, rows, seed, shop_customers, state_granularity)
    feeds = [(source, name) for source, name in FEEDS if source in sources]
    made = _made_of(sources, scale, rows, seed, shop_customers, state_granularity)
    later = state_granularity if LATER_EXTRACTS in made else "all"
    run_key = json.dumps([_generation(), made, from_ and str(from_), to and str(to), granularity, later])
    try:
        with _locked(landing):
            marker = _read_marker(landing, made)
            known = marker["runs"].get(run_key)
            if known is not None and all(_as_recorded(landing, path, marker["files"]) for path in known):
                return _results(feeds, {path: marker["files"][path] for path in known}, new=set())
            staging = landing / STAGING
            # Left behind by a run that was killed; the lock says that it is nobody's now.
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir()
            try:
                written = _stage(
                    staging,
                    sources,
                    scale,
                    rows,
                    seed,
                    shop_customers,
                    from_,
                    to,
                    granularity,
                    state_granularity,
                    report,
                )
                new = _place(staging, landing, sorted(written))
            finally:
                shutil.rmtree(staging, ignore_errors=True)
            for path, count in written.items():
                stat = (landing / path).stat()
                marker["files"][path] = [stat.st_size, stat.st_mtime_ns, count]
            marker["runs"][run_key] = sorted(written)
            _write_marker(landing, marker)
            return _results(feeds, {path: marker["files"][path] for path in written}, new)
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"the sample cannot be written to {landing}: {reason}") from error


def split_sources(values: Sequence[str]) -> tuple[str, ...]:
    """Sources as typed, repeated or with commas between them; none named: all."""
    names = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    return tuple(dict.fromkeys(names)) or SOURCES


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UserError(f"--scale {text}: not a number; give one from {_scales()}") from error


def _whole_number(option: str, text: str) -> int:
    # Python also reads ' 5', '+5' and '5_000'; digits are enough to be sure of what was meant.
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise UserError(f"{option} {text}: not a whole number; write digits alone, for example 302010")
    return int(text)


def _date(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        value = date.fromisoformat(text)
    except ValueError:
        value = None
    # Python reads more forms (20020630, 2002-W26-7); one form is enough to be sure of what was meant.
    if value is None or value.isoformat() != text:
        raise UserError(f"{option} {text}: not a date; write it as YYYY-MM-DD, for example 2002-06-30")
    return value


def _scales() -> str:
    return f"{tpcds.MIN_SCALE:g} to {tpcds.MAX_SCALE:g}"


def _check_arguments(
    scale: float,
    sources: Iterable[str],
    from_: date | None,
    to: date | None,
    granularity: str,
    rows: int,
    seed: int,
    shop_customers: int,
    state_granularity: str,
) -> None:
    if not (math.isfinite(scale) and tpcds.MIN_SCALE <= scale <= tpcds.MAX_SCALE):
        raise UserError(f"--scale {scale:g}: out of range; give a number from {_scales()}")
    for source in sources:
        if source not in SOURCES:
            raise UserError(f"--sources {source}: there is no such sample source; known are {', '.join(SOURCES)}")
    if from_ and to and from_ > to:
        raise UserError(f"--from {from_} is after --to {to}; give the earlier date as --from")
    if granularity not in PERIOD_END:
        raise UserError(f"--granularity {granularity}: not known; choose one of {', '.join(PERIOD_END)}")
    if not 1 <= rows <= marketplace.MAX_ROWS:
        raise UserError(f"--rows {rows}: out of range; give a number from 1 to {marketplace.MAX_ROWS}")
    if not 0 <= seed <= marketplace.MAX_SEED:
        raise UserError(f"--seed {seed}: out of range; give a number from 0 to {marketplace.MAX_SEED}")
    if not 1 <= shop_customers <= shop.MAX_CUSTOMERS:
        raise UserError(
            f"--shop-customers {shop_customers}: out of range; give a number from 1 to {shop.MAX_CUSTOMERS}"
        )
    if state_granularity not in states.GRANULARITIES:
        raise UserError(
            f"--state-granularity {state_granularity}: not known; choose one of {', '.join(states.GRANULARITIES)}"
        )


def _generation() -> str:
    """What decides the bytes of a file besides the arguments: the engine and this code."""
    modules = (__file__, *(module.__file__ for module in (draws, marketplace, shop, shop_rows, states, tpcds)))
    code = b"".join(Path(module).read_bytes() for module in modules)
    return f"duckdb {version('duckdb')} {hashlib.sha256(code).hexdigest()[:16]}"


def _made_of(
    sources: Iterable[str], scale: float, rows: int, seed: int, shop_customers: int, state_granularity: str
) -> dict[str, str]:
    """What each source is made of, in words: two samples of one source that differ here must not mix.

    Later extracts depend on the seed too, but not on how many there are: those of months and of years go together.
    """
    made = dict.fromkeys(sources, f"scale {scale:.12g}")
    if marketplace.SOURCE in made:
        made[marketplace.SOURCE] = f"{rows} rows and seed {seed}"
    if shop.SOURCE in made:
        made[shop.SOURCE] = f"{shop_customers} customers and seed {seed}"
    if "ops" in made and state_granularity != "all":
        made[LATER_EXTRACTS] = f"seed {seed}"
    return made


def _parts(path: str) -> set[str]:
    """What of `made` a file is made of: its source, and for a later extract what those are made of."""
    source, feed, dt = (*path.split("/"), "", "")[:3]
    is_later = source == "ops" and feed in states.KEYS and dt != f"dt={tpcds.FIRST_DATE}"
    return {source, LATER_EXTRACTS} if is_later else {source}


@contextmanager
def _locked(landing: Path) -> Iterator[None]:
    """Hold the landing zone against another `retail sample`; the lock ends with the process, however it ends."""
    landing.mkdir(parents=True, exist_ok=True)
    handle = os.open(landing, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"another retail sample is writing to {landing}; wait until it has ended") from error
        yield
    finally:
        os.close(handle)


def _read_marker(landing: Path, made: dict[str, str]) -> dict:
    """What earlier runs wrote: `made` {source: what of}, `files` {path: [bytes, modification time in ns, rows]}, `runs`
    {arguments: paths}.

    It is a memory, not a truth: a file counts as written only while its size and time are as recorded, and a marker
    that cannot be read is as good as none. Files of a source that are still there and were made of something else are
    an error; where they are gone, what is known of them is forgotten.
    """
    try:
        marker = json.loads((landing / MARKER).read_text())
        before, files, runs = dict(marker["made"]), dict(marker["files"]), dict(marker["runs"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {"made": made, "files": {}, "runs": {}}
    # The sources of TPC-DS join with one another: they are of one scale, also when they were written one by one
    for source in tpcds.SOURCES:
        if source in made:
            made = {**dict.fromkeys(tpcds.SOURCES, made[source]), **made}
    changed = {source for source, of in made.items() if before.get(source, of) != of}
    present = [path for path in files if _parts(path) & changed and (landing / path).exists()]
    if present:
        of = before[min(_parts(present[0]) & changed)]
        raise UserError(
            f"{landing} holds {len(present)} files of {of} (such as {present[0]}); "
            "choose another RETAIL_LANDING or remove them"
        )
    files = {path: record for path, record in files.items() if not _parts(path) & changed}
    return {"made": {**before, **made}, "files": files, "runs": runs}


def _write_marker(landing: Path, marker: dict) -> None:
    temporary = landing / f"{MARKER}.tmp"
    temporary.write_text(json.dumps(marker))
    temporary.replace(landing / MARKER)


def _as_recorded(landing: Path, path: str, files: dict[str, list[int]]) -> bool:
    try:
        stat = (landing / path).stat()
        return [stat.st_size, stat.st_mtime_ns] == files[path][:2]
    except (FileNotFoundError, KeyError):
        return False


def _stage(
    staging: Path,
    sources: list[str],
    scale: float,
    rows: int,
    seed: int,
    shop_customers: int,
    from_: date | None,
    to: date | None,
    granularity: str,
    state_granularity: str,
    report: Report,
) -> dict[str, int]:
    """Write every file below `staging`, under its path in the landing zone. Returns the rows of each path."""
    written: dict[str, int] = {}
    feeds = [feed for feed in tpcds.FEEDS if feed.source in sources]
    if feeds:
        report(f"generating TPC-DS at scale {scale:g}", 0, 0)
        with tpcds.generated(scale, staging) as connection:
            for done, feed in enumerate(feeds):
                report(f"writing {feed.source}/{feed.name}", done, len(feeds))
                if feed.date_column:
                    written |= _stage_log(connection, staging, feed, from_, to, granularity)
                else:
                    written |= _stage_state(connection, staging, feed)
            if "ops" in sources:
                written |= _stage_later(connection, staging, state_granularity, seed, from_, to, report)
    if marketplace.SOURCE in sources:
        report(f"generating {rows:,} rows of the marketplace's export", 0, 0)
        written |= marketplace.write(staging, rows, seed, from_, to, PERIOD_END[granularity], report)
    if shop.SOURCE in sources:
        written |= shop.write(staging, shop_customers, seed, from_, to, PERIOD_END[granularity], report)
    return written


def _stage_state(connection: duckdb.DuckDBPyConnection, staging: Path, feed: tpcds.Feed) -> dict[str, int]:
    path = _path(feed, tpcds.FIRST_DATE)
    count = _copy(connection, f"select * from {feed.name} order by {', '.join(feed.key)}", staging / path, feed)
    return {path: count}


def _stage_later(
    connection: duckdb.DuckDBPyConnection,
    staging: Path,
    granularity: str,
    seed: int,
    from_: date | None,
    to: date | None,
    report: Report,
) -> dict[str, int]:
    feeds = {feed.name: feed for feed in tpcds.FEEDS}
    days = states.dates(granularity)
    rows = {}
    for table, day, query in states.extracts(connection, granularity, seed, from_, to):
        report(f"writing the extracts of {day}", days.index(day), len(days))
        path = _path(feeds[table], day)
        rows[path] = _copy(connection, query, staging / path, feeds[table])
    return rows


def _stage_log(
    connection: duckdb.DuckDBPyConnection,
    staging: Path,
    feed: tpcds.Feed,
    from_: date | None,
    to: date | None,
    granularity: str,
) -> dict[str, int]:
    connection.execute(f"create or replace temp table dated as {tpcds.business_dates_query(feed)}")
    bounds = ["(select max(business_date) from dated)", PERIOD_END[granularity]] + ([f"date '{to}'"] if to else [])
    files = connection.execute(
        f"select least({', '.join(bounds)}) as dt, min(business_date), max(business_date) from dated "
        # Not `group by all`: where dt is constant (granularity all) that makes a group although there are no rows.
        "where business_date between ? and ? group by dt order by dt",
        [from_ or date.min, to or date.max],
    ).fetchall()
    rows = {}
    # A statement a file: DuckDB's partitioned COPY is no faster here and loses the order of rows in some files.
    for dt, first, last in files:
        query = f"select {_columns(feed)} from dated where business_date between date '{first}' and date '{last}'"
        rows[_path(feed, dt)] = _copy(connection, query, staging / _path(feed, dt), feed)
    connection.execute("drop table dated")
    return rows


def _columns(feed: tpcds.Feed) -> str:
    """The columns of a file: as generated, but a count names its day by date, as people who count do."""
    if feed.name == "inventory":
        return "business_date as inv_date, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand"
    return "* exclude (business_date)"


def _path(feed: tpcds.Feed, dt: date) -> str:
    return f"{feed.source}/{feed.name}/dt={dt}/{feed.name}.{SUFFIX[feed.source]}"


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path, feed: tpcds.Feed) -> int:
    target.parent.mkdir(parents=True)
    return connection.execute(f"copy ({query}) to {_literal(target)} ({FORMAT[feed.source]})").fetchone()[0]


def _place(staging: Path, landing: Path, paths: list[str]) -> set[str]:
    """Move staged files to where they land. Returns the new ones; nothing is moved if one stands in the way."""
    present = [path for path in paths if (landing / path).exists()]
    other = [path for path in present if not filecmp.cmp(staging / path, landing / path, shallow=False)]
    if other:
        raise UserError(
            f"{landing} holds files of another scale, size, seed, range or generation ({len(other)}, such as {other[0]}); "
            "choose another RETAIL_LANDING or remove them"
        )
    new = set(paths) - set(present)
    for path in sorted(new):
        (landing / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / path, landing / path)
    return new


def _results(feeds: list[tuple[str, str]], files: dict[str, list[int]], new: set[str]) -> list[FeedResult]:
    results = []
    for source, name in feeds:
        paths = [path for path in files if path.startswith(f"{source}/{name}/")]
        results.append(
            FeedResult(
                source,
                name,
                len(paths),
                sum(files[path][2] for path in paths),
                sum(files[path][0] for path in paths),
                sum(path in new for path in paths),
            )
        )
    return results


def _print(landing: Path, results: list[FeedResult]) -> None:
    table = Table("feed", title=None)
    for heading in ("files", "rows", "MB", "new", "unchanged"):
        table.add_column(heading, justify="right")
    for result in results:
        table.add_row(
            f"{result.source}.{result.feed}",
            f"{result.files:,}",
            f"{result.rows:,}",
            f"{result.bytes / 1e6:,.1f}",
            f"{result.new:,}",
            f"{result.unchanged:,}",
        )
    console.out.print(table)
    new, unchanged = sum(result.new for result in results), sum(result.unchanged for result in results)
    megabytes = sum(result.bytes for result in results) / 1e6
    if new:
        console.out.print(
            f"{landing}: {new:,} new files, {unchanged:,} unchanged; {megabytes:,.1f} MB in all.", markup=False
        )
    else:
        console.out.print(f"{landing}: unchanged, {unchanged:,} files, {megabytes:,.1f} MB.", markup=False)
    empty = [f"{result.source}.{result.feed}" for result in results if not result.files]
    if empty:
        console.err.print(f"No rows in the dates asked for: {', '.join(empty)}.", markup=False)
