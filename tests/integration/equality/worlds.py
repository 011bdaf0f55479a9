"""Sequences by chance: small worlds (a few items, customers, warehouses and what happened to them), and the nights over them.

Hypothesis draws both, so the simple and the equal come up often: two changes at one moment, the same key again. A build costs
seconds however few rows it has, so several worlds share a database, with ids of their own; the nights (what landed when,
what went wrong) are drawn for all of them together.

In a world, of every kind: rows that come late, again, corrected, out of order, in several files; corrections that move a line
to another day, warehouse or customer; counts after their week's sales, and withdrawn; customers and products whose versions come
after the sale; keys that are missing from a state extract and return; rows that are rejected, and their corrected forms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from equality.sequences import RAGGED, File, Row, Run, Sequence

# A Sunday; the weeks reach over New Year.
FIRST_DAY = date(2023, 12, 17)
DAYS = 42
RUNS = 4
SOURCES = ("ops", "inventory", "shop", "marketplace")
# TPC-DS counts days from here.
DAY_NUMBER_1900 = 2415022
HISTORY_FEEDS = (
    "customer",
    "customer_address",
    "customer_demographics",
    "household_demographics",
    "income_band",
    "store",
    "warehouse",
    "promotion",
)
Values = dict[str, Any]
Drawn = TypeVar("Drawn")


def day_of_run(run: int) -> date:
    """The business date of what a run lands in time."""
    return FIRST_DAY + timedelta(days=14 + 7 * run)


def day_number(day: int | None) -> int | None:
    """The key of a day in the operational source; days count from FIRST_DAY."""
    return None if day is None else DAY_NUMBER_1900 + (FIRST_DAY + timedelta(days=day) - date(1900, 1, 2)).days


def day_of(text: str) -> int:
    """The key of a day that a file writes as YYYY-MM-DD."""
    return DAY_NUMBER_1900 + (date.fromisoformat(text) - date(1900, 1, 2)).days


# -- a world ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Landing:
    """Where a row lands: with which run, under the date of how many runs before, in a file that sorts before or after others."""

    run: int
    late: int
    name: str
    again: bool


@dataclass(frozen=True)
class Form:
    """One form of a row of a log: its values, and where it lands."""

    feed: str
    values: Values
    landing: Landing


@dataclass(frozen=True)
class World:
    """forms: the rows of logs. states: for each thing of a state feed its form in each run's extract, 0 where it is missing."""

    forms: tuple[Form, ...]
    states: dict[tuple[str, int], tuple[int, ...]]


def some(*values: object) -> st.SearchStrategy:
    """One of some values; what stands more often comes more often."""
    return st.sampled_from(values)


LANDINGS = st.builds(
    Landing, st.integers(0, RUNS - 1), some(0, 0, 0, 1, 2), some("a", "b", "c"), some(False, False, False, True)
)
# the days are few, so that things meet: ends and beginnings of weeks and of the year, days before and after a file's own
DAY = some(1, 6, 13, 13, 14, 14, 15, 20, 22, 28, 35)
# the shop dates its changes, and one dated after its file is rejected
CHANGE_DAY = some(1, 6, 6, 13, 13, 14, 14, 15, 20, 28)
DAY_OR_NONE = some(1, 6, 13, 14, 15, 20, 22, 28, 35, None)
QUANTITY = some(1, 2, 5, 40, -1, None)
PRICE = some("1.25", "10.00", "0.99", None)
AMOUNT = some("12.50", "-3.10", "0.00", None)
SECOND = some(None, 0, 43200, 86399)
ITEM = some(1, 2, 3, 4)
THING = some(1, 2, 3, None)
KEY = some(1, 2, 2, 1, None)


def _sales(prefix: str, order: str, customer: str, places: tuple[str, ...]) -> tuple[dict, dict]:
    key = {f"{prefix}_{order}": KEY, f"{prefix}_item_sk": ITEM}
    values = {
        f"{prefix}_sold_date_sk": DAY_OR_NONE,
        f"{prefix}_sold_time_sk": SECOND,
        f"{prefix}_{customer}": THING,
        f"{prefix}_promo_sk": THING,
        f"{prefix}_quantity": QUANTITY,
        f"{prefix}_sales_price": PRICE,
        f"{prefix}_ext_sales_price": AMOUNT,
        f"{prefix}_net_profit": AMOUNT,
        **{f"{prefix}_{place}": THING for place in places},
    }
    return key, values


