"""The project on the emulated Snowflake, through the real adapter, and the same project on DuckDB: what they make has to be equal.

One server and one pair of warehouses for all tests: the two are built side by side from the same landed rows, fresh and after
a second landing. Run by `make test-snowflake`.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import comparison
import duckdb
import emulated
import engine_macros
import landings
import pytest
import statement_log

from conftest import ROOT, Warehouse, new_warehouse

ENGINES = ROOT / "macros" / "engines"
NIGHTS = ("fresh", "second_landing")

# data tests on DuckDB and unit tests there run elsewhere; what a unit test says is the same on every night
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Night:
    """What stood in the two databases after a landing was built on both engines: copies, which nobody writes."""

    duckdb: Path
    snowflake: Path


@dataclass(frozen=True)
class Pair:
    """The nights, and every statement that dbt-snowflake sent."""

    nights: dict[str, Night]
    statements: Path


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulated.Emulated]:
    """A running emulated Snowflake on which the scripts for the schemas and for bronze have been carried out."""
    if not emulated.PYTHON.exists():
        pytest.fail(f"{os.path.relpath(emulated.PYTHON)} is missing: `make test-snowflake` makes it", pytrace=False)
    with emulated.emulated(tmp_path_factory.mktemp("account")) as server:
        server.deploy()
        yield server


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """An empty warehouse whose profile has both targets."""
    made = new_warehouse(tmp_path_factory.mktemp("warehouse"))
    emulated.write_profile(made)
    return made


@pytest.fixture(scope="session")
def pair(account: emulated.Emulated, project: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Both engines after a fresh build, and after a second landing."""
    kept = tmp_path_factory.mktemp("nights")
    # artifacts of the two targets apart, and the statements of the tests' own connections out of the log
    of_snowflake = Warehouse(project.landing, project.database, kept / "target")
    shutil.copytree(project.target, of_snowflake.target)
    nights = {}
    for night, land, left_out in (
        ("fresh", landings.land_first, ()),
        ("second_landing", landings.land_second, NO_UNIT_TESTS),
    ):
        land(project)
        account.bring(project.database)
        with ThreadPoolExecutor() as both:
            ends = [
                both.submit(project.run, "dbt", "build", *NO_TESTS),
                both.submit(
                    of_snowflake.run,
                    *("dbt", "build", "--target", "snowflake", *left_out),
                    env={**account.environment, "PYTHONWARNINGS": "ignore"},
                ),
            ]
        for end in ends:
            end.result()
        nights[night] = Night(kept / f"{night}.duckdb", account.copy(kept / f"{night}.db"))
        shutil.copy(project.database, nights[night].duckdb)
    return Pair(nights, account.statements)


# -- the two engines -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("night", NIGHTS)
def test_every_table_is_the_same_on_both_engines(pair: Pair, night: str) -> None:
    found = comparison.differences(pair.nights[night].duckdb, pair.nights[night].snowflake)
    assert not found, "\n".join(found)


def test_what_is_compared_is_all_that_dbt_makes_and_has_rows(pair: Pair) -> None:
    """A comparison of nothing with nothing would pass."""
    with comparison.opened(pair.nights["second_landing"].duckdb) as connection:
        names = comparison.relations(connection).keys()
        models = [path.stem for folder in ("marts", "audit") for path in (ROOT / "models" / folder).rglob("*.sql")] + [
            path.stem for path in (ROOT / "snapshots").glob("*.yml")
        ]
        assert {name for _, name in names} >= set(models)
        empty = [
            name for name in names if connection.execute(f"select count(*) from {'.'.join(name)}").fetchone() == (0,)
        ]
        assert empty == []


def test_the_second_landing_changes_what_incremental_models_and_snapshots_hold(pair: Pair) -> None:
    counted = {
        "versions of customers that were superseded": "select count(*) from gold.dim_customers_history where not is_current",
        "deleted customers": "select count(*) from gold.dim_customers where is_deleted",
        "states of a snapshot that ended": "select count(*) from snapshots.ops__customers where dbt_valid_to < timestamp '9999-01-01'",
        "superseded rows": "select sum(superseded_rows) from audit.audit_row_accounting where feed_name like '%sales'",
        "rows rejected at load": "select count(*) from audit.audit_rejected_rows where stage = 'load'",
        "rows rejected in staging": "select count(*) from audit.audit_rejected_rows where stage = 'staging'",
    }
    with comparison.opened(pair.nights["second_landing"].snowflake) as connection:
        none = [what for what, query in counted.items() if not connection.execute(query).fetchone()[0]]
    assert none == []


def test_the_histories_rebuilt_from_bronze_are_those_that_the_nights_made(
    pair: Pair, account: emulated.Emulated, project: Warehouse, tmp_path: Path
) -> None:
    project.run(
        *("retail", "rebuild-history", "--target", "snowflake"), env={**account.environment, "PYTHONWARNINGS": "ignore"}
    )
    found = comparison.differences(pair.nights["second_landing"].duckdb, account.copy(tmp_path / "rebuilt.db"))
    assert not found, "\n".join(found)


