"""The dashboards' queries against plain Python over the facts of gold: every additive figure to the cent, every list in its order."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest

from conftest import ROOT, Warehouse

Row = dict[str, Any]
TITLES = {"ops": "Catalog, Store, Web", "marketplace": "Marketplace", "shop": "Online shop"}
CHANNELS = {"store": "Store", "catalog": "Catalog", "web": "Web", "marketplace": "Marketplace", "shop": "Online shop"}
DAY, WEEK, YEAR = timedelta(days=1), timedelta(days=7), timedelta(days=364)
ZERO = Decimal("0.00")


@dataclass
class Facts:
    """What was sold and came back, from the facts and dimensions alone; a row of `lines` and `returned` is a dict."""

    lines: list[Row]
    returned: list[Row]
    # number of the block by source and day
    block_of: dict[tuple[str, date], int] = field(default_factory=dict)

    def sold(self, source: str) -> list[Row]:
        return [line for line in self.lines if line["source_name"] == source]

    def last_day(self, source: str) -> date:
        """The last day that every channel of the source has reached, given up ones left out."""
        last: dict[str, date] = {}
        for line in self.sold(source):
            if line["sold_date"]:
                last[line["channel"]] = max(last.get(line["channel"], date.min), line["sold_date"])
        return min(day for day in last.values() if day >= max(last.values()) - 91 * DAY)

    def first_day(self, source: str) -> date:
        return min(line["sold_date"] for line in self.sold(source) if line["sold_date"])

    def blocks(self, source: str) -> dict[int, tuple[date, date]]:
        """First and last day of each block of 52 weeks, by number; 1 is the latest."""
        first, last = self.first_day(source), self.last_day(source)
        saturday = last - (last.weekday() - 5) % 7 * DAY
        starts = {number: saturday - number * YEAR + DAY for number in range(1, 6)}
        return {
            number: (max(start, sunday(first)), start + YEAR - DAY)
            for number, start in starts.items()
            if number == 1 or start >= sunday(first)
        }


def sunday(day: date) -> date:
    return day - (day.weekday() + 1) % 7 * DAY


def month_end(day: date) -> date:
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def period_name(number: int) -> str:
    return {1: "Latest 52 weeks", 2: "1 year earlier"}.get(number, f"{number - 1} years earlier")


def added(rows: Iterable[Row], key: Callable[[Row], Any], measures: Iterable[str]) -> dict[Any, tuple[Any, ...]]:
    """Sums of some columns by a key; where the key is None a row is left out, and where all sums are 0 a key."""
    names = list(measures)
    sums: dict[Any, list[Any]] = defaultdict(lambda: [0] * len(names))
    for row in rows:
        at = key(row)
        if at is not None:
            for place, name in enumerate(names):
                sums[at][place] += row[name] or 0
    return {at: tuple(values) for at, values in sums.items() if any(values)}


# the lists of the small sample are shorter than their limits; those of the default sample are not
@pytest.fixture(scope="module", params=["warehouse", pytest.param("larger_warehouse", marks=pytest.mark.slow)])
def built(request: pytest.FixtureRequest) -> Warehouse:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def connection(built: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with built.connect() as opened:
        yield opened


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    result = connection.execute(query)
    names = [name for name, *_ in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.fixture(scope="module")
def ask(built: Warehouse, connection: duckdb.DuckDBPyConnection) -> Callable[[str], list[Row]]:
    """Rows of a compiled query of the dashboards."""

    def asked(name: str) -> list[Row]:
        return rows_of(connection, (built.compiled / "analyses" / "dashboards" / f"{name}.sql").read_text())

    return asked


@pytest.fixture(scope="module")
def facts(connection: duckdb.DuckDBPyConnection) -> Facts:
    lines = rows_of(
        connection,
        """
        select
            sales.source_name, sales.channel, sales.order_id, sales.line_id, sales.customer_id, sales.product_id, sales.sold_date, sales.warehouse_id,
            sales.sold_second_of_day, sales.quantity, sales.sales_amount, coalesce(sales.sales_amount, 0) - coalesce(sales.coupon_amount, 0) as net,
            coalesce(versions.category_name, 'Unknown') as category, coalesce(places.country, 'Unknown') as country,
            coalesce(places.state, 'Unknown') as state
        from gold.fct_sales as sales
        left join gold.dim_products_history as versions on sales.product_key = versions.product_key
        left join gold.dim_locations as places on sales.location_key = places.location_key
        where not sales.is_cancelled
        """,
    )
    returned = rows_of(
        connection,
        """
        select
            returned.source_name, returned.channel, returned.order_id, returned.product_id, returned.buying_customer_id, returned.returned_date,
            returned.return_quantity, returned.return_amount, returned.net_loss_amount, 1 as lines,
            coalesce(versions.category_name, 'Unknown') as category, coalesce(reasons.reason_description, 'Unknown') as reason
        from gold.fct_returns as returned
        left join gold.dim_products_history as versions on returned.product_key = versions.product_key
        left join gold.dim_return_reasons as reasons on returned.return_reason_key = reasons.return_reason_key
        """,
    )
    found = Facts(lines, returned)
    for source in TITLES:
        for number, (first, last) in found.blocks(source).items():
            for offset in range((last - first).days + 1):
                found.block_of[source, first + offset * DAY] = number
    for row in lines + returned:
        day = row["sold_date"] if "sold_date" in row else row["returned_date"]
        row["block"] = found.block_of.get((row["source_name"], day))
    return found


def where(row: Row, *names: str, block: int | None = None) -> tuple[Any, ...] | None:
    """Key of a row of the facts as the queries name it; None where it is in no block."""
    number = block if block is not None else row["block"]
    if number is None:
        return None
    return (TITLES[row["source_name"]], period_name(number), CHANNELS[row["channel"]], *(row[name] for name in names))


def year_after(facts: Facts) -> Callable[..., tuple[Any, ...] | None]:
    """Key of the block after that of the row, of which it is the year before."""
    kept = {source: set(facts.blocks(source)) for source in TITLES}

    def key(row: Row, *names: str) -> tuple[Any, ...] | None:
        block = row["block"]
        return where(row, *names, block=block - 1) if block and block - 1 in kept[row["source_name"]] else None

    return key


def key_of(*columns: str) -> Callable[[Row], tuple[Any, ...]]:
    return lambda row: tuple(row[column] for column in ("source_title", "period_name", "channel_name", *columns))


def test_the_sample_has_sources_that_end_on_different_days_and_a_year_before(facts: Facts) -> None:
    assert {source: len(facts.blocks(source)) for source in TITLES} == {"ops": 5, "marketplace": 1, "shop": 1}
    assert facts.last_day("ops").year == 2003 and facts.last_day("shop").year == 2024
    # two years and two days into 2003, or twelve: a block ends before the days that not all channels have
    assert facts.blocks("ops")[1] == (date(2001, 12, 30), date(2002, 12, 28))


def test_sales_by_period(ask: Callable[[str], list[Row]], facts: Facts) -> None:
    rows = ask("sales_by_period")
    at = key_of("category_name")
    before = year_after(facts)
    sold = added(facts.lines, lambda line: where(line, "category"), ["net", "quantity"])
    assert added(rows, at, ["net_sales_amount", "quantity"]) == sold
    sold_before = added(facts.lines, lambda line: before(line, "category"), ["net", "quantity"])
    assert added(rows, at, ["net_sales_amount_year_before", "quantity_year_before"]) == sold_before
    assert added(rows, at, ["return_amount"]) == added(
        facts.returned, lambda line: where(line, "category"), ["return_amount"]
    )
    # a rate is taken of the channels that take returns, and a change of what has a year before
    with_returns = {line["channel"] for line in facts.returned}
    assert added(rows, at, ["returnable_sales_amount"]) == added(
        [line for line in facts.lines if line["channel"] in with_returns],
        lambda line: where(line, "category"),
        ["sales_amount"],
    )
    comparable = {name for name, *_ in sold_before}
    oldest = period_name(len(facts.blocks("ops")))
    for row in rows:
        expected = row["net_sales_amount"] if row["source_title"] in comparable and row["period_name"] != oldest else 0
        assert row["comparable_net_sales_amount"] == expected, row
    assert comparable == {"Catalog, Store, Web"}


def test_sales_by_period_can_be_filtered(
    ask: Callable[[str], list[Row]], connection: duckdb.DuckDBPyConnection
) -> None:
    """As a person who chooses Web, Books and the year before would check it, in one statement."""
    chosen = [
        row
        for row in ask("sales_by_period")
        if (row["channel_name"], row["category_name"], row["period_name"]) == ("Web", "Books", "1 year earlier")
    ]
    expected = connection.execute(
        """
        select sum(sales_amount) - sum(coupon_amount), sum(quantity)
        from gold.fct_sales inner join gold.dim_products_history using (product_key)
        where channel = 'web' and category_name = 'Books' and not is_cancelled and sold_date between '2000-12-31' and '2001-12-29'
        """
    ).fetchone()
    assert [(row["net_sales_amount"], row["quantity"]) for row in chosen] == [expected]


def test_sales_by_week_and_month(ask: Callable[[str], list[Row]], facts: Facts) -> None:
    for line in facts.lines:
        line["week"] = sunday(line["sold_date"]) if line["sold_date"] else None
    weeks = ask("sales_by_week")
    assert added(weeks, key_of("week_start_date", "category_name"), ["net_sales_amount"]) == added(
        facts.lines, lambda line: where(line, "week", "category"), ["net"]
    )
    before = year_after(facts)
    for line in facts.lines:
        line["week_after"] = line["week"] + YEAR if line["week"] else None
    assert added(weeks, key_of("week_start_date", "category_name"), ["net_sales_amount_year_before"]) == added(
        facts.lines, lambda line: before(line, "week_after", "category"), ["net"]
    )

    def month(line: Row, shift: timedelta = timedelta()) -> tuple[Any, ...] | None:
        if line["sold_date"] is None:
            return None
        source, day = line["source_name"], (line["sold_date"] + shift)
        whole = spans[source][0] - 6 * DAY <= day.replace(day=1) and month_end(day) <= spans[source][1]
        recent = day.replace(day=1) >= spans[source][1] - 1830 * DAY
        return (
            (TITLES[source], day.replace(day=1), CHANNELS[line["channel"]], line["category"])
            if whole and recent
            else None
        )

    spans = {source: (facts.first_day(source), facts.last_day(source)) for source in TITLES}
    months = ask("sales_by_month")
    at = lambda row: tuple(row[name] for name in ("source_title", "month_start_date", "channel_name", "category_name"))
    assert added(months, at, ["net_sales_amount"]) == added(facts.lines, month, ["net"])
    assert added(months, at, ["net_sales_amount_year_before"]) == added(
        facts.lines, lambda line: month(line, YEAR), ["net"]
    )
    assert {row["month_start_date"].year for row in months if row["source_title"] == TITLES["ops"]} == set(
        range(1998, 2003)
    )


def orders_of(facts: Facts) -> dict[tuple[str, str, str], Row]:
    """Orders by source, channel and id: their first known day, units, lines, net sales, and customers."""
    orders: dict[tuple[str, str, str], Row] = {}
    for line in facts.lines:
        order = orders.setdefault(
            (line["source_name"], line["channel"], line["order_id"]),
            {"day": None, "quantity": None, "lines": 0, "net": ZERO, "customers": set(), "block": None},
        )
        if line["sold_date"] and (order["day"] is None or line["sold_date"] < order["day"]):
            order["day"], order["block"] = line["sold_date"], line["block"]
        if line["quantity"] is not None:
            order["quantity"] = (order["quantity"] or 0) + line["quantity"]
        order["lines"] += 1
        order["net"] += line["net"] or 0
        order["customers"].add(line["customer_id"])
    return orders


def test_orders(ask: Callable[[str], list[Row]], facts: Facts) -> None:
    orders = Counter(
        (TITLES[source], period_name(order["block"]), CHANNELS[channel])
        for (source, channel, _), order in orders_of(facts).items()
        if order["block"]
    )
    rows = ask("sales_orders_by_period")
    assert {key_of()(row): row["orders"] for row in rows if row["orders"]} == orders
    later = {
        (title, period_name(int(name[0]) if name[0] in "234" else 1), channel): count
        for (title, name, channel), count in orders.items()
        if name[0] in "1234" and title == TITLES["ops"]
    }
    assert {key_of()(row): row["orders_year_before"] for row in rows if row["orders_year_before"]} == later
    assert added(rows, key_of(), ["net_sales_amount"]) == added(facts.lines, where, ["net"])

    def band(quantity: int | None) -> str:
        if quantity is None:
            return "not known"
        edges = {2: "1 to 2", 5: "3 to 5", 10: "6 to 10", 50: "11 to 50", 200: "51 to 200", 500: "201 to 500"}
        return next((name for edge, name in edges.items() if quantity <= edge), "over 500")

    baskets = defaultdict(lambda: [0, 0, 0, ZERO])
    for (source, channel, _), order in orders_of(facts).items():
        if order["block"]:
            sums = baskets[TITLES[source], period_name(order["block"]), CHANNELS[channel], band(order["quantity"])]
            for place, value in enumerate((1, order["quantity"] or 0, order["lines"], order["net"])):
                sums[place] += value
    assert {
        key_of("units_band")(row): [row["orders"], row["quantity"], row["order_lines"], row["net_sales_amount"]]
        for row in ask("customers_baskets")
    } == baskets


def test_regions_and_years(ask: Callable[[str], list[Row]], facts: Facts) -> None:
    regions = ask("sales_by_region")
    assert added(regions, key_of("country", "state"), ["net_sales_amount", "quantity"]) == added(
        facts.lines, lambda line: where(line, "country", "state"), ["net", "quantity"]
    )
    before = year_after(facts)
    assert added(regions, key_of("country", "state"), ["net_sales_amount_year_before"]) == added(
        facts.lines, lambda line: before(line, "country", "state"), ["net"]
    )
    years = ask("sales_by_year")
    year = lambda day: str(day.year) if day else "No day known"
    at = lambda row: (row["source_title"], row["calendar_year"], row["channel_name"])
    assert added(years, at, ["net_sales_amount", "quantity"]) == added(
        facts.lines,
        lambda line: (TITLES[line["source_name"]], year(line["sold_date"]), CHANNELS[line["channel"]]),
        ["net", "quantity"],
    )
    assert added(years, at, ["return_amount"]) == added(
        facts.returned,
        lambda line: (TITLES[line["source_name"]], year(line["returned_date"]), CHANNELS[line["channel"]]),
        ["return_amount"],
    )
    # all that was ever sold, with or without a day
    assert sum(row["net_sales_amount"] for row in years) == sum(line["net"] or 0 for line in facts.lines)
    assert sum(row["orders"] for row in years) == len(orders_of(facts))
    days = defaultdict(set)
    for line in facts.lines:
        days[TITLES[line["source_name"]], year(line["sold_date"]), CHANNELS[line["channel"]]].add(line["sold_date"])
    assert {at(row): row["days_with_sales"] for row in years if row["days_with_sales"]} == {
        key: len(found) for key, found in days.items() if found != {None}
    }


def test_returns(ask: Callable[[str], list[Row]], facts: Facts) -> None:
    measures = ["returned_lines", "return_quantity", "return_amount", "return_loss_amount"]
    assert added(ask("sales_returns"), key_of("category_name", "return_reason"), measures) == added(
        facts.returned,
        lambda line: where(line, "category", "reason"),
        ["lines", "return_quantity", "return_amount", "net_loss_amount"],
    )


@pytest.mark.parametrize(
    ("query", "column"), [("sales_top_products", "product_id"), ("sales_top_brands", "brand_name")]
)
def test_top_lists(
    ask: Callable[[str], list[Row]],
    facts: Facts,
    connection: duckdb.DuckDBPyConnection,
    query: str,
    column: str,
) -> None:
    products = {row["product_id"]: row for row in rows_of(connection, "from gold.dim_products")}
    sums: dict[Any, list[Any]] = defaultdict(lambda: [ZERO, 0])
    for line in facts.lines:
        product = products[line["product_id"]]
        if line["block"] and not product["is_unknown"]:
            item = product[column] or "Unknown"
            at = (TITLES[line["source_name"]], line["block"], product["category_name"] or "Unknown")
            sums[at, item][0] += line["net"] or 0
            sums[at, item][1] += line["quantity"] or 0
    expected = []
    for at in {at for at, _ in sums}:
        listed = sorted((-net, item, units) for (where_, item), (net, units) in sums.items() if where_ == at)
        expected += [(*at, item, place, -net, units) for place, (net, item, units) in enumerate(listed[:20], 1)]
    names = (
        "source_title",
        "period_number",
        "category_name",
        column,
        "place_in_category",
        "net_sales_amount",
        "quantity",
    )
    rows = ask(query)
    assert sorted(tuple(row[name] for name in names) for row in rows if row["quantity"]) == sorted(
        row for row in expected if row[-1]
    )
    # the rows come in order of their net sales, and the best twenty of all categories are among them
    latest = [row for row in rows if (row["source_title"], row["period_number"]) == (TITLES["ops"], 1)]
    best = sorted((-net, at[2], item) for (at, item), (net, _) in sums.items() if at[:2] == (TITLES["ops"], 1))[:20]
    assert [(-row["net_sales_amount"], row["category_name"], row[column]) for row in latest[:20]] == best


# ------------------------------------------------------------------------------------------------------------ customers


def first_orders(facts: Facts) -> dict[str, date]:
    """Day of the first order of each known customer."""
    first: dict[str, date] = {}
    for order in orders_of(facts).values():
        for customer in order["customers"] - {"unknown"}:
            if order["day"]:
                first[customer] = min(first.get(customer, date.max), order["day"])
    return first


def test_customers_by_period_and_month(ask: Callable[[str], list[Row]], facts: Facts) -> None:
    first = first_orders(facts)
    bought: dict[Any, dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
    net: dict[Any, Decimal] = defaultdict(Decimal)
    months: dict[Any, list[Any]] = defaultdict(lambda: [set(), ZERO])
    spans = {source: (facts.first_day(source), facts.last_day(source)) for source in TITLES}
    for line in facts.lines:
        customer, source, day = line["customer_id"], line["source_name"], line["sold_date"]
        if customer == "unknown" or day is None:
            continue
        if line["block"]:
            bought[source, line["block"]][customer].add((line["channel"], line["order_id"]))
            net[source, line["block"]] += line["net"] or 0
        if month_end(day) <= spans[source][1] and day.replace(day=1) >= spans[source][0] - 6 * DAY:
            kind = "New" if first[customer] >= day.replace(day=1) else "Returning"
            month = months[TITLES[source], day.replace(day=1), kind]
            month[0].add(customer)
            month[1] += line["net"] or 0
    counted = {}
    for (source, block), customers in bought.items():
        start = facts.blocks(source)[block][0]
        new = sum(first[customer] >= start for customer in customers)
        repeat = sum(len(orders) > 1 for orders in customers.values())
        orders = sum(map(len, customers.values()))
        counted[TITLES[source], block] = (len(customers), new, repeat, orders, net[source, block])
    names = ("active_customers", "new_customers", "repeat_customers", "orders", "net_sales_amount")
    rows = ask("customers_by_period")
    assert {(row["source_title"], row["period_number"]): tuple(row[name] for name in names) for row in rows} == counted
    for row in rows:
        before = counted.get((row["source_title"], row["period_number"] + 1), (0,) * 5)
        assert tuple(row[f"{name}_year_before"] for name in names) == before
        assert row["comparable_active_customers"] == (row["active_customers"] if any(before) else 0)
        assert row["returning_customers"] == row["active_customers"] - row["new_customers"]
    assert {
        (row["source_title"], row["month_start_date"], row["customer_kind"]): [
            row["customers"],
            row["net_sales_amount"],
        ]
        for row in ask("customers_by_month")
    } == {key: [len(customers), amount] for key, (customers, amount) in months.items()}


def worth(facts: Facts) -> dict[str, tuple[int, Decimal]]:
    """Orders and net sales after returns of each customer who ever bought."""
    orders: Counter[str] = Counter()
    amounts: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for order in orders_of(facts).values():
        orders.update(order["customers"] - {"unknown"})
    for line in facts.lines:
        amounts[line["customer_id"]] += line["net"] or 0
    sold = set(orders_of(facts))
    for line in facts.returned:
        if (line["source_name"], line["channel"], line["order_id"]) in sold:
            amounts[line["buying_customer_id"]] -= line["return_amount"] or 0
    return {customer: (count, amounts[customer]) for customer, count in orders.items()}


def test_segments_top_spenders_and_bands_hold_each_customer_once(
    ask: Callable[[str], list[Row]], facts: Facts, connection: duckdb.DuckDBPyConnection
) -> None:
    values = worth(facts)
    everybody = Counter(
        customer.partition(":")[0]
        for (customer,) in connection.execute(
            "select customer_id from gold.dim_customers where not is_unknown"
        ).fetchall()
    )
    expected = {
        TITLES[source]: (
            sum(amount for customer, (_, amount) in values.items() if customer.startswith(f"{source}:")),
            sum(orders for customer, (orders, _) in values.items() if customer.startswith(f"{source}:")),
            count,
        )
        for source, count in everybody.items()
    }
    measures = ["net_sales_after_returns_amount", "orders", "customers"]
    at = lambda row: row["source_title"]
    assert added(ask("customers_by_segment"), at, measures) == expected
    who = ask("customers_demographics")
    for attribute in ("Gender", "Education", "Income"):
        found = added([row for row in who if row["attribute_name"] == attribute], at, measures)
        assert found and all(expected[title] == sums for title, sums in found.items()), attribute
    assert sum(row["customers"] for row in ask("customers_by_age")) == sum(
        connection.execute("select count(*) from gold.dim_customers where age_band is not null").fetchone()
    )
    bands = Counter(
        (TITLES[customer.partition(":")[0]], "10+" if orders >= 10 else str(orders))
        for customer, (orders, _) in values.items()
    )
    found = {(row["source_title"], row["orders_band"]): row["customers"] for row in ask("customers_by_orders")}
    assert {key: count for key, count in found.items() if key[1] != "0"} == bands
    assert added(ask("customers_by_orders"), at, ["customers"]) == {
        title: (count,) for title, (_, _, count) in expected.items()
    }
    days = defaultdict(set)
    dated: Counter[str] = Counter()
    for order in orders_of(facts).values():
        for customer in order["customers"] - {"unknown"}:
            if order["day"]:
                days[customer].add(order["day"])
                dated[customer] += 1
    edges = {31: "up to 30", 61: "31 to 60", 91: "61 to 90", 181: "91 to 180", 366: "181 to 365"}
    gaps = Counter(
        (
            TITLES[customer.partition(":")[0]],
            next(
                (
                    name
                    for edge, name in edges.items()
                    if Decimal((max(found) - min(found)).days) / (dated[customer] - 1) < edge
                ),
                "over 365",
            ),
        )
        for customer, found in days.items()
        if dated[customer] > 1
    )
    assert {
        (row["source_title"], row["days_band"]): row["customers"] for row in ask("customers_by_days_between")
    } == gaps
    best = {
        TITLES[source]: sorted(
            (-amount, customer) for customer, (_, amount) in values.items() if customer.startswith(f"{source}:")
        )[:100]
        for source in TITLES
    }
    top = ask("customers_top")
    for title, listed in best.items():
        rows = [row for row in top if row["source_title"] == title]
        assert [(-row["net_sales_after_returns_amount"], row["customer_id"]) for row in rows] == listed
        assert [row["place"] for row in rows] == list(range(1, len(rows) + 1))


def test_moves_and_satisfaction(ask: Callable[[str], list[Row]], connection: duckdb.DuckDBPyConnection) -> None:
    stretches = rows_of(connection, "from gold.mart_customer_segment_history")
    last: dict[str, date] = {}
    for row in stretches:
        last[row["source_name"]] = max(last.get(row["source_name"], date.min), row["to_month_end_date"])

    def months_ago(row: Row) -> int:
        end, day = last[row["source_name"]], row["from_month_end_date"]
        return (end.year - day.year) * 12 + end.month - day.month

    moves = Counter(
        (TITLES[row["source_name"]], row["previous_segment_name"], row["segment_name"])
        for row in stretches
        if row["has_moved"] and months_ago(row) < 12
    )
    assert moves
    assert {
        (row["source_title"], row["previous_segment_name"], row["segment_name"]): row["moves"]
        for row in ask("customers_moves")
    } == moves
    given = connection.execute(
        """
        select coalesce(rating::varchar, 'none'), coalesce(lower(feedback_text), 'none'), count(*), coalesce(sum(rating), 0)
        from gold.fct_customer_feedback group by all
        """
    ).fetchall()
    answers = ask("customers_satisfaction")
    assert added(answers, lambda row: (row["rating"], row["feedback_word"].lower()), ["answers", "rating_points"]) == {
        (rating, word): (count, points) for rating, word, count, points in given
    }


# ----------------------------------------------------------------------------------------------------------------- time


def test_days_weekdays_hours_and_holidays(
    ask: Callable[[str], list[Row]], facts: Facts, connection: duckdb.DuckDBPyConnection
) -> None:
    calendar = {row["date_day"]: row for row in rows_of(connection, "from gold.dim_dates where not is_unknown")}
    daily: dict[Any, Decimal] = defaultdict(Decimal)
    for line in facts.lines:
        daily[line["source_name"], line["channel"], line["sold_date"]] += line["net"] or 0
    seasons = {12: "Winter", 1: "Winter", 2: "Winter", 3: "Spring", 4: "Spring", 5: "Spring"}
    seasons |= {6: "Summer", 7: "Summer", 8: "Summer", 9: "Autumn", 10: "Autumn", 11: "Autumn"}
    weekdays: dict[Any, Decimal] = defaultdict(Decimal)
    kinds: dict[Any, Decimal] = defaultdict(Decimal)
    days: Counter[Any] = Counter()
    for source, title in TITLES.items():
        for number, (first, last) in facts.blocks(source).items():
            for day in (first + offset * DAY for offset in range((last - first).days + 1)):
                weekend = "Weekend" if day.weekday() > 4 else "Weekday"
                holiday = "Holiday" if calendar[day]["is_holiday"] else "Ordinary day"
                for kind in (
                    day.strftime("%A"),
                    ("Weekend", weekend),
                    ("Holiday", holiday),
                    ("Season", seasons[day.month]),
                ):
                    days[title, period_name(number), kind] += 1
                    for channel in {channel for name, channel, _ in daily if name == source}:
                        sums = weekdays if isinstance(kind, str) else kinds
                        at = (title, period_name(number), CHANNELS[channel], kind)
                        sums[at] += daily.get((source, channel, day), ZERO)
    rows = ask("time_by_weekday")
    assert added(rows, key_of("day_name"), ["net_sales_amount"]) == {
        key: (value,) for key, value in weekdays.items() if value
    }
    mixed = ask("time_by_kind_of_day")
    at = lambda row: (*key_of()(row), (row["comparison_name"], row["day_kind"]))
    assert added(mixed, at, ["net_sales_amount"]) == {key: (value,) for key, value in kinds.items() if value}
    for row in rows:
        assert row["days"] == days[row["source_title"], row["period_name"], row["day_name"]] == 52
        assert (row["day_kind"] == "Weekend") == (row["day_name"] in ("Saturday", "Sunday"))
    for row in rows + mixed:
        kind = row["day_name"] if "day_name" in row else (row["comparison_name"], row["day_kind"])
        assert row["days"] == days[row["source_title"], row["period_name"], kind]
        exact = row["net_sales_amount"] / row["days"]
        assert row["net_sales_amount_per_day"] == exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP), row

    hours = added(
        [
            {**line, "hour": f"{line['sold_second_of_day'] // 3600:02}:00", "weekday": line["sold_date"].strftime("%A")}
            for line in facts.lines
            if line["sold_second_of_day"] is not None and line["block"] in (1, 2)
        ],
        lambda line: where(line, "weekday", "hour"),
        ["net"],
    )
    assert added(ask("time_by_hour"), key_of("day_name", "hour_name"), ["net_sales_amount"]) == hours

    latest = {
        (TITLES[source], CHANNELS[channel], day): net
        for (source, channel, day), net in daily.items()
        if day and net and facts.block_of.get((source, day)) == 1
    }
    found = {
        (row["source_title"], row["channel_name"], row["date_day"]): row["net_sales_amount"]
        for row in ask("time_by_day")
        if row["net_sales_amount"]
    }
    assert found == latest

    holidays = ask("time_holidays")
    assert {row["holiday_name"] for row in holidays} >= {"Black Friday", "Christmas Day"}
    sources = {title: source for source, title in TITLES.items()}
    channels = {name: channel for channel, name in CHANNELS.items()}
    for row in holidays:
        at_day = (sources[row["source_title"]], channels[row["channel_name"]])
        day = row["date_day"]
        assert calendar[day]["holiday_name"] == row["holiday_name"]
        assert row["net_sales_amount"] == daily.get((*at_day, day), ZERO)
        around = daily.get((*at_day, day - WEEK), ZERO) + daily.get((*at_day, day + WEEK), ZERO)
        assert row["ordinary_net_sales_amount"] == (around / 2).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


# ------------------------------------------------------------------------------------------------------------ inventory


def test_weeks_of_warehouses(
    ask: Callable[[str], list[Row]], facts: Facts, connection: duckdb.DuckDBPyConnection
) -> None:
    products = {row["product_id"]: row for row in rows_of(connection, "from gold.dim_products")}
    counts = rows_of(
        connection,
        """
        select product_id, warehouse_id, count_date, on_hand_quantity from gold.fct_stock_counts
        where on_hand_quantity is not null and product_id <> 'unknown' and warehouse_id <> 'unknown'
        order by count_date
        """,
    )
    (last,) = connection.execute("select max(last_full_week_start_date) from gold.mart_stock_alerts").fetchone()
    first = last - 103 * WEEK
    sold: dict[Any, list[Any]] = defaultdict(lambda: [0, ZERO])
    for line in facts.lines:
        known = "unknown" not in (line["product_id"], line["warehouse_id"]) and line["sold_date"]
        if line["channel"] in ("catalog", "web") and known and first <= sunday(line["sold_date"]) <= last:
            week = sold[line["product_id"], line["warehouse_id"], sunday(line["sold_date"])]
            week[0] += line["quantity"] or 0
            week[1] += line["sales_amount"] or 0
    # in order of their days: the last of a week stays
    stock = {
        (row["product_id"], row["warehouse_id"], sunday(row["count_date"])): row["on_hand_quantity"]
        for row in counts
        if first <= sunday(row["count_date"]) <= last
    }
    expected: dict[Any, list[Any]] = defaultdict(lambda: [0, ZERO, 0, 0, 0, 0])
    for product, warehouse, week in sold.keys() | stock.keys():
        units, amount = sold.get((product, warehouse, week), (0, ZERO))
        on_hand = stock.get((product, warehouse, week))
        sums = expected[week, products[product]["category_name"] or "Unknown"]
        low = on_hand is not None and units > 0 and units > 7 * on_hand
        values = (units, amount, on_hand or 0, units if on_hand is not None else 0, int(on_hand is not None), int(low))
        for place, value in enumerate(values):
            sums[place] += value
    rows = ask("inventory_by_week")
    names = [
        "quantity",
        "sales_amount",
        "on_hand_quantity",
        "counted_quantity",
        "counted_positions",
        "low_stock_positions",
    ]
    assert added(rows, lambda row: (row["week_start_date"], row["category_name"]), names) == {
        key: tuple(sums) for key, sums in expected.items() if any(sums)
    }
    assert {row["week_start_date"] for row in rows if row["is_last_week"]} == {last}
    assert {row["week_start_date"] for row in rows if row["is_last_week_year_before"]} == {last - YEAR}


def test_stock_as_it_is(ask: Callable[[str], list[Row]], connection: duckdb.DuckDBPyConnection) -> None:
    alerts = rows_of(
        connection,
        """
        select alerts.*, products.wholesale_cost
        from gold.mart_stock_alerts as alerts inner join gold.dim_products as products using (product_id)
        """,
    )
    for row in alerts:
        row["warehouse_title"] = f"{row['warehouse_name'] or 'Warehouse'} ({row['warehouse_id']})"
        row["category"] = row["category_name"] or "Unknown"
        row["positions"] = 1
        row["short"] = int(row["stock_status"] in ("low", "out_of_stock"))
        row["cost"] = (row["on_hand_quantity"] or 0) * (row["wholesale_cost"] or 0)
        row["rate"] = row["weekly_rate_quantity"] if row["on_hand_quantity"] is not None else 0
    at = lambda row: (row["warehouse_title"], row.get("category") or row["category_name"], row["stock_status"])
    same = [
        "positions",
        "on_hand_quantity",
        "suggested_order_quantity",
        "expected_lost_sales_amount",
        "excess_stock_amount",
    ]
    positions = ask("inventory_positions")
    assert added(positions, at, [*same, "positions_short", "stock_cost_amount", "weekly_rate_quantity"]) == added(
        alerts, at, [*same, "short", "cost", "rate"]
    )
    assert sum(row["positions_short"] for row in positions) > 0

    def band(row: Row) -> str:
        if row["on_hand_quantity"] is None:
            return "no count"
        if row["cover_weeks"] is None:
            return "no demand"
        edges = {1: "under 1", 2: "1 to 2", 4: "2 to 4", 8: "4 to 8", 13: "8 to 13"}
        inner = next((name for edge, name in edges.items() if row["cover_weeks"] < edge), None)
        return inner or ("13 to 26" if row["cover_weeks"] <= 26 else "over 26")

    cover = {
        (row["warehouse_title"], row["category_name"], row["cover_band"]): row["positions"]
        for row in ask("inventory_cover")
    }
    assert cover == Counter((row["warehouse_title"], row["category"], band(row)) for row in alerts)

    def most(row: Row) -> tuple[Any, ...]:
        amounts = ("expected_lost_sales_amount", "excess_stock_amount", "suggested_order_quantity")
        # None after every number
        return (*((row[name] is None, -(row[name] or 0)) for name in amounts), row["product_id"])

    groups = defaultdict(list)
    for row in alerts:
        if row["needs_attention"]:
            groups[row["warehouse_title"], row["category"], "Order" if row["short"] else "Clear or count"].append(row)
    expected = {
        (*group, row["product_id"]): (place, row["alert_reason"], row["suggested_order_quantity"])
        for group, found in groups.items()
        for place, row in enumerate(sorted(found, key=most)[:20], 1)
    }
    listed = ask("inventory_alerts")
    assert {
        (row["warehouse_title"], row["category_name"], row["action_name"], row["product_id"]): (
            row["place"],
            row["alert_reason"],
            row["suggested_order_quantity"],
        )
        for row in listed
    } == expected
    at_risk = [row["expected_lost_sales_amount"] for row in listed if row["action_name"] == "Order"]
    assert at_risk == sorted(at_risk, key=lambda amount: (amount is None, -(amount or 0))) and at_risk


def test_best_and_worst(ask: Callable[[str], list[Row]], connection: duckdb.DuckDBPyConnection) -> None:
    sums: dict[Any, list[Any]] = defaultdict(lambda: [0, ZERO])
    weeks = rows_of(
        connection,
        """
        select alerts.warehouse_id, coalesce(alerts.category_name, 'Unknown') as category, product_id, sum_qty_wk, sum_amt_wk
        from gold.fct_weekly_sales_inventory as weekly
        inner join gold.mart_stock_alerts as alerts using (product_id, warehouse_id)
        where week_start_date between last_full_week_start_date - interval 84 days and last_full_week_start_date
        """,
    )
    for row in weeks:
        position = sums[row["warehouse_id"], row["category"], row["product_id"]]
        position[0] += row["sum_qty_wk"]
        position[1] += row["sum_amt_wk"] or 0
    expected = []
    for group in {key[:2] for key in sums}:
        found = [(units, amount, key[2]) for key, (units, amount) in sums.items() if key[:2] == group]
        best = sorted(found, key=lambda each: (-each[0], -each[1], each[2]))[:10]
        for name, places in (("Best", best), ("Worst", sorted(found)[:10])):
            expected += [(name, *group, place, *each) for place, each in enumerate(places, 1)]
    names = ("list_name", "warehouse_title", "category_name", "place", "quantity", "sales_amount", "product_id")
    rows = [tuple(row[name] for name in names) for row in ask("inventory_best_and_worst")]
    assert sorted((name, title.rpartition("(")[2].rstrip(")"), *rest) for name, title, *rest in rows) == sorted(
        expected
    )


def test_every_query_of_these_pages_is_compared() -> None:
    """A new one needs its comparison here."""
    text = (ROOT / "tests" / "integration" / "test_dashboard_queries.py").read_text()
    pages = ("sales", "customers", "time", "inventory")
    queries = [
        path.stem for path in (ROOT / "analyses" / "dashboards").glob("*.sql") if path.stem.partition("_")[0] in pages
    ]
    assert len(queries) > 25
    assert [name for name in queries if f'"{name}"' not in text] == []
