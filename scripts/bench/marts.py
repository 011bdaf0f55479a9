"""How fast the marts are against hand-written DuckDB scripts that make the same tables from the same gold facts, and how much
faster a dashboard's question is asked of a mart than of the tables as they landed.

One warehouse is made with everything but the marts (`--warehouse` takes one that is there, and is changed by it). Each round then
builds the marts in it: by `dbt run` (threads 1) in schema gold, and by the scripts (MART_SCRIPTS, a file each) in schema by_hand, in a process of
their own with the same DuckDB settings. dbt's time is the sum of the marts' execution times in run_results.json, the scripts' that of
their statements, helper tables included; what the marts read, dbt's start-up and its parsing are not part of it. At the end every mart must be
equal: columns, types and rows. Then each question of mart_questions.py is asked of both, in turns; the answers must be equal.

    python scripts/bench/marts.py --scale 1 --rounds 3

Exit code 1 where a table or an answer differs, the ratio to the scripts is above 1.5, or a question takes a mart 0.1 of the time or
more. Of several rounds the quickest counts, of each table and statement by itself, and of the questions the median: other work on the machine
only ever slows the one or the other. Below scale 1 the questions take bronze so little
that they say nothing of the limit; their ratios are printed and not judged.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import by_hand
import duckdb
import models
from mart_questions import QUESTIONS

from retail.console import err, out

RATIO_LIMIT = 1.5
QUESTION_LIMIT = 0.1
# from this scale on a question takes bronze long enough to be compared
QUESTION_SCALE = 1.0
# with the table that they alone read
MARTS = ("mart_*", "int_customer_transactions", "int_favourite_categories")
# every script of this folder but those that make facts and dimensions: a new group of marts brings its own
MART_SCRIPTS = sorted(
    path
    for path in Path(__file__).parent.glob("*_by_hand.sql")
    if path not in (by_hand.SCRIPT, by_hand.MARKETPLACE_SCRIPT)
)
BUILD = "import json, sys; import marts; print(json.dumps(marts.build_by_hand(sys.argv[1], json.loads(sys.argv[2]))))"


def make_warehouse(folder: Path, scale: str) -> Path:
    """A warehouse of the whole sample with every model but the marts."""
    folder.mkdir()
    places = models.environment(folder)
    models.run(["retail", "sample", "--scale", scale], places)
    models.run(["retail", "load"], places)
    models.run(["dbt", "--quiet", "seed"], places)
    models.run([*models.BUILD, "--select", "+path:models/marts", "--exclude", *MARTS], places)
    return folder / "retail.duckdb"


def build_by_hand(database: str, options: dict[str, str]) -> dict[str, float]:
    """Run the scripts anew in schema by_hand of a warehouse; seconds of each statement, by the table it makes."""
    seconds: dict[str, float] = {}
    with duckdb.connect(database) as connection:
        for name, value in options.items():
            connection.execute(f"set {name} = '{value}'")
        # DuckDB would draw it on standard output, since no script's file runs
        connection.execute("set enable_progress_bar = false")
        connection.execute("drop schema if exists by_hand cascade")
        for script in MART_SCRIPTS:
            for name, value in by_hand.build(connection, script).items():
                seconds[name] = seconds.get(name, 0.0) + value
    return seconds


def run_by_hand(database: Path, options: dict[str, str]) -> tuple[dict[str, float], float]:
    """`build_by_hand` in a process of its own; also its processor seconds."""
    places = {**models.environment(database.parent), "PYTHONPATH": str(Path(__file__).parent)}
    text, processor, _ = models.run([sys.executable, "-c", BUILD, str(database), json.dumps(options)], places)
    return json.loads(text), processor


def compare(database: Path) -> list[str]:
    """Differences between the marts of gold and those of the scripts."""
    with duckdb.connect(str(database), read_only=True) as connection:
        expected = [table for table in by_hand.tables(connection, "gold") if table.startswith(by_hand.MART_PREFIX)]
        return by_hand.differences(connection, exact=False, expected=expected)


def ask(database: Path, rounds: int) -> tuple[dict[str, tuple[float, float]], list[str]]:
    """Median seconds of each question on a mart and on bronze, and the questions whose answers differ or are empty."""
    seconds, wrong = {}, []
    with duckdb.connect(str(database), read_only=True) as connection:
        for name, (mart, bronze) in QUESTIONS.items():
            # the first answers also bring the tables into memory
            answers = [connection.execute(query).fetchall() for query in (mart, bronze)]
            if answers[0] != answers[1] or not answers[0]:
                wrong.append(f"{name}: {len(answers[0])} rows of the mart, {len(answers[1])} of bronze")
            taken: tuple[list[float], list[float]] = ([], [])
            for _ in range(rounds):
                for query, times in zip((mart, bronze), taken, strict=True):
                    start = time.perf_counter()
                    connection.execute(query).fetchall()
                    times.append(time.perf_counter() - start)
            seconds[name] = (statistics.median(taken[0]), statistics.median(taken[1]))
    return seconds, wrong


def parse_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="the marts against hand-written DuckDB scripts, and against bronze")
    parser.add_argument("--scale", default="1", help="TPC-DS scale factor of the sample")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--warehouse", type=Path, help="take this warehouse, built at that scale, instead of making one"
    )
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    return parser.parse_args()


def main() -> None:
    """Make the warehouse, take turns, ask, print, and judge."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="retail-bench-", dir=arguments.folder) as name:
        if not arguments.warehouse:
            err.print(f"making a warehouse at scale {arguments.scale} ...")
        database = arguments.warehouse or make_warehouse(Path(name) / "warehouse", arguments.scale)
        options = models.settings_of_dbt(database.parent)
        out.print("DuckDB settings of both: " + ", ".join(f"{key} = {value}" for key, value in sorted(options.items())))

        ours, script = [], []
        for number in range(1, arguments.rounds + 1):
            seconds, processor, memory = models.run_models(database, MARTS, "{}")
            hand, hand_processor = run_by_hand(database, options)
            ours.append(seconds)
            script.append(hand)
            total, hand_total = sum(seconds.values()), sum(hand.values())
            out.print(
                f"round {number}: dbt {total:.1f} s, by hand {hand_total:.1f} s, ratio {total / hand_total:.2f}; "
                f"processor {processor:.1f} s and {hand_processor:.1f} s, dbt's start-up included; peak memory of dbt {memory:.2f} GiB"
            )
        models.print_slowest(ours, script)
        found = compare(database)
        questions, wrong = ask(database, 2 * arguments.rounds + 1)

    sums = [sum(min(round_[name] for round_ in side) for name in side[0]) for side in (ours, script)]
    ratio = sums[0] / sums[1]
    out.print(f"marts, the quickest of {arguments.rounds} rounds: dbt {sums[0]:.1f} s, by hand {sums[1]:.1f} s")
    out.print(f"ratio {ratio:.2f} (at most {RATIO_LIMIT})")
    for line in found:
        out.print(f"DIFFERENT {line}")
    out.print("tables: " + ("different" if found else "all equal (columns, types, rows)"))
    for question, (mart, bronze) in questions.items():
        out.print(f"{question}: {mart * 1000:.1f} ms, bronze {bronze * 1000:.1f} ms, {mart / bronze:.3f}")
    for line in wrong:
        out.print(f"DIFFERENT ANSWER {line}")
    judged = float(arguments.scale) >= QUESTION_SCALE
    out.print(
        f"a question on a mart takes less than {QUESTION_LIMIT} of bronze" + ("" if judged else " (judged at scale 1)")
    )
    slow = judged and any(mart >= QUESTION_LIMIT * bronze for mart, bronze in questions.values())
    sys.exit(bool(found) or bool(wrong) or slow or ratio > RATIO_LIMIT)


if __name__ == "__main__":
    main()
