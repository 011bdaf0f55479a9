"""What `retail sample` does before and around the generator: arguments, periods, days of undated lines, portions."""

import calendar
import json
import re
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from retail import cli, sample, tpcds
from retail.errors import UserError


def one_line(error: pytest.ExceptionInfo) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


# ---- arguments


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ("ops", "inventory", "marketplace", "shop")),
        (["inventory"], ("inventory",)),
        (["inventory,ops"], ("inventory", "ops")),
        (["ops", " inventory , ops"], ("ops", "inventory")),
        (["marketplace"], ("marketplace",)),
    ],
)
def test_sources_are_given_repeated_or_with_commas(values, expected):
    assert sample.split_sources(values) == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scale", "0.009"], r"--scale 0.009: out of range; give a number from 0.01 to 10"),
        (["--scale", "10.5"], r"--scale 10.5: out of range"),
        (["--scale", "nan"], r"--scale nan: out of range"),
        (["--scale", "big"], r"--scale big: not a number"),
        (["--sources", "ops,shops"], r"--sources shops: .* known are ops, inventory, marketplace, shop"),
        (["--from", "2002-02-30"], r"--from 2002-02-30: not a date; write it as YYYY-MM-DD"),
        (["--to", "20020228"], r"--to 20020228: not a date"),
        (["--from", "2002-03-01", "--to", "2002-02-28"], r"--from 2002-03-01 is after --to 2002-02-28"),
        (["--rows", "0"], r"--rows 0: out of range; give a number from 1 to 100000000"),
        (["--rows", "100000001"], r"--rows 100000001: out of range"),
        (["--rows", "1e5"], r"--rows 1e5: not a whole number; write digits alone, for example 302010"),
        (["--rows", "302,010"], r"--rows 302,010: not a whole number"),
        (["--seed", "1000001"], r"--seed 1000001: out of range; give a number from 0 to 1000000"),
        (["--seed", "x"], r"--seed x: not a whole number"),
        (["--shop-customers", "0"], r"--shop-customers 0: out of range; give a number from 1 to 1000000"),
        (["--shop-customers", "1000001"], r"--shop-customers 1000001: out of range"),
        (["--shop-customers", "many"], r"--shop-customers many: not a whole number"),
        (
            ["--state-granularity", "hour"],
            r"--state-granularity hour: not known; choose one of all, year, quarter, month, week, day",
        ),
        (["--granularity", "hour"], r"--granularity hour: not known; choose one of day, week, month, all"),
    ],
)
def test_a_wrong_argument_ends_in_one_line_and_writes_nothing(tmp_path, monkeypatch, capsys, arguments, said):
    landing = tmp_path / "landing"
    monkeypatch.setenv("RETAIL_LANDING", str(landing))
    monkeypatch.setattr(sys, "argv", ["retail", "sample", *arguments])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(f"retail: {said}.*\n", printed.err)
    assert not landing.exists()


def test_a_file_in_place_of_the_landing_zone_is_one_line(tmp_path):
    (tmp_path / "landing").write_text("")
    with pytest.raises(UserError, match="cannot be written to .*landing") as error:
        sample.write_sample(tmp_path / "landing", 0.01)
    one_line(error)


def test_a_missing_generator_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb_extensions", None)
    with pytest.raises(UserError, match="make setup") as error:
        sample.write_sample(tmp_path, 0.01)
    one_line(error)
    assert list(tmp_path.iterdir()) == []


# ---- feeds


def test_every_table_of_the_standard_is_a_feed_of_ops_or_inventory():
    assert {feed.name for feed in tpcds.FEEDS if feed.source == "ops"} == {
        *("store_sales", "store_returns", "catalog_sales", "catalog_returns", "web_sales", "web_returns"),
        *("customer", "customer_address", "customer_demographics", "household_demographics", "income_band"),
        *("item", "store", "warehouse", "promotion", "ship_mode", "reason", "call_center", "catalog_page"),
        *("web_site", "web_page", "date_dim", "time_dim"),
    }
    assert [feed.name for feed in tpcds.FEEDS if feed.source == "inventory"] == ["inventory"]
    assert len(tpcds.FEEDS) == 24


# ---- periods


