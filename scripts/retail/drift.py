"""What has landed and is not loaded yet, against the pipes: will it load, and will all of it load?

Nothing is changed. Where a rule decides what loads (which types cast, what a record is), the loader's own code is asked.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher, get_close_matches
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import duckdb

from retail import copy_files, csv_records, landed, pipes
from retail.landed import FileFault, LandedFile, NotNow
from retail.landing_zone import Bucket, Folder
from retail.load import feed_name
from retail.load_history import LOAD_FAILED, Entry
from retail.pipes import Pipe

ERROR, WARNING, NOTE = "error", "warning", "note"

HEAD = 1 << 20
"""Bytes of a large file that are read unless the whole is asked for; most files that people drop are smaller."""

ALIKE = 0.6
"""Share of equal letters from which a new column's name is taken for a missing one's."""

LINES_SHOWN = 5

# What another program may have put where a comma is wanted.
OTHER_DELIMITERS = {";": "semicolons (Excel, where a comma is the decimal mark)", "\t": "tabs", "|": "bars"}

NEW_NAME = "land a corrected file; under a new name if this one has been loaded by then"


@dataclass(frozen=True)
class Finding:
    """Something about landed files that someone should know before they are loaded, the same for each of them.

    `severity`: `error` where data would be lost or is not loaded, `warning` where it may be, `note` where all is well.
    """

    severity: str
    feed: str
    what: str
    on_duckdb: str = ""
    on_snowflake: str = ""
    do: str = ""
    files: tuple[str, ...] = ()


@dataclass
class Examined:
    """What an examination found: `files` looked at, those of which only the beginning was read, and the findings."""

    files: int = 0
    loaded: int = 0
    beginnings: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding, name: str) -> None:
        """Add a finding about one file."""
        self.findings.append(Finding(**{**vars(finding), "files": (name,)}))

    def merge(self) -> None:
        """Make one finding of those that differ in their file alone; errors come first."""
        by_text: dict[Finding, list[str]] = defaultdict(list)
        for finding in self.findings:
            by_text[Finding(**{**vars(finding), "files": ()})] += finding.files
        order = (ERROR, WARNING, NOTE)
        merged = [Finding(**{**vars(finding), "files": tuple(names)}) for finding, names in by_text.items()]
        self.findings = sorted(merged, key=lambda each: (order.index(each.severity), each.files, each.what))


def examine(
    landing: Path | Folder | Bucket,
    defined: Iterable[Pipe],
    wanted: Iterable[Pipe],
    history: dict[tuple[str, str], Entry],
    *,
    full: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Examined:
    """Examine the landing zone for the `wanted` of all `defined` pipes; `history` is the last entry of each (pipe, file).

    `full` reads every new file to its end. `progress` is called with the number of files done and of all.
    """
    defined, wanted = list(defined), list(wanted)
    listing = landed.list_files(landing, [pipe.prefix for pipe in defined])
    result = Examined()
    _listing(listing, defined, wanted, result)
    todo = {pipe.name: list(_new_files(pipe, listing.files[pipe.prefix], history, result)) for pipe in wanted}
    total, done = sum(map(len, todo.values())), 0
    result.files = total
    for pipe in wanted:
        files = todo[pipe.name]
        if pipe.file_format.type == "csv":
            for file in files:
                _csv(pipe, file, full, result)
                done += 1
                if progress:
                    progress(done, total)
        else:
            _parquet(pipe, files, full, result)
            done += len(files)
            if progress:
                progress(done, total)
    result.merge()
    return result


# -- where files lie, and what became of them -------------------------------------------------------------------------


def _listing(listing: landed.Listing, defined: list[Pipe], wanted: list[Pipe], result: Examined) -> None:
    for name, text in listing.problems:
        result.add(Finding(ERROR, "", text, "is not loaded", "cannot happen", "put it right, or move it away"), name)
    if len(wanted) < len(defined):
        return
    counts: Counter[str] = Counter()
    for folder, count in listing.unclaimed.items():
        counts["/".join(folder.split("/")[:2])] += count
    prefixes = [pipe.prefix.strip("/") for pipe in defined]
    for folder, count in sorted(counts.items()):
        near = get_close_matches(folder.strip("/"), prefixes, 1, 0.7)
        files = "1 file" if count == 1 else f"{count:,} files"
        finding = Finding(
            WARNING,
            "",
            f"{files} in a folder that no pipe reads",
            "not loaded",
            "not loaded, and nothing says so",
            f"move to {near[0]}/ if that is meant" if near else "move away, or add a pipe (docs/landing.md)",
        )
        result.add(finding, folder or "landing zone")


def _new_files(
    pipe: Pipe, files: list[LandedFile], history: dict[tuple[str, str], Entry], result: Examined
) -> Iterator[LandedFile]:
    feed = feed_name(pipe)
    for file in files:
        past = history.get((pipe.name, file.name))
        same = past and (past.file_size, past.file_last_modified) == (file.size, file.last_modified())
        if past is None or (past.status == LOAD_FAILED and not same):
            if not business_date(file.name):
                finding = Finding(
                    ERROR,
                    feed,
                    "the path has no dt=YYYY-MM-DD",
                    "loads, and staging rejects every row",
                    "the same",
                    f"move it to {pipe.prefix}dt=YYYY-MM-DD/ of its business date",
                )
                result.add(finding, file.name)
            yield file
        elif past.status == LOAD_FAILED:
            at = f"line {past.first_error_line_number}: " if past.first_error_line_number else ""
            finding = Finding(
                ERROR,
                feed,
                f"could not be loaded on {past.finished_at:%Y-%m-%d %H:%M} UTC and is unchanged since: {at}{past.first_error_message}",
                "stays out",
                "stays out",
                "land a corrected file under a new name, and move this one away",
            )
            result.add(finding, file.name)
        else:
            result.loaded += 1
            if not same and landed.key_now(file) != past.file_content_key:
                finding = Finding(
                    ERROR,
                    feed,
                    f"has other content than when it was loaded ({past.finished_at:%Y-%m-%d %H:%M} UTC)",
                    "is not loaded again: a path loads once",
                    "the same, and nothing says so",
                    "land the correction under a new name, and put the old content back",
                )
                result.add(finding, file.name)


def business_date(name: str) -> date | None:
    """The date in `dt=YYYY-MM-DD` of a path; None where there is none, by the rule of staging."""
    text = name.partition("/dt=")[2].partition("/")[0]
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def _not_now(feed: str, reason: NotNow) -> Finding:
    if reason.harmless:
        return Finding(NOTE, feed, reason.reason, "the next run takes it", "an object appears when it is whole")
    return Finding(
        ERROR, feed, reason.reason, "is not loaded", "an error in the pipe's status", "give us the right to read it"
    )


def _columns(pipe: Pipe, missing: tuple[str, ...], extra: tuple[str, ...], order: list[str]) -> Iterator[Finding]:
    """What missing and extra columns mean. `order`: the file's columns, all of them, in order."""
    feed, table = feed_name(pipe), pipe.table.name
    renamed = _renamed(pipe, missing, extra, order)
    for old, new in renamed.items():
        yield Finding(
            ERROR,
            feed,
            f"column {old} is missing and {new} is new: perhaps renamed",
            f"{old} is null in every row, {new} is ignored",
            "the same, and nothing says so",
            f"ask the sender; land it with the name {old}, or add {new} to {table}, its pipe's next version and staging",
        )
    missing = tuple(name for name in missing if name not in renamed)
    extra = tuple(name for name in extra if name not in renamed.values())
    if missing:
        yield Finding(
            ERROR,
            feed,
            f"missing: {', '.join(missing)}",
            "null in every row; staging rejects the rows that need it",
            "the same, and nothing says so",
            "ask the sender for a file with all columns; " + NEW_NAME,
        )
    if extra:
        yield Finding(
            ERROR,
            feed,
            f"new: {', '.join(extra)}",
            f"ignored, since {table} lacks it: its values are lost to the warehouse while the other columns load",
            "the same, and nothing says so",
            "add it to the table, a new version of the pipe and staging before loading, or load without it if it is not needed",
        )


