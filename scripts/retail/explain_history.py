"""`retail explain customer` and `explain product` without a week: the versions of a thing, and the landed rows each comes from.

Three ways that a source says what a customer or product is: a log of changes (every accepted row opened a version, or says why
not), extracts of the current state (a version comes from the extract that first showed it, of each feed the newest until then), or
nothing but the lines that name it (one version, described by the newest line).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from rich.table import Table

from retail import console, personal, trace, warehouse
from retail.explain_reader import Reader, Row, member, place_in_order, reading, say_rows
from retail.landed_rows import as_text
from retail.trace import ACCEPTED, Change, Trace
from retail.warehouse import Feed

# about the version, not about the thing
_OF_THE_VERSION = ("changed_at", "valid_from", "valid_to", "held_until", "is_current", "is_deleted", "is_unknown")
_FOR_GOOD = date(9999, 12, 31)


def customer(customer_id: str, show_personal: bool) -> int:
    """Show a customer of `gold.dim_customers`, the versions of it, and the landed rows of each, of address and household too."""
    with reading(show_personal, "gold.dim_customers", "gold.dim_customers_history") as reader:
        row = member(reader, "customer", customer_id)
        if not _say_member(reader, row, "customer"):
            return 0
        versions = _versions(reader, "customer", row["customer_id"])
        feeds = [feed for feed in reader.feeds if feed.source == row["source_name"]]
        own = [feed for feed in feeds if feed.key[0] == "customer_id"]
        others = [feed for feed in feeds if feed not in own]
        for feed in own:
            if trace.is_log_of_changes(feed):
                _say_log(reader, feed, row["source_customer_id"], versions, "customer_key")
            elif versions[0]["changed_at"]:
                _say_extracts(reader, feed, others, row["source_customer_id"], versions)
            else:
                say_rows(
                    reader, trace.of_values(reader.connection, feed, "customer_id", row["source_customer_id"]), feed
                )
                for _, part, found in _parts(reader, row, others, None):
                    say_rows(reader, found, part)
        if not own:
            for feed in feeds:
                if "customer_id" in trace.staging_columns(reader.connection, feed):
                    _say_account(reader, feed, row["source_customer_id"])
    return 0


def product(product_id: str, show_personal: bool) -> int:
    """Show a product of `gold.dim_products`, the versions of it, and the landed rows of each."""
    with reading(show_personal, "gold.dim_products", "gold.dim_products_history") as reader:
        row = member(reader, "product", product_id)
        if not _say_member(reader, row, "product"):
            return 0
        versions = _versions(reader, "product", row["product_id"])
        feeds = [feed for feed in reader.feeds if feed.source == row["source_name"]]
        logs = [feed for feed in feeds if trace.is_log_of_changes(feed) and feed.key[0] == "product_id"]
        states = [feed for feed in feeds if trace.is_state_of_products(feed)]
        for feed in logs:
            _say_log(reader, feed, row["source_durable_product_id"], versions, "product_key")
        for feed in states:
            _say_numbered(reader, feed, versions)
        if not logs and not states:
            _say_product_of_lines(reader, row)
    return 0


def _say_member(reader: Reader, row: Row, what: str) -> bool:
    """The row of the dimension as it is now; False where it is the unknown member."""
    console.out.print(f"gold.dim_{what}s: {row[f'{what}_id']}", style="bold", markup=False)
    console.out.print("  " + as_text(personal.hide(row, reader.show_personal)), markup=False)
    if row["source_name"] is None:
        console.out.print(f"  the unknown member: facts without a {what} point here; it comes from no file")
    return row["source_name"] is not None


def _versions(reader: Reader, what: str, durable_id: str) -> list[Row]:
    """The versions of a thing in order of time; those of a source that numbers them itself in its order."""
    query = f"select * from gold.dim_{what}s_history where {what}_id = ? order by valid_from, {what}_key"
    versions = warehouse.rows(reader.connection, query, [durable_id])
    table = Table(
        title=f"Versions in gold.dim_{what}s_history",
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    for heading in (f"{what}_key", "changed at", "valid from", "valid to", ""):
        table.add_column(heading, no_wrap=True)
    for version in versions:
        table.add_row(
            version[f"{what}_key"],
            moment(version["changed_at"]),
            "ever" if version is versions[0] else moment(version["valid_from"]),
            "for good" if version["valid_to"].date() == _FOR_GOOD else moment(version["valid_to"]),
            "deleted then" if version.get("is_deleted") else "current" if version["is_current"] else "",
        )
    console.print_table(table)
    return versions


def moment(value: datetime | None) -> str:
    """A moment as people write it: without a time at midnight, without a fraction where there is none; "" where there is none."""
    if value is None:
        return ""
    return f"{value:%Y-%m-%d}" if value == datetime.combine(value.date(), datetime.min.time()) else str(value)


def _say_version(reader: Reader, version: Row, before: Row | None, key: str) -> None:
    """A version's heading, and what is not as in the version before."""
    console.out.print(f"Version of {moment(version['changed_at'])}: {key}={version[key]}", style="bold", markup=False)
    if before is None:
        return
    changed = _differences(reader, before, version, key)
    console.out.print(
        "  " + ("; ".join(changed) or "as the version before, from which a deletion parts it"), markup=False
    )


