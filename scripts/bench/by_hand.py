"""Run star_by_hand.sql against a warehouse, and compare what it built with schema gold.

    python scripts/bench/by_hand.py warehouse/retail.duckdb '{"threads": "2"}'
    python scripts/bench/by_hand.py warehouse/retail.duckdb '{"threads": "2"}' landing

prints the seconds of each statement as JSON. With a landing zone it is marketplace_by_hand.sql that runs, from the files there.
The scripts write schema `by_hand` into the warehouse: give them a copy.
"""

import json
import re
import sys
import time
from collections.abc import Collection
from pathlib import Path

import duckdb

SCRIPT = Path(__file__).with_name("star_by_hand.sql")
MARKETPLACE_SCRIPT = Path(__file__).with_name("marketplace_by_hand.sql")
# what every source needs, and what star_by_hand.sql has for the marketplace too
SHARED_TABLES = {"dim_channels", "dim_dates", "dim_times"}
# tables that hold nothing of the operational source: at most their unknown member where it alone takes part
OTHER_SOURCES = {"dim_payment_methods", "dim_order_statuses", "fct_customer_feedback"}
# the marts have scripts of their own, which marts.py runs
MART_PREFIX = "mart_"
# joins what is compared, and computes nothing
FLAT_VIEWS = {"retail_data_view"}


def build(
    connection: duckdb.DuckDBPyConnection, script: Path = SCRIPT, only: Collection[str] | None = None
) -> dict[str, float]:
    """Run a script statement by statement; seconds of each, by the table it makes, else by its first words.

    Where `only` is given, the tables in it alone are made, after the macros.
    """
    seconds: dict[str, float] = {}
    for statement in duckdb.extract_statements(script.read_text()):
        text = re.sub(r"(?m)^\s*--.*$", "", statement.query).strip()
        made = re.match(r"create (?:temp )?(?:table|view) (?:\w+\.)?(\w+)", text)
        wanted = made and made.group(1) in (only or ())
        if only is not None and not wanted and not re.match("create (schema|temp macro)", text):
            continue
        name = made.group(1) if made else " ".join(text.split()[:4])
        start = time.perf_counter()
        connection.execute(statement)
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
    return seconds


def build_marketplace(connection: duckdb.DuckDBPyConnection, landing: Path) -> dict[str, float]:
    """Run marketplace_by_hand.sql on a landing zone, after what it needs of star_by_hand.sql; seconds as in `build`.

    Needs the bronze tables of the operational source, which may be empty, and the seeds.
    """
    shared = build(connection, only=SHARED_TABLES)
    connection.execute("set variable landing = $landing", {"landing": str(landing)})
    return shared | build(connection, MARKETPLACE_SCRIPT)


def tables(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """Names of the tables and views of a schema, those in FLAT_VIEWS left out; `schema` may be `catalog.schema`."""
    *catalog, name = schema.split(".")
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = ? and table_catalog = coalesce(?, current_database()) order by 1",
        [name, catalog[0] if catalog else None],
    )
    return [table for (table,) in rows.fetchall() if table not in FLAT_VIEWS]


def columns(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    """Names and types of a table's columns, in order."""
    described = connection.execute(f"describe {relation}").fetchall()
    return [(name, type_) for name, type_, *_ in described]


def differences(
    connection: duckdb.DuckDBPyConnection,
    gold: str = "gold",
    by_hand: str = "by_hand",
    exact: bool = True,
    expected: Collection[str] | None = None,
) -> list[str]:
    """What differs between two schemas, one line a table; empty where every table, column, type and row agrees.

    `expected` are the tables that must be in both: by default the facts and dimensions of gold that the operational source reaches.
    `exact` counts rows that one side has and the other lacks, duplicates included, both ways. Otherwise a fingerprint (the
    number of rows and the sum of their 64-bit hashes) is compared, which takes seconds where the other takes minutes.
    """
    found = []
    models, built = set(tables(connection, gold)), set(tables(connection, by_hand))
    if expected is None:
        expected = {table for table in models - OTHER_SOURCES if not table.startswith(MART_PREFIX)}
    expected = set(expected)
    found += [f"{table}: not a model" for table in sorted(expected - models)]
    found += [f"{table}: not built by hand" for table in sorted(expected - built)]
    found += [f"{table}: built by hand, not a model" for table in sorted(built - expected)]
    for table in sorted(expected & models & built):
        ours, theirs = columns(connection, f"{gold}.{table}"), columns(connection, f"{by_hand}.{table}")
        if ours != theirs:
            only = [" ".join(column) for column in ours if column not in theirs]
            extra = [" ".join(column) for column in theirs if column not in ours]
            found.append(f"{table}: columns differ; gold alone has {only}, by hand alone {extra}, or the order differs")
        elif exact:
            missing, surplus = (
                connection.execute(
                    f"select count(*) from (from {left}.{table} except all from {right}.{table})"
                ).fetchone()[0]
                for left, right in ((gold, by_hand), (by_hand, gold))
            )
            if missing or surplus:
                found.append(f"{table}: {missing} rows only in gold, {surplus} only by hand")
        else:
            names = ", ".join(name for name, _ in ours)
            ours, theirs = (
                connection.execute(f"select count(*), sum(hash({names})) from {schema}.{table}").fetchone()
                for schema in (gold, by_hand)
            )
            if ours != theirs:
                found.append(f"{table}: rows or values differ ({ours[0]} rows in gold, {theirs[0]} by hand)")
    return found


def main() -> None:
    """Build in a process of its own, so that its memory and time are nobody else's."""
    database, options, *landing = sys.argv[1], json.loads(sys.argv[2]), *sys.argv[3:]
    with duckdb.connect(database) as connection:
        for name, value in options.items():
            connection.execute(f"set {name} = '{value}'")
        print(json.dumps(build_marketplace(connection, Path(landing[0])) if landing else build(connection)))


if __name__ == "__main__":
    main()
