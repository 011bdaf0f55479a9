"""`retail extract` from a PostgreSQL that these tests start: what lands is what the database holds, of one moment, once."""

import importlib.util
import itertools
import json
import os
import pickle
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import bucket_server
import duckdb
import postgres_server
import pytest
from postgres_server import Server

from conftest import BIN, ROOT
from retail import check, extract, landing_zone, load, pipes
from retail.errors import UserError

# a PostgreSQL server is no part of what `make test` needs
pytestmark = pytest.mark.slow

SPECIFICATION = importlib.util.spec_from_file_location("demo_postgres", ROOT / "scripts" / "demo_postgres.py")
demo_postgres = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(demo_postgres)

LOGS = {name: feed for name, feed in extract.tables().items() if feed.date_column}
SOME = ["store_sales", "store_returns", "customer", "reason"]
DAY = date(2003, 12, 31)


@pytest.fixture(scope="module")
def filled() -> Iterator[Server]:
    """A server whose database `retail` holds TPC-DS at scale 0.01."""
    with postgres_server.started() as server:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in server.environment.items():
                patch.setenv(name, value)
            demo_postgres.fill(0.01)
        yield server


@pytest.fixture(autouse=True)
def pipes_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the pipes takes most of a second, and they do not change here."""
    monkeypatch.setattr(pipes, "read_definitions", lambda folder: DEFINITIONS)


@pytest.fixture
def server(filled: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A copy of that database, to which libpq's settings lead."""
    copy = filled.new_database("copy", template="retail")
    for name, value in copy.environment.items():
        monkeypatch.setenv(name, value)
    return copy


def run(landing: Path, names: list[str] = SOME, day: date = DAY, **options) -> extract.Result:
    return extract.extract(landing_zone.of(landing), names, extract.Options(day=day, **options))


def sql(server: Server, *statements: str) -> list[tuple]:
    with server.connect() as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def rows_there(server: Server, table: str) -> list[tuple]:
    """The rows of a table, in bronze's order of columns, sorted."""
    columns = ", ".join(column.name for column in columns_of(table))
    return sorted(sql(server, f"select {columns} from {table}"), key=repr)


def columns_of(table: str) -> list[pipes.Column]:
    defined = {pipe.table.name: pipe for pipe in DEFINITIONS.pipes}
    pipe = defined[f"bronze.ops__{table}"]
    return [column for column in pipe.table.columns if column.name not in pipe.metadata]


DEFINITIONS = pipes.read_definitions(load.default_scripts())


def files(landing: Path, table: str = "*") -> list[str]:
    return sorted(path.relative_to(landing).as_posix() for path in landing.glob(f"ops/{table}/**/*") if path.is_file())


def landed(landing: Path, table: str) -> list[tuple]:
    """Every row that landed, of all files."""
    paths = [str(landing / name) for name in files(landing, table)]
    return duckdb.sql(f"select * from read_parquet({paths}, hive_partitioning = false)").fetchall() if paths else []


def newest(landing: Path, table: str) -> list[tuple]:
    """The rows that count, sorted: of a log the last row of each key, by path and row number; of a state its newest file."""
    names = files(landing, table)
    if table not in LOGS:
        found = duckdb.sql(f"from read_parquet('{landing / names[-1]}', hive_partitioning = false)").fetchall()
        return sorted(found, key=repr)
    by_key: dict[tuple, tuple] = {}
    for name in names:
        relation = duckdb.sql(f"from read_parquet('{landing / name}', hive_partitioning = false)")
        places = [relation.columns.index(column) for column in LOGS[table].key]
        by_key |= {tuple(row[place] for place in places): row for row in relation.fetchall()}
    return sorted(by_key.values(), key=repr)


def assert_nothing_lost_or_doubled(landing: Path, server: Server, names: list[str] = SOME) -> None:
    for table in names:
        assert newest(landing, table) == rows_there(server, table), table
        if table in LOGS:
            # exactly the same row twice would be a row that landed twice
            assert len(landed(landing, table)) == len(set(landed(landing, table))), table