def period_end(day: date, granularity: str) -> date:
    """The last day of the period, by another way than the module's."""
    if granularity == "week":
        return next(end for end in (day + timedelta(n) for n in range(7)) if end.strftime("%A") == "Saturday")
    if granularity == "month":
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day


@pytest.mark.parametrize("granularity", ["day", "week", "month"])
def test_periods_end_where_the_calendar_says(granularity):
    days = [date(1998, 1, 1) + timedelta(n) for n in range(2192)]
    query = f"select {sample.PERIOD_END[granularity]} from (select unnest(?::date[]) as business_date)"
    found = [row[0] for row in duckdb.connect().execute(query, [days]).fetchall()]
    assert found == [period_end(day, granularity) for day in days]


# ---- days of undated lines


@pytest.fixture
def tables():
    """Two days of sales and returns by hand; day 1 is 2000-01-01."""
    connection = duckdb.connect()
    connection.execute(
        """
        create table date_dim as select n as d_date_sk, date '1999-12-31' + n::integer as d_date from range(1, 100) as days(n);
        create table store_sales (ss_ticket_number bigint, ss_item_sk bigint, ss_sold_date_sk bigint);
        create table store_returns (sr_ticket_number bigint, sr_item_sk bigint, sr_returned_date_sk bigint);
        insert into store_sales values (1, 2, null), (1, 1, 7), (2, 1, 3), (2, 2, 3), (3, 1, null), (4, 1, 5);
        insert into store_returns values (1, 1, 20), (1, 2, 30), (1, 3, null), (2, 1, null), (3, 1, null), (4, 1, 9);
        """
    )
    return connection


def business_days(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[int, int, int]]:
    (feed,) = (feed for feed in tpcds.FEEDS if feed.name == name)
    rows = connection.execute(tpcds.business_dates_query(feed)).fetchall()
    return [(order, item, (day - date(1999, 12, 31)).days) for order, item, _, day in rows]


def test_a_sale_line_without_date_takes_the_day_of_its_order_and_else_the_last_day(tables):
    assert business_days(tables, "store_sales") == [(2, 1, 3), (2, 2, 3), (4, 1, 5), (1, 1, 7), (1, 2, 7), (3, 1, 7)]


def test_a_return_without_date_takes_the_orders_last_return_day_then_the_day_of_the_sale(tables):
    # Order 1 came back on two days; order 2 has a sale date only; order 3 has none at all and takes the last day.
    assert business_days(tables, "store_returns") == [
        (2, 1, 3),
        (4, 1, 9),
        (1, 1, 20),
        (1, 2, 30),
        (1, 3, 30),
        (3, 1, 30),
    ]


# ---- the marker


def test_files_of_another_scale_are_refused_before_anything_is_generated(tmp_path, monkeypatch):
    landed = tmp_path / "ops/item/dt=1998-01-01/item.parquet"
    landed.parent.mkdir(parents=True)
    landed.write_bytes(b"x")
    path = str(landed.relative_to(tmp_path))
    (tmp_path / sample.MARKER).write_text(
        json.dumps({"made": {"ops": "scale 0.01"}, "files": {path: [1, 1, 1]}, "runs": {}})
    )
    monkeypatch.setattr(tpcds, "generated", None)
    with pytest.raises(UserError, match=f"1 files of scale 0.01 .*{path}.*another RETAIL_LANDING") as error:
        sample.write_sample(tmp_path, 0.1, ["inventory"])
    one_line(error)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"made": {}}', '{"made": {}, "files": {}}', '{"made": {}, "files": 1, "runs": {}}']
)
def test_a_marker_that_cannot_be_read_is_as_good_as_none(tmp_path, text):
    (tmp_path / sample.MARKER).write_text(text)
    made = {"ops": "scale 0.1"}
    assert sample._read_marker(tmp_path, made) == {"made": made, "files": {}, "runs": {}}


def test_a_second_sample_into_the_same_landing_zone_is_refused_while_one_runs(tmp_path):
    with sample._locked(tmp_path), pytest.raises(UserError, match="another retail sample") as error:
        sample.write_sample(tmp_path, 0.01)
    one_line(error)


def test_a_path_with_a_quote_is_a_valid_sql_literal():
    assert sample._literal(Path("a'b")) == "'a''b'"
