"""How fast `retail load` is against DuckDB's bare INSERT ... SELECT of the same files, in one run on one machine.

`bare` inserts the files' own columns into tables of a new database, as DuckDB makes it by default: no load metadata, no
checks, no history. `bare, same storage` does so in the storage version that the loader uses. Seconds of the loader are
those of its load statements, commits included; `whole run` adds start-up, checksums, checks and history. Of several rounds
the quickest counts, for each side.

    python scripts/bench/load.py --scale 1 --rounds 3
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from duckdb_extensions import import_extension

from retail import load, pipes, settings

STATE_FEEDS = (
    "customer customer_address customer_demographics household_demographics income_band item store warehouse promotion "
    "ship_mode reason call_center catalog_page web_site web_page date_dim time_dim"
)
DATED_FEEDS = {
    "store_sales": "ss_sold_date_sk",
    "store_returns": "sr_returned_date_sk",
    "catalog_sales": "cs_sold_date_sk",
    "catalog_returns": "cr_returned_date_sk",
    "web_sales": "ws_sold_date_sk",
    "web_returns": "wr_returned_date_sk",
}
LIMIT = 1.3


def make_files(folder: Path, scale: float) -> tuple[Path, Path]:
    """Two landing zones from TPC-DS at a scale: one file a feed; one file a day of store sales, one a count of the stock."""
    connection = duckdb.connect(
        str(folder / "tpcds.duckdb"), config={"extension_directory": str(folder / "extensions")}
    )
    import_extension("tpcds", con=connection)
    connection.execute("load tpcds")
    connection.execute(f"call dsdgen(sf = {scale})")
    counts = "select d_date as inv_date, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand from inventory join date_dim on d_date_sk = inv_date_sk"
    whole, daily = folder / "all", folder / "day"
    for feed in [*STATE_FEEDS.split(), *DATED_FEEDS]:
        target = whole / "ops" / feed
        target.mkdir(parents=True)
        connection.execute(f"copy {feed} to '{target}/{feed}.parquet' (format parquet, compression zstd)")
    (whole / "inventory" / "inventory").mkdir(parents=True)
    connection.execute(f"copy ({counts}) to '{whole}/inventory/inventory/inventory.csv.gz' (header, compression gzip)")
    # one writer, or a day becomes several files
    connection.execute("set threads = 1")
    sales = "select store_sales.*, d_date as dt from store_sales join date_dim on d_date_sk = ss_sold_date_sk"
    (daily / "ops").mkdir(parents=True)
    (daily / "inventory").mkdir()
    connection.execute(
        f"copy ({sales}) to '{daily}/ops/store_sales' (format parquet, compression zstd, partition_by (dt))"
    )
    connection.execute(
        f"copy (select *, inv_date as dt from ({counts})) to '{daily}/inventory/inventory' "
        "(format csv, header, compression gzip, partition_by (dt), file_extension 'csv.gz')"
    )
    connection.close()
    return whole, daily


def bare(landing: Path, database: Path, config: dict[str, str]) -> float:
    """Seconds of DuckDB's own INSERT ... SELECT, a table a feed."""
    definitions = pipes.read_definitions(load.default_scripts())
    connection = duckdb.connect(str(database), config=config)
    seconds = 0.0
    for pipe in definitions.pipes:
        files = sorted(str(path) for path in (landing / pipe.prefix).rglob("*") if path.is_file())
        if not files:
            continue
        columns = [column for column in pipe.table.columns if column.name not in pipe.metadata]
        table = pipe.table.name.partition(".")[2]
        connection.execute(f"create table {table} ({', '.join(f'{column.name} {column.type}' for column in columns)})")
        reader = "read_parquet" if pipe.file_format.type == "parquet" else "read_csv"
        texts = "" if reader == "read_parquet" else ", all_varchar = true"
        begun = time.perf_counter()
        connection.execute(
            f"insert into {table} select * from {reader}($files, hive_partitioning = false{texts})", {"files": files}
        )
        seconds += time.perf_counter() - begun
    connection.close()
    return seconds


def loaded(landing: Path, database: Path) -> tuple[float, float]:
    """Seconds of the loader's statements, and of its whole run."""
    begun = time.perf_counter()
    result = load.load(landing, database)
    if result.exit_code:
        raise SystemExit("\n".join(map(str, result.problems)))
    return result.statement_seconds, time.perf_counter() - begun


def start_up(rounds: int) -> float:
    """Seconds of `retail load --dry-run` on an empty landing zone, in a process of its own: all that comes before loading."""
    with tempfile.TemporaryDirectory() as empty:
        code = "import sys; from pathlib import Path; from retail import cli, load; f = Path(sys.argv[1]); load.load(f, f / 'd', dry_run=True)"
        times = []
        for _ in range(rounds):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code, empty], check=True, cwd=settings.project_root())
            times.append(time.perf_counter() - begun)
    return min(times)


def main() -> None:
    """Measure and print; exit code 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1, help="TPC-DS scale factor")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    exceeded = False
    with tempfile.TemporaryDirectory(prefix="retail-bench-") as name:
        folder = Path(name)
        for landing in make_files(folder, arguments.scale):
            sides: dict[str, list[float]] = {}
            for number in range(arguments.rounds):
                database = folder / f"{landing.name}-{number}"
                statements, whole = loaded(landing, database.with_suffix(".load"))
                plain = bare(landing, database.with_suffix(".bare"), {})
                same = bare(
                    landing, database.with_suffix(".same"), {"storage_compatibility_version": load.STORAGE_VERSION}
                )
                for side, seconds in zip(
                    ("load", "whole", "bare", "same"), (statements, whole, plain, same), strict=True
                ):
                    sides.setdefault(side, []).append(seconds)
                for suffix in (".load", ".bare", ".same"):
                    database.with_suffix(suffix).unlink()
            best = {side: min(times) for side, times in sides.items()}
            ratio = best["load"] / best["bare"]
            exceeded |= ratio > LIMIT
            files = sum(1 for path in landing.rglob("*") if path.is_file())
            print(
                f"load, one file a {'feed' if landing.name == 'all' else 'day'} ({files:,} files, scale {arguments.scale:g}): "
                f"load statements {best['load']:.2f} s, bare {best['bare']:.2f} s, ratio {ratio:.2f} (limit {LIMIT}); "
                f"bare, same storage {best['same']:.2f} s, ratio {best['load'] / best['same']:.2f}; "
                f"whole run {best['whole']:.2f} s"
            )
        seconds = start_up(arguments.rounds)
        exceeded |= seconds > 2
        print(f"load, start-up: {seconds:.2f} s (limit 2)")
    sys.exit(int(exceeded))


if __name__ == "__main__":
    main()
