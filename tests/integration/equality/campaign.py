"""Many sequences: drawn by a seed, several a database, one report for each database that does not end equal."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from equality import shrink, worlds
from equality.dbt_process import Dbt
from equality.faults import Fault, plant
from equality.runner import Outcome, check, first_in_lineage, nearest_of_gold
from equality.sequences import Sequence

# What is drawn deletes many keys of a few; the question that this raises on real data is not asked (dbt_project.yml).
VARIABLES: dict[str, object] = {"vanished_share_stop": 1}
# Sequences in one database: a build costs the same with one, and a few hundred rows can still be read.
TOGETHER = 6


@dataclass
class Report:
    """How a database of several sequences ended; `shortest` and `shown`, where it was made shorter, are what is left of it."""

    number: int
    sequence: Sequence
    outcome: Outcome
    seconds: float
    shortest: Sequence | None = None
    shown: Outcome | None = None

    def __str__(self) -> str:
        what = f"{len(self.sequence.worlds())} sequences, {len(self.sequence.runs)} runs, {self.sequence.size()} rows"
        if self.outcome.ok:
            return f"database {self.number}: equal ({what}, {self.seconds:.0f} s)"
        lines = [f"database {self.number}: NOT EQUAL ({what})", str(self.outcome)]
        if self.shortest and self.shown:
            lines += [
                "",
                "The shortest sequence that shows it:",
                str(self.shortest),
                "",
                "What it shows:",
                str(self.shown),
            ]
        return "\n".join(lines)


def plan(count: int, seed: int, together: int = TOGETHER) -> list[Sequence]:
    """`count` sequences of a seed, `together` in a database: the same each time."""
    drawn = worlds.drawn(worlds.worlds(), count, seed)
    groups = [drawn[start : start + together] for start in range(0, len(drawn), together)]
    nights = worlds.drawn(worlds.nights(), len(groups), seed)
    return [worlds.sequence(group, planned) for group, planned in zip(groups, nights, strict=True)]


def run(
    numbered: list[tuple[int, Sequence]],
    dbt: Dbt,
    folder: Path,
    *,
    jobs: int = 1,
    shrink_seconds: float = 0,
    tell: Callable[[str], None] = lambda text: None,
) -> Iterator[Report]:
    """Check sequences, `jobs` at a time, and report each as it ends; one that fails is made shorter for `shrink_seconds`."""

    def one(number: int, sequence: Sequence) -> Report:
        begun = time.monotonic()
        outcome = check(sequence, dbt, folder / str(number))
        return Report(number, sequence, outcome, time.monotonic() - begun)

    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(one, *each) for each in numbered]):
            report = done.result()
            if not report.outcome.ok and shrink_seconds:
                tell(
                    f"database {report.number} is not equal:\n{report.outcome}\nLooking for the shortest sequence that shows it ..."
                )
                make_shorter(report, dbt, folder / f"{report.number}-shorter", shrink_seconds, tell)
            yield report


def make_shorter(report: Report, dbt: Dbt, folder: Path, seconds: float, tell: Callable[[str], None] = print) -> None:
    """Find the shortest sequence that shows what a report says; of several relations that differ, the first in the lineage."""
    relations = report.outcome.relations()
    first = first_in_lineage(dbt.manifest(), relations)
    select = (f"+{first}",) if first else ()

    def fails(candidate: Sequence, chosen: tuple[str, ...] = select) -> bool:
        outcome = check(candidate, dbt, folder, chosen)
        if report.outcome.failure:
            return bool(outcome.failure)
        found = outcome.relations() & relations
        return any(not first or name.endswith(f".{first}") for name in found)

    report.shortest = shrink.shortest(report.sequence, fails, seconds, tell)
    report.shown = check(report.shortest, dbt, folder, select)


def caught(fault: Fault, sequences: list[Sequence], folder: Path) -> tuple[int, str] | None:
    """The number, from 1, of the first database that shows a fault, and where; None where none does. 0: the fault's own nights."""
    with Dbt(folder / "dbt", project=plant(fault, folder / "project"), variables=VARIABLES) as dbt:
        shows_in = {fault.shows_in} if fault.shows_in else nearest_of_gold(dbt.manifest(), Path(fault.file).stem)
        select = tuple(f"+{relation.partition('.')[2]}" for relation in sorted(shows_in))
        own = [(0, fault.nights)] if fault.nights else []
        for number, sequence in [*own, *enumerate(sequences, 1)]:
            outcome = check(sequence, dbt, folder / "databases", select)
            if "Constraint Error" in outcome.failure:
                # rows that a contract refuses are seen, too, and at once
                return number, f"the contract of {min(shows_in)}"
            if outcome.failure:
                raise RuntimeError(f"the fault was to be seen in {', '.join(shows_in)}, but {outcome.failure}")
            seen = shows_in & outcome.relations()
            if seen:
                return number, min(seen)
    return None
