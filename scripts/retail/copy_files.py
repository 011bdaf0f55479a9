"""From files to rows: each kind of file becomes one INSERT into its bronze table, prepared outside of the transaction.

A `Piece` is some files of one pipe that have the same columns, the statement that loads them, and what the load history
will say of each. Whoever executes it compares the number of rows with what was counted here by other means.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from retail import csv_records, landed
from retail.errors import UserError
from retail.landed import FileFault, LandedFile, NotNow
from retail.load_history import LOAD_FAILED, LOADED, PARTIALLY_LOADED
from retail.pipes import Column, Pipe

Connection = duckdb.DuckDBPyConnection

# Rows a file above which DuckDB's vectors are full more often than not.
MANY_ROWS = 10_000


@dataclass(frozen=True)
class Outcome:
    """What becomes of a file: rows parsed and loaded, and the first thing that is wrong with it."""

    file: LandedFile
    status: str
    content_key: str | None
    row_parsed: int | None = None
    row_count: int = 0
    error_count: int = 0
    message: str | None = None
    line: int | None = None
    column: str | None = None
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


@dataclass
class Piece:
    """Files that one statement loads; `rows` it must insert; `rejects`: a temporary table of rejected records."""

    outcomes: list[Outcome]
    statement: str = ""
    parameters: dict[str, object] = field(default_factory=dict)
    rows: int = 0
    rejects: str | None = None
    temporary: list[str] = field(default_factory=list)
    split: Callable[[], list["Piece"]] | None = None

    def drop(self, connection: Connection) -> None:
        """Free what was prepared."""
        for table in self.temporary:
            connection.execute(f"drop table if exists {table}")


class Clock:
    """Seconds spent in statements that load, as the bench reports them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time spent inside."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begun


def failed(file: LandedFile, key: str | None, fault: FileFault, parsed: int | None = None, errors: int = 1) -> Outcome:
    """The outcome of a file of which nothing is loaded."""
    return Outcome(file, LOAD_FAILED, key, parsed, 0, errors, fault.reason, fault.line, fault.column)


def is_environment(error: BaseException) -> bool:
    """Whether an error is about this machine (a full disk, memory) and not about the file that was read."""
    text = str(error)
    signs = (
        "No space left",
        "Disk quota exceeded",
        "File too large",
        "max_temp_directory_size",
        "failed to offload data block",
    )
    return isinstance(error, duckdb.OutOfMemoryException | duckdb.FatalException | MemoryError) or any(
        sign in text for sign in signs
    )


def unreadable(error: OSError) -> NotNow:
    """What to say of a file that the system does not let us read."""
    return NotNow(f"cannot be read: {error.strerror}", harmless=False)


def first_line(error: BaseException) -> str:
    """A DuckDB error as one short line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip()[:300]


# -- shared by both kinds ---------------------------------------------------------------------------------------------


def address(file: LandedFile) -> str:
    """Where DuckDB finds a file: on this machine, else in its bucket."""
    if file.bucket and not file.path.exists():
        return file.bucket.address(file.name)
    return str(file.path)


def pattern(file: LandedFile) -> str:
    """A path for DuckDB, which takes `*`, `?` and `[` for wildcards."""
    return escaped(address(file))


def escaped(path: str) -> str:
    """A path in which nothing is a wildcard."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)


def _metadata(pipe: Pipe, index: str | None, row_number: str) -> dict[str, str]:
    """SQL of each metadata column, by its name. `index`: number of the file in the statement, from 1; None where the
    files are joined by `_joined`."""
    fields = {
        "metadata$filename": f"($names::varchar[])[{index}]" if index else '"landed name"',
        "metadata$file_content_key": f"($keys::varchar[])[{index}]" if index else '"landed key"',
        "metadata$file_last_modified": f"($modified::timestamp[])[{index}]" if index else '"landed modified"',
        "metadata$file_row_number": row_number,
        "metadata$start_scan_time": "$scanned::timestamp",
    }
    return {column: fields[field_name] for column, field_name in pipe.metadata.items()}


