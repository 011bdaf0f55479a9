"""`retail export`: gold as files for other tools, as Tableau extracts (.hyper), Parquet or CSV, each read back and compared.

Reads the published file, in which nobody is named; columns about persons are left out altogether. Whoever asks for them gets
them from the warehouse itself.
"""

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb

from retail import console, copy_files, publish, settings, warehouse, whole_files
from retail.errors import UserError
from retail.warehouse import Connection, quoted

FORMATS = ("hyper", "parquet", "csv")

# The name that Tableau gives to an extract's only table, so that workbooks find it again after each export.
HYPER_SCHEMA = HYPER_TABLE = "Extract"

# Files are made in a folder of this name beside their places: the same disk, and out of sight.
NEW = ".new"


@dataclass(frozen=True)
class Column:
    """A column that is exported, with its type on DuckDB."""

    name: str
    type: str


@dataclass(frozen=True)
class Relation:
    """A table or view of gold, the columns of it that are exported, and how many are left out."""

    name: str
    source: str
    columns: tuple[Column, ...]
    left_out: int


@dataclass
class Exported:
    """What was exported: the files with their rows, and how many columns about persons were left out."""

    rows: dict[Path, int] = field(default_factory=dict)
    left_out: int = 0


# -- what there is to export ------------------------------------------------------------------------------------------


@contextmanager
def _opened(database: Path, schema: str, wait: float) -> Iterator[Connection]:
    """A connection that reads `database` as `source`."""
    if not database.exists():
        raise UserError(f"{database} is not there; run `retail run`, or `dbt build` and `retail publish`")
    with duckdb.connect(":memory:") as connection:
        connection.execute("set enable_progress_bar = false")
        # rows in the order in which they stand there need all of them in memory
        connection.execute("set preserve_insertion_order = false")
        name = quoted(database.stem)
        attach = f"attach '{str(database).replace(chr(39), chr(39) * 2)}' as {name} (read_only)"
        warehouse.when_free(database, wait, lambda: connection.execute(attach))
        connection.execute(f"use {name}.{schema}")
        yield connection


def _relations(
    connection: Connection,
    database: Path,
    schema: str,
    known: dict[str, dict[str, bool]],
    models: Sequence[str],
    personal: bool,
) -> list[Relation]:
    """The tables and views to export. UserError where one asked for is not there, or a column's nature is not known."""
    found: dict[str, list[Column]] = {}
    for table, column, type_ in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = ? and schema_name = ? and not internal order by table_name, column_index",
        [database.stem, schema],
    ).fetchall():
        found.setdefault(table.lower(), []).append(Column(column, type_))
    wanted = [each.strip().lower().removeprefix("gold.") for each in models] or sorted(found.keys() & known.keys())
    for name in wanted:
        if name not in found or name not in known:
            raise UserError(f"--models: gold has no {name}; it has {', '.join(sorted(found.keys() & known.keys()))}")
        for column in found[name]:
            if column.name.lower() not in known[name]:
                raise UserError(
                    f"{name} has a column {column.name} that the project does not know; run `dbt build` and `retail publish`"
                )
    if not wanted:
        raise UserError(f"{database} has no table of gold; run `dbt build` and `retail publish`")
    relations = []
    for name in dict.fromkeys(wanted):
        kept = tuple(column for column in found[name] if personal or not known[name][column.name.lower()])
        relations.append(Relation(name, f"{schema}.{quoted(name)}", kept, len(found[name]) - len(kept)))
    return relations


# -- reading back -----------------------------------------------------------------------------------------------------


