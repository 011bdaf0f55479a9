"""The row accounting of a built warehouse, for the terminal: `audit.audit_row_accounting` summed by feed."""

from dataclasses import dataclass, replace

from retail import warehouse
from retail.warehouse import Connection


@dataclass(frozen=True)
class FeedRows:
    """What became of the landed rows of a feed. Files and rows; `failed_files` are those of which none loaded."""

    feed: str
    files: int
    failed_files: int
    landed: int
    rejected_at_load: int
    rejected_in_staging: int
    repeats: int
    superseded: int
    accepted: int
    unexplained: int
    broken_files: int
    first_broken_file: str | None

    @property
    def rejected_share(self) -> float:
        """Share of the landed rows that were rejected, 0 where nothing landed."""
        return (self.rejected_at_load + self.rejected_in_staging) / self.landed if self.landed else 0.0


@dataclass(frozen=True)
class Reason:
    """Why rows of a feed were rejected, at `load` or in `staging`; how many of them a later row has set right."""

    feed: str
    stage: str
    reason: str
    rows: int
    resolved: int
    files: int
    first_file: str


@dataclass(frozen=True)
class Accounting:
    """The accounting as last built. `stale_files` were loaded since."""

    feeds: list[FeedRows]
    reasons: list[Reason]
    stale_files: int
    warn_share: float
    fail_share: float


FEEDS = """
    select
        source_name || '.' || feed_name,
        count(*),
        count(*) filter (load_status = 'load_failed'),
        sum(landed_rows)::bigint,
        sum(rejected_at_load_rows)::bigint,
        sum(rejected_in_staging_rows)::bigint,
        sum(repeat_rows)::bigint,
        sum(superseded_rows)::bigint,
        sum(accepted_rows)::bigint,
        sum(unexplained_rows)::bigint,
        count(*) filter (unexplained_rows != 0 or accepted_rows < 0),
        min(file_name) filter (unexplained_rows != 0 or accepted_rows < 0)
    from audit.audit_row_accounting
    group by all
    order by 1
"""

# the numbers in a reason ("3 fields where ...") stay: they tell the lines apart that someone has to look at
REASONS = """
    select
        source_name || '.' || feed_name,
        stage,
        reject_reason,
        count(*),
        count(*) filter (is_resolved),
        count(distinct file_name),
        min(file_name)
    from audit.audit_rejected_rows
    group by all
    order by 1, 2, 4 desc, 3
"""

STALE = """
    select count(*)
    from (
        select file_name, sum(row_count) as loaded_rows
        from audit.load_history
        where status != 'load_failed' and split_part(file_name, '/', 1) in (select unnest($sources::varchar[]))
        group by file_name
    ) as loads
    left join audit.audit_row_accounting as accounted using (file_name)
    where loads.loaded_rows is distinct from accounted.landed_rows - accounted.rejected_at_load_rows
"""


def read(connection: Connection) -> Accounting | None:
    """The accounting of a warehouse; None where it has not been built yet."""
    if not warehouse.has_table(connection, "audit.audit_row_accounting"):
        return None
    variables = warehouse.variables()
    return Accounting(
        feeds=[FeedRows(*row) for row in connection.execute(FEEDS).fetchall()],
        reasons=[Reason(*row) for row in connection.execute(REASONS).fetchall()],
        stale_files=connection.execute(STALE, {"sources": variables["sources"]}).fetchone()[0],
        warn_share=float(variables["rejected_share_warn"]),
        fail_share=float(variables["rejected_share_fail"]),
    )


def of_file(connection: Connection, name: str) -> dict[str, object] | None:
    """The row of one file; None where the accounting does not have it."""
    if not warehouse.has_table(connection, "audit.audit_row_accounting"):
        return None
    found = warehouse.rows(connection, "select * from audit.audit_row_accounting where file_name = ?", [name])
    return found[0] if found else None


def limit(accounting: Accounting, feeds: list[str]) -> Accounting:
    """Only the feeds named (`ops.item`, or `ops` for a source); all where none is named."""

    def named(feed: str) -> bool:
        return not feeds or feed in feeds or feed.partition(".")[0] in feeds

    return replace(
        accounting,
        feeds=[feed for feed in accounting.feeds if named(feed.feed)],
        reasons=[reason for reason in accounting.reasons if named(reason.feed)],
    )