def _joined(pipe: Pipe, source: str, files: int) -> str:
    """A reader of files joined with what is known of each."""
    lists = {
        "metadata$filename": '$names::varchar[]) as "landed name"',
        "metadata$file_content_key": '$keys::varchar[]) as "landed key"',
        "metadata$file_last_modified": '$modified::timestamp[]) as "landed modified"',
    }
    wanted = [f"unnest({lists[field_name]}" for field_name in pipe.metadata.values() if field_name in lists]
    wanted.append(f'unnest(range({files})) as "landed index"')
    return f'{source} as data join (select {", ".join(wanted)}) as landed on landed."landed index" = data.file_index'


def _parameters(pipe: Pipe, outcomes: list[Outcome], scanned: object) -> dict[str, object]:
    fields = {
        "metadata$filename": ("names", [outcome.file.name for outcome in outcomes]),
        "metadata$file_content_key": ("keys", [outcome.content_key for outcome in outcomes]),
        "metadata$file_last_modified": ("modified", [outcome.file.last_modified() for outcome in outcomes]),
        "metadata$start_scan_time": ("scanned", scanned),
    }
    return dict(fields[field_name] for field_name in pipe.metadata.values() if field_name in fields)


def _insert(pipe: Pipe, values: dict[str, str], source: str) -> str:
    """INSERT by name; a column of the table that neither the file nor the pipe fills is null."""
    columns = pipe.table.columns
    wanted = ", ".join(values.get(column.name, f"cast(null as {column.type})") for column in columns)
    names = ", ".join(_quoted(column.name) for column in columns)
    return f"insert into {pipe.table.name} ({names}) select {wanted} from {source}"


def _data_columns(pipe: Pipe) -> list[Column]:
    return [column for column in pipe.table.columns if column.name not in pipe.metadata]


