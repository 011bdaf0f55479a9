"""How long the site takes, and how large its pages are.

Renders the whole site of a warehouse (`--warehouse`, else one that is made: sample, load, build) some times over, as a user
does: `retail dashboards`, dbt's start and parsing included. Of several rounds the quickest counts: other work on the machine only ever
slows it. The pages' limit is without dbt's docs, which are given beside it.

    python scripts/bench/site.py --scale 0.1 --rounds 3

Exit code 1 where a round takes longer than the limit of the scale (10 s at 0.1 and below, 30 s at 1), a page is larger than
1.5 MB, or something could not be drawn.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

import models

from retail.console import err, out

PAGE_LIMIT = 1_500_000
# scale factor up to which a limit in seconds holds
LIMITS = {0.1: 10.0, 1.0: 30.0}


def make_warehouse(folder: Path, scale: str) -> Path:
    """A warehouse of the whole sample, built whole."""
    folder.mkdir()
    places = models.environment(folder)
    models.run(["retail", "sample", "--scale", scale], places)
    models.run(["retail", "load"], places)
    models.run(["dbt", "--quiet", "seed"], places)
    models.run([*models.BUILD], places)
    return folder / "retail.duckdb"


def render(database: Path, site: Path) -> tuple[float, float, float]:
    """Seconds of a rendering without the docs, from the command's start to its end; of the docs; its processor seconds."""
    start = time.perf_counter()
    text, processor, _ = models.run(["retail", "dashboards", "--out", str(site)], models.environment(database.parent))
    seconds = time.perf_counter() - start
    docs = float(re.search(r"docs ([\d.]+) s", text)[1])
    return seconds - docs, docs, processor


def main() -> None:
    """Make the warehouse, render, print, and judge."""
    parser = argparse.ArgumentParser(description="seconds and sizes of the site")
    parser.add_argument("--scale", default="0.1", help="TPC-DS scale factor of the sample")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warehouse", type=Path, help="take this warehouse, built at that scale")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    arguments = parser.parse_args()
    limit = next((seconds for scale, seconds in LIMITS.items() if float(arguments.scale) <= scale), None)
    with tempfile.TemporaryDirectory(prefix="retail-bench-", dir=arguments.folder) as name:
        if not arguments.warehouse:
            err.print(f"making a warehouse at scale {arguments.scale} ...")
        database = arguments.warehouse or make_warehouse(Path(name) / "warehouse", arguments.scale)
        site = Path(name) / "site"
        rounds = []
        for number in range(1, arguments.rounds + 1):
            pages, docs, processor = render(database, site)
            rounds.append(pages)
            out.print(f"round {number}: pages {pages:.1f} s, docs {docs:.1f} s; processor {processor:.1f} s")
        sizes = {page.name: page.stat().st_size for page in sorted(site.glob("*.html"))}
        charts = (site / "assets" / "vega.js").stat().st_size
    for page, size in sizes.items():
        out.print(f"{page}: {size / 1000:,.0f} kB (at most {PAGE_LIMIT / 1000:,.0f})")
    out.print(f"the charts' script, once for all pages: {charts / 1000:,.0f} kB")
    out.print(
        f"pages, the quickest of {arguments.rounds} rounds: {min(rounds):.1f} s"
        + (f" (at most {limit:g})" if limit else "")
    )
    sys.exit(max(sizes.values()) > PAGE_LIMIT or bool(limit and min(rounds) > limit))


if __name__ == "__main__":
    main()
