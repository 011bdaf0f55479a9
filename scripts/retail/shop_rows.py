"""The rows of the shop's three feeds as SQL: what befalls whom, and when. `shop.py` says what there is, and writes it.

Times are seconds since FIRST_DATE and money is cents until `text` turns both into what is written.
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from retail.draws import literal, spread_id, weighted
from retail.marketplace import FIRST_NAMES, LAST_NAMES, STREETS

COLUMNS = {
    "customers": (
        *(
            "customer_id",
            "first_name",
            "last_name",
            "company_name",
            "email",
            "phone",
            "address_line_1",
            "address_line_2",
        ),
        *("city", "state", "postal_code", "country", "territory", "registration_date", "updated_at", "op"),
    ),
    "products": ("product_id", "product_name", "category", "price", "stock_quantity", "updated_at"),
    "orders": (
        *(
            "order_id",
            "line_number",
            "customer_id",
            "product_id",
            "ordered_at",
            "quantity",
            "unit_price",
            "total_amount",
        ),
    ),
}
FIRST_DATE, LAST_REGULAR_DATE, LAST_DATE = date(2023, 3, 1), date(2024, 2, 28), date(2024, 2, 29)
# In the second half of a month, so that what is 29 days old or older was sent with an earlier month.
LATE_DATES = (date(2023, 5, 20), date(2023, 8, 19), date(2023, 11, 18), LAST_DATE)
AGAIN_DATE = date(2023, 6, 24)
# In another week and month. No line ordered on that day is corrected: a repeat must not undo a correction.
RESENT_DATE, RESENT_ON = date(2023, 6, 28), date(2023, 7, 6)
ORDERS_PER_CUSTOMER, CUSTOMERS_PER_PRODUCT, MIN_PRODUCTS = 4, 10, 20

# What befalls a customer, by the last two digits of its number. Those whose number's last digit is below 6 are customers
# when the first export is made, the others register later.
STORIES = {
    0: "several_in_a_file",
    1: "same_time",
    2: "there_and_back",
    3: "late_change",
    4: "late_change",
    5: "repeated_far",
    6: "late_insert",
    7: "before_registration",
    8: "namesake",
    10: "late_delete",
    11: "returns",
    12: "returns",
    13: "repeated_near",
    17: "deleted",
    18: "deleted",
}
# A row to reject follows the first change of the customer with that number, modulo 500.
BAD_ROWS = {50: "unknown_op", 150: "no_id", 250: "no_time", 350: "future"}
PRODUCT_STORIES = {
    2: "renamed",
    3: "there_and_back",
    4: "late_change",
    5: "same_time",
    6: "unchanged",
    7: "repeated_near",
}
# What an update changes, and how often of 20.
CHANGES = {
    "email": 5,
    "address": 5,
    "phone": 3,
    "last_name": 1,
    "company": 2,
    "territory": 1,
    "address_and_phone": 1,
    "nothing": 2,
}
# Change: what it is, by story and step; a step without an entry is drawn from CHANGES.
STORY_CHANGES = {
    ("several_in_a_file", 1): "email",
    ("several_in_a_file", 2): "address",
    ("several_in_a_file", 3): "phone",
    ("same_time", 1): "email",
    ("same_time", 2): "address",
    ("there_and_back", 1): "address",
    ("there_and_back", 2): "address_back",
    ("late_change", 1): "address",
    ("late_change", 2): "phone",
    ("late_insert", 1): "email",
    ("late_delete", 1): "nothing",
    ("late_delete", 2): "email",
    ("before_registration", 1): "phone",
    ("returns", 1): "nothing",
    ("repeated_near", 1): "email",
    ("repeated_far", 1): "email",
}
# (city, state, lowest postal code, country, area code)
PLACES = (
    ("Los Angeles", "CA", 90001, "US", 213),
    ("Houston", "TX", 77002, "US", 713),
    ("Boston", "MA", 2108, "US", 617),
    ("Chicago", "IL", 60601, "US", 312),
    ("Toronto", "ON", 40111, "CA", 416),
    ("Atlanta", "GA", 30303, "US", 404),
    ("New York", "NY", 10001, "US", 212),
    ("Newark", "NJ", 7102, "US", 973),
    ("Montréal", "QC", 51111, "CA", 514),
    ("Seattle", "WA", 98101, "US", 206),
    ("Hartford", "CT", 6103, "US", 860),
    ("Vancouver", "BC", 60111, "CA", 604),
)
TERRITORIES = ("North", "East", "South", "West", "Central")
# None: a private person. No two neighbours are equal, so that the next one is always another.
COMPANIES = (
    *("Fernwick Trading", None, "Ashgrove & Sons", None, 'Moor "Wholesale", Inc.', "Coldbrook Supplies", None),
    *("Larchmont Fittings", None, "Quillbrook Paper Co.", "Hazelbeck Hotels", None, "Vetchley Schools"),
)
GOODS = {
    "Garden": ("Watering can", "Trellis", "Rake", "Planter", "Bird bath"),
    "Kitchen": ("Kettle", "Teapot", "Whisk", 'Pan 28 cm, "Large"', "Mixing bowl"),
    "Office": ("Desk lamp", "Stapler", "Notebook", "Whiteboard", "Letter tray"),
    "Toys": ("Kite", "Puzzle", "Building blocks", "Spinning top", "Yo-yo"),
}

_DAY = 86_400
_END = ((LAST_REGULAR_DATE - FIRST_DATE).days + 1) * _DAY
# Rows of a customer after the first: below 32, the span of a customer's row numbers.
_MAX_UPDATES = 8
# Each has its own draw for every customer, row, order or line: (its place here) is the number of the draw.
_DRAWS = (
    *(
        "first_at",
        "registered",
        "updates",
        "t1",
        "t2",
        "late",
        "next",
        "place",
        "postal",
        "phone",
        "no_phone",
        "first_name",
    ),
    *("last_name", "company", "territory", "street", "house", "flat", "mail", "return"),
    *("change", "at", "delayed"),
    *("launched", "period", "price", "price_step", "stock", "noun"),
    *("customer", "customer_2", "ordered_at", "lines", "correction", "delay", "item", "quantity", "new_quantity"),
)
_DRAW_SPAN = 64

Report = Callable[[str, int, int], None]


def products(customers: int) -> int:
    """How many products a shop of so many customers sells."""
    return max(MIN_PRODUCTS, customers // CUSTOMERS_PER_PRODUCT)


def connect(scratch: Path, seed: int) -> duckdb.DuckDBPyConnection:
    """A database on disk with the lists that rows draw from, and the macros that draw."""
    # One thread: rows keep their order, and other work on the machine its cores.
    config = {"threads": 1, "memory_limit": "1GiB", "temp_directory": f"{scratch}/spill"}
    connection = duckdb.connect(f"{scratch}/shop.duckdb", config=config)
    for name, values in _lists().items():
        # A variable is a constant to a query; a parameter cannot set one.
        connection.execute(f"set variable {name} = [{', '.join(map(literal, values))}]")
    # Above the marketplace's draws of the same seed, below those of the next.
    stream = seed * 2**40 + 2**39
    connection.execute(
        f"""
        create temp macro draw(of_number, number) as hash(cast({stream} + of_number * {_DRAW_SPAN} + number as bigint));
        -- a whole number below `below`, as bigint
        create temp macro below(of_number, number, below) as
            cast(draw(of_number, number) % cast(below as ubigint) as bigint);
        create temp macro placed(items, number) as items[cast(number as bigint) + 1];
        create temp macro day_of(second) as date '{FIRST_DATE}' + cast(second // {_DAY} as integer);
        create temp macro time_text(second) as
            strftime(timestamp '{FIRST_DATE}' + to_seconds(cast(second as bigint)), '%Y-%m-%d %H:%M:%S');
        create temp macro money(cents) as cast(cast(cents as decimal(18, 0)) * 0.01 as decimal(18, 2))::varchar;
        """
    )
    return connection


@cache
def _lists() -> dict[str, list]:
    nouns = [(category, noun) for category, names in GOODS.items() for noun in names]
    return {
        "first_names": list(FIRST_NAMES),
        "last_names": list(LAST_NAMES),
        "streets": list(STREETS),
        "changes": weighted(CHANGES),
        "territories": list(TERRITORIES),
        "companies": list(COMPANIES),
        "late_days": [(day - FIRST_DATE).days for day in LATE_DATES],
        "categories": [category for category, _ in nouns],
        "nouns": [noun for _, noun in nouns],
        **{
            name: list(values)
            for name, values in zip(
                ("city", "state", "postal", "country", "area"), zip(*PLACES, strict=True), strict=True
            )
        },
    }


def _draw(name: str, of: str, below: int | str) -> str:
    """SQL: the draw of that name of a number, a whole number from 0 to `below` - 1."""
    return f"below({of}, {_DRAWS.index(name)}, {below})"


def _at(items: str, place: str) -> str:
    return f"placed(getvariable('{items}'), ({place}) % {len(_lists()[items])})"


def _case(of: str, cases: dict[int, str]) -> str:
    whens = " ".join(f"when {value} then '{name}'" for value, name in cases.items())
    return f"case {of} {whens} end"


def make_rows(connection: duckdb.DuckDBPyConnection, customers: int, report: Report) -> None:
    """Tables `customers`, `products` and `orders`: a row for each row to send, narrow, in the order of sending.

    `batch` is 0 for what is sent regularly, n for the n-th of LATE_DATES; `sent_at` orders the rows of a batch.
    """
    report(f"generating a shop of {customers:,} customers", 0, 0)
    connection.execute(f"create table people as {_people(customers)}")
    connection.execute(f"create table customers as {_customer_rows()} order by batch, sent_at, customer, step, copy")
    connection.execute(f"create table goods as {_goods(products(customers))}")
    connection.execute(f"create table products as {_product_rows()} order by batch, sent_at, product, step, copy")
    # Twice in the query, so kept: the orders themselves
    connection.execute(f"create table placed_orders as {_placed_orders(customers)}")
    connection.execute(
        f"create table orders as {_order_rows(products(customers))} order by batch, sent_at, order_number, line, copy"
    )
    connection.execute("drop table placed_orders")


def _people(customers: int) -> str:
    """SQL: a row a customer: its story, the times of its first three rows, how many updates it has."""
    days = {name: f"{days} * {_DAY}" for name, days in (("1", 1), ("3", 3), ("28", 28), ("29", 29), ("42", 42))}
    return f"""
        with numbered as (
            select
                range::integer as customer,
                {_case("range % 100", STORIES)} as story,
                {_case("range % 500", BAD_ROWS)} as bad,
                cast(range // 100 % {len(LATE_DATES)} as integer) + 1 as late_batch,
                range % 10 < 6 as is_there_at_first
            from range({customers})
        ),
        drawn as (
            select
                *,
                story in ('late_change', 'late_delete', 'late_insert') as is_late,
                {_at("late_days", "late_batch - 1")} * {_DAY} as late_at,
                case
                    when story is not null then 3 + {_draw("updates", "customer", _MAX_UPDATES - 3)}
                    when bad is not null then 1 + {_draw("updates", "customer", _MAX_UPDATES)}
                    else {_draw("updates", "customer", _MAX_UPDATES + 1)}
                end as updates
            from numbered
        ),
        begun as (
            select
                *,
                late_at - {days["42"]} - 1 - {_draw("late", "customer", f"21 * {_DAY}")} as late_row_at,
                late_at - {days["29"]} - 1 - {_draw("next", "customer", f"12 * {_DAY}")} as newer_row_at,
                case
                    when story = 'late_insert' then late_row_at
                    when is_there_at_first then -1 - {_draw("first_at", "customer", f"1500 * {_DAY}")}
                    else {_DAY} + {_draw("first_at", "customer", f"330 * {_DAY}")}
                end as first_at,
                greatest(first_at, 0) + {days["1"]} as from_at
            from drawn
        ),
        first_change as (
            select
                *,
                case
                    when story = 'late_insert' then newer_row_at
                    when is_late then late_row_at
                    when story = 'before_registration' then first_at + {days["3"]}
                    -- the others follow within the same morning or afternoon
                    when story = 'several_in_a_file'
                        then from_at // {_DAY} * {_DAY} + {_DAY} * {_draw("t1", "customer", 60)}
                            + 8 * 3600 + {_draw("t2", "customer", 8 * 3600)}
                    else from_at + {_draw("t1", "customer", f"({_END} - from_at) // greatest(updates, 1)")}
                end as t1
            from begun
        )
        select
            customer,
            story,
            bad,
            case when is_late then late_batch end as late_batch,
            updates,
            first_at,
            t1,
            case
                when story = 'same_time' then t1
                when story = 'several_in_a_file' then t1 + 420
                when story in ('late_change', 'late_delete') then newer_row_at
                else t1 + {days["1"]} + {_draw("t2", "customer", f"greatest(1, ({_END} - t1 - {days['1']}) // greatest(updates, 1))")}
            end as t2
        from first_change
    """


def _customer_rows() -> str:
    """SQL: the rows of `customers`: which customer and step, and how often each attribute has changed by then."""
    changes = " ".join(
        f"when people.story = '{story}' and step = {step} then '{change}'"
        for (story, step), change in STORY_CHANGES.items()
    )
    return f"""
        with steps as (
            select people.*, step
            from people, lateral (select unnest(range(0, updates + 1))::integer as step)
        ),
        changed as (
            select
                *,
                customer * 32 + step as number,
                case
                    when step = 0 then 'nothing'
                    {changes.replace("people.", "")}
                    when story = 'returns' and step = 2
                        then case when customer // 200 % 2 = 0 then 'nothing' else 'address' end
                    when story = 'deleted' and step = updates then 'nothing'
                    else {_at("changes", _draw("change", "number", sum(CHANGES.values())))}
                end as change,
                case
                    when step = 0 then 'I'
                    when story in ('returns', 'late_delete') and step = 1 then 'D'
                    when story = 'deleted' and step = updates then 'D'
                    when story = 'returns' and step = 2 and customer // 100 % 2 = 0 then 'I'
                    else 'U'
                end as op,
                -- the later updates, one in each of as many equal stretches from the day after the second to the end
                ({_END} - t2 - {_DAY}) // greatest(updates - 2, 1) as stretch,
                case
                    when step = 0 then first_at
                    when step = 1 then t1
                    when step = 2 then t2
                    when story = 'several_in_a_file' and step = 3 then t2 + 600
                    else t2 + {_DAY} + (step - 3) * stretch + {_draw("at", "number", "greatest(stretch * 9 // 10, 1)")}
                end as changed_at
            from steps
        ),
        versions as (
            select
                customer,
                step,
                story,
                bad,
                op,
                changed_at,
                case when late_batch is not null and step = (story <> 'late_insert')::integer then late_batch else 0 end
                    as batch,
                case
                    when story = 'same_time' and step = 2 and customer // 100 % 2 = 1 then changed_at + 40 * {_DAY}
                    when step >= 3 and {_draw("delayed", "number", 20)} = 0
                        then least(changed_at + {_DAY} * (1 + number % 3), greatest({_END} - 1, changed_at))
                    else greatest(changed_at, 0)
                end as sent_at,
                {
        ", ".join(
            f"count(*) filter (change in {changes}) over rows_so_far as {name}_changes"
            for name, changes in (
                ("email", "('email')"),
                ("phone", "('phone', 'address_and_phone')"),
                ("last_name", "('last_name')"),
                ("company", "('company')"),
                ("territory", "('territory')"),
            )
        )
    },
                cast(sum(
                    case change when 'address_back' then -1 when 'address' then 1 when 'address_and_phone' then 1 else 0 end
                ) over rows_so_far as bigint) as address_changes
            from changed
            window rows_so_far as (
                partition by customer order by step rows between unbounded preceding and current row
            )
        )
        select * exclude (story, bad), 0 as copy, null as bad from versions
        union all
        select
            * exclude (story, bad) replace (case when story = 'repeated_far' then sent_at + 40 * {
        _DAY
    } else sent_at end as sent_at),
            1 as copy,
            null as bad
        from versions
        where story in ('repeated_near', 'repeated_far') and step = 1
        union all
        -- with content of its own, so that it shows where it is taken for good
        select
            * exclude (story, bad) replace (email_changes + 70 as email_changes, least(sent_at + 60, {
        _END
    } - 1) as sent_at),
            2 as copy,
            bad
        from versions
        where bad is not null and step = 1
    """


def _goods(count: int) -> str:
    """SQL: a row a product: its story, when it is launched, and its changes: from when, every how many seconds."""
    return f"""
        with numbered as (
            select
                range::integer as product,
                {_case("range % 20", PRODUCT_STORIES)} as story,
                cast(range // 20 % {len(LATE_DATES)} as integer) + 1 as late_batch,
                {_launched("range")} as first_at
            from range({count})
        )
        select
            product,
            story,
            late_batch,
            first_at,
            case when story = 'late_change' then 18 * {_DAY} else {_draw("period", "product", f"50 * {_DAY}")} + 20 * {_DAY} end
                as period,
            case
                when story = 'late_change'
                    then ({_at("late_days", "late_batch - 1")} - 48) * {_DAY} - 1 - {_draw("late", "product", f"12 * {_DAY}")}
                else greatest(first_at, 0) + {_DAY} + {_draw("t1", "product", "period")}
            end as t1
        from numbered
    """


def _launched(product: str) -> str:
    """SQL: second of a product's first row: for four in five before the first export, for the others after."""
    return f"""
        case
            when {product} % 10 < 8 then -1 - {_draw("launched", product, f"700 * {_DAY}")}
            else 5 * {_DAY} + {_draw("launched", product, f"200 * {_DAY}")}
        end
    """


def _product_rows() -> str:
    """SQL: the rows of `products`: the first, then one every `period`; the price changes with every odd one."""
    return f"""
        with steps as (
            select *, case when step = 0 then first_at else t1 + (step - 1) * period end as usual_at
            from goods, lateral (select unnest(range(0, 2 + ({_END} - 1 - t1) // period))::integer as step)
        ),
        versions as (
            select
                product,
                step,
                story,
                case when story = 'same_time' and step = 2 then t1 else usual_at end as changed_at,
                case when story = 'late_change' and step = 1 then late_batch else 0 end as batch,
                greatest(case when story = 'same_time' and step = 2 then t1 else usual_at end, 0) as sent_at,
                {_price_number("step")} as price_number,
                case
                    when story = 'unchanged' and step = 2 then 1
                    when product % 2 = 1 then step // 2
                    else step
                end as stock_number,
                story = 'renamed' and step >= 3 as is_renamed
            from steps
            where usual_at < {_END}
        )
        select *, 0 as copy from versions
        union all
        select *, 1 as copy from versions where story = 'repeated_near' and step = 1
    """


def _price_number(step: str) -> str:
    """SQL: which price of the product holds after that step."""
    return f"case when story = 'there_and_back' then ({step} + 1) // 2 % 2 else ({step} + 1) // 2 end"


def _price(product: str, price_number: str) -> str:
    """SQL: a price in cents, 2.99 to about 600; the next one is 6 % of the base more, or 25 % less."""
    base = f"(299 + {_draw('price', product, 50_000)})"
    return f"{base} * (85 + (6 * {price_number} + {_draw('price_step', product, 31)}) % 31) // 100"


def _placed_orders(customers: int) -> str:
    """SQL: a row an order: who ordered when, what is wrong with it or befalls its first line.

    The numbers from `customers` × ORDERS_PER_CUSTOMER on are for the orders that belong to a customer's story.
    """
    usual = customers * ORDERS_PER_CUSTOMER
    return f"""
        with drawn as (
            select
                range as order_number,
                -- the lower numbers buy more
                least({_draw("customer", "range", customers)}, {_draw("customer_2", "range", customers)}) as customer_drawn,
                case when range % 40 = 11 then 'corrected' when range % 40 = 23 then 'cancelled' end as kind,
                range % 100 = 7 as is_late,
                is_late or (kind is not null and range // 40 % 2 = 1) as is_of_batch,
                case when is_of_batch then cast(range // 200 % {len(LATE_DATES)} as integer) + 1 else 0 end as batch,
                -- of those who were customers from the first day, so that no order is older than its customer
                case when is_of_batch then customer_drawn // 10 * 10 + customer_drawn % 10 % 6 else customer_drawn end
                    as customer
            from range({usual})
        ),
        usual as (
            select
                order_number,
                drawn.customer,
                is_late,
                batch,
                case
                    when is_of_batch
                        then ({_at("late_days", "batch - 1")} - 36) * {_DAY} - 1 - {_draw("ordered_at", "order_number", f"27 * {_DAY}")}
                    else greatest(first_at, 0) + 600
                        + {_draw("ordered_at", "order_number", f"{_END} - 600 - greatest(first_at, 0)")}
                end as ordered_at,
                -- What is sent again of this day would undo the correction, where one file covers all before it
                case when ordered_at // {_DAY} <> {(RESENT_DATE - FIRST_DATE).days} then drawn.kind end as kind,
                case
                    when batch = 0 and drawn.kind is null and {_draw("delayed", "order_number", 33)} = 0
                        then least(ordered_at + {_DAY} * (1 + order_number % 3), {_END} - 1)
                    else ordered_at
                end as sent_at
            from drawn
            inner join people on drawn.customer = people.customer
        ),
        of_stories as (
            select
                {usual} + customer as order_number,
                customer,
                false as is_late,
                0 as batch,
                case when story = 'late_insert' then (first_at + t1) // 2 else (t1 + t2) // 2 end as ordered_at,
                null as kind,
                ordered_at as sent_at
            from people
            where story in ('late_change', 'late_delete', 'late_insert', 'returns')
        )
        select * from usual
        union all
        select * from of_stories
    """


def _order_rows(count: int) -> str:
    """SQL: the rows of `orders`: each line, and those that correct, cancel or repeat one."""
    return f"""
        with lines as (
            select *, order_number * 4 + line as number
            from placed_orders,
                lateral (select unnest(range(0, 1 + {_draw("lines", "order_number", 4)}))::integer as line)
        ),
        items as (
            select
                *,
                {_draw("item", "number", count)} as item_drawn,
                -- launched before it was sold
                case when {_launched("item_drawn")} > ordered_at then item_drawn // 10 * 10 else item_drawn end as product,
                1 + {_draw("quantity", "number", 5)} as quantity
            from lines
        ),
        first_sent as (
            select * replace (case when is_late then batch else 0 end as batch), 0 as copy from items
        ),
        sent_again as (
            select
                * replace (
                    case
                        when kind = 'cancelled' then -quantity
                        when kind = 'corrected' then quantity + 1 + {_draw("new_quantity", "number", 3)}
                        else quantity
                    end as quantity,
                    case
                        when batch > 0 then sent_at
                        when kind is not null
                            then least(sent_at + {_DAY} * (9 + {_draw("correction", "order_number", 16)}), {_END} - 1)
                        when order_number % 200 = 109 then least(sent_at + {_DAY} * 40, {_END} - 1)
                        else sent_at
                    end as sent_at
                ),
                1 as copy
            from items
            where line = 0 and (kind is not null or (order_number % 100 = 9 and batch = 0))
        ),
        sent as (
            select * from first_sent
            union all
            select * from sent_again
        )
        select
            batch,
            sent_at,
            order_number,
            line,
            copy,
            customer,
            sent.product,
            ordered_at,
            quantity,
            -- the price that holds when it is ordered
            cast({_price_number(f"case when ordered_at < t1 then 0 else (least(ordered_at, {_END} - 1) - t1) // period + 1 end")} as integer)
                as price_number
        from sent
        inner join goods on sent.product = goods.product
    """


def text(feed: str, customers: int, seed: int) -> str:
    """SQL: `position` and the columns of a feed as they are written, from its table; a `where` on `sent.rowid` may follow."""
    columns = {"customers": _customer_text, "products": _product_text, "orders": _order_text}[feed](customers, seed)
    named = ", ".join(f"{sql} as {column}" for column, sql in zip(COLUMNS[feed], columns, strict=True))
    joins = "inner join people on sent.customer = people.customer" if feed == "customers" else ""
    return f"select sent.rowid as position, {named} from {feed} as sent {joins}"


def _customer_id(customer: str, customers: int, seed: int) -> str:
    return f"'C' || {spread_id(customer, customers, 100_000, seed)}"


def _product_id(product: str, customers: int, seed: int) -> str:
    return f"'P' || {spread_id(product, products(customers), 1_000, seed)}"


def _customer_text(customers: int, seed: int) -> list[str]:
    customer = "sent.customer"
    # A namesake has the names of the customer before it, and nothing else
    named_as = f"({customer} - case when story = 'namesake' then 1 else 0 end)"
    first_name = _at("first_names", _draw("first_name", named_as, len(FIRST_NAMES)))
    # Every second move is to another town
    place = f"{_draw('place', customer, len(PLACES))} + (address_changes + 1) // 2"
    street = f"{_draw('street', customer, len(STREETS))} + address_changes"
    house = f"(1 + ({_draw('house', customer, 180)} + 37 * address_changes) % 180)"
    postal = (
        f"lpad(({_at('postal', place)} + ({_draw('postal', customer, 40)} + address_changes) % 40)::varchar, 5, '0')"
    )
    return [
        f"case when sent.bad is distinct from 'no_id' then {_customer_id(customer, customers, seed)} end",
        first_name,
        _at("last_names", f"{_draw('last_name', named_as, len(LAST_NAMES))} + last_name_changes"),
        _at("companies", f"{_draw('company', customer, len(COMPANIES))} + company_changes"),
        (
            f"lower(strip_accents({first_name})) || '.' || {customer} || case when email_changes > 0 then '.' || email_changes else '' end "
            f"|| '@example.' || case {_draw('mail', customer, 3)} when 0 then 'org' else 'com' end"
        ),
        (
            f"case when phone_changes > 0 or {_draw('no_phone', customer, 20)} > 0 then "
            f"{_at('area', _draw('place', customer, len(PLACES)))} || '-555-01' "
            f"|| lpad((({_draw('phone', customer, 100)} + 7 * phone_changes) % 100)::varchar, 2, '0') end"
        ),
        f"{house} || ' ' || {_at('streets', street)}",
        f"case when ({_draw('flat', customer, 4)} + address_changes) % 4 = 0 then 'Flat ' || (1 + {_draw('flat', customer, 20)}) end",
        _at("city", place),
        _at("state", place),
        postal,
        _at("country", place),
        _at("territories", f"{_draw('territory', customer, len(TERRITORIES))} + territory_changes"),
        f"""
            case
                when story = 'before_registration' then day_of(first_at) + 10
                -- the shop has had some of its customers for longer than their oldest row
                when first_at < 0
                    then date '{FIRST_DATE}' - 1 - cast(-first_at // {_DAY} + {_draw("registered", customer, 300)} as integer)
                else day_of(first_at)
            end
        """,
        "case sent.bad when 'no_time' then '2023-13-45 25:61:00' when 'future' then '2033' || time_text(changed_at)[5:] else time_text(changed_at) end",
        "case when sent.bad = 'unknown_op' then 'X' else op end",
    ]


def _product_text(customers: int, seed: int) -> list[str]:
    product = "product"
    noun = _draw("noun", product, len(_lists()["nouns"]))
    return [
        _product_id(product, customers, seed),
        f"{_at('nouns', noun)} || ' ' || (100 + {product}) || case when is_renamed then ' (new edition)' else '' end",
        _at("categories", noun),
        f"money({_price(product, 'price_number')})",
        f"(({_draw('stock', product, 400)} + 83 * stock_number) % 400)::varchar",
        "time_text(changed_at)",
    ]


def _order_text(customers: int, seed: int) -> list[str]:
    price = _price("product", "price_number")
    return [
        f"'S' || {spread_id('order_number', customers * (ORDERS_PER_CUSTOMER + 1), 1_000_000, seed)}",
        "line + 1",
        # An id with a leading zero is nobody's
        (
            f"case order_number % 200 when 35 then null when 135 then 'C0' || order_number "
            f"else {_customer_id('customer', customers, seed)} end"
        ),
        (
            f"case when line > 0 then {_product_id('product', customers, seed)} "
            f"when order_number % 200 = 65 then null when order_number % 200 = 165 then 'P0' || order_number "
            f"else {_product_id('product', customers, seed)} end"
        ),
        "time_text(ordered_at)",
        "quantity",
        f"money({price})",
        f"money(quantity * ({price}))",
    ]
