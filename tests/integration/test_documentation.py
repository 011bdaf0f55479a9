"""Every column that people can see is described: those of the tables that are there, and of the dashboards' queries."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from conftest import Warehouse

SCHEMAS = ("audit", "bronze", "gold", "seeds", "silver", "snapshots")
Described = dict[str, set[str]]


@pytest.fixture(scope="module")
def manifest(warehouse: Warehouse) -> dict[str, Any]:
    return json.loads((warehouse.target / "manifest.json").read_text())


def described(manifest: dict[str, Any]) -> Described:
    """Columns with a description, by `schema.table`."""
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    return {
        f"{node['schema']}.{node.get('identifier') or node.get('alias') or node['name']}": {
            name.lower() for name, column in node["columns"].items() if column["description"].strip()
        }
        for node in nodes
        if node["resource_type"] in ("model", "seed", "snapshot", "source")
    }


def elsewhere(table: str) -> str | None:
    """Where the columns of a table are described that fills a contract, or keeps the history of a dimension."""
    contract = re.fullmatch(r"silver\.int_[a-z]+__(\w+)", table)
    history = re.fullmatch(r"snapshots\.[a-z]+__(\w+)", table)
    return f"silver.int_{contract[1]}" if contract else f"gold.dim_{history[1]}_history" if history else None


def missing(there: Mapping[str, set[str]], texts: Described) -> list[str]:
    """`schema.table.column` of each column without a description."""
    return sorted(
        f"{table}.{column}"
        for table, columns in there.items()
        for column in columns - texts.get(table, set()) - texts.get(elsewhere(table) or "", set())
    )


def columns_of(warehouse: Warehouse) -> dict[str, set[str]]:
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select table_schema || '.' || table_name, lower(column_name) from information_schema.columns where table_schema in ?",
            [SCHEMAS],
        ).fetchall()
    tables: dict[str, set[str]] = {}
    for table, column in rows:
        tables.setdefault(table, set()).add(column)
    return tables


def test_every_column_of_the_warehouse_is_described(warehouse: Warehouse, manifest: dict[str, Any]) -> None:
    tables = columns_of(warehouse)
    assert {table.partition(".")[0] for table in tables} == set(SCHEMAS)
    assert missing(tables, described(manifest)) == []


def test_a_column_without_a_description_is_named(warehouse: Warehouse, manifest: dict[str, Any]) -> None:
    planted = json.loads(json.dumps(manifest))
    planted["nodes"]["model.retail.fct_sales"]["columns"]["quantity"]["description"] = " "
    del planted["nodes"]["model.retail.audit_row_accounting"]["columns"]["landed_rows"]
    assert missing(columns_of(warehouse), described(planted)) == [
        "audit.audit_row_accounting.landed_rows",
        "gold.fct_sales.quantity",
    ]


def test_every_column_of_a_dashboards_query_is_described(warehouse: Warehouse, manifest: dict[str, Any]) -> None:
    faults = []
    queries = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "analysis" and node["path"].startswith("analysis/dashboards/")
    ]
    assert len(queries) > 30
    with warehouse.connect() as connection:
        for node in queries:
            query = (warehouse.compiled / "analyses" / "dashboards" / f"{node['name']}.sql").read_text()
            returned = {name for name, *_ in connection.execute(f"from ({query}) limit 0").description}
            texts = {name for name, column in node["columns"].items() if column["description"].strip()}
            faults += [f"{node['name']}.{name}: no description" for name in sorted(returned - texts)]
            faults += [f"{node['name']}.{name}: not returned" for name in sorted(node["columns"].keys() - returned)]
            if not node["description"].strip():
                faults.append(f"{node['name']}: no description")
    assert faults == []