def _differences(reader: Reader, before: Row, version: Row, *left_out: str) -> list[str]:
    """`name: old -> new` of each column about the thing that is another than in the version before."""
    old, new = (personal.hide(each, reader.show_personal) for each in (before, version))
    return [
        f"{name}: {'nothing' if old[name] is None else old[name]} -> {'nothing' if new[name] is None else new[name]}"
        for name in version
        if version[name] != before[name] and name not in left_out and name not in _OF_THE_VERSION
    ]


# -- a log of changes -------------------------------------------------------------------------------------------------


def _say_log(reader: Reader, feed: Feed, natural: str, versions: list[Row], key: str) -> None:
    """Each version with the row that opened it, those that opened none since nothing differed, and the one that ended it."""
    found = trace.of_values(reader.connection, feed, feed.key[0], natural)
    done = trace.changes(reader.connection, feed, found)
    by_version: dict[str | None, list[tuple[datetime, Trace]]] = defaultdict(list)
    for one in found:
        change = done.get(one.place)
        if change:
            by_version[change.version].append((change.moment, replace(one, why=_what_it_did(change))))
    for before, version in zip([None, *versions], versions, strict=False):
        _say_version(reader, version, before, key)
        rows = sorted(by_version[version[key]], key=lambda row: (row[0], place_in_order(row[1])))
        say_rows(reader, [one for _, one in rows], feed, "Comes from")
    nothing = [one for _, one in sorted(by_version[None], key=lambda row: row[0])]
    if nothing:
        say_rows(reader, nothing, feed, "Changed nothing")
    passed = [one for one in found if one.outcome != ACCEPTED]
    if passed:
        say_rows(reader, passed, feed, "Passed over")
    lost = [one for one in found if one.outcome == ACCEPTED and one.place not in done]
    if lost:
        say_rows(reader, lost, feed, "Not in the history yet: run `dbt build`")


def _what_it_did(change: Change) -> str:
    at = moment(change.moment)
    return {
        None: f"opened this version at {at}",
        trace.EQUAL: f"opened no version at {at}: nothing differs",
        trace.ENDED: f"deleted at {at}: ended this version",
        trace.GONE: f"deleted at {at} what was not there",
    }[change.did]


# -- extracts of a state ----------------------------------------------------------------------------------------------


def _say_extracts(reader: Reader, own: Feed, others: list[Feed], natural: str, versions: list[Row]) -> None:
    """Each version with the rows of the extracts that it was taken from, then the customer's other rows and why they opened none."""
    found = {one.place: one for one in trace.of_values(reader.connection, own, own.key[0], natural)}
    shown: set[tuple[str, int]] = set()
    for before, version in zip([None, *versions], versions, strict=False):
        _say_version(reader, version, before, "customer_key")
        day = version["changed_at"].date()
        place = trace.state_on(reader.connection, own, natural, day, reader.refused)
        rows = [found[place]] if place in found else []
        rows += [one for at, _, traces in _parts(reader, version, others, day) for one in traces if one.place == at]
        shown |= {one.place for one in rows}
        say_rows(reader, [replace(one, why="shows this version") for one in rows], own, "Comes from")
        if version["is_deleted"]:
            console.out.print(f"  deleted: missing from the extract of {moment(version['valid_to'])}", markup=False)
    left = [one for place, one in found.items() if place not in shown]
    if left:
        say_rows(reader, [_why_no_version(reader, own, natural, versions, one) for one in left], own, "Passed over")


