"""What became of landed rows: one outcome each, with the row that counts in its place.

A second computation beside the accounting macros, from the staging views alone: the tests compare both.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from retail import warehouse
from retail.errors import UserError
from retail.warehouse import Connection, Feed, quoted

ACCEPTED, REPEAT, SUPERSEDED = "accepted", "repeat", "superseded"
REJECTED_AT_LOAD, REJECTED_IN_STAGING = "rejected at load", "rejected in staging"

# What a later row takes the place by, and what the accounting leaves out of its comparison.
_NOT_CONTENT = ("landed_date", "reject_reason")

# Gold rows of the feeds that show a state: table and the column with the source's id. Sales, returns and counts are found
# through the conformed models, whatever their source.
_DIMENSIONS = {
    "call_center": ("dim_call_centers", "source_call_center_id"),
    "catalog_page": ("dim_catalog_pages", "source_catalog_page_id"),
    "customer": ("dim_customers_history", "source_customer_id"),
    "customer_address": ("dim_addresses", "source_address_id"),
    "customer_demographics": ("dim_customer_demographics", "source_customer_demographics_id"),
    "household_demographics": ("dim_household_demographics", "source_household_demographics_id"),
    "item": ("dim_products_history", "source_product_id"),
    "promotion": ("dim_promotions_history", "source_promotion_id"),
    "reason": ("dim_return_reasons", "source_return_reason_id"),
    "ship_mode": ("dim_shipping_methods", "source_shipping_method_id"),
    "store": ("dim_stores_history", "source_store_id"),
    "warehouse": ("dim_warehouses_history", "source_warehouse_id"),
    "web_page": ("dim_web_pages", "source_web_page_id"),
    "web_site": ("dim_web_sites", "source_web_site_id"),
}

# Histories of the feeds whose every row is a change, by the column of their key that names the thing: the table, its column
# with the source's id, and the key of a version.
_HISTORIES = {
    "customer_id": ("dim_customers_history", "source_customer_id", "customer_key"),
    "product_id": ("dim_products_history", "source_product_id", "product_key"),
}

EQUAL = "equal to the version before it"
ENDED = "ends a version"
GONE = "deletes what is not there"

_GOLD_FACTS = (
    """
    select landed._file_row_number, 'fct_sales ' || sales.sales_line_key
    from silver.int_sales_lines as landed
    inner join gold.fct_sales as sales using (source_name, channel, order_id, line_id)
    where landed._file_name = $file
    """,
    """
    select landed._file_row_number, concat_ws(' ', 'fct_returns', source_name, channel, order_id, line_id)
    from silver.int_returns as landed
    inner join gold.fct_returns as returned using (source_name, channel, order_id, line_id)
    where landed._file_name = $file
    """,
    """
    select landed._file_row_number, concat_ws(' ', 'fct_stock_counts', counts.product_id, counts.warehouse_id, count_date)
    from silver.int_stock_counts as landed
    inner join gold.fct_stock_counts as counts using (source_name, source_product_id, source_warehouse_id, count_date)
    where landed._file_name = $file
    """,
)


@dataclass(frozen=True)
class Trace:
    """A landed row: file, number in it (from 1), outcome, why, its key as text, and file and number of the row that counts."""

    file: str
    number: int
    outcome: str
    why: str | None
    key: str | None
    counts_file: str | None
    counts_number: int | None

    @property
    def place(self) -> tuple[str, int]:
        """File and number."""
        return self.file, self.number


@dataclass(frozen=True)
class Change:
    """What an accepted row of a log of changes did: it opened a version (`did` is None), or it did not and `did` says what.

    `version` is the key of the version concerned, None where there was none to end.
    """

    moment: datetime
    did: str | None
    version: str | None
    table: str

    def __str__(self) -> str:
        of_version = f"{self.table} {self.version}" if self.version else None
        return ": ".join(filter(None, [self.did, of_version]))


def is_log_of_changes(feed: Feed) -> bool:
    """Whether every row of a feed is a version of a thing, or its end: its key is (id, moment of the change)."""
    return feed.kind == "log" and len(feed.key) == 2 and feed.key[0] in _HISTORIES and feed.key[1] == "updated_at"


def is_state_of_products(feed: Feed) -> bool:
    """Whether a feed's extracts are the products, a row a version."""
    return feed.kind == "state" and _DIMENSIONS.get(feed.name, ("",))[0] == "dim_products_history"


def landed_date(trace: Trace) -> date | None:
    """The dt of a landed row's file; None where its path has none."""
    try:
        return date.fromisoformat(trace.file.partition("/dt=")[2].partition("/")[0])
    except ValueError:
        return None


