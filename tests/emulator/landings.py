"""Two landings of all four sources: what there was, and a night with everything that a night may bring."""

from pathlib import Path

import duckdb

from conftest import Warehouse

SCALE = "0.01"
# The business dates of ops and inventory end in 2003, those of marketplace and shop in 2024.
FIRST = (
    ("--sources", "ops,inventory", "--to", "2002-12-15"),
    ("--sources", "marketplace,shop", "--to", "2024-01-31"),
)
# With an extract of each state that changed by 2003-01-01: customers, addresses, a store, a promotion.
SECOND = (
    ("--sources", "ops,inventory", "--from", "2002-12-16", "--to", "2003-01-31", "--state-granularity", "year"),
    ("--sources", "marketplace,shop", "--from", "2024-02-01"),
)
SIZES = ("--scale", SCALE, "--rows", "3000", "--shop-customers", "80")
CORRECTED = "dt=2003-02-01"


def land_first(warehouse: Warehouse) -> None:
    """What has landed before the first build; one record of it is damaged."""
    for dates in FIRST:
        warehouse.run("retail", "sample", *SIZES, *dates)
    folder = warehouse.landing / "shop" / "orders" / "dt=2024-01-31"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "damaged.csv").write_text(
        "order_id,line_number,customer_id,product_id,ordered_at,quantity,unit_price,total_amount\n"
        "D1,1,C1,P1,2024-01-30 10:00:00,1,2.50\n"
        "D2,1,C1,P1,2024-01-30 11:00:00,1.5,2.50,2.50\n"
    )
    # the damaged record: exit code 1
    warehouse.run("retail", "load", check=False)


def land_second(warehouse: Warehouse) -> None:
    """The next landing: new rows, changed customers, a state extract, corrected sales, returns and counts, changes that come late."""
    for dates in SECOND:
        warehouse.run("retail", "sample", *SIZES, *dates)
    with warehouse.connect() as connection:
        for feed, changes in {
            "store_sales": "ss_quantity + 1 as ss_quantity, ss_net_paid + 1 as ss_net_paid",
            # from another warehouse, and on another day
            "catalog_sales": "cs_warehouse_sk % 2 + 1 as cs_warehouse_sk, cs_sold_date_sk - 7 as cs_sold_date_sk",
            "web_sales": "cast(null as integer) as ws_sales_price, ws_quantity * 2 as ws_quantity",
            "web_returns": "wr_return_quantity + 1 as wr_return_quantity, wr_return_amt + 5 as wr_return_amt",
        }.items():
            _correct(connection, warehouse.landing, feed, changes)
        folder = warehouse.landing / "inventory" / "inventory" / CORRECTED
        folder.mkdir(parents=True)
        # of three counts of a week: another number, withdrawn, the same again
        connection.execute(f"""
            copy (
                select inv_date, inv_item_sk, inv_warehouse_sk,
                    case (cast(inv_item_sk as integer) + cast(inv_warehouse_sk as integer)) % 3 when 0 then '7' when 1 then null else inv_quantity_on_hand end as inv_quantity_on_hand
                from bronze.inventory__inventory where inv_date = '2002-11-28' and cast(inv_item_sk as integer) < 30
            ) to '{folder / "corrected.csv"}' (header)
        """)
        _late_changes(connection, warehouse.landing)
    warehouse.run("retail", "load")


def _correct(connection: duckdb.DuckDBPyConnection, landing: Path, feed: str, changes: str) -> None:
    """Land rows of a feed of ops again, some columns changed, others as they were."""
    folder = landing / "ops" / feed / CORRECTED
    folder.mkdir(parents=True, exist_ok=True)
    key = connection.execute(f"select column_name from (describe bronze.ops__{feed})").fetchall()
    columns = [name for (name,) in key if not name.startswith("_")]
    connection.execute(f"""
        copy (
            select {", ".join(columns)} from (
                select * replace ({changes}) from bronze.ops__{feed}
                where _file_row_number % 97 = 3
            )
        ) to '{folder / "corrected.parquet"}' (format parquet)
    """)


def _late_changes(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    """A change of long ago, a deletion, and a return, of customers of the shop."""
    folder = landing / "shop" / "customers" / "dt=2024-03-01"
    folder.mkdir(parents=True)
    columns = (
        "customer_id, first_name, last_name, company_name, email, phone, address_line_1, address_line_2, city, state, postal_code, "
        "country, territory, registration_date"
    )
    newest = f"""
        select {columns}, max(_file_name) as file_name from bronze.shop__customers
        where op = 'U' and customer_id is not null group by all order by all limit 12
    """
    connection.execute(f"""
        copy (
            select {columns.replace("last_name", "last_name || ' earlier' as last_name")}, '2023-06-01 08:00:00' as updated_at, 'U' as op from ({newest})
            union all
            select {columns}, '2024-02-29 12:00:00', 'D' from ({newest})
            union all
            select {columns}, '2024-02-29 13:00:00.250', 'I' from ({newest}) where customer_id > (select min(customer_id) from ({newest}))
        ) to '{folder / "late.csv"}' (header)
    """)