def compare(pipe: Pipe, names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns that the file lacks, and columns that the table lacks; FileFault when they have none in common."""
    names, wanted = list(names), [column.name for column in _data_columns(pipe)]
    missing = tuple(name for name in wanted if name not in names)
    if len(missing) == len(wanted):
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        raise FileFault(f"has no column of {pipe.table.name} (its own: {shown})")
    return missing, tuple(name for name in names if name not in wanted)


def _null_if(pipe: Pipe, expression: str) -> str:
    values = pipe.file_format.options["null_if"]
    if not values:
        return expression
    return f"case when {expression} in ({', '.join(map(_literal, values))}) then null else {expression} end"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# -- Parquet ----------------------------------------------------------------------------------------------------------

# Names that DuckDB gives to what it knows of a file; a column of that name would be read in their place.
_RESERVED = {"file_index", "file_row_number", "filename"}


def parquet_pieces(
    connection: Connection,
    pipe: Pipe,
    files: list[LandedFile],
    scanned: object,
    leave: Callable[[LandedFile, NotNow], None],
) -> list[Piece]:
    """Parquet files, one statement for all that have the same columns. `leave` is told of files that are not for now."""
    keys: dict[LandedFile, str] = {}
    for file in files:
        try:
            with landed.open_landed(file) as stream:
                keys[file] = landed.content_key(stream)
        except NotNow as reason:
            leave(file, reason)
        except OSError as error:
            leave(file, unreadable(error))
    pieces, groups = [], defaultdict(list)
    for file, footer in footers(connection, list(keys)):
        if isinstance(footer, FileFault):
            pieces.append(Piece([failed(file, keys[file], footer)]))
        else:
            groups[footer[1]].append((file, footer[0]))
    for members in groups.values():
        pieces += _parquet_group(connection, pipe, members, keys, scanned)
    return pieces


def _parquet_group(
    connection: Connection,
    pipe: Pipe,
    members: list[tuple[LandedFile, int]],
    keys: dict[LandedFile, str],
    scanned: object,
) -> list[Piece]:
    """Files with the same columns as one piece, or as failures where the columns do not fit the table."""
    try:
        return [_parquet_piece(connection, pipe, members, keys, scanned)]
    except FileFault as fault:
        return [Piece([failed(file, keys[file], fault, rows) for file, rows in members])]
    except duckdb.Error as error:
        if is_environment(error):
            raise
        if len(members) == 1:
            file, rows = members[0]
            return [Piece([failed(file, keys[file], FileFault(first_line(error)), rows)])]
        return [piece for each in members for piece in _parquet_group(connection, pipe, [each], keys, scanned)]


def footers(
    connection: Connection, files: list[LandedFile]
) -> Iterator[tuple[LandedFile, tuple[int, str] | FileFault]]:
    """Number of rows of each file and a text that stands for its columns; what is wrong with it if it cannot be read."""
    if not files:
        return
    by_path = {address(file): file for file in files}
    query = """
        select file_name, num_rows, columns
        from parquet_file_metadata($files)
        join (
            select
                file_name,
                md5(string_agg(concat_ws('|', name, type, type_length, num_children, converted_type, scale, precision,
                    logical_type), chr(10) order by column_id)) as columns
            from parquet_schema($files)
            group by file_name
        ) using (file_name)
    """
    try:
        rows = connection.execute(query, {"files": [pattern(file) for file in files]}).fetchall()
    except duckdb.Error as error:
        if is_environment(error):
            raise
        if len(files) > 1:
            middle = len(files) // 2
            yield from footers(connection, files[:middle])
            yield from footers(connection, files[middle:])
        else:
            yield files[0], FileFault(_parquet_fault(files[0], error))
        return
    found = {by_path[path]: (count, columns) for path, count, columns in rows}
    for file in files:
        yield file, found.get(file, FileFault("has no columns"))


def _parquet_fault(file: LandedFile, error: duckdb.Error) -> str:
    if not file.size:
        return "the file is empty"
    text = first_line(error)
    if "magic bytes" in text or "too small" in text or "footer" in text.lower():
        return "is not a whole Parquet file: cut off, or something else under this name"
    return f"cannot be read as Parquet: {text}"


def _parquet_piece(
    connection: Connection,
    pipe: Pipe,
    members: list[tuple[LandedFile, int]],
    keys: dict[LandedFile, str],
    scanned: object,
) -> Piece:
    paths = [pattern(file) for file, _ in members]
    described = connection.execute(
        "describe select * from read_parquet($file, hive_partitioning = false)", {"file": paths[0]}
    )
    types = {name.lower(): (name, kind) for name, kind, *_ in described.fetchall()}
    if reserved := sorted(_RESERVED & set(types)):
        raise FileFault(f"has a column named {reserved[0]}, a name that the loader needs itself", column=reserved[0])
    missing, extra = compare(pipe, types)
    values = {
        column.name: typed(pipe, column, *types[column.name]) for column in _data_columns(pipe) if column.name in types
    }
    rows = sum(rows for _, rows in members)
    source = "read_parquet($files, hive_partitioning = false)"
    if len(members) == 1:
        values |= _metadata(pipe, "1", "file_row_number + 1")
    elif rows > len(members) * MANY_ROWS:
        values |= _metadata(pipe, "file_index::bigint + 1", "file_row_number + 1")
    else:
        # A file's vectors end with the file; the join fills them up again, which saves more than it costs.
        values |= _metadata(pipe, None, "file_row_number + 1")
        source = _joined(pipe, source, len(members))
    outcomes = [Outcome(file, LOADED, keys[file], rows, rows, missing=missing, extra=extra) for file, rows in members]
    piece = Piece(
        outcomes,
        _insert(pipe, values, source),
        {"files": paths} | _parameters(pipe, outcomes, scanned),
        rows,
    )
    if len(members) > 1:
        middle = len(members) // 2
        piece.split = lambda: [
            each
            for half in (members[:middle], members[middle:])
            for each in _parquet_group(connection, pipe, half, keys, scanned)
        ]
    return piece


_INTEGERS = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")} | {
    "INTEGER",
    "UINTEGER",
}


def typed(pipe: Pipe, column: Column, name: str, kind: str) -> str:
    """A Parquet column as its table's type, never by dropping a part of a value.

    Where the types allow a loss (a fraction into an integer), each value is cast there and back; one that does not come
    back the same fails the file.
    """
    source, target = _quoted(name), column.type
    if kind == target:
        return _null_if(pipe, source) if target == "VARCHAR" else source
    cast = f"cast({source} as {target})"
    base = kind.partition("(")[0]
    if base not in _INTEGERS | {
        "DECIMAL",
        "FLOAT",
        "DOUBLE",
        "VARCHAR",
        "DATE",
        "BOOLEAN",
        "TIMESTAMP",
        "UUID",
    } or kind.endswith("]"):
        raise FileFault(
            f"column {column.name} is {kind}, which does not cast to the table's {target}", column=column.name
        )
    widens = (
        (target == "VARCHAR" and base not in ("FLOAT", "DOUBLE"))
        or (base in _INTEGERS and (target == "BIGINT" or target.startswith("DECIMAL")))
        or (base == "DECIMAL" and target.startswith("DECIMAL") and _scale(kind) <= _scale(target))
        or (kind, target) == ("DATE", "TIMESTAMP")
    )
    if widens:
        return cast
    message = f"{_literal(f'column {column.name} ({kind}) holds ')} || {source}::varchar || {_literal(f', which is no {target}')}"
    back = f"try_cast(try_cast({source} as {target}) as {kind})"
    return f"case when {back} is distinct from {source} then error({message}) else {cast} end"


def _scale(decimal: str) -> int:
    return int(decimal.rstrip(")").rpartition(",")[2])


# -- CSV --------------------------------------------------------------------------------------------------------------


def csv_pieces(
    connection: Connection,
    pipe: Pipe,
    files: list[LandedFile],
    scanned: object,
    leave: Callable[[LandedFile, NotNow], None],
    clock: Clock,
) -> list[Piece]:
    """CSV files: one statement for all plain ones of the same header, one for each of the others."""
    dialect = csv_records.dialect_of(pipe.file_format)
    wanted = {column.name for column in _data_columns(pipe)}
    pieces: list[Piece] = []
    plain: dict[tuple[tuple[str, ...], bool], list[tuple[LandedFile, csv_records.Scan]]] = defaultdict(list)
    exact: list[tuple[LandedFile, csv_records.Scan]] = []
    for file in files:
        try:
            with landed.open_landed(file) as stream:
                try:
                    found = csv_records.scan(stream, file.name, dialect, wanted)
                except FileFault as fault:
                    stream.seek(0)
                    pieces.append(Piece([failed(file, landed.content_key(stream), fault)]))
                    continue
        except NotNow as reason:
            leave(file, reason)
            continue
        except OSError as error:
            leave(file, unreadable(error))
            continue
        if found.plain:
            plain[found.header, found.lines_in_quotes].append((file, found))
        else:
            exact.append((file, found))
    for members in plain.values():
        done, not_plain = _plain_csv(connection, pipe, dialect, members, scanned, clock)
        pieces += done
        exact += not_plain
    for file, found in sorted(exact, key=lambda each: each[0].name.encode()):
        try:
            pieces.append(_exact_csv(connection, pipe, dialect, file, found, scanned, clock))
        except FileFault as fault:
            pieces.append(Piece([failed(file, found.content_key, fault)]))
        except OSError as error:
            if is_environment(error):
                raise
            leave(file, unreadable(error))
    return pieces


def _plain_csv(
    connection: Connection,
    pipe: Pipe,
    dialect: csv_records.Dialect,
    members: list[tuple[LandedFile, csv_records.Scan]],
    scanned: object,
    clock: Clock,
) -> tuple[list[Piece], list[tuple[LandedFile, csv_records.Scan]]]:
    """Files that DuckDB reads itself, into a temporary table first: its row ids are the record numbers, which DuckDB's CSV
    reader does not give and which `row_number()` would compute on one core. Returns also the files that it does not read
    to the row as they were counted."""
    header = members[0][1].header
    missing, extra = compare(pipe, header)
    table = _temporary()
    counted = sum(found.records for _, found in members)
    try:
        with clock.running():
            _read_csv(
                connection,
                table,
                [pattern(file) for file, _ in members],
                header,
                dialect,
                parallel=not members[0][1].lines_in_quotes,
            )
            read = connection.execute(f"select count(*) from {table}").fetchone()[0]
    except duckdb.Error as error:
        if is_environment(error):
            raise
        read = None
    if read != counted:
        connection.execute(f"drop table if exists {table}")
        if len(members) == 1:
            return [], members
        middle = len(members) // 2
        halves = [
            _plain_csv(connection, pipe, dialect, half, scanned, clock) for half in (members[:middle], members[middle:])
        ]
        return halves[0][0] + halves[1][0], halves[0][1] + halves[1][1]

    outcomes = [
        Outcome(file, LOADED, found.content_key, found.records, found.records, missing=missing, extra=extra)
        for file, found in members
    ]
    before = [0]
    for _, found in members:
        before.append(before[-1] + found.records)
    values = {column.name: _text(pipe, column) for column in _data_columns(pipe) if column.name in header}
    if len(members) == 1:
        values |= _metadata(pipe, "1", "rowid + 1")
        parameters = {}
    else:
        values |= _metadata(pipe, "_file + 1", "rowid + 1 - ($before::bigint[])[_file + 1]")
        parameters = {"before": before} if "$before" in " ".join(values.values()) else {}
    parameters |= _parameters(pipe, outcomes, scanned)
    return [Piece(outcomes, _insert(pipe, values, table), parameters, counted, temporary=[table])], []


def _read_csv(
    connection: Connection,
    table: str,
    files: list[str],
    header: tuple[str, ...],
    dialect: csv_records.Dialect,
    *,
    parallel: bool,
    longest: int = 0,
    skip: int = 1,
) -> None:
    """Read CSV files into a new temporary table: every column as text, and `_file`, the number of the file from 0."""
    columns = ", ".join(f"{_literal(name)}: 'varchar'" for name in header)
    quote = dialect.quote.decode() if dialect.quote else ""
    options = {
        "auto_detect": "false",
        "header": "true" if skip else "false",
        "delim": _literal(dialect.delimiter.decode()),
        "quote": _literal(quote),
        "escape": _literal(quote),
        "comment": "''",
        "allow_quoted_nulls": "false",
        "strict_mode": "true",
        "hive_partitioning": "false",
        "parallel": str(parallel).lower(),
    }
    if not dialect.empty_is_null:
        # no other text stands for null: a byte that UTF-8 text cannot hold would be refused, so the fields are filled in
        options["force_not_null"] = "[" + ", ".join(map(_literal, header)) + "]"
    if longest:
        options["max_line_size"] = str(longest)
    if not skip:
        # ours end in LF; DuckDB would guess, and a CR LF inside a quoted field makes it guess wrong
        options["new_line"] = r"'\n'"
    written = ", ".join(f"{name} = {value}" for name, value in options.items())
    wanted = ", ".join(map(_quoted, header))
    connection.execute(
        f"create temporary table {table} as select {wanted}, file_index::integer as _file "
        f"from read_csv($files, columns = {{{columns}}}, {written})",
        {"files": files},
    )


def _text(pipe: Pipe, column: Column) -> str:
    value = _null_if(pipe, _quoted(column.name))
    return value if column.type == "VARCHAR" else f"cast({value} as {column.type})"


def _exact_csv(
    connection: Connection,
    pipe: Pipe,
    dialect: csv_records.Dialect,
    file: LandedFile,
    found: csv_records.Scan,
    scanned: object,
    clock: Clock,
) -> Piece:
    """A file whose records are cut here, one by one: the good ones go, with their number, into a file in the plainest form;
    the bad ones into another."""
    missing, extra = compare(pipe, found.header)
    with tempfile.TemporaryDirectory(prefix="retail-load-") as folder:
        good, bad = Path(folder, "good.csv"), Path(folder, "bad.csv")
        tally = _sort_out(file, dialect, good, bad)
        errors = tally.parsed - tally.loaded
        outcome = Outcome(
            file,
            PARTIALLY_LOADED if errors else LOADED,
            found.content_key,
            tally.parsed,
            tally.loaded,
            errors,
            missing=missing,
            extra=extra,
        )
        if tally.first:
            outcome = replace(outcome, message=tally.first.fault, line=tally.first.line, column=tally.first.column)
        if pipe.on_error.skips(errors, tally.parsed) or (errors and not tally.loaded):
            return Piece([replace(outcome, status=LOAD_FAILED, row_count=0)])
        spool = csv_records.Dialect(b",", b'"', True)
        table, rejects = _temporary(), _temporary()
        with clock.running():
            header = ("_record", *found.header)
            _read_csv(connection, table, [str(good)], header, spool, parallel=False, longest=tally.longest, skip=0)
            names = ("file_row_number", "line_number", "column_name", "error_message", "raw_line")
            _read_csv(connection, rejects, [str(bad)], names, spool, parallel=False, longest=tally.longest, skip=0)
    counts = [connection.execute(f"select count(*) from {each}").fetchone()[0] for each in (table, rejects)]
    if counts != [tally.loaded, errors]:
        raise AssertionError(f"{file.name}: {tally} became {counts} rows")
    values = {column.name: _text(pipe, column) for column in _data_columns(pipe) if column.name in found.header}
    values |= _metadata(pipe, "1", "_record::bigint")
    return Piece(
        [outcome],
        _insert(pipe, values, table),
        _parameters(pipe, [outcome], scanned),
        tally.loaded,
        rejects if errors else None,
        [table, rejects],
    )


@dataclass
class _Tally:
    """Records parsed and good, the first bad one, and the length of the longest line written, in bytes."""

    parsed: int = 0
    loaded: int = 0
    first: csv_records.Record | None = None
    longest: int = 1 << 21


def _sort_out(file: LandedFile, dialect: csv_records.Dialect, good: Path, bad: Path) -> _Tally:
    tally = _Tally()
    with (
        open(file.path, "rb", buffering=0) as stream,
        open(good, "wb", 1 << 20) as good_file,
        open(bad, "wb") as bad_file,
    ):
        for record in csv_records.split_records(stream, file.name, dialect):
            tally.parsed += 1
            if record.fault is None:
                tally.loaded += 1
                line, out = _csv_line(str(record.number), *record.fields), good_file
            else:
                tally.first = tally.first or record
                raw = record.raw.decode(errors="backslashreplace")
                line, out = _csv_line(str(record.number), str(record.line), record.column, record.fault, raw), bad_file
            out.write(line)
            tally.longest = max(tally.longest, len(line) + 1)
    return tally


def _csv_line(*fields: str | None) -> bytes:
    return (",".join("" if each is None else '"' + each.replace('"', '""') + '"' for each in fields) + "\n").encode()


_temporaries = 0


def _temporary() -> str:
    """A name for a temporary table that no other has in this process."""
    global _temporaries
    _temporaries += 1
    return f"temp.main._landed_{_temporaries}"


def require_types(pipe: Pipe) -> None:
    """CSV lands as text: a value that does not cast must fail in staging, not in the pipe."""
    for column in _data_columns(pipe):
        if pipe.file_format.type == "csv" and column.type != "VARCHAR":
            raise UserError(
                f"{pipe.table.script}: {pipe.table.name}.{column.name} is {column.type}; every column of a CSV feed is varchar, "
                "and staging casts"
            )
