"""What lands, run by run: a sequence of landings as plain data, how it is written into a landing zone, and how it is shown."""

import csv
import io
import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb

from retail import load, pipes

# When every file was last changed, in seconds since 1970: the load history keeps it.
CHANGED_AT = 1_704_067_200
# A field more than the header has: the loader rejects the record.
RAGGED = "one field too many"


@dataclass(frozen=True)
class Row:
    """A row of a file: the columns that are not null, and the world that it belongs to (0: to all of them)."""

    world: int
    values: dict[str, str | int]


@dataclass(frozen=True)
class File:
    """A file of a feed (`ops.item`): its path below the landing zone, and its rows."""

    path: str
    feed: str
    rows: tuple[Row, ...]

    @property
    def source(self) -> str:
        """The source that sends it."""
        return self.feed.partition(".")[0]


@dataclass(frozen=True)
class Run:
    """A night: what landed before it, and how it went.

    sources: those that take part. built: whether dbt ran at all, or the night was skipped. again: dbt ran twice. killed_at: a
    number for the model and the statement at which the first build was killed (runner.place_to_kill); it was then started again. refreshed: the number of an
    incremental model that somebody built with --full-refresh afterwards (modulo how many there are). early: the rows were
    scanned, by their load time, before those of all earlier runs, as by a pipe that commits late. selected: only what depends on what
    landed since the last build is built, as by `retail run`.
    """

    files: tuple[File, ...]
    sources: tuple[str, ...]
    built: bool = True
    again: bool = False
    killed_at: int | None = None
    refreshed: int | None = None
    early: bool = False
    selected: bool = False

    def plain(self) -> bool:
        """Whether nothing but a build happened in it."""
        happened = self.again or self.early or self.selected
        return self.built and not happened and self.killed_at is None and self.refreshed is None


@dataclass(frozen=True)
class Sequence:
    """Runs, one after the other."""

    runs: tuple[Run, ...] = field(default=())

    def files(self) -> list[File]:
        """All its files, in the order of landing."""
        return [file for run in self.runs for file in run.files]

    def worlds(self) -> list[int]:
        """The worlds that its rows belong to."""
        return sorted({row.world for file in self.files() for row in file.rows} - {0})

    def size(self) -> int:
        """Its rows."""
        return sum(len(file.rows) for file in self.files())

    def __str__(self) -> str:
        lines = []
        for number, run in enumerate(self.runs, 1):
            happened = [f"sources {', '.join(run.sources) or 'none'}"]
            happened += [] if run.built else ["loaded, not built"]
            happened += ["built twice"] if run.again else []
            happened += [f"killed at place {run.killed_at} and started again"] if run.killed_at is not None else []
            happened += [f"then incremental model {run.refreshed} rebuilt whole"] if run.refreshed is not None else []
            happened += ["with load times before those of earlier runs"] if run.early else []
            happened += ["built is what depends on what landed"] if run.selected else []
            lines.append(f"run {number}: {'; '.join(happened)}")
            for file in run.files:
                lines.append(f"  {file.path}" + ("" if file.rows else "  (no rows)"))
                lines += [
                    "    " + ", ".join(f"{name}={value}" for name, value in row.values.items()) for row in file.rows
                ]
        return "\n".join(lines)


@cache
def columns_of(feed: str) -> dict[str, str]:
    """The columns of a feed's files with their DuckDB types, from the script that makes its bronze table."""
    tables = {table.name: table for table in pipes.read_definitions(load.default_scripts()).tables}
    table = tables["bronze." + feed.replace(".", "__")]
    return {column.name: column.type for column in table.columns if not column.name.startswith("_")}


def write(file: File, landing: Path) -> None:
    """Land a file: Parquet for source ops, CSV for the others. KeyError for a column that the feed has not."""
    path = landing / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = columns_of(file.feed)
    unknown = {name for row in file.rows for name in row.values} - set(columns) - {RAGGED}
    if unknown:
        raise KeyError(f"{file.feed} has no column {', '.join(sorted(unknown))}")
    if file.path.endswith(".parquet"):
        _write_parquet(file, path, columns)
    else:
        _write_csv(file, path, list(columns))
    os.utime(path, (CHANGED_AT, CHANGED_AT))


def _write_csv(file: File, path: Path, columns: list[str]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in file.rows:
        extra = [row.values[RAGGED]] if RAGGED in row.values else []
        writer.writerow([*(row.values.get(name) for name in columns), *extra])
    path.write_text(text.getvalue())


def _write_parquet(file: File, path: Path, columns: dict[str, str]) -> None:
    with duckdb.connect() as connection:
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"create table landed ({listed})")
        if file.rows:
            marks = ", ".join("?" for _ in columns)
            rows = [[row.values.get(name) for name in columns] for row in file.rows]
            connection.executemany(f"insert into landed values ({marks})", rows)
        connection.execute(f"copy (from landed order by rowid) to '{path}' (format parquet)")
