"""How fast `retail extract --full` is against DuckDB's bare scan of the same PostgreSQL tables to Parquet, in one run on one machine.

`bare` is `copy (from ops.t) to 't.parquet' (format parquet, compression zstd)` of each table. The extract adds the types of bronze,
the hashes that later extracts compare with, SHA-256, and writing the state and the files for good. Both are timed from the first
table on; `whole run` adds reading the pipes and reaching the database. Of several rounds, in turns, the quickest counts, for each side.

    PGDATABASE=retail_demo python scripts/demo_postgres.py --scale 0.1
    PGDATABASE=retail_demo python scripts/bench/extract.py

Without PGHOST, PGDATABASE or PGSERVICE it starts a PostgreSQL of its own (apt-get install postgresql) and fills it.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import duckdb

from retail import extensions, extract, landing_zone, settings

TABLES = [
    *("store_sales", "catalog_sales", "web_sales", "store_returns", "catalog_returns", "web_returns"),
    *("customer", "customer_address", "customer_demographics"),
]
LIMIT = 0.9


def bare(folder: Path) -> tuple[float, int]:
    """Seconds of DuckDB's own scan, and the rows."""
    with duckdb.connect() as connection:
        extensions.load(connection, "postgres_scanner")
        connection.execute("attach '' as ops (type postgres, read_only)")
        rows, begun = 0, time.perf_counter()
        for table in TABLES:
            target = folder / f"{table}.parquet"
            rows += connection.execute(
                f"copy (from ops.public.{table}) to '{target}' (format parquet, compression zstd)"
            ).fetchone()[0]
        return time.perf_counter() - begun, rows


def extracted(folder: Path) -> tuple[float, float, int]:
    """Seconds of an extract into an empty landing zone from the first read to the last state, of the whole run, and the rows."""
    options = extract.Options(day=date(2003, 12, 31), full=True)
    begun = time.perf_counter()
    result = extract.extract(landing_zone.of(folder), TABLES, options)
    whole = time.perf_counter() - begun
    if result.problems:
        raise SystemExit("\n".join(result.problems))
    return result.seconds, whole, sum(each.landed.rows for each in result.tables.values())


def main() -> None:
    """Measure and print; exit code 1 when the extract is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1, help="TPC-DS scale factor of its own database")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        if not {"PGHOST", "PGDATABASE", "PGSERVICE"} & set(os.environ):
            sys.path[:0] = [str(settings.project_root() / folder) for folder in ("scripts", "tests/integration")]
            import postgres_server

            import demo_postgres

            server = stack.enter_context(postgres_server.started())
            os.environ |= server.environment
            demo_postgres.fill(arguments.scale)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="retail-bench-"))
        best: dict[str, float] = {}
        for number in range(arguments.rounds):
            place = Path(folder, str(number))
            (place / "bare").mkdir(parents=True)
            seconds, rows = bare(place / "bare")
            best["bare"] = min(seconds, best.get("bare", seconds))
            seconds, whole, landed = extracted(place / "landing")
            best["whole"] = min(whole, best.get("whole", whole))
            best["extract"] = min(seconds, best.get("extract", seconds))
            if rows != landed:
                sys.exit(f"the scan has {rows:,} rows, the extract {landed:,}")
    ratio = best["bare"] / best["extract"]
    print(
        f"extract of {len(TABLES)} tables, {rows:,} rows: {rows / best['extract']:,.0f} rows/s, bare scan "
        f"{rows / best['bare']:,.0f} rows/s, ratio {ratio:.2f} (limit {LIMIT}, more is better); "
        f"whole run {best['whole']:.2f} s"
    )
    sys.exit(int(ratio < LIMIT))


if __name__ == "__main__":
    main()
