"""dbt's compiled SQL run as it is on another database of the same name: seconds where a `dbt build` takes a minute."""

import json
from pathlib import Path

import duckdb

from conftest import Warehouse

# (schema, name) of a model, and how it stands in the database
VIEW, TABLE = "view", "table"


def models(warehouse: Warehouse) -> list[tuple[str, str, str, Path]]:
    """Schema, name, kind and compiled SQL of every model of a built warehouse, each after those it reads.

    Left out: snapshots and what is fed to them, and int_taken_files. Their rows come from hooks and from run to run, not from
    the compiled SQL; where they matter a `dbt build` has to run.
    """
    manifest = json.loads((warehouse.target / "manifest.json").read_text())
    nodes = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        and node["config"]["materialized"] != "ephemeral"
        and node["config"]["full_refresh"] is not False
    }
    ordered: list[tuple[str, str, str, Path]] = []
    done: set[str] = set()

    def visit(key: str) -> None:
        if key in done or key not in nodes:
            return
        done.add(key)
        node = nodes[key]
        for parent in node["depends_on"]["nodes"]:
            visit(parent)
        kind = VIEW if node["config"]["materialized"] == "view" else TABLE
        sql = warehouse.compiled / node["original_file_path"]
        ordered.append((node["schema"], node["name"], kind, sql))

    for key in nodes:
        visit(key)
    return ordered


def build(warehouse: Warehouse, connection: duckdb.DuckDBPyConnection, wanted: set[str] | None = None) -> None:
    """Make or remake the wanted models (by name or schema) in the connection's database; without `wanted` all that are tables."""
    for schema, name, kind, sql in models(warehouse):
        if {schema, name} & wanted if wanted is not None else kind == TABLE:
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create or replace {kind} {schema}.{name} as {sql.read_text()}")
