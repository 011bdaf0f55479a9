"""The standard retail data set, TPC-DS, from DuckDB's own generator, and what its tables are as feeds.

Columns, types and content are the generator's; nothing here changes a value. Source: the TPC-DS specification,
version 3 (table and column names), and DuckDB's `tpcds` extension, which comes as a wheel.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from retail.errors import UserError

MIN_SCALE, MAX_SCALE = 0.01, 10.0
# Where TPC-DS sales and counts begin. The tables that show a state never change in the standard: one extract, on this day.
FIRST_DATE = date(1998, 1, 1)
_GIB = 2**30


@dataclass(frozen=True)
class Feed:
    """A TPC-DS table as a feed.

    `key` orders the rows of a file and is unique. A feed with a `date_column` (a key of date_dim) is a log of what
    happened on that day; one without is a state, landed whole. `order_column` and `sale` (the feed that holds the
    sales of a feed of returns) find a day for lines that lack theirs.
    """

    source: str
    name: str
    key: tuple[str, ...]
    date_column: str | None = None
    order_column: str | None = None
    sale: str | None = None


def _log(name: str, prefix: str, order: str, day: str, sale: str | None = None) -> Feed:
    order_column = f"{prefix}_{order}"
    return Feed("ops", name, (order_column, f"{prefix}_item_sk"), f"{prefix}_{day}_date_sk", order_column, sale)


def _state(name: str, key: str) -> Feed:
    return Feed("ops", name, (key,))


FEEDS: tuple[Feed, ...] = (
    _log("store_sales", "ss", "ticket_number", "sold"),
    _log("store_returns", "sr", "ticket_number", "returned", "store_sales"),
    _log("catalog_sales", "cs", "order_number", "sold"),
    _log("catalog_returns", "cr", "order_number", "returned", "catalog_sales"),
    _log("web_sales", "ws", "order_number", "sold"),
    _log("web_returns", "wr", "order_number", "returned", "web_sales"),
    _state("customer", "c_customer_sk"),
    _state("customer_address", "ca_address_sk"),
    _state("customer_demographics", "cd_demo_sk"),
    _state("household_demographics", "hd_demo_sk"),
    _state("income_band", "ib_income_band_sk"),
    _state("item", "i_item_sk"),
    _state("store", "s_store_sk"),
    _state("warehouse", "w_warehouse_sk"),
    _state("promotion", "p_promo_sk"),
    _state("ship_mode", "sm_ship_mode_sk"),
    _state("reason", "r_reason_sk"),
    _state("call_center", "cc_call_center_sk"),
    _state("catalog_page", "cp_catalog_page_sk"),
    _state("web_site", "web_site_sk"),
    _state("web_page", "wp_web_page_sk"),
    _state("date_dim", "d_date_sk"),
    _state("time_dim", "t_time_sk"),
    Feed("inventory", "inventory", ("inv_item_sk", "inv_warehouse_sk"), "inv_date_sk"),
)
SOURCES: tuple[str, ...] = tuple(dict.fromkeys(feed.source for feed in FEEDS))
_BY_NAME = {feed.name: feed for feed in FEEDS}


@contextmanager
def generated(scale: float, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a temporary database that holds all TPC-DS tables at `scale`.

    scale: 1 is about 5 million sales lines and 11.7 million counts.
    scratch: an existing folder with room for the tables (about 1 GB at scale 1); left as it was found.
    DuckDB's buffers stay under 4 GiB, or half of the machine's memory where that is less, and the rest goes to
    `scratch`: at scale 10 the process takes about 6 GiB.
    Raises UserError where the generator extension is missing.
    """
    memory = min(4 * _GIB, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2)
    with tempfile.TemporaryDirectory(prefix="tpcds-", dir=scratch) as folder:
        config = {
            # A folder of its own: the extension must not depend on, or change, what is under the user's home.
            "extension_directory": f"{folder}/extensions",
            "temp_directory": f"{folder}/spill",
            "memory_limit": f"{memory // 2**20}MiB",
            "autoinstall_known_extensions": False,
        }
        with duckdb.connect(f"{folder}/tpcds.duckdb", config=config) as connection:
            _load_extension(connection)
            connection.execute("call dsdgen(sf = ?)", [scale])
            # From here on one thread: the bytes of a file then do not depend on the number of cores.
            connection.execute("set threads = 1")
            yield connection


def _load_extension(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        from duckdb_extensions import import_extension

        import_extension("tpcds", con=connection)
        connection.execute("load tpcds")
    except (ImportError, FileNotFoundError, duckdb.Error) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"DuckDB's generator extension tpcds cannot be loaded ({reason}); install the locked dependencies: make setup"
        ) from error


def business_dates_query(feed: Feed) -> str:
    """SQL: all rows of a dated feed with a column `business_date` (never null), ordered by it and by the key.

    A line without a date takes the date of its order's other lines (all lines of a sale share one; of several return
    dates the last); a return of which no line has a date takes the day of the sale. Order numbers do not ascend with
    time in the store and web channels, so a neighbouring order says nothing. What is then still without a date, which
    no scale has shown, takes the feed's last date.
    """
    dates = ["own_date.d_date"]
    joins = [f"left join date_dim as own_date on {feed.name}.{feed.date_column} = own_date.d_date_sk"]
    for alias, other in (("order_dates", feed), ("sale_dates", _BY_NAME.get(feed.sale or ""))):
        if other and other.order_column:
            dates.append(f"{alias}.last_date")
            joins.append(
                f"left join ({_last_dates(other)}) as {alias} on {feed.name}.{feed.order_column} = {alias}.order_number"
            )
    dates.append(
        f"(select max(d_date) from date_dim where d_date_sk in (select {feed.date_column} from {feed.name}))",
    )
    return (
        f"select {feed.name}.*, coalesce({', '.join(dates)}) as business_date from {feed.name} {' '.join(joins)} "
        f"order by business_date, {', '.join(feed.key)}"
    )


def _last_dates(feed: Feed) -> str:
    return (
        f"select {feed.order_column} as order_number, max(d_date) as last_date from {feed.name} "
        f"inner join date_dim on {feed.date_column} = d_date_sk group by all"
    )