# -- the whole way ----------------------------------------------------------------------------------------------------


def test_what_is_extracted_passes_the_check_loads_and_is_in_bronze_as_in_the_database(server: Server, tmp_path: Path):
    landing, database = tmp_path / "landing", tmp_path / "retail.duckdb"
    result = run(landing, [])
    assert (result.exit_code, result.warnings, result.notes) == (0, [], [])
    assert len(files(landing)) == 23
    for pipe in DEFINITIONS.pipes:
        table = pipe.table.name.partition("ops__")[2]
        if table:
            [name] = files(landing, table)
            described = duckdb.sql(
                f"describe from read_parquet('{landing / name}', hive_partitioning = false)"
            ).fetchall()
            assert [row[:2] for row in described] == [(column.name, column.type) for column in columns_of(table)]
    examined = check.check_landing(landing, database, ["ops"], full=True)
    assert (examined.files, examined.findings) == (23, [])
    loaded = load.load(landing, database)
    assert (loaded.exit_code, loaded.problems, loaded.notes) == (0, [], [])
    with duckdb.connect(str(database), read_only=True) as connection:
        for table in extract.tables():
            columns = ", ".join(column.name for column in columns_of(table))
            bronze = sorted(connection.execute(f"select {columns} from bronze.ops__{table}").fetchall(), key=repr)
            assert bronze == rows_there(server, table), table
        history = connection.execute(
            "select file_name, file_size, row_count, file_content_key from audit.load_history where pipe_name like '%ops__item%'"
        ).fetchall()
    item = result.tables["item"].landed
    assert history == [(item.name, item.bytes, item.rows, item.sha256)]
    # and a second night lands nothing
    again = run(landing, [])
    assert [each.landed for each in again.tables.values()] == [None] * 23
    assert len(files(landing)) == 23


