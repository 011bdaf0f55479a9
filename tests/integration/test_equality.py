"""After any nights gold, audit and snapshots equal those of a full refresh of what landed, row for row (tests/integration/equality)."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from equality import campaign, faults, shrink, tally, worlds
from equality.dbt_process import Dbt
from equality.runner import EXCEPTIONS, NO_TESTS, check, differences
from equality.sequences import File, Row, Run, Sequence, write

from conftest import ROOT, Warehouse, new_warehouse
from retail import run_record, selection

# Three nights in the first database: two are killed and started again, the second of them builds what depends on what landed; then a
# source is off, the calendar is extended, and a model is rebuilt whole.
SEED = 2


@pytest.fixture(scope="module")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    with Dbt(tmp_path_factory.mktemp("dbt"), variables=campaign.VARIABLES) as process:
        yield process


def all_equal(chosen: list[tuple[int, Sequence]], dbt: Dbt, folder: Path) -> None:
    """Fail with the shortest sequence that shows it where a database does not end as a full refresh does."""
    for report in campaign.run(chosen, dbt, folder, shrink_seconds=600):
        assert report.outcome.ok, f"{report}\nseed {SEED}; `make equality` runs others"


def test_some_sequences_end_as_a_full_refresh_does(dbt: Dbt, tmp_path: Path) -> None:
    (planned,) = campaign.plan(campaign.TOGETHER, SEED)
    all_equal([(1, planned)], dbt, tmp_path)


@pytest.mark.slow
def test_more_sequences_end_as_a_full_refresh_does(dbt: Dbt, tmp_path: Path) -> None:
    numbered = list(enumerate(campaign.plan(20, SEED + 1), 1))
    assert sum(len(planned.worlds()) for _, planned in numbered) == 20
    all_equal(numbered, dbt, tmp_path)


def change(customer: str, first_name: str, moment: str, path: str) -> File:
    """A file of the shop with one change of a customer."""
    values = {"customer_id": customer, "first_name": first_name, "updated_at": moment, "op": "U"}
    return File(f"shop/customers/{path}", "shop.customers", (Row(1, values),))


# A customer whose change of noon landed first, and then the one of the morning.
LATE_CHANGE = Sequence(
    (
        Run((change("C1", "Ann", "2024-01-05 12:00:00", "dt=2024-01-05/b.csv"),), worlds.SOURCES),
        Run((change("C1", "Bea", "2024-01-05 08:00:00", "dt=2024-01-05/a.csv"),), worlds.SOURCES),
    )
)


@pytest.mark.slow
def test_an_incremental_model_that_reads_new_files_alone_is_caught_with_the_shortest_sequence(tmp_path: Path) -> None:
    fault = faults.FAULTS["only the rows of new files are read, not the customer's older ones"]
    name = fault.shows_in.partition(".")[2]
    # two worlds more, and files that have nothing to do with it
    noise = (
        change("C8", "Cy", "2024-01-03 08:00:00", "dt=2024-01-05/c.csv"),
        change("C9", "Di", "2024-01-04 08:00:00", "dt=2024-01-05/d.csv"),
    )
    noisy = Sequence(
        tuple(
            replace(
                run,
                again=True,
                files=(*run.files, replace(noise[number], rows=(Row(2 + number, noise[number].rows[0].values),))),
            )
            for number, run in enumerate(LATE_CHANGE.runs)
        )
    )
    with Dbt(
        tmp_path / "dbt", project=faults.plant(fault, tmp_path / "project"), variables=campaign.VARIABLES
    ) as wrong:
        outcome = check(noisy, wrong, tmp_path / "wrong", (f"+{name}",))
        assert outcome.relations() == {fault.shows_in}
        report = campaign.Report(1, noisy, outcome, 0)
        campaign.make_shorter(report, wrong, tmp_path / "shorter", 300)
    assert report.shortest == LATE_CHANGE
    assert "updated_at=2024-01-05 08:00:00" in str(report)
    assert "nights: " in str(report.shown)


def test_two_faults_are_ready_for_every_incremental_model() -> None:
    """A model whose config the patterns do not know would go untried: teach them (equality/faults.py)."""
    scripts = [
        script
        for script in (ROOT / "models").rglob("*.sql")
        if "materialized='incremental'" in script.read_text() and "full_refresh=false" not in script.read_text()
    ]
    found = {name: fault for name, fault in faults.of_every_incremental_model().items() if fault.wrong != fault.right}
    assert scripts
    for script in scripts:
        about = {name for name in found if name.startswith(f"{script.stem} ")}
        assert len(about) == 2, (script.stem, about)


def feeds_read(manifest: dict, unique_id: str) -> set[tuple[str, str]]:
    """The feeds whose rows a node is made of: all before it, but for what tells which files there are."""
    seen, todo = set(), [unique_id]
    while todo:
        for parent in manifest["parent_map"].get(todo.pop(), []):
            if parent not in seen and manifest["nodes"].get(parent, {}).get("name") not in selection.BOOKKEEPING:
                seen.add(parent)
                todo.append(parent)
    return {(found["source_name"], found["name"]) for key, found in manifest["sources"].items() if key in seen}


def test_a_dimension_that_is_made_anew_when_its_extract_lands_watches_every_feed_that_it_reads(dbt: Dbt) -> None:
    manifest = dbt.manifest()
    found = {key: node["raw_code"] for key, node in manifest["nodes"].items() if "is_landed_anew(" in node["raw_code"]}
    assert len(found) >= 4
    for key, code in found.items():
        calls = re.findall(r"(?:is_landed_anew|clear_if_landed_anew|take_files)\((\[\[.*?\]\])\)", code)
        assert len(calls) == 3, key
        for call in calls:
            assert set(re.findall(r"\['(\w+)', '(\w+)'\]", call)) == feeds_read(manifest, key), key


# -- the harness itself -----------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_sequences_and_what_the_issue_asks_for_is_among_them() -> None:
    first, second = campaign.plan(24, SEED), campaign.plan(24, SEED)
    assert first == second
    runs = [run for planned in first for run in planned.runs]
    assert {run.plain() for run in runs} == {True, False}
    assert any(run.killed_at is not None for run in runs)
    assert any(run.refreshed is not None for run in runs)
    assert any(not run.built for run in runs)
    assert any(run.early for run in runs)
    assert any(run.selected for run in runs)
    assert any(set(run.sources) != set(worlds.SOURCES) for run in runs)
    assert any(not file.rows for run in runs for file in run.files)
    assert any("/again/" in file.path for run in runs for file in run.files)
    late, moved = 0, 0
    for planned in first:
        places: dict[tuple, set] = {}
        for number, run in enumerate(planned.runs):
            for file in run.files:
                late += f"dt={worlds.day_of_run(number)}" not in file.path and file.feed in worlds.LOGS
                for row in file.rows if file.feed == "ops.catalog_sales" else ():
                    key = (row.values.get("cs_order_number"), row.values["cs_item_sk"])
                    places.setdefault(key, set()).add(
                        (row.values.get("cs_sold_date_sk"), row.values.get("cs_warehouse_sk"))
                    )
        moved += sum(len(where) > 1 for where in places.values())
        # a state extract is never older than one that landed before it
        for feed in worlds.HISTORY_FEEDS:
            dated = [file.path for run in planned.runs for file in run.files if file.feed == f"ops.{feed}"]
            assert dated == sorted(dated)
    assert late and moved


@pytest.mark.slow
def test_every_kind_of_landing_comes_up_again_and_again_and_none_is_in_every_sequence() -> None:
    found = tally.tally(campaign.plan(300, SEED))
    assert {kind: number for kind, number in found.items() if number < 20} == {}
    assert {kind for kind, number in found.items() if number == 300} <= {
        "corrected",
        "a feed that is missing for a night",
    }


def test_a_sequence_is_made_as_short_as_it_can_be_while_it_still_fails() -> None:
    planned = campaign.plan(6, SEED)[0]
    wanted = next(row for file in planned.files() for row in file.rows if file.feed == "shop.customers")

    def fails(candidate: Sequence) -> bool:
        return any(row == wanted for file in candidate.files() for row in file.rows)

    found = shrink.shortest(planned, fails, 60, lambda text: None)
    assert len(found.runs) == 1
    assert found.size() == 1
    assert found.runs[0].plain()
    assert fails(found)


@pytest.fixture
def two_databases(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "one.duckdb", tmp_path / "other.duckdb"
    for path in paths:
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema gold; create schema audit")
            connection.execute(
                "create table gold.facts as select * from (values (1, 'a'), (1, 'a'), (2, null)) as t (id, name)"
            )
            connection.execute("create view gold.shown as select * from gold.facts where id = 2")
            connection.execute(
                "create table audit.load_history as select 'a' as file_name, timestamp '2024-01-01' as started_at"
            )
    return paths


@pytest.mark.parametrize(
    ("statement", "relations"),
    [
        ("insert into gold.facts values (1, 'a')", {"gold.facts"}),
        ("delete from gold.facts where id = 2; insert into gold.facts values (2, '')", {"gold.facts", "gold.shown"}),
        ("alter table gold.facts alter id type bigint", {"gold.facts", "gold.shown"}),
        ("create table gold.more as select 1 as id", {"gold.more"}),
        ("update audit.load_history set file_name = 'b'", {"audit.load_history"}),
        ("update audit.load_history set started_at = '2025-01-01'", set()),
        (
            "create table gold.kept as from gold.facts order by name; delete from gold.facts; insert into gold.facts from gold.kept; drop table gold.kept",
            set(),
        ),
    ],
)
def test_a_row_too_many_another_null_type_or_table_is_a_difference_and_the_order_is_none(
    two_databases: tuple[Path, Path], statement: str, relations: set[str]
) -> None:
    one, other = two_databases
    with duckdb.connect(str(other)) as connection:
        # a view stands in the way of a change of type
        connection.execute("drop view gold.shown")
        connection.execute(statement)
        connection.execute("create view gold.shown as select * from gold.facts where id = 2")
    assert {difference.relation for difference in differences(one, other)} == relations


def test_every_exception_names_a_column_that_is_there_and_its_reason(warehouse: Warehouse) -> None:
    with EXCEPTIONS.open(newline="") as lines:
        listed = list(csv.DictReader(lines))
    with warehouse.connect() as connection, duckdb.connect() as nights:
        # which the first night makes, not a build
        nights.execute(run_record.TABLE)
        for row in listed:
            assert row["reason"].strip()
            if row["column"] == "*":
                nights.execute(f"describe {row['schema']}.{row['table']}")
                continue
            found = connection.execute(
                "select count(*) from duckdb_columns() where schema_name = ? and table_name = ? and column_name = ?",
                [row["schema"], row["table"], row["column"]],
            ).fetchone()
            assert found == (1,), row


# -- extracts that come out of order ----------------------------------------------------------------------------------


def extract(feed: str, day: str, *rows: dict) -> File:
    """A state extract of the operational source."""
    return File(f"ops/{feed}/dt={day}/{feed}.parquet", f"ops.{feed}", tuple(Row(1, row) for row in rows))


@pytest.mark.slow
def test_after_an_older_extract_rebuilding_the_history_ends_as_a_full_refresh_does(tmp_path: Path) -> None:
    """With the commands that users run: a build alone leaves the older extract out, and says so."""

    def customers(name: str) -> list[dict]:
        return [
            {"c_customer_sk": 1, "c_first_name": name, "c_current_addr_sk": 1},
            {"c_customer_sk": 2, "c_first_name": "Di"},
        ]

    nights = (
        (
            extract("customer", "2024-01-01", *customers("Ann")),
            extract("customer_address", "2024-01-01", {"ca_address_sk": 1, "ca_city": "Ulm"}),
        ),
        (extract("customer", "2024-01-15", *customers("Cy")),),
        (
            extract("customer", "2024-01-08", *customers("Bea")),
            extract("customer_address", "2024-01-22", {"ca_address_sk": 1, "ca_city": "Bern"}),
        ),
    )
    ours, theirs = new_warehouse(tmp_path / "nightly"), new_warehouse(tmp_path / "at_once")
    for files in nights:
        for file in files:
            write(file, ours.landing)
            write(file, theirs.landing)
        ours.run("retail", "load")
        told = ours.run("dbt", "build", *NO_TESTS).stdout
    theirs.run("retail", "load")
    theirs.run("dbt", "build", *NO_TESTS)
    assert "2024-01-08" in told
    assert {"gold.dim_customers_history", "snapshots.ops__customers"} <= {
        difference.relation for difference in differences(ours.database, theirs.database)
    }
    ours.run("retail", "rebuild-history")
    ours.run("dbt", "build", *NO_TESTS)
    assert list(map(str, differences(ours.database, theirs.database))) == []
