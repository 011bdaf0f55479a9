"""The shop's files: their form, everything that befalls customers, products and orders counted by another reader, the same
bytes in whatever pieces."""

import csv
import hashlib
import itertools
import json
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from retail import sample, shop, shop_rows, tpcds
from retail.errors import UserError

HEADERS = {
    "customers": "customer_id,first_name,last_name,company_name,email,phone,address_line_1,address_line_2,city,state,"
    "postal_code,country,territory,registration_date,updated_at,op",
    "products": "product_id,product_name,category,price,stock_quantity,updated_at",
    "orders": "order_id,line_number,customer_id,product_id,ordered_at,quantity,unit_price,total_amount",
}
FIRST, LAST = date(2023, 3, 1), date(2024, 2, 29)
EVERY_PERIOD = ("day", "week", "month", "all")
ADDRESS = ("address_line_1", "address_line_2", "city", "state", "postal_code", "country")
COMPARED = (
    "first_name",
    "last_name",
    "company_name",
    "email",
    "phone",
    *ADDRESS,
    "territory",
)


# ---- another reader: plain Python, which knows no more of the generator than what the feeds' columns mean


@dataclass(frozen=True)
class Landed:
    """A row where it landed; the order of rows of a feed is (dt, path, number)."""

    dt: date
    path: str
    number: int
    values: tuple[str, ...]
    columns: tuple[str, ...]

    def __getitem__(self, column: str) -> str:
        return self.values[self.columns.index(column)]

    def of(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self[column] for column in columns)

    @property
    def is_regular(self) -> bool:
        return bool(re.search(r"/[a-z]+-\d{3}\.csv$", self.path))


def files(landing: Path) -> dict[str, bytes]:
    paths = sorted((landing / "shop").rglob("*.csv"))
    return {str(path.relative_to(landing)): path.read_bytes() for path in paths}


def read(landing: Path, feed: str) -> list[Landed]:
    rows = []
    for path, content in files(landing).items():
        if path.startswith(f"shop/{feed}/"):
            lines = csv.reader(content.decode().splitlines(keepends=True), strict=True)
            columns = tuple(next(lines))
            assert ",".join(columns) == HEADERS[feed]
            dt = date.fromisoformat(path.split("dt=")[1][:10])
            rows += [Landed(dt, path, n, tuple(values), columns) for n, values in enumerate(lines)]
    return sorted(rows, key=lambda row: (row.dt, row.path, row.number))


def at(row: Landed, column: str = "updated_at") -> datetime:
    return datetime.strptime(row[column], "%Y-%m-%d %H:%M:%S")


def is_good(row: Landed) -> bool:
    """Not one to reject, by the definitions."""
    try:
        updated_at = at(row)
    except ValueError:
        return False
    in_time = updated_at <= datetime.combine(row.dt, time.max) + timedelta(1)
    return bool(row["customer_id"]) and row["op"] in ("I", "U", "D") and in_time


def by_key(rows: list[Landed], *columns: str) -> dict[tuple[str, ...], list[Landed]]:
    found: dict[tuple[str, ...], list[Landed]] = defaultdict(list)
    for row in rows:
        found[row.of(columns)].append(row)
    return found


def changes(rows: list[Landed]) -> list[Landed]:
    """Of one customer or product: its rows by updated_at, of those with one time the last; repeats once."""
    last = {at(row): row for row in rows}
    return [last[moment] for moment in sorted(last)]


@dataclass(frozen=True)
class Shop:
    landing: Path
    customers: list[Landed]
    products: list[Landed]
    orders: list[Landed]

    @property
    def good(self) -> list[Landed]:
        return [row for row in self.customers if is_good(row)]

    @property
    def histories(self) -> list[list[Landed]]:
        return [changes(rows) for rows in by_key(self.good, "customer_id").values()]


