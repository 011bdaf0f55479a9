"""`retail load`: Snowpipe for DuckDB. Carries out the pipes of `scripts/snowflake/` on the files that have landed.

Each path is loaded once by each pipe, ever. The rows of a file and its entry in `audit.load_history` commit together, so
a load that is killed at any moment and started again gives the same bronze.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from retail import (
    console,
    copy_files,
    history,
    landed,
    landing_zone,
    last_build,
    load_history,
    pipes,
    settings,
    warehouse,
)
from retail.copy_files import Outcome, Piece
from retail.errors import UserError
from retail.landed import FileFault, LandedFile, NotNow
from retail.landing_zone import Bucket, Folder
from retail.load_history import LOAD_FAILED, PARTIALLY_LOADED, Entry
from retail.pipes import Pipe

# A batch is what commits together: large enough that a thousand small files cost no thousand commits, small enough that
# an interruption loses little.
BATCH_FILES = 2000
BATCH_BYTES = 1 << 30

# Bytes that DuckDB may hold in memory; a larger file goes through temporary files beside the database.
MEMORY_LIMIT = 4 << 30

# The same note for each of a thousand files helps nobody; all of them are in the history.
NOTES_SHOWN = 20

# Applies when the loader makes the database. The older default of DuckDB 1.5 spends, for the two text columns that
# repeat in every row of bronze, half of the time of a load on choosing their compression.
STORAGE_VERSION = "v1.5.0"


@dataclass(frozen=True)
class Problem:
    """One line for the user. `lacking`: something that has landed is not in bronze, so the exit code is 1."""

    name: str
    text: str
    lacking: bool = True

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass
class FeedResult:
    """What one run did for one pipe, in files and records; `planned` counts files that a dry run would load."""

    files: int = 0
    parsed: int = 0
    loaded: int = 0
    rejected: int = 0
    failed: int = 0
    planned: int = 0
    bytes: int = 0


@dataclass
class LoadResult:
    """What one run did. Seconds: `startup` until the first file is read, `statements` in those that load."""

    feeds: dict[str, FeedResult] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    startup_seconds: float = 0.0
    statement_seconds: float = 0.0
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        """0: all that has landed for a pipe is in bronze (or will be, once it is written). 1: something is not."""
        return int(any(problem.lacking for problem in self.problems))


def default_scripts() -> Path:
    """The folder of the Snowflake scripts."""
    return settings.project_root() / "scripts" / "snowflake"


def load(
    landing: Path | Folder | Bucket,
    database: Path,
    *,
    scripts: Path | None = None,
    feeds: list[str] | None = None,
    dry_run: bool = False,
    wait: float = 60.0,
    progress: Callable[[str, int, int], None] | None = None,
) -> LoadResult:
    """Load what has landed and is not loaded yet.

    `feeds` limits it to some (`ops.item`, or `ops` for a source); `wait` is how many seconds to wait for another process
    that has the database open; `progress` is called with a feed, how many more files are done, and how many there are. Raises UserError for faulty
    scripts, an unknown feed, a database that stays locked or a disk that is full; faults of files end up in the result.
    """
    begun = time.perf_counter()
    definitions = pipes.read_definitions(scripts or default_scripts())
    wanted = wanted_pipes(definitions.pipes, feeds or [])
    for pipe in definitions.pipes:
        copy_files.require_types(pipe)
    listing = landed.list_files(landing, [pipe.prefix for pipe in definitions.pipes])
    result = LoadResult(dry_run=dry_run, feeds={feed_name(pipe): FeedResult() for pipe in wanted})
    _report_listing(listing, landing, [pipe.prefix for pipe in wanted], result)

    with _opened(database, dry_run=dry_run, wait=wait) as connection:
        history: dict[tuple[str, str], Entry] = {}
        if connection is not None:
            if not dry_run:
                _create_tables(connection, definitions)
            if load_history.exists(connection):
                history = load_history.latest(connection)
        todo = {pipe.name: list(_undone(pipe, listing.files[pipe.prefix], history, result)) for pipe in wanted}
        result.startup_seconds = time.perf_counter() - begun
        if dry_run or connection is None:
            for pipe in wanted:
                result.feeds[feed_name(pipe)].planned = len(todo[pipe.name])
                result.feeds[feed_name(pipe)].bytes = sum(file.size for file in todo[pipe.name])
            return result
        run = _Run(connection, result, _known_content(history))
        total = sum(map(len, todo.values()))
        for pipe in wanted:
            for batch in _batches(todo[pipe.name]):
                if progress:
                    progress(feed_name(pipe), 0, total)
                run.load_batch(pipe, batch)
                if progress:
                    progress(feed_name(pipe), len(batch), total)
        result.statement_seconds = run.clock.seconds
    result.problems.sort(key=str)
    result.notes.sort(key=str)
    return result


def feed_name(pipe: Pipe) -> str:
    """A feed as users write it, `ops.item`, from the folder that its pipe reads."""
    return pipe.prefix.strip("/").replace("/", ".")


def wanted_pipes(defined: tuple[Pipe, ...], feeds: list[str]) -> list[Pipe]:
    """The pipes of some feeds or sources, all where none is named; UserError for one that no pipe loads."""
    known = {feed_name(pipe) for pipe in defined}
    sources = {name.partition(".")[0] for name in known}
    for feed in feeds:
        if feed not in known | sources:
            raise UserError(f"no pipe loads the feed {feed}; there are: {', '.join(sorted(known))}")
    return [pipe for pipe in defined if not feeds or {feed_name(pipe), feed_name(pipe).partition(".")[0]} & set(feeds)]


def _report_listing(
    listing: landed.Listing, landing: Path | Folder | Bucket, prefixes: list[str], result: LoadResult
) -> None:
    if not landing.exists():
        result.notes.append(Problem(str(landing), "there is no landing zone yet", lacking=False))
    for name, text in listing.problems:
        result.problems.append(Problem(name, text))
    for folder, count in listing.unclaimed.items():
        files = "1 file is" if count == 1 else f"{count} files are"
        result.problems.append(
            Problem(folder or "landing zone", f"{files} not loaded: no pipe reads this folder", lacking=False)
        )


# -- what is to do ----------------------------------------------------------------------------------------------------


def _undone(
    pipe: Pipe, files: list[LandedFile], history: dict[tuple[str, str], Entry], result: LoadResult
) -> Iterator[LandedFile]:
    """Files that the pipe has not loaded, and that it could not load but have changed since; says what is wrong with others."""
    for file in files:
        past = history.get((pipe.name, file.name))
        same = past and (past.file_size, past.file_last_modified) == (file.size, file.last_modified())
        if past is None or (past.status == LOAD_FAILED and not same):
            yield file
        elif past.status == LOAD_FAILED:
            result.problems.append(Problem(file.name, f"not loaded, and unchanged since: {_fault_text(past)}"))
        elif not same:
            key = landed.key_now(file)
            if key != past.file_content_key:
                result.problems.append(Problem(file.name, _changed_text(past, key)))


def _changed_text(past: Entry, key: str | None) -> str:
    now = f"is {key[:12]} now" if key else "cannot be read now"
    return (
        f"was loaded as {past.file_content_key[:12]} on {past.finished_at:%Y-%m-%d %H:%M} UTC, {now}, and is not loaded again: "
        "a path loads once; land a correction under a new name"
    )


def _fault_text(fault: Entry | Outcome) -> str:
    """Reason, line and column of the first error of an entry or outcome."""
    if isinstance(fault, Entry):
        message, line, column = fault.first_error_message, fault.first_error_line_number, fault.first_error_column_name
    else:
        message, line, column = fault.message, fault.line, fault.column
    where = f"line {line}: " if line else ""
    return where + (message or "") + (f" (column {column})" if column and column not in (message or "") else "")


def _known_content(history: dict[tuple[str, str], Entry]) -> dict[tuple[str, str], str]:
    """The first name under which each pipe has loaded each content."""
    known: dict[tuple[str, str], str] = {}
    for (pipe, name), entry in history.items():
        if entry.status != LOAD_FAILED and entry.file_content_key:
            known.setdefault((pipe, entry.file_content_key), name)
    return known


def _batches(files: list[LandedFile]) -> Iterator[list[LandedFile]]:
    batch: list[LandedFile] = []
    size = 0
    for file in files:
        if batch and (len(batch) >= BATCH_FILES or size + file.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


# -- loading ----------------------------------------------------------------------------------------------------------


class _Run:
    """One run's connection and what it gathers."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        result: LoadResult,
        known: dict[tuple[str, str], str],
    ) -> None:
        self.connection, self.result, self.known = connection, result, known
        self.clock = copy_files.Clock()

    def load_batch(self, pipe: Pipe, files: list[LandedFile]) -> None:
        """Load some files of a pipe, in one transaction if none of them is at fault."""
        scanned = _now()

        def leave(file: LandedFile, reason: NotNow) -> None:
            self.result.problems.append(Problem(file.name, reason.reason, lacking=not reason.harmless))

        if pipe.file_format.type == "csv":
            pieces = copy_files.csv_pieces(self.connection, pipe, files, scanned, leave, self.clock)
        else:
            pieces = copy_files.parquet_pieces(self.connection, pipe, files, scanned, leave)
        try:
            self._commit(pipe, pieces, scanned)
        finally:
            for piece in pieces:
                piece.drop(self.connection)
            landed.release(files)

    def _commit(self, pipe: Pipe, pieces: list[Piece], scanned: datetime) -> None:
        """Insert the rows of the pieces and their history in one transaction; on a fault again, in smaller ones."""
        connection = self.connection
        outcomes = [outcome for piece in pieces for outcome in piece.outcomes]
        connection.execute("begin transaction")
        try:
            for piece in pieces:
                self._execute(pipe, piece)
            moved = [outcome.file for outcome in outcomes if landed.changed(outcome.file)]
            if moved:
                raise _Moved(moved)
            outcomes.sort(key=lambda outcome: outcome.file.name.encode())
            seen: dict[tuple[str, str], str] = {}
            entries = [self._entry(pipe, outcome, scanned, seen) for outcome in outcomes]
            load_history.append(connection, entries)
            with self.clock.running():
                connection.execute("commit")
        except _PieceFailed as failure:
            _rollback(connection)
            self._one_by_one(pipe, pieces, failure, scanned)
            return
        except _Moved as moved:
            _rollback(connection)
            for file in moved.files:
                gone = not file.path.exists()
                text = "disappeared before it was read" if gone else "still being written, left for the next run"
                self.result.problems.append(Problem(file.name, text, lacking=False))
            rest = [outcome.file for outcome in outcomes if outcome.file not in set(moved.files)]
            if rest:
                self.load_batch(pipe, rest)
            return
        except BaseException:
            _rollback(connection)
            raise
        for outcome, entry in zip(outcomes, entries, strict=True):
            self._report(pipe, outcome, entry)

    def _execute(self, pipe: Pipe, piece: Piece) -> None:
        if not piece.statement:
            return
        try:
            with self.clock.running():
                inserted = self.connection.execute(piece.statement, piece.parameters).fetchone()[0]
        except duckdb.Error as error:
            if copy_files.is_environment(error):
                raise
            raise _PieceFailed(
                piece, FileFault(copy_files.first_line(error).removeprefix("Invalid Input Error: "))
            ) from error
        if inserted != piece.rows:
            raise _PieceFailed(piece, FileFault(f"holds {piece.rows} rows, but {inserted} were read"))
        if piece.rejects:
            names = [outcome.file.name for outcome in piece.outcomes]
            keys = [outcome.content_key for outcome in piece.outcomes]
            self.connection.execute(
                "insert into audit.load_rejects select $pipe, $name, $key, file_row_number, line_number, column_name, "
                f"error_message, coalesce(raw_line, '') from {piece.rejects}",
                {"pipe": pipe.name, "name": names[0], "key": keys[0]},
            )

    def _one_by_one(self, pipe: Pipe, pieces: list[Piece], failure: "_PieceFailed", scanned: datetime) -> None:
        """A piece failed: the others commit without it, and it is halved until the file at fault stands alone."""
        others = [piece for piece in pieces if piece is not failure.piece]
        if others:
            self._commit(pipe, others, scanned)
        piece = failure.piece
        if piece.split is None:
            outcome = piece.outcomes[0]
            self._commit(
                pipe,
                [Piece([copy_files.failed(outcome.file, outcome.content_key, failure.fault, outcome.row_parsed)])],
                scanned,
            )
        else:
            for half in piece.split():
                self._commit(pipe, [half], scanned)

    def _entry(self, pipe: Pipe, outcome: Outcome, scanned: datetime, seen: dict[tuple[str, str], str]) -> Entry:
        """What the history says of an outcome; `seen`: the first file of each content in this transaction."""
        twin = None
        if outcome.status != LOAD_FAILED and outcome.content_key:
            content = (pipe.name, outcome.content_key)
            twin = self.known.get(content) or seen.setdefault(content, outcome.file.name)
        return Entry(
            pipe_name=pipe.name,
            file_name=outcome.file.name,
            file_content_key=outcome.content_key,
            file_size=outcome.file.size,
            file_last_modified=outcome.file.last_modified(),
            status=outcome.status,
            row_parsed=outcome.row_parsed,
            row_count=outcome.row_count,
            error_count=outcome.error_count,
            first_error_message=outcome.message,
            first_error_line_number=outcome.line,
            first_error_column_name=outcome.column,
            missing_columns=", ".join(outcome.missing) or None,
            extra_columns=", ".join(outcome.extra) or None,
            note=f"same content as {twin}" if twin and twin != outcome.file.name else None,
            started_at=scanned,
            finished_at=_now(),
        )

    def _report(self, pipe: Pipe, outcome: Outcome, entry: Entry) -> None:
        feed = self.result.feeds[feed_name(pipe)]
        name = outcome.file.name
        if outcome.status == LOAD_FAILED:
            feed.failed += 1
            counted = (
                f" ({outcome.error_count} of {outcome.row_parsed} records are bad)"
                if outcome.line and outcome.row_parsed
                else ""
            )
            self.result.problems.append(Problem(name, f"not loaded: {_fault_text(outcome)}{counted}"))
            return
        if outcome.content_key:
            self.known.setdefault((pipe.name, outcome.content_key), name)
        feed.files += 1
        feed.bytes += outcome.file.size
        feed.parsed += outcome.row_parsed or 0
        feed.loaded += outcome.row_count
        feed.rejected += outcome.error_count
        if outcome.status == PARTIALLY_LOADED:
            text = f"{outcome.error_count} of {outcome.row_parsed} records rejected, see audit.load_rejects; first: {_fault_text(outcome)}"
            self.result.problems.append(Problem(name, text))
        differences = [f"null, for the file lacks them: {entry.missing_columns}"] if entry.missing_columns else []
        differences += [f"ignored, for the table lacks them: {entry.extra_columns}"] if entry.extra_columns else []
        if differences:
            self.result.notes.append(Problem(name, "columns " + "; ".join(differences), lacking=False))
        if entry.note:
            self.result.notes.append(Problem(name, f"loaded, though it has the {entry.note}", lacking=False))


