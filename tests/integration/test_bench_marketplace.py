"""The cleaning rules a second time, by hand: what the marketplace's files become equals scripts/bench/marketplace_by_hand.sql."""

import csv
import importlib.util
import shutil
from pathlib import Path

import duckdb
import pytest
from compiled_models import build

from retail import load, marketplace

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = importlib.util.spec_from_file_location("by_hand", ROOT / "scripts" / "bench" / "by_hand.py")
by_hand = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(by_hand)

# rows of the sample beside the marketplace's are left out of the comparison
FILTERS = {
    **dict.fromkeys(("dim_channels", "dim_dates", "dim_times"), "true"),
    **dict.fromkeys(
        (
            "dim_customers",
            "dim_customers_history",
            "dim_products_history",
            "dim_products",
            "dim_payment_methods",
            "dim_order_statuses",
            "dim_shipping_methods",
        ),
        "source_name = 'marketplace' or is_unknown",
    ),
    **dict.fromkeys(("fct_sales", "fct_customer_feedback"), "source_name = 'marketplace'"),
}
AUDIT = ("audit_rejected_rows", "audit_row_accounting")
EXAMPLE = (
    "8691788.0,37249.0,Ada Example,ada@example.org,12125550100.0,1 Some Street,Newark,New Jersey,7302.0,USA,44.0,Female,High,Regular,"
    "9/18/2023,2023.0,September,22:3:55,3.0,108.02875734,324.08627202,Clothing,Nike,Shorts,Excellent,Same-Day,Debit Card,Shipped,5.0,"
    "Cycling shorts"
)
SOUND = next(csv.DictReader([EXAMPLE], marketplace.COLUMNS))
# what the sample has not, or hardly: each is one row
CHANGES: tuple[dict[str, str], ...] = (
    {},
    {"Total_Purchases": ""},
    {"Total_Purchases": "", "Total_Amount": "324.0"},
    {"Amount": ""},
    {"Amount": "", "Total_Purchases": "0"},
    {"Total_Amount": ""},
    {"Amount": "", "Total_Amount": ""},
    {"Total_Purchases": "", "Amount": "abc"},
    {"Total_Purchases": "2.5"},
    {"Total_Purchases": "-2.0", "Total_Amount": "-216.05751468"},
    {"Total_Purchases": "20000", "Amount": "1234567.125", "Total_Amount": ""},
    {"Amount": "33.335", "Total_Purchases": "1.0", "Total_Amount": "33.335"},
    {"Amount": "-33.335", "Total_Purchases": "1.0", "Total_Amount": "-33.335"},
    {"Total_Amount": "324.09627202"},
    {"Date": "2/30/2024", "Year": "2024.0", "Month": "february"},
    {"Date": "", "Year": "2023"},
    {"Date": "", "Year": ""},
    {"Date": "", "Month": "Sept"},
    {"Date": "2023-09-18", "Month": ""},
    {"Date": "1/1/1989"},
    {"Date": "12/31/2035"},
    {"Date": "1/1/2036"},
    {"Time": "24:00:00"},
    {"Time": "0:0:0"},
    {"Time": "noon"},
    {"Ratings": "6.0"},
    {"Ratings": "0", "Feedback": "BAD"},
    {"Ratings": "", "Feedback": ""},
    {"Ratings": "4.0", "Feedback": "bad"},
    {"Ratings": "2.0", "Feedback": "good"},
    {"Ratings": "2.0", "Feedback": "so so"},
    *({"Age": age} for age in ("17", "18.0", "24", "25", "64", "65", "44.5", "old")),
    {"Gender": "MALE"},
    {"Gender": " divers "},
    *(
        {"Country": country, "Zipcode": code}
        for country in ("germany", "AUSTRALIA", "UK", "")
        for code in ("800.0", "12345", "SW1A 1AA")
    ),
    {"City": "", "State": "", "Zipcode": "", "Country": ""},
    {"Customer_ID": "", "Transaction_ID": ""},
    {"Product_Category": "", "Product_Brand": "", "Product_Type": "", "products": ""},
    {"Product_Brand": "", "products": "CYCLING   shorts"},
    {"Shipping_Method": "", "Payment_Method": "", "Order_Status": ""},
    {"Shipping_Method": "  same-day ", "Payment_Method": "DEBIT  CARD", "Order_Status": "shipped"},
    # in a rejected row, whose text is kept whole
    {"Date": "", "Year": "", "Address": '1 "Quoted\\Back" Street\nsecond line', "Name": " spaces  stay "},
)