def _returns(
    prefix: str, order: str, customers: tuple[str, ...], amount: str, places: tuple[str, ...]
) -> tuple[dict, dict]:
    key = {f"{prefix}_{order}": KEY, f"{prefix}_item_sk": ITEM}
    values = {
        f"{prefix}_returned_date_sk": DAY_OR_NONE,
        f"{prefix}_return_quantity": QUANTITY,
        f"{prefix}_{amount}": AMOUNT,
        f"{prefix}_net_loss": AMOUNT,
        f"{prefix}_reason_sk": THING,
        **{f"{prefix}_{customer}": THING for customer in customers},
        **{f"{prefix}_{place}": THING for place in places},
    }
    return key, values


# Of each log: how many keys at most, the columns of the key, the others. What a name stands for is made of numbers when it lands.
LOGS: dict[str, tuple[int, dict, dict]] = {
    "ops.store_sales": (2, *_sales("ss", "ticket_number", "customer_sk", ("store_sk",))),
    "ops.catalog_sales": (3, *_sales("cs", "order_number", "bill_customer_sk", ("warehouse_sk", "ship_date_sk"))),
    "ops.web_sales": (2, *_sales("ws", "order_number", "bill_customer_sk", ("warehouse_sk", "ship_customer_sk"))),
    "ops.store_returns": (1, *_returns("sr", "ticket_number", ("customer_sk",), "return_amt", ("store_sk",))),
    "ops.catalog_returns": (
        1,
        *_returns(
            "cr", "order_number", ("returning_customer_sk", "refunded_customer_sk"), "return_amount", ("warehouse_sk",)
        ),
    ),
    "ops.web_returns": (
        1,
        *_returns("wr", "order_number", ("returning_customer_sk", "refunded_customer_sk"), "return_amt", ()),
    ),
    "inventory.inventory": (
        4,
        {"inv_date": DAY, "inv_item_sk": ITEM, "inv_warehouse_sk": some(1, 2, 3)},
        {
            "inv_quantity_on_hand": some("0", "1", "7", "50", None, "5.5"),
            RAGGED: some(None, None, None, None, None, "x"),
        },
    ),
    "shop.customers": (
        3,
        {"customer_id": some(1, 1, 1, 2, 2, None)},
        {
            "first_name": some("Ann", "Ann", "Bea", None),
            "registration_date": some(None, None, None, "2023-01-01", "2023-01-01", "never"),
            "updated_at": CHANGE_DAY,
            "hour": some("00:00:00", "12:00:00"),
            "op": some("I", "U", "U", "U", "D", "D", "X"),
        },
    ),
    "shop.products": (
        2,
        {"product_id": some(1, 1, 1, 2, 2, None)},
        {
            "product_name": some("Cup", "Cup", "Mug"),
            "price": some("1.25", "1.25", None),
            "stock_quantity": some("3", "3", "3", "4", "many"),
            "updated_at": CHANGE_DAY,
            "hour": some("00:00:00", "12:00:00"),
        },
    ),
    "shop.orders": (
        3,
        {"order_id": some(1, 1, 2, None), "line_number": some("1", "2")},
        {
            "customer_id": some(1, 1, 2, 3, 4, None),
            "product_id": some(1, 2, 3),
            "ordered_at": CHANGE_DAY,
            "hour": some("00:00:00", "11:59:59", "12:00:00"),
            "quantity": some("1", "2", "-1", "two"),
            "unit_price": PRICE,
            "total_amount": AMOUNT,
        },
    ),
    "marketplace.transactions": (
        3,
        {"transaction_id": some("1.0", "2.0", None), "customer_id": some(1, 1, 2, None)},
        {
            "name": some("Ann Lee", "Bo Ray"),
            "city": some("Ulm", None),
            "country": some("Germany", "USA"),
            "zipcode": some("4109.0", None),
            "age": some("30.0", "old"),
            "date": DAY_OR_NONE,
            "year": some("2023.0", "2024.0", None),
            "month": some("December", "January", None),
            "time": some("9:05:00", None),
            "total_purchases": some("2.0", None),
            "amount": some("10.5", None),
            "total_amount": some("21.0", "20.0", None),
            "product_category": some("Books", None),
            "product_brand": some("Penguin", "PENGUIN", None),
            "products": some("Novel", None),
            "order_status": some("Shipped", "Pending", None),
            "payment_method": some("Cash", None),
            "shipping_method": some("Express", None),
            "feedback": some("Good", None),
            "ratings": some("4.0", "9.0", None),
        },
    ),
}