def feed_of(feeds: list[Feed], file: str) -> Feed:
    """The feed of a landed file, by the first two parts of its path. UserError where the project has none such."""
    source, _, rest = file.partition("/")
    name = rest.partition("/")[0]
    for feed in feeds:
        if (feed.source, feed.name) == (source, name):
            return feed
    raise UserError(f"{file}: the project has no feed {source}.{name} (macros/accounting/feeds/)")


def of_files(connection: Connection, feed: Feed, files: list[str]) -> list[Trace]:
    """The rows of bronze of some files of a feed."""
    return _traces(connection, feed, "_file_name in (select unnest($files::varchar[]))", {"files": files})


def of_keys(connection: Connection, feed: Feed, places: set[tuple[str, int]]) -> list[Trace]:
    """The rows at these places (file, number), and all rows with the key of one of them."""
    if not places:
        return []
    files, numbers = zip(*sorted(places), strict=True)
    # the file by itself too: a filter that the scan understands
    here = (
        "_file_name in (select unnest($files::varchar[])) "
        "and (_file_name, _file_row_number) in (select (unnest($files::varchar[]), unnest($numbers::bigint[])))"
    )
    mine = f"select * from silver.{feed.staging} where {here}"
    same_key = " and ".join(f"mine.{quoted(column)} = staged.{quoted(column)}" for column in feed.key)
    condition = f"({here}) or exists (select 1 from ({mine}) as mine where {same_key})"
    return _traces(connection, feed, condition, {"files": list(files), "numbers": list(numbers)})


def of_values(connection: Connection, feed: Feed, column: str, value: str) -> list[Trace]:
    """The rows whose staged column has this value, as text."""
    return _traces(connection, feed, f"cast({quoted(column)} as varchar) = $value", {"value": value})


def state_on(
    connection: Connection, feed: Feed, value: str, day: date, refused: Collection[str] = ()
) -> tuple[str, int] | None:
    """File and number of the row that a state feed's newest extract by a day has of a key; None where it lacks it.

    Extracts of the `refused` days (YYYY-MM-DD) are passed over.
    """
    staging = f"silver.{feed.staging}"
    query = f"""
        select _file_name, _file_row_number
        from {staging}
        where
            reject_reason is null
            and cast({quoted(feed.key[0])} as varchar) = $value
            and landed_date = (
                select max(landed_date)
                from {staging}
                where
                    reject_reason is null
                    and landed_date <= $day
                    and not list_contains($refused::varchar[], cast(landed_date as varchar))
            )
        order by _file_name desc, _file_row_number desc, _loaded_at desc
        limit 1
    """
    return connection.execute(query, {"value": value, "day": day, "refused": sorted(refused)}).fetchone()


def staging_columns(connection: Connection, feed: Feed) -> list[str]:
    """Columns of a feed's staging view; empty where it is not built."""
    query = (
        "select column_name from duckdb_columns() where schema_name = 'silver' and table_name = ? order by column_index"
    )
    return [name for (name,) in connection.execute(query, [feed.staging]).fetchall()]


def _traces(connection: Connection, feed: Feed, condition: str, parameters: dict[str, object]) -> list[Trace]:
    """The rows of the staging view, named `staged`, for which a condition holds, in order of file and number."""
    staging = f"silver.{feed.staging}"
    columns = staging_columns(connection, feed)
    if not columns:
        raise UserError(f"{staging} is not there; run `dbt build`")
    content = [name for name in columns if not name.startswith("_") and name not in _NOT_CONTENT]
    key = ", ".join(map(quoted, feed.key))
    newest = f"(select max(landed_date) from {staging} where reject_reason is null)"
    in_time, is_older = "true", "false"
    if feed.kind == "state":
        in_time, is_older = f"landed_date = {newest}", f"wanted.landed_date < {newest}"
    equal = " and ".join(f"wanted.{quoted(name)} is not distinct from winners.{quoted(name)}" for name in content)
    same_key = " and ".join(f"wanted.{quoted(name)} = winners.{quoted(name)}" for name in feed.key)
    shown_key = " || ', ' || ".join(
        f"'{name}=' || coalesce(cast(wanted.{quoted(name)} as varchar), 'null')" for name in feed.key
    )
    query = f"""
        with wanted as materialized (
            select * from {staging} as staged where {condition}
        ),

        winners as (
            select candidates.*
            from {staging} as candidates
            semi join (select distinct {key} from wanted where reject_reason is null) as keys using ({key})
            where candidates.reject_reason is null and {in_time}
            qualify
                row_number() over (
                    partition by {key}
                    order by landed_date desc nulls last, _file_name desc nulls last, _file_row_number desc nulls last,
                        _loaded_at desc nulls last
                ) = 1
        )

        select
            wanted._file_name,
            wanted._file_row_number,
            case
                when wanted.reject_reason is not null then '{REJECTED_IN_STAGING}'
                when (wanted._file_name, wanted._file_row_number, wanted._loaded_at)
                    is not distinct from (winners._file_name, winners._file_row_number, winners._loaded_at) then '{ACCEPTED}'
                when {is_older} then '{SUPERSEDED}'
                when {equal} then '{REPEAT}'
                else '{SUPERSEDED}'
            end,
            case
                when wanted.reject_reason is not null then wanted.reject_reason
                when winners._file_name is null then 'a newer extract lacks this key: deleted at the source'
            end,
            {shown_key},
            case when wanted.reject_reason is null then winners._file_name end,
            case when wanted.reject_reason is null then winners._file_row_number end
        from wanted
        left join winners on {same_key}
        order by 1, 2
    """
    found = [Trace(*row) for row in connection.execute(query, parameters).fetchall()]
    return [_with_reason(trace) for trace in found]


