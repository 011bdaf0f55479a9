"""What became of landed rows: one outcome each, with the row that counts in its place.

A second computation beside the accounting macros, from the staging views alone: the tests compare both.
"""

from dataclasses import dataclass

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
    "customer": ("dim_customers", "source_customer_id"),
    "customer_address": ("dim_addresses", "source_address_id"),
    "customer_demographics": ("dim_customer_demographics", "source_customer_demographics_id"),
    "household_demographics": ("dim_household_demographics", "source_household_demographics_id"),
    "item": ("dim_products_history", "source_product_id"),
    "promotion": ("dim_promotions", "source_promotion_id"),
    "reason": ("dim_return_reasons", "source_return_reason_id"),
    "ship_mode": ("dim_shipping_methods", "source_shipping_method_id"),
    "store": ("dim_stores_history", "source_store_id"),
    "warehouse": ("dim_warehouses", "source_warehouse_id"),
    "web_page": ("dim_web_pages", "source_web_page_id"),
    "web_site": ("dim_web_sites", "source_web_site_id"),
}

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


def gold_rows(connection: Connection, feed: Feed, file: str) -> dict[int, str]:
    """The gold row of each accepted row of a file, as `table key`, by the row's number."""
    found: dict[int, str] = {}
    if feed.kind == "log":
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