def _renamed(pipe: Pipe, missing: tuple[str, ...], extra: tuple[str, ...], order: list[str]) -> dict[str, str]:
    """Missing columns that a new one may stand for: a like name, or the same place."""
    wanted = [column.name for column in data_columns(pipe)]
    pairs = sorted(
        (
            (max(SequenceMatcher(None, old, new).ratio(), SequenceMatcher(None, new, old).ratio()), old, new)
            for old in missing
            for new in extra
        ),
        reverse=True,
    )
    found: dict[str, str] = {}
    for likeness, old, new in pairs:
        same_place = len(order) == len(wanted) and wanted.index(old) == order.index(new)
        if (likeness >= ALIKE or same_place) and old not in found and new not in found.values():
            found[old] = new
    return found


def data_columns(pipe: Pipe) -> list[pipes.Column]:
    """The columns of a pipe's table that a file fills."""
    return [column for column in pipe.table.columns if column.name not in pipe.metadata]


# -- CSV --------------------------------------------------------------------------------------------------------------


def _csv(pipe: Pipe, file: LandedFile, full: bool, result: Examined) -> None:
    feed = feed_name(pipe)
    try:
        with landed.open_landed(file) as stream:
            for finding in _csv_findings(pipe, file, stream, full, result):
                result.add(finding, file.name)
    except NotNow as reason:
        result.add(_not_now(feed, reason), file.name)
    except OSError as error:
        result.add(_not_now(feed, copy_files.unreadable(error)), file.name)
    finally:
        landed.release([file])


