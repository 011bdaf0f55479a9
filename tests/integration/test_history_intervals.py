"""The test `history_is_whole` finds each fault that a history can have, planted in a small one; and every history has the test."""

import json
from collections.abc import Iterator

import duckdb
import pytest

from conftest import Warehouse

# Where things may be deleted, and where not: the two forms of the test.
HISTORIES = {
    "dim_customers_history": ("customer_id", "the_history_of_customers_is_whole"),
    "dim_products_history": ("product_id", "the_versions_in_dim_products_history_form_one_line_in_time"),
}
FLOOR, SECOND, THIRD, CEILING = "1900-01-01", "2024-02-02", "2024-03-03", "9999-12-31"
# Thing, number of the version, valid_from, valid_to, held_until, is_current, is_deleted.
CHANGED = [
    ("changed", 1, FLOOR, SECOND, SECOND, False, False),
    ("changed", 2, SECOND, THIRD, THIRD, False, False),
    ("changed", 3, THIRD, CEILING, CEILING, True, False),
    ("new", 1, FLOOR, CEILING, CEILING, True, False),
]
DELETED = [
    ("gone", 1, FLOOR, SECOND, SECOND, False, False),
    ("gone", 2, SECOND, THIRD, CEILING, False, True),
    ("back", 1, FLOOR, SECOND, THIRD, False, True),
    ("back", 2, THIRD, CEILING, CEILING, True, False),
]
# Fault, and how it is planted in the versions `changed`.
FAULTS = {
    "an overlap": ("valid_to = valid_to + interval 1 microsecond", "changed", 1),
    "a gap": ("valid_to = valid_to - interval 1 microsecond", "changed", 1),
    "a gap after which it goes on": ("valid_from = valid_from + interval 1 microsecond", "changed", 3),
    "two are current": ("is_current = true", "changed", 2),
    "none is current": ("is_current = false", "changed", 3),
    "the current one has ended": ("valid_to = '2025-01-01'", "changed", 3),
    "the first starts after the floor": ("valid_from = '2024-01-01'", "new", 1),
    "the first starts before the floor": ("valid_from = '1899-12-31'", "new", 1),
    "it ends before it starts": ("valid_to = '2024-02-01'", "changed", 2),
    "no start": ("valid_from = null", "changed", 2),
    "no end": ("valid_to = null", "changed", 3),
    "another thing's version": ("{durable_key} = 'new'", "changed", 2),
}
FAULTS_OF_DELETED = {
    "a current one that is marked deleted": ("is_deleted = true", "changed", 3),
    "one that is marked deleted, where the next starts at once": ("is_deleted = true", "changed", 1),
    "one that a deletion ended is not marked": ("is_deleted = false", "gone", 2),
    "one that a deletion ended before a return is not marked": ("is_deleted = false", "back", 1),
    "a deleted thing has a current version": ("is_current = true", "gone", 2),
    "a deleted one is held until it ended": ("held_until = valid_to", "gone", 2),
    "a deleted one is not held until the return": ("held_until = held_until - interval 1 day", "back", 1),
    "it is held for less than it is valid": ("held_until = held_until - interval 1 day", "changed", 1),
    "it is held for good, where another follows": (f"held_until = '{CEILING}'", "changed", 1),
    "not held": ("held_until = null", "new", 1),
    "an empty version": (f"valid_from = '{SECOND}', valid_to = '{SECOND}', held_until = '{THIRD}'", "changed", 2),
}


@pytest.fixture(scope="module", params=HISTORIES)
def history(
    request: pytest.FixtureRequest, warehouse: Warehouse
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, str, str]]:
    """A small whole history in a database of the same name: connection, table, durable key, compiled test."""
    table, (durable_key, test) = request.param, HISTORIES[request.param]
    sql = (warehouse.compiled / "models" / "marts" / "core" / f"{table}.yml" / f"{test}.sql").read_text()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.database}' as built (read_only)")
        connection.execute(f"attach ':memory:' as {warehouse.database.stem}")
        connection.execute(f"use {warehouse.database.stem}")
        connection.execute(f"create schema gold; create table gold.{table} as from built.gold.{table} limit 0")
        may_be_deleted = table == "dim_customers_history"
        for thing, version, *rest in CHANGED + (DELETED if may_be_deleted else []):
            columns = ["valid_from", "valid_to", "held_until", "is_current", "is_deleted"]
            values = dict(zip(columns, rest, strict=True))
            if not may_be_deleted:
                del values["held_until"], values["is_deleted"]
            # the number of the version is kept in a column that the test does not read
            values |= {durable_key: thing, "source_name": str(version)}
            marks = ", ".join("?" for _ in values)
            connection.execute(f"insert into gold.{table} ({', '.join(values)}) values ({marks})", [*values.values()])
        yield connection, table, durable_key, sql


def test_a_whole_history_has_no_fault(history: tuple[duckdb.DuckDBPyConnection, str, str, str]) -> None:
    connection, _, _, sql = history
    assert connection.execute(sql).fetchall() == []


def assert_found(history: tuple[duckdb.DuckDBPyConnection, str, str, str], fault: str, sql_of_fault: str) -> None:
    """Plant a fault, see it found, take it back."""
    connection, _, _, sql = history
    connection.execute("begin")
    try:
        assert connection.execute(sql_of_fault).fetchone() == (1,)
        assert connection.execute(sql).fetchall(), f"nobody sees that there is {fault}"
    finally:
        connection.execute("rollback")


def update(table: str, durable_key: str, change: str, thing: str, version: int) -> str:
    return f"update gold.{table} set {change.format(durable_key=durable_key)} where {durable_key} = '{thing}' and source_name = '{version}'"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(history: tuple[duckdb.DuckDBPyConnection, str, str, str], fault: str) -> None:
    assert_found(history, fault, update(history[1], history[2], *FAULTS[fault]))


@pytest.mark.parametrize("history", ["dim_customers_history"], indirect=True)
@pytest.mark.parametrize("fault", FAULTS_OF_DELETED)
def test_a_planted_fault_where_things_may_be_deleted_is_found(
    history: tuple[duckdb.DuckDBPyConnection, str, str, str], fault: str
) -> None:
    assert_found(history, fault, update(history[1], history[2], *FAULTS_OF_DELETED[fault]))


def test_a_version_that_stands_twice_is_found(history: tuple[duckdb.DuckDBPyConnection, str, str, str]) -> None:
    _, table, durable_key, _ = history
    twice = f"insert into gold.{table} from gold.{table} where {durable_key} = 'changed' and source_name = '2'"
    assert_found(history, "a version that stands twice", twice)


def test_every_table_with_a_validity_has_the_test(warehouse: Warehouse) -> None:
    nodes = json.loads((warehouse.target / "manifest.json").read_text())["nodes"].values()
    tested = {
        node["attached_node"]
        for node in nodes
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "history_is_whole"
    }
    histories = {
        node["unique_id"]
        for node in nodes
        if node["resource_type"] == "model"
        and node["schema"] == "gold"
        and {"valid_from", "valid_to", "is_current"} <= {*node["columns"]}
    }
    assert len(histories) >= 5
    assert histories <= tested
