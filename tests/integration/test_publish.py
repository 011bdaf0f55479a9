"""`retail publish`: the published file says what gold says, names nobody, and is old or new but never half."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import Warehouse
from retail import personal, publish
from retail.errors import UserError

MASK = "***MASKED***"
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]"
# what names a person by itself; a first name or a birth year may be anybody's, and stand elsewhere rightly
NAMING = r".*(full_name|email|login|phone|street_address|customer_name|customer_address)"


@pytest.fixture(scope="module")
def published(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gold of the sample, published by the command."""
    gold = tmp_path_factory.mktemp("published") / "gold.duckdb"
    done = warehouse.run("retail", "publish", env={"RETAIL_GOLD": str(gold)})
    assert f"Published {gold}: " in done.stdout
    # its street address is put together from columns that are masked
    assert (
        done.stderr == "note: customer_view is published as a table: as a view it would compute with what is masked\n"
    )
    return gold


def both(database: Path, gold: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the warehouse as `retail` and to what was published of it as `published`."""
    connection = duckdb.connect()
    connection.execute(f"attach '{database}' as retail (read_only)")
    connection.execute(f"attach '{gold}' as published (read_only)")
    return connection


def columns(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> list[tuple]:
    """(relation, column, type, comment) in order."""
    return connection.execute(
        "select table_name, column_name, data_type, comment from duckdb_columns() "
        "where database_name = ? and schema_name = ? order by table_name, column_index",
        [catalog, schema],
    ).fetchall()


def tagged(manifest: Path) -> set[tuple[str, str]]:
    """(relation, column) that dbt has as personal."""
    return {
        (node["name"], column["name"])
        for node in json.loads(manifest.read_text())["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "gold"
        for column in node["columns"].values()
        if column["config"].get("meta", {}).get("pii")
    }


# -- what is published ------------------------------------------------------------------------------------------------


def test_every_relation_and_column_of_gold_is_there_with_its_type_and_description(
    warehouse: Warehouse, published: Path
) -> None:
    with both(warehouse.database, published) as connection:
        expected = columns(connection, "retail", "gold")
        assert columns(connection, "published", "main") == expected
        assert len({relation for relation, *_ in expected}) >= 28
        described = [
            connection.execute(
                "select table_name, comment from duckdb_tables() where database_name = $catalog and schema_name = $schema "
                "union all select view_name, comment from duckdb_views() "
                "where database_name = $catalog and schema_name = $schema and not internal order by 1",
                {"catalog": catalog, "schema": schema},
            ).fetchall()
            for catalog, schema in (("retail", "gold"), ("published", "main"))
        ]
        assert described[0] == described[1]
        assert all(comment for _, comment in described[0])
        # and nothing else
        others = "select distinct database_name, schema_name from duckdb_columns() where not internal"
        assert ("published", "gold") not in connection.execute(others).fetchall()
        storage = "select tags['storage_version'] from duckdb_databases() where database_name = 'published'"
        assert connection.execute(storage).fetchone()[0].startswith("v1.0.0")


def test_every_unmasked_column_holds_what_it_holds_in_gold_in_the_same_order(
    warehouse: Warehouse, published: Path
) -> None:
    """Views have no order of their own: their rows are compared as a set with repeats."""
    hidden = tagged(warehouse.target / "manifest.json")
    with both(warehouse.database, published) as connection:
        views = {
            name
            for (name,) in connection.execute(
                "select view_name from duckdb_views() where database_name = 'published' and not internal"
            ).fetchall()
        }
        assert views == {"retail_data_view", "dim_customers"}
        relations: dict[str, list[str]] = {}
        for relation, column, *_ in columns(connection, "retail", "gold"):
            if (relation, column) not in hidden:
                relations.setdefault(relation, []).append(column)
        for relation, names in relations.items():
            here, there = f"published.main.{relation}", f"retail.gold.{relation}"
            counts = [connection.execute(f"select count(*) from {each}").fetchone() for each in (here, there)]
            assert counts[0] == counts[1], relation
            # a view has no order, and this one is published as a table
            if relation in views | {"customer_view"}:
                listed = ", ".join(names)
                query = f"(select {listed} from {here} except all select {listed} from {there})"
            else:
                differ = " or ".join(f"here.{name} is distinct from there.{name}" for name in names)
                query = f"(from {here} as here positional join {there} as there where {differ})"
            assert connection.execute(f"select count(*) from {query}").fetchone() == (0,), relation


def test_no_masked_column_has_a_value_of_before(warehouse: Warehouse, published: Path) -> None:
    hidden = tagged(warehouse.target / "manifest.json")
    assert {("dim_customers", "email"), ("fct_sales", "line_customer_age")} <= hidden
    had_values = 0
    with both(warehouse.database, published) as connection:
        for relation, column in sorted(hidden):
            before, after = (
                dict(connection.execute(f"select {column}, count(*) from {each}.{relation} group by 1").fetchall())
                for each in ("retail.gold", "published.main")
            )
            had_values += bool(before.keys() - {None})
            assert not (before.keys() - {None}) & after.keys(), (relation, column)
            assert after.keys() <= {MASK, None}, (relation, column)
            if MASK in after:
                assert after.get(None, 0) == before.get(None, 0), (relation, column)
    assert had_values > 20


def leaks(database: Path, gold: Path, hidden: set[tuple[str, str]]) -> list[str]:
    """Columns of published text with an e-mail address in it, or with a value that names a person in the warehouse."""
    with both(database, gold) as connection:
        texts = [each[:2] for each in columns(connection, "published", "main") if each[2] == "VARCHAR"]
        names = [
            f"select {column} as value from retail.gold.{relation}"
            for relation, column in sorted(hidden)
            if (relation, column, "VARCHAR") in {each[:3] for each in columns(connection, "retail", "gold")}
            and re.fullmatch(NAMING, column)
        ]
        # the unknown member's name is nobody's
        connection.execute(
            f"create table names as select distinct value from ({' union all '.join(names)}) where value not in ('Unknown', '')"
        )
        assert connection.execute("select count(*) > 100 from names").fetchone() == (True,)
        return [
            f"{relation}.{column}"
            for relation, column in texts
            if connection.execute(
                f"select count(*) from (select distinct {column} as value from published.main.{relation}) "
                f"where regexp_matches(value, '{EMAIL}') or value in (select value from names)"
            ).fetchone()
            != (0,)
        ]


def test_nothing_published_names_a_person(warehouse: Warehouse, published: Path) -> None:
    assert leaks(warehouse.database, published, tagged(warehouse.target / "manifest.json")) == []


def test_a_column_that_lost_its_tag_is_seen(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail."""
    manifest = json.loads((warehouse.target / "manifest.json").read_text())
    manifest["nodes"]["model.retail.dim_customers"]["columns"]["email"]["config"]["meta"] = {}
    manifest["nodes"]["model.retail.fct_sales"]["columns"]["line_customer_name"]["config"]["meta"] = {}
    untagged, gold = tmp_path / "manifest.json", tmp_path / "gold.duckdb"
    untagged.write_text(json.dumps(manifest))
    monkeypatch.setattr(personal, "tags", frozenset)
    publish.publish(warehouse.database, gold, untagged)
    # retail_data_view is a table now, since its own column is tagged still
    hidden = tagged(warehouse.target / "manifest.json")
    assert leaks(warehouse.database, gold, hidden) == ["dim_customers.email", "fct_sales.line_customer_name"]


def test_a_query_reads_the_same_on_published_gold_as_in_the_warehouse(warehouse: Warehouse, published: Path) -> None:
    query = "select channel, count(*), sum(sales_amount) from gold.fct_sales group by 1 order by 1"
    with duckdb.connect(str(published), read_only=True) as connection, warehouse.connect() as other:
        assert connection.execute(query).fetchall() == other.execute(query).fetchall()
        assert connection.execute("select count(*) from retail_data_view").fetchone()[0] > 70_000


# -- views, on a small warehouse --------------------------------------------------------------------------------------

SMALL = """
    create schema silver;
    create schema gold;
    create table silver.raw as select 1 as id;
    create table gold.people as from (values (1, 'Ann', 30), (2, 'Bob', null), (3, null, 41)) as people (id, name, age);
    create table gold.places as from (values (1, 'Here''s "one"')) as places (id, place);
    comment on table gold.places is 'A ''place''.';
    create view gold.b_flat as select people.id, people.name, places.place, 'retail.gold.people' as said
        from retail.gold.people left join retail.gold.places using (id);
    create view gold.a_view_of_a_view as select id, name, upper(place) as place from retail.gold.b_flat;
    create view gold.c_computed as select id, age > 35 as is_older from retail.gold.people;
    create view gold.d_silver as select id from retail.silver.raw;
    create view gold.e_hidden as select id, 'about ' || name as remark from retail.gold.people;
"""
SMALL_COLUMNS = {
    "people": {"id": False, "name": True, "age": True},
    "places": {"id": False, "place": False},
    "b_flat": {"id": False, "name": True, "place": False, "said": False},
    "a_view_of_a_view": {"id": False, "name": True, "place": False},
    "c_computed": {"id": False, "is_older": False},
    "d_silver": {"id": False},
    "e_hidden": {"id": False, "remark": True},
}


class Small:
    """A warehouse of a few rows, with a manifest, and the place for what is published of it."""

    def __init__(self, folder: Path) -> None:
        self.database, self.gold, self.manifest = (
            folder / name for name in ("retail.duckdb", "gold.duckdb", "manifest.json")
        )
        self.execute(SMALL)
        self.write_manifest(SMALL_COLUMNS)

    def execute(self, statements: str) -> None:
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(statements)

    def write_manifest(self, relations: dict[str, dict[str, bool]]) -> None:
        nodes: dict[str, Any] = {
            f"model.retail.{name}": {
                "resource_type": "model",
                "name": name,
                "alias": name,
                "schema": "gold",
                "columns": {
                    column: {"name": column, "config": {"meta": {"pii": True} if hidden else {}}}
                    for column, hidden in each.items()
                },
            }
            for name, each in relations.items()
        }
        nodes["model.retail.raw"] = {**nodes["model.retail.people"], "alias": "raw", "schema": "silver"}
        nodes["test.retail.any"] = {"resource_type": "test"}
        self.manifest.write_text(json.dumps({"nodes": nodes}))

    def publish(self, **options: Any) -> publish.Published:
        return publish.publish(self.database, self.gold, self.manifest, **options)

    def read(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.gold), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def files(self) -> set[str]:
        return {path.name for path in self.gold.parent.iterdir()}


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


def test_a_view_stays_one_only_where_it_works_and_says_the_same(small: Small) -> None:
    result = small.publish()
    assert result.views == ["b_flat", "a_view_of_a_view"]
    assert small.read("from people order by id") == [(1, MASK, None), (2, MASK, None), (3, None, None)]
    flat = [(1, MASK, 'Here\'s "one"', "retail.gold.people"), (2, MASK, None, "retail.gold.people")]
    assert small.read("from b_flat order by id")[:2] == flat
    assert small.read("select place from a_view_of_a_view where id = 1") == [('HERE\'S "ONE"',)]
    # computed from what is masked: as a view they would say something else, or the mask within a text
    assert small.read("from c_computed order by id") == [(1, False), (2, None), (3, True)]
    assert small.read("from e_hidden order by id") == [(1, MASK), (2, MASK), (3, None)]
    # what is not gold is not in the file
    assert small.read("from d_silver") == [(1,)]
    assert [note.split()[0] for note in result.notes] == ["c_computed", "e_hidden"]
    assert small.read("select comment from duckdb_tables() where table_name = 'places'") == [("A 'place'.",)]


def test_a_tag_in_the_yaml_that_the_manifest_does_not_have_yet_masks(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal, "tags", lambda: frozenset({("places", "place")}))
    small.publish()
    assert small.read("select place from places") == [(MASK,)]


def test_what_is_no_model_of_the_project_is_left_out(small: Small) -> None:
    """A table of a model's old name: nobody says what in it is personal."""
    small.execute("create table gold.people_before as from gold.people")
    result = small.publish()
    assert "gold.people_before is left out: it is no model of the project; drop it" in result.notes
    assert small.read("select count(*) from duckdb_tables() where table_name = 'people_before'") == [(0,)]


# -- old or new, never half -------------------------------------------------------------------------------------------


def test_a_reader_of_the_old_file_reads_on(warehouse: Warehouse, tmp_path: Path) -> None:
    database, gold = tmp_path / "retail.duckdb", tmp_path / "gold.duckdb"
    shutil.copy(warehouse.database, database)
    publish.publish(database, gold, warehouse.target / "manifest.json")
    query = "select count(*), sum(quantity), max(customer_name) from retail_data_view"
    with duckdb.connect(str(gold), read_only=True) as reader:
        with duckdb.connect(str(database)) as connection:
            before = connection.execute("select count(*) from gold.fct_sales").fetchone()[0]
            connection.execute("delete from gold.fct_sales where channel = 'web'")
            after = connection.execute("select count(*) from gold.fct_sales").fetchone()[0]
        publish.publish(database, gold, warehouse.target / "manifest.json")
        # not read before, so that nothing of it is in memory
        assert reader.execute(query).fetchone()[0] == before > after
        script = f"import duckdb; print(duckdb.connect({str(gold)!r}, read_only=True).execute({query!r}).fetchone()[0])"
        new = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        assert int(new) == after
    assert {path.name for path in tmp_path.iterdir()} == {"retail.duckdb", "gold.duckdb"}


def test_whoever_has_the_published_file_open_to_write_is_in_nobodys_way(small: Small) -> None:
    small.publish()
    script = (
        f"import duckdb, os, sys; c = duckdb.connect({str(small.gold)!r}); c.execute('create table mine as select 1'); "
        "c.execute(\"pragma disable_checkpoint_on_shutdown\"); print('open', flush=True); sys.stdin.read(); os._exit(0)"
    )
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "open\n"
        assert "gold.duckdb.wal" in small.files()
        small.execute("insert into gold.places values (2, 'there')")
        small.publish()
        # their log must not meet the new file
        assert small.files() == {"retail.duckdb", "gold.duckdb", "manifest.json"}
        assert small.read("select count(*) from places") == [(2,)]
    finally:
        holder.communicate("")


def test_a_kill_leaves_the_old_file_whole_and_the_next_run_clears_up(warehouse: Warehouse, tmp_path: Path) -> None:
    gold = tmp_path / "gold.duckdb"
    with duckdb.connect(str(gold)) as connection:
        connection.execute("create table fct_sales as select 'old' as state")
    before = hashlib.sha256(gold.read_bytes()).hexdigest()
    environment = {**warehouse.environment, "RETAIL_GOLD": str(gold)}
    new = tmp_path / "gold.duckdb.new"
    for least in (1, 1_000_000, 10_000_000):
        with subprocess.Popen(["retail", "publish"], env=environment, stderr=subprocess.DEVNULL) as running:
            while running.poll() is None and not (new.exists() and new.stat().st_size >= least):
                time.sleep(0.002)
            running.send_signal(signal.SIGKILL)
        assert running.returncode == -signal.SIGKILL
        assert hashlib.sha256(gold.read_bytes()).hexdigest() == before
        names = {path.name for path in tmp_path.iterdir()}
        assert new.name in names
        assert names <= {gold.name, new.name, f"{new.name}.wal", f"{new.name}.tmp"}
    warehouse.run("retail", "publish", env={"RETAIL_GOLD": str(gold)})
    assert [path.name for path in tmp_path.iterdir()] == [gold.name]
    with duckdb.connect(str(gold), read_only=True) as connection:
        assert connection.execute("select count(*) from fct_sales").fetchone()[0] > 70_000


@pytest.mark.parametrize("at", range(8))
def test_an_interrupt_at_any_relation_leaves_what_was_there(small: Small, at: int) -> None:
    small.gold.write_bytes(b"old")

    def progress(name: str, done: int, total: int) -> None:
        if done == at:
            raise KeyboardInterrupt

    if at < len(SMALL_COLUMNS):
        with pytest.raises(KeyboardInterrupt):
            small.publish(progress=progress)
        assert small.gold.read_bytes() == b"old"
    else:
        small.publish(progress=progress)
        assert small.read("select count(*) from people") == [(3,)]
    assert small.files() == {"retail.duckdb", "gold.duckdb", "manifest.json"}


def test_a_file_that_lacks_rows_is_not_published(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    small.publish()
    inode = small.gold.stat().st_ino
    check = publish._check

    def lose_a_row(new: Path, rows: dict[str, int]) -> None:
        with duckdb.connect(str(new)) as connection:
            connection.execute("delete from places")
        check(new, rows)

    monkeypatch.setattr(publish, "_check", lose_a_row)
    with pytest.raises(UserError, match="places has 0 rows, but 1 in the warehouse; nothing is published"):
        small.publish()
    assert small.gold.stat().st_ino == inode
    assert small.files() == {"retail.duckdb", "gold.duckdb", "manifest.json"}


def test_the_file_is_on_disk_before_anybody_sees_it(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    synced, replaced = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        steps.append("fsync " + os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        synced(descriptor)

    def replace(source: Path, destination: Path) -> None:
        steps.append("replace")
        replaced(source, destination)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    small.publish()
    assert steps == ["fsync gold.duckdb.new", "replace", f"fsync {small.gold.parent.name}"]


# -- who else is there ------------------------------------------------------------------------------------------------


def writer(database: Path, seconds: float) -> subprocess.Popen:
    """A process that has the warehouse open to write, from when this returns and for some seconds."""
    script = (
        f"import duckdb, time; c = duckdb.connect({str(database)!r}); print('open', flush=True); time.sleep({seconds})"
    )
    started = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert started.stdout.readline() == "open\n"
    return started


def test_publishing_waits_for_whoever_writes_the_warehouse(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    with writer(small.database, 1) as holder:
        with pytest.raises(
            UserError, match=rf"process {holder.pid} still has it open after 0 s; end it, or wait longer"
        ):
            small.publish(wait=0)
        small.publish(wait=30)
        assert f"Waiting up to 30 s for process {holder.pid}" in capsys.readouterr().err
    assert small.read("select count(*) from people") == [(3,)]


def test_two_runs_take_turns(small: Small) -> None:
    handle = os.open(small.gold.parent, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another retail publish still writes there after 0 s"):
            small.publish(wait=0)
    finally:
        os.close(handle)
    small.publish(wait=0)


# -- what a user can put right ----------------------------------------------------------------------------------------


def without_warehouse(small: Small) -> None:
    small.database.unlink()


def without_gold(small: Small) -> None:
    small.execute("drop schema gold cascade")


def without_a_model(small: Small) -> None:
    small.execute("drop view gold.a_view_of_a_view; drop table gold.places")


def without_manifest(small: Small) -> None:
    small.manifest.unlink()


def with_half_a_manifest(small: Small) -> None:
    small.manifest.write_text('{"nodes": {')


def with_a_column_more(small: Small) -> None:
    small.execute("alter table gold.people add column email varchar")


def with_published_gold_in_the_warehouse(small: Small) -> None:
    small.gold = small.database


def with_no_database(small: Small) -> None:
    small.database.write_bytes(b"this is no database")


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (without_warehouse, "retail.duckdb: there is no warehouse yet; run `retail load` and `dbt build`"),
        (without_gold, "has no gold.a_view_of_a_view, gold.b_flat, gold.c_computed and more yet; run `dbt build`"),
        (without_a_model, "has no gold.a_view_of_a_view, gold.places yet; run `dbt build`"),
        (without_manifest, "manifest.json is not there, which says what is personal; run `dbt build`"),
        (with_half_a_manifest, "manifest.json cannot be read; run `dbt build`"),
        (with_a_column_more, "gold.people has a column email that the project does not know; run `dbt build`"),
        (with_published_gold_in_the_warehouse, "is the warehouse itself; name another file with RETAIL_GOLD"),
        (with_no_database, "retail.duckdb: cannot be opened: "),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_one_line(small: Small, prepare: Any, words: str) -> None:
    small.publish()
    before = hashlib.sha256(small.gold.read_bytes()).hexdigest()
    gold = small.gold
    prepare(small)
    with pytest.raises(UserError) as error:
        small.publish()
    assert words in str(error.value) and "\n" not in str(error.value)
    assert hashlib.sha256(gold.read_bytes()).hexdigest() == before
    assert "gold.duckdb.new" not in small.files()


def test_the_command_says_it_without_a_traceback(warehouse: Warehouse, tmp_path: Path) -> None:
    done = warehouse.run("retail", "publish", check=False, env={"RETAIL_DATABASE": str(tmp_path / "retail.duckdb")})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("retail: ") and done.stderr.count("\n") == 1


# -- the shell --------------------------------------------------------------------------------------------------------


def shell(warehouse: Warehouse, gold: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "retail.shell", "-no-init", *arguments]
    environment = {**warehouse.environment, "RETAIL_GOLD": str(gold)}
    return subprocess.run(command, env=environment, input=text, capture_output=True, text=True, check=False, timeout=60)


def test_the_shell_answers_a_query_and_changes_nothing(warehouse: Warehouse, published: Path) -> None:
    with warehouse.connect() as connection:
        (rows,) = connection.execute("select count(*) from gold.fct_sales").fetchone()
    done = shell(warehouse, published, "select count(*) as rows from gold.fct_sales;\n", "-csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"rows\n{rows}\n", "")
    assert "retail_data_view" in shell(warehouse, published, ".tables\n", "-list").stdout
    done = shell(warehouse, published, "create table mine as select 1;\n")
    assert done.returncode != 0 and "read-only" in done.stderr
    done = shell(warehouse, published.with_name("none.duckdb"), "")
    assert done.returncode == 1
    assert done.stderr == (
        f"retail: {published.with_name('none.duckdb')} is not there yet; run `make build`, or `retail publish` once gold is built\n"
    )
