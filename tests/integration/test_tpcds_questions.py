"""Gold answers what the raw tables answer: all tables, columns and 99 questions of TPC-DS, the standard the sample comes from.

1. `tpcds/tables_from_gold.sql` rebuilds every table of the standard from gold alone; each must equal the landed table, row for row.
2. The 99 questions, as the generator extension carries them, give the same rows on the landed and on the rebuilt tables.
3. `tpcds/q<NN>.sql` asks a broad choice of them of gold directly, the way an analyst would write them; the original, on the
   landed tables, is the check.

Landed tables are bronze without its load metadata, of the newest extract where each shows the whole table. Text is compared as gold keeps it: trimmed, blank as null. Rows are compared as
multisets and without the questions' `limit`, since their `order by` leaves ties open; floating-point numbers to nine digits.
"""

import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from duckdb_extensions import import_extension

from conftest import Warehouse, new_warehouse
from retail.warehouse import feeds

HERE = Path(__file__).parent / "tpcds"
GOLD_QUESTIONS = {int(path.stem[1:]): path for path in sorted(HERE.glob("q*.sql"))}
TABLES = [
    "call_center",
    "catalog_page",
    "catalog_returns",
    "catalog_sales",
    "customer",
    "customer_address",
    "customer_demographics",
    "date_dim",
    "household_demographics",
    "income_band",
    "inventory",
    "item",
    "promotion",
    "reason",
    "ship_mode",
    "store",
    "store_returns",
    "store_sales",
    "time_dim",
    "warehouse",
    "web_page",
    "web_returns",
    "web_sales",
    "web_site",
]
METADATA = "_file_name, _file_row_number, _file_content_key, _file_last_modified, _loaded_at"
# Gold's calendar is 1990 to 2035; the standard's table of dates goes from 1900 to 2100, and no sale, return or count lies outside.
IN_CALENDAR = "d_date between date '1990-01-01' and date '2035-12-31'"
# Columns of the standard that gold does not have, and that no question uses: texts that repeat a key, and days of the generator's clock.
NOT_IN_GOLD = {
    "date_dim": [
        "d_date_id",
        "d_first_dom",
        "d_last_dom",
        "d_same_day_ly",
        "d_same_day_lq",
        "d_current_day",
        "d_current_week",
        "d_current_month",
        "d_current_quarter",
        "d_current_year",
    ],
    "time_dim": ["t_time_id"],
}

# The sample is small (one store, one warehouse, few colours): with the standard's own values these questions would find nothing
# and prove nothing. Question: (pattern, replacement), each of which must be found in the original.
WIDENED: dict[int, list[tuple[str, str]]] = {
    16: [(r"cs1.cs_warehouse_sk <> cs2.cs_warehouse_sk", "cs1.cs_ship_mode_sk <> cs2.cs_ship_mode_sk")],
    24: [("s_zip = ca_zip", "s_state = ca_state"), ("s_market_id=8", "s_market_id=2"), ("'peach'", "'sky'")],
    37: [(r"i_manufact_id IN \([^)]*\)", "i_manufact_id BETWEEN 500 AND 1000")],
    49: [("> 10000", "> 1000")],
    54: [("AND i_class = 'maternity'", ""), ("AND ca_county = s_county", "")],
    64: [
        (r"AND i_color IN \([^)]*\)", ""),
        (r"BETWEEN 64 AND 64 \+ 10", "BETWEEN 1 AND 79"),
        (r"BETWEEN 64 \+ 1 AND 64 \+ 15", "BETWEEN 1 AND 79"),
    ],
    82: [(r"i_manufact_id IN \([^)]*\)", "i_manufact_id BETWEEN 100 AND 900")],
    83: [("d_week_seq", "d_month_seq")],
    85: [
        (r"AND cd1.cd_education_status = '[^']*'", ""),
        (r"BETWEEN 1?50.00 AND", "BETWEEN 0 AND"),
        (r"BETWEEN 100.00 AND", "BETWEEN 0 AND"),
        (r"AND ca_state IN \([^)]*\)\s+AND ws_net_profit BETWEEN \d+ AND \d+", ""),
    ],
    88: [("'ese'", "'ought'")],
    90: [("BETWEEN 5000 AND 5200", "BETWEEN 1500 AND 2600")],
    91: [("AND d_moy = 11", ""), ("ca_gmt_offset = -7", "ca_gmt_offset IN (-5, -6, -7)")],
    93: [("'reason 28'", "'Package was damaged'")],
    95: [
        (r"ws1.ws_warehouse_sk <> ws2.ws_warehouse_sk", "ws1.ws_ship_mode_sk <> ws2.ws_ship_mode_sk"),
        ("'pri'", "'ese'"),
    ],
    96: [("'ese'", "'ought'")],
}


