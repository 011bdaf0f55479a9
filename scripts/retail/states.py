"""Later extracts of the operational database's state tables, in which customers moved, changed, disappeared and came back.

The standard's tables never change; what changes here, and when, is made up. It depends on the table's rows, the seed and
the day alone, so the extract of a day is the same whichever others are asked for. Extracts are taken on the first day of
each period (weeks begin on Sunday) from the day after the first extract to LAST_DATE, and show all that happened up to and
including that day:

| table | what happens | how often |
|---|---|---|
| `customer` | `c_current_addr_sk` (30 %), `c_current_cdemo_sk` (15 %), `c_current_hdemo_sk` (15 %), `c_email_address` (20 %), `c_last_name` (8 %), `c_preferred_cust_flag` (10 %) changes | 1.2 a customer and year |
| `customer` | is missing for 25 to 94 days, or in one of 20 cases for good; half of those who return have moved | 0.3 % of customers at any time, below 5 % in any extract |
| `customer_address` | corrected in place: street number, suite or zip code | one in four a year |
| `store` | one that is open has another manager and other staff | on three days |
| `warehouse` | one has another size | on three days |
| `promotion` | one is sent by e-mail too, or no longer | on three days |

On the days of QUIET nothing happens at all, so that extracts on them (of a quarter or a shorter period) equal the one before.
`customer` has an extract in every period, the others only where something happened in them since the period before.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb

from retail import tpcds
from retail.draws import literal
from retail.marketplace import FIRST_NAMES, LAST_NAMES

LAST_DATE = date(2003, 11, 30)
# First and last day of each stretch in which nothing happens.
QUIET = ((date(2000, 7, 2), date(2000, 10, 1)), (date(2002, 4, 2), date(2002, 7, 1)))
KEYS = {
    "customer": "c_customer_sk",
    "customer_address": "ca_address_sk",
    "warehouse": "w_warehouse_sk",
    "promotion": "p_promo_sk",
    "store": "s_store_sk",
}
# Percent of a customer's changes that are of that kind, in tenths.
CUSTOMER_CHANGES = {
    "c_current_addr_sk": 300,
    "c_current_cdemo_sk": 150,
    "c_current_hdemo_sk": 150,
    "c_email_address": 200,
    "c_last_name": 85,
    "c_preferred_cust_flag": 100,
    "missing": 15,
}
ADDRESS_CHANGES = {"ca_street_number": 40, "ca_suite_number": 40, "ca_zip": 20}
# Table, its columns that change, the days on which they do.
FEW = {
    "store": (("s_manager", "s_number_employees"), (date(1998, 11, 5), date(2000, 5, 16), date(2002, 10, 9))),
    "warehouse": (("w_warehouse_sq_ft",), (date(1999, 4, 17), date(2001, 8, 22), date(2003, 2, 11))),
    "promotion": (("p_channel_email",), (date(1999, 9, 14), date(2001, 3, 27), date(2002, 12, 3))),
}
_DAYS = (LAST_DATE - tpcds.FIRST_DATE).days
# A customer may change once in each stretch of so many days, an address likewise.
_CUSTOMER_STRETCH, _ADDRESS_STRETCH = 90, 360
_DRAWS = ("happens", "day", "what", "by", "away", "returns", "name", "which")
_DRAW_SPAN = 16
_STARTS = {
    "year": lambda day: (day.month, day.day) == (1, 1),
    "quarter": lambda day: day.month % 3 == 1 and day.day == 1,
    "month": lambda day: day.day == 1,
    "week": lambda day: day.isoweekday() == 7,
    "day": lambda day: True,
}
GRANULARITIES = ("all", *_STARTS)


def dates(granularity: str) -> list[date]:
    """The days of the later extracts, in order: the first day of each period; none for `all`."""
    if granularity == "all":
        return []
    days = (tpcds.FIRST_DATE + timedelta(n) for n in range(1, _DAYS + 1))
    return [day for day in days if _STARTS[granularity](day)]


def extracts(
    connection: duckdb.DuckDBPyConnection, granularity: str, seed: int, from_: date | None, to: date | None
) -> Iterator[tuple[str, date, str]]:
    """(table, day, SQL of its rows on that day in order of the key) of each later extract, by day.

    connection: holds the generated tables, which stay as they are; temporary ones of ours are made beside them.
    granularity: of GRANULARITIES. seed: 0 to 1 million.
    from_, to: first and last day of an extract, both included; None: no bound. Which tables have one on a day does not
        depend on them.
    """
    days = dates(granularity)
    if not days:
        return
    _make_changes(connection, seed)
    for before, day in zip([tpcds.FIRST_DATE, *days], days, strict=False):
        if not (from_ or date.min) <= day <= (to or date.max):
            continue
        changed = connection.execute(
            "select distinct table_name from later_changes where changed_on > ? and changed_on <= ?", [before, day]
        ).fetchall()
        for table in KEYS:
            if table == "customer" or (table,) in changed:
                yield table, day, _state(connection, table, day)


def _state(connection: duckdb.DuckDBPyConnection, table: str, day: date) -> str:
    key = KEYS[table]
    columns = connection.execute(
        "select distinct column_name, data_type from later_changes inner join duckdb_columns() using (table_name, column_name) "
        "where table_name = ? order by column_name",
        [table],
    ).fetchall()
    last = ", ".join(
        f"max_by(new_value, number) filter (column_name = '{column}') as new_{column}" for column, _ in columns
    )
    new = ", ".join(f"coalesce(cast(new_{column} as {type_}), {column}) as {column}" for column, type_ in columns)
    there = (
        f"where {key} not in (select c_customer_sk from later_absences where gone_on <= date '{day}' "
        f"and coalesce(back_on > date '{day}', true))"
        if table == "customer"
        else ""
    )
    return f"""
        select {table}.* replace ({new})
        from {table}
        left join (
            select key, {last} from later_changes
            where table_name = '{table}' and changed_on <= date '{day}'
            group by key
        ) as changed on {table}.{key} = changed.key
        {there}
        order by {key}
    """


def _draw(name: str, of: str, below: int | str) -> str:
    """SQL: the draw of that name of a number, a whole number from 0 to `below` - 1."""
    return f"later_draw({of}, {_DRAWS.index(name)}, {below})"


def _weighted(draw: str, weights: dict[str, int]) -> str:
    cases, below = [], 0
    for value, weight in weights.items():
        below += weight
        cases.append(f"when {draw} < {below} then '{value}'")
    return f"case {' '.join(cases)} end"


def _loud(day: str) -> str:
    return " and ".join(f"{day} not between date '{first}' and date '{last}'" for first, last in QUIET)


def _make_changes(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Tables `later_changes` (a new value of a column of a row; `number` orders those of a row and column) and `later_absences`."""
    # Above the marketplace's draws of the same seed, below the shop's.
    stream = seed * 2**40 + 2**38
    connection.execute(
        f"""
        create or replace temp macro later_draw(of_number, number, below) as cast(
            hash(cast({stream} + of_number * {_DRAW_SPAN} + number as bigint)) % cast(below as ubigint) as bigint
        )
        """
    )
    connection.execute(f"create or replace temp table later_events as {_customer_events()}")
    connection.execute(
        f"""
        create or replace temp table later_absences as
        with gone as (
            select
                key as c_customer_sk,
                number,
                happens_on as gone_on,
                case when {_draw("returns", "number", 20)} > 0 then happens_on + 25 + {_draw("away", "number", 70)}::integer end
                    as back_on
            from later_events
            where what = 'missing'
        )
        select * from gone where back_on is null or ({_loud("back_on")})
        """
    )
    connection.execute(
        f"""
        create or replace temp table later_changes as
        {_customer_changes()}
        union all
        {_address_changes()}
        union all
        {" union all ".join(_few_changes(connection, seed, table) for table in FEW)}
        """
    )


