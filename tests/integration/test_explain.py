"""`retail explain`: what it shows is what stands in the files, what it adds up is the fact, and nobody's name slips out."""

import csv
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landing_zone import INVENTORY

from conftest import Warehouse, new_warehouse
from retail import explain, explain_history, landed_rows, load, personal, settings, trace
from retail import warehouse as warehouse_module
from retail.errors import UserError

CORRECTION = "inventory/inventory/dt=2003-01-09/correction.csv"
FIRST_CUSTOMERS = "ops/customer/dt=1998-01-01/customer.parquet"
SKIPPED_CUSTOMERS = "ops/customer/dt=2003-12-01/customer.parquet"
CUSTOMERS = "ops/customer/dt=2004-01-01/customer.parquet"
ADDRESSES = "ops/customer_address/dt=2004-01-01/customer_address.parquet"
AGAIN = "marketplace/transactions/dt=2024-03-31/again.csv"

# The shop: a customer's changes, of which one comes late, and what each did; a product; orders, one of them while the customer is gone.
CHANGES = "shop/customers/dt=2024-03-05/changes.csv"
LATE_CHANGES = "shop/customers/dt=2024-03-06/late.csv"
PRICES = "shop/products/dt=2024-03-05/prices.csv"
ORDERS = "shop/orders/dt=2024-03-05/orders.csv"
CUSTOMER_HEADER = (
    "customer_id,first_name,last_name,company_name,email,phone,address_line_1,address_line_2,city,state,postal_code,country,"
    "territory,registration_date,updated_at,op"
)
SHOP = {
    CHANGES: [
        CUSTOMER_HEADER,
        "EX1,Zelda,Vorbild,,zelda@example.org,555-0100,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-01-10 10:00:00,I",
        "EX1,Zelda,Vorbild,,zelda@example.org,555-0100,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-01-20 10:00:00,U",
        "EX1,Zelda,Vorbild,,vorbild@example.org,555-0100,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-02-01 10:00:00,U",
        "EX1,Zelda,Vorbild,,vorbild@example.org,555-0100,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-02-10 10:00:00,D",
        "EX1,Zelda,Vorbild,,vorbild@example.org,555-0100,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-02-11 10:00:00,D",
        "EX1,Zelda,Vorbild,,vorbild@example.org,555-0100,2 Second Street,,Newtown,TX,70002,US,South,2024-01-10,2024-02-15 10:00:00,U",
        "EX1,Zelda,Vorbild,,vorbild@example.org,555-0100,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-02-15 10:00:00,U",
        "EX1,Zelda,Vorbild,,vorbild@example.org,555-0100,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-02-16 10:00:00,X",
    ],
    LATE_CHANGES: [
        CUSTOMER_HEADER,
        "EX1,Zelda,Vorbild,,zelda@example.org,555-0199,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-01-25 10:00:00,U",
        "EX1,Zelda,Vorbild,,zelda@example.org,555-0100,1 First Street,,Oldtown,TX,70001,US,South,2024-01-10,2024-01-10 10:00:00,I",
    ],
    PRICES: [
        "product_id,product_name,category,price,stock_quantity,updated_at",
        "EXP,Kettle,Kitchen,19.90,5,2024-01-01 08:00:00",
        "EXP,Kettle,Kitchen,19.90,5,2024-01-15 08:00:00",
        "EXP,Kettle,Kitchen,17.90,5,2024-02-01 08:00:00",
    ],
    ORDERS: [
        "order_id,line_number,customer_id,product_id,ordered_at,quantity,unit_price,total_amount",
        "EXO1,1,EX1,EXP,2024-02-12 09:00:00,2,17.90,35.80",
        "EXO1,2,NOBODY,NOTHING,2024-02-12 09:00:00,1,5.00,5.00",
    ],
}
# by file and row: what the row did, and the moment of the version that it did it to; the late row comes between the first two
DID = {
    (CHANGES, 1): ("repeat", None),
    (CHANGES, 2): (trace.EQUAL, "2024-01-10 10:00:00"),
    (CHANGES, 3): ("opened", "2024-02-01 10:00:00"),
    (CHANGES, 4): (trace.ENDED, "2024-02-01 10:00:00"),
    (CHANGES, 5): (trace.GONE, None),
    (CHANGES, 6): ("superseded", None),
    (CHANGES, 7): ("opened", "2024-02-15 10:00:00"),
    (CHANGES, 8): ("rejected in staging", None),
    (LATE_CHANGES, 1): ("opened", "2024-01-25 10:00:00"),
    (LATE_CHANGES, 2): ("opened", "2024-01-10 10:00:00"),
}

Say = Callable[..., str]


