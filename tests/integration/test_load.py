"""`retail load` on files as they come: good, damaged, repeated, changed, half written."""

import csv
import gzip
import hashlib
import io
import itertools
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_zone import INVENTORY, Zone, small_scripts, texts
from typer.testing import CliRunner

from retail import cli, copy_files, landed, load
from retail.errors import UserError

COUNT = "2002-01-03,1,1,10"
REASONS = "select 1::bigint as r_reason_sk, 'AAAA' as r_reason_id, 'damaged' as r_reason_desc"
HISTORY = "select file_name, status, row_parsed, row_count, error_count from audit.load_history order by all"


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone(tmp_path)


# -- the plain course of things ---------------------------------------------------------------------------------------


def test_rows_carry_where_they_come_from(zone):
    counts = zone.put_count("dt=2002-01-03/inventory.csv.gz", COUNT, "2002-01-03,2,1,")
    reasons = zone.put_reasons("dt=2002-01-01/reason.parquet", REASONS)
    result = zone.load()

    assert (result.exit_code, texts(result)) == (0, [])
    rows = zone.query("select * exclude (_loaded_at) from bronze.inventory__inventory order by all")
    modified = datetime.fromtimestamp(counts.stat().st_mtime_ns // 1000 / 1e6, UTC).replace(tzinfo=None)
    name, key = "inventory/inventory/dt=2002-01-03/inventory.csv.gz", hashlib.sha256(counts.read_bytes()).hexdigest()
    assert rows == [
        ("2002-01-03", "1", "1", "10", name, 1, key, modified),
        ("2002-01-03", "2", "1", None, name, 2, key, modified),
    ]
    key = hashlib.sha256(reasons.read_bytes()).hexdigest()
    assert zone.query(
        "select r_reason_sk, _file_name, _file_row_number, _file_content_key from bronze.ops__reason"
    ) == [(1, "ops/reason/dt=2002-01-01/reason.parquet", 1, key)]
    assert zone.query(HISTORY) == [
        (name, "loaded", 2, 2, 0),
        ("ops/reason/dt=2002-01-01/reason.parquet", "loaded", 1, 1, 0),
    ]


def test_every_table_is_made_though_nothing_has_landed(zone):
    assert zone.load().exit_code == 0
    made = zone.query("select schema_name || '.' || table_name from duckdb_tables() order by 1")
    assert [name for (name,) in made] == [
        "audit.load_history",
        "audit.load_rejects",
        "bronze.inventory__inventory",
        "bronze.ops__reason",
        "bronze.ops__ship_mode",
    ]


def test_a_second_run_loads_nothing(zone):
    zone.put_count("a.csv", COUNT)
    zone.put_reasons("a.parquet", REASONS)
    zone.load()
    before = zone.bronze()
    result = zone.load()
    assert (result.exit_code, sum(feed.files for feed in result.feeds.values())) == (0, 0)
    assert zone.bronze() == before
    zone.put_count("b.csv", COUNT)
    assert zone.load().feeds["inventory.inventory"].files == 1
    assert len(zone.counts()) == 2


def test_a_dry_run_makes_nothing(zone):
    zone.put_count("a.csv", COUNT)
    assert zone.load(dry_run=True).feeds["inventory.inventory"].planned == 1
    assert not zone.database.parent.exists()
    zone.load()
    zone.put_count("b.csv", COUNT)
    assert zone.load(dry_run=True).feeds["inventory.inventory"].planned == 1
    assert len(zone.counts()) == 1


def test_one_feed_or_source_alone(zone):
    zone.put_count("a.csv", COUNT)
    zone.put_reasons("a.parquet", REASONS)
    zone.load(feeds=["ops"])
    assert zone.query(HISTORY) == [("ops/reason/a.parquet", "loaded", 1, 1, 0)]
    zone.load(feeds=["inventory.inventory"])
    assert len(zone.query(HISTORY)) == 2
    with pytest.raises(
        UserError, match=r"no pipe loads the feed ops.nothing; there are: inventory.inventory, ops.reason"
    ):
        zone.load(feeds=["ops.nothing"])


def test_the_order_of_columns_does_not_matter(zone):
    zone.put_count("a.csv", "10,1,1,2002-01-03", header="INV_QUANTITY_ON_HAND,inv_item_sk,inv_warehouse_sk,inv_date\n")
    zone.put_reasons("a.parquet", "select 'x' as R_REASON_DESC, 'AAAA' as r_reason_id, 1::bigint as r_reason_sk")
    assert zone.load().exit_code == 0
    assert zone.counts() == [("2002-01-03", "1", "1", "10")]
    assert zone.query("select r_reason_sk, r_reason_desc from bronze.ops__reason") == [(1, "x")]


def test_missing_columns_are_null_and_extra_ones_ignored_and_both_are_told(zone):
    zone.put_count("a.csv", "2002-01-03,1,x", header="inv_date,inv_item_sk,colour\n")
    zone.put_reasons("a.parquet", "select 1::bigint as r_reason_sk, 'AAAA' as r_reason_id, 2 as more")
    result = zone.load()
    assert result.exit_code == 0
    assert [str(note) for note in result.notes] == [
        (
            "inventory/inventory/a.csv: columns null, for the file lacks them: inv_warehouse_sk, inv_quantity_on_hand; "
            "ignored, for the table lacks them: colour"
        ),
        "ops/reason/a.parquet: columns null, for the file lacks them: r_reason_desc; ignored, for the table lacks them: more",
    ]
    assert zone.counts() == [("2002-01-03", "1", None, None)]
    assert zone.query("select missing_columns, extra_columns from audit.load_history order by file_name") == [
        ("inv_warehouse_sk, inv_quantity_on_hand", "colour"),
        ("r_reason_desc", "more"),
    ]


def test_several_files_of_several_forms_in_one_run(zone):
    zone.put_count("a.csv", COUNT)
    zone.put_count("b.csv.gz", "2002-01-10,1,1,20", "2002-01-10,2,1,21")
    zone.put_count("c.csv", "7,2002-01-17", header="inv_item_sk,inv_date\n")
    zone.put_count("d.csv", '2002-01-24,1,1,"3\n0"')
    zone.put(
        "inventory/inventory/e.csv", INVENTORY.replace("\n", "\r\n") + "2002-01-31,1,1,40\r\n2002-01-31,2,1,41\r\n"
    )
    zone.put("inventory/inventory/f.csv", "\ufeff" + INVENTORY + "2002-02-07,1,1,50")
    zone.put_count("g.csv")
    assert zone.load().exit_code == 0
    assert zone.query("select _file_name[-5:], _file_row_number, inv_date, inv_quantity_on_hand from "
                      "bronze.inventory__inventory order by all") == [
        ("a.csv", 1, "2002-01-03", "10"),
        ("c.csv", 1, "2002-01-17", None),
        ("d.csv", 1, "2002-01-24", "3\n0"),
        ("e.csv", 1, "2002-01-31", "40"),
        ("e.csv", 2, "2002-01-31", "41"),
        ("f.csv", 1, "2002-02-07", "50"),
        ("sv.gz", 1, "2002-01-10", "20"),
        ("sv.gz", 2, "2002-01-10", "21"),
    ]  # fmt: skip
    assert ("inventory/inventory/g.csv", "loaded", 0, 0, 0) in zone.query(HISTORY)


def test_parquet_values_are_kept_or_the_file_fails(zone):
    zone.put_reasons("int.parquet", "select 1::tinyint as r_reason_sk, 7 as r_reason_id")
    zone.put_reasons("whole.parquet", "select unnest([2.0, null])::double as r_reason_sk")
    zone.put_reasons("part.parquet", "select 1.5::double as r_reason_sk")
    zone.put_reasons("text.parquet", "select unnest(['3', 'x']) as r_reason_sk")
    zone.put_reasons("blob.parquet", "select 'x'::blob as r_reason_id")
    zone.put_reasons("list.parquet", "select [1] as r_reason_sk")
    zone.put_reasons("null.parquet", r"select 4::bigint as r_reason_sk, '\N' as r_reason_id")
    result = zone.load()
    assert result.exit_code == 1
    assert texts(result) == [
        "ops/reason/blob.parquet: not loaded: column r_reason_id is BLOB, which does not cast to the table's VARCHAR",
        "ops/reason/list.parquet: not loaded: column r_reason_sk is INTEGER[], which does not cast to the table's BIGINT",
        "ops/reason/part.parquet: not loaded: column r_reason_sk (DOUBLE) holds 1.5, which is no BIGINT",
        "ops/reason/text.parquet: not loaded: column r_reason_sk (VARCHAR) holds x, which is no BIGINT",
    ]
    assert zone.query("select r_reason_sk, r_reason_id from bronze.ops__reason order by all") == [
        (1, "7"), (2, None), (4, None), (None, None),
    ]  # fmt: skip


def test_many_files_of_which_one_is_damaged_inside(zone):
    for number in range(9):
        zone.put_reasons(f"{number}.parquet", f"select {number}::varchar as r_reason_sk")
    zone.put_reasons("5.parquet", "select 'x' as r_reason_sk")
    result = zone.load()
    assert len(texts(result)) == 1 and texts(result)[0].startswith("ops/reason/5.parquet: not loaded")
    loaded = zone.query("select r_reason_sk, _file_name, _file_row_number from bronze.ops__reason order by 1")
    assert loaded == [(number, f"ops/reason/{number}.parquet", 1) for number in range(9) if number != 5]


def test_large_parquet_files_carry_where_they_come_from_too(zone):
    """Above MANY_ROWS rows a file the statement takes another form."""
    rows = copy_files.MANY_ROWS + 1000
    for number in range(3):
        zone.put_reasons(f"{number}.parquet", f"select range + {number * rows} as r_reason_sk from range({rows})")
    zone.load()
    assert zone.query(
        f"select _file_name, count(*), count(*) filter (r_reason_sk % {rows} != _file_row_number - 1), "
        f"min(r_reason_sk // {rows}) from bronze.ops__reason group by all order by all"
    ) == [(f"ops/reason/{number}.parquet", rows, 0, number) for number in range(3)]


def test_values_are_text_as_written(zone):
    """Each in a file of its own, so that one form does not decide how another is read."""
    forms = {
        "empty.csv": '"",,1,x',
        "blank.csv": ' 1 , "2" ,"3"" ",x',
        "null.csv": "\\N,NULL,null,x",
        "backslash.csv": 'C:\\,"\\",#1,x',
        "extra.csv": "1,2,3,4,",
        "end.csv": "1,2,3,",
    }
    for name, line in forms.items():
        zone.put_count(name, line)
    zone.load()
    found = zone.query(
        "select _file_name[21:], inv_date, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand "
        "from bronze.inventory__inventory order by 1"
    )
    assert found == [
        ("backslash.csv", "C:\\", "\\", "#1", "x"),
        ("blank.csv", " 1 ", ' "2" ', '3" ', "x"),
        ("empty.csv", "", None, "1", "x"),
        ("end.csv", "1", "2", "3", None),
        ("null.csv", "\\N", "NULL", "null", "x"),
    ]  # fmt: skip
    assert zone.query("select file_name[21:], status from audit.load_history where status != 'loaded'") == [
        ("extra.csv", "load_failed")
    ]


def test_rows_that_were_counted_and_not_read_fail_the_file(zone, monkeypatch):
    zone.put_reasons("a.parquet", REASONS)
    zone.put_reasons("b.parquet", "select 2::bigint as r_reason_sk")
    footers = copy_files.footers

    def one_more(*arguments):
        for file, (rows, columns) in footers(*arguments):
            yield file, (rows + file.name.endswith("a.parquet"), columns)

    monkeypatch.setattr(copy_files, "footers", one_more)
    result = zone.load()
    assert texts(result) == ["ops/reason/a.parquet: not loaded: holds 2 rows, but 1 were read"]
    assert zone.query("select r_reason_sk from bronze.ops__reason") == [(2,)]


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv", "it's.csv", "é ü.csv", "a%20b.csv"])
def test_names_are_names_and_not_patterns(zone, name):
    zone.put_count("a1.csv", COUNT)
    zone.put_count(name, "2002-01-10,9,9,9")
    assert zone.load().exit_code == 0
    assert zone.query("select inv_item_sk, _file_name from bronze.inventory__inventory order by all") == [
        ("1", "inventory/inventory/a1.csv"),
        ("9", f"inventory/inventory/{name}"),
    ]


def test_what_has_not_landed_yet_or_has_no_pipe(zone):
    for name in (".hidden.csv", "_writing.csv", "a.csv.tmp", "a.csv.part", "_folder/a.csv"):
        zone.put_count(name, COUNT)
    zone.put("inventory/counts/a.csv", "x")
    zone.put("inventory/counts/b.csv", "x")
    result = zone.load()
    assert zone.query(HISTORY) == []
    assert (result.exit_code, texts(result)) == (
        0,
        ["inventory/counts/: 2 files are not loaded: no pipe reads this folder"],
    )


# -- once, ever -------------------------------------------------------------------------------------------------------


def test_a_changed_file_under_its_old_name_is_reported_and_not_loaded(zone):
    zone.put_count("a.csv", COUNT)
    zone.load()
    zone.put_count("a.csv", "2002-01-03,1,1,99")
    for _ in range(2):
        result = zone.load()
        assert result.exit_code == 1
        assert len(texts(result)) == 1
        assert "a.csv: was loaded as" in texts(result)[0] and "land a correction under a new name" in texts(result)[0]
    assert zone.counts() == [tuple(COUNT.split(","))]
    zone.put_count("a_corrected.csv", "2002-01-03,1,1,99")
    zone.load()
    assert len(zone.counts()) == 2


def test_a_file_that_was_only_touched_is_the_same(zone):
    path = zone.put_count("a.csv", COUNT)
    zone.load()
    os.utime(path, (1, 1))
    assert (zone.load().exit_code, texts(zone.load())) == (0, [])


def test_the_same_content_under_a_new_name_is_loaded_with_a_note(zone):
    zone.put_count("a.csv", COUNT)
    zone.put_count("b.csv", COUNT)
    zone.load()
    zone.put_count("c.csv", COUNT)
    result = zone.load()
    assert result.exit_code == 0
    assert [str(note) for note in result.notes] == [
        "inventory/inventory/c.csv: loaded, though it has the same content as inventory/inventory/a.csv"
    ]
    assert zone.query("select note from audit.load_history order by file_name") == [
        (None,), ("same content as inventory/inventory/a.csv",), ("same content as inventory/inventory/a.csv",),
    ]  # fmt: skip
    assert len(zone.counts()) == 3


def test_a_failed_file_is_told_again_and_tried_again_when_it_changed(zone):
    zone.put_count("a.csv", COUNT, header="x,y\n")
    assert zone.load().exit_code == 1
    result = zone.load()
    assert (result.exit_code, len(zone.query(HISTORY))) == (1, 1)
    assert (
        "not loaded, and unchanged since: line 1: the first line names no column of the table (x, y)"
        in texts(result)[0]
    )
    zone.put_count("a.csv", COUNT)
    assert zone.load().exit_code == 0
    assert [row[1] for row in zone.query(HISTORY)] == ["load_failed", "loaded"]
    assert zone.load().exit_code == 0


# -- files at fault ---------------------------------------------------------------------------------------------------

PACKED = gzip.compress(
    b"".join([INVENTORY.encode(), *(b"2002-01-03,%d,1,%d\n" % (item, item * item) for item in range(5000))])
)
PARQUET_NAME = "ops/reason/bad.parquet"


def parquet(tmp_path: Path) -> bytes:
    duckdb.connect().execute(
        f"copy (select range as r_reason_sk from range(100000)) to '{tmp_path}/p' (format parquet)"
    )
    return (tmp_path / "p").read_bytes()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("bad.csv", b"", "the file is empty"),
        ("bad.csv.gz", PACKED[: len(PACKED) // 2], "cut off"),
        ("bad.csv.gz", PACKED[:-8], "cut off"),
        ("bad.csv.gz", INVENTORY.encode(), "not a gzip file"),
        ("bad.csv", PACKED, "does not end in .gz"),
        ("bad.csv", (INVENTORY + COUNT).encode("utf-16"), "UTF-16"),
        ("bad.csv", COUNT.encode() + b"\n", "names no column of the table (2002-01-03, 1, 1, …)"),
        ("bad.csv", b"inv_date,inv_date\n1,2\n", "line 1: the header names the column inv_date twice"),
        ("bad.csv", b"inv_date,inv_item_sk\n1\n2\n", "(2 of 2 records are bad)"),
        (PARQUET_NAME, b"", "the file is empty"),
        (PARQUET_NAME, b"no parquet at all, but long enough to be read", "is not a whole Parquet file"),
        (PARQUET_NAME, b"PAR1", "is not a whole Parquet file"),
        (PARQUET_NAME, lambda whole: whole[: len(whole) // 2], "is not a whole Parquet file"),
        (PARQUET_NAME, lambda whole: whole[:100] + bytes(2000) + whole[2100:], "ops/reason/bad.parquet: not loaded"),
    ],
)
def test_a_damaged_file_is_one_line_and_the_others_load(zone, tmp_path, name, data, message):
    path = zone.landing / (name if "/" in name else f"inventory/inventory/{name}")
    path.parent.mkdir(parents=True)
    path.write_bytes(data(parquet(tmp_path)) if callable(data) else data)
    zone.put_count("good.csv", COUNT)
    zone.put_reasons("good.parquet", REASONS)
    result = zone.load()
    assert result.exit_code == 1
    assert len(texts(result)) == 1 and message in texts(result)[0] and "\n" not in texts(result)[0]
    assert str(path.relative_to(zone.landing)) in texts(result)[0]
    assert len(zone.counts()) == 1
    assert zone.query("select count(*) from bronze.ops__reason") == [(1,)]
    assert zone.query("select count(*) from audit.load_history where status = 'load_failed' and row_count = 0") == [
        (1,)
    ]


BAD = [COUNT, "too,few", "2002-01-03,2,1,20", "one,two,many,fields,", '2002-01-03,3,1,"30"x', "2002-01-03,4,1,40"]


def test_continue_loads_the_good_records_and_keeps_the_others(zone):
    zone.put("inventory/inventory/a.csv", (INVENTORY + "\n".join(BAD) + "\n").encode() + b"2002-01-03,5,\xff,1\n")
    result = zone.load()
    assert result.exit_code == 1
    assert texts(result) == [
        (
            "inventory/inventory/a.csv: 4 of 7 records rejected, see audit.load_rejects; "
            "first: line 3: 2 fields where the header names 4 (column inv_warehouse_sk)"
        )
    ]
    assert zone.query("select inv_item_sk, _file_row_number from bronze.inventory__inventory order by 2") == [
        ("1", 1), ("2", 3), ("4", 6),
    ]  # fmt: skip
    rejects = (
        "select file_row_number, line_number, column_name, error_message, raw_line from audit.load_rejects order by 1"
    )
    assert zone.query(rejects) == [
        (2, 3, "inv_warehouse_sk", "2 fields where the header names 4", "too,few"),
        (4, 5, None, "5 fields where the header names 4", "one,two,many,fields,"),
        (5, 6, "inv_quantity_on_hand", "text follows a closing quote", '2002-01-03,3,1,"30"x'),
        (7, 8, "inv_warehouse_sk", "not UTF-8", "2002-01-03,5,\\xff,1"),
    ]
    assert zone.query(HISTORY) == [("inventory/inventory/a.csv", "partially_loaded", 7, 3, 4)]
    assert zone.load().exit_code == 0


@pytest.mark.parametrize(
    ("on_error", "loads"),
    [
        ("skip_file", False),
        ("skip_file_3", False),
        ("skip_file_4", True),
        ("'skip_file_49%'", False),
        ("'skip_file_50%'", True),
        ("continue", True),
    ],
)
def test_on_error_as_snowflake_defines_it(zone, on_error, loads):
    script = zone.scripts / "V1.4.1__pipes_inventory.sql"
    script.write_text(script.read_text().replace("on_error = continue", f"on_error = {on_error}"))
    zone.put_count("a.csv", *BAD)
    zone.put_count("b.csv", COUNT)
    assert zone.load().exit_code == 1
    assert len(zone.counts()) == (4 if loads else 1)
    status = ("partially_loaded", 6, 3, 3) if loads else ("load_failed", 6, 0, 3)
    assert zone.query(HISTORY)[0][1:] == status
    assert zone.query("select count(*) from audit.load_rejects") == [(3 if loads else 0,)]


def test_a_link_or_pipe_or_unreadable_folder_is_one_line(zone):
    folder = zone.put_count("good.csv", COUNT).parent
    os.mkfifo(folder / "pipe.csv")
    (folder / "linked").symlink_to(folder)
    result = zone.load()
    assert result.exit_code == 1
    assert texts(result) == [
        "inventory/inventory/linked: is a link to a folder, which is not followed",
        "inventory/inventory/pipe.csv: is not a regular file",
    ]
    assert len(zone.counts()) == 1


def test_a_file_still_being_written_is_left_for_the_next_run(zone):
    counts = zone.put_count("a.csv", COUNT)
    reasons = zone.put_reasons("a.parquet", REASONS)
    zone.put_count("b.csv", "2002-01-10,2,1,1")
    with open(counts, "ab"), open(reasons, "r+b"):
        result = zone.load()
        assert (result.exit_code, texts(result)) == (
            0,
            [
                "inventory/inventory/a.csv: still being written, left for the next run",
                "ops/reason/a.parquet: still being written, left for the next run",
            ],
        )
        assert zone.query(HISTORY) == [("inventory/inventory/b.csv", "loaded", 1, 1, 0)]
    assert zone.load().exit_code == 0
    assert len(zone.counts()) == 2
    assert len(zone.query(HISTORY)) == 3


@pytest.mark.parametrize("change", ["grow", "vanish"])
@pytest.mark.parametrize("name", ["inventory/inventory/b.csv", "ops/reason/b.parquet"])
def test_a_file_that_changes_or_vanishes_while_it_is_read(zone, monkeypatch, change, name):
    zone.put_count("a.csv", COUNT)
    zone.put_count("b.csv", COUNT)
    zone.put_reasons("a.parquet", REASONS)
    zone.put_reasons("b.parquet", REASONS)
    path = zone.landing / name
    execute = load._Run._execute

    def meanwhile(run, pipe, piece):
        if path.exists() and piece.outcomes[0].file.name.startswith(name[:3]):
            path.unlink() if change == "vanish" else path.write_bytes(path.read_bytes() + b"more")
        execute(run, pipe, piece)

    monkeypatch.setattr(load._Run, "_execute", meanwhile)
    result = zone.load()
    monkeypatch.undo()
    text = "disappeared before it was read" if change == "vanish" else "still being written, left for the next run"
    assert (result.exit_code, set(texts(result))) == (0, {f"{name}: {text}"})
    assert name not in [row[0] for row in zone.query(HISTORY)]
    assert len(zone.query(HISTORY)) == 3


def test_a_file_that_disappears_between_listing_and_reading(zone, monkeypatch):
    gone = zone.put_count("a.csv", COUNT)
    zone.put_count("b.csv", COUNT)
    undone = load._undone

    def listed(*arguments):
        yield from undone(*arguments)
        gone.unlink(missing_ok=True)

    monkeypatch.setattr(load, "_undone", listed)
    result = zone.load()
    assert texts(result) == ["inventory/inventory/a.csv: disappeared before it was read"]
    assert (result.exit_code, len(zone.counts())) == (0, 1)


def test_permission_denied_is_one_line(zone, monkeypatch):
    """Root may read everything, and tests may run as root: the system's answer is put in its place."""
    zone.put_count("a.csv", COUNT)
    zone.put_count("b.csv", COUNT)

    def refused(path, *arguments, **options):
        if str(path).endswith("a.csv"):
            raise PermissionError(13, "Permission denied", str(path))
        return open(path, *arguments, **options)

    monkeypatch.setattr(landed, "open", refused, raising=False)
    result = zone.load()
    assert (result.exit_code, texts(result)) == (1, ["inventory/inventory/a.csv: cannot be read: Permission denied"])
    assert len(zone.counts()) == 1
    monkeypatch.undo()
    assert zone.load().exit_code == 0
    assert len(zone.counts()) == 2


# -- the database -----------------------------------------------------------------------------------------------------


def test_a_table_that_differs_from_the_scripts_stops_the_load(zone):
    zone.load()
    with duckdb.connect(str(zone.database)) as connection:
        connection.execute("alter table bronze.ops__reason add column more int")
    with pytest.raises(UserError, match=r"V1\.3\.0.*bronze\.ops__reason differ .*more INTEGER"):
        zone.load()


def test_no_database_but_something_else_is_one_line(zone):
    zone.database.parent.mkdir()
    zone.database.write_bytes(b"something else" * 1000)
    with pytest.raises(UserError, match="cannot be opened"):
        zone.load()


HOLD = """
import duckdb, sys, time
held = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(float(sys.argv[2]))
"""


def test_the_second_of_two_loaders_waits_or_says_who_holds_the_database(zone, capsys):
    zone.put_count("a.csv", COUNT)
    zone.database.parent.mkdir()
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(zone.database), "3"], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(UserError, match=rf"process {holder.pid} still has it open after 0 s"):
            zone.load(wait=0)
        assert zone.load(wait=30).exit_code == 0
    assert f"process {holder.pid}" in capsys.readouterr().err
    assert len(zone.counts()) == 1


LOAD = """
import sys
from pathlib import Path
from retail import load
folder = Path(sys.argv[1])
load.BATCH_FILES = int(sys.argv[2])
result = load.load(folder / "landing", folder / "warehouse" / "retail.duckdb", scripts=folder / "scripts")
"""


def loader(zone: Zone, batch_files: int = 2) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", LOAD, str(zone.folder), str(batch_files)], stderr=subprocess.PIPE)


def many_files(zone: Zone, files: int, lines: int) -> None:
    for number in range(files):
        rows = [f"2002-01-03,{item},{number},{item * number}" for item in range(lines)]
        if number % 5 == 0:
            rows.append("bad")
        zone.put_count(f"dt=2002-01-03/{number:03}.csv{'.gz' if number % 2 else ''}", *rows)
        zone.put_reasons(f"{number:03}.parquet", f"select range + {number * lines} as r_reason_sk from range({lines})")


def test_two_loaders_at_once_load_each_file_once(zone):
    many_files(zone, 6, 200)
    both = [loader(zone), loader(zone)]
    for process in both:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    together = zone.bronze()
    zone.database.unlink()
    zone.load()
    assert together == zone.bronze()


def killed_loads(folder: Path, kills: int) -> None:
    zone = Zone(folder)
    many_files(zone, 10, 3000)
    begun = time.monotonic()
    zone.load()
    undisturbed = zone.bronze()
    begun = time.monotonic()
    zone.database.unlink()
    process = loader(zone)
    assert process.wait(60) == 0
    whole = time.monotonic() - begun
    zone.database.unlink()
    landed_in_part = 0
    for number in range(kills):
        process = loader(zone)
        # spread evenly over a load's time, past its start-up
        try:
            process.wait(whole * (0.35 + 0.65 * (number * 0.618 % 1)))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if zone.database.exists():
            try:
                done = len(zone.query(HISTORY))
            except duckdb.Error:
                done = 0
            landed_in_part += 0 < done < 20
            if done == 20 or number % 7 == 6:
                assert loader(zone).wait(60) == 0
                assert zone.bronze() == undisturbed
                zone.database.unlink()
                zone.database.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    assert loader(zone).wait(60) == 0
    assert zone.bronze() == undisturbed
    assert landed_in_part or kills < 20, "no kill hit a load half done: the test shows nothing"


def test_a_load_that_is_killed_and_started_again_gives_the_same_bronze(tmp_path):
    killed_loads(tmp_path, 3)


@pytest.mark.slow
def test_hundreds_of_kills_give_the_same_bronze(tmp_path):
    killed_loads(tmp_path, 200)


def test_an_interrupted_load_is_one_line_and_goes_on_next_time(zone, monkeypatch, capsys):
    many_files(zone, 4, 10)
    append = load.load_history.append
    calls = []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        append(*arguments)

    monkeypatch.setattr(load.load_history, "append", interrupted)
    monkeypatch.setattr(load.settings, "landing", lambda: zone.landing)
    monkeypatch.setattr(load.settings, "database", lambda: zone.database)
    monkeypatch.setattr(load, "default_scripts", lambda: zone.scripts)
    assert load.run([], dry_run=False, wait=0) == 130
    assert capsys.readouterr().err.strip().startswith("Interrupted: ")
    assert len(zone.query(HISTORY)) == 4
    # the second pipe's rows were inserted, and went with their history
    assert zone.query("select count(*) from bronze.ops__reason") == [(0,)]
    monkeypatch.setattr(load.load_history, "append", append)
    zone.load()
    assert len(zone.query(HISTORY)) == 8


INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from retail import copy_files, load
folder = Path(sys.argv[1])
load.settings.landing = lambda: folder / "landing"
load.settings.database = lambda: folder / "warehouse" / "retail.duckdb"
load.default_scripts = lambda: folder / "scripts"
read = copy_files._read_csv
def interrupted(*arguments, **options):
    # the statement takes half a second or more on any machine
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    read(*arguments, **options)
copy_files._read_csv = interrupted
# a test run that was started in the background inherits that the signal is ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(load.run([], dry_run=False, wait=0))
"""


def test_ctrl_c_in_the_middle_of_a_statement_is_one_line(zone):
    zone.put("inventory/inventory/big.csv", INVENTORY + "2002-01-03,1,1,1\n" * 10_000_000)
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(zone.folder)], stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (130, 1), done.stderr
    assert zone.query(HISTORY) == []


FULL = """
import resource, sys
from pathlib import Path
from retail import load
from retail.errors import UserError
folder = Path(sys.argv[1])
# no file of this process grows beyond so many bytes: what DuckDB meets is a write that fails, as on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
load.BATCH_FILES = 1
try:
    load.load(folder / "landing", folder / "warehouse" / "retail.duckdb", scripts=folder / "scripts")
except UserError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize("limit", [1_000_000, 2_500_000])
def test_a_full_disk_is_one_line_and_nothing_is_half_there(zone, limit):
    for number in range(4):
        rows = [f"2002-01-03,{hashlib.md5(f'{number} {item}'.encode()).hexdigest()},{item},1" for item in range(20_000)]
        zone.put_count(f"{number}.csv", *rows)
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(zone.folder), str(limit)], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "Make room, then load again" in done.stderr
    # what the history says is there is there, no more and no less
    before = zone.query("select _file_name, count(*) from bronze.inventory__inventory group by all order by all")
    assert before == zone.query("select file_name, row_count from audit.load_history order by all")
    assert len(before) < 4
    assert zone.load().exit_code == 0
    assert zone.query("select _file_name, count(*) from bronze.inventory__inventory group by all order by all") == [
        (f"inventory/inventory/{number}.csv", 20_000) for number in range(4)
    ]


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def command(zone, monkeypatch):
    monkeypatch.setattr(load, "default_scripts", lambda: zone.scripts)
    monkeypatch.setenv("RETAIL_LANDING", str(zone.landing))
    monkeypatch.setenv("RETAIL_DATABASE", str(zone.database))
    return lambda *arguments: CliRunner().invoke(cli.app, ["load", *arguments])


def test_the_command_sums_up_and_its_exit_code_tells(zone, command):
    zone.put_count("a.csv", COUNT, "bad")
    planned = command("--dry-run")
    assert (planned.exit_code, planned.stdout.split()) == (
        0,
        ["feed", "files", "MB", "inventory.inventory", "1", "0.0"],
    )
    first = command()
    assert first.exit_code == 1
    assert first.stdout.splitlines()[1].split() == ["inventory.inventory", "1", "2", "1", "1", "0"]
    assert "a.csv: 1 of 2 records rejected" in first.stderr
    second = command()
    assert (second.exit_code, second.stdout) == (0, "Nothing new to load.\n")


def test_an_unknown_option_in_a_pipe_stops_before_anything_is_made(zone, command):
    script = zone.scripts / "V1.4.1__pipes_inventory.sql"
    script.write_text(script.read_text().replace("on_error = continue", "on_error = continue\ntruncatecolumns = true"))
    failure = command()
    assert isinstance(failure.exception, UserError)
    assert "V1.4.1__pipes_inventory.sql" in str(failure.exception) and "TRUNCATECOLUMNS" in str(failure.exception)
    assert not zone.database.exists()


# -- any content ------------------------------------------------------------------------------------------------------

TEXT = st.text(
    alphabet=st.one_of(st.sampled_from(list('a,"\n 0é')), st.characters(codec="utf-8", exclude_characters="\r\x00")),
    max_size=5,
)
ROWS = st.lists(st.one_of(st.lists(TEXT, min_size=4, max_size=4), st.lists(TEXT, min_size=1, max_size=6)), max_size=8)
ZONES = iter(range(1_000_000))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(
        st.tuples(
            ROWS, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
        ),
        min_size=1,
        max_size=4,
    )
)
def test_bronze_and_rejects_are_what_pythons_csv_module_reads(tmp_path, files):
    zone = Zone(tmp_path / str(next(ZONES)))
    good, bad = [], []
    for number, (rows, packed, end, quoting) in enumerate(files):
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator=end, quoting=quoting)
        writer.writerows([INVENTORY.strip().split(","), *rows])
        name = f"inventory/inventory/{number}.csv{'.gz' if packed else ''}"
        zone.put(name, buffer.getvalue())
        records = [row for row in csv.reader(io.StringIO(buffer.getvalue(), newline="")) if row][1:]
        whole = [len(row) == 4 for row in records]
        if not records or any(whole):
            for position, row in enumerate(records, 1):
                (good if len(row) == 4 else bad).append((name, position, *row))
    zone.load()
    fields = ", ".join(f"coalesce({name}, '')" for name in INVENTORY.strip().split(","))
    assert zone.query(
        f"select _file_name, _file_row_number, {fields} from bronze.inventory__inventory order by 1, 2"
    ) == sorted(good)
    rejects = zone.query("select file_name, file_row_number, raw_line from audit.load_rejects order by 1, 2")
    assert [(name, number, *next(csv.reader(io.StringIO(raw, newline="")))) for name, number, raw in rejects] == sorted(
        bad
    )