def _customer_events() -> str:
    return f"""
        with numbered as (
            select c_customer_sk as key, c_customer_sk * 32 + stretch as number, stretch
            from customer, range({_DAYS // _CUSTOMER_STRETCH + 1}) as stretches(stretch)
        ),
        events as (
            select
                key,
                number,
                date '{tpcds.FIRST_DATE}' + 1 + cast({_CUSTOMER_STRETCH} * stretch + {_draw("day", "number", _CUSTOMER_STRETCH)} as integer)
                    as happens_on,
                {_weighted(_draw("what", "number", sum(CUSTOMER_CHANGES.values())), CUSTOMER_CHANGES)} as what
            from numbered
            where {_draw("happens", "number", 100)} < 30
        )
        select * from events where happens_on <= date '{LAST_DATE}' and {_loud("happens_on")}
    """


def _customer_changes() -> str:
    """SQL: the new values of customers; each differs from the one before."""
    others = {
        "c_current_addr_sk": "customer_address",
        "c_current_cdemo_sk": "customer_demographics",
        "c_current_hdemo_sk": "household_demographics",
    }
    steps = " ".join(
        f"when '{column}' then 1 + {_draw('by', 'number', f'greatest((select count(*) from {table}) - 1, 1)')}"
        for column, table in others.items()
    )
    moved = " ".join(
        f"when '{column}' then ((coalesce({column}, 1) - 1 + steps_so_far) % (select count(*) from {table}) + 1)::varchar"
        for column, table in others.items()
    )
    return f"""
        select
            'customer' as table_name,
            what as column_name,
            key,
            times_so_far as number,
            happens_on as changed_on,
            case what
                {moved}
                when 'c_email_address'
                    then lower(coalesce(c_first_name, 'customer')) || '.' || key || '.' || times_so_far || '@example.org'
                when 'c_last_name' then {_listed(LAST_NAMES, _draw("name", "key * 32", len(LAST_NAMES)) + " + times_so_far")}
                when 'c_preferred_cust_flag'
                    then case when (times_so_far + coalesce(c_preferred_cust_flag = 'Y', false)::integer) % 2 = 1 then 'Y' else 'N' end
            end as new_value
        from (
            select
                *,
                cast(sum(case what {steps} else 0 end) over so_far as bigint) as steps_so_far,
                row_number() over so_far as times_so_far
            from (
                select key, number, happens_on, what from later_events where what <> 'missing'
                union all
                -- half of those who return have moved
                select c_customer_sk, number, back_on, 'c_current_addr_sk' from later_absences
                where back_on <= date '{LAST_DATE}' and {_draw("which", "number", 2)} = 0
            )
            window so_far as (
                partition by key, what order by happens_on, number rows between unbounded preceding and current row
            )
        ) as events
        inner join customer on events.key = c_customer_sk
    """


