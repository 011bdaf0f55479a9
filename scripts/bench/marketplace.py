"""How fast the marketplace's files become gold, against one hand-written DuckDB script that reads the same files.

Each round takes two copies of a warehouse that holds nothing but the seeds. In the one `retail load` loads the files and
`dbt build` (threads 1, the marketplace alone switched on) builds what their rows reach, from staging to gold, with the row
accounting; in the other marketplace_by_hand.sql builds the same tables. Each is a process of its own with the same DuckDB
settings. Our time is that of the load statements and of the models, by run_results.json, which hold at least one row; the
script's is that of its statements. The models of other sources are built too, since the facts look their keys up there, and
are empty: what they cost is the same whatever lands, and is reported apart. At the end every table must be equal: columns,
types and rows.

    python scripts/bench/marketplace.py --rows 302010 --rounds 3

Exit code 1 where a table differs, the ratio is above 2 or the memory of either of our processes reaches 8 GiB. Rounds take
turns, and the medians count. `--rows 10000000 --ours-alone` is the run for the memory: 33 files, 3 GB.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import by_hand
import duckdb
import load
import models

from retail.console import err, out

RATIO_LIMIT = 2.0
MEMORY_LIMIT_GIB = 8.0
VARIABLES = json.dumps({"sources": ["marketplace"]})
# what a row of the marketplace reaches, and so what the script has to build
GOLD_TABLES = (
    *(
        "dim_channels",
        "dim_dates",
        "dim_times",
        "dim_customers",
        "dim_customers_history",
        "dim_products",
        "dim_products_history",
        "dim_locations",
    ),
    *("dim_payment_methods", "dim_order_statuses", "dim_shipping_methods", "fct_sales", "fct_customer_feedback"),
)
AUDIT_TABLES = ("audit_rejected_rows", "audit_row_accounting")
LOAD = (
    "import json, sys; from pathlib import Path; import load; "
    "print(json.dumps(load.loaded(Path(sys.argv[1]), Path(sys.argv[2]))))"
)


def make_base(folder: Path) -> Path:
    """A warehouse with the empty tables of bronze and the seeds."""
    folder.mkdir()
    places = models.environment(folder)
    models.run(["retail", "load"], places)
    models.run(["dbt", "--quiet", "seed", "--vars", VARIABLES], places)
    return folder / "retail.duckdb"


def make_files(folder: Path, rows: int) -> Path:
    """A landing zone with one export of the marketplace, in files of 303,031 rows."""
    places = models.environment(folder)
    models.run(["retail", "sample", "--sources", "marketplace", "--rows", str(rows)], places)
    return Path(places["RETAIL_LANDING"])


def run_load(landing: Path, database: Path) -> tuple[float, float]:
    """Seconds of the load statements, and peak memory in GiB of the process that loads."""
    places = {**models.environment(database.parent), "PYTHONPATH": str(Path(load.__file__).parent)}
    text, _, memory = models.run([sys.executable, "-c", LOAD, str(landing), str(database)], places)
    statements, _ = json.loads(text)
    return statements, memory


def filled(database: Path) -> set[str]:
    """Names of the tables and views that hold a row, other than their unknown member."""
    found = set()
    with duckdb.connect(str(database), read_only=True) as connection:
        relations = connection.execute(
            "select table_schema, table_name, bool_or(column_name = 'is_unknown') from information_schema.columns "
            "where table_schema in ('silver', 'gold', 'audit') group by all"
        ).fetchall()
        for schema, name, has_unknown in relations:
            members = "where not is_unknown" if has_unknown else ""
            if connection.execute(f"select exists (from {schema}.{name} {members})").fetchone()[0]:
                found.add(name)
    return found


def compare(ours: Path, script: Path) -> list[str]:
    """Differences between gold and audit in the one warehouse and what the script built in the other."""
    with duckdb.connect() as connection:
        # under its own name, by which its views find their tables
        connection.execute(f"attach '{ours}' as retail (read_only)")
        connection.execute(f"attach '{script}' as script (read_only)")
        return [
            line
            for layer, built, expected in (("gold", "by_hand", GOLD_TABLES), ("audit", "by_hand_audit", AUDIT_TABLES))
            for line in by_hand.differences(connection, f"retail.{layer}", f"script.{built}", False, expected)
        ]


def parse_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        description="the marketplace from file to gold against a hand-written DuckDB script"
    )
    parser.add_argument("--rows", type=int, default=302_010, help="rows of the export")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--ours-alone", action="store_true", help="one round without the script, for the memory of our side"
    )
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    return parser.parse_args()


def run_ours(base: Path, folder: Path, landing: Path) -> tuple[dict[str, float], dict[str, float], float]:
    """Seconds of what is counted, and of the models without a row; peak memory in GiB. Prints them."""
    database = models.copy_of(base, folder)
    statements, load_memory = run_load(landing, database)
    select = [f"+{table}" for table in (*GOLD_TABLES, *AUDIT_TABLES)]
    every, _, dbt_memory = models.run_models(database, select, VARIABLES)
    with_rows = filled(database)
    counted = {name: seconds for name, seconds in every.items() if name in with_rows}
    empty = {name: seconds for name, seconds in every.items() if name not in with_rows}
    out.print(
        f"load {statements:.1f} s + {len(counted)} models {sum(counted.values()):.1f} s; "
        f"{len(empty)} empty models {sum(empty.values()):.1f} s more; "
        f"peak memory of load {load_memory:.2f}, of dbt {dbt_memory:.2f} GiB"
    )
    return {"retail load": statements, **counted}, empty, max(load_memory, dbt_memory)


def main() -> None:
    """Make the files, take turns, print, and judge."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="retail-bench-", dir=arguments.folder) as name:
        folder = Path(name)
        err.print(f"making {arguments.rows:,} rows of the marketplace ...")
        landing = make_files(folder, arguments.rows)
        base = make_base(folder / "base")
        options = models.settings_of_dbt(models.copy_of(base, folder / "ours").parent)
        out.print("DuckDB settings of both: " + ", ".join(f"{key} = {value}" for key, value in sorted(options.items())))

        ours, script, ratios, memories = [], [], [], []
        for number in range(1, 1 + (1 if arguments.ours_alone else arguments.rounds)):
            seconds, empty, memory = run_ours(base, folder / "ours", landing)
            ours.append(seconds)
            memories.append(memory)
            if arguments.ours_alone:
                continue
            hand, _, hand_memory = models.run_by_hand(models.copy_of(base, folder / "script"), options, landing)
            script.append(hand)
            total, hand_total = sum(seconds.values()), sum(hand.values())
            ratios.append(total / hand_total)
            out.print(
                f"round {number}: {total:.1f} s, by hand {hand_total:.1f} s, ratio {ratios[-1]:.2f} "
                f"(with the empty models {(total + sum(empty.values())) / hand_total:.2f}); peak memory by hand {hand_memory:.2f} GiB"
            )
        out.print("models counted: " + ", ".join(sorted(ours[-1].keys() - {"retail load"})))
        models.print_slowest(ours, script or [{}])
        found = [] if arguments.ours_alone else compare(folder / "ours" / base.name, folder / "script" / base.name)

    out.print(f"peak memory {max(memories):.2f} GiB (under {MEMORY_LIMIT_GIB:.0f})")
    exceeded = max(memories) >= MEMORY_LIMIT_GIB
    if not arguments.ours_alone:
        sums = [statistics.median(sum(round_.values()) for round_ in side) for side in (ours, script)]
        ratio = sums[0] / sums[1]
        exceeded |= ratio > RATIO_LIMIT
        out.print(
            f"{arguments.rows:,} rows from file to gold, medians of {arguments.rounds} rounds: {sums[0]:.1f} s, by hand {sums[1]:.1f} s"
        )
        out.print(f"ratio {ratio:.2f} (rounds {min(ratios):.2f} to {max(ratios):.2f}; at most {RATIO_LIMIT:g})")
        for line in found:
            out.print(f"DIFFERENT {line}")
        out.print("tables: " + ("different" if found else "all equal (columns, types, rows)"))
    sys.exit(bool(found) or exceeded)


if __name__ == "__main__":
    main()
