"""The online shop's three feeds as made-up files: a change log of customers, one of products, and order lines.

Nobody in them is real: names are invented, mail goes to example.com and example.org, telephone numbers are 555-01xx. The
files are the same for the same number of customers and seed. Customers are numbered from 0, and the number decides what
befalls them (`STORIES` in `shop_rows.py`), so that from 500 customers on everything below is there; in smaller samples some
of it is not.

| what `customers` contains | which, of the customer numbers |
|---|---|
| several versions in one file: three changes within half an hour | 1 % |
| several rows with one `updated_at` and different content, in one file, or the second in a file 40 days later | 1 % |
| the address changes and changes back, A -> B -> A | 1 % |
| a change that arrives late: 6 to 9 weeks old, after a newer one of that customer | 2 % |
| a deletion that arrives late: 6 to 9 weeks old, after the customer's return | 1 % |
| an insert that arrives late: the change after it, and an order, came before | 1 % |
| a deleted customer returns, as I or as U, with the same content or with another address | 2 % |
| a deleted customer stays away | 2 % |
| the first rows are dated before the registration | 1 % |
| another person of the same first and last name | 1 % |
| only the e-mail, only the address changes; nothing changes | a quarter, a quarter, a tenth of all updates |
| a row is repeated, in the same file, or 40 days later | 1 % each |
| rows that must be rejected: unknown op, no customer_id, updated_at that does not parse, updated_at years ahead | one a kind in 500 customers, 0.16 % of rows |
| rows sent one to three days after their updated_at | one in 20 of the later updates |

| what `products` contains | which, of the product numbers |
|---|---|
| price changes, of every other product together with the stock; stock changes between them | every product |
| a rename; a price A -> B -> A; rows that change nothing; two rows with one `updated_at`; a repeated row | 5 % each |
| a price change that arrives late, as with customers | 5 % |
| a product launched after the first export | 20 % |

| what `orders` contains | which, of the order numbers |
|---|---|
| lines of unknown customers: no customer_id, or an id that never lands | 0.5 % each |
| a line of an unknown product: no product_id, or an id that never lands | 0.5 % each |
| a cancelled line: sent again later with minus the quantity | 2.5 % |
| a corrected line: sent again later with another quantity | 2.5 % |
| lines that arrive 5 to 9 weeks late | 1 % |
| a repeated line, in the same file, or 40 days later | 0.5 % each |
| an order between a late customer change and the newer one, so that it arrives before the change that it falls after; an order while its customer is deleted | one a customer concerned |

Files: what is sent regularly lands by the day on which it is sent, one file a period (several above ROWS_PER_FILE rows), up
to LAST_REGULAR_DATE. Beside it, in files of their own whose content is the same whatever the periods: late rows on LATE_DATES
(`customers-late-2023-05-20.csv`; in `orders` half of the cancellations and corrections too), the first of these again on
AGAIN_DATE under another name, and the rows that were sent on RESENT_DATE again on RESENT_ON. Each lands under the last day of
the period that holds its day, so in a later one than the newer rows that it comes after: the days are chosen so for weeks
and months, and where one file covers all, it ends a day before LAST_DATE, on which then the others land. (Where one file
covers all up to an earlier `to`, all have that day as their dt, and the late ones follow by their name.)

updated_at and ordered_at are UTC. Times are kept as seconds since FIRST_DATE, money as cents, until they are written.
"""

import tempfile
from datetime import date
from pathlib import Path

import duckdb

from retail.shop_rows import (
    AGAIN_DATE,
    COLUMNS,
    LAST_DATE,
    LAST_REGULAR_DATE,
    LATE_DATES,
    RESENT_DATE,
    RESENT_ON,
    Report,
    connect,
    make_rows,
    text,
)

SOURCE = "shop"
FEEDS = tuple(COLUMNS)
DEFAULT_CUSTOMERS, MAX_CUSTOMERS = 500, 1_000_000
# About 100 MB of customers, 40 MB of orders.
ROWS_PER_FILE = 500_000