def _why_no_version(reader: Reader, feed: Feed, natural: str, versions: list[Row], one: Trace) -> Trace:
    """Why a row of an extract is not the one that a version comes from."""
    day = trace.landed_date(one)
    if one.outcome == trace.REJECTED_IN_STAGING or day is None:
        return one
    if str(day) in reader.refused:
        return replace(one, why="its extract was refused (`refused_extracts` in dbt_project.yml)")
    if trace.state_on(reader.connection, feed, natural, day, reader.refused) != one.place:
        return one
    taken = reader.connection.execute(
        "select count(*) from silver.int_taken_files where file_name = ? "
        "and taken_by in (select table_name from duckdb_tables() where schema_name = 'snapshots')",
        [one.file],
    ).fetchone()
    if taken == (0,):
        return replace(one, why="its extract is not in the history: `retail rebuild-history` puts it there")
    held = [each for each in versions if each["valid_from"].date() <= day < each["valid_to"].date()]
    of_version = f" of {moment(held[-1]['changed_at'])}" if held else ""
    return replace(one, why=f"opened no version: nothing differs from the version{of_version}")


def _parts(
    reader: Reader, row: Row, feeds: list[Feed], day: date | None
) -> Iterator[tuple[tuple[str, int] | None, Feed, list[Trace]]]:
    """What a customer points to (address, demographics), and what that points to: of each the row that counts on a day (now, if
    none is given), the feed, and all its rows of that key."""
    todo = [
        (feed, row[f"source_current_{feed.key[0]}"])
        for feed in feeds
        if len(feed.key) == 1 and row.get(f"source_current_{feed.key[0]}") is not None
    ]
    seen = set()
    while todo:
        feed, value = todo.pop(0)
        if (feed, value) in seen:
            continue
        seen.add((feed, value))
        found = trace.of_values(reader.connection, feed, feed.key[0], value)
        if day:
            counts = trace.state_on(reader.connection, feed, value, day, reader.refused)
        else:
            counts = next((one.place for one in found if one.outcome == ACCEPTED), None)
        yield counts, feed, found
        columns = trace.staging_columns(reader.connection, feed)
        for other in feeds:
            if counts and len(other.key) == 1 and other != feed and other.key[0] in columns:
                query = (
                    f"select distinct cast({other.key[0]} as varchar) from silver.{feed.staging} "
                    f"where _file_name = ? and _file_row_number = ? and {other.key[0]} is not null"
                )
                todo += [(other, each) for (each,) in reader.connection.execute(query, list(counts)).fetchall()]


def _say_numbered(reader: Reader, feed: Feed, versions: list[Row]) -> None:
    """Versions that the source numbers itself: each is a row of its newest extract."""
    for before, version in zip([None, *versions], versions, strict=False):
        console.out.print(
            f"Version {version['source_product_id']}: product_key={version['product_key']}", style="bold", markup=False
        )
        if before:
            changed = _differences(reader, before, version, "product_key", "source_product_id")
            console.out.print("  " + "; ".join(changed), markup=False)
        say_rows(reader, trace.of_values(reader.connection, feed, feed.key[0], version["source_product_id"]), feed)


# -- known from lines alone -------------------------------------------------------------------------------------------


def _say_account(reader: Reader, feed: Feed, natural: str) -> None:
    """A customer that a source knows only from its lines: the newest accepted one fills the row."""
    found = trace.of_values(reader.connection, feed, "customer_id", natural)
    accepted = sorted((one for one in found if one.outcome == ACCEPTED), key=place_in_order)
    console.out.print(f"  {feed} knows accounts from their lines alone; the newest of {len(accepted):,} fills the row")
    newest = accepted[-1:]
    say_rows(reader, newest, feed)
    older = [
        Trace(one.file, one.number, "older line", "the newest line of the account counts", one.key, None, None)
        for one in accepted[:-1]
    ]
    others = [one for one in found if one.outcome != ACCEPTED]
    if older or others:
        say_rows(reader, older + others, feed, "Passed over")


def _say_product_of_lines(reader: Reader, row: Row) -> None:
    """A product that a source knows only from its lines: the newest one fills the row."""
    condition = "source_name = $source and source_product_id = $product"
    parameters = {"source": row["source_name"], "product": row["source_product_id"]}
    places = set(reader.sales_places(condition, parameters).values())
    found = sorted((one for one in reader.with_keys_of(places) if one.place in places), key=place_in_order)
    console.out.print(
        f"  {row['source_name']} knows products from their lines alone; the newest of {len(found):,} fills the row"
    )
    say_rows(reader, found[-1:])
