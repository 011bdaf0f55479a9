"""The star computed a second time, by hand: every gold table of the models equals that of scripts/bench/star_by_hand.sql."""

import importlib.util
import json
import shutil
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = importlib.util.spec_from_file_location("by_hand", ROOT / "scripts" / "bench" / "by_hand.py")
by_hand = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(by_hand)

# the script is of the operational source
VARIABLES = json.dumps({"sources": ["ops", "inventory"]})


@pytest.fixture(scope="module")
def star(warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small warehouse, with gold of the operational source alone and the same by hand.

    So that the rules on repeats and rejects are tried too, some lines, returns and counts land again before that: changed,
    under an older date, and with a date outside the calendar; of some state feeds, a newer extract that lacks keys.
    """
    folder = tmp_path_factory.mktemp("bench")
    # views hold the catalog's name, which is that of the file
    database = Path(shutil.copy(warehouse.database, folder / warehouse.database.name))
    with duckdb.connect(str(database)) as connection:
        land_again(connection)
    done = warehouse.run(
        *("dbt", "run", "--select", "+path:models/marts", "--vars", VARIABLES),
        env={"RETAIL_DATABASE": str(database), "DBT_TARGET_PATH": str(folder / "target")},
    )
    assert "Completed successfully" in done.stdout
    with duckdb.connect(str(database)) as connection:
        by_hand.build(connection)
    return database


def land_again(connection: duckdb.DuckDBPyConnection) -> None:
    """Second landings, each of other rows: newer (they count), older (they don't) and rejected ones; newer extracts."""
    feeds = {
        "ops__store_sales": ("ss_quantity", "ss_sold_date_sk"),
        "ops__catalog_sales": ("cs_quantity", "cs_sold_date_sk"),
        "ops__web_sales": ("ws_quantity", "ws_sold_date_sk"),
        "ops__store_returns": ("sr_return_quantity", "sr_returned_date_sk"),
        "ops__catalog_returns": ("cr_return_quantity", "cr_returned_date_sk"),
        "ops__web_returns": ("wr_return_quantity", "wr_returned_date_sk"),
        "inventory__inventory": ("inv_quantity_on_hand", None),
    }
    first_day = connection.execute("select min(d_date_sk) from bronze.ops__date_dim").fetchone()[0]
    for table, (quantity, date) in feeds.items():
        outside = f"{date} = {first_day}" if date else "inv_date = '1900-01-01'"
        landings = {
            "2030-01-01": f"{quantity} = '5'",
            "1990-01-01": f"{quantity} = '6'",
            "2030-01-02": outside,
        }
        for number, (day, change) in enumerate(landings.items()):
            column, value = change.split(" = ")
            connection.execute(
                f"""insert into bronze.{table}
                    select * replace (
                        {value} as {column}, regexp_replace(_file_name, 'dt=[-0-9]+', 'dt={day}') as _file_name
                    )
                    from bronze.{table} where _file_row_number % 50 = {number}"""
            )
    for table, key in {
        "ops__item": "i_item_sk",
        "ops__customer": "c_customer_sk",
        "ops__promotion": "p_promo_sk",
    }.items():
        connection.execute(
            f"""insert into bronze.{table}
                select * replace (regexp_replace(_file_name, 'dt=[-0-9]+', 'dt=2030-01-01') as _file_name)
                from bronze.{table} where {key} % 10 != 0"""
        )


def test_every_gold_table_equals_the_script_of_the_benchmark(star: Path):
    with duckdb.connect(str(star), read_only=True) as connection:
        assert by_hand.differences(connection) == []
        # and the comparison has something to compare
        assert connection.execute("select count(*) from by_hand.fct_weekly_sales_inventory").fetchone()[0] > 20_000


@pytest.mark.parametrize("exact", [True, False])
def test_a_changed_value_a_lost_row_and_a_doubled_row_are_seen(star: Path, tmp_path: Path, exact: bool):
    with duckdb.connect(str(tmp_path / "small.duckdb")) as connection:
        connection.execute(f"attach '{star}' as star (read_only)")
        connection.execute("create schema gold; create schema by_hand")
        for table in ("dim_stores", "dim_promotions", "dim_warehouses", "dim_web_pages", "dim_times"):
            connection.execute(f"create table gold.{table} as from star.gold.{table}")
            connection.execute(f"create table by_hand.{table} as from star.gold.{table}")
        assert by_hand.differences(connection, exact=exact) == []
        connection.execute("update by_hand.dim_stores set city = 'elsewhere' where is_unknown")
        connection.execute("delete from by_hand.dim_promotions where is_unknown")
        connection.execute("insert into by_hand.dim_warehouses from gold.dim_warehouses where is_unknown")
        connection.execute("alter table by_hand.dim_web_pages alter link_count type integer")
        connection.execute("drop table by_hand.dim_times")
        found = by_hand.differences(connection, exact=exact)
    assert [line.split(":")[0] for line in found] == [
        *("dim_times", "dim_promotions", "dim_stores", "dim_warehouses", "dim_web_pages")
    ]