# A statement against the emulated database, and what the comparison has to say of it; two are of one table.
FAULTS = {
    "a row is lost": ("delete from gold.fct_sales where rowid = 17", "gold.fct_sales: 1 rows only on DuckDB, 0"),
    "a row is there twice": (
        "insert into gold.fct_returns select * from gold.fct_returns limit 1",
        "gold.fct_returns: 0 rows only on DuckDB, 1",
    ),
    "a cent is missing": (
        "update gold.mart_sales_daily set net_sales_amount = net_sales_amount - 0.01 where rowid = 3",
        "gold.mart_sales_daily: 1 rows only on DuckDB, 1",
    ),
    "a key is another": (
        "update gold.dim_customers_history set customer_key = md5(customer_key) where rowid = 5",
        "gold.dim_customers_history: 2 rows only on DuckDB, 2",
    ),
    "a null is a blank": (
        "update gold.dim_customers_history set company_name = '' where rowid = (select min(rowid) from gold.dim_customers_history where company_name is null)",
        "gold.dim_customers_history: 2 rows only on DuckDB, 2",
    ),
    "a rejected row says something else": (
        "update audit.audit_rejected_rows set row_content = replace(row_content, '1', '2') where stage = 'staging'",
        "audit.audit_rejected_rows: ",
    ),
    "a column has another type": (
        "alter table gold.dim_stores alter column floor_space_square_feet type integer",
        "gold.dim_stores: columns or types differ: [('floor_space_square_feet', 'BIGINT'), ('floor_space_square_feet', 'INTEGER')]",
    ),
    "a table is missing": ("drop table gold.fct_stock_counts", "gold.fct_stock_counts is only on DuckDB"),
    "a snapshot's state starts on another day": (
        "update snapshots.ops__stores set dbt_valid_from = dbt_valid_from + interval 1 day where rowid = 0",
        "snapshots.ops__stores: 1 rows only on DuckDB, 1",
    ),
}


def test_the_comparison_sees_each_planted_fault(pair: Pair, tmp_path: Path) -> None:
    night = pair.nights["second_landing"]
    broken = tmp_path / "broken.db"
    shutil.copy(night.snowflake, broken)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{broken}' as RETAIL")
        connection.execute("use RETAIL.gold")
        for statement, _ in FAULTS.values():
            connection.execute(statement)
    found = comparison.differences(night.duckdb, broken)
    unseen = [fault for fault, (_, text) in FAULTS.items() if not any(line.startswith(text) for line in found)]
    assert unseen == [], "\n".join(found)


# -- macros ----------------------------------------------------------------------------------------------------------


def results(warehouse: Warehouse, target: str, environment: dict[str, str]) -> dict[int, str | None]:
    """The result of each case by its number, as dbt shows it on a target."""
    shown = warehouse.run(
        *("dbt", "--quiet", "show", "--target", target, "--limit", "-1", "--output", "json"),
        *("--inline", engine_macros.query()),
        env={**environment, "PYTHONWARNINGS": "ignore"},
    ).stdout
    rows = json.loads(shown[shown.index("{") :])["show"]
    return {
        next(v for k, v in row.items() if k.lower() == "case_number"): row.get("result", row.get("RESULT"))
        for row in rows
    }


@pytest.mark.parametrize("target", ["duckdb", "snowflake"])
def test_each_macro_gives_the_text_that_is_written_down(
    account: emulated.Emulated, project: Warehouse, target: str
) -> None:
    given = results(project, target, account.environment)
    wrong = {}
    for number, case in enumerate(engine_macros.CASES):
        have, want = given[number], case.wanted(target)
        if case.type == "json":
            have, want = comparison.said(have), comparison.said(want)
        if have != want:
            wrong[case.call] = (have, want)
    assert wrong == {}


def test_every_macro_of_the_engines_folder_has_its_cases() -> None:
    defined = {
        name
        for script in ENGINES.glob("*.sql")
        for name in re.findall(r"{%-?\s*macro\s+(\w+)", script.read_text())
        if not name.startswith("default__")
    }
    # dbt's own macros, of which the project overrides one side; and statements, whose text tests/unit/test_snowflake_sql.py reads
    called = {name.removeprefix("duckdb__") for name in defined} - {"tag_personal_columns", "pii_tag"}
    # statements of the operation unload_gold, tried on DuckDB by tests/integration/test_unload.py
    called -= {"processed_zone", "duckdb_folder", "unload_rows", "replace_current", "remove_old_versions"}
    untested = [
        name for name in called if not any(re.search(rf"\b{name}\(", case.call) for case in engine_macros.CASES)
    ]
    assert untested == []


# -- the statements -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        # what can be made again has no Fail-safe, what is costly to make again has
        r"create or replace transient table retail\.silver\.int_passed_over_rows\b",
        r"create or replace transient table retail\.gold\.fct_sales\b",
        r"create or replace table retail\.snapshots\.ops__customers\b",
        # the first build is sorted, and the key is set
        r"create or replace transient table retail\.gold\.fct_stock_counts\b.* order by \( ?count_date ?\)",
        r"alter table retail\.gold\.fct_stock_counts cluster by \(count_date\)",
        r"use warehouse transforming_large",
        r"alter session set query_tag = 'dbt marts'",
    ],
)
def test_tables_lie_as_the_layout_says(pair: Pair, sent: str) -> None:
    lines = pair.statements.read_text().splitlines()
    texts = (" ".join(statement_log.COMMENT.sub("", json.loads(line)).split()).lower() for line in lines)
    assert any(re.match(sent, text) for text in texts)


def test_every_statement_that_was_sent_is_snowflakes_sql(pair: Pair) -> None:
    statements = statement_log.distinct(pair.statements)
    kinds = {statement.split()[0].lower() for statement in statements}
    assert {"create", "insert", "delete", "update", "merge", "select", "alter", "comment"} <= kinds
    found = statement_log.unparsable(statements)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    "statement",
    [
        "from gold.fct_sales",
        "select sum(x) filter (where y > 1) from t",
        "select [x for x in list]",
    ],
)
def test_a_statement_of_duckdb_alone_is_refused(statement: str) -> None:
    assert statement_log.faults(statement)