def write(
    folder: Path,
    customers: int,
    seed: int,
    from_: date | None,
    to: date | None,
    period_end: str,
    report: Report = lambda step, done, total: None,
) -> dict[str, int]:
    """Write the shop's files below `folder`. Returns the rows of each file by its path relative to `folder`.

    customers: of the whole shop, 1 to MAX_CUSTOMERS, whatever part of it is written.
    seed: 0 to 1 million.
    from_, to: first and last business date to write, both included; None: no bound.
    period_end: SQL over `business_date`: the end of the period that holds it; a period has its own dt.
    report: called with (step, files done, files in all).

    A file's dt is the last business date that it covers: the end of its period, but no later than the feed's own last
    date or `to`. Needs about 1 GiB of memory, whatever `customers` is, and for a time 2 kB a customer below `folder`.
    """
    with (
        tempfile.TemporaryDirectory(prefix="shop-", dir=folder) as scratch,
        connect(Path(scratch), seed) as connection,
    ):
        make_rows(connection, customers, report)
        files = [(feed, *file) for feed in FEEDS for file in _files(connection, feed, from_, to, period_end)]
        batch = ("", 0, 0)
        for done, (feed, path, first, end) in enumerate(files):
            report(f"writing {path.rpartition('/')[0]}", done, len(files))
            if not (feed == batch[0] and batch[1] <= first and end <= batch[2]):
                # As many files as fit into one of the largest: planning the query takes longer than a small file
                limit = first + ROWS_PER_FILE
                ends = (other_end for name, _, start, other_end in files if name == feed and first <= start)
                batch = (feed, first, max([end, *(other for other in ends if other <= limit)]))
                connection.execute(
                    f"create or replace temp table batch as {text(feed, customers, seed)} "
                    f"where sent.rowid >= {batch[1]} and sent.rowid < {batch[2]} order by position"
                )
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            target = str(folder / path).replace("'", "''")
            connection.execute(
                f"copy (select {', '.join(COLUMNS[feed])} from batch where position >= {first} and position < {end}) "
                f"to '{target}' (format csv, header true)"
            )
    return {path: end - first for _, path, first, end in files}


def _files(
    connection: duckdb.DuckDBPyConnection, feed: str, from_: date | None, to: date | None, period_end: str
) -> list[tuple[str, int, int]]:
    """(path, first row, row after the last) of each file of a feed."""
    bounds = ", ".join([period_end] + ([f"date '{to}'"] if to else []))
    asked = [from_ or date.min, to or date.max]
    periods = connection.execute(
        f"select least({bounds}, date '{LAST_REGULAR_DATE}') as dt, min(position), max(position) + 1 "
        f"from (select rowid as position, day_of(sent_at) as business_date from {feed} where batch = 0) "
        "where business_date between ? and ? group by dt order by dt",
        asked,
    ).fetchall()
    files = [
        (f"{SOURCE}/{feed}/dt={dt}/{feed}-{part:03}.csv", start, min(start + ROWS_PER_FILE, end))
        for dt, first, end in periods
        for part, start in enumerate(range(first, end, ROWS_PER_FILE), start=1)
    ]
    late = [(day, f"late-{day}", f"batch = {batch}") for batch, day in enumerate(LATE_DATES, start=1)]
    others = [
        *late,
        (AGAIN_DATE, f"late-{LATE_DATES[0]}-again", "batch = 1"),
        (RESENT_ON, f"resent-{RESENT_DATE}", f"batch = 0 and day_of(sent_at) = date '{RESENT_DATE}'"),
    ]
    for day, name, condition in others:
        if not asked[0] <= day <= asked[1]:
            continue
        (dt,) = connection.execute(
            f"select least({bounds}, date '{LAST_DATE}') from (select date '{day}' as business_date)"
        ).fetchone()
        first, end = connection.execute(f"select min(rowid), max(rowid) + 1 from {feed} where {condition}").fetchone()
        if first is not None:
            files.append((f"{SOURCE}/{feed}/dt={dt}/{feed}-{name}.csv", first, end))
    return files