# builds a warehouse anew, which takes most of a minute
pytestmark = pytest.mark.slow


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """One export."""
    path.parent.mkdir(parents=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, marketplace.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def star(warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small warehouse into which more dirt has landed, with gold built anew and the same by hand.

    The dirt comes three times: first all of it, then under an older date the half of it, then a part without a date.
    """
    folder = tmp_path_factory.mktemp("bench_marketplace")
    # compiled models hold the catalog's name, which is that of the file
    database = Path(shutil.copy(warehouse.database, folder / warehouse.database.name))
    landing = folder / "landing"
    shutil.copytree(warehouse.landing / "marketplace", landing / "marketplace")
    rows = [{**SOUND, "Customer_ID": f"{100_000 + number // 2}.0", **change} for number, change in enumerate(CHANGES)]
    exports = landing / "marketplace" / "transactions"
    write(exports / "dt=2024-03-31" / "b.csv", rows)
    write(exports / "dt=2024-03-30" / "c.csv", rows[::2])
    write(exports / "undated" / "a.csv", rows[:3])
    assert load.load(landing, database, feeds=["marketplace"]).exit_code == 0
    landed = {"int_passed_over_rows", "int_file_outcomes", "int_rejected_rows"}
    names = {*FILTERS, *AUDIT, *landed, "dim_locations", "stg_marketplace__transactions"}
    with duckdb.connect(str(database)) as connection:
        build(warehouse, connection, names)
        by_hand.build_marketplace(connection, landing)
        connection.execute("create schema market")
        for table, rows_wanted in FILTERS.items():
            connection.execute(f"create table market.{table} as from gold.{table} where {rows_wanted}")
        for table in AUDIT:
            connection.execute(f"create table market.{table} as from audit.{table} where source_name = 'marketplace'")
    return database


def test_the_tables_that_the_marketplace_reaches_equal_the_script_of_the_benchmark(star: Path) -> None:
    with duckdb.connect(str(star), read_only=True) as connection:
        found = by_hand.differences(connection, "market", "by_hand", expected=FILTERS)
        assert [line for line in found if not line.startswith(("audit_", "dim_locations:"))] == []
        assert by_hand.differences(connection, "market", "by_hand_audit", expected=AUDIT) == []
        # and the comparison has something to compare
        counts = connection.execute(
            "select count(*), count(repairs), count(distinct repairs) from by_hand.fct_sales"
        ).fetchone()
        repeated, rejected = connection.execute(
            "select sum(repeat_rows), sum(rejected_in_staging_rows) from by_hand_audit.audit_row_accounting"
        ).fetchone()
    assert counts[0] > 19_000
    assert counts[1] > 1_000
    assert counts[2] >= 15
    assert repeated > len(CHANGES) / 3
    assert rejected > 20


def test_places_that_only_the_marketplace_names_equal_the_script_of_the_benchmark(star: Path) -> None:
    with duckdb.connect(str(star), read_only=True) as connection:
        connection.execute(
            "create temp table elsewhere as select location_key from gold.dim_addresses union select location_key from gold.dim_stores_history "
            "union select location_key from gold.fct_sales where source_name = 'shop'"
        )
        ours, theirs = (
            connection.execute(
                f"from {schema}.dim_locations where location_key not in (from elsewhere) order by location_key"
            ).fetchall()
            for schema in ("gold", "by_hand")
        )
    assert len(theirs) > 500
    assert ours == theirs
