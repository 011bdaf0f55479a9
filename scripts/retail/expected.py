"""Which files should be there for a business date, and how many rows a file of a feed usually has.

People say it where dbt has it already, in the YAML of the sources: `freshness`, and `meta: {expected: daily}` on a feed that
comes by itself. The business date is given: no clock is asked.
"""

import glob
import gzip
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import yaml

from retail import drift, landed, settings, warehouse
from retail.drift import ERROR, NOTE, WARNING, Finding
from retail.errors import UserError
from retail.load import feed_name
from retail.load_history import LOAD_FAILED, Entry
from retail.pipes import Pipe

# A file of the feed is expected with a dt among so many days, of which the business date is the last.
DAYS = {"daily": 1, "weekly": 7, "monthly": 31}
ON_CHANGE = "on_change"

# How many of a feed's last files say what is usual, and how many there must be before they do.
USUAL_FILES = 30
FEWEST_FILES = 5

# Larger CSV files are counted with --full alone, at about 1 s for 300 MB.
COUNTED_BYTES = 64 << 20

MISSING = "missing"

_HOURS = {"minute": 1 / 60, "hour": 1, "day": 24}


@dataclass(frozen=True)
class Expectation:
    """What people say of a feed (`ops.item`): `daily`, `weekly`, `monthly`, or nothing; hours of silence that warn and fail."""

    feed: str
    expected: str | None
    warn_hours: float | None
    error_hours: float | None

    @property
    def source(self) -> str:
        """Its source."""
        return self.feed.partition(".")[0]


@dataclass(frozen=True)
class Usual:
    """How many rows the last `files` files of a feed had, fewest and most."""

    files: int
    fewest: int
    most: int

    def fits(self, rows: int) -> bool:
        """Whether a file of so many rows is of the usual size: half of the smallest to twice the largest."""
        return self.fewest / 2 <= rows <= self.most * 2


