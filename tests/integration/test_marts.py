"""The sales marts row by row against a computation in plain Python.

The operational source's rows are read from bronze as they landed; the marketplace's lines, whose cleaning has its own tests, from
scripts/bench/marketplace_by_hand.sql, and the shop's from gold.fct_sales. Nothing else of the models takes part but the marts themselves.
"""

import importlib.util
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import Warehouse

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = importlib.util.spec_from_file_location("by_hand", ROOT / "scripts" / "bench" / "by_hand.py")
by_hand = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(by_hand)

WEEK, YEAR = timedelta(days=7), timedelta(days=364)
ZERO = Decimal(0)


@dataclass(frozen=True)
class Line:
    """An order line; amounts in dollars, None where not known. `day` None is the unknown day."""

    source: str
    channel: str
    order: str
    line: str
    day: date | None
    shipped: date | None
    product: str
    category: str
    country: str
    state: str
    customer: str | None
    store: str
    warehouse: str
    quantity: int | None
    amount: Decimal | None
    list_amount: Decimal | None
    coupon: Decimal | None
    profit: Decimal | None
    is_estimated: bool


@dataclass(frozen=True)
class Return:
    """A returned line, with the line that had been sold."""

    day: date | None
    product: str
    category: str
    store: str
    warehouse: str
    quantity: int | None
    amount: Decimal | None
    loss: Decimal | None
    sold: Line


@dataclass(frozen=True)
class Shop:
    """What happened, and what the marts need to know beside it."""

    lines: list[Line]
    returns: list[Return]
    # (product, warehouse, week) to the last known count of the week, None where every count lacks a quantity
    stock: dict[tuple[str, str, date], int | None]
    # store to (first day, square feet, employees) of each version; warehouse to square feet
    stores: dict[str, list[tuple[date, int | None, int | None]]]
    warehouses: dict[str, int | None]
    as_of: date


