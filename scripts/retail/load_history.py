"""What the loader remembers, in schema `audit`: every file that a pipe took or refused, and every record it rejected.

Both tables are append-only. `load_history` has the columns of Snowflake's COPY_HISTORY that have a meaning here, under
plain names.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime

import duckdb

LOADED, PARTIALLY_LOADED, LOAD_FAILED = "loaded", "partially_loaded", "load_failed"

TABLES = """
create schema if not exists audit;
create table if not exists audit.load_history (
    pipe_name varchar not null,
    file_name varchar not null,
    file_content_key varchar,
    file_size bigint not null,
    file_last_modified timestamp not null,
    status varchar not null,
    row_parsed bigint,
    row_count bigint not null,
    error_count bigint not null,
    first_error_message varchar,
    first_error_line_number bigint,
    first_error_column_name varchar,
    missing_columns varchar,
    extra_columns varchar,
    note varchar,
    started_at timestamp not null,
    finished_at timestamp not null
);
create table if not exists audit.load_rejects (
    pipe_name varchar not null,
    file_name varchar not null,
    file_content_key varchar not null,
    file_row_number bigint not null,
    line_number bigint not null,
    column_name varchar,
    error_message varchar not null,
    raw_line varchar not null
);
"""

COMMENTS = {
    "audit.load_history": "A file that a pipe loaded, loaded in part or refused, at one run; the last row of a file counts",
    "audit.load_rejects": "A record of a CSV file that was not loaded, whole, with the line it begins at and the reason",
}


@dataclass(frozen=True)
class Entry:
    """A row of audit.load_history: sizes in bytes, times in UTC, lines from 1 with the header as the first."""

    pipe_name: str
    file_name: str
    file_content_key: str | None
    file_size: int
    file_last_modified: datetime
    status: str
    row_parsed: int | None
    row_count: int
    error_count: int
    first_error_message: str | None
    first_error_line_number: int | None
    first_error_column_name: str | None
    missing_columns: str | None
    extra_columns: str | None
    note: str | None
    started_at: datetime
    finished_at: datetime


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create both tables where they do not exist yet."""
    connection.execute(TABLES)
    for table, comment in COMMENTS.items():
        connection.execute(f"comment on table {table} is '{comment}'")


def exists(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether anything has been loaded into this database yet."""
    query = "select count(*) from duckdb_tables() where schema_name = 'audit' and table_name = 'load_history'"
    return connection.execute(query).fetchone() == (1,)


def latest(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Entry]:
    """The last entry of each file of each pipe, by (pipe, file)."""
    # a later row replaces an earlier one; DuckDB 1.5.5 fails inside when `qualify` picks it by row id
    rows = connection.execute("select * from audit.load_history order by rowid").fetchall()
    return {(row[0], row[1]): Entry(*row) for row in rows}


def append(connection: duckdb.DuckDBPyConnection, entries: Iterable[Entry]) -> None:
    """Add entries, in the transaction that is open."""
    rows = [astuple(entry) for entry in entries]
    if rows:
        # one statement with a list a column: executemany takes a millisecond a row
        marks = ", ".join(f"unnest(${position}::{kind}[])" for position, kind in enumerate(_TYPES, 1))
        connection.execute(f"insert into audit.load_history select {marks}", [list(column) for column in zip(*rows)])


_TYPES = (
    ["varchar"] * 3
    + ["bigint", "timestamp", "varchar"]
    + ["bigint"] * 3
    + ["varchar", "bigint"]
    + ["varchar"] * 4
    + ["timestamp"] * 2
)
