"""`mart_stock_alerts`, `mart_customer_segments` and its history, row for row against plain Python over the line facts and counts."""

import csv
import json
import math
import shutil
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import ROOT, Warehouse, new_warehouse

SALES_FEEDS = {
    "ops": ("store_sales", "catalog_sales", "web_sales"),
    "marketplace": ("transactions",),
    "shop": ("orders",),
}
RETURN_FEEDS = ("store_returns", "catalog_returns", "web_returns")
WEEK = timedelta(days=7)
FOUR, TWO = Decimal("0.0001"), Decimal("0.01")


def rounded(exact: Decimal, places: Decimal = FOUR) -> Decimal:
    """Half away from zero."""
    return exact.quantize(places, rounding=ROUND_HALF_UP)


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open() as rows:
        return list(csv.DictReader(rows))


def last_landed(landing: Path, source: str, feeds: Iterable[str]) -> date:
    """The last business date among the folders of some feeds."""
    return max(
        date.fromisoformat(folder.name.removeprefix("dt="))
        for feed in feeds
        for folder in (landing / source / feed).glob("dt=*")
    )


def sunday(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


# --------------------------------------------------------------------------------------------------------- stock alerts


def most_specific(rows: list[dict[str, str]], category: str | None, warehouse: str) -> Decimal:
    """Lead time in weeks: of category and warehouse, else category, else warehouse, else the default."""
    found = {
        (row["category_name"].lower(), row["warehouse_id"]): Decimal(row["lead_time_weeks"]) for row in reversed(rows)
    }
    name = (category or "").lower()
    keys = [(name, warehouse), (name, ""), ("", warehouse), ("", "")]
    return next(found[key] for key in keys if key in found)


def demand(weeks: list[int]) -> tuple[Decimal | None, Decimal | None]:
    """Mean and sample deviation of weekly units, four decimals; null where there are too few."""
    if not weeks:
        return None, None
    mean = Decimal(sum(weeks)) / len(weeks)
    if len(weeks) == 1:
        return rounded(mean), None
    variance = Decimal(len(weeks) * sum(x * x for x in weeks) - sum(weeks) ** 2) / (len(weeks) * (len(weeks) - 1))
    return rounded(mean), rounded(variance.sqrt())


def stock_alerts(gold: duckdb.DuckDBPyConnection, as_of: date) -> dict[tuple[str, str], tuple[Any, ...]]:
    """(product, warehouse) to the mart's figures, from the lines and the counts."""
    limits = {row["threshold_name"]: int(row["threshold_value"]) for row in seed("stock_thresholds")}
    levels = {row["category_name"].lower(): row for row in seed("service_levels")}
    lead_times = seed("lead_times")
    sold: dict[tuple[str, str], Counter[date]] = defaultdict(Counter)
    last_sale: dict[tuple[str, str], date] = {}
    lines = gold.execute(
        "select product_id, warehouse_id, sold_date, quantity from gold.fct_sales where source_name = 'ops' and not is_cancelled"
    ).fetchall()
    for product, place, day, quantity in lines:
        if "unknown" not in (product, place) and day is not None:
            sold[product, place][sunday(day)] += quantity or 0
            if day <= as_of:
                last_sale[product, place] = max(day, last_sale.get((product, place), day))
    counts: dict[tuple[str, str], list[tuple[date, Any, int]]] = defaultdict(list)
    counted_weeks: dict[tuple[str, str], set[date]] = defaultdict(set)
    rows = gold.execute(
        """select product_id, warehouse_id, count_date, valid_from, on_hand_quantity
        from gold.fct_stock_counts inner join gold.dim_products_history using (product_key, product_id)
        where product_id != 'unknown' and warehouse_id != 'unknown'"""
    ).fetchall()
    for product, place, day, version, quantity in rows:
        counted_weeks[product, place].add(sunday(day))
        if quantity is not None:
            counts[product, place].append((day, version, quantity))
    products = {
        row[0]: row[1:]
        for row in gold.execute(
            "select product_id, category_name, current_price, wholesale_cost from gold.dim_products"
        ).fetchall()
    }
    last_full = sunday(as_of + timedelta(days=1)) - WEEK
    window = [last_full - back * WEEK for back in range(limits["rate_window_weeks"])]
    expected = {}
    for key in sold.keys() | counted_weeks.keys():
        first = min([*sold[key], *counted_weeks[key]])
        if first > as_of:
            continue
        product, place = key
        category, price, cost = products[product]
        week_end_stock = {sunday(day): quantity for day, _, quantity in sorted(counts[key])}
        in_stock = [week for week in window if week >= first and week_end_stock.get(week, 1) > 0]
        method = "trailing weeks"
        if not in_stock and any(week >= first for week in window):
            last_row = max([*sold[key], *counted_weeks[key]])
            earlier = [window[-1] - back * WEEK for back in range(1, 53)]
            in_stock = [week for week in earlier if first <= week <= last_row and week_end_stock.get(week, 1) > 0][
                : len(window)
            ]
            method = "last weeks in stock"
        rate, sigma = demand([sold[key][week] for week in in_stock])
        method = method if in_stock else "not known"
        before = [count for count in sorted(counts[key]) if count[0] <= as_of]
        counted_on, _, last_count = before[-1] if before else (None, None, None)
        on_hand = last_count if counted_on and (as_of - counted_on).days <= 7 * limits["count_valid_weeks"] else None
        lead = most_specific(lead_times, category, place)
        level = levels.get((category or "").lower(), levels[""])
        safety = reorder = order_up_to = None
        if rate is not None:
            safety = rounded(Decimal(level["z_value"]) * (sigma or 0) * rounded(lead.sqrt(), Decimal("0.000001")))
            reorder = rounded(rate * lead + safety)
            order_up_to = rate * (lead + limits["order_cover_weeks"]) + safety
        low_flag = sold[key][last_full] > 7 * week_end_stock.get(last_full, math.inf)
        attention, order, excess, lost = False, 0, 0, None
        if on_hand is None:
            status, attention, order, excess = "unknown", rate != 0, None, None
        elif on_hand <= 0:
            status, attention = "out_of_stock", rate != 0
            order = int((order_up_to - on_hand).to_integral_value(ROUND_CEILING)) if order_up_to is not None else None
        elif not rate:
            status, attention, excess = "no_demand", rate is not None, on_hand if rate is not None else 0
        elif on_hand <= reorder:
            status, attention = "low", True
            order = int((order_up_to - on_hand).to_integral_value(ROUND_CEILING))
        elif on_hand > rate * limits["excess_cover_weeks"]:
            status, attention = "excess", True
            excess = int((on_hand - rate * limits["excess_cover_weeks"]).to_integral_value(ROUND_FLOOR))
        else:
            status = "healthy"
        if on_hand is not None and rate is not None:
            lost = max(Decimal(0), rate * lead - max(on_hand, 0))
        sold_on = last_sale.get(key)
        expected[key] = (
            as_of,
            last_full,
            status,
            attention,
            order,
            on_hand,
            counted_on,
            last_count,
            (as_of - counted_on).days // 7 if counted_on else None,
            low_flag,
            rate,
            sigma,
            method,
            len(in_stock),
            sold_on,
            (as_of - sold_on).days // 7 if sold_on else None,
            rounded(on_hand / rate) if rate and on_hand is not None else None,
            lead,
            Decimal(level["service_level"]),
            safety,
            reorder,
            rounded(lost * price, TWO) if lost is not None and price is not None else None,
            excess,
            excess * cost if excess is not None and cost is not None else None,
        )
    return expected


ALERTS = """
    select
        product_id, warehouse_id, as_of_date, last_full_week_start_date, stock_status, needs_attention, suggested_order_quantity,
        on_hand_quantity, last_count_date, last_count_quantity, weeks_since_last_count, low_stock_flg_wk, weekly_rate_quantity,
        weekly_sigma_quantity, rate_method, rate_weeks, last_sale_date, weeks_since_last_sale, cover_weeks, lead_time_weeks,
        service_level, safety_stock_quantity, reorder_point_quantity, expected_lost_sales_amount, excess_quantity, excess_stock_amount
    from gold.mart_stock_alerts
"""


# ------------------------------------------------------------------------------------------------------------ customers

Event = tuple[date | None, date | None, int, int, Decimal, int, Decimal, str, Decimal]


def customer_events(gold: duckdb.DuckDBPyConnection) -> dict[str, list[Event]]:
    """Customer to (order date, own date, is an order, units, amount, returned units, returned amount, channel, coupons)."""
    lines = gold.execute(
        """select sales_line_key, source_name, channel, order_id, customer_id, sold_date, quantity, sales_amount, coupon_amount, is_cancelled
        from gold.fct_sales"""
    ).fetchall()
    order_date: dict[tuple[str, ...], date] = {}
    for _, *order, _, day, _, _, _, cancelled in lines:
        if day is not None and not cancelled:
            order_date[tuple(order)] = min(day, order_date.get(tuple(order), day))
    orders: dict[tuple[str, ...], list[Any]] = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    buyer: dict[str, tuple[str, ...]] = {}
    for key, *order, customer, _, quantity, amount, coupon, cancelled in lines:
        if customer != "unknown" and not cancelled:
            buyer[key] = (customer, *order)
            orders[customer, *order][0] += quantity or 0
            orders[customer, *order][1] += amount or 0
            orders[customer, *order][2] += coupon or 0
    events = defaultdict(list)
    for (customer, *order), (quantity, amount, coupon) in orders.items():
        day = order_date.get(tuple(order))
        events[customer].append((day, day, 1, quantity, amount, 0, Decimal(0), order[1], coupon))
    for key, day, quantity, amount in gold.execute(
        "select sales_line_key, returned_date, return_quantity, return_amount from gold.fct_returns"
    ).fetchall():
        if key in buyer:
            customer, *order = buyer[key]
            ordered = order_date.get(tuple(order))
            own = ordered if day is None or ordered is None or day < ordered else day
            events[customer].append(
                (ordered, own, 0, 0, Decimal(0), quantity or 0, amount or Decimal(0), order[1], Decimal(0))
            )
    return events


def scores(values: dict[str, Any]) -> dict[str, int]:
    """1 to 5 by the share of members that have a smaller value."""
    ascending = sorted(values.values())
    return {member: 1 + 5 * bisect_left(ascending, value) // len(ascending) for member, value in values.items()}


def segment_of() -> Callable[[tuple[int, int, int]], str]:
    names = {}
    for row in seed("customer_segments"):
        if row["recency_from"]:
            blocks = [
                range(int(row[f"{x}_from"]), int(row[f"{x}_to"]) + 1) for x in ("recency", "frequency", "monetary")
            ]
            names.update({(r, f, m): row["segment_name"] for r in blocks[0] for f in blocks[1] for m in blocks[2]})
    return names.__getitem__


def segment_scores(
    events: dict[str, list[Event]], source: str, until: date, returns_until: date, undated: bool
) -> dict[str, tuple[int, int, int]]:
    """Scores of the customers of a source who have ordered by a day."""
    known = {
        customer: seen
        for customer, all_events in events.items()
        if customer.startswith(f"{source}:") and (seen := list(seen_by(all_events, until, returns_until, undated)))
    }
    recency = scores({c: max((e[0] or date.min) for e in seen if e[2]) for c, seen in known.items()})
    frequency = scores({c: sum(e[2] for e in seen) for c, seen in known.items()})
    monetary = scores({c: sum(e[4] - e[8] - e[6] for e in seen) for c, seen in known.items()})
    return {customer: (recency[customer], frequency[customer], monetary[customer]) for customer in known}


def seen_by(events: list[Event], until: date, returns_until: date, undated: bool) -> Iterator[Event]:
    """What is known by a day; what has no day where `undated` says so."""
    for event in events:
        if event[0] is None:
            if undated:
                yield event
        elif event[0] <= until and (event[2] or event[1] <= returns_until):
            yield event


def favourite(tallies: dict[str, list[Any]]) -> str | None:
    """The key with the greatest tally; of equals the first by name."""
    return min(tallies, key=lambda name: (*(-value for value in tallies[name]), name)) if tallies else None


def customer_segments(
    gold: duckdb.DuckDBPyConnection, as_of: dict[str, date], returns_as_of: dict[str, date]
) -> dict[str, tuple[Any, ...]]:
    events, name = customer_events(gold), segment_of()
    categories: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(lambda: [0, Decimal(0)]))
    for source, customer, day, category, quantity, amount in gold.execute(
        """select source_name, customer_id, sold_date, category_name, quantity, sales_amount
        from (select * exclude (source_name), sales.source_name from gold.fct_sales as sales inner join gold.dim_products using (product_id))
        where not is_cancelled and customer_id != 'unknown' and category_name is not null"""
    ).fetchall():
        if day is None or day <= as_of[source]:
            categories[customer][category][0] += quantity or 0
            categories[customer][category][1] += amount or 0
    ratings = defaultdict(list)
    for customer, rating, source, day in gold.execute(
        """select feedback.customer_id, rating, source_name, sold_date
        from gold.fct_customer_feedback as feedback inner join gold.fct_sales using (sales_line_key, source_name)"""
    ).fetchall():
        if rating is not None and (day is None or day <= as_of[source]):
            ratings[customer].append(rating)
    expected = {}
    for source, until in as_of.items():
        late = returns_as_of.get(source, until)
        of_source = segment_scores(events, source, until, late, undated=True)
        customers = gold.execute(
            "select customer_id from gold.dim_customers where source_name = ? and not is_unknown", [source]
        ).fetchall()
        for customer in of_source.keys() | {customer for (customer,) in customers}:
            seen = list(seen_by(events.get(customer, []), until, late, undated=True))
            orders = [event for event in seen if event[2]]
            days = sorted(event[0] for event in orders if event[0])
            gross, back = sum((e[4] for e in seen), Decimal(0)), sum((e[6] for e in seen), Decimal(0))
            coupons = sum((e[8] for e in seen), Decimal(0))
            channels: dict[str, list[Any]] = defaultdict(lambda: [0, Decimal(0)])
            for event in orders:
                channels[event[7]][0] += 1
                channels[event[7]][1] += event[4]
            given = ratings[customer]
            expected[customer] = (
                source,
                name(of_source[customer]) if orders else "Never ordered",
                *of_source.get(customer, (None, None, None)),
                bool(orders),
                len(orders) == 1,
                until,
                days[0] if days else None,
                days[-1] if days else None,
                (until - days[-1]).days if days else None,
                rounded(Decimal((days[-1] - days[0]).days) / (len(days) - 1)) if len(days) > 1 else None,
                len(orders),
                sum(e[3] for e in seen),
                sum(e[5] for e in seen),
                gross,
                coupons,
                gross - coupons,
                back,
                gross - coupons - back,
                rounded((gross - coupons - back) / len(orders), TWO) if orders else None,
                favourite(categories[customer]),
                favourite(channels),
                rounded(Decimal(sum(given)) / len(given)) if given else None,
                len(given),
            )
    return expected


SEGMENTS = """
    select
        customer_id, source_name, segment_name, recency_score, frequency_score, monetary_score, has_ordered, is_one_time_customer, as_of_date,
        first_order_date, last_order_date, days_since_last_order, days_between_orders, orders, quantity, return_quantity,
        sales_amount, coupon_amount, net_sales_amount, return_amount, net_sales_after_returns_amount, average_order_amount, favourite_category_name, favourite_channel,
        average_rating, rating_count
    from gold.mart_customer_segments
"""


def segment_history(gold: duckdb.DuckDBPyConnection, as_of: dict[str, date]) -> dict[tuple[str, date], tuple[Any, ...]]:
    """(customer, month's last day) to segment and segment before, every month, from each month's own scores."""
    events, name = customer_events(gold), segment_of()
    expected = {}
    for source, until in as_of.items():
        dated = [event[0] for c, all_ in events.items() if c.startswith(f"{source}:") for event in all_ if event[0]]
        month, before = month_end(min(dated)), {}
        while month <= until:
            of_month = segment_scores(events, source, month, month, undated=False)
            for customer, three in of_month.items():
                expected[customer, month] = (name(three), before.get(customer))
            before = {customer: name(three) for customer, three in of_month.items()}
            month = month_end(month + timedelta(days=1))
    return expected


HISTORY = """
    select customer_id, months.month_end_date, segment_name, case when months.month_end_date = from_month_end_date then previous_segment_name else segment_name end
    from gold.mart_customer_segment_history as history
    inner join (select distinct month_end_date from gold.dim_dates) as months
        on history.from_month_end_date <= months.month_end_date and months.month_end_date <= history.to_month_end_date
"""


# ---------------------------------------------------------------------------------------------------------------- tests


def same(got: dict[Any, Any], expected: dict[Any, Any]) -> None:
    assert got.keys() == expected.keys()
    different = {key: (got[key], expected[key]) for key in expected if got[key] != expected[key]}
    assert not different, f"{len(different)} rows differ, such as {next(iter(different.items()))}"


def as_of_dates(warehouse: Warehouse) -> tuple[date, dict[str, date], dict[str, date]]:
    """As-of dates of stock planning, of each source's sales and of its returns, from the folders' names."""
    sales = {source: last_landed(warehouse.landing, source, feeds) for source, feeds in SALES_FEEDS.items()}
    stock = min(sales["ops"], last_landed(warehouse.landing, "inventory", ["inventory"]))
    return stock, sales, {"ops": last_landed(warehouse.landing, "ops", RETURN_FEEDS)}


def check(warehouse: Warehouse, stock: date, sales: dict[str, date], returns: dict[str, date]) -> None:
    with warehouse.connect() as gold:
        alerts = {tuple(row[:2]): tuple(row[2:]) for row in gold.execute(ALERTS).fetchall()}
        same(alerts, stock_alerts(gold, stock))
        segments = {row[0]: tuple(row[1:]) for row in gold.execute(SEGMENTS).fetchall()}
        same(segments, customer_segments(gold, sales, returns))
        history = {tuple(row[:2]): tuple(row[2:]) for row in gold.execute(HISTORY).fetchall()}
        same(history, segment_history(gold, sales))


def test_the_planning_marts_equal_plain_python_row_by_row(warehouse: Warehouse) -> None:
    check(warehouse, *as_of_dates(warehouse))
    with warehouse.connect() as gold:
        found = dict(gold.execute("select stock_status, count(*) from gold.mart_stock_alerts group by all").fetchall())
        (moved,) = gold.execute("select count(*) from gold.mart_customer_segment_history where has_moved").fetchone()
    # and there is something to compare
    assert {"low", "excess", "healthy", "no_demand"} <= found.keys()
    assert moved > 1_000


@pytest.mark.slow
def test_as_of_an_earlier_day_the_marts_know_nothing_later(
    warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = new_warehouse(tmp_path_factory.mktemp("earlier"))
    shutil.copy(warehouse.database, copy.database)
    day = date(2001, 6, 30)
    copy.run(
        *("dbt", "build", "--select", "int_as_of_dates+", "--exclude", "test_type:unit"),
        *("--vars", json.dumps({"as_of_date": day.isoformat()})),
    )
    check(copy, day, dict.fromkeys(SALES_FEEDS, day), {"ops": day})
    # the segments that the history of the whole has for that month's end
    with copy.connect() as then, warehouse.connect() as now:
        at_the_time = dict(
            then.execute(
                "select customer_id, segment_name from gold.mart_customer_segments where has_ordered"
            ).fetchall()
        )
        in_hindsight = {
            customer: segment for customer, month, segment, _ in now.execute(HISTORY).fetchall() if month == day
        }
    assert at_the_time == in_hindsight


FAULTY_EDITS = {
    "lead_times_have_one_default_no_double_and_nothing_negative": (
        "lead_times",
        {
            "no default": "delete from lead_times where category_name is null and warehouse_id is null",
            "more than one row": "insert into lead_times values ('books ', null, 3)",
            "negative": "update lead_times set lead_time_weeks = -1 where category_name = 'Books'",
            "is missing": "update lead_times set lead_time_weeks = null where category_name = 'Books'",
        },
    ),
    "service_levels_have_one_default_no_double_and_the_z_that_goes_with_them": (
        "service_levels",
        {
            "no default": "delete from service_levels where category_name is null",
            "more than one row": "insert into service_levels values ('MUSIC', 0.9, 1.28)",
            "not between 0.5": "update service_levels set service_level = 95 where category_name = 'Music'",
            "z_value": "update service_levels set service_level = 0.99 where category_name = 'Electronics'",
        },
    ),
    "stock_thresholds_are_all_there_once_and_sensible": (
        "stock_thresholds",
        {
            "exactly once": "delete from stock_thresholds where threshold_name = 'rate_window_weeks'",
            "misspelt": "insert into stock_thresholds values ('excess_weeks', 26, '')",
            "1 to 104": "update stock_thresholds set threshold_value = 0 where threshold_name = 'rate_window_weeks'",
        },
    ),
    "customer_segments_cover_each_combination_of_scores_once": (
        "customer_segments",
        {
            "exactly one row": "delete from customer_segments where segment_name = 'Lost'",
            "each combination": "update customer_segments set recency_to = 5 where segment_name = 'Needs attention'",
            "all six scores blank": "delete from customer_segments where recency_from is null",
            "all six are there": "update customer_segments set monetary_to = null where segment_name = 'Lost'",
        },
    ),
}


@pytest.mark.parametrize("test", FAULTY_EDITS)
def test_a_bad_edit_of_a_seed_fails_and_says_what_is_wrong(warehouse: Warehouse, tmp_path: Path, test: str) -> None:
    name, edits = FAULTY_EDITS[test]
    sql = (warehouse.compiled / "tests" / "singular" / f"{test}.sql").read_text()
    # the compiled test names the catalog, which is that of the file
    with duckdb.connect(str(tmp_path / warehouse.database.name)) as connection:
        connection.execute(f"attach '{warehouse.database}' as built (read_only)")
        connection.execute("create schema seeds; set schema = 'seeds'")
        for says, edit in edits.items():
            connection.execute(f"create or replace table {name} as from built.seeds.{name}")
            assert connection.execute(sql).fetchall() == []
            connection.execute(edit)
            faults = [str(row[-1]) for row in connection.execute(sql).fetchall()]
            assert any(says in fault for fault in faults), (edit, faults)
