"""`retail unload`: gold in the processed zone, the old state or the new one for every reader, whenever it is killed."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import aws_stand_in
import duckdb
import pytest
import yaml

from conftest import BIN, ROOT, Warehouse
from retail import landing_zone, unload
from retail.errors import UserError

# dbt starts anew for each: ten seconds; that the statements are right for Snowflake is in the daily set (test_snowflake_sql.py)
pytestmark = pytest.mark.slow


class Zone:
    """A processed zone, and the warehouse that is unloaded into it."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        self.warehouse, self.folder = warehouse, folder

    @property
    def environment(self) -> dict[str, str]:
        return {**self.warehouse.environment, "RETAIL_PROCESSED": str(self.folder)}

    def unload(self, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.warehouse.run("retail", "unload", *options, check=check, env={"RETAIL_PROCESSED": str(self.folder)})

    def current(self) -> dict:
        return json.loads((self.folder / "current.json").read_text())

    def versions(self) -> set[str]:
        return {path.name for path in (self.folder / "versions").iterdir()}

    def files(self, model: str) -> str:
        """What a reader reads, begun at current.json."""
        return (
            f"read_parquet('{self.folder / self.current()['folder'] / model}/**/*.parquet', hive_partitioning = true)"
        )


def personal_columns() -> set[tuple[str, str]]:
    return {
        (model["name"], column["name"])
        for script in (ROOT / "models" / "marts").rglob("*.yml")
        for model in yaml.safe_load(script.read_text()).get("models", [])
        for column in model["columns"]
        if column.get("config", {}).get("meta", {}).get("pii")
    }


@pytest.fixture(scope="module")
def unloaded(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Zone:
    zone = Zone(warehouse, tmp_path_factory.mktemp("zone") / "processed")
    before = warehouse.database.stat()
    done = zone.unload()
    assert "Unloaded 39 tables and views of gold to " in done.stdout
    # the night's record vouches for the warehouse by these: unloading only reads
    after = warehouse.database.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    return zone


def test_every_row_and_column_of_gold_but_those_about_persons(unloaded: Zone) -> None:
    """Row for row: what is in one and not in the other, both ways, with types."""
    hidden = personal_columns()
    assert len(hidden) > 40
    with unloaded.warehouse.connect() as connection:
        columns: dict[str, list[tuple[str, str]]] = {}
        for model, *column in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = 'gold' order by 1, ordinal_position"
        ).fetchall():
            if (model, column[0]) not in hidden:
                columns.setdefault(model, []).append(tuple(column))
        told = {each["model"]: each for each in unloaded.current()["models"]}
        assert told.keys() == columns.keys()
        for model, expected in columns.items():
            by_month = [("partition_month", "DATE")] if told[model]["partitioned_by"] else []
            files = unloaded.files(model)
            found = [each[:2] for each in connection.execute(f"describe from {files}").fetchall()]
            assert found == expected + by_month, model
            names = ", ".join(name for name, _ in expected)
            gold, there = f"select {names} from gold.{model}", f"select {names} from {files}"
            query = f"select (select count(*) from {files}), (select count(*) from ({gold} except all {there})), (select count(*) from ({there} except all {gold}))"
            assert connection.execute(query).fetchone() == (told[model]["row_count"], 0, 0), model


def test_facts_are_in_the_folders_of_their_months(unloaded: Zone) -> None:
    partitioned = {each["model"] for each in unloaded.current()["models"] if each["partitioned_by"]}
    assert partitioned == {
        "fct_returns", "fct_sales", "fct_stock_counts", "fct_weekly_sales_inventory",
        "mart_product_performance", "mart_sales_daily", "retail_data_view",
    }  # fmt: skip
    query = f"select count(*), count_if(partition_month is distinct from date_trunc('month', sold_date)), count_if(sold_date is null) from {unloaded.files('fct_sales')}"
    rows, wrong, undated = duckdb.sql(query).fetchone()
    assert rows > 70_000 and wrong == 0 and undated > 0
    months = {path.name for path in (unloaded.folder / unloaded.current()["folder"] / "fct_sales").iterdir()}
    assert {"partition_month=2002-12-01", "partition_month=__HIVE_DEFAULT_PARTITION__"} <= months


def test_the_query_of_the_documentation_runs(unloaded: Zone) -> None:
    text = (ROOT / "docs" / "operate.md").read_text()
    setting, question = (
        line.strip() for line in text.splitlines() if "getvariable('gold')" in line or "set variable gold" in line
    )
    with duckdb.connect() as connection:
        connection.execute(setting.replace("processed/", f"{unloaded.folder}/"))
        found = dict(connection.execute(question).fetchall())
    with unloaded.warehouse.connect() as connection:
        query = "select channel, sum(sales_amount) from gold.fct_sales where sold_date >= '2002-01-01' group by all"
        expected = dict(connection.execute(query).fetchall())
    assert len(expected) > 3 and found == expected


def test_where_dbt_fails_one_line_says_so_and_what_counted_counts(
    warehouse: Warehouse, unloaded: Zone, tmp_path: Path
) -> None:
    """A warehouse without one of gold's tables. The file before is as it was."""
    before = unloaded.current()
    copy = Warehouse(warehouse.landing, tmp_path / "retail.duckdb", warehouse.target)
    shutil.copy(warehouse.database, copy.database)
    with duckdb.connect(str(copy.database)) as connection:
        connection.execute("drop table gold.mart_stock_alerts")
    done = Zone(copy, unloaded.folder).unload(check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "mart_stock_alerts does not exist" in done.stderr and "what counted before counts still" in done.stderr
    assert unloaded.current() == before
    assert duckdb.sql(f"select count(*) from {unloaded.files('fct_sales')}").fetchone()[0] > 70_000


# -- under the eyes of readers, and killed ----------------------------------------------------------------------------


@pytest.fixture
def zone(warehouse: Warehouse, tmp_path: Path) -> Zone:
    """A zone of its own, and a copy of the warehouse that may be changed."""
    copy = Warehouse(warehouse.landing, tmp_path / "retail.duckdb", warehouse.target)
    shutil.copy(warehouse.database, copy.database)
    return Zone(copy, tmp_path / "processed")


def lose_a_channel(zone: Zone, channel: str) -> None:
    """Make another state of gold, of which the fact, the mart and the view agree."""
    with duckdb.connect(str(zone.warehouse.database)) as connection:
        connection.execute(f"delete from gold.fct_sales where channel = '{channel}'")
        connection.execute(f"delete from gold.fct_returns where channel = '{channel}'")


def state(zone: Zone) -> tuple[int, int, int]:
    """Lines, returns and lines in the flat view, of one state, as a reader without haste gets them: it begins at current.json."""
    folder = zone.folder / zone.current()["folder"]
    found = []
    for model in ("fct_sales", "fct_returns", "retail_data_view"):
        time.sleep(0.05)
        files = f"{folder / model}/**/*.parquet"
        found.append(duckdb.connect().execute("select count(*) from read_parquet(?)", [files]).fetchone()[0])
    return tuple(found)


def test_a_reader_sees_the_old_state_or_the_new_one_and_never_nothing(zone: Zone) -> None:
    zone.unload()
    expected, seen, faults, stop = [state(zone)], [], [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                seen.append(state(zone))
            except (duckdb.Error, OSError, ValueError) as error:
                faults.append(f"{type(error).__name__}: {error}")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for channel in ("web", "catalog"):
            lose_a_channel(zone, channel)
            zone.unload()
            expected.append(state(zone))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert faults == []
    assert len(set(expected)) == 3
    assert set(seen) == set(expected) and len(seen) > 20
    # one of grace
    assert len(zone.versions()) == 2


@pytest.mark.parametrize(
    "file", ["dim_dates/dim_dates_0.parquet", "fct_sales/partition_month=2002-12-01/fct_sales_0.parquet"]
)
def test_killed_at_work_what_counted_counts_and_the_next_run_tidies_up(zone: Zone, file: str) -> None:
    """Both processes killed at once, dbt and ours, as a machine does that goes down."""
    zone.unload()
    counted, expected = zone.current(), state(zone)
    lose_a_channel(zone, "web")
    process = subprocess.Popen(
        [BIN / "retail", "unload"], cwd=ROOT, env=zone.environment, start_new_session=True, stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    while not any((zone.folder / "versions" / each / file).exists() for each in zone.versions() - {counted["version"]}):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert zone.current() == counted and len(zone.versions()) == 2
    assert state(zone) == expected
    zone.unload()
    assert zone.current() != counted and state(zone) != expected
    assert zone.versions() == {counted["version"], zone.current()["version"]}


def test_rows_that_are_missing_in_the_files_stop_it(zone: Zone) -> None:
    """A file that somebody else removes while dbt writes: the count in the files is not that of the table."""
    zone.unload()
    counted = zone.current()
    stop = threading.Event()

    def remove() -> None:
        while not stop.is_set():
            for version in zone.versions() - {counted["version"]}:
                for path in (zone.folder / "versions" / version).glob(
                    "retail_data_view/partition_month=1999-*/*.parquet"
                ):
                    path.unlink(missing_ok=True)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        done = zone.unload(check=False)
    finally:
        stop.set()
        remover.join()
    assert done.returncode == 1
    assert "retail_data_view: " in done.stderr or "No such file" in done.stderr
    assert zone.current() == counted


def test_a_table_without_rows_and_an_empty_zone_can_be_read(zone: Zone) -> None:
    with duckdb.connect(str(zone.warehouse.database)) as connection:
        connection.execute("delete from gold.fct_returns; delete from gold.mart_stock_alerts")
    assert unload.current(zone.folder) is None
    zone.unload()
    for model in ("fct_returns", "mart_stock_alerts"):
        assert duckdb.sql(f"select count(*) from {zone.files(model)}").fetchone() == (0,)


def test_two_at_once_the_second_waits_or_says_so(zone: Zone) -> None:
    first = subprocess.Popen([BIN / "retail", "unload"], cwd=ROOT, env=zone.environment, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not (zone.folder / "versions").exists():
        assert first.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    second = zone.unload("--wait", "0", check=False)
    assert second.returncode == 1
    assert "another retail unload still writes there after 0 s" in second.stderr
    assert first.wait() == 0
    assert len(zone.versions()) == 1


# -- into a bucket ----------------------------------------------------------------------------------------------------


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[aws_stand_in.Aws]:
    with aws_stand_in.server() as running:
        running.reset()
        running.bucket("lake")
        yield running


def keep_a_month(zone: Zone) -> None:
    """Large facts by month are hundreds of objects: one month and the rows without a date stand for all."""
    with duckdb.connect(str(zone.warehouse.database)) as connection:
        for model in (
            yaml.safe_load(path.read_text())["models"][0]
            for path in (ROOT / "models" / "marts").rglob("*.yml")
            if "partition_date" in path.read_text()
        ):
            if model["name"] != "retail_data_view":
                date = model["config"]["meta"]["partition_date"]
                connection.execute(
                    f"delete from gold.{model['name']} where {date} not between '2002-11-30' and '2002-12-31'"
                )


def test_in_a_bucket_current_is_replaced_last_and_old_versions_go(
    zone: Zone, aws: aws_stand_in.Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a reader finds there, object by object, is what the same gold gives in a folder; also after an upload that broke off."""
    for name, value in zone.environment.items():
        monkeypatch.setenv(name, value)
    keep_a_month(zone)
    address = "s3://lake/gold/processed"
    bucket = landing_zone.of(address)

    def versions() -> set[str]:
        return {name.split("/")[1] for name in bucket.names("versions/")}

    def rows(folder: str) -> dict[str, int]:
        for name in bucket.names(f"{folder}/"):
            target = tmp_path / "fetched" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(bucket.read(name))
        counts = "select split_part(filename, '/', -2), count(*) from read_parquet(?, filename = true, union_by_name = true) group by all"
        models = {path.name for path in (tmp_path / "fetched" / folder).iterdir()}
        return {
            model: sum(
                count
                for _, count in duckdb.execute(counts, [f"{tmp_path}/fetched/{folder}/{model}/**/*.parquet"]).fetchall()
            )
            for model in models
        }

    first = unload.unload(address)
    told = json.loads(bucket.read("current.json"))
    assert told["version"] == first.version and versions() == {first.version}
    assert rows(told["folder"]) == first.rows and first.rows["fct_sales"] > 1_000
    zone.unload()
    assert {each["model"]: each["row_count"] for each in zone.current()["models"]} == first.rows

    lose_a_channel(zone, "web")
    place = landing_zone.Bucket.place

    def refuses(self: landing_zone.Bucket, local: Path, name: str, *arguments: object) -> None:
        if "retail_data_view" in name:
            raise UserError("the store refuses it")
        place(self, local, name, *arguments)

    with monkeypatch.context() as broken:
        broken.setattr(landing_zone.Bucket, "place", refuses)
        with pytest.raises(UserError, match="the store refuses it"):
            unload.unload(address)
    # what counted counts, and is whole
    assert json.loads(bucket.read("current.json")) == told
    assert rows(told["folder"]) == first.rows and len(versions()) == 2

    second = unload.unload(address)
    assert second.rows["fct_sales"] < first.rows["fct_sales"]
    assert rows(json.loads(bucket.read("current.json"))["folder"]) == second.rows
    # one of grace; what broke off is gone
    assert versions() == {first.version, second.version}


def test_without_the_bucket_one_line_says_so(zone: Zone, aws: aws_stand_in.Aws) -> None:
    zone.folder = "s3://elsewhere/processed"
    done = zone.unload(check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "retail: s3://elsewhere: there is no such bucket"
