"""`retail publish`: gold alone, personal columns masked, in a DuckDB file of its own for people and BI tools.

The warehouse has one writer and shuts readers out meanwhile; the published file is replaced in one step and never written
again, so nobody who has it open is in the way of the night's run.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import sqlglot

from retail import console, copy_files, personal, settings, warehouse, whole_files
from retail.errors import UserError
from retail.warehouse import Connection, quoted

# What stands in place of personal text; other types become null. A null stays null, so that counts of known values stay
# right. The masking policies on Snowflake answer the same.
MASK = "***MASKED***"

# The oldest format that loses nothing, since BI tools bring older versions of DuckDB.
STORAGE_VERSION = "v1.0.0"

SCHEMA = "gold"
# The file's catalog is named after it, gold. A schema of that name in it would make `gold.fct_sales` ambiguous, for DuckDB
# refuses a name that is a catalog and a schema; from main it is found under the name that it has in the warehouse.
PUBLISHED_SCHEMA = "main"
CATALOG = "published"


@dataclass(frozen=True)
class Column:
    """A column of gold; `comment` is its description."""

    name: str
    type: str
    comment: str | None
    is_masked: bool

    @property
    def published(self) -> str:
        """Its expression in a select list of what is published."""
        name = quoted(self.name)
        if not self.is_masked:
            return name
        if self.type == "VARCHAR":
            return f"case when {name} is not null then '{MASK}' end as {name}"
        return f"cast(null as {self.type}) as {name}"


@dataclass(frozen=True)
class Relation:
    """A table or view of gold; `definition` is the statement that made the view."""

    name: str
    comment: str | None
    columns: tuple[Column, ...]
    definition: str | None = None


@dataclass
class Published:
    """What was published: rows of each relation, which of them are views, and one line each for what a reader should know."""

    rows: dict[str, int] = field(default_factory=dict)
    views: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    masked: int = 0


def publish(
    database: Path,
    gold: Path,
    manifest: Path,
    *,
    wait: float = 60.0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Published:
    """Write gold of `database` into the file `gold`, in place of what is there, once it is whole and on disk.

    `manifest` is dbt's, which says what belongs to gold and which columns are personal; `wait` is how many seconds to wait
    for whoever writes the warehouse; `progress` is called with a relation, how many are done, and how many there are.
    Raises UserError where there is no warehouse, gold is not built as the manifest says, or there is no room; what was
    published before stays then.
    """
    if not database.exists():
        raise UserError(f"{database}: there is no warehouse yet; run `retail load` and `dbt build`")
    if gold.resolve() == database.resolve():
        raise UserError(f"{gold} is the warehouse itself; name another file with RETAIL_GOLD")
    known = known_columns(manifest)
    # a link stays a link
    gold = gold.resolve()
    try:
        gold.parent.mkdir(parents=True, exist_ok=True)
        with whole_files.alone(gold.parent, wait, "retail publish"):
            new = gold.with_name(f"{gold.name}.new")
            try:
                _remove(new)
                result = _write(database, new, known, wait, progress)
                _put_in_place(new, gold)
            finally:
                _remove(new)
    except (duckdb.Error, OSError) as error:
        if isinstance(error, duckdb.Error) and not copy_files.is_environment(error):
            raise
        raise UserError(f"{gold}: {copy_files.first_line(error)}; what was published before is untouched") from error
    return result


# -- what belongs to gold ---------------------------------------------------------------------------------------------


def known_columns(manifest: Path) -> dict[str, dict[str, bool]]:
    """{relation of gold: {column: whether it is personal}}, by the manifest and by the project's YAML as it is now.

    The YAML may be newer than the manifest: what either calls personal is.
    """
    try:
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    except FileNotFoundError:
        raise UserError(f"{manifest} is not there, which says what is personal; run `dbt build`") from None
    except (OSError, ValueError, KeyError):
        raise UserError(f"{manifest} cannot be read; run `dbt build`, which writes it anew") from None
    tags = personal.tags()
    return {
        node["alias"].lower(): {
            name.lower(): bool(column["config"].get("meta", {}).get("pii"))
            or (node["name"].lower(), name.lower()) in tags
            for name, column in node["columns"].items()
        }
        for node in nodes
        if node["resource_type"] in ("model", "seed", "snapshot") and node["schema"].lower() == SCHEMA
    }


def _relations(
    connection: Connection, catalog: str, database: Path, known: dict[str, dict[str, bool]], result: Published
) -> list[Relation]:
    """What there is to publish. UserError where the warehouse is not what the manifest says."""
    tables = connection.execute(
        "select table_name, comment, null from duckdb_tables() where database_name = $catalog and schema_name = $schema "
        "union all select view_name, comment, sql from duckdb_views() where database_name = $catalog and schema_name = $schema "
        "order by 1",
        {"catalog": catalog, "schema": SCHEMA},
    ).fetchall()
    columns: dict[str, list[tuple[str, str, str | None]]] = {}
    for table, *column in connection.execute(
        "select table_name, column_name, data_type, comment from duckdb_columns() "
        "where database_name = ? and schema_name = ? order by table_name, column_index",
        [catalog, SCHEMA],
    ).fetchall():
        columns.setdefault(table, []).append(tuple(column))
    missing = sorted(known.keys() - {name.lower() for name, _, _ in tables})
    if missing or not known:
        names = ", ".join(f"{SCHEMA}.{name}" for name in missing[:3]) + (" and more" if missing[3:] else "")
        raise UserError(f"{database} has no {names or SCHEMA} yet; run `dbt build`")
    found = []
    for name, comment, definition in tables:
        if name.lower() not in known:
            # left over from a model that has another name now; nobody says what in it is personal
            result.notes.append(f"{SCHEMA}.{name} is left out: it is no model of the project; drop it")
            continue
        personal_columns = known[name.lower()]
        for column, _, _ in columns[name]:
            if column.lower() not in personal_columns:
                raise UserError(
                    f"{SCHEMA}.{name} has a column {column} that the project does not know; run `dbt build`"
                )
        each = tuple(Column(*column, personal_columns[column[0].lower()]) for column in columns[name])
        found.append(Relation(name, comment, each, definition))
    return found


# -- writing ----------------------------------------------------------------------------------------------------------


def _write(
    database: Path,
    new: Path,
    known: dict[str, dict[str, bool]],
    wait: float,
    progress: Callable[[str, int, int], None] | None,
) -> Published:
    """Make the file `new` and compare it with the warehouse; it is closed and whole afterwards."""
    result = Published()
    with duckdb.connect(":memory:") as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set temp_directory = {_text(f'{new}.tmp')}")
        # under its own name, which its views hold
        attach = f"attach {_text(str(database))} (read_only)"
        warehouse.when_free(database, wait, lambda: connection.execute(attach))
        (catalog,) = connection.execute(
            "select database_name from duckdb_databases() where not internal and path is not null"
        ).fetchone()
        relations = _in_order(_relations(connection, catalog, database, known, result), catalog)
        connection.execute(f"attach {_text(str(new))} as {CATALOG} (storage_version '{STORAGE_VERSION}')")
        connection.execute(f"use {CATALOG}.{PUBLISHED_SCHEMA}")
        for done, relation in enumerate(relations):
            if progress:
                progress(relation.name, done, len(relations))
            source = f"{quoted(catalog)}.{SCHEMA}.{quoted(relation.name)}"
            if relation.definition is None or not _view_made(connection, relation, source, catalog, result):
                columns = ", ".join(column.published for column in relation.columns)
                connection.execute(f"create table {quoted(relation.name)} as select {columns} from {source}")
            (result.rows[relation.name],) = connection.execute(f"select count(*) from {source}").fetchone()
        _comment(connection, relations, result)
        connection.execute("use memory")
        connection.execute(f"detach {quoted(catalog)}")
        # writes all into the file and removes the log beside it
        connection.execute(f"detach {CATALOG}")
    result.masked = sum(column.is_masked for relation in relations for column in relation.columns)
    _check(new, result.rows)
    return result


def _in_order(relations: list[Relation], catalog: str) -> list[Relation]:
    """Tables first, then each view after those that it reads."""
    views = {relation.name: relation for relation in relations if relation.definition}
    graph = {
        name: {read for read, _, _ in _reads(view.definition, catalog)} & views.keys() for name, view in views.items()
    }
    ordered = [views[name] for name in TopologicalSorter(graph).static_order()]
    return [relation for relation in relations if not relation.definition] + ordered


def _view_made(connection: Connection, relation: Relation, source: str, catalog: str, result: Published) -> bool:
    """Publish a view as a view, if over what is published it says the same as in the warehouse, but for what is masked."""
    definition = _on_published(relation.definition, catalog, set(result.rows))
    if definition is None:
        return False
    try:
        connection.execute(definition)
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    name = quoted(relation.name)
    unmasked = ", ".join(quoted(column.name) for column in relation.columns if not column.is_masked)
    content = f"count(*), sum(hash({unmasked}))" if unmasked else "count(*)"
    here, there = (connection.execute(f"select {content} from {each}").fetchone() for each in (name, source))
    masked = [f"cast({quoted(column.name)} as varchar) != '{MASK}'" for column in relation.columns if column.is_masked]
    (open_values,) = connection.execute(f"select count_if({' or '.join(masked) or 'false'}) from {name}").fetchone()
    if here == there and not open_values:
        result.views.append(relation.name)
        return True
    connection.execute(f"drop view {name}")
    result.notes.append(f"{relation.name} is published as a table: as a view it would compute with what is masked")
    return False


def _reads(definition: str, catalog: str) -> list[tuple[str | None, int, int]]:
    """What a view reads, in the order of its text: relation of gold (None: something else), where its prefix begins and ends.

    DuckDB keeps a view's tables with their catalog. Tokens, not a parser: what is written anew might be another statement.
    """
    tokens = sqlglot.tokenize(definition, read="duckdb")
    words = [token.text for token in tokens]
    found = []
    for at, word in enumerate(words):
        if word == catalog and words[at + 1 : at + 2] == ["."]:
            name = words[at + 4] if words[at + 1 : at + 4] == [".", SCHEMA, "."] else None
            found.append((name, tokens[at].start, tokens[min(at + 2, len(tokens) - 1)].end + 1))
    return found


def _on_published(definition: str, catalog: str, published: set[str]) -> str | None:
    """A view's statement over the published relations in place of gold's; None where it reads anything else."""
    reads = _reads(definition, catalog)
    if any(name not in published for name, _, _ in reads):
        return None
    for _, start, end in reversed(reads):
        definition = definition[:start] + PUBLISHED_SCHEMA + definition[end:]
    # the first is its own name: create view gold.name as …
    return definition.replace(f"{SCHEMA}.", f"{PUBLISHED_SCHEMA}.", 1)


def _comment(connection: Connection, relations: list[Relation], result: Published) -> None:
    """Carry the descriptions over."""
    connection.execute("begin transaction")
    for relation in relations:
        name = quoted(relation.name)
        if relation.comment:
            kind = "view" if relation.name in result.views else "table"
            connection.execute(f"comment on {kind} {name} is {_text(relation.comment)}")
        for column in relation.columns:
            if column.comment:
                connection.execute(f"comment on column {name}.{quoted(column.name)} is {_text(column.comment)}")
    connection.execute("commit")


def _check(new: Path, rows: dict[str, int]) -> None:
    """Read the file as its readers will, alone and read-only."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach {_text(str(new))} as gold (read_only)")
        for name, expected in rows.items():
            (found,) = connection.execute(f"select count(*) from gold.{quoted(name)}").fetchone()
            if found != expected:
                raise UserError(
                    f"{new}: {name} has {found:,} rows, but {expected:,} in the warehouse; nothing is published"
                )


