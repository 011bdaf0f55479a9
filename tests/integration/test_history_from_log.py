"""Histories made from a log of changes, and the facts that point to them, against a plain model of their definition.

Hypothesis draws many small worlds: a few changes of two customers and a product, a few orders, spread at random over files. All worlds land
together, in files of their own rows, so that one run of dbt tries hundreds. A file arrives in one of several runs, in no order.
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from history_model import Version, held_at, history, key_of
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from conftest import Warehouse, new_warehouse

COMPARED = (
    "first_name", "last_name", "company_name", "email", "phone", "address_line_1", "address_line_2", "city", "state", "postal_code",
    "country", "territory",
)  # fmt: skip
COLUMNS = {
    "customers": ("customer_id", *COMPARED, "registration_date", "updated_at", "op"),
    "products": ("product_id", "product_name", "category", "price", "stock_quantity", "updated_at"),
    "orders": (
        "order_id", "line_number", "customer_id", "product_id", "ordered_at", "quantity", "unit_price", "total_amount",
    ),
}  # fmt: skip
# Where files land below the feed: names that other orders than that of bytes sort otherwise, folders before and after `dt=`, one without a day.
NAMES = ("B.csv", "a.csv", "part-10.csv", "part-9.csv")
SLOTS = (
    *(f"dt=2024-01-0{day}/{name}" for day in range(1, 5) for name in NAMES),
    "again/dt=2024-01-04/z.csv",
    "late/dt=2024-01-02/a.csv",
    "nowhen.csv",
)
MODELS = (
    "stg_landing__files", "stg_shop__orders", "int_passed_over_rows", "int_shop__customer_versions", "int_shop__product_versions",
    "dim_customers_history", "dim_products_history", "fct_sales",
)  # fmt: skip
NEEDED = ("--select", "+fct_sales", "+dim_customers", "+dim_products_history")
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
TESTS = (
    "every_change_of_the_shop_is_in_its_history", "the_history_of_customers_is_whole", "the_versions_in_dim_products_history_form_one_line_in_time",
    "every_landed_row_is_accounted_for", "accepted_rows_are_in_gold",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A row of a file: its feed, the file, and its fields as they stand in it."""

    feed: str
    slot: str
    fields: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"{self.feed}/{self.slot}: " + ", ".join(f"{name}={text!r}" for name, text in self.fields if text)


World = list[Line]

# Few moments, so that equal ones occur, in the forms that are read as one; the last two are more than a day after an early file.
MOMENTS = (
    "2024-01-01 00:00:00", "2024-01-01", "2024-01-01T00:00:00Z", "2024-01-01 10:00:00", "2024-01-01 10:00:00.000001", "2024-01-02 00:00:00",
    "2024-01-02T00:00:00.000001", "2024-01-02 00:00:00.5", "2024-01-03 09:00:00", "2024-01-03T09:00:00Z", "2023-06-01 00:00:00",
    "2024-01-05 00:00:00", "2024-01-05 00:00:01",
)  # fmt: skip
NO_MOMENTS = (
    *("", " ", "yesterday", "2024-13-01 00:00:00", "02/01/2024", "1989-12-31 00:00:00"),
    *("2024-01-02 24:00:00", "2024-01-02 08:00:00.5+02", "2024-01-02 08:00:00+02:00"),
)