def write(landing: Path, customers: int = 500, **options) -> list[sample.FeedResult]:
    return sample.write_sample(landing, sources=["shop"], shop_customers=customers, **options)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shop]:
    """The default shop by its granularity."""
    found = {}
    for granularity in EVERY_PERIOD:
        landing = tmp_path_factory.mktemp(granularity)
        write(landing, granularity=granularity)
        found[granularity] = Shop(landing, *(read(landing, feed) for feed in HEADERS))
    return found


@pytest.fixture(scope="module")
def monthly(shops: dict[str, Shop]) -> Shop:
    return shops["month"]


every_period = pytest.mark.parametrize("granularity", EVERY_PERIOD)


# ---- form


FORMS = {
    "customers": {
        "customer_id": r"(C[1-9]\d{5})?",
        "first_name": r"\S+",
        "last_name": r"\S.*\S",
        "company_name": r"(\S.*\S)?",
        "email": r"[a-z]+(\.\d+){1,2}@example\.(com|org)",
        "phone": r"(\d{3}-555-01\d\d)?",
        "address_line_1": r"\d+ \S.*\S",
        "address_line_2": r"(Flat \d+)?",
        "city": r"\S.*\S",
        "state": r"[A-Z]{2}",
        "postal_code": r"\d{5}",
        "country": r"US|CA",
        "territory": r"North|East|South|West|Central",
        "registration_date": r"\d{4}-\d\d-\d\d",
        "updated_at": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
        "op": r"[IUDX]",
    },
    "products": {
        "product_id": r"P[1-9]\d{3}",
        "product_name": r"\S.*\S",
        "category": r"Garden|Kitchen|Office|Toys",
        "price": r"\d{1,3}\.\d\d",
        "stock_quantity": r"\d{1,3}",
        "updated_at": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    },
    "orders": {
        "order_id": r"S[1-9]\d{6}",
        "line_number": r"[1-4]",
        "customer_id": r"(C[1-9]\d{5}|C0\d+)?",
        "product_id": r"(P[1-9]\d{3}|P0\d+)?",
        "ordered_at": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
        "quantity": r"-?[1-9]",
        "unit_price": r"\d{1,3}\.\d\d",
        "total_amount": r"-?\d{1,4}\.\d\d",
    },
}


@pytest.mark.parametrize("feed", HEADERS)
def test_every_value_has_its_form(monthly: Shop, feed: str) -> None:
    assert ",".join(FORMS[feed]) == HEADERS[feed]
    for column, form in FORMS[feed].items():
        assert [row[column] for row in getattr(monthly, feed) if not re.fullmatch(form, row[column])] == [], column


def test_optional_values_are_missing_in_some_rows_only(monthly: Shop) -> None:
    for column in ("company_name", "phone", "address_line_2"):
        missing = sum(not row[column] for row in monthly.good)
        assert 0 < missing < len(monthly.good) * 0.9, column


@every_period
def test_no_row_is_later_than_its_file(shops: dict[str, Shop], granularity: str) -> None:
    found = shops[granularity]
    dated = [
        *((row, at(row)) for row in found.good + found.products),
        *((row, at(row, "ordered_at")) for row in found.orders),
    ]
    assert [row for row, moment in dated if moment.date() > row.dt] == []
    assert {row.dt for row, _ in dated} <= {FIRST + timedelta(n) for n in range(366)}
    # what lands last does so on the last day, as the marketplace does
    assert max(row.dt for row, _ in dated) == LAST


def test_sizes_are_in_proportion(monthly: Shop) -> None:
    assert len(by_key(monthly.good, "customer_id")) == 500
    assert 4.5 < len(monthly.customers) / 500 < 5.5
    assert len(by_key(monthly.products, "product_id")) == 50
    orders = by_key(monthly.orders, "order_id")
    assert 4 <= len(orders) / 500 < 4.2
    lines = by_key(monthly.orders, "order_id", "line_number")
    assert 2.3 < len(lines) / len(orders) < 2.7
    # numbered from 1 without a gap
    for (order,), rows in orders.items():
        assert sorted({int(row["line_number"]) for row in rows}) == list(
            range(1, len({row["line_number"] for row in rows}) + 1)
        ), order


