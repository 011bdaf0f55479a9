"""How fast the dbt models are against a hand-written DuckDB script that builds the same star from the same bronze.

Bronze is made once, of the operational source and the stock counts. Each round then takes two copies of it: `dbt build`
(threads 1; models and the snapshots that they read) builds schema gold in one, star_by_hand.sql schema by_hand in the other, each in a process of its own and with
the same DuckDB settings (those that dbt's own connection reports). dbt's time is the sum of its models' execution times in
run_results.json, views of silver included, parsing and start-up not; the script's that of its statements; both include
their commits and checkpoints. At the end every table must be equal: columns, types and rows.

    python scripts/bench/models.py --scale 1 --rounds 3

Exit code 1 where a table differs, the ratio is above 1.3 (from scale 10: 1.2) or dbt's memory reaches 8 GiB (24 from scale 10). Rounds take turns, and the medians
count, since other work on the machine slows the one or the other; the processor seconds of the whole processes stand
beside (dbt's include its start-up and parsing).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import by_hand
import duckdb

from retail import settings
from retail.console import err, out

# at scale 10 what a build costs whatever its size weighs less
RATIO_LIMIT, RATIO_LIMIT_LARGE, LARGE_SCALE = 1.3, 1.2, 10
MEMORY_LIMIT_GIB, MEMORY_LIMIT_LARGE_GIB = 8.0, 24.0
# the benchmark is of the operational source; what other sources add is left out, as their switch does it
VARIABLES = json.dumps({"sources": ["ops", "inventory"]})
# gold and what it is made from; the audit models are no part of the star, and marts.py has the marts and what they alone read
STAR = ("+path:models/marts", "--exclude", "mart_*", "int_customer_transactions", "int_favourite_categories")
# `dbt run` would leave out the snapshots, and with them the histories
BUILD = ("dbt", "--quiet", "build", "--resource-type", "model", "--resource-type", "snapshot", "--threads", "1")
# what changes speed or memory; the script's process gets the values that dbt's connection has
SAME_SETTINGS = ("threads", "memory_limit", "preserve_insertion_order", "checkpoint_threshold")


def run(command: list[str], environment: dict[str, str]) -> tuple[str, float, float]:
    """Run a command from the project's root: its standard output, processor seconds and peak memory in GiB."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=settings.project_root(), env=environment, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command[:3])} ended with {process.returncode}\n{text}")
    return text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024**2


def environment(folder: Path) -> dict[str, str]:
    """Where `retail` and dbt work: everything under `folder`."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RETAIL_LANDING": str(folder / "landing"),
        "RETAIL_DATABASE": str(folder / "retail.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def make_bronze(folder: Path, scale: str) -> Path:
    """A warehouse with bronze and the seeds, nothing else; the files it came from are removed."""
    folder.mkdir()
    places = environment(folder)
    run(["retail", "sample", "--scale", scale, "--sources", "ops,inventory"], places)
    run(["retail", "load"], places)
    run(["dbt", "--quiet", "seed", "--vars", VARIABLES], places)
    shutil.rmtree(folder / "landing")
    return folder / "retail.duckdb"


def settings_of_dbt(folder: Path) -> dict[str, str]:
    """The settings of the connection that dbt opens, as it reports them."""
    names = ", ".join(f"'{name}'" for name in SAME_SETTINGS)
    query = f"select name, value from duckdb_settings() where name in ({names})"
    command = ["dbt", "--quiet", "show", "--inline", query, "--limit", "-1", "--output", "json", "--vars", VARIABLES]
    text, _, _ = run(command, environment(folder))
    return {row["name"]: str(row["value"]) for row in json.loads(text[text.index("{") :])["show"]}


def copy_of(bronze: Path, folder: Path) -> Path:
    """A fresh copy of bronze in a folder of its own, under the same file name (views hold it)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Path(shutil.copy(bronze, folder / bronze.name))


def run_models(
    database: Path, select: Sequence[str] = STAR, variables: str = VARIABLES
) -> tuple[dict[str, float], float, float]:
    """Seconds of each model, processor seconds, and peak memory in GiB of one `dbt build`."""
    folder = database.parent
    _, processor, memory = run([*BUILD, "--select", *select, "--vars", variables], environment(folder))
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return {result["unique_id"].split(".")[-1]: result["execution_time"] for result in results}, processor, memory


def run_by_hand(
    database: Path, options: dict[str, str], landing: Path | None = None
) -> tuple[dict[str, float], float, float]:
    """Seconds of each statement, processor seconds, and peak memory in GiB of the script (the marketplace's, from `landing`)."""
    command = [
        sys.executable,
        by_hand.__file__,
        str(database),
        json.dumps(options),
        *([str(landing)] if landing else []),
    ]
    text, processor, memory = run(command, environment(database.parent))
    return json.loads(text), processor, memory


