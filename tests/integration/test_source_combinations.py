"""Every combination of sources builds and passes its tests, and holds the rows of the sources that take part, and of no other."""

import json
import shutil
from itertools import combinations

import pytest

from conftest import Warehouse, new_warehouse

SOURCES = ("ops", "inventory", "shop", "marketplace")
SOME = [chosen for size in range(len(SOURCES)) for chosen in combinations(SOURCES, size)]
WITH_SALES = ("ops", "shop", "marketplace")
COUNTED = {
    **{source: [f"gold.fct_sales where source_name = '{source}'", f"gold.dim_customers_history where source_name = '{source}'"] for source in WITH_SALES},
    "inventory": ["gold.fct_stock_counts"],
}  # fmt: skip
# incremental models and snapshots keep what landed while a source took part, and have to let go of it
HISTORIES = ("dim_customers_history", "dim_products_history", "dim_stores_history", "dim_warehouses_history")


@pytest.mark.slow
@pytest.mark.parametrize("chosen", SOME, ids=lambda chosen: "+".join(chosen) or "none")
def test_a_combination_of_sources_builds_passes_its_tests_and_holds_their_rows_alone(
    warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, chosen: tuple[str, ...]
) -> None:
    copy = new_warehouse(tmp_path_factory.mktemp("combination"))
    shutil.copy(warehouse.database, copy.database)
    copy.run("dbt", "build", "--vars", json.dumps({"sources": list(chosen)}))
    with copy.connect() as some, warehouse.connect() as every:
        for source, tables in COUNTED.items():
            for table in tables:
                (rows,) = some.execute(f"select count(*) from {table}").fetchone()
                (wanted,) = every.execute(f"select count(*) from {table}").fetchone()
                assert rows == (wanted if source in chosen else 0), table
        counted = {
            name for (name,) in some.execute("select distinct source_name from audit.audit_row_accounting").fetchall()
        }
    with_files = {path.name for path in warehouse.landing.iterdir()}
    assert counted == set(chosen) & with_files


@pytest.mark.slow
def test_sources_that_are_switched_on_again_have_their_histories_as_before(
    warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = new_warehouse(tmp_path_factory.mktemp("on_again"))
    shutil.copy(warehouse.database, copy.database)
    for sources in (["inventory"], list(SOURCES)):
        copy.run("dbt", "run", "--vars", json.dumps({"sources": sources}))
    with copy.connect() as connection:
        connection.execute(f"attach '{warehouse.database}' as before (read_only)")
        for table in HISTORIES:
            for left, right in (("gold", "before.gold"), ("before.gold", "gold")):
                query = f"select count(*) from (from {left}.{table} except all from {right}.{table})"
                assert connection.execute(query).fetchone() == (0,), (table, left)
        assert connection.execute("select count(*) from gold.dim_customers_history").fetchone() > (1_000,)