def _put_in_place(new: Path, gold: Path) -> None:
    """Replace `gold` in one step, on disk before anybody sees it."""
    # whoever opened the old file to write may have left its log: it must not meet the new file
    gold.with_name(f"{gold.name}.wal").unlink(missing_ok=True)
    whole_files.put_in_place(new, gold)


def _remove(new: Path) -> None:
    """Remove what an interrupted run may have left."""
    for suffix in ("", ".wal"):
        new.with_name(new.name + suffix).unlink(missing_ok=True)
    shutil.rmtree(f"{new}.tmp", ignore_errors=True)


def _text(value: str) -> str:
    """A text inside a statement."""
    return "'" + value.replace("'", "''") + "'"


# -- the face ---------------------------------------------------------------------------------------------------------


def run(wait: float) -> int:
    """Publish with the settings' paths, with a progress bar and one line that says what is there; the exit code."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    gold = settings.gold()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console.err, transient=True, disable=not console.err.is_terminal) as bar:
        task = bar.add_task("publish", total=None)

        def progress(name: str, done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        try:
            result = publish(
                settings.database(), gold, settings.target() / "manifest.json", wait=wait, progress=progress
            )
        except (KeyboardInterrupt, RuntimeError) as error:
            # the second is what DuckDB makes of Ctrl-C during a statement
            if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
                raise
            console.err.print("Interrupted: what was published before is untouched.")
            return 130
    for note in result.notes:
        console.err.print(f"note: {note}", style="yellow", markup=False)
    console.out.print(
        f"Published {settings.shown(gold)}: {len(result.rows)} tables and views of gold, {result.masked} personal columns masked",
        markup=False,
    )
    return 0