# -- large ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_thousand_small_files(zone):
    connection = duckdb.connect()
    folder = zone.landing / "ops" / "reason"
    folder.mkdir(parents=True)
    connection.execute(f"copy ({REASONS}) to '{folder}/00000.parquet' (format parquet)")
    whole = (folder / "00000.parquet").read_bytes()
    for number in range(5000):
        (folder / f"{number:05}.parquet").write_bytes(whole)
        zone.put_count(f"{number:05}.csv.gz", f"2002-01-03,{number},1,1")
    # processor time: what else the machine does is not the loader's
    begun = time.process_time()
    assert zone.load().exit_code == 0
    assert time.process_time() - begun < 60
    assert zone.query("select count(*), count(distinct _file_name) from bronze.ops__reason") == [(5000, 5000)]
    assert zone.query(
        "select count(*), count(distinct inv_item_sk), sum(_file_row_number), "
        "count(*) filter (_file_name != 'inventory/inventory/' || lpad(inv_item_sk, 5, '0') || '.csv.gz') "
        "from bronze.inventory__inventory"
    ) == [(5000, 5000, 5000, 0)]
    begun = time.process_time()
    assert zone.load().exit_code == 0
    assert time.process_time() - begun < 10


MEASURED = """
import resource, sys
from pathlib import Path
from retail import load
folder = Path(sys.argv[1])
result = load.load(folder / "landing", folder / "warehouse" / "retail.duckdb", scripts=folder / "scripts")
print(result.exit_code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("millions", "bad"), [(64, b""), (6, b"bad\n")], ids=["two gigabytes", "read record by record"]
)
def test_a_large_file_in_bounded_memory(zone, millions, bad):
    path = zone.put_count("big.csv")
    million = b"".join(b"2002-01-03,%d,warehouse,1234567\n" % item for item in range(1_000_000))
    with open(path, "ab") as file:
        file.writelines(itertools.repeat(million, millions))
        file.write(bad)
    assert path.stat().st_size > millions * 34e6
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(zone.folder)], stdout=subprocess.PIPE, text=True, check=True
    )
    exit_code, peak_kib = map(int, done.stdout.split())
    assert exit_code == bool(bad)
    assert peak_kib < 4.6 * (1 << 20)
    rows = millions * 1_000_000
    assert zone.query(
        "select count(*), max(_file_row_number), count(distinct _file_row_number), "
        "count(*) filter (inv_item_sk::bigint != (_file_row_number - 1) % 1000000) from bronze.inventory__inventory"
    ) == [(rows, rows, rows, 0)]
    path.unlink()
    zone.database.unlink()


def test_small_scripts_are_the_projects_own(tmp_path):
    """The other tests use a part of the scripts for speed; this one holds that it is a part."""
    small = small_scripts(tmp_path / "scripts")
    for script in small.glob("*.sql"):
        for block in script.read_text().split("\n\n"):
            assert block.strip() in (copy_files.Path(load.default_scripts()) / script.name).read_text()