def _csv_findings(pipe: Pipe, file: LandedFile, stream: BinaryIO, full: bool, result: Examined) -> Iterator[Finding]:
    feed, dialect = feed_name(pipe), csv_records.dialect_of(pipe.file_format)
    whole = full or file.size <= HEAD
    wanted = [column.name for column in data_columns(pipe)]
    try:
        head, ended = _head(stream, file.name)
        if head.startswith(b"\xef\xbb\xbf"):
            yield Finding(
                NOTE, feed, "begins with a byte-order mark (Excel's CSV UTF-8)", "skipped", "skipped", "nothing"
            )
        if whole and not ended:
            stream.seek(0)
            scanned = csv_records.scan(stream, file.name, dialect, wanted)
        else:
            if not ended:
                head = head[: head.rfind(b"\n") + 1] or head
                result.beginnings += 1
            # the head is text already, whatever the file's name ends in
            scanned = csv_records.scan(BytesIO(head), "head.csv", dialect, wanted)
    except FileFault as fault:
        yield _file_fault(feed, fault, _other_delimiter(stream, file, wanted))
        return

    missing = tuple(name for name in wanted if name not in scanned.header)
    extra = tuple(name for name in scanned.header if name not in wanted)
    yield from _columns(pipe, missing, extra, list(scanned.header))
    if not scanned.records:
        yield Finding(
            NOTE, feed, "has a header and no records", "loads, no rows", "loads, no rows", "nothing, if that is right"
        )
    from_file = whole and not ended
    if from_file:
        stream.seek(0)
    text, name = (stream, file.name) if from_file else (BytesIO(head), "head.csv")
    if not (scanned.plain and _even(text, name, dialect, len(scanned.header))):
        text.seek(0)
        records = csv_records.split_records(text, name, dialect)
        part = "" if from_file or ended else f" in the first {HEAD >> 20} MiB"
        yield from _bad_records(feed, records if not part else _all_but_last(records), part, pipe)


def _even(stream: BinaryIO, name: str, dialect: csv_records.Dialect, columns: int) -> bool:
    """Whether a plain text without quotes has the same number of delimiters in each line; False where there are quotes.

    A scan adds up the delimiters of a file: a comma too many in one line may hide one too few in another.
    """
    text = csv_records.decompressed(stream, name)
    rest = b""
    while chunk := csv_records.read_chunk(text):
        if dialect.quote and dialect.quote in chunk:
            return False
        *lines, rest = (rest + chunk).split(b"\n")
        if any(line.count(dialect.delimiter) != columns - 1 for line in lines if line not in (b"", b"\r")):
            return False
    # of the last line the sum speaks: it was right over all of them
    return True