def _kind(column: Column) -> str:
    """What is compared of a column: number, float, day, moment, flag or text."""
    if column.type.startswith(("DECIMAL", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT")):
        return "number"
    kinds = {"DOUBLE": "float", "FLOAT": "float", "DATE": "day", "TIMESTAMP": "moment", "BOOLEAN": "flag"}
    kinds["VARCHAR"] = "text"
    try:
        return kinds[column.type]
    except KeyError:
        raise UserError(
            f"{column.name} is of type {column.type}, which not every format can hold; cast it in its model"
        ) from None


def _checks(columns: Sequence[Column], bytes_of: str) -> str:
    """A select list that says what a table holds: rows, and of each column how many values and what they add up to.

    `bytes_of` is the engine's function for the length of a text in bytes.
    """
    parts = ["count(*)"]
    for column in columns:
        name = quoted(column.name)
        parts.append(f"count({name})")
        scale = column.type.partition(",")[2].rstrip(")") or "0"
        parts += {
            "number": [f"sum(cast({name} as decimal(38, {scale})))"],
            "float": [f"sum({name})"],
            "day": [f"min({name})", f"max({name})"],
            "moment": [f"min({name})", f"max({name})"],
            "flag": [f"sum(case when {name} then 1 else 0 end)"],
            "text": [f"sum({bytes_of}({name}))", f"count(distinct {name})"],
        }[_kind(column)]
    return ", ".join(parts)


def _labels(columns: Sequence[Column]) -> list[str]:
    """What each of the values of _checks is, for a message."""
    labels = ["rows"]
    for column in columns:
        labels.append(f"values of {column.name}")
        labels += {
            "day": [f"first {column.name}", f"last {column.name}"],
            "moment": [f"first {column.name}", f"last {column.name}"],
            "text": [f"bytes of {column.name}", f"different {column.name}"],
        }.get(_kind(column), [f"sum of {column.name}"])
    return labels


def _same(here: Any, there: Any) -> bool:
    """Whether two engines say the same."""
    if isinstance(here, float) and there is not None:
        # sums of floating point depend on the order of rows
        return math.isclose(here, float(there), rel_tol=1e-9, abs_tol=1e-9)
    for name in ("to_datetime", "to_date"):
        if hasattr(there, name):
            there = getattr(there, name)()
    if isinstance(here, (int, Decimal)) and there is not None:
        return Decimal(here) == Decimal(str(there))
    return here == there


UNTOUCHED = "the file is removed, what was exported before is untouched"


def _compare_columns(relation: Relation, file: Path, found: Sequence[tuple[str, str]]) -> None:
    """UserError where a file has other columns than its table, or of other types; `found` as DuckDB names them."""
    wanted = [(column.name, column.type) for column in relation.columns]
    for (name, type_), here in zip_longest(found, wanted, fillvalue=("nothing", "no type")):
        if (name, type_) != here:
            raise UserError(
                f"{file.name}: read back, {name} of type {type_}, but {here[0]} of type {here[1]} in gold.{relation.name}; {UNTOUCHED}"
            )


def _compare(relation: Relation, file: Path, expected: Sequence[Any], found: Sequence[Any]) -> None:
    """UserError where a file does not hold what its table does."""
    for label, here, there in zip(_labels(relation.columns), expected, found, strict=True):
        if not _same(here, there):
            raise UserError(
                f"{file.name}: read back, {label}: {there}, but {here} in gold.{relation.name}; {UNTOUCHED}"
            )


# -- the formats ------------------------------------------------------------------------------------------------------

Writer = Callable[[Connection, Relation, Path], Sequence[Any]]

# Tableau's names of DuckDB's types.
HYPER_TYPES = {"BIG_INT": "BIGINT", "INT": "INTEGER", "SMALL_INT": "SMALLINT", "BOOL": "BOOLEAN", "TEXT": "VARCHAR"}


def _selected(relation: Relation) -> str:
    return f"select {', '.join(quoted(column.name) for column in relation.columns)} from {relation.source}"


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _read_back(connection: Connection, relation: Relation, new: Path, reader: str) -> Sequence[Any]:
    """The values of _checks in a new file; UserError where its columns are others."""
    columns = connection.execute(f"describe from {reader}").fetchall()
    _compare_columns(relation, new, [each[:2] for each in columns])
    return connection.execute(f"select {_checks(relation.columns, 'strlen')} from {reader}").fetchone()


def _parquet(connection: Connection, relation: Relation, new: Path) -> Sequence[Any]:
    """Write a Parquet file; what it holds, read back."""
    connection.execute(f"copy ({_selected(relation)}) to {_text(new)} (format parquet, compression zstd)")
    return _read_back(connection, relation, new, f"read_parquet({_text(new)})")


def _csv(connection: Connection, relation: Relation, new: Path) -> Sequence[Any]:
    """Write a CSV file with a header, UTF-8, nothing for null and "" for an empty text; what it holds, read back."""
    connection.execute(f"copy ({_selected(relation)}) to {_text(new)} (format csv, header)")
    types = ", ".join(f"{_text(Path(column.name))}: '{column.type}'" for column in relation.columns)
    reader = (
        f"read_csv({_text(new)}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
        f"nullstr = '', allow_quoted_nulls = false, columns = {{{types}}})"
    )
    return _read_back(connection, relation, new, reader)


def _type_on_duckdb(type_: str) -> str:
    """Tableau's NUMERIC(18, 2) as DECIMAL(18,2)."""
    return HYPER_TYPES.get(type_, type_.replace("NUMERIC", "DECIMAL").replace(" ", ""))


@contextmanager
def _hyper(scratch: Path) -> Iterator[Writer]:
    """A writer of .hyper files, with Tableau's engine running meanwhile."""
    try:
        from tableauhyperapi import Connection as Hyper
        from tableauhyperapi import CreateMode, HyperException, HyperProcess, TableName, Telemetry
    except ImportError:
        raise UserError("tableauhyperapi is not installed, which writes .hyper files; install with: make bi") from None
    try:
        process = HyperProcess(
            telemetry=Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU,
            # it would write into the folder that the user is in
            parameters={"log_dir": str(scratch)},
        )
    except (HyperException, OSError, RuntimeError) as error:
        raise UserError(f"Tableau's engine does not start: {copy_files.first_line(error)}") from None

    def write(connection: Connection, relation: Relation, new: Path) -> Sequence[Any]:
        between = new.with_suffix(".parquet")
        connection.execute(f"copy ({_selected(relation)}) to {_text(between)} (format parquet, compression snappy)")
        table = TableName(HYPER_SCHEMA, HYPER_TABLE)
        try:
            with Hyper(process.endpoint, new, CreateMode.CREATE_AND_REPLACE) as hyper:
                hyper.execute_command(f"create schema {quoted(HYPER_SCHEMA)}")
                hyper.execute_command(
                    f"create table {table} as select * from external({_text(between)}, format => 'parquet')"
                )
            # a connection of its own: what is in the file, not what is in memory
            with Hyper(process.endpoint, new, CreateMode.NONE) as hyper:
                columns = hyper.catalog.get_table_definition(table).columns
                types = [(column.name.unescaped, _type_on_duckdb(str(column.type))) for column in columns]
                _compare_columns(relation, new, types)
                (found,) = hyper.execute_list_query(f"select {_checks(relation.columns, 'octet_length')} from {table}")
        except HyperException as error:
            raise UserError(f"{new.name}: Tableau's engine says: {copy_files.first_line(error)}") from None
        between.unlink()
        return found

    with process:
        yield write


# -- the whole --------------------------------------------------------------------------------------------------------


def export(
    format_: str,
    out: Path,
    models: Sequence[str] = (),
    *,
    personal: bool = False,
    wait: float = 60.0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Exported:
    """Write tables and views of gold into `out`, `<model>.<format>` each, in the place of what is there once it is whole.

    `models` names them, all for none; `personal` takes columns about persons along, from the warehouse instead of the
    published file; `wait` is how many seconds to wait for whoever writes the warehouse or this folder; `progress` is called
    with a model, how many are done, and how many there are. Raises UserError where a file, read back, does not hold what its
    table does: it is removed, and those written before it stay.
    """
    database, schema = (
        (settings.database(), publish.SCHEMA) if personal else (settings.gold(), publish.PUBLISHED_SCHEMA)
    )
    known = publish.known_columns(settings.target() / "manifest.json")
    result = Exported()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            held.enter_context(whole_files.alone(out, wait, "retail export"))
            scratch = out / NEW
            shutil.rmtree(scratch, ignore_errors=True)
            held.callback(shutil.rmtree, scratch, ignore_errors=True)
            # what is written there may name persons
            scratch.mkdir(mode=0o700)
            connection = held.enter_context(_opened(database, schema, wait))
            connection.execute(f"set temp_directory = {_text(scratch / 'spilled')}")
            relations = _relations(connection, database, schema, known, models, personal)
            write = (
                held.enter_context(_hyper(scratch))
                if format_ == "hyper"
                else {"parquet": _parquet, "csv": _csv}[format_]
            )
            for done, relation in enumerate(relations):
                if progress:
                    progress(relation.name, done, len(relations))
                new = scratch / f"{relation.name}.{format_}"
                checks = _checks(relation.columns, "strlen")
                expected = connection.execute(f"select {checks} from {relation.source}").fetchone()
                _compare(relation, new, expected, write(connection, relation, new))
                if personal:
                    # for its owner alone
                    new.chmod(0o600)
                whole_files.put_in_place(new, out / new.name)
                result.rows[out / new.name] = expected[0]
                result.left_out += relation.left_out
    except (duckdb.Error, OSError) as error:
        if isinstance(error, duckdb.Error) and not copy_files.is_environment(error):
            raise
        raise UserError(f"{out}: {copy_files.first_line(error)}; what was exported before is untouched") from error
    return result


# -- the face ---------------------------------------------------------------------------------------------------------


def run(format_: str, out: str, models: Sequence[str], personal: bool, wait: float) -> int:
    """Export with the settings' paths, with a progress bar and one line that says what is there; the exit code."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    folder = settings.project_root() / out
    names = [name for each in models for name in each.split(",") if name.strip()]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console.err, transient=True, disable=not console.err.is_terminal) as bar:
        task = bar.add_task("export", total=None)

        def progress(name: str, done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        try:
            result = export(format_, folder, names, personal=personal, wait=wait, progress=progress)
        except (KeyboardInterrupt, RuntimeError) as error:
            # the second is what DuckDB makes of Ctrl-C during a statement
            if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
                raise
            console.err.print("Interrupted: the file at work is left out, those before it are whole.")
            return 130
    if personal:
        console.err.print(
            "warning: these files name persons; you alone may read them. Keep them where such data may be, and delete them after use.",
            style="yellow",
            markup=False,
        )
    size = sum(path.stat().st_size for path in result.rows) / 1e6
    left_out = f"; {result.left_out} columns about persons left out" if result.left_out else ""
    console.out.print(
        f"Exported {len(result.rows)} tables and views of gold to {settings.shown(folder)}/: {sum(result.rows.values()):,} rows, "
        f"{size:,.1f} MB, read back and compared{left_out}",
        markup=False,
    )
    return 0
