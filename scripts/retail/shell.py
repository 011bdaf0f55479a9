"""`make shell`: published gold in DuckDB's own SQL shell, read-only. Arguments go to it, such as -c 'select …' or -csv."""

import os
import sys
from pathlib import Path

import duckdb_cli

from retail import console, settings


def main() -> None:
    """Become the shell, on the settings' file."""
    gold = settings.gold()
    if not gold.exists():
        text = f"retail: {gold} is not there yet; run `make build`, or `retail publish` once gold is built"
        console.err.print(text, style="red", markup=False)
        sys.exit(1)
    if sys.stdin.isatty():
        console.err.print(
            f"{settings.shown(gold)}, read-only: .tables lists, describe fct_sales; explains, .quit leaves"
        )
    # the package's own entry stands between, and would kill the shell at the Ctrl-C that is to stop a query
    shell = Path(duckdb_cli.__file__).with_name("duckdb")
    os.execv(shell, [shell.name, "-readonly", str(gold), *sys.argv[1:]])


if __name__ == "__main__":
    main()