def print_slowest(models: list[dict[str, float]], script: list[dict[str, float]], shown: int = 12) -> None:
    """Median seconds of the slowest models beside those of the statements for the same tables."""
    medians = {name: statistics.median(round_[name] for round_ in models) for name in models[0]}
    hand = {name: statistics.median(round_[name] for round_ in script) for name in script[0]}
    slowest = sorted(medians, key=medians.__getitem__, reverse=True)[:shown]
    out.print(f"{'table':<32}{'dbt s':>9}{'by hand s':>11}")
    for name in slowest:
        out.print(f"{name:<32}{medians[name]:>9.2f}{f'{hand[name]:.2f}' if name in hand else '-':>11}")
    for label, seconds, shown_names in (
        ("other models", medians, slowest),
        ("helper tables and the rest", hand, slowest),
    ):
        rest = sum(value for name, value in seconds.items() if name not in shown_names)
        out.print(f"{label:<32}{rest:>9.2f}" if seconds is medians else f"{label:<32}{'':>9}{rest:>11.2f}")


def compare(models: Path, script: Path) -> list[str]:
    """Differences between gold in the one warehouse and by_hand in the other."""
    with duckdb.connect() as connection:
        # under its own name, by which its views find their tables
        connection.execute(f"attach '{models}' as retail (read_only)")
        connection.execute(f"attach '{script}' as script (read_only)")
        return by_hand.differences(connection, "retail.gold", "script.by_hand", exact=False)


def main() -> None:
    """Make bronze, take turns, print, and judge."""
    parser = argparse.ArgumentParser(description="dbt models against a hand-written DuckDB script")
    parser.add_argument(
        "--scale", default="1", help="TPC-DS scale factor; 1 is 5 million lines and 11.7 million counts"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--bronze", type=Path, help="take bronze and the seeds from this warehouse instead of making them"
    )
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="retail-bench-", dir=arguments.folder) as name:
        folder = Path(name)
        err.print(
            f"making bronze at scale {arguments.scale} ..."
            if not arguments.bronze
            else f"bronze from {arguments.bronze}"
        )
        bronze = arguments.bronze or make_bronze(folder / "bronze", arguments.scale)
        options = settings_of_dbt(copy_of(bronze, folder / "models").parent)
        out.print("DuckDB settings of both: " + ", ".join(f"{key} = {value}" for key, value in sorted(options.items())))

        models, script, ratios, memories = [], [], [], []
        for number in range(1, arguments.rounds + 1):
            seconds, processor, memory = run_models(copy_of(bronze, folder / "models"))
            hand_seconds, hand_processor, hand_memory = run_by_hand(copy_of(bronze, folder / "script"), options)
            models.append(seconds)
            script.append(hand_seconds)
            memories.append(memory)
            total, hand_total = sum(seconds.values()), sum(hand_seconds.values())
            ratios.append(total / hand_total)
            out.print(
                f"round {number}: dbt {total:.1f} s, by hand {hand_total:.1f} s, ratio {ratios[-1]:.2f}; "
                f"processor {processor:.1f} s and {hand_processor:.1f} s; peak memory {memory:.2f} and {hand_memory:.2f} GiB"
            )
        print_slowest(models, script)
        found = compare(folder / "models" / bronze.name, folder / "script" / bronze.name)

    is_large = float(arguments.scale) >= LARGE_SCALE
    limit, memory_limit = (RATIO_LIMIT_LARGE, MEMORY_LIMIT_LARGE_GIB) if is_large else (RATIO_LIMIT, MEMORY_LIMIT_GIB)
    sums = [statistics.median(sum(round_.values()) for round_ in side) for side in (models, script)]
    ratio = sums[0] / sums[1]
    out.print(f"sums, medians of {arguments.rounds} rounds: dbt {sums[0]:.1f} s, by hand {sums[1]:.1f} s")
    out.print(f"ratio {ratio:.2f} (rounds {min(ratios):.2f} to {max(ratios):.2f}; at most {limit})")
    out.print(f"peak memory of dbt {max(memories):.2f} GiB (under {memory_limit:.0f})")
    for line in found:
        out.print(f"DIFFERENT {line}")
    out.print("tables: " + ("different" if found else "all equal (columns, types, rows)"))
    sys.exit(bool(found) or ratio > limit or max(memories) >= memory_limit)


if __name__ == "__main__":
    main()
