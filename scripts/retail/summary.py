"""What a build made and where to look: the last thing that `make build` prints."""

import json
import sys
from collections import Counter
from pathlib import Path

import duckdb
from rich.table import Table

from retail import console, settings
from retail.errors import UserError

# the first path's own result, so that a newcomer sees numbers at once
LOW_STOCK = """
    select
        weekly.week_start_date, products.product_name, weekly.sum_qty_wk, weekly.inv_on_hand_qty_wk, weekly.wks_sply
    from gold.fct_weekly_sales_inventory as weekly
    inner join gold.dim_products_history as products using (product_key)
    where weekly.low_stock_flg_wk and weekly.is_complete_week
    order by weekly.week_start_date desc, weekly.sum_qty_wk desc, weekly.product_id
    limit 5
"""


def gold_rows(database: Path) -> list[tuple[str, int]]:
    """Tables of gold and their rows, by name.

    Raises UserError where there is no warehouse, or no gold in it.
    """
    if not database.exists():
        raise UserError(f"{database} is not there yet; run `make build`, or `retail load` and `dbt build`.")
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select table_name, estimated_size from duckdb_tables() where schema_name = 'gold' order by table_name"
        ).fetchall()
    if not tables:
        raise UserError(f"{database} holds no gold yet; run `dbt build`.")
    return tables


def test_results(target: Path) -> list[tuple[str, str, str]]:
    """(name, status, message) of each test in dbt's last run; empty where dbt left no result."""
    results = target / "run_results.json"
    if not results.exists():
        return []
    return [
        (node["unique_id"].split(".")[2], node["status"], node["message"] or "")
        for node in json.loads(results.read_text())["results"]
        if node["unique_id"].startswith(("test.", "unit_test."))
    ]


def show(database: Path, target: Path, gold: Path) -> None:
    """Print gold's tables, how the tests ended, the latest weeks short of stock, and where to go on."""
    tables = gold_rows(database)
    built = Table(title="Gold", title_justify="left", title_style="bold")
    built.add_column("table")
    built.add_column("rows", justify="right")
    for name, rows in tables:
        built.add_row(name, f"{rows:,}")
    console.out.print(built)

    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(LOW_STOCK).fetchall()
    low = Table(title="Less than a day of supply, latest weeks first", title_justify="left", title_style="bold")
    for heading in ("week from", "product"):
        low.add_column(heading, no_wrap=True)
    for heading in ("sold", "on hand", "weeks left"):
        low.add_column(heading, justify="right", no_wrap=True)
    for week, product, sold, on_hand, supply in rows:
        low.add_row(str(week), product, f"{sold:,}", f"{on_hand:,}", str(supply))
    console.out.print(low)

    results = test_results(target)
    if results:
        ended = Counter(status for _, status, _ in results)
        console.out.print("Tests: " + ", ".join(f"{number} {status}" for status, number in sorted(ended.items())))
    for name, status, message in results:
        if status != "pass":
            console.out.print(f"  {status}: {name}: {message}", style="yellow")
    console.out.print(f"Warehouse: {settings.shown(database)} ({database.stat().st_size / 1e6:,.0f} MB)")
    if gold.exists():
        console.out.print(
            f"For people and BI tools: {settings.shown(gold)} ({gold.stat().st_size / 1e6:,.0f} MB), gold alone with personal "
            "columns masked; `make shell` opens it."
        )
    console.out.print(
        "Look: open site/index.html in a browser, dashboards and the docs of every table and column. Then docs/index.md, docs/tour.md."
    )


def main() -> None:
    """Print the summary of the warehouse that the environment names."""
    try:
        show(settings.database(), settings.target(), settings.gold())
    except UserError as error:
        console.err.print(f"retail: {error}", style="red", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