def mostly(usual: tuple[str, ...], unusual: tuple[str, ...]) -> st.SearchStrategy[str]:
    """A usual text, once in twenty times an unusual one."""
    return st.integers(0, 19).flatmap(lambda chance: st.sampled_from(unusual if chance == 19 else usual))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Two customers, a product, their changes and orders. `#` in an id stands for the world's number, `@0` and `@1` for two of the attributes: filled in later."""
    varied = ("@0", "@1")[: draw(st.integers(1, 2))]
    slots = draw(st.lists(st.sampled_from(SLOTS), min_size=1, max_size=4, unique=True))
    slot = st.sampled_from(slots)
    texts = st.sampled_from(("", "  ", "A", "B", "a"))
    customer = st.fixed_dictionaries(
        {
            "customer_id": mostly(("#a", "#a", "#b", " #a"), ("", " ")),
            **{name: texts for name in varied},
            "registration_date": st.sampled_from(("", "2020-05-05", "2024-01-04")),
            "updated_at": mostly(MOMENTS, NO_MOMENTS),
            "op": mostly(("I", "U", "D"), ("", "X", "d")),
        }
    )
    product = st.fixed_dictionaries(
        {
            "product_id": mostly(("#p",), ("",)),
            "product_name": texts,
            "category": st.sampled_from(("", "C")),
            "price": mostly(("1", "1.00", "2.50", ""), ("cheap",)),
            "stock_quantity": mostly(("5", "5.0", "7", ""), ("many",)),
            "updated_at": mostly(MOMENTS, NO_MOMENTS),
        }
    )
    order = st.fixed_dictionaries(
        {
            "order_id": mostly(("#1", "#2"), ("",)),
            "line_number": st.sampled_from(("1", "2")),
            "customer_id": mostly(("#a", "#b"), ("#unknown", "")),
            "product_id": mostly(("#p",), ("#unknown", "")),
            "ordered_at": mostly(MOMENTS, ("", "1999-01-01 00:00:00", "2030-01-01 00:00:00", "soon")),
            "quantity": st.sampled_from(("1", "-1", "")),
            "unit_price": st.sampled_from(("2.00", "")),
        }
    )
    lines = [
        Line(feed, draw(slot), tuple(draw(fields).items()))
        for feed, fields, sizes in (
            ("customers", customer, (2, 8)),
            ("products", product, (1, 4)),
            ("orders", order, (1, 4)),
        )
        for _ in range(draw(st.integers(*sizes)))
    ]
    # rows that come again, and a whole file under another name
    again = draw(st.lists(st.sampled_from(lines), max_size=2)) if lines else []
    copied, copy = draw(slot), draw(st.sampled_from(SLOTS))
    repeats = (
        [Line(line.feed, copy, line.fields) for line in lines if line.slot == copied] if draw(st.booleans()) else []
    )
    return [*lines, *again, *repeats]


