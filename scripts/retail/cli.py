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


def main() -> None:
    """Run the command line; an error that the user can put right ends in one line and exit code 1."""
    try:
        app()
    except UserError as error:
        console.err.print(f"retail: {error}", style="red", markup=False)
        sys.exit(1)