@dataclass(frozen=True)
class Standard:
    """In memory: schemas `raw` (the landed tables) and `rebuilt` (the same from gold); beside them the warehouse, read-only."""

    connection: duckdb.DuckDBPyConnection
    questions: dict[int, str]
    is_larger: bool

    def rows(self, place: str, query: str) -> Counter[tuple[Any, ...]]:
        """Rows of a query as a multiset, with the tables of `place` (memory.raw, memory.rebuilt, retail) in reach."""
        self.connection.execute(f"use {place}")
        return Counter(tuple(map(comparable, row)) for row in self.connection.execute(query).fetchall())

    def original(self, number: int, widened: bool) -> str:
        """A question of the standard without its limit; `widened` so that it finds something in the sample."""
        question = re.sub(r"\blimit\s+\d+\s*;?\s*$", "", self.questions[number], flags=re.IGNORECASE)
        for pattern, replacement in WIDENED.get(number, []) if widened else []:
            question, found = re.subn(pattern, replacement, question)
            assert found, f"question {number} does not contain {pattern}"
        return question


def comparable(value: Any) -> Any:
    """Text as gold keeps it, and floating-point numbers to nine digits; everything else as it is."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float):
        return float(f"{value:.9g}")
    return value


def columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    """Column names of a table in memory, in order, with their types."""
    return dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns()"
            " where database_name = 'memory' and schema_name = ? and table_name = ? order by column_index",
            [schema, table],
        ).fetchall()
    )


def one_side_only(
    connection: duckdb.DuckDBPyConnection, landed: str, rebuilt: str, names: list[str]
) -> dict[str, tuple[int, int]]:
    """Column to rows that only the landed and only the rebuilt side has, for the columns that differ on their own."""

    def difference(left: str, right: str, name: str) -> int:
        query = f"select count(*) from (select {name} from ({left}) except all select {name} from ({right}))"
        return connection.execute(query).fetchone()[0]

    found = {name: (difference(landed, rebuilt, name), difference(rebuilt, landed, name)) for name in names}
    return {name: counts for name, counts in found.items() if counts != (0, 0)}


@pytest.fixture(scope="module")
def moved_warehouse(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The sample, and in each year of its sales another extract, in which every customer lives elsewhere and has other demographics.

    So most customers have bought under several versions: a question that counts or joins customers by version instead of
    by customer gets another answer.
    """
    moved = new_warehouse(tmp_path_factory.mktemp("moved"))
    shutil.copytree(warehouse.landing, moved.landing)
    shutil.copy(warehouse.database, moved.database)
    first = f"read_parquet('{warehouse.landing}/ops/customer/*/*.parquet', hive_partitioning = false)"
    days = ["1998-12-15", "1999-07-01", "2000-07-01", "2001-05-15", "2002-07-01"]
    for place, day in enumerate(days, start=1):
        folder = moved.landing / "ops" / "customer" / f"dt={day}"
        folder.mkdir()
        duckdb.sql(f"""
            select customers.* replace (
                others.c_current_addr_sk as c_current_addr_sk,
                others.c_current_cdemo_sk as c_current_cdemo_sk,
                others.c_current_hdemo_sk as c_current_hdemo_sk
            )
            from {first} as customers
            left join {first} as others on (customers.c_customer_sk + {place}) % 1000 + 1 = others.c_customer_sk
            order by customers.c_customer_sk
        """).write_parquet(str(folder / "customer.parquet"))
    moved.run("retail", "load")
    for _ in days:
        moved.run("dbt", "build", "--select", "+ops__customers", env={"RETAIL_REPLAY_EXTRACTS": "1"})
    moved.run("dbt", "build", "--exclude", "resource_type:unit_test")
    with moved.connect() as connection:
        (split,) = connection.execute("""
            select count(*)
            from (select customer_id from gold.fct_sales where source_name = 'ops' group by 1 having count(distinct customer_key) > 1)
        """).fetchone()
    assert split > 500, "customers with purchases under several versions"
    return moved