def expectations(project: Path | None = None) -> list[Expectation]:
    """What the YAML of the sources says, by feed. Raises UserError where it says something that has no meaning here."""
    root = project or settings.project_root()
    taking_part = warehouse.variables(root)["sources"]
    found = []
    for script in sorted((root / "models" / "staging").rglob("*sources.yml")):
        # the reader in C takes a tenth of the time, where there is one
        content = yaml.load(script.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for source in content.get("sources") or []:
            if source["name"] in taking_part:
                found += [_expectation(script, source, table) for table in source["tables"]]
    return sorted(found, key=lambda each: each.feed)


def _expectation(script: Path, source: Mapping[str, Any], table: Mapping[str, Any]) -> Expectation:
    feed = f"{source['name']}.{table['name']}"
    configured = {**(source.get("config") or {}), **(table.get("config") or {})}
    expected = (configured.get("meta") or {}).get("expected")
    if expected not in (None, ON_CHANGE, *DAYS):
        raise UserError(
            f"{settings.shown(script)}: {feed}: expected: {expected}; it can be {', '.join(DAYS)} or {ON_CHANGE}"
        )
    freshness = {
        **((source.get("config") or {}).get("freshness") or {}),
        **((table.get("config") or {}).get("freshness") or {}),
    }
    hours = [
        limit["count"] * _HOURS[limit["period"]] if (limit := freshness.get(name)) else None
        for name in ("warn_after", "error_after")
    ]
    return Expectation(feed, None if expected == ON_CHANGE else expected, *hours)


def business_dates(names: Iterable[str]) -> dict[str, set[date]]:
    """The dates (dt) of some files, by feed."""
    found: dict[str, set[date]] = defaultdict(set)
    for name in names:
        if day := drift.business_date(name):
            found[".".join(name.split("/")[:2])].add(day)
    return found


def missing(expected: Iterable[Expectation], dates: Mapping[str, set[date]], on: date) -> list[Finding]:
    """What should be there on a business date and is not, and feeds that have been silent for too long.

    A feed that comes by itself is missing where no file has a dt in its period: an error. Of the others freshness decides,
    from their last dt to the date; those that are silent for longer than it warns of share one finding. Files of later dates count for
    nothing, and a source of which nothing has landed up to the date has not begun.
    """
    expected = list(expected)
    last = {each.feed: max((day for day in dates.get(each.feed, ()) if day <= on), default=None) for each in expected}
    begun = {feed.partition(".")[0] for feed, day in last.items() if day}
    found, silent = [], []
    for source in sorted({each.source for each in expected} - begun):
        found.append(Finding(NOTE, source, f"{source}: nothing has landed up to {on}: not expected before it begins"))
    for each in expected:
        if each.source not in begun:
            continue
        day = last[each.feed]
        seen = f"the last is of {day}" if day else "none before"
        days = (on - day).days if day else None
        if each.expected:
            period = DAYS[each.expected]
            if days is None or days >= period:
                wanted = f"dt={on}" if period == 1 else f"a dt from {on - timedelta(days=period - 1)} to {on}"
                found.append(Finding(ERROR, each.feed, f"{each.feed}: {MISSING}: no file with {wanted}; {seen}"))
        elif each.error_hours and (days is None or days * 24 > each.error_hours):
            found.append(
                Finding(
                    ERROR, each.feed, f"{each.feed}: {MISSING} for more than {each.error_hours / 24:g} days; {seen}"
                )
            )
        elif each.warn_hours and (days is None or days * 24 > each.warn_hours):
            silent.append(f"{each.feed} ({day or 'never'})")
    if silent:
        feeds = "1 feed is" if len(silent) == 1 else f"{len(silent)} feeds are"
        found.append(
            Finding(
                WARNING,
                "",
                f"{feeds} silent for longer than freshness allows, up to {on}: {', '.join(silent)}",
                do="ask whether nothing has changed, or nothing is sent any more",
            )
        )
    return found


# -- rows -------------------------------------------------------------------------------------------------------------


def usual_rows(history: Iterable[Entry]) -> dict[str, Usual]:
    """How many rows a feed's last files had, by feed, where enough have loaded to say so; from their last entries in order."""
    rows: dict[str, list[int]] = defaultdict(list)
    for entry in history:
        if entry.status != LOAD_FAILED and entry.row_parsed:
            rows[".".join(entry.file_name.split("/")[:2])].append(entry.row_parsed)
    return {
        feed: Usual(len(last), min(last), max(last))
        for feed, counts in rows.items()
        if len(last := counts[-USUAL_FILES:]) >= FEWEST_FILES
    }


def unusual(
    wanted: Iterable[Pipe],
    files: Mapping[str, list[landed.LandedFile]],
    history: Mapping[tuple[str, str], Entry],
    on: date | None,
    *,
    full: bool = False,
) -> list[Finding]:
    """New files, and loaded ones of the business date, whose number of rows is far from the feed's usual one.

    `files` are those in the landing zone, by the pipe's prefix. Large CSV files are counted with `full` alone.
    """
    found = []
    for pipe in wanted:
        feed = feed_name(pipe)
        entries = [entry for (name, _), entry in history.items() if name == pipe.name]
        of_the_date = {entry.file_name for entry in entries if on and drift.business_date(entry.file_name) == on}
        usual = usual_rows(entry for entry in entries if entry.file_name not in of_the_date).get(feed)
        if not usual:
            continue
        counted = [
            (entry.file_name, entry.row_parsed)
            for entry in entries
            if entry.file_name in of_the_date and entry.status != LOAD_FAILED
        ]
        known = {entry.file_name for entry in entries if entry.status != LOAD_FAILED}
        new = [file for file in files[pipe.prefix] if file.name not in known]
        counted += [(file.name, _rows(pipe, file, full=full)) for file in new]
        for name, rows in counted:
            if rows is not None and not usual.fits(rows):
                range_ = f"{usual.fewest:,}" if usual.fewest == usual.most else f"{usual.fewest:,} to {usual.most:,}"
                found.append(
                    Finding(
                        WARNING,
                        feed,
                        f"{rows:,} rows, where the {usual.files} files before had {range_}",
                        do="look whether the file is whole, and holds what its date says",
                        files=(name,),
                    )
                )
    return found


def _rows(pipe: Pipe, file: landed.LandedFile, *, full: bool) -> int | None:
    """Records in a file that is not loaded; None where it cannot be read or is too large to count. Lines, in a CSV file."""
    try:
        is_parquet = pipe.file_format.type == "parquet"
        # of a Parquet file on this machine only the end is read
        if file.size > COUNTED_BYTES and not full and (file.bucket or not is_parquet):
            return None
        path = landed.on_this_machine(file)
        if is_parquet:
            with duckdb.connect(":memory:") as connection:
                query = "select sum(num_rows)::bigint from parquet_file_metadata(?)"
                return connection.execute(query, [[glob.escape(str(path))]]).fetchone()[0]
        lines, last = 0, b""
        with (gzip.open if file.name.endswith(".gz") else open)(path, "rb") as stream:
            while block := stream.read(landed.READ_SIZE):
                lines += block.count(b"\n")
                last = block
        # without the header
        return lines - last.endswith(b"\n") if last else 0
    except (OSError, EOFError, duckdb.Error, landed.NotNow):
        # damaged: the schema's check says so
        return None
    finally:
        landed.release([file])


def summary(findings: list[Finding], expected: list[Expectation], on: date) -> str:
    """One line on what was looked for."""
    wanted = [each for each in expected if each.expected]
    absent = sum(finding.severity == ERROR for finding in findings)
    return f"Expected on {on}: files of {len(wanted)} feeds; {absent or 'none'} missing."