def _with_reason(trace: Trace) -> Trace:
    """Say in words why a row was passed over."""
    why = trace.why
    place = f"{trace.counts_file}, row {trace.counts_number:,}" if trace.counts_file else None
    if trace.outcome == REPEAT:
        why = f"equal to the row that counts: {place}"
    elif trace.outcome == SUPERSEDED and place:
        why = f"a later row with the same key counts: {place}"
    elif trace.outcome == ACCEPTED:
        why = None
    return Trace(trace.file, trace.number, trace.outcome, why, trace.key, trace.counts_file, trace.counts_number)


def rejected_at_load(connection: Connection, file: str) -> list[dict[str, object]]:
    """The records of a file that the loader rejected, each with its number, line, column, reason and text."""
    query = "select * from audit.load_rejects where file_name = ? order by file_row_number"
    return warehouse.rows(connection, query, [file])


def changes(connection: Connection, feed: Feed, traces: list[Trace]) -> dict[tuple[str, int], Change]:
    """What each accepted row of a log of changes did to the history, by its file and number.

    Read from the history itself: the version that holds from the row's moment, that ends there, or that holds across it. A
    row that is not among the result is in no version, which would be a fault.
    """
    places = [one.place for one in traces if one.outcome == ACCEPTED]
    if not places:
        return {}
    table, column, key = _HISTORIES[feed.key[0]]
    deletion = "operation = 'D'" if "operation" in staging_columns(connection, feed) else "false"
    files, numbers = zip(*sorted(places), strict=True)
    query = f"""
        with changed as materialized (
            select _file_name, _file_row_number, cast({quoted(feed.key[0])} as varchar) as id, updated_at, {deletion} as is_deletion
            from silver.{feed.staging}
            where (_file_name, _file_row_number) in (select (unnest($files::varchar[]), unnest($numbers::bigint[])))
        ),

        versions as (
            select {column} as id, {key} as version, changed_at, valid_from, valid_to
            from gold.{table}
            where source_name = $source
        )

        select
            changed._file_name,
            changed._file_row_number,
            any_value(changed.updated_at),
            any_value(changed.is_deletion),
            any_value(versions.version) filter (versions.changed_at = changed.updated_at) as opened,
            any_value(versions.version) filter (versions.valid_to = changed.updated_at) as ended,
            any_value(versions.version) filter (versions.valid_from <= changed.updated_at and changed.updated_at < versions.valid_to) as held
        from changed
        left join versions using (id)
        group by changed._file_name, changed._file_row_number
    """
    parameters = {"files": list(files), "numbers": list(numbers), "source": feed.source}
    found = {}
    for file, number, moment, is_deletion, opened, ended, held in connection.execute(query, parameters).fetchall():
        if is_deletion and held is None:
            found[file, number] = Change(moment, ENDED if ended else GONE, ended, table)
        elif not is_deletion and held is not None:
            found[file, number] = Change(moment, None if opened else EQUAL, held, table)
    return found


def gold_rows(connection: Connection, feed: Feed, file: str) -> dict[int, str]:
    """The gold row of each accepted row of a file, as `table key`, by the row's number.

    Of a log of changes the version that the row opened; where it opened none, what it did, and to which.
    """
    found: dict[int, str] = {}
    if is_log_of_changes(feed):
        done = changes(connection, feed, of_files(connection, feed, [file]))
        found = {number: str(change) for (_, number), change in done.items()}
    elif feed.kind == "log":
        for query in _GOLD_FACTS:
            found |= dict(connection.execute(query, {"file": file}).fetchall())
    elif feed.name in _DIMENSIONS:
        table, column = _DIMENSIONS[feed.name]
        key = quoted(feed.key[0])
        query = (
            f"select staged._file_row_number, '{table} ' || {column} from silver.{feed.staging} as staged "
            f"inner join gold.{table} as members on members.source_name = $source and members.{column} = cast(staged.{key} as varchar) "
            "where staged._file_name = $file and staged.reject_reason is null"
        )
        found = dict(connection.execute(query, {"file": file, "source": feed.source}).fetchall())
    return found