class _PieceFailed(Exception):
    def __init__(self, piece: Piece, fault: FileFault) -> None:
        super().__init__(fault.reason)
        self.piece, self.fault = piece, fault


class _Moved(Exception):
    def __init__(self, files: list[LandedFile]) -> None:
        super().__init__()
        self.files = files


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _rollback(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("rollback")
    except duckdb.Error:
        # already rolled back by the error itself; the error under way says more
        pass


# -- the database -----------------------------------------------------------------------------------------------------


@contextmanager
def _opened(database: Path, *, dry_run: bool, wait: float) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """The database, alone; None for a dry run where there is none. A full disk ends in a UserError."""
    if dry_run and not database.exists():
        yield None
        return
    connection = _connect(database, read_only=dry_run, wait=wait)
    # now that nobody else can write
    record = None if dry_run else last_build.vouched(database)
    try:
        yield connection
    except RuntimeError as error:
        # what DuckDB makes of Ctrl-C during a statement
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise
    except (duckdb.Error, OSError, MemoryError) as error:
        if not copy_files.is_environment(error):
            raise
        raise UserError(_environment_text(database, error)) from error
    finally:
        connection.close()
        last_build.renew(database, record)


def _environment_text(database: Path, error: BaseException) -> str:
    kept = "Files that were reported as loaded stay; run it again and the rest follows."
    return f"{database}: {copy_files.first_line(error)}. Make room, then load again. {kept}"


def _connect(database: Path, *, read_only: bool, wait: float) -> duckdb.DuckDBPyConnection:
    """Open the database; wait for whoever has it, and say so."""
    try:
        if not read_only:
            database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{database.parent}: cannot be made: {error.strerror}") from None
    config = {} if read_only else {"storage_compatibility_version": STORAGE_VERSION}

    def connect() -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(str(database), read_only=read_only, config=config)
        # it goes to standard output, where results go
        connection.execute("set enable_progress_bar = false")
        _limit_memory(connection)
        return connection

    return warehouse.when_free(database, wait, connect)


def _limit_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """Hold DuckDB to MEMORY_LIMIT where its own limit (a share of the machine's memory) is higher."""
    size, unit = connection.execute("select current_setting('memory_limit')").fetchone()[0].split()
    if float(size) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit) > MEMORY_LIMIT:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT} bytes'")