def drawn(count: int, seed_number: int) -> list[World]:
    """Random worlds, the same for the same seed."""
    found: list[World] = []

    @seed(seed_number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def keep(world: World) -> None:
        found.append(world)

    keep()
    return [[filled_in(line, number) for line in world] for number, world in enumerate(found)]


def filled_in(line: Line, number: int) -> Line:
    """The line in the world of a number: its ids, and two of the attributes, so that each is alone in many worlds."""
    attributes = len(COMPARED)
    names = {
        "@0": COMPARED[number % attributes],
        "@1": COMPARED[(number + 1 + number // attributes % (attributes - 1)) % attributes],
    }
    return Line(
        line.feed,
        line.slot,
        tuple((names.get(name, name), text.replace("#", f"{number}-")) for name, text in line.fields),
    )


# --- the model ---------------------------------------------------------------------------------------------------------------------------


def blank_to_none(text: str) -> str | None:
    return text.strip(" ") or None


def moment_of(text: str) -> datetime | None:
    """The moment that a text names, None where it names none inside the calendar."""
    try:
        moment = datetime.fromisoformat(text.strip().removesuffix("Z"))
    except ValueError:
        return None
    # an offset is refused, not converted; so is 24:00:00, which newer Pythons read
    return moment if moment.tzinfo is None and "24:00" not in text and 1990 <= moment.year <= 2035 else None


def day_of(slot: str) -> date | None:
    """The business date in a path."""
    return date.fromisoformat(slot.split("dt=")[1][:10]) if "dt=" in slot else None


def in_time(line: Line, updated_at: datetime | None) -> bool:
    """Whether a change has a moment, not more than a day after its file's date."""
    day = day_of(line.slot)
    return (
        updated_at is not None
        and day is not None
        and updated_at - datetime.combine(day, datetime.min.time()) <= timedelta(days=1)
    )


@dataclass(frozen=True)
class Expected:
    """Rows that gold must have of one world."""

    customers: Counter
    last_customers: Counter
    products: Counter
    sales: Counter


def expected(world: World) -> Expected:
    """What gold has to say of the lines of a world that have landed."""
    # the order of rows: date, path as bytes, place in the file (the order of the list)
    landed = sorted(
        (line for line in world if day_of(line.slot)),
        key=lambda line: (day_of(line.slot), f"{line.feed}/{line.slot}".encode()),
    )
    customer_changes: dict[str, list[tuple[datetime, Any]]] = {}
    product_changes: dict[str, list[tuple[datetime, Any]]] = {}
    orders: dict[tuple[str, str], dict[str, str | None]] = {}
    for line in landed:
        fields = {name: None for name in COLUMNS[line.feed]} | {name: blank_to_none(text) for name, text in line.fields}
        updated_at = moment_of(fields.get("updated_at") or "")
        if (
            line.feed == "customers"
            and fields["customer_id"]
            and fields["op"] in ("I", "U", "D")
            and in_time(line, updated_at)
        ):
            state = {name: fields[name] for name in (*COMPARED, "registration_date")}
            customer_changes.setdefault(fields["customer_id"], []).append(
                (updated_at, None if fields["op"] == "D" else state)
            )
        if line.feed == "products" and fields["product_id"] and in_time(line, updated_at):
            if fields["price"] == "cheap" or fields["stock_quantity"] == "many":
                continue
            state = {
                "product_name": fields["product_name"],
                "category": fields["category"],
                "price": Decimal(fields["price"]) if fields["price"] else None,
                "stock_quantity": int(float(fields["stock_quantity"])) if fields["stock_quantity"] else None,
            }
            product_changes.setdefault(fields["product_id"], []).append((updated_at, state))
        if line.feed == "orders" and fields["order_id"] and fields["ordered_at"] != "soon":
            orders[fields["order_id"], fields["line_number"]] = fields
    customers = {
        name: history(changes, lambda one, other: all(one[column] == other[column] for column in COMPARED))
        for name, changes in customer_changes.items()
    }
    products = {name: history(changes) for name, changes in product_changes.items()}
    return Expected(
        customers=Counter(customer_row(name, version) for name, versions in customers.items() for version in versions),
        last_customers=Counter(
            last_customer_row(name, max(versions, key=lambda version: version.valid_from))
            for name, versions in customers.items()
            if versions
        ),
        products=Counter(product_row(name, version) for name, versions in products.items() for version in versions),
        sales=Counter(sales_row(*key, order, customers, products) for key, order in orders.items()),
    )


def key(name: str, version: Version) -> str:
    return key_of("shop", name, version.changed_at)


def attributes(state: Any) -> tuple[Any, ...]:
    joined = [
        " ".join(part for part in (state[one], state[other]) if part) or None
        for one, other in (("first_name", "last_name"), ("address_line_1", "address_line_2"))
    ]
    registration = date.fromisoformat(state["registration_date"]) if state["registration_date"] else None
    return (*(state[column] for column in COMPARED), registration, *joined)


def customer_row(name: str, version: Version) -> tuple[Any, ...]:
    return (
        *last_customer_row(name, version)[:-1],
        version.valid_to,
        version.held_until,
        version.is_current,
        version.is_deleted,
    )


def last_customer_row(name: str, version: Version) -> tuple[Any, ...]:
    return (
        key(name, version), f"shop:{name}", name, name, *attributes(version.state), version.changed_at, version.valid_from, version.is_deleted
    )  # fmt: skip


def product_row(name: str, version: Version) -> tuple[Any, ...]:
    return (
        key(name, version), f"shop:{name}", name, *version.state.values(), version.changed_at, version.valid_from, version.valid_to, version.is_current
    )  # fmt: skip


def sales_row(order_id: str, line: str, order: Any, customers: Any, products: Any) -> tuple[Any, ...]:
    ordered_at = moment_of(order["ordered_at"] or "")
    found = []
    for name, versions in ((order["customer_id"], customers), (order["product_id"], products)):
        version = held_at(versions.get(name, []), ordered_at)
        found += [key(name, version), f"shop:{name}"] if version else ["-1", "unknown"]
    return (order_id, line, order["customer_id"], order["product_id"], ordered_at, *found)


QUERIES = {
    "customers": f"""
        select
            customer_key, customer_id, source_customer_id, customer_code, {", ".join(COMPARED)}, registration_date, full_name, street_address,
            changed_at, valid_from, valid_to, held_until, is_current, is_deleted
        from gold.dim_customers_history where not is_unknown
    """,
    "last_customers": f"""
        select
            customer_key, customer_id, source_customer_id, customer_code, {", ".join(COMPARED)}, registration_date, full_name, street_address,
            changed_at, valid_from, is_deleted
        from gold.dim_customers where not is_unknown
    """,
    "products": """
        select
            product_key, product_id, source_product_id, product_name, category_name, current_price, stock_quantity, changed_at, valid_from, valid_to,
            is_current
        from gold.dim_products_history where not is_unknown
    """,
    "sales": """
        select
            order_id, line_id, source_bill_customer_id, source_product_id, sold_at, customer_key, customer_id, product_key, product_id
        from gold.fct_sales
    """,
}


# --- landing and comparing ---------------------------------------------------------------------------------------------------------------


def land(warehouse: Warehouse, lines: list[Line]) -> None:
    """Write the lines as files, in their order."""
    files: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        files.setdefault((line.feed, line.slot), []).append(line)
    for (feed, slot), rows in files.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS[feed], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(dict(line.fields) for line in rows)
        path = warehouse.landing / "shop" / feed / slot
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue())


def difference(warehouse: Warehouse, arrived: list[World]) -> str:
    """What gold has otherwise than the model, for the smallest world where it has; empty where they agree."""
    wanted = [expected(world) for world in arrived]
    for table, sql in QUERIES.items():
        with warehouse.connect() as connection:
            rows = Counter(tuple(row) for row in connection.execute(sql).fetchall())
        expected_rows = sum((getattr(world, table) for world in wanted), Counter())
        if rows == expected_rows:
            continue
        wrong = (rows - expected_rows) + (expected_rows - rows)
        id_column = 0 if table == "sales" else 2
        numbers = {int(row[id_column].split("-")[0]) for row in wrong}
        number = min(numbers, key=lambda number: len(arrived[number]))
        return "\n".join(
            [
                f"{table}: {len(numbers)} of {len(arrived)} worlds differ; the smallest:",
                *map(repr, arrived[number]),
                "missing:",
                *(str(row) for row in expected_rows - rows if row[id_column].startswith(f"{number}-")),
                "instead:",
                *(str(row) for row in rows - expected_rows if row[id_column].startswith(f"{number}-")),
            ]
        )
    return ""


def run_worlds(warehouse: Warehouse, count: int, runs: int, seed_number: int, first: tuple[str, ...] = NEEDED) -> None:
    """Land the worlds' files over some runs, compare gold with the model after each, and with a full refresh in the end.

    `first` says what to build in the first run; everything where it is empty.
    """
    random = Random(seed_number)
    arrives = {(feed, slot): random.randrange(runs) for feed in COLUMNS for slot in SLOTS}
    all_worlds = drawn(count, seed_number)
    arrived: list[World] = [[] for _ in all_worlds]
    for run in range(runs):
        landing = [[line for line in world if arrives[line.feed, line.slot] == run] for world in all_worlds]
        land(warehouse, [line for world in landing for line in world])
        # the rows of a world as they stand in the list of all of them
        arrived = [[line for line in world if arrives[line.feed, line.slot] <= run] for world in all_worlds]
        warehouse.run("retail", "load")
        if run == 0:
            warehouse.run("dbt", "build", *NO_TESTS, *first)
        else:
            warehouse.run("dbt", "run", "--select", *MODELS)
        assert not (found := difference(warehouse, arrived)), f"after run {run + 1} of {runs}: {found}"
    warehouse.run("dbt", "run", "--full-refresh", "--select", *MODELS)
    assert not (found := difference(warehouse, arrived)), f"after a full refresh: {found}"


@pytest.mark.slow
def test_histories_from_the_log_and_the_facts_are_as_their_definition_has_them_after_every_run(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    run_worlds(new_warehouse(tmp_path_factory.mktemp("log")), count=300, runs=3, seed_number=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed_number", range(2, 6))
def test_histories_from_many_logs_are_as_their_definition_has_them_after_every_run(
    tmp_path_factory: pytest.TempPathFactory, seed_number: int
) -> None:
    warehouse = new_warehouse(tmp_path_factory.mktemp("logs"))
    run_worlds(warehouse, count=1000, runs=seed_number % 4 + 1, seed_number=seed_number, first=())
    # the project's own tests of what holds for every log have no complaint
    warehouse.run("dbt", "run", "--select", "int_file_outcomes", "int_rejected_rows", "audit")
    warehouse.run("dbt", "test", "--select", *TESTS)
