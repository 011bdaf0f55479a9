"""Compares what dbt built on DuckDB with what it built on the emulated Snowflake: every relation of some schemas, row by row."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from conftest import ROOT

EXCEPTIONS = ROOT / "tests" / "equality_exceptions.csv"
SCHEMAS = ("gold", "audit", "snapshots")
# JSON whose text is the engine's own (order of keys, case, blanks): compared as what it says.
JSON_COLUMNS = {("audit", "audit_rejected_rows", "row_content")}
# Snowflake's temporary tables end with their session; the emulator's are plain ones, and a snapshot leaves one behind.
TEMPORARY = "__dbt_tmp"
SHOWN_ROWS = 5
LIKE_ROWS = 1000
NAME = "RETAIL"

Columns = list[tuple[str, str]]


def exceptions() -> set[tuple[str, str, str]]:
    """Schema, table and column of what is about the run itself."""
    with EXCEPTIONS.open(newline="") as lines:
        return {(row["schema"], row["table"], row["column"]) for row in csv.DictReader(lines)}


@contextmanager
def opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database, to be read. Under the name that the views of both engines have for it: under another they would read another's tables."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as {NAME} (read_only)")
        connection.execute(f"use {NAME}.gold")
        yield connection


def relations(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Columns]:
    """Schema and name of each relation that is compared, with its columns and their types; names in lower case."""
    found: dict[tuple[str, str], Columns] = {}
    left_out = exceptions()
    rows = connection.execute(
        "select lower(schema_name), lower(table_name), lower(column_name), data_type from duckdb_columns() "
        "where database_name = $database and list_contains($schemas, lower(schema_name)) order by table_oid, column_index",
        {"database": NAME, "schemas": list(SCHEMAS)},
    ).fetchall()
    for schema, name, column, kind in rows:
        if (schema, name, column) in left_out or name.endswith(TEMPORARY):
            continue
        found.setdefault((schema, name), []).append((column, kind))
    return found


def differences(ours: Path, theirs: Path) -> list[str]:
    """What differs between a DuckDB warehouse and the file behind an emulated one: a text a relation."""
    found = []
    with opened(ours) as duck, opened(theirs) as snow:
        mine, its = relations(duck), relations(snow)
        for key in sorted(mine.keys() | its.keys()):
            name = ".".join(key)
            if key not in mine or key not in its:
                found.append(f"{name} is only on {'DuckDB' if key in mine else 'the emulated Snowflake'}")
            elif mine[key] != its[key]:
                found.append(
                    f"{name}: columns or types differ: {sorted(set(mine[key]) ^ set(its[key])) or 'their order'}"
                )
            elif fingerprint(duck, *key, mine[key]) != fingerprint(snow, *key, mine[key]):
                found += _rows_that_differ(duck, snow, *key, mine[key])
    return found


def fingerprint(connection: duckdb.DuckDBPyConnection, schema: str, name: str, columns: Columns) -> tuple:
    """How many rows a relation has, and a hash of them as a bag."""
    names = ", ".join(f'"{column}"' for column, _ in columns)
    return connection.execute(f"select count(*), sum(hash({names})) from {schema}.{name}").fetchone()


def _rows_that_differ(
    duck: duckdb.DuckDBPyConnection, snow: duckdb.DuckDBPyConnection, schema: str, name: str, columns: Columns
) -> list[str]:
    names = ", ".join(f'"{column}"' for column, _ in columns)
    ours, theirs = (
        _read(connection.execute(f"select {names} from {schema}.{name}").fetchall(), schema, name, columns)
        for connection in (duck, snow)
    )
    more, less = ours - theirs, theirs - ours
    if not more and not less:
        return []
    lines = [f"{schema}.{name}: {more.total()} rows only on DuckDB, {less.total()} only on the emulated Snowflake"]
    others = list(less)[:LIKE_ROWS]
    for row in sorted(more, key=repr)[:SHOWN_ROWS]:
        like = max(others, key=lambda other: sum(one == two for one, two in zip(row, other, strict=True)), default=None)
        shown = [
            f"{column}={value!r}" + ("" if like is None or value == like[place] else f" ({like[place]!r})")
            for place, ((column, _), value) in enumerate(zip(columns, row, strict=True))
            if place < 2 or (like is not None and value != like[place])
        ]
        lines.append("    " + ", ".join(shown))
    return ["\n".join(lines)]


def _read(rows: Iterable[tuple], schema: str, name: str, columns: Columns) -> Counter[tuple]:
    """Rows as a bag; JSON as what it says."""
    places = [place for place, (column, _) in enumerate(columns) if (schema, name, column) in JSON_COLUMNS]
    if not places:
        return Counter(rows)
    return Counter(tuple(said(value) if place in places else value for place, value in enumerate(row)) for row in rows)


def said(text: str | None) -> str | None:
    """What a JSON object says, in one form: keys in lower case and in order. Text that is no object is itself."""
    try:
        values = json.loads(text or "")
    except ValueError:
        return text
    return json.dumps(dict(sorted((key.lower(), value) for key, value in values.items())))