def _create_tables(connection: duckdb.DuckDBPyConnection, definitions: pipes.Definitions) -> None:
    """Make the schemas and every bronze table that is not there; one that is there must have the script's columns."""
    there: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and not internal order by table_oid, column_index"
    ).fetchall():
        there.setdefault(table, []).append((column.lower(), kind))
    connection.execute("begin transaction")
    try:
        for schema in definitions.schemas:
            connection.execute(f"create schema if not exists {schema}")
        for table in definitions.tables:
            columns = [(column.name, column.type) for column in table.columns]
            if table.name not in there:
                listed = ", ".join(f'"{name}" {kind}' for name, kind in columns)
                connection.execute(f"create table {table.name} ({listed})")
                if table.comment:
                    comment = table.comment.replace("'", "''")
                    connection.execute(f"comment on table {table.name} is '{comment}'")
            elif there[table.name] != columns:
                different = sorted(set(columns) ^ set(there[table.name]))
                shown = ", ".join(f"{name} {kind}" for name, kind in different[:4]) or "their order"
                raise UserError(
                    f"{table.script}: the columns of {table.name} differ from those in the database ({shown}); "
                    "change the database's table, or load into a new database"
                )
        if "audit.load_history" not in there or "audit.load_rejects" not in there:
            load_history.create(connection)
        connection.execute("commit")
    except BaseException:
        _rollback(connection)
        raise