# Of each state feed: the things it has, and the columns of a thing's form. `n` is its id, `code` a text that names it for good.
STATES: dict[str, tuple[int, Callable[[int, int, str, int], Values]]] = {
    "item": (
        3,
        # two versions of one product, and another; in its second form the second version belongs to the other
        lambda n, form, code, base: {
            "i_item_sk": n,
            "i_item_id": f"{code}-{'A' if n - base == 1 or (n - base == 2 and form != 2) else 'B'}",
            "i_rec_start_date": "2023-12-25" if n - base == 2 else None,
            "i_rec_end_date": "2023-12-24" if n - base == 1 and form != 3 else None,
            "i_product_name": f"thing {n - base}{' renewed' if form == 2 else ''}",
            "i_current_price": f"{form}.50",
        },
    ),
    "customer": (
        3,
        lambda n, form, code, base: {
            "c_customer_sk": n,
            "c_customer_id": f"{code}-{n - base}",
            "c_first_name": ("Ann", "Bea", "Cy")[form - 1],
            "c_current_addr_sk": base + 1 + form % 2,
            "c_current_cdemo_sk": base + 1,
            "c_current_hdemo_sk": base + 1 + form // 3,
        },
    ),
    "customer_address": (
        2,
        lambda n, form, code, base: {
            "ca_address_sk": n,
            "ca_city": ("Ulm", "Bern", "Oslo")[form - 1],
            "ca_state": "XX",
        },
    ),
    "customer_demographics": (
        1,
        lambda n, form, code, base: {"cd_demo_sk": n, "cd_gender": "F", "cd_dep_count": form},
    ),
    "household_demographics": (
        2,
        lambda n, form, code, base: {"hd_demo_sk": n, "hd_income_band_sk": base + 1, "hd_vehicle_count": form},
    ),
    "income_band": (1, lambda n, form, code, base: {"ib_income_band_sk": n, "ib_lower_bound": form * 1000}),
    "store": (
        2,
        lambda n, form, code, base: {
            "s_store_sk": n,
            "s_store_id": f"{code}-S",
            "s_rec_start_date": "2023-12-31" if n - base == 2 else None,
            "s_store_name": f"store {form}",
        },
    ),
    "warehouse": (
        2,
        lambda n, form, code, base: {
            "w_warehouse_sk": n,
            "w_warehouse_id": f"{code}-{n}",
            "w_warehouse_name": f"hall {form}",
        },
    ),
    "promotion": (1, lambda n, form, code, base: {"p_promo_sk": n, "p_promo_name": f"sale {form}"}),
    "reason": (1, lambda n, form, code, base: {"r_reason_sk": n, "r_reason_desc": f"reason {form}"}),
}


# A world whose rows all come in order and once hides nothing that a late or repeated row would put right.
ORDERLY = st.builds(Landing, st.integers(0, RUNS - 1), st.just(0), st.just("a"), st.just(False))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world: of each log some keys with up to three forms each, of each state feed the forms of its things."""
    forms = []
    landings = draw(some(LANDINGS, LANDINGS, LANDINGS, ORDERLY))
    for feed, (keys, key, values) in LOGS.items():
        of_feed = st.tuples(
            st.fixed_dictionaries(key),
            st.lists(st.tuples(st.fixed_dictionaries(values), landings), min_size=1, max_size=3),
        )
        for key_values, of_key in draw(st.lists(of_feed, min_size=1, max_size=keys)):
            forms += [Form(feed, {**key_values, **form}, landing) for form, landing in of_key]
    # what seldom meets by chance alone
    for meeting in (_count_after_its_sales, _return_before_its_sale, _product_described_anew):
        if draw(st.booleans()):
            forms += meeting(forms)
    form = some(1, 1, 1, 2, 3, 0)
    states = {
        (feed, number): draw(st.tuples(*[form] * RUNS))
        for feed, (things, _) in STATES.items()
        for number in range(1, things + 1)
    }
    return World(tuple(forms), states)


def _count_after_its_sales(forms: list[Form]) -> list[Form]:
    """A count of what a line sold, of a day in its week, that lands in the run after it."""
    for sale in forms:
        values = {name.partition("_")[2]: value for name, value in sale.values.items()}
        if sale.feed in ("ops.catalog_sales", "ops.web_sales") and None not in (
            values["sold_date_sk"],
            values["warehouse_sk"],
        ):
            count = {
                "inv_date": values["sold_date_sk"],
                "inv_item_sk": values["item_sk"],
                "inv_warehouse_sk": values["warehouse_sk"],
                "inv_quantity_on_hand": "7",
            }
            return [Form("inventory.inventory", count, _after(sale.landing))]
    return []


def _return_before_its_sale(forms: list[Form]) -> list[Form]:
    """A line with the key of a return, that lands in the run after it."""
    for returned in forms:
        for sale in forms:
            if returned.feed == sale.feed.replace("sales", "returns") != sale.feed:
                new = sale.feed.partition(".")[2]
                order = LOGS[sale.feed][1], LOGS[returned.feed][1]
                key = dict(zip(order[0], (returned.values[name] for name in order[1]), strict=True))
                if None not in key.values() and new in ("store_sales", "catalog_sales", "web_sales"):
                    return [Form(sale.feed, {**sale.values, **key}, _after(returned.landing))]
    return []


def _product_described_anew(forms: list[Form]) -> list[Form]:
    """The line of a marketplace product again on another day, its brand in capitals, in the run after it."""
    for line in forms:
        if line.feed == "marketplace.transactions" and line.values["product_brand"] == "Penguin":
            values = {**line.values, "product_brand": "PENGUIN", "date": 35}
            return [Form(line.feed, values, _after(line.landing))]
    return []


def _after(landing: Landing) -> Landing:
    """The place in the run after another's."""
    return Landing(landing.run + 1, 0, landing.name, False)


