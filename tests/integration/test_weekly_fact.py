"""`fct_weekly_sales_inventory` against the published figures, and row by row against a computation in plain Python."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import Warehouse

# Figures for TPC-DS, catalog + web, Sunday weeks: rows, with sales, units, amount, profit, with known stock, known stock, low stock.
REFERENCE = {
    "0.01": (23_536, 13_390, 1_083_779, "55061862.35", "-5352645.01", 22_328, 11_191_414, 165),
    "0.1": (235_938, 131_146, 10_815_107, "548983322.60", "-53021845.01", 223_153, 111_546_743, 1_527),
}
FIGURES = """
    select
        count(*), count(*) filter (sum_qty_wk > 0), sum(sum_qty_wk)::bigint, sum(sum_amt_wk)::varchar, sum(sum_profit_wk)::varchar,
        count(inv_on_hand_qty_wk), sum(inv_on_hand_qty_wk)::bigint, count(*) filter (low_stock_flg_wk)
    from gold.fct_weekly_sales_inventory
"""
FIXED = "sum_qty_wk, sum_amt_wk, sum_profit_wk, avg_qty_dy, incomplete_lines_wk, inv_on_hand_qty_wk, wks_sply, low_stock_flg_wk, is_complete_week"


def sunday(day: date) -> date:
    """First day of the week of `day`."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def four_decimals(numerator: int, divisor: int) -> Decimal:
    """Exact quotient, rounded half away from zero."""
    exact = (
        Decimal(numerator * 10**40 // divisor) / Decimal(10**40)
        if numerator % divisor
        else Decimal(numerator // divisor)
    )
    twice = 2 * numerator * 10_000
    if twice % divisor == 0 and (twice // divisor) % 2:  # a true half: the text of `exact` need not end there
        return (Decimal((twice // divisor) + 1) / 2 / 10_000).quantize(Decimal("0.0001"))
    return exact.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def weekly_rows(raw: duckdb.DuckDBPyConnection, as_of: date) -> dict[tuple[str, str, date], tuple[Any, ...]]:
    """(product, warehouse, week) to (version, fixed columns), computed in Python from the landed files as they are."""
    days = dict(raw.execute("select d_date_sk, d_date from date_dim").fetchall())
    items = raw.execute(
        "select i_item_sk, i_item_id, i_rec_start_date, i_rec_end_date from item order by i_item_sk"
    ).fetchall()
    product_of = {sk: code for sk, code, _, _ in items}
    versions: dict[str, list[tuple[date, int]]] = defaultdict(list)
    ended: dict[str, date | None] = {}
    for sk, code, start, end in items:
        previous = ended.get(code)
        start = start or (previous + timedelta(days=1) if previous else date(1900, 1, 1))
        versions[code].append((start, sk))
        ended[code] = end
    lines = raw.execute(
        """
        select cs_sold_date_sk, cs_item_sk, cs_warehouse_sk, cs_quantity, cs_sales_price, cs_ext_sales_price, cs_net_profit from catalog_sales
        union all
        select ws_sold_date_sk, ws_item_sk, ws_warehouse_sk, ws_quantity, ws_sales_price, ws_ext_sales_price, ws_net_profit from web_sales
        """
    ).fetchall()
    sales: dict[tuple[str, int, date], list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0), 0])
    for day, item, place, quantity, price, extended, profit in lines:
        if day is None or place is None:
            continue
        amount = price * quantity if price is not None and quantity is not None else extended
        week = sales[product_of[item], place, sunday(days[day])]
        week[0] += quantity or 0
        week[1] += amount or 0
        week[2] += profit or 0
        week[3] += quantity is None or amount is None
    stock: dict[tuple[str, int, date], int] = {}
    counted: set[tuple[str, int, date]] = set()
    counts = raw.execute(
        "select inv_date, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand from inventory order by inv_date, inv_item_sk"
    ).fetchall()
    for day, item, place, quantity in counts:
        key = (product_of[int(item)], int(place), sunday(date.fromisoformat(day)))
        counted.add(key)
        if quantity is not None:
            stock[key] = int(quantity)
    spans: dict[tuple[str, int], list[date]] = defaultdict(list)
    for product, place, week in (*sales, *counted):
        spans[product, place].append(week)
    rows = {}
    for (product, place), weeks in spans.items():
        week = min(weeks)
        while week <= max(weeks):
            quantity, amount, profit, incomplete = sales.get((product, place, week), (0, Decimal(0), Decimal(0), 0))
            on_hand = stock.get((product, place, week))
            end = week + timedelta(days=6)
            begun = [version for version in versions[product] if version[0] <= end] or [min(versions[product])]
            rows[f"ops:{product}", f"ops:{place}", week] = (
                str(max(begun)[1]),
                quantity,
                amount,
                profit,
                four_decimals(quantity, 7),
                incomplete,
                on_hand,
                four_decimals(on_hand, quantity) if quantity and on_hand is not None else None,
                on_hand is not None and quantity > 0 and quantity > 7 * on_hand,
                end <= as_of,
            )
            week += timedelta(days=7)
    return rows


def landed(landing: Path) -> duckdb.DuckDBPyConnection:
    """The landed files as tables, read with nothing of this project."""
    raw = duckdb.connect()
    for table in ("date_dim", "item", "catalog_sales", "web_sales"):
        raw.execute(f"create table {table} as select * from read_parquet('{landing}/ops/{table}/*/*.parquet')")
    raw.execute(
        f"create table inventory as select * from read_csv('{landing}/inventory/*/*/*.csv.gz', all_varchar = true)"
    )
    return raw


def check(warehouse: Warehouse, scale: str) -> None:
    with warehouse.connect() as gold, landed(warehouse.landing) as raw:
        assert gold.execute(FIGURES).fetchone() == REFERENCE[scale]
        (as_of,) = gold.execute("select as_of_date from silver.int_as_of_date").fetchone()
        assert as_of == max(
            date.fromisoformat(folder.name.removeprefix("dt=")) for folder in warehouse.landing.glob("*/*/dt=*")
        )
        expected = weekly_rows(raw, as_of)
        got = {
            (product, place, week): rest
            for product, place, week, *rest in map(
                tuple,
                gold.execute(
                    f"""
                    select product_id, warehouse_id, week_start_date, products.source_product_id, {FIXED}
                    from gold.fct_weekly_sales_inventory inner join gold.dim_products_history as products using (product_id, product_key)
                    """
                ).fetchall(),
            )
        }
    assert len(got) == REFERENCE[scale][0]
    assert got.keys() == expected.keys()
    different = {key: (got[key], expected[key]) for key in expected if tuple(got[key]) != expected[key]}
    assert not different, f"{len(different)} rows differ, such as {next(iter(different.items()))}"


def test_at_scale_0_01_the_fact_has_the_published_figures_and_equals_plain_python_row_by_row(
    warehouse: Warehouse,
) -> None:
    check(warehouse, "0.01")


@pytest.mark.slow
def test_at_scale_0_1_the_fact_has_the_published_figures_and_equals_plain_python_row_by_row(
    larger_warehouse: Warehouse,
) -> None:
    check(larger_warehouse, "0.1")