def _address_changes() -> str:
    return f"""
        select
            'customer_address',
            what,
            key,
            stretch,
            happens_on,
            -- of numbers that no generated address has, each its own
            case what
                when 'ca_street_number' then (1000 * (stretch + 1) + {_draw("by", "number", 1000)})::varchar
                when 'ca_suite_number' then 'Suite ' || (1000 * (stretch + 1) + {_draw("by", "number", 1000)})
                else lpad({_draw("by", "number", 100_000)}::varchar, 5, '0')
            end
        from (
            select
                ca_address_sk as key,
                stretch,
                -- a row's draws for the place of customers' rows: below 0
                -(ca_address_sk * 8 + stretch) as number,
                date '{tpcds.FIRST_DATE}' + 1 + cast({_ADDRESS_STRETCH} * stretch + {_draw("day", "number", _ADDRESS_STRETCH)} as integer)
                    as happens_on,
                {_weighted(_draw("what", "number", sum(ADDRESS_CHANGES.values())), ADDRESS_CHANGES)} as what
            from customer_address, range({_DAYS // _ADDRESS_STRETCH + 1}) as stretches(stretch)
        ) as corrections
        where {_draw("happens", "number", 100)} < 25 and happens_on <= date '{LAST_DATE}' and {_loud("happens_on")}
    """


def _few_changes(connection: duckdb.DuckDBPyConnection, seed: int, table: str) -> str:
    """SQL: what happens on a few days to one row of a small table."""
    columns, days = FEW[table]
    condition = "where s_rec_end_date is null" if table == "store" else ""
    keys = [
        key
        for (key,) in connection.execute(
            f"select {KEYS[table]} from {table} {condition} order by {KEYS[table]}"
        ).fetchall()
    ]
    rows = []
    for number, day in enumerate(days, start=1):
        key = keys[(seed + 7 * number) % len(keys)]
        name = f"{FIRST_NAMES[(seed + number) % len(FIRST_NAMES)]} {LAST_NAMES[(seed + 3 * number) % len(LAST_NAMES)]}"
        new = {
            "s_manager": literal(name),
            "s_number_employees": f"'{300 + 10 * number + seed % 7}'",
            "w_warehouse_sq_ft": f"'{1_000_000 + 10_000 * number + seed % 1000}'",
            # the other of the two, each time that it comes to this row
            "p_channel_email": "(select case when (coalesce(p_channel_email, 'N') = 'Y') <> "
            f"{sum(keys[(seed + 7 * other) % len(keys)] == key for other in range(1, number + 1)) % 2 == 1} "
            f"then 'Y' else 'N' end from promotion where p_promo_sk = {key})",
        }
        rows += [
            f"('{table}', '{column}', {key}::bigint, {number}::bigint, date '{day}', {new[column]})"
            for column in columns
        ]
    return f"select * from (values {', '.join(rows)})"


def _listed(values: tuple[str, ...], place: str) -> str:
    return f"[{', '.join(map(literal, values))}][cast(({place}) % {len(values)} as integer) + 1]"
