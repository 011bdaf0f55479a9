"""The marketplace's export through the project's own pipe, and in large."""

import csv
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from retail import load, sample, settings

SCRIPTS = settings.project_root() / "scripts" / "snowflake"


def test_every_row_of_the_export_is_loaded_as_it_stands_in_the_file(tmp_path: Path) -> None:
    landing, database = tmp_path / "landing", tmp_path / "retail.duckdb"
    sample.write_sample(landing, sources=["marketplace"], granularity="month", rows=3_000)
    result = load.load(landing, database, scripts=SCRIPTS, feeds=["marketplace"])
    assert (result.exit_code, list(result.problems)) == (0, [])

    expected = []
    for path in sorted(landing.rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as lines:
            header, *rows = csv.reader(lines)
        name = str(path.relative_to(landing))
        expected += [(name, number, *(value or None for value in row)) for number, row in enumerate(rows, start=1)]
    columns = ", ".join(column.lower() for column in header)
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(
            f"select _file_name, _file_row_number, {columns} from bronze.marketplace__transactions order by 1, 2"
        ).fetchall()
        files = connection.execute(
            "select count(*), sum(row_parsed), sum(row_count), sum(error_count) from audit.load_history"
        ).fetchall()
    assert len(expected) == 3_000
    assert found == expected
    assert files == [(12, 3_000, 3_000, 0)]
    # the table takes all of the file's columns and no other, beside the load metadata
    assert {column.lower() for column in header} == {
        column for column, *_ in duckdb_columns(database) if not column.startswith("_")
    }


def duckdb_columns(database: Path) -> list[tuple[str, str]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute("describe bronze.marketplace__transactions").fetchall()
    assert {kind for name, kind, *_ in columns if not name.startswith("_")} == {"VARCHAR"}
    return [(name, kind) for name, kind, *_ in columns]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from Linux")
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """A million rows, four files. The rows of one file are in memory: 10 million took 441 MiB on 2026-11-20."""
    code = (
        "import sys; from pathlib import Path; from retail import marketplace\n"
        "written = marketplace.write(Path(sys.argv[1]), 1_000_000, 1, None, None, \"date '9999-12-31'\")\n"
        # not getrusage: a new process takes over its parent's peak
        "(peak,) = (line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(sum(written.values()), len(written), peak)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    rows, files, kibibytes = map(int, done.stdout.splitlines()[-1].split()[-3:])
    assert (rows, files) == (1_000_000, 4)
    assert kibibytes < 700 * 1024