@pytest.fixture(
    scope="module",
    params=[
        "warehouse",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("larger_warehouse", "moved_warehouse")),
    ],
)
def standard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Standard:
    built = request.getfixturevalue(request.param)
    # one thread: sums of floating-point numbers do not depend on the machine
    connection = duckdb.connect(
        config={"extension_directory": str(tmp_path_factory.mktemp("extension")), "threads": "1"}
    )
    import_extension("tpcds", con=connection)
    connection.execute("load tpcds")
    questions = dict(connection.execute("select query_nr, query from tpcds_queries()").fetchall())
    # under its own name, by which its views find their tables
    connection.execute(f"attach '{built.database}' as retail (read_only)")
    connection.execute("create schema memory.raw")
    states = {feed.name for feed in feeds() if feed.source == "ops" and feed.kind == "state"}
    for table in TABLES:
        if table != "inventory":
            landed = f"retail.bronze.ops__{table}"
            newest = f"where _file_name = (select max(_file_name) from {landed})" if table in states else ""
            connection.execute(
                f"create table memory.raw.{table} as select * exclude ({METADATA}) from {landed} {newest}"
            )
    connection.execute("""
        create table memory.raw.inventory as
        select
            d_date_sk as inv_date_sk,
            cast(inv_item_sk as bigint) as inv_item_sk,
            cast(inv_warehouse_sk as bigint) as inv_warehouse_sk,
            cast(nullif(inv_quantity_on_hand, '') as bigint) as inv_quantity_on_hand
        from retail.bronze.inventory__inventory
        left join memory.raw.date_dim on inv_date = strftime(d_date, '%Y-%m-%d')
    """)
    connection.execute("use retail")
    connection.execute((HERE / "tables_from_gold.sql").read_text())
    return Standard(connection, questions, request.param == "larger_warehouse")


@pytest.mark.parametrize("table", TABLES)
def test_every_table_of_the_standard_can_be_rebuilt_from_gold(standard: Standard, table: str):
    landed, rebuilt = columns(standard.connection, "raw", table), columns(standard.connection, "rebuilt", table)
    assert [name for name in landed if name not in rebuilt] == NOT_IN_GOLD.get(table, [])
    kept = ", ".join(
        f"nullif(trim({name}), '') as {name}" if landed[name] == "VARCHAR" else name
        for name in landed
        if name in rebuilt
    )
    from_landed = f"select {kept} from memory.raw.{table}" + (f" where {IN_CALENDAR}" if table == "date_dim" else "")
    from_gold = f"select {', '.join(name for name in landed if name in rebuilt)} from memory.rebuilt.{table}"
    lost, added = (
        standard.connection.execute(f"select count(*) from ({left} except all {right})").fetchone()[0]
        for left, right in ((from_landed, from_gold), (from_gold, from_landed))
    )
    if lost or added:
        differing = one_side_only(standard.connection, from_landed, from_gold, list(rebuilt))
        pytest.fail(f"{table}: {lost} landed rows are not in gold, {added} are only there; by column: {differing}")
    assert standard.connection.execute(f"select count(*) from ({from_landed})").fetchone()[0] > 0


@pytest.mark.parametrize("number", range(1, 100))
def test_the_99_questions_have_the_same_answer_on_tables_rebuilt_from_gold(standard: Standard, number: int):
    question = standard.original(number, widened=False)
    assert standard.rows("memory.rebuilt", question) == standard.rows("memory.raw", question)


@pytest.mark.parametrize("number", GOLD_QUESTIONS)
def test_a_question_asked_of_gold_has_the_original_answer(standard: Standard, number: int):
    expected = standard.rows("memory.raw", standard.original(number, widened=True))
    assert standard.rows("retail", GOLD_QUESTIONS[number].read_text()) == expected
    if standard.is_larger:
        assert any(value for row in expected for value in row), "the question finds nothing: widen it"
