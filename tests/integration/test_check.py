"""`retail check`: what it says of damaged and drifting files is what the loader then does; the accounting it prints is the warehouse's."""

import gzip
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from landing_zone import INVENTORY, Zone

from conftest import Warehouse
from retail import accounting, check, drift, load_history, pipes
from retail.drift import ERROR, NOTE, WARNING, Examined, Finding

LINE = "2002-01-03,1,1,5\n"
PLACE = "inventory/inventory/dt=2002-01-03/"


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone(tmp_path)


def examined(zone: Zone, *, full: bool = False) -> Examined:
    """What the check finds, by the zone's own scripts."""
    defined = pipes.read_definitions(zone.scripts).pipes
    history: dict[tuple[str, str], load_history.Entry] = {}
    if zone.database.exists():
        with duckdb.connect(str(zone.database), read_only=True) as connection:
            history = load_history.latest(connection)
    return drift.examine(zone.landing, defined, defined, history, full=full)


def only(found: Examined) -> Finding:
    """The one finding there is."""
    (finding,) = found.findings
    return finding


def text(lines: int, bad: str, after: int) -> str:
    """An inventory file with one bad line after so many good ones."""
    return INVENTORY + LINE * after + bad + LINE * (lines - after)


# severity, words of the finding, and what the loader then makes of the file
SITUATIONS = {
    "whole": (INVENTORY + LINE, None, "", "loaded"),
    "other_order_and_case": ("INV_WAREHOUSE_SK,inv_date,inv_quantity_on_hand,INV_ITEM_SK\n1,2002-01-03,5,1\n", None, "", "loaded"),
    "windows_ends": ((INVENTORY + LINE).replace("\n", "\r\n"), None, "", "loaded"),
    "mark": ("\ufeff" + INVENTORY + LINE, NOTE, "byte-order mark", "loaded"),
    "header_alone": (INVENTORY, NOTE, "no records", "loaded"),
    "new": (INVENTORY.replace("\n", ",colour\n") + "2002-01-03,1,1,5,red\n", ERROR, "new: colour", "loaded"),
    "missing": ("inv_date,inv_item_sk,inv_warehouse_sk\n2002-01-03,1,1\n", ERROR, "missing: inv_quantity_on_hand", "loaded"),
    "renamed": (
        INVENTORY.replace("inv_quantity_on_hand", "quantity_on_hand") + LINE,
        ERROR,
        "column inv_quantity_on_hand is missing and quantity_on_hand is new: perhaps renamed",
        "loaded",
    ),
    "renamed_in_place": (INVENTORY.replace("inv_warehouse_sk", "depot") + LINE, ERROR, "inv_warehouse_sk is missing and depot is new: perhaps", "loaded"),
    "quote_in_header": (
        INVENTORY.replace("warehouse", 'ware"house') + '2002-01-03,1,"1",5\n',
        ERROR,
        'column inv_warehouse_sk is missing and inv_ware"house_sk is new: perhaps renamed',
        "loaded",
    ),
    "twice": (INVENTORY.replace("inv_item_sk", "inv_date") + LINE, ERROR, "line 1: the header names the column inv_date twice", "load_failed"),
    "ragged": (text(9, "2002-01-03,1\n", 3), ERROR, "1 of 10 records: another number of fields than the header's 4: line 5", "partially_loaded"),
    "ragged_long": (text(9, "2002-01-03,1,1,5,6\n" * 7, 3), ERROR, "7 of 16 records: another number of fields than the header's 4: lines 5, 6, 7, 8, 9, …", "partially_loaded"),
    # added up over the file, the delimiters are right
    "even_on_the_whole": (INVENTORY + "2002-01-03,1,1,5,\n2002-01-03,1,1\n" + LINE, ERROR, "2 of 3 records: another number of fields than the header's 4: lines 2, 3", "partially_loaded"),
    "even_but_for_the_end": (INVENTORY + LINE + "2002-01-03,1,1,5,\n2002-01-03,1,1", ERROR, "2 of 3 records: another number of fields than the header's 4: lines 3, 4", "partially_loaded"),
    "all_ragged": (INVENTORY + "2002-01-03,1\n", ERROR, "1 of 1 records", "load_failed"),
    "after_quote": (text(9, '"2002-01-03"x,1,1,5\n', 0), ERROR, "text follows a closing quote: line 2", "partially_loaded"),
    "open_quote": (text(9, '2002-01-03,1,1,"5\n', 9), ERROR, "a quote is not closed: line 11", "partially_loaded"),
    "windows_1252": (text(3, "2002-01-03,Köln,1,5\n", 2).encode("cp1252"), ERROR, "1 of 4 records: not UTF-8: line 4", "partially_loaded"),
    "utf_16": ((INVENTORY + LINE).encode("utf-16"), ERROR, "UTF-16", "load_failed"),
    "utf_16_unmarked": ((INVENTORY + LINE).encode("utf-16-le"), ERROR, "null bytes", "load_failed"),
    "semicolons": ((INVENTORY + LINE).replace(",", ";"), ERROR, "separated by semicolons", "load_failed"),
    "marked_semicolons": ("\ufeff" + (INVENTORY + LINE).replace(",", ";"), ERROR, "separated by semicolons", "load_failed"),
    "tabs": ((INVENTORY + LINE).replace(",", "\t"), ERROR, "separated by tabs", "load_failed"),
    "no_header": (LINE * 3, ERROR, "is the header missing?", "load_failed"),
    "empty": ("", ERROR, "the file is empty", "load_failed"),
    "not_gzip.gz": (b"no gzip", ERROR, "gzip", "load_failed"),
    "cut.gz": (gzip.compress((INVENTORY + LINE).encode())[:-9], ERROR, "cut off", "load_failed"),
    "packed": (gzip.compress((INVENTORY + LINE).encode()), ERROR, "does not end in .gz", "load_failed"),
}  # fmt: skip


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_said_of_a_csv_file_is_what_the_loader_does(zone: Zone, name: str) -> None:
    data, severity, words, status = SITUATIONS[name]
    file = f"{PLACE}{name.removesuffix('.gz')}.csv{'.gz' if name.endswith('.gz') else ''}"
    path = zone.landing / file
    path.parent.mkdir(parents=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    findings = [finding for finding in examined(zone).findings if finding.severity != NOTE or severity == NOTE]
    if severity is None:
        assert findings == []
    else:
        assert [(finding.severity, finding.files) for finding in findings] == [(severity, (file,))]
        finding = findings[0]
        assert words in finding.what
        assert finding.on_duckdb and finding.on_snowflake and finding.do
        said = (
            "load_failed"
            if "refused" in finding.on_duckdb
            else "partially_loaded"
            if "the rest loads" in finding.on_duckdb
            else "loaded"
        )
        assert said == status
    assert check.exit_code(findings) == int(severity == ERROR)
    assert not zone.database.exists()

    zone.load()
    assert zone.query("select status from audit.load_history") == [(status,)]


def test_a_lost_column_is_not_taken_for_another_that_is_new(zone: Zone) -> None:
    zone.put(f"{PLACE}a.csv", "inv_date,inv_item_sk,inv_warehouse_sk,colour,weight\n2002-01-03,1,1,red,5\n")
    assert {finding.what for finding in examined(zone).findings} == {
        "missing: inv_quantity_on_hand",
        "new: colour, weight",
    }


def test_files_with_the_same_fault_are_one_finding(zone: Zone) -> None:
    for number in range(5):
        zone.put(f"{PLACE}{number}.csv", INVENTORY.replace(",", ";"))
    assert only(examined(zone)).files == tuple(f"{PLACE}{number}.csv" for number in range(5))


@pytest.mark.parametrize(
    ("columns", "severity", "words", "with_full", "status"),
    [
        ("1::integer as r_reason_sk, 'A' as r_reason_id, 'x' as r_reason_desc", None, "", None, "loaded"),
        ("1.0::double as r_reason_sk, 'A' as r_reason_id, 'x' as r_reason_desc", WARNING, "r_reason_sk is DOUBLE", WARNING, "loaded"),
        ("1.5::double as r_reason_sk, 'A' as r_reason_id, 'x' as r_reason_desc", WARNING, "r_reason_sk is DOUBLE", ERROR, "load_failed"),
        ("'x' as r_reason_sk, 'A' as r_reason_id, 'x' as r_reason_desc", WARNING, "r_reason_sk is VARCHAR", ERROR, "load_failed"),
        ("1 as r_reason_sk, [1] as r_reason_id, 'x' as r_reason_desc", ERROR, "r_reason_id is INTEGER[], the table's is VARCHAR: it does not cast", ERROR, "load_failed"),
        ("1 as r_reason_sk, 'A' as r_reason_id", ERROR, "missing: r_reason_desc", ERROR, "loaded"),
        ("1 as r_reason_sk, 'A' as r_reason_id, 'x' as reason_description", ERROR, "perhaps renamed", ERROR, "loaded"),
        ("1 as colour", ERROR, "has no column of bronze.ops__reason", ERROR, "load_failed"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_parquet_file_is_what_the_loader_does(
    zone: Zone, columns: str, severity: str | None, words: str, with_full: str | None, status: str
) -> None:
    zone.put_reasons("dt=1998-01-01/a.parquet", f"select {columns}")
    for full, expected in ((False, severity), (True, with_full)):
        found = examined(zone, full=full).findings
        assert [finding.severity for finding in found] == ([expected] if expected else [])
        assert all(words in finding.what for finding in found)
    zone.load()
    assert zone.query("select status from audit.load_history") == [(status,)]


def test_a_damaged_parquet_file_does_not_hide_the_others(zone: Zone) -> None:
    zone.put_reasons("dt=1998-01-01/a.parquet", "select 1 as r_reason_sk")
    zone.put("ops/reason/dt=1998-01-01/b.parquet", b"PAR1 and no more")
    zone.put("ops/reason/dt=1998-01-01/c.parquet", b"")
    found = {finding.files: finding.what for finding in examined(zone).findings}
    assert found[("ops/reason/dt=1998-01-01/a.parquet",)].startswith("missing: ")
    assert "not a whole Parquet file" in found[("ops/reason/dt=1998-01-01/b.parquet",)]
    assert "empty" in found[("ops/reason/dt=1998-01-01/c.parquet",)]


@pytest.mark.parametrize("name", ["large.csv", "large.csv.gz"])
def test_of_a_large_file_the_end_is_read_only_if_asked(zone: Zone, name: str) -> None:
    # 40 bytes a record: the last line end of the first MiB stands inside quotes
    lines = "".join('2002-01-03,1,1,"' + "\n" * 21 + '5"\n' for _ in range(40_000))
    path = zone.put(f"{PLACE}{name}", INVENTORY + lines + "2002-01-03,1\n")
    if name.endswith(".gz"):
        # pad the archive itself, or it would count as a small file
        path.write_bytes(gzip.compress(b"", mtime=0) + path.read_bytes())
        path.write_bytes(path.read_bytes() + b"".join(gzip.compress(b"", mtime=0) for _ in range(60_000)))
        assert path.stat().st_size > drift.HEAD
    quick, full = examined(zone), examined(zone, full=True)
    assert (quick.beginnings, quick.findings) == (1, [])
    assert full.beginnings == 0
    assert "1 of 40,001 records" in only(full).what
    assert only(full).what.endswith("line 880002")


def test_files_in_wrong_places(zone: Zone) -> None:
    zone.put("inventory/inventry/dt=2002-01-03/a.csv", INVENTORY)
    zone.put("notes/read me.txt", "x")
    for place in ("", "dt=20020103/", "dt=2002-02-30/", "dt=2002-1-3/"):
        zone.put(f"inventory/inventory/{place}a.csv", INVENTORY + LINE)
    found = examined(zone).findings
    assert [(finding.severity, finding.what, len(finding.files)) for finding in found] == [
        (ERROR, "the path has no dt=YYYY-MM-DD", 4),
        (WARNING, "1 file in a folder that no pipe reads", 1),
        (WARNING, "1 file in a folder that no pipe reads", 1),
    ]
    assert {finding.files[0]: finding.do for finding in found[1:]}[
        "inventory/inventry"
    ] == "move to inventory/inventory/ if that is meant"


def test_files_that_were_loaded_are_not_looked_at_again(zone: Zone) -> None:
    zone.put_count("dt=2002-01-03/good.csv", LINE.strip())
    zone.put_count("dt=2002-01-03/changes.csv", LINE.strip())
    zone.put(f"{PLACE}bad.csv", (INVENTORY + LINE).replace(",", ";"))
    zone.load()
    zone.put(f"{PLACE}changes.csv", INVENTORY + LINE * 2)
    found = examined(zone)
    assert (found.files, found.loaded) == (0, 2)
    assert {finding.files: re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "…", finding.what) for finding in found.findings} == {
        (
            f"{PLACE}bad.csv",
        ): "could not be loaded on … UTC and is unchanged since: line 1: the first line names no column of the table "
        "(inv_date;inv_item_sk;inv_warehouse_sk;inv_quantity_on_hand); is the header missing?",
        (f"{PLACE}changes.csv",): "has other content than when it was loaded (… UTC)",
    }
    # one that was replaced is looked at
    zone.put(f"{PLACE}bad.csv", INVENTORY + LINE)
    assert (examined(zone).files, len(examined(zone).findings)) == (1, 1)


# -- the accounting ---------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """A copy of the warehouse that a test may write to."""
    database = tmp_path / "retail.duckdb"
    shutil.copy(warehouse.database, database)
    return Warehouse(warehouse.landing, database, warehouse.target)


def change(copy: Warehouse, statement: str) -> list[Finding]:
    """What the accounting's check says after a change of the database."""
    with duckdb.connect(str(copy.database)) as connection:
        connection.execute(statement)
    accounted = check.read_accounting(copy.database, [])
    assert accounted
    return check.accounting_findings(accounted)


def test_the_accounting_is_printed_and_all_is_well(warehouse: Warehouse) -> None:
    done = warehouse.run("retail", "check")
    assert "0 files have landed and are not loaded yet." in done.stdout
    printed = {}
    for line in done.stdout.splitlines():
        cells = line.split()
        if re.fullmatch(r"\w+\.\w+", cells[0] if cells else "") and cells[-1].endswith("%"):
            printed[cells[0]] = [int(cell.replace(",", "")) for cell in cells[1:-1]]
    with warehouse.connect() as connection:
        bronze = {
            f"{table.partition('__')[0]}.{table.partition('__')[2]}": connection.execute(
                f"select count(*) from bronze.{table}"
            ).fetchone()[0]
            for (table,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'bronze'"
            ).fetchall()
        }
        rejected = connection.execute(
            "select count(*) from audit.audit_rejected_rows where stage = 'staging'"
        ).fetchone()[0]
    assert {feed: cells[2] for feed, cells in printed.items()} == bronze
    for _, failed, landed, at_load, in_staging, repeats, superseded, accepted, unexplained in printed.values():
        assert landed == at_load + in_staging + repeats + superseded + accepted + unexplained
        assert failed == unexplained == 0
    assert sum(cells[4] for cells in printed.values()) == rejected > 0
    assert "no date: neither date nor year and month can be read" in done.stdout


def test_only_the_feeds_asked_for(warehouse: Warehouse) -> None:
    done = warehouse.run("retail", "check", "inventory")
    assert "inventory.inventory" in done.stdout
    assert "ops." not in done.stdout
    done = warehouse.run("retail", "check", "nothing.known", check=False)
    assert done.returncode == 1
    assert "no pipe loads the feed nothing.known" in done.stderr and "Traceback" not in done.stderr


def test_unexplained_rows_are_an_error(copy: Warehouse) -> None:
    found = change(copy, "update audit.audit_row_accounting set unexplained_rows = 3 where feed_name = 'item'")
    assert [(finding.severity, finding.what) for finding in found] == [
        (ERROR, "ops.item: 3 rows are unexplained in 1 file")
    ]
    assert copy.run("retail", "check", check=False).returncode == 1


@pytest.mark.parametrize(("share", "severity"), [(0.004, None), (0.006, WARNING), (0.06, ERROR)])
def test_many_rejected_rows_warn_and_then_fail(copy: Warehouse, share: float, severity: str | None) -> None:
    found = change(
        copy,
        f"update audit.audit_row_accounting set rejected_in_staging_rows = floor(landed_rows * {share}), "
        f"accepted_rows = landed_rows - floor(landed_rows * {share}) where feed_name = 'inventory'",
    )
    assert [(finding.severity, finding.feed) for finding in found] == (
        [(severity, "inventory.inventory")] if severity else []
    )


def test_files_loaded_since_the_build_are_said(copy: Warehouse) -> None:
    found = change(copy, "delete from audit.audit_row_accounting where feed_name in ('item', 'reason')")
    assert [(finding.severity, finding.what) for finding in found] == [
        (WARNING, "2 files were loaded since the accounting was built")
    ]


def test_without_a_warehouse_the_landing_zone_is_checked_alone(warehouse: Warehouse, tmp_path: Path) -> None:
    done = warehouse.run("retail", "check", env={"RETAIL_DATABASE": str(tmp_path / "none.duckdb")})
    assert "nothing to remark" in done.stdout
    assert "no row accounting yet" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_warehouse_that_is_being_written_is_said_in_one_line(copy: Warehouse) -> None:
    with duckdb.connect(str(copy.database)):
        done = copy.run("retail", "check", check=False)
    assert done.returncode == 1
    assert "is writing it; try again" in done.stderr and "Traceback" not in done.stderr


def test_the_accounting_before_the_build_is_none(zone: Zone) -> None:
    zone.put_count("dt=2002-01-03/good.csv", LINE.strip())
    zone.load()
    with duckdb.connect(str(zone.database), read_only=True) as connection:
        assert accounting.read(connection) is None
