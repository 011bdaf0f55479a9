"""What a night costs: one business day on top of a small warehouse and of one ten times its size, and a night in which nothing landed.

The same number of rows lands on both: sales lines of the three channels, returns of lines sold in the weeks before, a few corrected lines, and
counts, all of the day after the last one. Times are the sums of the execution times in run_results.json of `dbt build` with one thread, models
and snapshots alone; start-up and parsing are not in them, and are printed beside. The night in which nothing landed is the fixed cost: what
every night pays before it does anything; a day is printed with it and without.

    python scripts/bench/night.py --scales 0.1 1 --check

Exit code 1 where a day on the large warehouse takes more than 1.5 times that on the small one, or more than 15 % of its full build, or, with
--check, where a table differs from a full refresh of the same files.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from models import environment, run

from retail.console import err, out

RATIO_LIMIT = 1.5
SHARE_LIMIT = 0.15
BUILD = ("dbt", "--quiet", "build", "--resource-type", "model", "--resource-type", "snapshot", "--threads", "1")
# rows of a day, by feed: a retailer with a thousand orders a day
LINES = {"store_sales": 1500, "catalog_sales": 800, "web_sales": 400}
RETURNS = {"store_returns": 150, "catalog_returns": 80, "web_returns": 40}
CORRECTIONS = 40
COUNTS = 1000
# the sample up to here, since later the standard's sales end before its returns; the days that land follow it
LAST_DAY = "2002-10-16"
# in Julian days, as TPC-DS numbers them
FIRST_DAY, FIRST_DAY_NUMBER = "2002-10-17", 2452565
PREFIXES = {
    "store_sales": "ss",
    "catalog_sales": "cs",
    "web_sales": "ws",
    "store_returns": "sr",
    "catalog_returns": "cr",
    "web_returns": "wr",
}
ORDERS = {"ss": "ticket", "cs": "order", "ws": "order", "sr": "ticket", "cr": "order", "wr": "order"}


def land_day(folder: Path, day: int) -> int:
    """Write the files of the n-th day after the sample into the landing zone; rows written."""
    landing, date = folder / "landing", f"{FIRST_DAY[:-2]}{int(FIRST_DAY[-2:]) + day:02}"
    rows = 0
    with duckdb.connect(str(folder / "retail.duckdb"), read_only=True) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute("set threads = 1")

        def write(feed: str, query: str, source: str = "ops", form: str = "parquet", name: str = "day") -> None:
            nonlocal rows
            path = landing / source / feed / f"dt={date}" / f"{name}.{form}"
            path.parent.mkdir(parents=True, exist_ok=True)
            options = "format parquet" if form == "parquet" else "format csv, header, compression gzip"
            rows += connection.execute(f"copy ({query}) to '{path}' ({options})").fetchone()[0]

        for feed, count in LINES.items():
            prefix = PREFIXES[feed]
            key, sold = f"{prefix}_{ORDERS[prefix]}_number", f"{prefix}_sold_date_sk"
            columns = "exclude (_file_name, _file_row_number, _file_content_key, _file_last_modified, _loaded_at)"
            # every n-th line, so that it is the same on every run
            every = f"(select greatest(count(*) // {count}, 1) from bronze.ops__{feed})"
            write(
                feed,
                f"select * {columns} replace ({key} + {100_000_000 * (day + 1)} as {key}, {FIRST_DAY_NUMBER + day} as {sold}) from bronze.ops__{feed} "
                f"where _file_row_number % {every} = 0 limit {count}",
            )
            write(
                feed,
                f"select * {columns} replace ({prefix}_quantity + 1 as {prefix}_quantity) from bronze.ops__{feed} "
                f"where {sold} > (select max({sold}) - 10 from bronze.ops__{feed}) and {prefix}_quantity is not null "
                f"order by {key}, {prefix}_item_sk limit {CORRECTIONS}",
                name="corrections",
            )
        for feed, count in RETURNS.items():
            prefix = PREFIXES[feed]
            key = f"{prefix}_{ORDERS[prefix]}_number"
            columns = "exclude (_file_name, _file_row_number, _file_content_key, _file_last_modified, _loaded_at)"
            every = f"(select greatest(count(*) // {count}, 1) from bronze.ops__{feed})"
            write(
                feed,
                f"select * {columns} replace ({FIRST_DAY_NUMBER + day} as {prefix}_returned_date_sk, {key} + {100_000_000 * (day + 1)} as {key}) "
                f"from bronze.ops__{feed} where _file_row_number % {every} = 0 limit {count}",
            )
        write(
            "inventory",
            f"select '{date}' as inv_date, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand from bronze.inventory__inventory "
            f"where inv_date = (select max(inv_date) from bronze.inventory__inventory) order by all limit {COUNTS}",
            source="inventory",
            form="csv.gz",
        )
    return rows


def build(folder: Path, *options: str) -> tuple[dict[str, float], float]:
    """Seconds by node of a build, and of the whole command."""
    start = time.perf_counter()
    run([*BUILD, *options], environment(folder))
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return {
        result["unique_id"].split(".")[-1]: result["execution_time"] for result in results
    }, time.perf_counter() - start


def make(folder: Path, scale: str) -> None:
    """A warehouse with the whole sample of a scale in bronze."""
    folder.mkdir()
    places = environment(folder)
    run(["retail", "sample", "--scale", scale, "--to", LAST_DAY, "--sources", "ops,inventory"], places)
    run(["retail", "load"], places)
    shutil.rmtree(folder / "landing")
    (folder / "landing").mkdir()
    run(["dbt", "--quiet", "seed"], places)


def nights(folder: Path, scale: str, days: int, shown: int) -> dict[str, float]:
    """Seconds of the full build, of a day on top of it (the median of some) and of a night without anything."""
    make(folder, scale)
    full, _ = build(folder)
    nothing, command = build(folder)
    loaded = []
    for day in range(days):
        rows = land_day(folder, day)
        run(["retail", "load"], environment(folder))
        loaded.append(build(folder)[0])
    totals = [sum(seconds.values()) for seconds in loaded]
    middle = loaded[totals.index(statistics.median_low(totals))]
    out.print(
        f"scale {scale}: full build {sum(full.values()):.1f} s; a day of {rows:,} rows {sum(middle.values()):.1f} s; nothing landed "
        f"{sum(nothing.values()):.1f} s ({command:.1f} s with start-up and parsing)"
    )
    for name in sorted(middle, key=middle.__getitem__, reverse=True)[:shown]:
        out.print(
            f"    {name:<34}{middle[name]:>7.2f} s{nothing.get(name, 0.0):>9.2f} s without files{full[name]:>9.2f} s in full"
        )
    return {"full": sum(full.values()), "day": sum(middle.values()), "nothing": sum(nothing.values())}


def differences(folder: Path) -> list[str]:
    """Tables of gold and audit that are not what a full refresh of the same files makes."""
    other = folder / "refreshed"
    other.mkdir()
    shutil.copy(folder / "retail.duckdb", other / "retail.duckdb")
    with duckdb.connect(str(other / "retail.duckdb")) as connection:
        # a full refresh is of everything, the histories too
        for schema in ("snapshots", "silver", "gold"):
            connection.execute(f"drop schema if exists {schema} cascade")
    run([*BUILD, "--full-refresh"], environment(other))
    found = []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{folder / 'retail.duckdb'}' as retail (read_only)")
        connection.execute(f"attach '{other / 'retail.duckdb'}' as refreshed (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'retail' and (schema_name = 'gold' or table_name like 'audit%')"
        ).fetchall()
        for schema, table in tables:
            prints = [
                connection.execute(f"select count(*), sum(hash(t)) from {database}.{schema}.{table} as t").fetchone()
                for database in ("retail", "refreshed")
            ]
            if prints[0] != prints[1]:
                found.append(
                    f"{table}: {prints[0][0]:,} rows after the nights, {prints[1][0]:,} after a full refresh, or values differ"
                )
    return found


def main() -> None:
    """Make both, print, judge."""
    parser = argparse.ArgumentParser(description="one business day on warehouses of two sizes")
    parser.add_argument("--scales", nargs=2, default=["0.1", "1"], help="scale factors of the two warehouses")
    parser.add_argument("--days", type=int, default=3, help="days that land, one a night; the median counts")
    parser.add_argument("--shown", type=int, default=12, help="models to list")
    parser.add_argument(
        "--check", action="store_true", help="compare the smaller warehouse with a full refresh afterwards"
    )
    arguments = parser.parse_args()
    faults = []
    with tempfile.TemporaryDirectory() as temporary:
        small, large = (
            nights(Path(temporary) / scale, scale, arguments.days, arguments.shown) for scale in arguments.scales
        )
        ratio, share = large["day"] / small["day"], large["day"] / large["full"]
        out.print(
            f"day {arguments.scales[1]} / day {arguments.scales[0]}: {ratio:.2f} (limit {RATIO_LIMIT}; "
            f"without the fixed cost {(large['day'] - large['nothing']) / (small['day'] - small['nothing']):.2f}); "
            f"of the full build: {share:.1%} (limit {SHARE_LIMIT:.0%})"
        )
        if ratio > RATIO_LIMIT:
            faults.append(f"a day is {ratio:.2f} times that on the small warehouse")
        if share > SHARE_LIMIT:
            faults.append(f"a day is {share:.1%} of the full build")
        if arguments.check:
            faults += differences(Path(temporary) / arguments.scales[0])
    for fault in faults:
        err.print(fault)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
