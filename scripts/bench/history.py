"""What a day of customer changes costs beside a full refresh, and the as-of lookup beside DuckDB's own ASOF join.

A shop of a million customers with five versions each is put straight into bronze, as `retail load` would have it. The
history is built whole, then after the changes of one day, 1 % of the customers: execution times of the models from
run_results.json, threads 1, parsing and start-up not, and at the end the table must equal one that is built anew. Then ten million lines look up their customer's
version: the macro held_at against an ASOF join of the same tables, with the same result.

    python scripts/bench/history.py --customers 1000000 --lines 10000000

Exit code 1 where a day costs more than 25 % of the full refresh, the lookup more than 1.5 times the ASOF join, or a
result differs.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from models import environment, run

from retail.console import err, out

DAY_LIMIT = 0.25
LOOKUP_LIMIT = 1.5
VERSIONS = 5
VARIABLES = json.dumps({"sources": ["shop"]})
# the history itself, and the list of files from which it knows what is new
SELECT = ("int_shop__customer_versions", "dim_customers_history", "dim_customers")
LISTED = "stg_landing__files"

# A change of each customer a year; what it changes is its e-mail, its place or its name.
CHANGES = """
    insert into bronze.shop__customers by name
    select
        'C' || customer as customer_id, 'Given' || customer % 5000 as first_name, 'Family' || (customer + version // 4) % 90000 as last_name,
        case when customer % 10 = 0 then 'Company ' || customer end as company_name, 'c' || customer || '.' || version || '@example.com' as email,
        '555-01' || lpad((customer % 100)::varchar, 2, '0') as phone, (customer + version // 2) % 900 || ' Main Street' as address_line_1,
        'City ' || (customer + version // 2) % 3000 as city, 'S' || customer % 50 as state, lpad((customer % 99999)::varchar, 5, '0') as postal_code,
        'United States' as country, 'T' || customer % 7 as territory, '2018-01-01' as registration_date,
        strftime(timestamp '2019-01-01' + to_days((version * 365 + customer % 300)::integer) + to_seconds(customer % 86400), '%Y-%m-%d %H:%M:%S') as updated_at,
        case version when 0 then 'I' else 'U' end as op,
        'shop/customers/dt=' || (2020 + version) || '-01-01/' || $part || '.csv' as _file_name,
        row_number() over () as _file_row_number, 'key' as _file_content_key, timestamp '2025-01-01' as _file_last_modified,
        timestamp '2025-01-01' as _loaded_at
    from range($first::bigint, $last::bigint) as customers (customer)
    cross join range($from_version::bigint, $to_version::bigint) as versions (version)
"""


def fill(database: Path, customers: int, first_version: int, versions: int, every: int) -> None:
    """Put versions of every n-th customer into bronze, in files of 100,000 customers, as the loader would."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("set enable_progress_bar = false; set preserve_insertion_order = true")
        for version in range(first_version, first_version + versions):
            for part, start in enumerate(range(0, customers, 100_000)):
                until = min(start + 100_000, customers)
                last = start + (until - start) // every
                values = {"first": start, "last": last, "from_version": version, "to_version": version + 1}
                connection.execute(CHANGES, {**values, "part": f"{part:03}"})


def build(folder: Path, *arguments: str) -> dict[str, float]:
    """Seconds of each model of one `dbt run` of the history."""
    command = ["dbt", "--quiet", "run", "--threads", "1", "--vars", VARIABLES, "--select", LISTED, *SELECT, *arguments]
    run(command, environment(folder))
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return {result["unique_id"].split(".")[-1]: result["execution_time"] for result in results}


def fingerprint(database: Path) -> tuple[int, int]:
    """Rows of the history, and a number that any difference changes."""
    with duckdb.connect(str(database), read_only=True) as connection:
        query = "select count(*), bit_xor(hash(history)) from gold.dim_customers_history as history"
        return connection.execute(query).fetchone()


def lookups(database: Path, folder: Path, lines: int, customers: int, rounds: int) -> tuple[float, float, bool]:
    """Median seconds of the macro's lookup and of the ASOF join, and whether they find the same."""
    text, _, _ = run(
        ["dbt", "--quiet", "compile", "--vars", VARIABLES, "--inline", "{{ held_at('versions', 'lines.sold_at') }}"],
        environment(folder),
    )
    held = " ".join(line for line in text.splitlines() if "versions." in line)
    queries = {
        "held_at": "select lines.*, versions.customer_key from lines left join gold.dim_customers_history as versions "
        f"on lines.source_name = versions.source_name and lines.source_customer_id = versions.source_customer_id and {held}",
        "asof": "select lines.*, versions.customer_key from lines asof left join gold.dim_customers_history as versions "
        "on lines.source_name = versions.source_name and lines.source_customer_id = versions.source_customer_id "
        "and lines.sold_at >= versions.valid_from",
    }
    seconds: dict[str, list[float]] = {name: [] for name in queries}
    with duckdb.connect(str(database)) as connection:
        connection.execute("set threads = 2; set enable_progress_bar = false")
        connection.execute(
            "create table lines as select i as line_id, 'shop' as source_name, 'C' || hash(i) % $customers as source_customer_id, "
            "timestamp '2019-01-01' + to_seconds((hash(i + 1) % 220000000)::bigint) as sold_at, i % 1000 as amount "
            "from range($lines::bigint) as numbers (i)",
            {"customers": customers, "lines": lines},
        )
        for _ in range(rounds):
            for name, query in queries.items():
                start = time.perf_counter()
                connection.execute(f"create or replace table found_{name} as {query}")
                seconds[name].append(time.perf_counter() - start)
        different = connection.execute(
            "select count(*) from found_held_at full outer join found_asof using (line_id) "
            "where found_held_at.customer_key is distinct from found_asof.customer_key"
        ).fetchone()[0]
    return statistics.median(seconds["held_at"]), statistics.median(seconds["asof"]), different == 0


def main() -> None:
    """Measure and print; exit code 1 where a limit is passed or a result differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "retail.duckdb"
        places = environment(folder)
        (folder / "landing").mkdir()
        err.print("Making bronze ...")
        run(["retail", "load"], places)
        fill(database, arguments.customers, 0, VERSIONS, 1)
        err.print("Building the history whole, then day by day ...")
        tests = ["--exclude-resource-type", "test", "unit_test"]
        run(
            ["dbt", "--quiet", "build", "--vars", VARIABLES, "--select", *(f"+{each}" for each in SELECT), *tests],
            places,
        )
        full = build(folder, "--full-refresh")
        days = []
        for day in range(arguments.rounds):
            fill(database, arguments.customers, VERSIONS + day, 1, 100)
            days.append(build(folder))
        grown = fingerprint(database)
        nightly = {model: statistics.median(day[model] for day in days) for model in full}
        out.print(f"{'model':<32}{'full s':>9}{'a day s':>9}")
        for model in full:
            out.print(f"{model:<32}{full[model]:>9.2f}{nightly[model]:>9.2f}")
        of_history = [model for model in full if model != LISTED]
        ratio = sum(nightly[model] for model in of_history) / sum(full[model] for model in of_history)
        out.print(
            f"A day's changes of {arguments.customers // 100:,} customers: {ratio:.0%} of the full refresh (limit {DAY_LIMIT:.0%})"
        )
        failed |= ratio > DAY_LIMIT
        build(folder, "--full-refresh")
        if fingerprint(database) != grown:
            out.print("The history differs from one that is built anew.")
            failed = True
        err.print("Looking up versions ...")
        held, asof, same = lookups(database, folder, arguments.lines, arguments.customers, arguments.rounds)
        out.print(
            f"As-of lookup of {arguments.lines:,} lines: {held:.2f} s, ASOF join {asof:.2f} s: {held / asof:.2f} (limit {LOOKUP_LIMIT})"
        )
        if not same:
            out.print("The lookup differs from the ASOF join.")
        failed |= held / asof > LOOKUP_LIMIT or not same
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