def _head(stream: BinaryIO, name: str) -> tuple[bytes, bool]:
    """The beginning of a file's text, a whole line at least, and whether that is all of it."""
    text = csv_records.decompressed(stream, name)
    head = b""
    while len(head) < HEAD or (b"\n" not in head and len(head) <= csv_records.MAX_RECORD):
        chunk = csv_records.read_chunk(text)
        if not chunk:
            return head, True
        head += chunk
    return head, False


def _all_but_last(records: Iterator[csv_records.Record]) -> Iterator[csv_records.Record]:
    """The last record of a beginning may be cut."""
    previous = None
    for record in records:
        if previous:
            yield previous
        previous = record


def _other_delimiter(stream: BinaryIO, file: LandedFile, wanted: list[str]) -> str | None:
    """What separates the columns of the first line, where it is not the comma."""
    try:
        stream.seek(0)
        head, _ = _head(stream, file.name)
    except (FileFault, OSError):
        return None
    line = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode(errors="replace").lower()
    for delimiter, name in OTHER_DELIMITERS.items():
        if len(set(wanted) & {cell.strip('\r "') for cell in line.split(delimiter)}) > 1:
            return name
    return None


def _file_fault(feed: str, fault: FileFault, delimiter: str | None) -> Finding:
    where = f"line {fault.line}: " if fault.line else ""
    on_snowflake = "fails too, or loads rows of nulls (docs/landing.md)"
    if delimiter:
        what = f"line 1: columns are separated by {delimiter}, commas are wanted"
        do = "save as CSV with commas (in Excel: CSV UTF-8 under English regional settings); " + NEW_NAME
    elif "encoded in" in fault.reason or "UTF-8" in fault.reason:
        what = where + fault.reason
        do = "save as UTF-8; " + NEW_NAME
    else:
        what, do = where + fault.reason, NEW_NAME
        if "empty (" in fault.reason:
            on_snowflake = "loads nothing and says nothing"
        elif "does not end in .gz" in fault.reason:
            on_snowflake, do = "loads: it goes by content", "rename it to end in .gz"
    return Finding(ERROR, feed, what, "the whole file is refused", on_snowflake, do)


def _bad_records(feed: str, records: Iterator[csv_records.Record], part: str, pipe: Pipe) -> Iterator[Finding]:
    counts: Counter[str] = Counter()
    lines: dict[str, list[int]] = defaultdict(list)
    total = 0
    try:
        for record in records:
            total += 1
            if record.fault is None:
                continue
            kind = re.sub(r"^\d+ fields where", "another number of fields than", record.fault)
            counts[kind] += 1
            if len(lines[kind]) < LINES_SHOWN:
                lines[kind].append(record.line)
    except FileFault as fault:
        yield _file_fault(feed, fault, None)
        return
    bad = sum(counts.values())
    refused = pipe.on_error.skips(bad, total) or (bad and bad == total)
    for kind, count in counts.items():
        more = ", …" if count > len(lines[kind]) else ""
        at = f"line{'s' if count > 1 else ''} {', '.join(map(str, lines[kind]))}{more}"
        if kind.startswith("another number"):
            on_snowflake, do = "loads, filled with nulls or cut", "quote fields that hold a comma or a line end; "
            kind = kind.replace("the header names", "the header's")
        elif kind == "not UTF-8":
            on_snowflake, do = "rejected", "save as UTF-8 (Windows-1252 is likely: Excel's plain CSV); "
        else:
            on_snowflake, do = "rejected", "double the quotes inside a field and close it; "
        yield Finding(
            ERROR,
            feed,
            f"{count:,} of {total:,} records{part}: {kind}: {at}",
            "the whole file is refused" if refused else "rejected, kept in audit.load_rejects; the rest loads",
            on_snowflake,
            do + NEW_NAME,
        )


# -- Parquet ----------------------------------------------------------------------------------------------------------


