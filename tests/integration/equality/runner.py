"""Runs a sequence night by night, and the same landing zone at once in an empty database; compares what comes out."""

import csv
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from equality.dbt_process import ROOT, Dbt, DbtFailed, Killed
from equality.sequences import Run, Sequence, write
from retail import history, load, night_steps, selection

EXCEPTIONS = ROOT / "tests" / "equality_exceptions.csv"
# tests are data tests of their own, and run elsewhere
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")
SHOWN_ROWS = 10
REPLAYS_AT_MOST = 20
# A node that keeps rows sends about so many, hooks included.
STATEMENTS = 16


@dataclass
class Difference:
    """A relation that differs, such as `gold.fct_sales`: rows that only one of the two has, or whatever else it is."""

    relation: str
    text: str

    def __str__(self) -> str:
        return f"{self.relation}: {self.text}"


@dataclass
class Table:
    """A relation as it is compared: columns with their types, how many rows, and a hash of them as a bag."""

    columns: list[tuple[str, str]]
    rows: int
    fingerprint: int


@dataclass
class Outcome:
    """How a sequence ended: what differs, or what failed. `ok` where neither."""

    differences: list[Difference] = field(default_factory=list)
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Whether the sequence ended as a full refresh does."""
        return not self.differences and not self.failure

    def relations(self) -> set[str]:
        """The relations that differ."""
        return {difference.relation for difference in self.differences}

    def __str__(self) -> str:
        return self.failure or "\n".join(map(str, self.differences)) or "equal"


def check(sequence: Sequence, dbt: Dbt, folder: Path, select: tuple[str, ...] = ()) -> Outcome:
    """Run a sequence and the full refresh of what it landed, in `folder`, and compare. `select` limits what dbt builds."""
    shutil.rmtree(folder, ignore_errors=True)
    with ThreadPoolExecutor(2) as both:
        ends = [
            both.submit(nightly, sequence, dbt, folder / "nightly", select),
            both.submit(at_once, sequence, dbt, folder / "at_once", select),
        ]
    try:
        databases = [end.result() for end in ends]
    except DbtFailed as error:
        return Outcome(failure=str(error))
    found = differences(*databases, snapshots="ops" in sequence.runs[-1].sources)
    if select:
        # of what is not selected the one may have what a replay of extracts made
        manifest = dbt.manifest()
        among = {relation_of(manifest["nodes"][unique_id]) for unique_id in selected(manifest, select)}
        found = [difference for difference in found if difference.relation in among]
    return Outcome(found)


def nightly(sequence: Sequence, dbt: Dbt, folder: Path, select: tuple[str, ...] = ()) -> Path:
    """The database after all runs of a sequence. Raises DbtFailed."""
    database = folder / "retail.duckdb"
    # of the last build: the sources that took part, and the rows that the load history had
    last: tuple[tuple[str, ...], int] | None = None
    for number, run in enumerate(sequence.runs, 1):
        try:
            last = night(run, dbt, folder / "landing", database, select, last) or last
        except DbtFailed as error:
            raise DbtFailed(f"run {number}: {error}") from None
    return database


def at_once(sequence: Sequence, dbt: Dbt, folder: Path, select: tuple[str, ...] = ()) -> Path:
    """The database of a full refresh: all that a sequence landed, in an empty database. Raises DbtFailed."""
    database = folder / "retail.duckdb"
    for file in sequence.files():
        write(file, folder / "landing")
    load.load(folder / "landing", database)
    try:
        build(dbt, database, sequence.runs[-1].sources, select)
    except DbtFailed as error:
        raise DbtFailed(f"full refresh: {error}") from None
    return database


def night(
    run: Run,
    dbt: Dbt,
    landing: Path,
    database: Path,
    select: tuple[str, ...] = (),
    last: tuple[tuple[str, ...], int] | None = None,
) -> tuple[tuple[str, ...], int] | None:
    """One run: its files land, are loaded and built. What `last` is after it; None where nothing was built. Raises DbtFailed."""
    for file in run.files:
        write(file, landing)
    load.load(landing, database)
    if run.early:
        set_load_times_back(database, [file.path for file in run.files])
    if not run.built:
        return None
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = night_steps.history_rows(connection)
        landed = night_steps.landed_since(connection, last[1]) if last else {}
    # with other sources `retail run` builds everything
    if run.selected and last and last[0] == run.sources:
        names = set(selection.affected(dbt.manifest(), landed))
        if select:
            manifest = dbt.manifest()
            names &= {manifest["nodes"][unique_id]["name"] for unique_id in selected(manifest, select)}
        # names alone, and at least one
        built = tuple(sorted(names)) or ("stg_landing__files",)
    else:
        built = select
    if run.killed_at is not None:
        try:
            build(dbt, database, run.sources, built, kill_at=place_to_kill(dbt.manifest(), run.killed_at, built))
        except Killed:
            build(dbt, database, run.sources, built)
    else:
        build(dbt, database, run.sources, built)
    if run.again:
        build(dbt, database, run.sources, built)
    if run.refreshed is not None:
        models = incremental_models(dbt.manifest(), select)
        if models:
            name = models[run.refreshed % len(models)]
            dbt(database, "run", "--full-refresh", "--select", name, variables={"sources": list(run.sources)})
    return run.sources, rows


def build(
    dbt: Dbt,
    database: Path,
    sources: tuple[str, ...],
    select: tuple[str, ...] = (),
    kill_at: tuple[str, int] | None = None,
) -> None:
    """`retail load`'s replay of extracts where several wait, then `dbt build`. Raises DbtFailed, or Killed with `kill_at`."""
    variables = {"sources": list(sources)}
    replay = {"RETAIL_REPLAY_EXTRACTS": "1"}
    names = [kept.name for kept in history.kept_histories(dbt.project)]
    if "ops" in sources and any(len(days) > 1 for days in waiting(database).values()):
        dbt(
            database,
            "build",
            "--select",
            *(f"+{name}" for name in names),
            *NO_TESTS,
            variables=variables,
            environment=replay,
        )
        for _ in range(REPLAYS_AT_MOST):
            if not any(waiting(database).values()):
                break
            dbt(database, "snapshot", variables=variables, environment=replay)
        else:
            raise DbtFailed(f"extracts still wait after {REPLAYS_AT_MOST} replays: {waiting(database)}")
    selected = ("--select", *select) if select else ()
    dbt(database, "build", *selected, *NO_TESTS, variables=variables, kill_at=kill_at)