def command(landing: Path, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "RETAIL_LANDING": str(landing)} | options.pop("env", {})
    return subprocess.run(
        [str(BIN / "retail"), "extract", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, **options
    )  # fmt: skip


def test_the_command_takes_a_service_file_and_shows_no_secret(server: Server, tmp_path: Path):
    (tmp_path / "services").write_text(
        f"[operational]\nhost={server.folder}\nuser={server.environment['PGUSER']}\ndbname={server.database}\npassword=hunter2\n"
    )
    env = {"PGSERVICE": "operational", "PGSERVICEFILE": str(tmp_path / "services")}
    env |= dict.fromkeys(("PGHOST", "PGUSER", "PGDATABASE"), "")
    done = command(tmp_path / "landing", "--tables", "reason,store", "--date", "2002-02-01", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 files have landed" in done.stdout and "hunter2" not in done.stdout
    assert files(tmp_path / "landing", "store") == ["ops/store/dt=2002-02-01/store-000001.parquet"]
    broken = command(
        tmp_path / "landing", "--tables", "reason", "--date", "2002-02-01", env={**env, "PGSERVICE": "no_such"}
    )
    assert broken.returncode == 1 and broken.stdout == ""
    assert re.fullmatch(
        r'.*PostgreSQL cannot be reached: definition of service "no_such" not found; set .*\n', broken.stderr
    )


# -- one moment -------------------------------------------------------------------------------------------------------


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until, "the other session stands still"
        time.sleep(0.005)


def test_all_tables_are_of_one_moment_also_where_several_connections_read(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A sale and its return are committed together, over and over, while the extract reads; it has both or neither of each."""
    sold = "insert into store_sales (ss_item_sk, ss_ticket_number, ss_quantity) values ({n}, 900000, 1)"
    came_back = "insert into store_returns (sr_item_sk, sr_ticket_number) values ({n}, 900000)"
    ended, committed, connections = threading.Event(), [], []

    def sell() -> None:
        with server.connect() as connection:
            for number in itertools.count():
                if ended.is_set():
                    return
                with connection.transaction():
                    connection.execute(sold.format(n=number))
                    connection.execute(came_back.format(n=number))
                committed.append(number)
                sessions = connection.execute(
                    "select count(*) from pg_stat_activity where query like 'COPY%' and state <> 'idle'"
                ).fetchone()
                connections.append(sessions[0])

    original = extract._scan

    def scan(connection: duckdb.DuckDBPyConnection, *others: object) -> extract.Scan:
        # so that a small table is read in parts, too
        connection.execute("set threads = 4")
        connection.execute("set pg_pages_per_task = 20")
        before = len(committed)
        found = original(connection, *others)
        wait_for(lambda: len(committed) >= before + 20)
        return found

    monkeypatch.setattr(extract, "_scan", scan)
    seller = threading.Thread(target=sell)
    seller.start()
    try:
        wait_for(lambda: len(committed) >= 5)
        run(tmp_path, ["store_sales", "customer", "store_returns"])
    finally:
        ended.set()
        seller.join()
    sales = {row[2] for row in landed(tmp_path, "store_sales") if row[9] == 900000}
    returns = {row[2] for row in landed(tmp_path, "store_returns") if row[9] == 900000}
    assert max(connections) > 1
    assert sales == returns and 0 < len(sales) <= len(committed) - 60
    monkeypatch.setattr(extract, "_scan", original)
    run(tmp_path, ["store_sales", "store_returns"])
    assert_nothing_lost_or_doubled(tmp_path, server, ["store_sales", "store_returns"])


# -- sales and returns ------------------------------------------------------------------------------------------------

NEW_LINE = "insert into store_sales (ss_sold_date_sk, ss_item_sk, ss_ticket_number, ss_quantity) values ({}, 1, {}, 3)"


def last_day(server: Server) -> int:
    return sql(server, "select max(ss_sold_date_sk) from store_sales")[0][0]


@pytest.mark.parametrize("days_named", [extract.DAYS_NAMED, 0])
def test_lines_that_commit_late_and_corrections_of_the_last_days_land_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days_named: int
):
    """With more unknown days than are named, the whole table is read."""
    monkeypatch.setattr(extract, "DAYS_NAMED", days_named)
    last = last_day(server)
    with server.connect() as late, server.connect() as very_late:
        for connection, day, number in ((late, last - 3, 900001), (very_late, last - 400, 900002)):
            connection.autocommit = False
            connection.execute(NEW_LINE.format(day, number))
        run(tmp_path, ["store_sales"])
        sql(server, NEW_LINE.format(last + 1, 900003), NEW_LINE.format("null", 900004))
        late.commit()
        very_late.commit()
    corrected = sql(
        server,
        f"update store_sales set ss_quantity = 777 where ss_sold_date_sk between {last - 3} and {last} and ss_ticket_number < 900000 "
        "returning ss_ticket_number",
    )
    assert corrected
    told = run(tmp_path, ["store_sales"]).tables["store_sales"]
    assert (told.new, told.changed, told.deleted) == (4, len(corrected), 0)
    assert_nothing_lost_or_doubled(tmp_path, server, ["store_sales"])
    assert run(tmp_path, ["store_sales"]).tables["store_sales"].landed is None
    assert len(files(tmp_path)) == 2


def test_older_corrections_wait_for_since_and_lines_before_the_first_since_never_land(server: Server, tmp_path: Path):
    last = last_day(server)
    first = date.fromordinal(last - 100 - extract.JULIAN)
    run(tmp_path, ["store_sales"], since=first)
    [(expected,)] = sql(
        server, f"select count(*) from store_sales where ss_sold_date_sk >= {last - 100} or ss_sold_date_sk is null"
    )
    assert len(landed(tmp_path, "store_sales")) == expected
    sql(server, f"update store_sales set ss_quantity = 778 where ss_sold_date_sk = {last - 60}")
    sql(server, f"update store_sales set ss_quantity = 779 where ss_sold_date_sk = {last - 160}")
    assert run(tmp_path, ["store_sales"]).tables["store_sales"].landed is None
    told = run(tmp_path, ["store_sales"], since=date.fromordinal(last - 90 - extract.JULIAN)).tables["store_sales"]
    assert (
        told.new == 0 and told.changed == sql(server, "select count(*) from store_sales where ss_quantity = 778")[0][0]
    )
    # a wider look takes the older lines in
    run(tmp_path, ["store_sales"], since=date(1990, 1, 1))
    assert_nothing_lost_or_doubled(tmp_path, server, ["store_sales"])


def test_deleted_lines_are_told_once_and_land_again_when_they_are_back(server: Server, tmp_path: Path):
    run(tmp_path, ["web_sales"])
    sql(server, "create table aside as select * from web_sales where ws_order_number = 3")
    gone = sql(
        server, "delete from web_sales where ws_order_number = 3 returning ws_order_number, ws_item_sk, ws_sold_date_sk"
    )
    result = run(tmp_path, ["web_sales"])
    assert result.tables["web_sales"].deleted == len(gone) > 1
    assert f"{len(gone):,} lines that landed are no longer in the database" in result.warnings[0]
    name = re.search(r"_extract/\S+\.csv", result.warnings[0])[0]
    listed = (tmp_path / name).read_text().splitlines()
    assert listed == ["ws_order_number,ws_item_sk,ws_sold_date_sk", *(",".join(map(str, row)) for row in sorted(gone))]
    again = run(tmp_path, ["web_sales"])
    assert (again.warnings, again.tables["web_sales"].deleted) == ([], 0)
    sql(server, "insert into web_sales select * from aside")
    assert run(tmp_path, ["web_sales"]).tables["web_sales"].new == len(gone)
    # the whole again, whatever has landed, tells of deleted lines, too
    sql(server, "delete from web_sales where ws_order_number = 4")
    told = run(tmp_path, ["web_sales"], full=True).tables["web_sales"]
    assert told.deleted > 0 and told.new == sql(server, "select count(*) from web_sales")[0][0]


# -- tables that show a state -----------------------------------------------------------------------------------------


def test_a_state_lands_when_it_changed_once_a_date_and_never_empty(server: Server, tmp_path: Path):
    def step(day: int, **options) -> extract.Result:
        return run(tmp_path, ["customer", "reason"], date(2004, 1, day), **options)

    step(1)
    assert [each.landed for each in step(2).tables.values()] == [None, None]
    # written again, in another order: nothing has changed
    sql(server, "create table again as select * from customer order by c_customer_sk desc", "truncate customer")
    sql(server, "insert into customer select * from again")
    assert step(2).tables["customer"].landed is None
    sql(server, "update customer set c_first_name = 'Zoe' where c_customer_sk = 5")
    assert step(1).warnings[0].startswith("customer: has changed since its extract of 2004-01-01")
    third = step(3)
    assert third.tables["customer"].landed.name == "ops/customer/dt=2004-01-03/customer-000002.parquet"
    assert third.tables["reason"].landed is None
    sql(server, "truncate customer")
    empty = step(4)
    assert empty.exit_code == 1 and "customer: is empty, and had 1,000 rows" in empty.problems[0]
    assert len(files(tmp_path, "customer")) == 2
    assert step(4, full=True).tables["customer"].landed.rows == 0


# -- what has changed in the database ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("alter table customer alter c_birth_year type numeric(6, 1)", "column c_birth_year was bigint, is numeric(6,1) now"),
        ("alter table customer rename c_login to login", "column c_login (character varying) is gone and login is new in its place"),
        ("alter table customer drop c_login", "column c_login (character varying) is gone"),
        ("alter table customer add loyalty text", "column loyalty (text) is new"),
        ("drop table customer", "there is no such table in the database"),
        ("revoke select on customer from clerk", "the database's user may not read it; grant select on public.customer"),
    ],
)  # fmt: skip
def test_a_changed_table_is_stopped_alone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, text: str
):
    if not sql(server, "select 1 from pg_roles where rolname = 'clerk'"):
        sql(server, "create role clerk login")
    sql(server, "grant select on all tables in schema public to clerk")
    monkeypatch.setenv("PGUSER", "clerk")
    run(tmp_path)
    sql(server, change, "update reason set r_reason_desc = 'another'", NEW_LINE.format("null", 900001))
    result = run(tmp_path, day=date(2004, 1, 1))
    assert result.exit_code == 1 and len(result.problems) == 1
    assert result.problems[0].startswith(f"customer: {text}") and "\n" not in result.problems[0]
    assert {name for name, told in result.tables.items() if told.landed} == {"store_sales", "reason"}
    assert len(files(tmp_path, "customer")) == 1
    if "--accept-schema customer" in result.problems[0]:
        accepted = run(tmp_path, day=date(2004, 1, 2), accepted=frozenset({"customer"}))
        is_whole = "loyalty" in change or "numeric" in change
        assert accepted.exit_code == int(not is_whole)
        if is_whole:
            assert run(tmp_path, day=date(2004, 1, 3)).problems == []
        else:
            assert "has no column c_login, which bronze.ops__customer expects" in accepted.problems[0]


def test_a_value_that_bronze_cannot_hold_stops_its_table_and_the_others_are_still_of_one_moment(
    server: Server, tmp_path: Path
):
    sql(server, "alter table store_returns alter sr_fee type numeric(9, 4)", "update store_returns set sr_fee = 1.2345")
    result = run(tmp_path)
    assert result.exit_code == 1 and len(result.problems) == 1
    assert re.match(
        r"store_returns: cannot be extracted: .*column sr_fee \(DECIMAL\(9,4\)\) holds 1\.2345", result.problems[0]
    )
    assert sorted(name for name, told in result.tables.items() if told.landed) == ["customer", "reason", "store_sales"]
    assert files(tmp_path, "store_returns") == []


# -- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["server stopped", "session ended"])
def test_a_database_that_goes_away_is_told_in_one_line_and_the_next_run_lands_all(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
):
    run(tmp_path)
    sql(server, NEW_LINE.format(2_452_000, 900001), "update reason set r_reason_desc = 'another'")
    before, original = files(tmp_path), extract._scan

    def scan(connection: duckdb.DuckDBPyConnection, zone: object, scan: extract.Scan, options: object) -> extract.Scan:
        if scan.feed.name == "store_returns":
            if how == "server stopped":
                server.stop()
            else:
                sql(server, "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
        return original(connection, zone, scan, options)

    with monkeypatch.context() as patch:
        patch.setattr(extract, "_scan", scan)
        try:
            with pytest.raises(UserError) as error:
                run(tmp_path, day=date(2004, 1, 1))
        finally:
            if how == "server stopped":
                server.start()
    text = str(error.value)
    assert text.startswith("PostgreSQL was lost while store_returns was read: ") and "\n" not in text
    assert text.endswith("nothing of this run has landed, run it again")
    assert files(tmp_path) == before
    again = run(tmp_path, day=date(2004, 1, 1))
    assert {name for name, told in again.tables.items() if told.landed} == {"store_sales", "reason"}
    assert_nothing_lost_or_doubled(tmp_path, server)


# Ends itself, as the power does, just before the n-th of the calls that change something on the disk.
KILLED = """
import os, pickle, signal, sys
from datetime import date
from retail import extract, landing_zone, pipes

left = int(sys.argv[2])

def counted(call):
    def instead(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **options)
    return instead

with open(sys.argv[3], "rb") as stream:
    definitions = pickle.load(stream)
pipes.read_definitions = lambda folder: definitions
for name in ("link", "replace", "fsync", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
names = ["catalog_returns", "customer", "web_returns"]
extract.extract(landing_zone.of(sys.argv[1]), names, extract.Options(day=date(2004, 1, 1)))
"""


def test_killed_before_any_change_of_the_disk_nothing_is_lost_and_nothing_doubled(server: Server, tmp_path: Path):
    names, landing = ["catalog_returns", "customer", "web_returns"], tmp_path / "landing"
    (tmp_path / "pipes").write_bytes(pickle.dumps(DEFINITIONS))
    [(last,)] = sql(server, "select max(cr_returned_date_sk) from catalog_returns")
    run(landing, names)

    def changes(number: int) -> None:
        """A corrected line, a changed customer, two new lines, and one of those of before is deleted."""
        sql(
            server,
            f"update catalog_returns set cr_return_quantity = {1000 + number} where cr_returned_date_sk = {last}",
            f"update customer set c_first_name = 'N{number}' where c_customer_sk = 5",
            *(
                f"insert into {table} ({prefix}_item_sk, {prefix}_order_number) values (1, {900_000 + number})"
                for table, prefix in (("catalog_returns", "cr"), ("web_returns", "wr"))
            ),
            f"delete from web_returns where wr_order_number = {900_000 + number - 3}",
        )

    killed = 0
    for number in range(200):
        changes(2 * number)
        arguments = [sys.executable, "-c", KILLED, str(landing), str(number), str(tmp_path / "pipes")]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        if done.returncode == 0:
            break
        killed += 1
        # between the two, the shop goes on selling
        changes(2 * number + 1)
        assert run(landing, names, date(2004, 1, 1)).exit_code == 0
        for table in ("catalog_returns", "web_returns"):
            rows = landed(landing, table)
            assert len(rows) == len(set(rows)), (number, table)
            # what was deleted stays, and what is in the database is there as it is
            kept, now = by_key(newest(landing, table), table), rows_there(server, table)
            assert [kept.get(key) for key in by_key(now, table)] == now, (number, table)
        left = [path.name for path in landing.rglob("*")]
        assert not [name for name in left if name.endswith((".tmp", ".pending.json")) or name == "scratch"], number
        assert len([name for name in left if name.startswith("keys-")]) == 2, number
    assert killed > 20
    # the state of customers has one extract a date; the next date has them as they are
    run(landing, names, date(2004, 1, 2))
    assert newest(landing, "customer") == rows_there(server, "customer")


def by_key(rows: list[tuple], table: str) -> dict[tuple, tuple]:
    names = [column.name for column in columns_of(table)]
    places = [names.index(column) for column in LOGS[table].key]
    return {tuple(row[place] for place in places): row for row in rows}


def test_a_full_disk_is_told_in_one_line_and_leaves_no_half_file(server: Server, tmp_path: Path):
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = command(tmp_path, "--tables", ",".join(SOME), "--date", "2004-01-01", preexec_fn=small)
    assert done.returncode == 1 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and "File too large" in done.stderr and "Make room" in done.stderr
    assert files(tmp_path) == [] and not list(tmp_path.rglob("*.tmp"))
    assert run(tmp_path).exit_code == 0
    assert_nothing_lost_or_doubled(tmp_path, server)


def test_a_second_extract_at_once_is_refused(server: Server, tmp_path: Path):
    with landing_zone.of(tmp_path).locked("_extract/lock", "retail extract"), pytest.raises(UserError) as error:
        run(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: another retail extract is at work there (process {os.getpid()}); run it again when that has ended"
    )


def test_clocks_decide_nothing_and_an_older_date_is_refused(server: Server, tmp_path: Path):
    run(tmp_path, ["store_sales", "reason"], date(2004, 1, 5))
    for number, path in enumerate(path for path in tmp_path.rglob("*") if path.is_file()):
        # written by machines whose clocks are decades apart
        os.utime(path, (0, 0) if number % 2 else (2**32, 2**32))
    sql(server, NEW_LINE.format(2_452_000, 900001))
    older = run(tmp_path, ["store_sales", "reason"], date(2004, 1, 4))
    assert len(older.problems) == 2 and not any(told.landed for told in older.tables.values())
    assert older.problems[0].startswith(
        "store_sales: --date 2004-01-04 is before 2004-01-05, the date of what landed last"
    )
    result = run(tmp_path, ["store_sales", "reason"], date(2004, 1, 5))
    assert (result.tables["store_sales"].new, result.tables["reason"].landed) == (1, None)
    for state in (tmp_path / "_extract").glob("*.json"):
        times = [value for value in json.loads(state.read_text()).values() if isinstance(value, str) and ":" in value]
        assert times == []


def test_a_lost_or_damaged_state_is_told_and_nothing_is_overwritten(server: Server, tmp_path: Path):
    run(tmp_path, ["reason", "web_returns"])
    kept = next((tmp_path / "_extract" / "web_returns").glob("keys-*"))
    aside = kept.rename(tmp_path / "aside")
    assert "is missing beside the data" in run(tmp_path, ["reason", "web_returns"]).problems[0]
    aside.rename(kept)
    (tmp_path / "_extract" / "reason.json").write_text("{")
    with pytest.raises(UserError, match=r"reason\.json: is not what an extract wrote"):
        run(tmp_path, ["reason"])
    (tmp_path / "_extract" / "reason.json").unlink()
    run(tmp_path, ["reason"])
    assert files(tmp_path, "reason") == [f"ops/reason/dt=2003-12-31/reason-00000{number}.parquet" for number in (1, 2)]


# -- into a bucket ----------------------------------------------------------------------------------------------------


def test_an_extract_into_a_bucket_is_the_same_and_goes_on_after_a_kill(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    names = ["web_returns", "reason"]
    with bucket_server.started() as bucket:
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)

        def extracted(day: date) -> extract.Result:
            # another object each time, as another process has
            zone = landing_zone.of(f"s3://{bucket_server.BUCKET}/zone")
            return extract.extract(zone, names, extract.Options(day=day))

        extracted(DAY)
        assert [told.landed for told in extracted(DAY).tables.values()] == [None, None]
        sql(server, "insert into web_returns (wr_item_sk, wr_order_number) values (1, 900001)")
        sql(server, "delete from web_returns where wr_order_number = (select min(wr_order_number) from web_returns)")
        original = landing_zone.Bucket.write

        def killed(self: landing_zone.Bucket, name: str, data: bytes) -> None:
            if name == "_extract/web_returns.json":
                raise SystemExit
            original(self, name, data)

        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(landing_zone.Bucket, "write", killed)
            extracted(date(2004, 1, 1))
        result = extracted(date(2004, 1, 1))
        assert [told.landed for told in result.tables.values()] == [None, None]
        landed_keys = [key for key in bucket.listed() if key.startswith("zone/ops/")]
        assert landed_keys == [
            "zone/ops/reason/dt=2003-12-31/reason-000001.parquet",
            "zone/ops/web_returns/dt=2003-12-31/web_returns-000001.parquet",
            "zone/ops/web_returns/dt=2004-01-01/web_returns-000002.parquet",
        ]
        assert not [key for key in bucket.listed() if "pending" in key]
        load.load(landing_zone.of(f"s3://{bucket_server.BUCKET}/zone"), tmp_path / "retail.duckdb")
        bucket.client.delete_objects(
            Bucket=bucket_server.BUCKET, Delete={"Objects": [{"Key": key} for key in bucket.listed()]}
        )
        bucket.client.delete_bucket(Bucket=bucket_server.BUCKET)
        with pytest.raises(UserError, match=f"^s3://{bucket_server.BUCKET}: there is no such bucket$"):
            extracted(date(2004, 1, 1))
    with duckdb.connect(str(tmp_path / "retail.duckdb"), read_only=True) as connection:
        there = connection.execute("select wr_order_number, wr_item_sk from bronze.ops__web_returns").fetchall()
    current = sql(server, "select wr_order_number, wr_item_sk from web_returns")
    assert len(there) == len(set(there)) and set(current) < set(there)
