"""The face of the `retail` command. Each verb is a thin call into one module."""

import sys
from typing import Annotated

import typer

from retail import console, settings
from retail.errors import UserError

app = typer.Typer(
    name="retail",
    help="Everything around dbt: make sample data, load what has landed, look at what became of it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def retail() -> None:
    """Everything around dbt: make sample data, load what has landed, look at what became of it."""


@app.command()
def sample(
    scale: Annotated[
        str, typer.Option(help="TPC-DS scale factor, 0.01 to 10; 1 is about 5 million sales lines.")
    ] = "0.1",
    sources: Annotated[
        list[str] | None, typer.Option(help="What to write, repeated or with commas: ops, inventory. Default: all.")
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="YYYY-MM-DD", help="First business date to land. Default: the first."),
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Last business date to land. Default: the last.")
    ] = None,
    granularity: Annotated[
        str, typer.Option(metavar="day|week|month|all", help="What one file of sales, returns or counts covers.")
    ] = "all",
) -> None:
    """Write TPC-DS sample data into the landing zone, whole or piece by piece.

    Sales, returns and stock counts land by business date (1998-01-01 to 2003-11-30), one file a period; a file's dt is
    the last date it covers. Customers, items and the other tables that show a state land whole, under 1998-01-01.
    The same call writes the same bytes: what is there already stays untouched, other content is an error, never
    overwritten. RETAIL_LANDING moves the landing zone.

    Example: the history up to the middle of 2002, then the next week day by day:

        retail sample --scale 0.1 --to 2002-06-30

        retail sample --scale 0.1 --from 2002-07-01 --to 2002-07-07 --granularity day
    """
    from retail import sample as module

    module.run(settings.landing(), scale, sources or [], from_, to, granularity)


@app.command()
def load(
    feeds: Annotated[
        list[str] | None, typer.Argument(metavar="[FEED]...", help="Feeds or sources to load, such as ops.item or ops.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be loaded; change nothing.")] = False,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for whoever has the database open.")
    ] = 60,
) -> None:
    """Load what has landed into bronze: Snowpipe for DuckDB.

    Carries out the pipes of scripts/snowflake/ on landing/<source>/<feed>/…: each path is loaded once, ever, and what was
    loaded is in audit.load_history, rejected records in audit.load_rejects. Run it as often as you like; when it is
    killed, run it again. To correct a file, land the correction under a new name.

    Exit code 0: all that has landed is in bronze. 1: something is not (a damaged file, rejected records, a file that
    changed after it was loaded); one line each says what. Files still being written are left for the next run.
    RETAIL_LANDING and RETAIL_DATABASE move the landing zone and the database.
    """
    from retail import load as module

    raise typer.Exit(module.run(feeds or [], dry_run=dry_run, wait=wait))


def main() -> None:
    """Run the command line; an error that the user can put right ends in one line and exit code 1."""
    try:
        app()
    except UserError as error:
        console.err.print(f"retail: {error}", style="red", markup=False)
        sys.exit(1)
