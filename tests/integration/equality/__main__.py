"""`make equality N=200`: many sequences, each compared with a full refresh; a failure ends with the shortest that shows it."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from equality import campaign, tally
from equality.dbt_process import Dbt
from equality.faults import FAULTS, of_every_incremental_model


def main() -> int:
    """The command line; exit code 1 where a sequence did not end as a full refresh does."""
    parser = argparse.ArgumentParser(prog="equality", description=__doc__)
    parser.add_argument("-n", type=int, default=20, help="sequences")
    parser.add_argument("--seed", type=int, help="the seed they are drawn by; by default another each time")
    parser.add_argument("--only", type=int, help="run this database alone, as counted in the output")
    parser.add_argument("--jobs", type=int, default=2, help="databases at a time")
    parser.add_argument("--shrink-seconds", type=float, default=900, help="how long to look for a shorter sequence")
    parser.add_argument(
        "--tally", action="store_true", help="run nothing; say how many sequences have each kind of landing"
    )
    parser.add_argument("--faults", action="store_true", help="plant known mistakes instead, and see each caught")
    parser.add_argument("--fault", default="", metavar="TEXT", help="with --faults: those with this text in their name")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    if given.tally:
        for kind, sequences in tally.tally(campaign.plan(given.n, seed)).items():
            _say(f"{sequences:6,}  {kind}")
        return 0
    if given.faults:
        return _plant_all(given.n, seed, given.fault)
    numbered = list(enumerate(campaign.plan(given.n, seed), 1))
    again = f"make equality N={given.n} SEED={seed}"
    print(f"{given.n} sequences in {len(numbered)} databases, seed {seed}; again: {again}", flush=True)
    failed = []
    with (
        tempfile.TemporaryDirectory(prefix="equality") as folder,
        Dbt(Path(folder) / "dbt", variables=campaign.VARIABLES) as dbt,
    ):
        chosen = [each for each in numbered if given.only in (None, each[0])]
        for report in campaign.run(
            chosen, dbt, Path(folder), jobs=given.jobs, shrink_seconds=given.shrink_seconds, tell=_say
        ):
            _say(str(report))
            if not report.outcome.ok:
                failed.append(report.number)
                _say(f"again: {again} ONLY={report.number}")
    _say(f"{len(chosen) - len(failed)} of {len(chosen)} databases equal" + (f"; not: {failed}" if failed else ""))
    return int(bool(failed))


def _plant_all(count: int, seed: int, only: str) -> int:
    """Plant every fault, or those with a text in their name; exit code 1 where one is not caught."""
    sequences = campaign.plan(count, seed)
    missed = 0
    for name, fault in {**FAULTS, **of_every_incremental_model()}.items():
        if only not in name:
            continue
        with tempfile.TemporaryDirectory(prefix="equality") as folder:
            seen = campaign.caught(fault, sequences, Path(folder))
        missed += seen is None
        nights = f"database {seen[0]}" if seen and seen[0] else "its own nights"
        where = f"caught by {nights} in {seen[1]}" if seen else "NOT CAUGHT"
        _say(f"{name}: {where}, of {len(sequences)} databases of seed {seed}")
    return int(bool(missed))


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
