"""`retail run`: what a night builds is what a full `dbt build` gives; a night in which nothing landed builds nothing."""

import fcntl
import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from aws_stand_in import until
from equality import campaign, worlds
from equality.dbt_process import Dbt
from equality.runner import build, differences
from landing_zone import Zone

from conftest import ROOT, Warehouse, new_warehouse
from retail import dbt_build, last_build, load, night, night_steps, run_record, selection

COUNTS = "inv_date,inv_item_sk,inv_warehouse_sk,inv_quantity_on_hand\n"
CHANGES = (
    "customer_id,first_name,last_name,company_name,email,phone,address_line_1,address_line_2,city,state,postal_code,country,"
    "territory,registration_date,updated_at,op\n"
)
PRODUCTS = "product_id,product_name,category,price,stock_quantity,updated_at\n"


@dataclass
class Built:
    """A warehouse that the nights build, with a landing zone that holds only what lands from now on."""

    warehouse: Warehouse

    @property
    def gold(self) -> Path:
        return self.warehouse.database.with_name("gold.duckdb")

    def night(self, *arguments: str, code: int = 0) -> str:
        """`retail run`; what it said, on both channels."""
        done = self.warehouse.run("retail", "run", *arguments, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said

    def land(self, path: str, content: str | bytes) -> None:
        file = self.warehouse.landing / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def land_query(self, path: str, query: str) -> None:
        """Land a Parquet file with the rows of a query on bronze."""
        file = self.warehouse.landing / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with self.warehouse.connect() as connection:
            connection.execute(f"copy ({query}) to '{file}' (format parquet)")

    def ask(self, query: str) -> list[tuple]:
        with self.warehouse.connect() as connection:
            return connection.execute(query).fetchall()

    def wait_for_the_killed(self) -> None:
        """Wait until no process of a killed run has the warehouse open any more: the system ends them one after another."""

        def free() -> bool:
            try:
                self.warehouse.connect().close()
            except duckdb.IOException:
                return False
            return True

        until(free, seconds=60)


@pytest.fixture
def built(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """A copy of the warehouse, as the last night left it, but not published yet."""
    copy = Warehouse(tmp_path / "landing", tmp_path / "retail.duckdb", tmp_path / "target")
    shutil.copy(warehouse.database, copy.database)
    # with dbt's own cache of the project
    shutil.copytree(warehouse.target, copy.target, ignore=shutil.ignore_patterns("compiled", "run", "logs"))
    copy.landing.mkdir()
    monkeypatch.setenv("DBT_PROFILES_DIR", str(copy.target))
    with copy.connect() as connection:
        rows = connection.execute("select count(*) from audit.load_history").fetchone()[0]
    last_build.write(copy.database, last_build.whole(copy.database, rows, last_build.project_hash()))
    return Built(copy)


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    with Dbt(tmp_path_factory.mktemp("dbt"), variables=campaign.VARIABLES) as process:
        yield process


class Twin:
    """A copy of a warehouse in which each night is a `dbt build` of everything."""

    def __init__(self, built: Built, dbt: Dbt, folder: Path) -> None:
        self.built, self.dbt = built, dbt
        self.database = folder / "twin" / "retail.duckdb"
        self.database.parent.mkdir()
        shutil.copy(built.warehouse.database, self.database)

    def assert_equal(self) -> None:
        """The same landing zone gives the same gold, audit and snapshots."""
        load.load(self.built.warehouse.landing, self.database)
        build(self.dbt, self.database, worlds.SOURCES)
        found = differences(self.built.warehouse.database, self.database)
        assert list(map(str, found)) == []


# -- what is built ----------------------------------------------------------------------------------------------------


def test_nothing_landed_no_dbt_is_started_and_it_takes_seconds(built: Built) -> None:
    built.night()
    before = last_build.seal(built.warehouse.database), built.gold.stat().st_mtime_ns
    # a dbt that starts would say so here
    (built.warehouse.target / "profiles.yml").write_text("not: a profile\n")
    last_build.write(
        built.warehouse.database,
        last_build.Record(
            **{
                **json.loads(last_build.path(built.warehouse.database).read_text()),
                "project": last_build.project_hash(),
            }
        ),
    )
    begun = time.monotonic()
    said = built.night()
    # ten on two cores are asked for, and about one is needed; others may keep them busy
    assert time.monotonic() - begun < 8
    assert "Nothing has landed since the last build" in said
    assert (last_build.seal(built.warehouse.database), built.gold.stat().st_mtime_ns) == before


def test_a_night_of_counts_alone_builds_what_depends_on_them_and_publishes_it(
    built: Built, dbt: Dbt, tmp_path: Path
) -> None:
    twin = Twin(built, dbt, tmp_path)
    built.land("inventory/inventory/dt=2003-12-07/counts.csv", COUNTS + "2003-12-01,1,1,4711\n")
    said = built.night()
    assert "inventory.inventory, 1 file, 1 rows" in said
    results = json.loads((built.warehouse.target / "run_results.json").read_text())["results"]
    ran = {each["unique_id"].split(".")[2] for each in results}
    assert {"fct_stock_counts", "fct_weekly_sales_inventory", "mart_stock_alerts", "audit_row_accounting"} <= ran
    assert not ran & {"fct_sales", "dim_customers_history", "dim_dates", "stg_ops__items"}
    # a test runs where any of what it reads was built, whatever else it reads
    assert {"weekly_fact_adds_up_to_sales_and_counts", "every_landed_row_is_accounted_for"} <= ran
    twin.assert_equal()
    with duckdb.connect(str(built.gold), read_only=True) as connection:
        counted = connection.execute("select count(*) from fct_stock_counts where on_hand_quantity = 4711").fetchone()
    assert counted == (1,)


def customers(day: str, spouse: str, gone: int) -> tuple[str, str]:
    """A later extract of customers: some have another name, one is gone."""
    query = f"""
        select * exclude (_file_name, _file_row_number, _file_content_key, _file_last_modified, _loaded_at)
            replace (case when c_customer_sk % 50 = 0 then '{spouse}' else c_last_name end as c_last_name)
        from bronze.ops__customer
        where _file_name = (select max(_file_name) from bronze.ops__customer where _file_name < 'ops/customer/dt={day}')
            and c_customer_sk != {gone}
    """
    return f"ops/customer/dt={day}/customer.parquet", query


def sales(day: str) -> tuple[str, str]:
    """Corrected lines: another quantity, and one moves to another day."""
    query = """
        select * exclude (_file_name, _file_row_number, _file_content_key, _file_last_modified, _loaded_at)
            replace (
                ws_quantity + 1 as ws_quantity,
                case when ws_order_number % 2 = 0 then ws_sold_date_sk + 9 else ws_sold_date_sk end as ws_sold_date_sk
            )
        from bronze.ops__web_sales
        where ws_order_number <= 20
    """
    return f"ops/web_sales/dt={day}/web_sales.parquet", query


@pytest.mark.slow
def test_after_each_night_of_whatever_landed_the_tables_are_those_of_a_full_build(
    built: Built, dbt: Dbt, tmp_path: Path
) -> None:
    twin = Twin(built, dbt, tmp_path)
    change = "C1,Ann,Lee,,,,,,Ulm,,,Germany,,2023-01-01,{} 08:00:00,U\n"

    built.land_query(*sales("2003-12-02"))
    assert "To build: ops.web_sales" in built.night()
    twin.assert_equal()

    built.land("shop/customers/dt=2024-03-01/changes.csv", CHANGES + change.format("2024-03-01"))
    assert "To build: shop.customers" in built.night()
    twin.assert_equal()

    # a count under a date of long ago: no business date is new
    built.land("inventory/inventory/dt=1999-01-01/late.csv", COUNTS + "1998-12-30,1,1,4711\n1998-12-30,2,1,\n")
    built.night()
    twin.assert_equal()

    built.land_query(*customers("2003-12-03", "Married", 7))
    assert "To build: ops.customer" in built.night()
    assert built.ask("select count(*) from gold.dim_customers where source_name = 'ops' and is_deleted") == [(1,)]
    twin.assert_equal()

    # several extracts wait, and are taken one by one
    for day, spouse in (("2003-12-04", "Parted"), ("2003-12-05", "Wed")):
        built.land_query(*customers(day, spouse, 8))
    assert "taking them one by one" in built.night()
    twin.assert_equal()

    assert "nothing to build" in built.night()

    # a damaged file alone: the accounting knows it, and the exit code
    built.land("inventory/inventory/dt=2003-12-08/cut.csv.gz", gzip.compress(COUNTS.encode() * 99)[:-30])
    said = built.night(code=1)
    assert "cut.csv.gz: not loaded" in said
    assert "the accounting of what did not load" in said
    assert built.ask("select load_status from audit.audit_row_accounting where file_name like '%cut.csv.gz'") == [
        ("load_failed",)
    ]
    twin.assert_equal()
    # and in the next night nothing is new, but it is still not in bronze
    assert "nothing to build" in built.night(code=1)

    built.land(
        "marketplace/transactions/dt=2024-03-02/more.csv",
        "Transaction_ID,Customer_ID,Name,Date,Total_Purchases,Amount,Total_Amount,Product_Category\n"
        "9000001.0,77001.0,Ann Lee,3/1/2024,2.0,10.5,21.0,Books\n",
    )
    built.land(
        "shop/orders/dt=2024-03-02/empty.csv",
        "order_id,line_number,customer_id,product_id,ordered_at,quantity,unit_price,total_amount\n",
    )
    built.night(code=1)
    twin.assert_equal()


def test_every_file_that_a_model_has_taken_is_of_a_feed_by_which_the_model_is_chosen(warehouse: Warehouse) -> None:
    """An incremental model that looks for new files of a feed that is not before it in the lineage would miss nights."""
    manifest = json.loads((warehouse.target / "manifest.json").read_text())
    with warehouse.connect() as connection:
        taken = connection.execute(
            "select distinct taken_by, split_part(file_name, '/', 1) || '.' || split_part(file_name, '/', 2) "
            # what else is in it is what a model has seen of a fact
            "from silver.int_taken_files where contains(file_name, '/')"
        ).fetchall()
    assert {model for model, _ in taken} >= {"dim_customers_history", "ops__customers"}
    missed = [(model, feed) for model, feed in taken if model not in selection.affected(manifest, [feed])]
    assert missed == []


def test_every_model_is_chosen_by_the_feeds_that_it_is_made_of(warehouse: Warehouse) -> None:
    """Told from the compiled SQL: a relation whose text names another is made of it."""
    manifest = json.loads((warehouse.target / "manifest.json").read_text())
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    texts = {node["name"]: (warehouse.compiled / node["original_file_path"]).read_text() for node in nodes}
    # a file that did not load is in the accounting
    assert {"audit_row_accounting", "audit_rejected_rows"} <= set(selection.affected(manifest, []))
    # the list of files is read as such by these alone; others look in it for the files of their own feeds
    of_files = {"int_as_of_date", "int_as_of_dates"}
    by_feed = {node["name"] for node in nodes if node["config"].get("meta", {}).get("by_feed")}
    for source in manifest["sources"].values():
        made = {source["identifier"]}
        while True:
            more = {
                name
                for name, text in texts.items()
                if name not in made
                and any(
                    f'"{known}"' in text
                    and (known not in selection.BOOKKEEPING or name in of_files)
                    and known not in by_feed
                    for known in made
                )
            }
            if not more:
                break
            made |= more
        feed = f"{source['source_name']}.{source['name']}"
        assert len(made) > 1
        assert made & texts.keys() <= set(selection.affected(manifest, [feed])), feed


def test_a_model_of_every_feed_that_says_so_does_not_choose_its_readers() -> None:
    def node(name: str, text: str = "", **config: object) -> dict:
        return {"name": name, "resource_type": "model", "raw_code": text, "config": config}

    manifest = {
        "sources": {f"source.{name}": {"source_name": "pos", "name": name} for name in ("lines", "items")},
        "nodes": {
            "lines": node("lines"),
            "items": node("items"),
            "repeats": node("repeats", meta={"by_feed": True}),
            "stg_landing__files": node("stg_landing__files"),
            "day": node("day", "select 1 from {{ ref('stg_landing__files') }}"),
            "taker": node("taker", "-- depends_on: {{ ref('stg_landing__files') }}\nselect 1"),
        },
        "child_map": {
            "source.lines": ["lines", "stg_landing__files"],
            "source.items": ["items", "stg_landing__files"],
            "lines": ["repeats"],
            "items": ["repeats", "taker"],
            "repeats": ["taker"],
            "stg_landing__files": ["day", "taker"],
        },
    }
    assert selection.affected(manifest, ["pos.lines"]) == ["day", "lines", "repeats", "stg_landing__files"]
    assert "taker" in selection.affected(manifest, ["pos.items"])
    assert selection.affected(manifest, []) == []


# -- when it fails ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_test_that_fails_is_named_and_nothing_is_published_until_it_passes(built: Built) -> None:
    bad = "".join(f"P{number},Cup,,1.25,3,no time\n" for number in range(100))
    built.land("shop/products/dt=2024-03-01/bad.csv", PRODUCTS + bad)
    said = built.night(code=1)
    assert "test a_feed_with_too_many_rejected_rows_fails: Got 1 result" in said
    assert "nothing is published" in said
    assert not built.gold.exists()
    # it vouches for the rest, so that the next night builds the same again, and not everything
    record = last_build.read(built.warehouse.database)
    assert record.seal == last_build.seal(built.warehouse.database)
    assert built.ask("select count(*) from audit.load_history") != [(record.history_rows,)]


@pytest.mark.slow
def test_after_a_night_that_failed_the_next_builds_what_both_landed(built: Built, dbt: Dbt, tmp_path: Path) -> None:
    twin = Twin(built, dbt, tmp_path)
    built.land(
        "shop/products/dt=2024-03-01/bad.csv", PRODUCTS + "".join(f"P{n},Cup,,1,3,no time\n" for n in range(100))
    )
    built.night(code=1)
    built.land("inventory/inventory/dt=2003-12-07/counts.csv", COUNTS + "2003-12-01,1,1,4711\n")
    built.land(
        "shop/products/dt=2024-03-02/good.csv",
        PRODUCTS + "".join(f"P{n},Cup,,1,3,2024-02-0{1 + n % 9} 08:00:00\n" for n in range(3000)),
    )
    said = built.night()
    assert "To build: inventory.inventory" in said and "To build: shop.products, 2 files" in said
    twin.assert_equal()


@pytest.mark.slow
def test_a_run_that_is_killed_and_run_again_ends_as_a_full_build_does(built: Built, dbt: Dbt, tmp_path: Path) -> None:
    twin = Twin(built, dbt, tmp_path)
    built.land("shop/customers/dt=2024-03-01/changes.csv", CHANGES + "C1,Ann,,,,,,,,,,,,,2024-03-01 08:00:00,U\n")
    for seconds in (0.6, 1.5, 6, 9, 12):
        process = subprocess.Popen(
            ["retail", "run"], cwd=ROOT, env=built.warehouse.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(seconds)
        # once dbt is left to itself: the next run waits until it has ended
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL) if seconds == 9 else os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if seconds == 6:
            built.land("inventory/inventory/dt=2003-12-07/counts.csv", COUNTS + "2003-12-01,1,1,4711\n")
    built.night()
    twin.assert_equal()
    assert "nothing to build" in built.night()


@pytest.mark.slow
def test_killed_at_each_step_nothing_is_lost_or_doubled(built: Built, dbt: Dbt, tmp_path: Path) -> None:
    """A rerun after a kill in any step gives the gold of nights that nobody disturbed."""
    twin = Twin(built, dbt, tmp_path)
    for number, step in enumerate(night_steps.STEPS, 1):
        built.land(f"inventory/inventory/dt=2003-12-0{number}/counts.csv", COUNTS + f"2003-12-01,{number},1,4711\n")
        built.land_query(*sales(f"2003-12-0{number}"))
        process = subprocess.Popen(
            ["retail", "run", "--run-id", step], cwd=ROOT, env=built.warehouse.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

        def begun(step: str = step) -> bool:
            return any((each.run, each.step) == (step, step) for each in run_record.steps(built.warehouse.database))

        until(begun, seconds=180)
        # dbt needs a while before it writes; the others are killed at once
        time.sleep(6 if step == "build" else 0)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        built.wait_for_the_killed()
    said = built.night("--date", "2003-12-05")
    assert "The run before (publish) ended at the step publish: killed" in said
    assert "4 files" not in said
    outcomes = {(each.run, each.step): each.outcome for each in run_record.steps(built.warehouse.database)}
    # the first ones may be over before the kill reaches them
    assert [outcomes[step, step] for step in ("load", "build", "publish")] == ["killed"] * 3
    twin.assert_equal()
    assert built.ask("select count(*) from gold.fct_stock_counts where on_hand_quantity = 4711") == [(5,)]
    with duckdb.connect(str(built.gold), read_only=True) as connection:
        published = connection.execute("select count(*) from fct_stock_counts where on_hand_quantity = 4711").fetchone()
    assert published == (5,)
    assert built.ask(
        "select count(*), count(distinct (run_id, step, started_at)) from audit.run_steps where outcome = 'killed'"
    ) == [(sum(outcome == "killed" for outcome in outcomes.values()),) * 2]
    assert "nothing to build" in built.night()


@pytest.mark.slow
def test_without_room_to_publish_what_was_stays_and_the_next_run_publishes(built: Built) -> None:
    """A limit on the size of files stands for a full disk."""
    done = subprocess.run(
        ["retail", "run"], cwd=ROOT, env=built.warehouse.environment, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "retail: publish:" in done.stderr and "what was published before is untouched" in done.stderr
    assert "Traceback" not in done.stderr and not built.gold.exists()
    assert "The run before" in built.night() and built.gold.exists()


def test_another_run_is_waited_for_and_named(built: Built) -> None:
    with open(f"{built.warehouse.database}.run_lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = built.night("--wait", "0", code=night.BUSY_CODE)
    assert "another retail run is still at work" in said


# -- the record -------------------------------------------------------------------------------------------------------


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    """A small bronze with a record that vouches for it."""
    zone = Zone(tmp_path)
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    zone.load()
    last_build.write(zone.database, last_build.whole(zone.database, 1, last_build.project_hash()))
    return zone


def test_when_the_project_has_changed_everything_is_made_anew_until_it_is_whole(
    zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # each step is a process of its own: what it did is in a file
    told = zone.folder / "built"

    def build(landed: list[str] | None, *, anew: bool, **_: object) -> dbt_build.Built:
        assert landed is None
        with told.open("a") as stream:
            stream.write(f"{anew}\n")
        return dbt_build.Built(stopped="" if len(built()) == 3 else "killed")

    def built() -> list[bool]:
        return [line == "True" for line in told.read_text().splitlines()]

    monkeypatch.setattr(dbt_build, "build", build)
    monkeypatch.setattr(night_steps, "PUBLISHERS", {"gold": lambda _: 0})
    monkeypatch.setattr(load, "run", lambda *_, **__: 0)
    monkeypatch.setenv("RETAIL_DATABASE", str(zone.database))
    monkeypatch.setenv("RETAIL_LANDING", str(zone.landing))
    monkeypatch.setenv("DBT_LOG_PATH", str(zone.folder / "logs"))
    monkeypatch.setattr(last_build, "project_hash", lambda: "as it is now")
    # a night that fails, and one after it: the tables still hold what the other project made
    assert [night.run(full=False, wait=0) for _ in range(3)] == [1, 1, 0]
    assert built() == [True, True, True]
    assert "Building everything anew: the project" in capfd.readouterr().out
    assert night.run(full=False, wait=0) == 0 and len(built()) == 3
    # by hand: everything, but not anew
    with duckdb.connect(str(zone.database)) as connection:
        connection.execute("create table audit.more as select 1 as one")
    night.run(full=False, wait=0)
    assert built()[3:] == [False]
    night.run(full=True, wait=0)
    assert built()[4:] == [True]


def test_loading_keeps_the_record_and_what_it_loaded_is_new(zone: Zone) -> None:
    zone.put_count("dt=2024-01-14/b.csv", "2024-01-08,1,1,5")
    zone.put("inventory/inventory/dt=2024-01-14/c.csv.gz", b"")
    zone.load()
    record = last_build.vouched(zone.database)
    assert record and record.history_rows == 1
    with duckdb.connect(str(zone.database), read_only=True) as connection:
        assert night_steps.landed_since(connection, record.history_rows) == {"inventory.inventory": (1, 1)}
        assert night_steps.history_rows(connection) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "create or replace view audit.one as select 1 as one",
        "update audit.load_history set note = 'x'",
        "insert into bronze.inventory__inventory select * from bronze.inventory__inventory",
    ],
)
def test_whoever_else_writes_the_warehouse_breaks_the_seal_and_loading_does_not_mend_it(
    zone: Zone, statement: str
) -> None:
    with duckdb.connect(str(zone.database)) as connection:
        connection.execute("select 1")
    assert last_build.vouched(zone.database)
    with duckdb.connect(str(zone.database)) as connection:
        connection.execute(statement)
    assert last_build.vouched(zone.database) is None
    zone.put_count("dt=2024-01-14/b.csv", "2024-01-08,1,1,5")
    zone.load()
    assert last_build.vouched(zone.database) is None


def test_a_warehouse_whose_writer_was_killed_is_not_vouched_for(zone: Zone) -> None:
    script = (
        "import duckdb, os, sys; connection = duckdb.connect(sys.argv[1]); "
        "connection.execute('create table audit.more as select 1 as one'); os.kill(os.getpid(), 9)"
    )
    subprocess.run(
        [os.environ.get("PYTHON", shutil.which("python") or "python3"), "-c", script, str(zone.database)], check=False
    )
    assert last_build.vouched(zone.database) is None


@pytest.mark.parametrize(
    ("name", "text", "changes"),
    [
        ("models/staging/new.sql", "select 1 as one", True),
        ("models/staging/new.yml", "models: []", True),
        ("seeds/lead_times.csv", "other,1", True),
        ("macros/new.sql", "{% macro new() %}1{% endmacro %}", True),
        ("tests/singular/new.sql", "select 1 where false", True),
        ("dbt_project.yml", "vars: {}", True),
        ("docs/new.md", "prose", False),
        ("docs/quoted.md", "{% docs new %}quoted{% enddocs %}", True),
        ("scripts/other.sql", "select 1", False),
    ],
)
def test_the_project_is_another_when_what_dbt_builds_from_is(
    tmp_path: Path, name: str, text: str, changes: bool
) -> None:
    for folder in ("models", "seeds", "macros", "tests", "snapshots"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "dbt_project.yml", tmp_path)
    before = last_build.project_hash(tmp_path)
    assert before == last_build.project_hash(tmp_path)
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream:
        stream.write(f"\n{text}\n" if file.suffix != ".yml" or name != "dbt_project.yml" else "\n# a comment\n")
    assert (last_build.project_hash(tmp_path) != before) is changes


@pytest.mark.parametrize("content", ["", "{", "[]", '{"project": "x"}'])
def test_a_record_that_cannot_be_read_vouches_for_nothing(tmp_path: Path, content: str) -> None:
    last_build.path(tmp_path / "retail.duckdb").write_text(content)
    assert last_build.read(tmp_path / "retail.duckdb") is None


@pytest.mark.slow
def test_the_site_and_the_processed_zone_are_published_with_gold(warehouse: Warehouse, tmp_path: Path) -> None:
    """In one process after another: dbt leaves the database open in the one it ran in."""
    copy = new_warehouse(tmp_path)
    shutil.copy(warehouse.database, copy.database)
    copy.landing.mkdir(exist_ok=True)
    told = copy.run("retail", "run", env={"RETAIL_PUBLISH": "gold,site,processed"})
    assert "Traceback" not in told.stdout + told.stderr and "Warning" not in told.stderr
    assert (tmp_path / "gold.duckdb").exists()
    assert "Net sales" in (tmp_path / "site" / "sales.html").read_text()
    unloaded = json.loads((tmp_path / "processed" / "current.json").read_text())
    rows = {model["model"]: model["row_count"] for model in unloaded["models"]}
    with copy.connect() as connection:
        assert rows["fct_sales"] == connection.execute("select count(*) from gold.fct_sales").fetchone()[0]
