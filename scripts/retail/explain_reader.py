"""What the parts of `retail explain` share: the warehouse and the landing zone as they are read, and landed rows as they are shown."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from retail import console, landed_rows, landing_zone, load, personal, pipes, settings, trace, warehouse
from retail.errors import UserError
from retail.landed_rows import LandedRows, as_text
from retail.landing_zone import Bucket, Folder
from retail.trace import ACCEPTED, Trace
from retail.warehouse import Connection, Feed

ROWS_SHOWN = 20
"""Rows shown with their content; of more, only how many there are."""

Row = dict[str, object]


def refused_extracts() -> frozenset[str]:
    """Days (YYYY-MM-DD) of extracts that somebody refused, which the histories leave out."""
    return frozenset(str(day) for day in warehouse.variables()["refused_extracts"])


@dataclass
class Reader:
    """The warehouse, the landing zone, and what has been read of them."""

    connection: Connection
    database: Path
    landing: Folder | Bucket
    show_personal: bool
    feeds: list[Feed] = field(default_factory=warehouse.feeds)
    refused: frozenset[str] = field(default_factory=refused_extracts)
    _pipes: dict[str, pipes.Pipe] = field(default_factory=dict)

    def pipe(self, feed: Feed) -> pipes.Pipe:
        """The pipe that loads a feed."""
        if not self._pipes:
            defined = pipes.read_definitions(load.default_scripts()).pipes
            self._pipes = {load.feed_name(pipe): pipe for pipe in defined}
        if str(feed) not in self._pipes:
            raise UserError(f"no pipe loads the feed {feed}")
        return self._pipes[str(feed)]

    def landed(self, feed: Feed, file: str, numbers: set[int] | None) -> LandedRows:
        """Rows of a landed file by number, if it is still the one that was loaded."""
        return landed_rows.find(self.landing, self.pipe(feed), file, self.content_key(file), numbers)

    def content_key(self, file: str) -> str | None:
        """Key of the file's content when it was loaded (or refused)."""
        query = "select file_content_key from audit.load_history where file_name = ? order by finished_at desc limit 1"
        found = self.connection.execute(query, [file]).fetchone()
        return found[0] if found else None

    def bronze(self, feed: Feed, file: str, numbers: Iterable[int]) -> dict[int, Row]:
        """Rows as they were loaded, by number, without the load metadata."""
        query = f"select * from {feed.bronze} where _file_name = $file and _file_row_number in (select unnest($numbers::bigint[]))"
        found = warehouse.rows(self.connection, query, {"file": file, "numbers": sorted(numbers)})
        return {
            row["_file_row_number"]: {name: value for name, value in row.items() if not name.startswith("_")}
            for row in found
        }

    def sales_places(self, condition: str, parameters: Row) -> dict[tuple, tuple[str, int]]:
        """File and row number of conformed sales lines, by (source, channel, order, line)."""
        query = (
            "select source_name, channel, order_id, line_id, _file_name, _file_row_number "
            f"from silver.int_sales_lines where {condition}"
        )
        return {tuple(row[:4]): (row[4], row[5]) for row in self.connection.execute(query, parameters).fetchall()}

    def with_keys_of(self, places: Iterable[tuple[str, int]]) -> list[Trace]:
        """The rows at these places and all others with the key of one of them."""
        by_feed: dict[Feed, set[tuple[str, int]]] = defaultdict(set)
        for file, number in places:
            by_feed[trace.feed_of(self.feeds, file)].add((file, number))
        return [found for feed, members in by_feed.items() for found in trace.of_keys(self.connection, feed, members)]


@contextmanager
def reading(show_personal: bool, *tables: str) -> Iterator[Reader]:
    """The settings' warehouse, read-only. UserError where it is not there or these tables are not built."""
    database = settings.database()
    with warehouse.opened(database) as connection:
        warehouse.require(connection, database, "audit.load_history", *tables)
        yield Reader(connection, database, landing_zone.from_settings(), show_personal)


def member(reader: Reader, what: str, member_id: str) -> Row:
    """The row of a dimension by its durable id, or by the part after the source. UserError says what to try."""
    table, column = f"gold.dim_{what}s", f"{what}_id"
    query = f"select * from {table} where {column} = $id or ({column} like '%:' || $id and not contains($id, ':'))"
    found = warehouse.rows(reader.connection, query, {"id": member_id})
    exact = [row for row in found if row[column] == member_id] or found
    if len(exact) == 1:
        return exact[0]
    if exact:
        names = ", ".join(str(row[column]) for row in exact[:5])
        raise UserError(f"{member_id} is the id of several: {names}; name one with its source")
    near = reader.connection.execute(
        f"select {column} from {table} where not is_unknown order by levenshtein({column}, $id), {column} limit 3",
        {"id": member_id},
    ).fetchall()
    tries = ", ".join(name for (name,) in near)
    raise UserError(
        f"{table} has no {column} {member_id} (<source>:<number>); near it: {tries or 'nothing, it is empty'}"
    )


def place_in_order(one: Trace) -> tuple:
    """The order of rows: business date, path, row number, compared as bytes."""
    return one.file.partition("/dt=")[2].partition("/")[0].encode(), one.file.encode(), one.number


def say_rows(reader: Reader, traces: list[Trace], feed: Feed | None = None, title: str | None = None) -> None:
    """Landed rows with their outcome and content; without a title, those that count first, then those passed over."""
    if not traces:
        if feed:
            console.out.print(f"  {feed}: no row", markup=False)
        return
    if title is None:
        accepted = [one for one in traces if one.outcome == ACCEPTED]
        say_rows(reader, accepted, None, "Comes from")
        say_rows(reader, [one for one in traces if one.outcome != ACCEPTED], None, "Passed over")
        return
    console.out.print(title)
    by_file: dict[str, list[Trace]] = defaultdict(list)
    for one in traces[:ROWS_SHOWN]:
        by_file[one.file].append(one)
    for name, members in by_file.items():
        of_file = trace.feed_of(reader.feeds, name)
        columns = [column.name for column in reader.pipe(of_file).table.columns]
        numbers = {one.number for one in members}
        landed = reader.landed(of_file, name, numbers)
        loaded = {} if numbers <= set(landed.rows) else reader.bronze(of_file, name, numbers)
        console.out.print(f"  {name} ({landed.state})", markup=False)
        for one in members:
            row = landed.rows.get(one.number)
            line = f", line {row.line:,}" if row and row.line else ""
            why = f": {one.why}" if one.why else ""
            console.out.print(f"    row {one.number:,}{line}: {one.outcome}{why}", markup=False)
            if row:
                content = landed_rows.shown(row, columns, reader.show_personal)
            else:
                content = "as loaded: " + as_text(personal.hide(loaded.get(one.number, {}), reader.show_personal))
            console.out.print(f"      {content}", markup=False)
    if len(traces) > ROWS_SHOWN:
        console.out.print(f"  … and {len(traces) - ROWS_SHOWN:,} more rows")