# -- the nights -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Night:
    """One run, for all worlds. lands: the state feeds with an extract of it. delayed: of these, those that land one run later.

    copies: sources whose files of the run before land again under another name. empties: feeds with a file without rows.
    """

    lands: frozenset[str]
    delayed: frozenset[str]
    copies: frozenset[str]
    empties: frozenset[str]
    built: bool
    again: bool
    killed_at: int | None
    refreshed: int | None
    early: bool
    selected: bool


@dataclass(frozen=True)
class Nights:
    """All runs. off: sources that are switched off in a run, as (source, run).

    calendar: the run that lands the operational source's calendar, and how many days it has until the last run.
    """

    runs: tuple[Night, ...]
    off: frozenset[tuple[str, int]]
    calendar: tuple[int, int]
    items_backwards: bool


@st.composite
def nights(draw: st.DrawFn, kills: bool = True) -> Nights:
    """Two to four runs, of which the first and the last are built."""
    count = draw(st.integers(2, RUNS))
    rarely = some(False, False, False, False, True)
    untidy = draw(some(True, True, False))
    runs = []
    for run in range(count):
        lands = frozenset(
            feed for feed in STATES if draw(some(True, True, False)) or (run == 0 and draw(st.booleans()))
        )
        between = 0 < run < count - 1
        runs.append(
            Night(
                lands=lands,
                delayed=frozenset(feed for feed in sorted(lands) if run < count - 1 and draw(rarely)),
                copies=frozenset(source for source in SOURCES if untidy and run and draw(rarely)),
                empties=frozenset(feed for feed in LOGS if untidy and draw(rarely)),
                built=not (between and draw(some(False, False, True))),
                again=draw(rarely),
                killed_at=draw(st.integers(0, 9999)) if kills and draw(some(False, False, True)) else None,
                refreshed=draw(st.integers(0, 9)) if draw(some(False, False, True)) else None,
                early=run > 0 and draw(some(False, True)),
                selected=run > 0 and draw(some(False, True)),
            )
        )
    # switched on later, for a while off, or off in the end
    off = set()
    for source in SOURCES:
        first, after = draw(some(*[(0, 0)] * 12, (0, 1), (0, 2), (1, 2), (1, 2), (1, 2), (count - 1, count)))
        off |= {(source, run) for run in range(first, min(after, count))}
    return Nights(
        tuple(runs),
        frozenset(off),
        draw(some((0, DAYS), (0, DAYS), (0, 21), (1, DAYS))),
        draw(rarely),
    )


def drawn(strategy: st.SearchStrategy[Drawn], count: int, number: int) -> list[Drawn]:
    """`count` examples that Hypothesis draws from a strategy with a seed: the same each time, and with any count."""
    return [_drawn(strategy, f"{number}/{place}") for place in range(count)]