def _parquet(pipe: Pipe, files: list[LandedFile], full: bool, result: Examined) -> None:
    feed, ready = feed_name(pipe), []
    for file in files:
        try:
            if file.bucket:
                # an object is whole, and of a large one only the footer need be read
                ready.append(file)
                continue
            with landed.open_landed(file):
                ready.append(file)
        except NotNow as reason:
            result.add(_not_now(feed, reason), file.name)
    groups: dict[str, list[LandedFile]] = defaultdict(list)
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        if ready and ready[0].bucket:
            ready[0].bucket.read_by(connection)
        for file, footer in copy_files.footers(connection, ready):
            if isinstance(footer, FileFault):
                result.add(_file_fault(feed, footer, None), file.name)
            else:
                groups[footer[1]].append(file)
        for members in groups.values():
            try:
                for finding in _schema(connection, pipe, members[0], full):
                    for file in members:
                        result.add(finding, file.name)
                if full:
                    for file in members:
                        for finding in _values(connection, pipe, file):
                            result.add(finding, file.name)
            except (FileFault, duckdb.Error) as error:
                fault = error if isinstance(error, FileFault) else FileFault(copy_files.first_line(error))
                for file in members:
                    result.add(_file_fault(feed, fault, None), file.name)


def _types(connection: duckdb.DuckDBPyConnection, file: LandedFile) -> dict[str, tuple[str, str]]:
    """Name and type of each column of a Parquet file, by the name in lower case."""
    query = "describe select * from read_parquet($file, hive_partitioning = false)"
    described = connection.execute(query, {"file": copy_files.pattern(file)}).fetchall()
    return {name.lower(): (name, kind) for name, kind, *_ in described}


def _schema(connection: duckdb.DuckDBPyConnection, pipe: Pipe, file: LandedFile, full: bool) -> Iterator[Finding]:
    """Columns and types of a Parquet file; a type of which only the values can tell is left to `_values` with `full`."""
    types = _types(connection, file)
    missing, extra = copy_files.compare(pipe, types)
    yield from _columns(pipe, missing, extra, list(types))
    for column in data_columns(pipe):
        if column.name not in types:
            continue
        kind = types[column.name][1]
        try:
            may_lose = "error(" in copy_files.typed(pipe, column, *types[column.name])
        except FileFault:
            yield Finding(
                ERROR,
                feed_name(pipe),
                f"column {column.name} is {kind}, the table's is {column.type}: it does not cast",
                "the whole file is refused",
                "the whole file is refused",
                "ask the sender what changed; a new type needs a new column",
            )
            continue
        if may_lose and not full:
            yield Finding(
                WARNING,
                feed_name(pipe),
                f"column {column.name} is {kind}, the table's is {column.type}",
                "loads if every value fits unchanged, else the whole file is refused; --full tries the values",
                "may round or cut values",
                "ask the sender what changed",
            )


def _values(connection: duckdb.DuckDBPyConnection, pipe: Pipe, file: LandedFile) -> Iterator[Finding]:
    """Whether the values of columns with another type fit the table's."""
    types = _types(connection, file)
    for column in data_columns(pipe):
        if column.name not in types:
            continue
        name, kind = types[column.name]
        try:
            if "error(" not in copy_files.typed(pipe, column, name, kind):
                continue
        except FileFault:
            continue
        source = '"' + name.replace('"', '""') + '"'
        lost = f"try_cast(try_cast({source} as {column.type}) as {kind}) is distinct from {source}"
        query = (
            f"select count(*), min(row) from (select row_number() over () as row, {lost} as lost "
            "from read_parquet($file, hive_partitioning = false)) where lost"
        )
        count, first = connection.execute(query, {"file": copy_files.pattern(file)}).fetchone()
        values = "1 value does" if count == 1 else f"{count or 0:,} values do"
        does_not_fit = f", and {values} not fit it, the first in row {first:,}" if count else ""
        yield Finding(
            ERROR if count else WARNING,
            feed_name(pipe),
            f"column {column.name} is {kind}, the table's is {column.type}{does_not_fit}",
            "the whole file is refused" if count else "loads: every value fits unchanged",
            "may round or cut values" if count else "loads",
            "ask the sender what changed",
        )