@pytest.fixture(scope="module")
def corrected(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The sample, and later files: corrected counts, transactions that come again, extracts of customers and of addresses, changes
    of the shop."""
    copy = new_warehouse(tmp_path_factory.mktemp("corrected"))
    shutil.copytree(warehouse.landing, copy.landing)
    shutil.copy(warehouse.database, copy.database)
    # what dbt has parsed: it need not do it again
    shutil.copy(warehouse.target / "partial_parse.msgpack", copy.target)
    with warehouse.connect() as connection:
        counts = connection.execute(
            "select distinct on (inv_item_sk) inv_date, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand "
            "from bronze.inventory__inventory where inv_quantity_on_hand is not null "
            "order by inv_item_sk, inv_date desc limit 4"
        ).fetchall()
    (changed, repeated, withdrawn, spoilt) = ([str(value) for value in count] for count in counts)
    lines = [
        [*changed[:3], "77"],
        repeated,
        [*withdrawn[:3], ""],
        [*spoilt[:3], "many"],
        spoilt[:3],
        # later in the week of the first: one that is known, one that is not
        [later(changed[0], 1), *changed[1:3], "88"],
        [later(changed[0], 2), *changed[1:3], ""],
    ]
    text = INVENTORY + "".join(",".join(line) + "\n" for line in lines)
    shop = {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in SHOP.items()}
    for name, data in {CORRECTION: text.encode(), AGAIN: transactions(copy.landing), **shop}.items():
        (copy.landing / name).parent.mkdir(parents=True, exist_ok=True)
        (copy.landing / name).write_bytes(data)
    # a new extract: customer 17 has another name, customer 18 is gone, customer 20 has another city; one before it is skipped
    customers = f"read_parquet('{copy.landing}/{FIRST_CUSTOMERS}')"
    addresses = f"read_parquet('{copy.landing}/ops/customer_address/*/*.parquet', hive_partitioning = false)"
    extracts = {
        SKIPPED_CUSTOMERS: f"select * from {customers}",
        CUSTOMERS: "select * replace (case when c_customer_sk = 17 then 'Zebulon' else c_first_name end as c_first_name) "
        f"from {customers} where c_customer_sk != 18",
        ADDRESSES: "select * replace (case when ca_address_sk = "
        f"(select c_current_addr_sk from {customers} where c_customer_sk = 20) then 'Moved' else ca_city end as ca_city) from {addresses}",
    }
    for name, query in extracts.items():
        (copy.landing / name).parent.mkdir(parents=True)
        duckdb.sql(query).write_parquet(str(copy.landing / name))
    result = load.load(copy.landing, copy.database)
    assert sum(feed.files for feed in result.feeds.values()) == 5 + len(SHOP)
    copy.run("dbt", "build", "--resource-type", "model", "--resource-type", "snapshot")
    return copy


def later(day: str, days: int) -> str:
    """A day some days later."""
    return str(date.fromisoformat(day) + timedelta(days=days))


def transactions(landing: Path) -> bytes:
    """The first transaction again, one with a line end inside quotes, one whose record cannot be cut."""
    (path, *_) = sorted((landing / "marketplace").rglob("*.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        header, first, second, third, *_ = csv.reader(file)
    columns = {name.lower(): position for position, name in enumerate(header)}
    second[columns["address"]] = "1 High Street\nBackyard"
    third[columns["name"]] = "Mallory Secret"
    folder = path.parent
    with (folder / "_scratch").open("w+", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([header, first, second])
        file.write(",".join(third).replace("\n", " ") + ",one,two,many\n")
    data = (folder / "_scratch").read_bytes()
    (folder / "_scratch").unlink()
    return data


@pytest.fixture
def say(corrected: Warehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Call a part of explain on the corrected warehouse; what it prints."""
    monkeypatch.setenv("RETAIL_LANDING", str(corrected.landing))
    monkeypatch.setenv("RETAIL_DATABASE", str(corrected.database))

    def call(function: Callable[..., int], *arguments: object, code: int = 0) -> str:
        assert function(*arguments) == code
        return capsys.readouterr().out

    return call


# -- files ------------------------------------------------------------------------------------------------------------


def test_the_outcomes_of_every_file_are_those_of_the_accounting(corrected: Warehouse) -> None:
    """Two computations of the same: the macros over all rows, and explain over the rows of a file."""
    names = {trace.REJECTED_AT_LOAD: "rejected_at_load_rows", trace.REJECTED_IN_STAGING: "rejected_in_staging_rows", trace.REPEAT: "repeat_rows", trace.SUPERSEDED: "superseded_rows", trace.ACCEPTED: "accepted_rows"}  # fmt: skip
    seen: Counter[str] = Counter()
    feeds = warehouse_module.feeds()
    with corrected.connect() as connection:
        files = [name for (name,) in connection.execute("select file_name from audit.audit_row_accounting").fetchall()]
        assert len(files) == sum(
            path.suffix in (".csv", ".gz", ".parquet") for path in corrected.landing.rglob("[!._]*")
        )
        for file in files:
            (accounted,) = warehouse_module.rows(
                connection, "select * from audit.audit_row_accounting where file_name = ?", [file]
            )
            counted = Counter(each.outcome for each in trace.of_files(connection, trace.feed_of(feeds, file), [file]))
            counted[trace.REJECTED_AT_LOAD] = len(trace.rejected_at_load(connection, file))
            assert {column: counted[outcome] for outcome, column in names.items()} == {
                column: accounted[column] for column in names.values()
            }, file
            seen += counted
    assert set(seen) == set(names)


def test_every_accepted_row_of_a_file_leads_to_gold(corrected: Warehouse) -> None:
    no_rows_of_their_own = {"date_dim", "time_dim", "income_band"}
    feeds = warehouse_module.feeds()
    with corrected.connect() as connection:
        for (file,) in connection.execute("select file_name from audit.audit_row_accounting").fetchall():
            feed = trace.feed_of(feeds, file)
            accepted = {
                each.number for each in trace.of_files(connection, feed, [file]) if each.outcome == trace.ACCEPTED
            }
            gold = set(trace.gold_rows(connection, feed, file))
            if feed.kind == "log":
                assert accepted == gold, file
            elif feed.name not in no_rows_of_their_own:
                assert accepted <= gold, file


def test_what_became_of_each_row_of_a_file(say: Say) -> None:
    rows = [line.split("\t") for line in say(explain.file, CORRECTION, True, False).splitlines()]
    assert rows[0] == ["row", "line", "outcome", "reason", "gold"]
    assert [(row[0], row[1], row[2]) for row in rows[1:]] == [
        ("1", "2", "accepted"),
        ("2", "3", "accepted"),
        ("3", "4", "accepted"),
        ("4", "5", "rejected in staging"),
        ("5", "6", "rejected at load"),
        ("6", "7", "accepted"),
        ("7", "8", "accepted"),
    ]
    assert [row[3] for row in rows[4:6]] == [
        "inv_quantity_on_hand is not a whole number",
        "3 fields where the header names 4",
    ]
    assert all(row[4].startswith("fct_stock_counts ops:") for row in rows[1:4]) and rows[4][4] == rows[5][4] == ""

    # in the older file the three counts are passed over, and say for what
    older = (
        "inventory/inventory/"
        + sorted(path.name for path in (Path(settings.landing()) / "inventory/inventory").iterdir())[-2]
        + "/inventory.csv.gz"
    )
    passed = [
        line.split("\t") for line in say(explain.file, older, True, False).splitlines() if "\taccepted\t" not in line
    ][1:]
    assert [(row[2], row[3]) for row in passed] == sorted(
        [
            ("superseded", f"a later row with the same key counts: {CORRECTION}, row 1"),
            ("repeat", f"equal to the row that counts: {CORRECTION}, row 2"),
            ("superseded", f"a later row with the same key counts: {CORRECTION}, row 3"),
        ],
        key=lambda expected: [row[3] for row in passed].index(expected[1]),
    )


def test_a_summary_of_a_file(say: Say) -> None:
    text = say(explain.file, CORRECTION, False, False)
    table = dict(
        re.findall(
            r"^(accepted|repeat|superseded|rejected in staging|rejected at load|all) +([\d,]+)", text, re.MULTILINE
        )
    )
    assert table == {
        "accepted": "5",
        "repeat": "0",
        "superseded": "0",
        "rejected in staging": "1",
        "rejected at load": "1",
        "all": "7",
    }
    assert (
        "partially_loaded; records 7, loaded 6, rejected 1; first error at line 6: 3 fields where the header names 4"
        in text
    )
    assert "row 4, line 5: rejected in staging: inv_quantity_on_hand is not a whole number" in text
    assert "DOES NOT" not in text and "otherwise" not in text


def test_a_record_over_two_lines_has_the_line_it_begins_at(say: Say) -> None:
    rows = [line.split("\t")[:3] for line in say(explain.file, AGAIN, True, False).splitlines()[1:]]
    assert rows == [["1", "2", "accepted"], ["2", "3", "accepted"], ["3", "5", "rejected at load"]]


@pytest.mark.parametrize("form", ["whole", "end", "disk"])
def test_a_file_by_its_path_its_end_or_its_place_on_disk(say: Say, corrected: Warehouse, form: str) -> None:
    path = {"whole": CORRECTION, "end": "correction.csv", "disk": str(corrected.landing / CORRECTION)}[form]
    assert say(explain.file, path, False, False).startswith(CORRECTION)


def test_a_file_that_is_gone_or_changed_is_said_and_its_rows_come_from_bronze(say: Say, corrected: Warehouse) -> None:
    path = corrected.landing / CORRECTION
    data = path.read_bytes()
    try:
        path.write_bytes(data.replace(b"many", b"none"))
        changed = say(explain.file, CORRECTION, False, False)
        path.unlink()
        gone = say(explain.file, CORRECTION, False, False)
    finally:
        path.write_bytes(data)
    assert "the file has changed since it was loaded" in changed and "none" not in changed
    assert "the file is no longer in the landing zone" in gone
    for text in (changed, gone):
        assert re.search(r"row 4: rejected in staging.*\n +as loaded: inv_date=.*, inv_quantity_on_hand=many", text)


def test_a_file_loaded_since_the_build_is_said_and_is_no_error(
    say: Say, corrected: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(corrected.database, tmp_path / "retail.duckdb")
    with duckdb.connect(str(tmp_path / "retail.duckdb")) as connection:
        connection.execute("delete from audit.audit_row_accounting where file_name = ?", [CORRECTION])
    monkeypatch.setenv("RETAIL_DATABASE", str(tmp_path / "retail.duckdb"))
    assert "loaded since the last build (7 rows): run `dbt build`" in say(explain.file, CORRECTION, False, False)


def test_a_file_that_has_not_been_loaded(say: Say, corrected: Warehouse) -> None:
    path = corrected.landing / "inventory/inventory/dt=2003-02-01/new.csv"
    path.parent.mkdir()
    path.write_text(INVENTORY)
    try:
        assert "has landed and is not loaded yet" in say(
            explain.file, str(path.relative_to(corrected.landing)), False, False
        )
    finally:
        shutil.rmtree(path.parent)


# -- a product in a week ----------------------------------------------------------------------------------------------


def weeks(corrected: Warehouse, condition: str, limit: int) -> list[tuple]:
    with corrected.connect() as connection:
        return connection.execute(
            "select product_id, week_start_date::varchar, warehouse_id from gold.fct_weekly_sales_inventory "
            f"where {condition} order by md5(product_id || week_start_date::varchar) limit {limit}"
        ).fetchall()


@pytest.mark.parametrize("condition", ["low_stock_flg_wk", "inv_on_hand_qty_wk is null and sum_qty_wk > 0", "sum_qty_wk = 0", "incomplete_lines_wk > 0"])  # fmt: skip
def test_every_column_of_a_week_adds_up(say: Say, corrected: Warehouse, condition: str) -> None:
    (product, week, where), *_ = weeks(corrected, condition, 1)
    text = say(explain.product, product, week, where, False)
    assert text.count("adds up") == 9 and "DOES NOT" not in text
    with corrected.connect() as connection:
        (units,) = connection.execute(
            "select sum_qty_wk from gold.fct_weekly_sales_inventory where (product_id, week_start_date::varchar, warehouse_id) = (?, ?, ?)",
            [product, week, where],
        ).fetchone()
    sold = [
        int(cells[4])
        for line in text.splitlines()
        if len(cells := line.split()) == 9 and cells[1] in ("web", "catalog")
    ]
    assert sum(sold) == units or condition.startswith("incomplete")


def test_of_several_counts_the_last_known_stands_and_the_corrected_is_passed_over(
    say: Say, corrected: Warehouse
) -> None:
    with corrected.connect() as connection:
        day, product, where, landed = connection.execute(
            "select count_date::varchar, product_id, warehouse_id, _file_row_number from gold.fct_stock_counts "
            "join silver.int_stock_counts using (source_product_id, source_warehouse_id, count_date) where _file_name = ? and _file_row_number = 1",
            [CORRECTION],
        ).fetchone()
    text = say(explain.product, product, day, where, False)
    assert re.search(r"77 +a later count stands +" + re.escape(CORRECTION), text)
    assert re.search(r"88 +stands: the last known of the week +" + re.escape(CORRECTION), text)
    assert re.search(r"not known: says nothing +" + re.escape(CORRECTION), text)
    assert re.search(r"inv_on_hand_qty_wk +88 +the last known count of the week +adds up", text)
    assert re.search(
        rf"Passed over\n.*inventory.csv.gz.*\n +row [\d,]+, line [\d,]+: superseded: a later row with the same key counts: {re.escape(CORRECTION)}, row 1\n +{day},\d+,\d+,\d+",
        text,
    )
    assert f"row {landed}, line {landed + 1}: accepted" in text


@pytest.mark.parametrize(
    "column",
    [
        "sum_qty_wk",
        "sum_amt_wk",
        "sum_profit_wk",
        "avg_qty_dy",
        "incomplete_lines_wk",
        "inv_on_hand_qty_wk",
        "wks_sply",
    ],
)
def test_a_week_that_does_not_add_up_is_said(
    say: Say, corrected: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    ((product, week, where),) = weeks(corrected, "low_stock_flg_wk and inv_on_hand_qty_wk > 0", 1)
    shutil.copy(corrected.database, tmp_path / "retail.duckdb")
    with duckdb.connect(str(tmp_path / "retail.duckdb")) as connection:
        connection.execute(
            f"update gold.fct_weekly_sales_inventory set {column} = {column} + 1 where product_id = '{product}' and week_start_date = '{week}'"
        )
    monkeypatch.setenv("RETAIL_DATABASE", str(tmp_path / "retail.duckdb"))
    text = say(explain.product, product, week, where, False, code=1)
    assert re.search(rf"^{column} .*DOES NOT ADD UP", text, re.MULTILINE) and text.count("DOES NOT") == 1


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_a_ratio_is_rounded_half_away_from_zero(numerator: int, divisor: int) -> None:
    exact = Fraction(numerator, divisor)
    found = explain.ratio(numerator, divisor)
    error = abs(Fraction(found) - exact)
    assert error <= Fraction(1, 20_000)
    assert error < Fraction(1, 20_000) or abs(Fraction(found)) > abs(exact)
    assert found.as_tuple().exponent == -4


def test_columns_of_a_week_by_hand() -> None:
    lines = [
        {"quantity": 3, "sales_amount": Decimal("9.99"), "net_profit_amount": Decimal("-1.00"), "is_cancelled": False},
        {"quantity": None, "sales_amount": Decimal("5.00"), "net_profit_amount": None, "is_cancelled": False},
        {"quantity": -3, "sales_amount": Decimal("-9.99"), "net_profit_amount": Decimal("1.00"), "is_cancelled": True},
    ]
    end = date(2002, 3, 9)
    found = {name: value for name, (value, _) in explain.week_columns(lines, 0, end, end).items()}
    assert found == {
        "sum_qty_wk": 3,
        "sum_amt_wk": Decimal("14.99"),
        "sum_profit_wk": Decimal("-1.00"),
        "avg_qty_dy": Decimal("0.4286"),
        "incomplete_lines_wk": 1,
        "inv_on_hand_qty_wk": 0,
        "wks_sply": Decimal("0.0000"),
        "low_stock_flg_wk": True,
        "is_complete_week": True,
    }
    assert explain.week_columns(lines, 1, end, end)["low_stock_flg_wk"][0] is False
    nothing = {name: value for name, (value, _) in explain.week_columns([], None, end, None).items()}
    assert (nothing["sum_qty_wk"], nothing["wks_sply"], nothing["low_stock_flg_wk"], nothing["is_complete_week"]) == (
        0,
        None,
        False,
        False,
    )


# -- sales and customers ----------------------------------------------------------------------------------------------


def test_a_sale_shows_the_line_of_its_file_and_the_repeat(say: Say, corrected: Warehouse) -> None:
    with corrected.connect() as connection:
        ((key, file, number),) = connection.execute(
            "select sales_line_key, _file_name, _file_row_number from gold.fct_sales join silver.int_sales_lines "
            "using (source_name, channel, order_id, line_id) where _file_name = ? and _file_row_number = 1",
            [AGAIN],
        ).fetchall()
    line = (corrected.landing / AGAIN).read_text().splitlines()[1]
    text = say(explain.sale, key, None, None, None, True)
    assert text.count(line) == 2, "the row that counts and the one that it repeats"
    comes, passed = text.split("Passed over")
    assert f"  {AGAIN} (the file is there, unchanged)\n    row 1, line 2: accepted\n      {line}" in comes
    assert f"row 1, line 2: repeat: equal to the row that counts: {file}, row {number}" in passed


def test_all_lines_of_an_order_as_they_stand_in_parquet(say: Say, corrected: Warehouse) -> None:
    with corrected.connect() as connection:
        rows = connection.execute(
            "select ws_item_sk, ws_net_paid::varchar from bronze.ops__web_sales where ws_order_number = 7"
        ).fetchall()
    text = say(explain.sale, None, "web", "7", None, False)
    shown = re.findall(r"ws_item_sk=(\d+), .*ws_order_number=7, .*ws_net_paid=([\d.]+),", text)
    assert sorted((int(item), paid) for item, paid in shown) == sorted(rows)
    assert len(rows) > 1
    one = say(explain.sale, None, "web", "7", str(rows[0][0]), False)
    assert one.count("gold.fct_sales:") == 1


def versions_in(text: str) -> list[str]:
    """What is said of each version of a customer, one text a version."""
    return re.split(r"^Version of ", text, flags=re.MULTILINE)[1:]


def test_each_version_of_an_extracted_customer_shows_the_rows_it_was_taken_from(say: Say, corrected: Warehouse) -> None:
    first, second = versions_in(say(explain_history.customer, "ops:17", True))
    assert first.startswith("1998-01-01: customer_key=") and second.startswith("2004-01-01: customer_key=")
    assert re.search(rf"  {FIRST_CUSTOMERS} .*\n    row 17: superseded: shows this version\n.*c_customer_sk=17,", first)
    assert re.search(rf"  {CUSTOMERS} .*\n    row 17: accepted: shows this version\n.*c_first_name=Zebulon", second)
    assert re.search(r"first_name: \w+ -> Zebulon; full_name: [\w ]+ -> Zebulon \w+\n", second)
    for feed in ("customer_address", "customer_demographics", "household_demographics", "income_band"):
        assert first.count(f"  ops/{feed}/") == second.split("Passed over")[0].count(f"  ops/{feed}/") == 1
    assert "ops/customer_address/dt=1998-01-01" in first and ADDRESSES in second
    with corrected.connect() as connection:
        keys = connection.execute(
            "select customer_key from gold.dim_customers_history where customer_id = 'ops:17' order by valid_from"
        ).fetchall()
    assert [re.match(r".*customer_key=(\w+)", each)[1] for each in (first, second)] == [key for (key,) in keys]


def test_a_change_of_the_address_alone_is_a_version_and_says_so(say: Say) -> None:
    _, second = versions_in(say(explain_history.customer, "ops:20", True))
    assert re.search(r"^  city: [\w ]+ -> Moved$", second, re.MULTILINE)
    assert f"  {CUSTOMERS} " in second and re.search(
        rf"  {ADDRESSES} .*\n.*shows this version\n.*ca_city=Moved", second
    )


def test_an_extract_that_shows_nothing_new_and_one_that_was_skipped_say_so(say: Say) -> None:
    text = say(explain_history.customer, "ops:19", True)
    (only,) = versions_in(text)
    passed = only.split("Passed over")[1]
    assert re.search(
        rf"  {CUSTOMERS} .*\n.*accepted: opened no version: nothing differs from the version of 1998-01-01\n", passed
    )
    assert re.search(
        rf"  {SKIPPED_CUSTOMERS} .*\n.*its extract is not in the history: `retail rebuild-history`", passed
    )


def test_a_refused_extract_shows_no_version_and_says_so(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = warehouse_module.variables()
    monkeypatch.setattr(warehouse_module, "variables", lambda: {**variables, "refused_extracts": [date(2004, 1, 1)]})
    _, second = versions_in(say(explain_history.customer, "ops:17", True))
    came, passed = second.split("Passed over")
    # had it been refused when the history was made, the version would come from the extract before it
    assert f"  {SKIPPED_CUSTOMERS} " in came and CUSTOMERS not in came
    assert re.search(
        rf"  {CUSTOMERS} .*\n.*: its extract was refused \(`refused_extracts` in dbt_project.yml\)\n", passed
    )


def test_a_deleted_customer_says_which_extract_lacks_it(say: Say, corrected: Warehouse) -> None:
    text = say(explain_history.customer, "ops:18", True)
    (only,) = versions_in(text)
    assert "  deleted: missing from the extract of 2004-01-01\n" in only
    assert re.search(r"1998-01-01 +ever +2004-01-01 +deleted then", text)
    (feed,) = [each for each in warehouse_module.feeds() if str(each) == "ops.customer"]
    with corrected.connect() as connection:
        traces = trace.of_values(connection, feed, "customer_id", "18")
    assert {(found.outcome, found.why) for found in traces} == {
        ("superseded", "a newer extract lacks this key: deleted at the source")
    }


def test_what_each_change_of_the_shop_did(say: Say, corrected: Warehouse) -> None:
    """Against DID, written by hand: in the order of the changes, whenever they landed."""
    with corrected.connect() as connection:
        moments = dict(
            connection.execute(
                "select customer_key, changed_at::varchar from gold.dim_customers_history where customer_id = 'shop:EX1'"
            ).fetchall()
        )
    assert sorted(moments.values()) == sorted({at for did, at in DID.values() if did == "opened"})
    for file in (CHANGES, LATE_CHANGES):
        rows = [line.split("\t") for line in say(explain.file, file, True, False).splitlines()[1:]]
        for number, _, outcome, _, gold in rows:
            did, at = DID[file, int(number)]
            if did in ("repeat", "superseded", "rejected in staging"):
                assert (outcome, gold) == (did, ""), (file, number)
                continue
            assert outcome == "accepted", (file, number)
            what, _, key = gold.rpartition("dim_customers_history ")
            if did == trace.GONE:
                assert gold == trace.GONE
                continue
            assert what == ("" if did == "opened" else f"{did}: "), (file, number)
            assert moments[key] == at, (file, number)


def test_a_customer_of_the_shop_shows_its_versions_in_order_and_the_rows_of_each(say: Say) -> None:
    text = say(explain_history.customer, "shop:EX1", True)
    versions = versions_in(text)
    assert [version[:19] for version in versions] == [
        "2024-01-10 10:00:00",
        "2024-01-25 10:00:00",
        "2024-02-01 10:00:00",
        "2024-02-15 10:00:00",
    ]
    lines = {(file, number): SHOP[file][number] for file, number in DID}
    for (file, number), (did, at) in DID.items():
        words = {
            "opened": f"opened this version at {at}",
            trace.EQUAL: "opened no version at 2024-01-20 10:00:00: nothing differs",
            trace.ENDED: "deleted at 2024-02-10 10:00:00: ended this version",
            trace.GONE: "deleted at 2024-02-11 10:00:00 what was not there",
        }.get(did, did)
        shown = rf"row {number}, line {number + 1}: [\w ]*:? ?{re.escape(words)}.*\n      {re.escape(lines[file, number])}\n"
        place = next((version for version in versions if at and version.startswith(at)), versions[-1])
        assert re.search(shown, place), (file, number, did)
        assert len(re.findall(shown, text)) == 1, (file, number, did)
    # in the order of the changes, not of the files
    assert versions[0].index("opened this version") < versions[0].index("opened no version")
    assert versions[2].index("opened this version") < versions[2].index("ended this version")
    assert "  phone: 555-0100 -> 555-0199\n" in versions[1]
    assert "  email: zelda@example.org -> vorbild@example.org; phone: 555-0199 -> 555-0100\n" in versions[2]
    assert "  as the version before, from which a deletion parts it\n" in versions[3]
    assert "Changed nothing" in versions[3] and "Passed over" in versions[3]
    hidden = say(explain_history.customer, "shop:EX1", False)
    assert not any(name in hidden for name in ("Zelda", "Vorbild", "vorbild@", "zelda@", "555-01", "Street"))


def test_an_order_of_the_shop_names_the_versions_that_it_points_to(say: Say) -> None:
    text = say(explain.sale, None, "shop", "EXO1", None, False)
    first, second = text.split("gold.fct_sales:")[1:]
    # the customer was gone on that day: the version before holds
    assert "  customer shop:EX1 in the version of 2024-02-01 10:00:00: retail explain customer shop:EX1\n" in first
    assert "  product shop:EXP in the version of 2024-02-01 08:00:00: retail explain product shop:EXP\n" in first
    assert re.search(rf"  {ORDERS} .*\n    row 1, line 2: accepted\n      {re.escape(SHOP[ORDERS][1])}\n", first)
    assert "  customer NOBODY has not landed: the line points to the unknown member\n" in second
    assert "  product NOTHING has not landed: the line points to the unknown member\n" in second


def test_a_product_of_the_shop_its_versions_and_its_lines_of_a_week(say: Say) -> None:
    versions = versions_in(say(explain.product, "shop:EXP", None, None, False))
    assert [version[:19] for version in versions] == ["2024-01-01 08:00:00", "2024-02-01 08:00:00"]
    assert "row 2, line 3: accepted: opened no version at 2024-01-15 08:00:00: nothing differs\n" in versions[0]
    assert "  current_price: 19.90 -> 17.90\n" in versions[1]
    text = say(explain.product, "shop:EXP", "2024-02-12", None, False)
    assert "week 2024-02-11 to 2024-02-17: not in gold.fct_weekly_sales_inventory" in text
    assert re.search(rf"2024-02-12 +shop +EXO1 +1 +2 +35.80 +{ORDERS} +1\b", text)
    assert SHOP[ORDERS][1] in text
    with pytest.raises(UserError, match="no line in the week of 2024-03-10"):
        explain.product("shop:EXP", "2024-03-12", None, False)


def test_a_product_of_other_sources_shows_the_rows_it_comes_from(say: Say, corrected: Warehouse) -> None:
    with corrected.connect() as connection:
        several, numbers = connection.execute(
            "select product_id, list(source_product_id order by valid_from) from gold.dim_products_history where source_name = 'ops' "
            "group by 1 having count(*) > 1 order by 1 limit 1"
        ).fetchone()
        (of_lines,) = connection.execute(
            "select product_id from gold.dim_products where source_name = 'marketplace' order by 1 limit 1"
        ).fetchone()
    text = say(explain.product, several, None, None, False)
    assert re.findall(r"^Version (\d+): ", text, re.MULTILINE) == numbers
    assert re.findall(r"^      i_item_sk=(\d+), ", text, re.MULTILINE) == numbers
    assert "marketplace knows products from their lines alone; the newest of" in say(
        explain.product, of_lines, None, None, False
    )


@pytest.mark.parametrize(
    ("fault", "file", "row"),
    [
        ("delete from {} where customer_id = 'shop:EX1' and changed_at = '2024-01-25 10:00:00'", LATE_CHANGES, 1),
        # the deletion has not ended the version
        (
            "update {} set valid_to = held_until where customer_id = 'shop:EX1' and changed_at = '2024-02-01 10:00:00'",
            CHANGES,
            4,
        ),
    ],
)
def test_a_history_that_lacks_what_landed_says_so(
    say: Say, corrected: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, file: str, row: int
) -> None:
    shutil.copy(corrected.database, tmp_path / "retail.duckdb")
    with duckdb.connect(str(tmp_path / "retail.duckdb")) as connection:
        connection.execute(fault.format("gold.dim_customers_history"))
    monkeypatch.setenv("RETAIL_DATABASE", str(tmp_path / "retail.duckdb"))
    lost = say(explain_history.customer, "shop:EX1", False).split("Not in the history yet: run `dbt build`")[1]
    assert f"  {file} (the file is there, unchanged)\n    row {row}, line {row + 1}: accepted\n" in lost


def test_personal_data_is_hidden_unless_asked_for(say: Say, corrected: Warehouse) -> None:
    with corrected.connect() as connection:
        account = connection.execute(
            "select customer_id from gold.dim_customers where source_name = 'marketplace' and customer_id in "
            "(select 'marketplace:' || customer_id from silver.stg_marketplace__transactions where _file_name = ?)",
            [AGAIN],
        ).fetchone()[0]
        rows = warehouse_module.rows(
            connection,
            "select name, email, phone, address from bronze.marketplace__transactions where _file_name = ?",
            [AGAIN],
        ) + warehouse_module.rows(
            connection,
            "select c_first_name, c_last_name, c_email_address, ca_street_name || ' ' || ca_street_type from bronze.ops__customer "
            "join bronze.ops__customer_address on ca_address_sk = c_current_addr_sk where c_customer_sk = 17",
        )
        key = connection.execute(
            "select sales_line_key from gold.fct_sales join silver.int_sales_lines using (source_name, channel, order_id, line_id) "
            "where _file_name = ? and _file_row_number = 2", [AGAIN]
        ).fetchone()[0]  # fmt: skip
    values = {value.strip() for row in rows for value in row.values() if value and len(value) > 4} | {
        *("Mallory Secret", "Zelda", "Vorbild", "vorbild@example.org", "555-0199", "2 Second Street")
    }
    assert len(values) > 10
    texts = {show: "".join(
        say(function, *arguments, show)
        for function, *arguments in (
            (explain_history.customer, account),
            (explain_history.customer, "ops:17"),
            (explain_history.customer, "shop:EX1"),
            (explain.file, CHANGES, False),
            (explain.sale, key, None, None, None),
            (explain.file, AGAIN, False),
        )
    ) for show in (False, True)}  # fmt: skip
    assert [value for value in values if value in texts[False]] == []
    assert "1 High Street" in texts[True] and "Mallory Secret" in texts[True] and "Zebulon" in texts[True]


def test_a_record_that_cannot_be_cut_is_hidden_whole() -> None:
    row = landed_rows.LandedRow(1, 2, "Mallory,one,too,many", {})
    assert "Mallory" not in landed_rows.shown(row, ["name", "amount"], False)
    assert landed_rows.shown(row, ["name", "amount"], True) == landed_rows.shown(row, ["amount"], False) == row.raw


def test_every_column_tagged_in_gold_counts_as_personal_and_business_columns_do_not(warehouse: Warehouse) -> None:
    manifest = json.loads((warehouse.target / "manifest.json").read_text())
    tagged = {
        name
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for name, column in node["columns"].items()
        if column["config"].get("meta", {}).get("pii")
    }
    assert tagged and all(map(personal.is_personal, tagged))
    raw = "c_first_name c_last_name c_salutation c_email_address c_login c_birth_day c_birth_month c_birth_year ca_street_number ca_street_name ca_street_type ca_suite_number name email phone address first_name address_line_1 address_line_2"
    assert [name for name in raw.split() if not personal.is_personal(name)] == []
    business = "ws_bill_addr_sk c_current_addr_sk ca_address_sk ca_address_id address_id product_name i_product_name product_brand brand_name w_warehouse_name s_store_name city state zipcode order_number inv_item_sk customer_id amount payment_method page_name company_name territory registration_date updated_at op stock_quantity"
    assert [name for name in business.split() if personal.is_personal(name)] == []
    # of every raw column of the shop it is known on which side it is
    with warehouse.connect() as connection:
        of_shop = {
            name
            for (name,) in connection.execute(
                "select column_name from duckdb_columns() where schema_name = 'bronze' and table_name like 'shop\\_\\_%' escape '\\'"
            ).fetchall()
            if not name.startswith("_")
        }
    assert {name for name in of_shop if personal.is_personal(name)} == {
        *("first_name", "last_name", "email", "phone", "address_line_1", "address_line_2")
    }


# -- questions that cannot be answered --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (explain.sale, (None, None, None, None, False), "name a sale"),
        (explain.sale, ("no such key", None, None, None, False), "no line of gold.fct_sales is no such key; try --channel (catalog, "),
        (explain.sale, (None, "phone", "7", None, False), "there is no channel phone; there are: catalog, "),
        (explain.sale, ("7", None, None, None, False), "7 is in the channels catalog, store, web: choose one with --channel"),
        (explain_history.customer, ("ops:999999", False), "gold.dim_customers has no customer_id ops:999999 (<source>:<number>); near it: ops:"),
        (explain.product, ("ops:NONE", "2002-03-06", None, False), "gold.dim_products has no product_id ops:NONE"),
        (explain.product, ("ops:NONE", None, None, False), "gold.dim_products has no product_id ops:NONE"),
        (explain.product, ("ops:AAAAAAAAABAAAAAA", "March", None, False), "--week March: a day of the week is wanted, YYYY-MM-DD"),
        (explain.product, ("ops:AAAAAAAAABAAAAAA", "2031-03-06", None, False), "has no row for the week of 2031-03-02; its weeks run from"),
        (explain.product, ("ops:AAAAAAAAABAAAAAA", "2002-03-06", "ops:9", False), "has no row for warehouse ops:9 in the week of 2002-03-03; it has for: ops:1"),
        (explain.file, ("nothing/like/this.bin", False, False), "no such file has landed; try:"),
        (explain.file, ("inventory/inventory/dt=2003-01-09/corection.csv", False, False), f"no such file has landed; try: {CORRECTION}"),
    ],
)  # fmt: skip
def test_a_question_without_an_answer_says_what_to_try(
    say: Say, function: Callable[..., int], arguments: tuple, words: str
) -> None:
    with pytest.raises(UserError) as error:
        function(*arguments)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_the_command_itself(corrected: Warehouse) -> None:
    done = corrected.run("retail", "explain", "product", "AAAAAAAAABAAAAAA", "--week", "2002-03-06")
    assert done.stdout.startswith(
        "gold.fct_weekly_sales_inventory: ops:AAAAAAAAABAAAAAA in ops:1, week 2002-03-03 to 2002-03-09"
    )
    done = corrected.run("retail", "explain", "customer", "nobody", check=False)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
    for verb in ("sale", "customer", "product", "file"):
        assert "Example" in corrected.run("retail", "explain", verb, "--help").stdout