def _drawn(strategy: st.SearchStrategy[Drawn], text: str) -> Drawn:
    examples: list[Drawn] = []

    # the first example is the simplest there is, and those after the second would be made of it by small changes
    @seed(text)
    @settings(
        max_examples=2, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def draw(example: Drawn) -> None:
        examples.append(example)

    draw()
    return examples[-1]


# -- both together ----------------------------------------------------------------------------------------------------


def sequence(together: list[World], planned: Nights) -> Sequence:
    """The runs of some worlds over some nights. The ids of world w start at 100 w."""
    last = len(planned.runs) - 1
    landed: list[dict[tuple[str, str], list[Row]]] = [{} for _ in planned.runs]

    def land(run: int, feed: str, path: str, row: Row | None) -> None:
        rows = landed[min(run, last)].setdefault((path, feed), [])
        if row is not None:
            rows.append(row)

    for number, world in enumerate(together, 1):
        for form in world.forms:
            spot = form.landing
            landed_in = spot.run % len(planned.runs)
            for run in {landed_in, min(landed_in + spot.again, last)}:
                dated = max(run - spot.late, 0)
                land(run, form.feed, log_path(form.feed, run, dated, spot.name), Row(number, named(form, number)))
        for (feed, thing), forms in world.states.items():
            for run, night in enumerate(planned.runs):
                if feed in night.lands:
                    path = state_path(feed, run, backwards=planned.items_backwards and feed == "item")
                    base, kind = 100 * number, forms[run]
                    values = STATES[feed][1](base + thing, kind, f"W{number}", base) if kind else None
                    row = Row(number, {k: v for k, v in values.items() if v is not None}) if values else None
                    land(run + (feed in night.delayed), f"ops.{feed}", path, row)
    first, days = planned.calendar
    _land_calendar(land, min(first, last), days)
    if days < DAYS:
        _land_calendar(land, last, DAYS)
    # which takes its day from the calendar, and is not landed again when that is extended
    page = {"cp_catalog_page_sk": 1, "cp_start_date_sk": day_number(30)}
    land(0, "ops.catalog_page", state_path("catalog_page", 0), Row(0, page))
    runs = []
    for run, night in enumerate(planned.runs):
        for feed in night.empties:
            land(run, feed, log_path(feed, run, run, "z"), None)
        for (path, feed), rows in list(landed[run - 1].items() if run else ()):
            if feed.partition(".")[0] in night.copies and feed in LOGS:
                landed[run][(path.replace("/dt=", "/again/dt="), feed)] = rows
        files = tuple(File(path, feed, tuple(rows)) for (path, feed), rows in sorted(landed[run].items()))
        sources = tuple(source for source in SOURCES if (source, run) not in planned.off)
        how = (night.built, night.again, night.killed_at, night.refreshed, night.early, night.selected)
        runs.append(Run(files, sources, *how))
    return Sequence(tuple(runs))


def log_path(feed: str, run: int, dated: int, name: str) -> str:
    """The path of a log's file: a name that sorts by `name` first, whenever it landed."""
    ending = "parquet" if feed.startswith("ops.") else "csv"
    return f"{feed.replace('.', '/')}/dt={day_of_run(dated)}/{name}-run{run + 1}.{ending}"


def state_path(feed: str, run: int, *, backwards: bool = False) -> str:
    """The path of a state extract; `backwards`: a later run's extract is dated before those of earlier runs."""
    dated = day_of_run(0) - timedelta(days=run) if backwards else day_of_run(run)
    return f"ops/{feed}/dt={dated}/{feed}.parquet"


def named(form: Form, number: int) -> Values:
    """The values of a form as world `number` writes them: ids of its own, days as dates."""
    values = {}
    hour = form.values.get("hour", "00:00:00")
    for name, value in form.values.items():
        if value is None or name == "hour":
            continue
        if name.endswith("_date_sk"):
            value = day_number(value)
        elif name.endswith(("_sk", "_number")) and name not in (
            "ss_sold_time_sk",
            "cs_sold_time_sk",
            "ws_sold_time_sk",
            "line_number",
        ):
            value = 100 * number + value
        elif name in ("updated_at", "ordered_at"):
            value = f"{FIRST_DAY + timedelta(days=value)} {hour}"
        elif name == "inv_date":
            value = str(FIRST_DAY + timedelta(days=value))
        elif name == "date":
            day = FIRST_DAY + timedelta(days=value)
            value = f"{day.month}/{day.day}/{day.year}"
        elif form.feed == "marketplace.transactions" and name == "customer_id":
            value = f"{100 * number + value}.0"
        elif form.feed == "marketplace.transactions" and name == "transaction_id":
            value = f"{number}{value}"
        elif isinstance(value, int):
            value = f"W{number}-{value}" if name.endswith("_id") else value
        values[name] = value
    return values


def _land_calendar(land: Callable[[int, str, str, Row | None], None], run: int, days: int) -> None:
    for day in range(days):
        values = {"d_date_sk": day_number(day), "d_date": str(FIRST_DAY + timedelta(days=day))}
        land(run, "ops.date_dim", state_path("date_dim", run), Row(0, values))
