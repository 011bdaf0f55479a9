"""Every combination of sources builds and passes its tests, and holds the rows of the sources that take part, and of no other."""

import json
import shutil
from itertools import combinations

import pytest

from conftest import Warehouse, new_warehouse

SOURCES = ("ops", "inventory", "marketplace")
SOME = [chosen for size in range(len(SOURCES)) for chosen in combinations(SOURCES, size)]
ROWS = {
    "ops": "select count(*) from gold.fct_sales where source_name = 'ops'",
    "inventory": "select count(*) from gold.fct_stock_counts",
    "marketplace": "select count(*) from gold.fct_sales where source_name = 'marketplace'",
}


@pytest.mark.slow
@pytest.mark.parametrize("chosen", SOME, ids=lambda chosen: "+".join(chosen) or "none")
def test_a_combination_of_sources_builds_passes_its_tests_and_holds_their_rows_alone(
    warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, chosen: tuple[str, ...]
) -> None:
    copy = new_warehouse(tmp_path_factory.mktemp("combination"))
    shutil.copy(warehouse.database, copy.database)
    copy.run("dbt", "build", "--vars", json.dumps({"sources": list(chosen)}))
    with copy.connect() as some, warehouse.connect() as every:
        for source, sql in ROWS.items():
            (rows,) = some.execute(sql).fetchone()
            assert rows == (every.execute(sql).fetchone()[0] if source in chosen else 0), source
        counted = {
            name for (name,) in some.execute("select distinct source_name from audit.audit_row_accounting").fetchall()
        }
    assert counted == set(chosen)