def waiting(database: Path) -> dict[str, list[str]]:
    """The days of extracts that each history has yet to take."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return history.days_waiting(connection)


def place_to_kill(manifest: dict, number: int, select: tuple[str, ...] = ()) -> tuple[str, int]:
    """A number as a node, by its unique id, and one of its statements; every other number is an incremental model or a snapshot."""
    among = selected(manifest, select) if select else manifest["nodes"].keys()
    found = {"incremental": [], "table": [], "snapshot": []}
    for unique_id in sorted(among):
        kind = manifest["nodes"][unique_id]["config"].get("materialized")
        if kind in found:
            found[kind].append(unique_id)
    keeping = found["incremental"] + found["snapshot"]
    nodes = (keeping if number % 2 else found["table"]) or keeping or found["table"] or sorted(among)
    return nodes[number // 2 // STATEMENTS % len(nodes)], number // 2 % STATEMENTS + 1


def incremental_models(manifest: dict, select: tuple[str, ...] = ()) -> list[str]:
    """The incremental models that a full refresh makes anew, by name; of a selection `+model ...`, those in it."""
    found = {
        unique_id: node["name"]
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
        and node["config"]["materialized"] == "incremental"
        and node["config"]["full_refresh"] is not False
    }
    if select:
        found = {unique_id: found[unique_id] for unique_id in found.keys() & selected(manifest, select)}
    return sorted(found.values())


def selected(manifest: dict, select: tuple[str, ...]) -> set[str]:
    """The nodes of a selection of the form `+model model ...`."""
    found: set[str] = set()
    for unique_id, node in manifest["nodes"].items():
        if f"+{node['name']}" in select:
            found |= {unique_id, *ancestors(manifest, unique_id)}
        elif node["name"] in select:
            found.add(unique_id)
    return found & manifest["nodes"].keys()


def relation_of(node: dict) -> str:
    """The schema and name of what dbt makes of a node."""
    return f"{node['schema']}.{node.get('alias') or node['name']}"


def ancestors(manifest: dict, unique_id: str) -> set[str]:
    """Everything that a node is made from."""
    seen: set[str] = set()
    todo = [unique_id]
    while todo:
        for parent in manifest["parent_map"].get(todo.pop(), []):
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return seen


def set_load_times_back(database: Path, paths: list[str]) -> None:
    """Date the rows of some files as loaded before all others, as by a concurrent pipe that commits late."""
    with duckdb.connect(str(database)) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'bronze'").fetchall()
        for (table,) in tables:
            connection.execute(
                f"update bronze.{table} set _loaded_at = _loaded_at - interval 30 day where list_contains($paths, _file_name)",
                {"paths": paths},
            )


# -- comparing --------------------------------------------------------------------------------------------------------


def exceptions() -> dict[str, set[str]]:
    """Columns that are left out, by relation, from tests/equality_exceptions.csv."""
    found: dict[str, set[str]] = {}
    with EXCEPTIONS.open(newline="") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(f"{row['schema']}.{row['table']}", set()).add(row["column"])
    return found


def tables_of(database: Path, schemas: tuple[str, ...]) -> dict[str, Table]:
    """Every table and view of some schemas, as it is compared."""
    left_out = exceptions()
    found = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        # the hash of a row of a wide table takes no order; one thread a database, for two are compared at a time
        connection.execute("set threads = 1")
        listed = connection.execute(
            "select table_schema, table_name from information_schema.tables where list_contains($schemas, table_schema) order by all",
            {"schemas": list(schemas)},
        ).fetchall()
        for schema, name in listed:
            if "*" in left_out.get(f"{schema}.{name}", set()):
                continue
            described = connection.execute(f"describe {schema}.{name}").fetchall()
            columns = [
                (column, kind)
                for column, kind, *_ in described
                if column not in left_out.get(f"{schema}.{name}", set())
            ]
            values = ", ".join(f'"{column}"' for column, _ in columns)
            rows, fingerprint = connection.execute(
                f"select count(*), sum(hash({values})) from {schema}.{name}"
            ).fetchone()
            found[f"{schema}.{name}"] = Table(columns, rows, fingerprint)
    return found


def differences(nightly: Path, whole: Path, *, snapshots: bool = True) -> list[Difference]:
    """What differs between two databases: relations, columns, types, rows; in gold, audit and, with `snapshots`, snapshots."""
    schemas = ("gold", "audit", *(("snapshots",) if snapshots else ()))
    ours, theirs = tables_of(nightly, schemas), tables_of(whole, schemas)
    found = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            found.append(
                Difference(name, f"is only in the {'nightly' if name in ours else 'fully refreshed'} database")
            )
        elif ours[name].columns != theirs[name].columns:
            columns = sorted(set(ours[name].columns) ^ set(theirs[name].columns)) or "their order"
            found.append(Difference(name, f"columns or types differ: {columns}"))
        elif ours[name] != theirs[name]:
            found.append(Difference(name, _rows_that_differ(nightly, whole, name, ours[name].columns)))
    return found


def _rows_that_differ(nightly: Path, whole: Path, name: str, columns: list[tuple[str, str]]) -> str:
    """The rows that only one database has, each with the columns that are not null (of two alike: that are not equal)."""
    bags = []
    for database in (nightly, whole):
        with duckdb.connect(str(database), read_only=True) as connection:
            values = ", ".join(f'"{column}"' for column, _ in columns)
            bags.append(Counter(connection.execute(f"select {values} from {name}").fetchall()))
    more, less = bags[0] - bags[1], bags[1] - bags[0]
    only_ours, only_theirs = list(more.elements()), list(less.elements())
    lines = [f"{len(only_ours)} rows only after the nights, {len(only_theirs)} only after the full refresh"]
    names = [column for column, _ in columns]
    for title, rows, others in (("nights", only_ours, only_theirs), ("full refresh", only_theirs, only_ours)):
        for row in sorted(rows, key=repr)[:SHOWN_ROWS]:
            like = max(others, key=lambda other: sum(map(_same, row, other)), default=None)
            shown = [
                f"{column}={value}"
                for position, (column, value) in enumerate(zip(names, row, strict=True))
                if (value is not None and (position < 2 or like is None)) or (like and not _same(value, like[position]))
            ]
            lines.append(f"    {title}: {', '.join(shown)}")
    return "\n".join(lines)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def first_in_lineage(manifest: dict, relations: set[str]) -> str | None:
    """Of some relations the name of the one with the fewest nodes before it; None where dbt makes none of them."""
    made = {
        relation_of(node): (len(ancestors(manifest, unique_id)), node["name"])
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "snapshot")
    }
    return min((made[name] for name in relations if name in made), default=(0, None))[1]


def nearest_of_gold(manifest: dict, name: str) -> set[str]:
    """The relations of gold or audit that show a model: itself, or the first of those made of it; two, so that it is not too much."""
    todo = [key for key, node in manifest["nodes"].items() if node["name"] == name and node["resource_type"] == "model"]
    found: list[str] = []
    for key in todo:
        node = manifest["nodes"].get(key)
        if node is None or node["resource_type"] not in ("model", "snapshot"):
            continue
        if node["schema"] in ("gold", "audit"):
            found.append(relation_of(node))
        else:
            todo += [child for child in manifest["child_map"].get(key, []) if child not in todo]
    return set(found[:2])