def test_all_files_of_the_default_size_are_small(shops: dict[str, Shop]) -> None:
    for found in shops.values():
        assert sum(map(len, files(found.landing).values())) < 1_200_000


# ---- customers


def test_several_versions_of_a_customer_come_in_one_file(shops: dict[str, Shop]) -> None:
    """Even of a day."""
    several = 0
    for rows in by_key([row for row in shops["day"].good if row.is_regular], "customer_id").values():
        for _, of_file in itertools.groupby(rows, key=lambda row: row.path):
            of_file = list(of_file)
            several += len({at(row) for row in of_file}) >= 3 and len({row.of(COMPARED) for row in of_file}) >= 3
    assert several >= 5


@every_period
def test_late_changes_come_weeks_later_after_newer_ones(shops: dict[str, Shop], granularity: str) -> None:
    good = shops[granularity].good
    late = [row for row in good if re.search(r"customers-late-[\d-]+\.csv", row.path)]
    assert Counter(row["op"] for row in late) == {"U": 10, "D": 5, "I": 5}
    landed = by_key(good, "customer_id")
    for row in late:
        assert timedelta(42) <= datetime.combine(row.dt, time.max) - at(row)
        newer = [other for other in landed[row.of(("customer_id",))] if at(other) > at(row)]
        assert any(other.dt < row.dt and other.of(COMPARED) != row.of(COMPARED) for other in newer), row
    assert len({row.path for row in late}) == 4


@every_period
def test_some_customers_are_first_seen_by_a_change_since_their_insert_is_late(
    shops: dict[str, Shop], granularity: str
) -> None:
    found = shops[granularity]
    late_inserts = [rows for rows in by_key(found.good, "customer_id").values() if rows[0]["op"] == "U"]
    assert len(late_inserts) == 5
    orders = by_key(found.orders, "customer_id")
    for rows in late_inserts:
        (insert,) = [row for row in rows if row["op"] == "I" and "again" not in row.path]
        assert any(order.dt < insert.dt for order in orders[insert.of(("customer_id",))])


@every_period
def test_files_come_again_under_another_name(shops: dict[str, Shop], granularity: str) -> None:
    names: dict[bytes, list[str]] = defaultdict(list)
    for path, content in files(shops[granularity].landing).items():
        names[hashlib.sha256(content).digest()].append(path)
    again = [paths for paths in names.values() if len(paths) > 1]
    # of each feed the first late file, and where a file is a day, an export of customers, of products and of orders
    assert len(again) == (6 if granularity == "day" else 3)
    for paths in again:
        assert len({path.split("/")[-1] for path in paths}) == len(paths) == 2
        assert granularity == "all" or len({path.split("/")[2] for path in paths}) == 2


def test_rows_come_again_in_the_same_file_and_in_later_ones(monthly: Shop) -> None:
    for rows in (monthly.customers, monthly.orders):
        repeats = Counter()
        for same in by_key([row for row in rows if row.is_regular], *rows[0].columns).values():
            for other in same[1:]:
                repeats["same file" if other.path == same[0].path else "later file"] += 1
        assert repeats["same file"] >= 5
        assert repeats["later file"] >= 5
    products = by_key([row for row in monthly.products if row.is_regular], *monthly.products[0].columns)
    assert sum(len(same) - 1 for same in products.values()) >= 2


def test_deleted_customers_return_by_either_op_with_the_same_or_other_content(monthly: Shop) -> None:
    returns = Counter()
    gone = 0
    for history in monthly.histories:
        for row, following in itertools.pairwise(history):
            if row["op"] == "D":
                returns[following["op"], row.of(COMPARED) == following.of(COMPARED)] += 1
        gone += history[-1]["op"] == "D"
    assert min(returns["I", True], returns["I", False], returns["U", True], returns["U", False]) >= 2
    assert sum(returns.values()) == 10 + 5  # and those whose deletion comes late
    assert gone == 10