def quotient(numerator: Any, divisor: Any) -> Decimal | None:
    """To four decimals, half away from zero; None without a divisor."""
    if numerator is None or not divisor:
        return None
    with localcontext() as context:
        context.prec = 60
        return (Decimal(numerator) / Decimal(divisor)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def sunday(day: date | None) -> date | None:
    """First day of the week."""
    return day and day - timedelta(days=(day.weekday() + 1) % 7)


def total(values: Iterable[Any]) -> Any:
    """Sum of what is known."""
    return sum((value for value in values if value is not None), start=0)


def known_total(values: Iterable[Any]) -> Any:
    """Sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def product_of(low: Any, high: Any) -> Any:
    """The product; None where a factor is not known."""
    return None if low is None or high is None else low * high


def first_known(*values: Any) -> Any:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)


def query(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    return connection.execute(sql).fetchall()


OPS_LINES = {
    "store": """
        select ss_ticket_number, ss_item_sk, ss_sold_date_sk, null, ss_customer_sk, ss_store_sk, null, null, ss_addr_sk, ss_quantity,
            ss_sales_price, ss_ext_sales_price, ss_list_price, ss_ext_list_price, ss_coupon_amt, ss_net_profit
        from bronze.ops__store_sales""",
    "catalog": """
        select cs_order_number, cs_item_sk, cs_sold_date_sk, cs_ship_date_sk, cs_bill_customer_sk, null, cs_warehouse_sk, cs_ship_addr_sk,
            cs_bill_addr_sk, cs_quantity, cs_sales_price, cs_ext_sales_price, cs_list_price, cs_ext_list_price, cs_coupon_amt, cs_net_profit
        from bronze.ops__catalog_sales""",
    "web": """
        select ws_order_number, ws_item_sk, ws_sold_date_sk, ws_ship_date_sk, ws_bill_customer_sk, null, ws_warehouse_sk, ws_ship_addr_sk,
            ws_bill_addr_sk, ws_quantity, ws_sales_price, ws_ext_sales_price, ws_list_price, ws_ext_list_price, ws_coupon_amt, ws_net_profit
        from bronze.ops__web_sales""",
}
OPS_RETURNS = {
    "store": "sr_ticket_number, sr_item_sk, sr_returned_date_sk, sr_store_sk, null, sr_return_quantity, sr_return_amt, sr_net_loss",
    "catalog": "cr_order_number, cr_item_sk, cr_returned_date_sk, null, cr_warehouse_sk, cr_return_quantity, cr_return_amount, cr_net_loss",
    "web": "wr_order_number, wr_item_sk, wr_returned_date_sk, null, null, wr_return_quantity, wr_return_amt, wr_net_loss",
}
MARKETPLACE_LINES = """
    select
        lines.source_name, lines.channel, lines.order_id, lines.line_id, lines.sold_date, null, products.product_id,
        coalesce(products.category_name, 'Unknown'), coalesce(places.country, 'Unknown'), coalesce(places.state, 'Unknown'),
        nullif(lines.customer_id, 'unknown'), 'unknown', 'unknown', lines.quantity, lines.sales_amount, null, null, null,
        lines.is_sold_date_estimated
    from by_hand.fct_sales as lines
    inner join by_hand.dim_products_history as products using (product_key)
    inner join by_hand.dim_locations as places on lines.location_key = places.location_key
"""
# the shop's, whose versions have tests of their own (test_history_from_log.py), from the fact
SHOP_LINES = MARKETPLACE_LINES.replace("by_hand.", "gold.") + "    where lines.source_name = 'shop'\n"


def ops(connection: duckdb.DuckDBPyConnection, as_of: date) -> Shop:
    """The operational source and its stock counts, from bronze."""
    days = dict(query(connection, "select d_date_sk, d_date from bronze.ops__date_dim"))
    items = {
        key: (f"ops:{code}", category or "Unknown")
        for key, code, category in query(
            connection, "select i_item_sk, i_item_id, nullif(trim(i_category), '') from bronze.ops__item"
        )
    }
    addresses = {
        key: place
        for key, *place in query(
            connection,
            """select ca_address_sk, coalesce(nullif(trim(ca_country), ''), 'Unknown'), coalesce(nullif(trim(ca_state), ''), 'Unknown')
               from bronze.ops__customer_address""",
        )
    }
    store_rows = query(
        connection,
        """select s_store_sk, s_store_id, s_rec_start_date, s_floor_space, s_number_employees, trim(s_country), trim(s_state)
           from bronze.ops__store order by s_store_sk""",
    )
    stores: dict[str, list[tuple[date, int | None, int | None]]] = defaultdict(list)
    for _, code, start, space, staff, *_ in store_rows:
        stores[f"ops:{code}"].append((start or date(1900, 1, 1), space, staff))
    store_codes = {key: (f"ops:{code}", place) for key, code, _, _, _, *place in store_rows}
    lines = {}
    for channel, sql in OPS_LINES.items():
        for row in query(connection, sql):
            order, item, day, shipped, customer, store, warehouse, receiver, buyer, quantity, price, extended = row[:12]
            list_price, extended_list, coupon, profit = row[12:]
            place = (
                addresses.get(receiver)
                or (store_codes[store][1] if store else None)
                or addresses.get(buyer)
                or ("Unknown", "Unknown")
            )
            lines[channel, order, item] = Line(
                *("ops", channel, str(order), str(item), days.get(day), days.get(shipped), *items[item], *place),
                customer=customer and f"ops:{customer}",
                store=store_codes[store][0] if store else "unknown",
                warehouse=f"ops:{warehouse}" if warehouse else "unknown",
                quantity=quantity,
                amount=first_known(product_of(price, quantity), extended),
                list_amount=first_known(product_of(list_price, quantity), extended_list),
                coupon=coupon,
                profit=profit,
                is_estimated=False,
            )
    returns = [
        Return(
            days.get(day),
            *items[item],
            store_codes[store][0] if store else "unknown",
            f"ops:{warehouse}" if warehouse else "unknown",
            quantity,
            amount,
            loss,
            lines[channel, order, item],
        )
        for channel, columns in OPS_RETURNS.items()
        for order, item, day, store, warehouse, quantity, amount, loss in query(
            connection, f"select {columns} from bronze.ops__{channel}_returns"
        )
    ]
    stock: dict[tuple[str, str, date], int | None] = {}
    for day, item, warehouse, quantity in query(
        connection,
        "select inv_date, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand from bronze.inventory__inventory order by inv_date, inv_item_sk::int",
    ):
        key = (items[int(item)][0], f"ops:{warehouse}", sunday(date.fromisoformat(day)))
        stock[key] = int(quantity) if quantity is not None else stock.get(key)
    warehouses = {
        f"ops:{key}": feet
        for key, feet in query(connection, "select w_warehouse_sk, w_warehouse_sq_ft from bronze.ops__warehouse")
    }
    return Shop(list(lines.values()), returns, stock, stores, warehouses, as_of)


@pytest.fixture(scope="module")
def shop(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Every line and return of the small sample."""
    database = shutil.copy(warehouse.database, tmp_path_factory.mktemp("marts") / warehouse.database.name)
    as_of = max(date.fromisoformat(folder.name.removeprefix("dt=")) for folder in warehouse.landing.glob("*/*/dt=*"))
    with duckdb.connect(str(database)) as connection:
        by_hand.build_marketplace(connection, warehouse.landing)
        read = ops(connection, as_of)
        for lines in (MARKETPLACE_LINES, SHOP_LINES):
            read.lines.extend(Line(*row) for row in query(connection, lines))
    assert {line.channel for line in read.lines} == {"store", "catalog", "web", "marketplace", "shop"}
    return read


def sold(lines: list[Line]) -> dict[str, Any]:
    """Measures of the lines of a row."""
    kept = [line for line in lines if (line.quantity or 0) >= 0]
    cancelled = [line for line in lines if (line.quantity or 0) < 0]
    amount, coupon = total(line.amount for line in kept), total(line.coupon for line in kept)
    return {
        "sold_lines": len(kept),
        "quantity": total(line.quantity for line in kept),
        "sales_amount": amount,
        "coupon_amount": coupon,
        "net_sales_amount": amount - coupon,
        "profit_amount": known_total(line.profit for line in kept),
        "incomplete_lines": sum(line.quantity is None or line.amount is None for line in kept),
        "distinct_orders": len({(line.source, line.channel, line.order) for line in kept}),
        "distinct_customers": len({line.customer for line in kept if line.customer}),
        "cancelled_lines": len(cancelled),
        "cancelled_quantity": total(line.quantity for line in cancelled),
        "cancelled_sales_amount": total(line.amount for line in cancelled),
    }


def came_back(returns: list[Return]) -> dict[str, Any]:
    """Measures of the returns of a row."""
    return {
        "returned_lines": len(returns),
        "return_quantity": total(row.quantity for row in returns),
        "return_amount": total(row.amount for row in returns),
        "return_loss_amount": total(row.loss for row in returns),
    }


def grouped(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Rows by their key."""
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def place(rows: dict[Any, dict[str, Any]], measure: str, week: date, least: bool = False) -> dict[Any, int]:
    """Place of each thing in a week: one more than those before it, so that ties share one."""
    values = {thing: row[measure] for (thing, of_week), row in rows.items() if of_week == week and row["sold_lines"]}
    del_unknown = {
        thing: value for thing, value in values.items() if not thing.endswith("unknown") and value is not None
    }
    ordered = sorted(del_unknown.values(), reverse=not least)
    return {thing: ordered.index(value) + 1 for thing, value in del_unknown.items()}


def check(warehouse: Warehouse, table: str, keys: list[str], expected: dict[tuple[Any, ...], dict[str, Any]]) -> None:
    """The table has these rows and no others, each with these values."""
    columns = list(next(iter(expected.values())))
    with warehouse.connect() as gold:
        got = {
            row[: len(keys)]: row[len(keys) :]
            for row in query(gold, f"select {', '.join(keys + columns)} from gold.{table}")
        }
    assert len(expected) > 400
    assert got.keys() == expected.keys()
    different = [
        (key, column, value, row[column])
        for key, row in expected.items()
        for column, value in zip(columns, got[key], strict=True)
        if value != row[column]
    ]
    assert not different, f"{len(different)} values differ, such as (key, column, ours, expected) {different[:3]}"


def test_the_daily_mart_equals_plain_python(warehouse: Warehouse, shop: Shop) -> None:
    def cell(line: Line, day: date | None, category: str) -> tuple[Any, ...]:
        return day, line.source, line.channel, category, line.country, line.state

    lines = grouped(shop.lines, lambda line: cell(line, line.day, line.category))
    returns = grouped(shop.returns, lambda row: cell(row.sold, row.day, row.category))
    firsts = set()
    for order in grouped(shop.lines, lambda line: (line.source, line.channel, line.order)).values():
        kept = [line for line in order if (line.quantity or 0) >= 0]
        if kept:
            first = min(kept, key=lambda line: (line.day is None, line.line))
            firsts.add((first.source, first.channel, first.order, first.line))
    measures = {key: sold(rows) for key, rows in lines.items()}
    for key, row in measures.items():
        row["orders"] = sum((line.source, line.channel, line.order, line.line) in firsts for line in lines[key])
        kept = [line for line in lines[key] if (line.quantity or 0) >= 0]
        row["discount_amount"] = total(
            line.list_amount - line.amount for line in kept if line.list_amount is not None and line.amount is not None
        )
        row["estimated_date_lines"] = sum(line.is_estimated for line in kept)
    nothing = sold([]) | {"orders": 0, "discount_amount": 0, "estimated_date_lines": 0}
    days_sold = {
        source: sorted(line.day for line in rows if line.day)
        for source, rows in grouped(shop.lines, lambda line: line.source).items()
    }
    keys = {*lines, *returns}
    for day, source, *rest in lines:
        if day and day + YEAR <= days_sold[source][-1]:
            keys.add((day + YEAR, source, *rest))
    expected = {}
    for key in keys:
        day, source, *rest = key
        now, back = measures.get(key, nothing), came_back(returns.get(key, []))
        row = now | back
        row["net_sales_after_returns_amount"] = row["net_sales_amount"] - row["return_amount"]
        comparable = day is not None and day - YEAR >= days_sold[source][0] and day <= days_sold[source][-1]
        before = measures.get((day - YEAR, source, *rest), nothing) if comparable else None
        row |= {
            "orders_year_before": before and before["orders"],
            "quantity_year_before": before and before["quantity"],
            "sales_amount_year_before": before and before["sales_amount"],
            "net_sales_amount_year_before": before and before["net_sales_amount"],
            "sales_amount_year_change": before and now["sales_amount"] - before["sales_amount"],
            "sales_amount_year_change_ratio": before
            and quotient(now["sales_amount"] - before["sales_amount"], before["sales_amount"]),
            "date_key": int(day.strftime("%Y%m%d")) if day else -1,
            "day_name": day.strftime("%A") if day else "Unknown",
            "is_weekend": day and day.weekday() >= 5,
            "week_start_date": sunday(day),
            "prior_year_date": day and day - YEAR,
        }
        expected[key] = row
    check(
        warehouse,
        "mart_sales_daily",
        ["date_day", "source_name", "channel", "category_name", "country", "state"],
        expected,
    )
    # the sample has what the rules are about
    assert any(day is None for day, *_ in lines)
    assert any(key not in lines and key in returns for key in keys)
    assert any(key not in lines and key not in returns for key in keys)


def weekly(
    shop: Shop,
    lines: dict[tuple[str, date | None], list[Line]],
    returns: dict[tuple[str, date | None], list[Return]],
    counted: Iterable[tuple[str, date]] = (),
) -> dict[tuple[str, date | None], dict[str, Any]]:
    """Rows by (thing, week), from the first to the last week in which a thing had anything, with the two comparisons."""
    weeks_of: dict[str, set[date | None]] = defaultdict(set)
    for thing, week in (*lines, *returns, *counted):
        weeks_of[thing].add(week)
    measures = {key: sold(rows) for key, rows in lines.items()}
    weeks_sold: dict[str, set[date]] = defaultdict(set)
    for thing, week in lines:
        if week and thing != "unknown":
            weeks_sold[thing.split(":")[0]].add(week)
    rows = {}
    for thing, active in weeks_of.items():
        known = [week for week in active if week]
        weeks: list[date | None] = (
            [min(known) + WEEK * number for number in range((max(known) - min(known)).days // 7 + 1)] if known else []
        )
        for week in weeks + [None] * (None in active):
            row = measures.get((thing, week), sold([])) | came_back(returns.get((thing, week), []))
            row["net_sales_after_returns_amount"] = row["net_sales_amount"] - row["return_amount"]
            row["week_end_date"] = week and week + timedelta(days=6)
            row["is_complete_week"] = week is not None and week + timedelta(days=6) <= shop.as_of
            for name, distance in (("week", WEEK), ("year", YEAR)):
                source = weeks_sold.get(thing.split(":")[0])
                comparable = week and source and week - distance >= min(source) and week <= max(source)
                before = measures.get((thing, week - distance), sold([])) if comparable else None
                change = before and row["sales_amount"] - before["sales_amount"]
                row[f"quantity_{name}_before"] = before and before["quantity"]
                row[f"sales_amount_{name}_before"] = before and before["sales_amount"]
                row[f"sales_amount_{name}_change"] = change
                row[f"sales_amount_{name}_change_ratio"] = before and quotient(change, before["sales_amount"])
            rows[thing, week] = row
    return rows


def add_places(rows: dict[tuple[str, date | None], dict[str, Any]], places: dict[str, tuple[str, bool]]) -> None:
    """Add columns of places: name to (measure, whether the least comes first)."""
    for week in {week for _, week in rows}:
        for column, (measure, least) in places.items():
            found = place(rows, measure, week, least) if week else {}
            for thing, of_week in [key for key in rows if key[1] == week]:
                rows[thing, of_week][column] = found.get(thing)


def by_week(rows: dict[Any, dict[str, Any]]) -> dict[Any, list[tuple[Any, dict[str, Any]]]]:
    """Rows by week."""
    return grouped(rows.items(), lambda item: item[0][1])


def test_the_product_mart_equals_plain_python(warehouse: Warehouse, shop: Shop) -> None:
    lines = grouped(shop.lines, lambda line: (line.product, sunday(line.day)))
    returns = grouped(shop.returns, lambda row: (row.product, sunday(row.day)))
    rows = weekly(shop, lines, returns, {(product, week) for product, _, week in shop.stock})
    shipped = grouped(
        (line for line in shop.lines if line.warehouse != "unknown" and line.day),
        lambda line: (line.product, line.warehouse, sunday(line.day)),
    )
    units = {key: total(line.quantity for line in sold_lines) for key, sold_lines in shipped.items()}
    shipped_units: dict[Any, int] = defaultdict(int)
    for (product, _, week), quantity in units.items():
        shipped_units[product, week] += quantity
    stock = grouped(shop.stock.items(), lambda item: (item[0][0], item[0][2]))
    for (product, week), row in rows.items():
        counts = [(key, count) for key, count in stock.get((product, week), []) if count is not None]
        row["on_hand_quantity"] = known_total(count for _, count in counts)
        row["warehouses_with_known_stock"] = len(counts)
        row["warehouse_quantity"] = shipped_units.get((product, week), 0)
        row["weeks_of_supply"] = quotient(row["on_hand_quantity"], row["warehouse_quantity"])
        row["low_stock_warehouses"] = sum(units.get(key, 0) > 0 and units[key] > 7 * count for key, count in counts)
        del row["distinct_orders"], row["distinct_customers"]
    for of_week in by_week(rows).values():
        add_places(
            dict(of_week),
            {
                "best_rank_by_amount": ("sales_amount", False),
                "best_rank_by_quantity": ("quantity", False),
                "worst_rank_by_amount": ("sales_amount", True),
                "worst_rank_by_quantity": ("quantity", True),
            },
        )
    check(warehouse, "mart_product_performance", ["product_id", "week_start_date"], rows)
    assert any(row["returned_lines"] and not row["sold_lines"] for row in rows.values())
    # ties
    assert any(
        len({row["best_rank_by_quantity"] for _, row in of_week}) < len([1 for _, row in of_week if row["sold_lines"]])
        for of_week in by_week(rows).values()
    )


def test_the_store_mart_equals_plain_python(warehouse: Warehouse, shop: Shop) -> None:
    lines = grouped(
        (line for line in shop.lines if line.channel == "store"), lambda line: (line.store, sunday(line.day))
    )
    returns = grouped(
        (row for row in shop.returns if row.sold.channel == "store"), lambda row: (row.store, sunday(row.day))
    )
    rows = weekly(shop, lines, returns)
    for (store, week), row in rows.items():
        versions = sorted(shop.stores.get(store, []))
        begun = [version for version in versions if week and version[0] <= row["week_end_date"]] or versions[:1]
        _, space, staff = begun[-1] if begun and week else (None, None, None)
        row["floor_space_square_feet"], row["employee_count"] = space, staff
        row["sales_amount_per_square_foot"] = quotient(row["sales_amount"], space)
        row["sales_amount_per_employee"] = quotient(row["sales_amount"], staff)
    add_places(
        rows,
        {
            "rank_by_amount": ("sales_amount", False),
            "rank_by_amount_per_square_foot": ("sales_amount_per_square_foot", False),
        },
    )
    check(warehouse, "mart_store_performance", ["store_id", "week_start_date"], rows)
    assert any(store == "unknown" for store, _ in rows)


def test_the_warehouse_mart_equals_plain_python(warehouse: Warehouse, shop: Shop) -> None:
    ships = ("catalog", "web")
    lines = grouped(
        (line for line in shop.lines if line.channel in ships), lambda line: (line.warehouse, sunday(line.day))
    )
    returns = grouped(
        (row for row in shop.returns if row.sold.channel in ships),
        lambda row: (row.sold.warehouse if row.sold.warehouse != "unknown" else row.warehouse, sunday(row.day)),
    )
    rows = weekly(shop, lines, returns, {(place, week) for _, place, week in shop.stock})
    stock = grouped(shop.stock.items(), lambda item: item[0][1:])
    units: dict[Any, int] = defaultdict(int)
    for line in shop.lines:
        units[line.product, line.warehouse, sunday(line.day)] += line.quantity or 0
    for (name, week), row in rows.items():
        counts = [(key, count) for key, count in stock.get((name, week), []) if count is not None]
        days = [(line.shipped - line.day).days for line in lines.get((name, week), []) if line.shipped and line.day]
        row["warehouse_square_feet"] = shop.warehouses.get(name)
        row["sales_amount_per_square_foot"] = quotient(row["sales_amount"], row["warehouse_square_feet"])
        row["lines_with_days_to_ship"], row["days_to_ship"] = len(days), sum(days)
        row["average_days_to_ship"] = quotient(sum(days), len(days))
        row["on_hand_quantity"] = known_total(count for _, count in counts)
        row["products_with_known_stock"] = len(counts)
        row["weeks_of_supply"] = quotient(row["on_hand_quantity"], row["quantity"])
        row["low_stock_products"] = sum(units[key] > 0 and units[key] > 7 * count for key, count in counts)
    add_places(rows, {"rank_by_amount": ("sales_amount", False), "rank_by_quantity": ("quantity", False)})
    check(warehouse, "mart_warehouse_performance", ["warehouse_id", "week_start_date"], rows)
    assert any(row["returned_lines"] and not row["sold_lines"] for row in rows.values())
