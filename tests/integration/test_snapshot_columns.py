"""A change in any attribute makes a state: `check_cols` of a snapshot, which nobody completes by himself, has them all."""

import json

from conftest import Warehouse

# what dates and names a state; everything else is compared
NOT_COMPARED = {"extracted_at"}


def test_every_attribute_of_a_snapshot_is_compared(warehouse: Warehouse) -> None:
    manifest = json.loads((warehouse.target / "manifest.json").read_text())
    snapshots = [node for node in manifest["nodes"].values() if node["resource_type"] == "snapshot"]
    assert snapshots
    with warehouse.connect() as connection:
        for node in snapshots:
            columns = {
                name
                for (name,) in connection.execute(
                    "select column_name from duckdb_columns() where schema_name = 'snapshots' and table_name = ?",
                    [node["name"]],
                ).fetchall()
                if not name.startswith("dbt_")
            }
            compared = set(node["config"]["check_cols"])
            assert columns - NOT_COMPARED - {node["config"]["unique_key"]} == compared, node["name"]