def test_an_order_falls_into_the_time_that_its_customer_was_deleted(monthly: Shop) -> None:
    orders = by_key(monthly.orders, "customer_id")
    found = 0
    for history in monthly.histories:
        for row, following in itertools.pairwise(history):
            if row["op"] == "D":
                ordered = [at(order, "ordered_at") for order in orders[row.of(("customer_id",))]]
                assert any(at(row) < moment < at(following) for moment in ordered)
                found += 1
    assert found == 15


def test_different_customers_share_first_and_last_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With so many names that it does not happen by chance."""
    monkeypatch.setattr(shop_rows, "FIRST_NAMES", tuple(f"Name{n}" for n in range(1000)))
    monkeypatch.setattr(shop_rows, "LAST_NAMES", tuple(f"Of{n} Such" for n in range(1000)))
    shop_rows._lists.cache_clear()
    try:
        write(tmp_path)
    finally:
        shop_rows._lists.cache_clear()
    persons = {}
    for rows in by_key([row for row in read(tmp_path, "customers") if is_good(row)], "customer_id").values():
        first = changes(rows)[0]
        persons.setdefault(first.of(("first_name", "last_name")), []).append(first)
    shared = [rows for rows in persons.values() if len(rows) > 1]
    assert len(shared) == 5
    for one, other in shared:
        assert one["customer_id"] != other["customer_id"]
        assert one["email"] != other["email"]
        assert one["address_line_1"] != other["address_line_1"]


def test_content_changes_and_changes_back(monthly: Shop) -> None:
    back = 0
    for history in monthly.histories:
        content = [row.of(COMPARED) for row in history]
        back += any(
            one == third != second for one, second, third in zip(content, content[1:], content[2:], strict=False)
        )
    assert back >= 5


def test_changes_of_one_thing_only_and_changes_of_nothing(monthly: Shop) -> None:
    kinds = Counter()
    for history in monthly.histories:
        for row, following in itertools.pairwise(history):
            if "D" not in (row["op"], following["op"]):
                changed = {column for column in COMPARED if row[column] != following[column]}
                kinds["nothing"] += not changed
                kinds["e-mail"] += changed == {"email"}
                kinds["address"] += bool(changed) and changed <= set(ADDRESS)
                kinds["town"] += "city" in changed
                kinds.update(changed if len(changed) == 1 else ())
    expected = {"nothing": 150, "e-mail": 350, "address": 350, "town": 150}
    expected |= {"phone": 200, "last_name": 50, "company_name": 100, "territory": 50}
    assert {kind: kinds[kind] for kind, least in expected.items() if kinds[kind] < least} == {}


def test_several_rows_of_a_customer_have_one_time_and_different_content(monthly: Shop) -> None:
    where = Counter()
    for rows in by_key(monthly.good, "customer_id", "updated_at").values():
        if len({row.of(COMPARED) for row in rows}) > 1:
            where["one file" if len({row.path for row in rows}) == 1 else "two files"] += 1
    assert where == {"one file": 3, "two files": 2}


def test_some_changes_are_dated_before_the_registration(monthly: Shop) -> None:
    early = [row for row in monthly.good if at(row).date() < date.fromisoformat(row["registration_date"])]
    customers = by_key(early, "customer_id")
    assert len(customers) == 5
    assert all({"I", "U"} <= {row["op"] for row in rows} for rows in customers.values())


def test_registration_never_changes(monthly: Shop) -> None:
    assert all(len({row["registration_date"] for row in history}) == 1 for history in monthly.histories)


def test_some_regular_rows_come_days_after_their_change(shops: dict[str, Shop]) -> None:
    delays = Counter((row.dt - at(row).date()).days for row in shops["day"].good if row.is_regular and row.dt > FIRST)
    assert min(delays[1], delays[2], delays[3]) >= 5
    assert delays[0] > 20 * delays[1]


@pytest.mark.parametrize(
    ("granularity", "customers"), [*((granularity, 500) for granularity in EVERY_PERIOD), ("month", 2_000)]
)
def test_a_few_rows_are_bad_and_few_enough(
    tmp_path: Path, shops: dict[str, Shop], granularity: str, customers: int
) -> None:
    if customers == 500:
        rows = shops[granularity].customers
    else:
        write(tmp_path, customers, granularity=granularity)
        rows = read(tmp_path, "customers")
    bad = [row for row in rows if not is_good(row)]
    kinds = Counter()
    for row in bad:
        kinds["no id"] += not row["customer_id"]
        kinds["unknown op"] += row["op"] == "X"
        try:
            kinds["ahead"] += at(row) > datetime.combine(row.dt, time.max) + timedelta(1)
        except ValueError:
            kinds["no time"] += 1
    assert kinds == dict.fromkeys(("no id", "unknown op", "ahead", "no time"), customers // 500)
    assert len(bad) / len(rows) < 0.002
    # they would show where they are taken for good: nobody else has their e-mail
    assert not {row["email"] for row in bad} & {row["email"] for row in rows if is_good(row)}


# ---- products


def test_products_change_price_stock_and_name(monthly: Shop) -> None:
    kinds = Counter()
    products = Counter()
    for rows in by_key(monthly.products, "product_id").values():
        history = changes(rows)
        for row, following in itertools.pairwise(history):
            changed = {
                column
                for column in ("product_name", "category", "price", "stock_quantity")
                if row[column] != following[column]
            }
            kinds[", ".join(sorted(changed))] += 1
        prices = [price for price, _ in itertools.groupby(row["price"] for row in history)]
        products["back"] += any(one == third for one, third in zip(prices, prices[2:], strict=False))
        products["renamed"] += len({row["product_name"] for row in history}) > 1
        products["launched"] += at(history[0]).date() > FIRST
        times = by_key(rows, "updated_at")
        products["same time"] += any(len({row.values for row in same}) > 1 for same in times.values())
    assert kinds["price, stock_quantity"] + kinds["price"] > 100
    assert kinds["stock_quantity"] > 50
    assert kinds[""] >= 2
    assert min(products[kind] for kind in ("back", "renamed", "same time")) >= 2
    assert products["launched"] == 10


@every_period
def test_price_changes_come_late_after_newer_ones(shops: dict[str, Shop], granularity: str) -> None:
    rows = shops[granularity].products
    late = [row for row in rows if re.search(r"products-late-[\d-]+\.csv", row.path)]
    assert len(late) == 3
    for row in late:
        others = by_key(rows, "product_id")[row.of(("product_id",))]
        assert any(other.dt < row.dt and at(other) > at(row) for other in others)
        before = max((other for other in others if at(other) < at(row)), key=at)
        assert before["price"] != row["price"]


# ---- orders


def line_histories(rows: list[Landed]) -> list[list[Landed]]:
    """The different rows of each line, in landing order."""
    lines = by_key(rows, "order_id", "line_number").values()
    return [[next(same) for _, same in itertools.groupby(line, key=lambda row: row.values)] for line in lines]


@every_period
def test_lines_are_cancelled_and_corrected_later(shops: dict[str, Shop], granularity: str) -> None:
    found = Counter()
    for line in line_histories(shops[granularity].orders):
        if len(line) > 1:
            first, second = line
            assert first.of(("customer_id", "product_id", "ordered_at", "unit_price")) == second.of(
                ("customer_id", "product_id", "ordered_at", "unit_price")
            )
            kind = "cancelled" if int(second["quantity"]) == -int(first["quantity"]) else "corrected"
            assert kind == "cancelled" or int(second["quantity"]) > int(first["quantity"]) > 0
            assert (second.dt, second.path, second.number) > (first.dt, first.path, first.number)
            found[kind, "later dt" if second.dt > first.dt else "same dt"] += 1
    for kind in ("cancelled", "corrected"):
        assert found[kind, "later dt"] >= 20
        assert 45 <= found[kind, "later dt"] + found[kind, "same dt"] <= 50


def test_a_repeated_file_does_not_undo_a_correction(shops: dict[str, Shop]) -> None:
    """The last row of a line is the corrected one, whatever came again."""
    for found in shops.values():
        for rows in by_key(found.orders, "order_id", "line_number").values():
            quantities = [quantity for quantity, _ in itertools.groupby(row["quantity"] for row in rows)]
            assert len(quantities) == len(set(quantities))


@every_period
def test_lines_come_late(shops: dict[str, Shop], granularity: str) -> None:
    lines = by_key(shops[granularity].orders, "order_id", "line_number").values()
    late = [line[0] for line in lines if all("late" in row.path for row in line)]
    assert len({row["order_id"] for row in late}) == 20
    assert all(row.dt - at(row, "ordered_at").date() >= timedelta(35) for row in late)


def test_orders_of_unknown_customers_and_of_unknown_products(monthly: Shop) -> None:
    customers = {row["customer_id"] for row in monthly.customers}
    products = {row["product_id"] for row in monthly.products}
    orders = by_key(monthly.orders, "order_id")
    unknown = Counter()
    for rows in orders.values():
        unknown["no customer"] += not rows[0]["customer_id"]
        unknown["strange customer"] += bool(rows[0]["customer_id"]) and rows[0]["customer_id"] not in customers
        unknown["no product"] += any(not row["product_id"] for row in rows)
        unknown["strange product"] += any(row["product_id"] and row["product_id"] not in products for row in rows)
    # half a percent of 2,000 orders each; and of the few orders that belong to a customer's story
    assert all(10 <= unknown[kind] <= 12 for kind in unknown)
    assert len(unknown) == 4


@every_period
def test_orders_come_before_the_customer_change_that_they_fall_after(shops: dict[str, Shop], granularity: str) -> None:
    found = shops[granularity]
    orders = by_key(found.orders, "customer_id")
    histories = {history[0]["customer_id"]: history for history in found.histories}
    for late in (row for row in found.good if re.search(r"customers-late-[\d-]+\.csv", row.path)):
        newer = min(at(row) for row in histories[late["customer_id"]] if at(row) > at(late))
        before = [
            order
            for order in orders[late.of(("customer_id",))]
            if at(late) <= at(order, "ordered_at") < newer and order.dt < late.dt
        ]
        assert before, late


def test_amounts_are_quantity_times_the_price_that_held_when_ordered(monthly: Shop) -> None:
    histories = {rows[0]["product_id"]: changes(rows) for rows in by_key(monthly.products, "product_id").values()}
    priced = 0
    for row in monthly.orders:
        assert Decimal(row["total_amount"]) == int(row["quantity"]) * Decimal(row["unit_price"])
        if row["product_id"] in histories:
            held = [
                version["price"] for version in histories[row["product_id"]] if at(version) <= at(row, "ordered_at")
            ]
            assert row["unit_price"] == held[-1]
            priced += 1
    assert priced > 5_000


def test_no_order_is_older_than_its_customer_or_product(monthly: Shop) -> None:
    for feed, key in (("good", "customer_id"), ("products", "product_id")):
        since = {rows[0][key]: min(map(at, rows)) for rows in by_key(getattr(monthly, feed), key).values()}
        early = [row for row in monthly.orders if row[key] in since and at(row, "ordered_at") < since[row[key]]]
        assert early == [], feed


# ---- the same again, whole or in pieces


def body(landing: Path) -> Counter[tuple[str, str]]:
    """How often each line comes in each feed, without the headers."""
    return Counter(
        (path.split("/")[1], line)
        for path, content in files(landing).items()
        for line in content.decode().splitlines()[1:]
    )


def regular(landing: Path) -> list[str]:
    """The lines of the regular files in order of their paths, without the headers."""
    found = files(landing).items()
    return [
        line
        for path, content in found
        if re.search(r"-\d{3}\.csv$", path)
        for line in content.decode().splitlines()[1:]
    ]


def test_two_runs_give_the_same_bytes_and_another_seed_or_size_gives_others(tmp_path: Path, monthly: Shop) -> None:
    write(tmp_path / "again", granularity="month")
    write(tmp_path / "seed", granularity="month", seed=2)
    write(tmp_path / "size", 501, granularity="month")
    assert files(tmp_path / "again") == files(monthly.landing)
    assert files(tmp_path / "size") != files(monthly.landing)
    assert not set(body(tmp_path / "seed")) & set(body(monthly.landing))


def test_the_rows_are_the_same_with_any_granularity(shops: dict[str, Shop]) -> None:
    """Also in their order; what comes late or again has the same bytes."""
    for granularity in EVERY_PERIOD[1:]:
        assert regular(shops[granularity].landing) == regular(shops["day"].landing)
        other, daily = (
            {path.split("/")[-1]: content for path, content in files(shops[name].landing).items()}
            for name in (granularity, "day")
        )
        names = {name for name in other if "late" in name or "resent" in name}
        assert len(names) == 4 * 3 - 1 + 3 + 3  # no product of 50 is late on the last day
        assert {name: other[name] for name in names} == {
            name: content for name, content in daily.items() if "late" in name or "resent" in name
        }


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # Shrinking a failure takes minutes, and tells little more
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    cuts=st.lists(st.dates(FIRST - timedelta(3), LAST + timedelta(3)), max_size=3, unique=True).map(sorted),
    granularity=st.sampled_from(EVERY_PERIOD),
    file_rows=st.sampled_from([shop.ROWS_PER_FILE, 97, 31]),
)
def test_pieces_that_meet_make_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    monthly: Shop,
    cuts: list[date],
    granularity: str,
    file_rows: int,
) -> None:
    landing = tmp_path_factory.mktemp("pieces")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shop, "ROWS_PER_FILE", file_rows)
        for start, end in itertools.pairwise([None, *cuts, None]):
            write(landing, from_=start and start + timedelta(1), to=end, granularity=granularity)
    assert regular(landing) == regular(monthly.landing)
    assert body(landing) == body(monthly.landing)


@pytest.mark.parametrize(("granularity", "expected"), [("all", 1), ("month", 12), ("week", 53), ("day", 365)])
def test_a_file_is_named_for_the_last_day_of_its_period(
    shops: dict[str, Shop], granularity: str, expected: int
) -> None:
    ends = {
        "day": lambda day: day,
        "week": lambda day: day + timedelta((5 - day.weekday()) % 7),
        "month": lambda day: (day.replace(day=1) + timedelta(32)).replace(day=1) - timedelta(1),
        "all": lambda day: LAST,
    }
    end = ends[granularity]
    dts = sorted({min(end(FIRST + timedelta(n)), LAST - timedelta(1)) for n in range(365)})
    assert len(dts) == expected
    found = [path for path in files(shops[granularity].landing) if path.endswith("orders-001.csv")]
    # by day some have no orders
    assert set(found) <= {f"shop/orders/dt={dt}/orders-001.csv" for dt in dts}
    assert len(found) > 0.98 * expected
    assert f"shop/customers/dt={min(end(date(2023, 8, 19)), LAST)}/customers-late-2023-08-19.csv" in files(
        shops[granularity].landing
    )


def test_a_range_ends_on_its_last_day(tmp_path: Path) -> None:
    write(tmp_path, from_=date(2023, 5, 1), to=date(2023, 6, 10))
    customers = [path for path in files(tmp_path) if "/customers/" in path]
    assert customers == [
        "shop/customers/dt=2023-06-10/customers-001.csv",
        "shop/customers/dt=2023-06-10/customers-late-2023-05-20.csv",
    ]
    sent = [row for row in read(tmp_path, "orders") if row.is_regular]
    assert {row.dt for row in sent} == {date(2023, 6, 10)}
    assert min(at(row, "ordered_at") for row in sent) > datetime(2023, 3, 1)


def test_dates_without_rows_write_no_file(tmp_path: Path) -> None:
    results = write(tmp_path, from_=date(2024, 3, 1))
    assert [(result.feed, result.files, result.rows) for result in results] == [
        ("customers", 0, 0),
        ("products", 0, 0),
        ("orders", 0, 0),
    ]


@pytest.mark.parametrize("customers", [1, 2, 19, 101])
def test_a_shop_of_any_size_is_whole(tmp_path: Path, customers: int) -> None:
    write(tmp_path, customers, granularity="month")
    assert len(by_key([row for row in read(tmp_path, "customers") if is_good(row)], "customer_id")) == customers
    assert len(by_key(read(tmp_path, "products"), "product_id")) == 20
    assert len(by_key(read(tmp_path, "orders"), "order_id")) >= 4 * customers


# ---- in the landing zone


def test_a_second_run_touches_nothing_and_a_deleted_file_comes_back(tmp_path: Path) -> None:
    write(tmp_path, granularity="month")
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in files(tmp_path)}
    assert sum(result.new for result in write(tmp_path, granularity="month")) == 0
    lost = tmp_path / "shop/customers/dt=2023-05-31/customers-late-2023-05-20.csv"
    content = lost.read_bytes()
    lost.unlink()
    assert {result.feed: result.new for result in write(tmp_path, granularity="month") if result.new} == {
        "customers": 1
    }
    assert lost.read_bytes() == content
    after = {path: (tmp_path / path).stat().st_mtime_ns for path in files(tmp_path)}
    assert [path for path in before if before[path] != after[path]] == [str(lost.relative_to(tmp_path))]


@pytest.mark.parametrize("other", [{"customers": 501}, {"seed": 2}])
def test_another_size_or_seed_does_not_mix_with_what_is_there(tmp_path: Path, other: dict[str, int]) -> None:
    write(tmp_path)
    before = files(tmp_path)
    # other dates, so that no file stands in another's way
    with pytest.raises(UserError, match="20 files of 500 customers and seed 1 .*another RETAIL_LANDING") as error:
        write(tmp_path, **other, to=date(2023, 6, 10))
    assert "\n" not in str(error.value)
    assert files(tmp_path) == before


def test_the_shop_needs_no_generator_and_leaves_the_other_sources_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tpcds, "generated", None)
    sample.write_sample(tmp_path, sources=["marketplace"], rows=300)
    write(tmp_path, scale=1, rows=400)
    remembered = json.loads((tmp_path / sample.MARKER).read_text())
    assert remembered["made"] == {"marketplace": "300 rows and seed 1", "shop": "500 customers and seed 1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [sample.MARKER, "marketplace", "shop"]


@pytest.mark.slow
def test_a_million_customers_are_written_in_bounded_memory(tmp_path: Path) -> None:
    script = (
        "import resource, sys\nfrom pathlib import Path\nfrom retail import sample\n"
        "for result in sample.write_sample(Path(sys.argv[1]), sources=['shop'], shop_customers=1_000_000):\n"
        "    print(result.rows)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    try:
        # a file: with -c DuckDB takes the process for a person's, and draws a progress bar on standard output
        (tmp_path / "write.py").write_text(script)
        done = subprocess.run(
            [sys.executable, tmp_path / "write.py", str(tmp_path / "landing")],
            capture_output=True,
            text=True,
            check=True,
        )
        customers, products, orders, peak = map(int, done.stdout.split())
        assert customers > 5_000_000
        assert products > 900_000
        assert orders > 10_000_000
        assert peak < 2 * 2**20  # kB
        assert max(path.stat().st_size for path in tmp_path.rglob("*.csv")) < 250e6
    finally:
        shutil.rmtree(tmp_path)