# -- the face ---------------------------------------------------------------------------------------------------------


def run(feeds: list[str], *, dry_run: bool, wait: float) -> int:
    """Load with the settings' paths, with a progress bar and a summary; the exit code."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    landing, database = landing_zone.from_settings(), settings.database()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console.err, transient=True, disable=not console.err.is_terminal) as bar:
        task = bar.add_task("load", total=None)

        def progress(feed: str, files: int, total: int) -> None:
            bar.update(task, description=feed, advance=files, total=total)

        try:
            result = load(landing, database, feeds=feeds, dry_run=dry_run, wait=wait, progress=progress)
        except KeyboardInterrupt:
            console.err.print("Interrupted: what was committed stays loaded; run it again and the rest follows.")
            return 130
    show(result)
    if not dry_run:
        # the replay builds what depends on extracts that the next night's build knows have landed
        record = last_build.vouched(database)
        try:
            history.replay_if_several_wait(database)
        finally:
            last_build.renew(database, record)
    return result.exit_code


def show(result: LoadResult) -> None:
    """Print a summary table and one line for each problem."""
    from rich.table import Table

    busy = {name: feed for name, feed in result.feeds.items() if feed.files or feed.failed or feed.planned}
    if busy:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("feed")
        headings = ("files", "MB") if result.dry_run else ("files", "records", "loaded", "rejected", "failed files")
        for heading in headings:
            table.add_column(heading, justify="right")
        for name, feed in busy.items():
            if result.dry_run:
                table.add_row(name, f"{feed.planned:,}", f"{feed.bytes / 1e6:,.1f}")
            else:
                cells = (feed.files, feed.parsed, feed.loaded, feed.rejected, feed.failed)
                table.add_row(name, *(f"{cell:,}" for cell in cells))
        console.out.print(table)
    elif result.dry_run:
        console.out.print("Nothing to load.")
    else:
        console.out.print("Nothing new to load.")
    for problem in result.notes[:NOTES_SHOWN]:
        console.err.print(f"note: {problem}", markup=False)
    if len(result.notes) > NOTES_SHOWN:
        console.err.print(
            f"note: {len(result.notes) - NOTES_SHOWN:,} more like these, see audit.load_history", markup=False
        )
    for problem in result.problems:
        console.err.print(str(problem), style="red" if problem.lacking else "yellow", markup=False)
