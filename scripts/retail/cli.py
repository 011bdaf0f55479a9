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


explain = typer.Typer(
    help="Trace a number back to its file lines, or a file forward to what became of its rows. Changes nothing.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.add_typer(explain, name="explain")

ShowPersonal = Annotated[
    bool,
    typer.Option(
        "--show-personal", help="Show names, e-mail, phone, street and birth too; by default they are hidden."
    ),
]


@app.callback()
def retail() -> None:
    """Everything around dbt: make sample data, load what has landed, look at what became of it."""


@app.command()
def sample(
    scale: Annotated[
        str, typer.Option(help="TPC-DS scale factor, 0.01 to 10; 1 is about 5 million sales lines.")
    ] = "0.1",
    sources: Annotated[
        list[str] | None,
        typer.Option(help="What to write, repeated or with commas: ops, inventory, marketplace. Default: all."),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="YYYY-MM-DD", help="First business date to land. Default: the first."),
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Last business date to land. Default: the last.")
    ] = None,
    granularity: Annotated[
        str,
        typer.Option(
            metavar="day|week|month|all", help="What one file of sales, returns, counts or transactions covers."
        ),
    ] = "all",
    rows: Annotated[
        str, typer.Option(metavar="INTEGER", help="Rows of the marketplace's export, 1 to 100 million.")
    ] = "20000",
    seed: Annotated[
        str, typer.Option(metavar="INTEGER", help="Another number gives another marketplace of the same kind.")
    ] = "1",
) -> None:
    """Write sample data into the landing zone, whole or piece by piece.

    ops and inventory are TPC-DS, the retail standard. Sales, returns and stock counts land by business date (1998-01-01 to 2003-11-30), one file a period; a file's dt is
    the last date it covers. Customers, items and the other tables that show a state land whole, under 1998-01-01.

    marketplace is a wide export of transactions (2023-03-01 to 2024-02-29) with the dirt that such exports have: missing
    and contradicting values, ids written as floats, repeated rows, ids used twice. Its files break at 303,031 rows.

    The same call writes the same bytes: what is there already stays untouched, other content is an error, never
    overwritten. RETAIL_LANDING moves the landing zone.

    Example: the history up to the middle of 2002, then the next week day by day:

        retail sample --scale 0.1 --to 2002-06-30

        retail sample --scale 0.1 --from 2002-07-01 --to 2002-07-07 --granularity day

    Example: a marketplace of the size of the public data set, month by month:

        retail sample --sources marketplace --rows 302010 --granularity month
    """
    from retail import sample as module

    module.run(settings.landing(), scale, sources or [], from_, to, granularity, rows, seed)


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


@app.command()
def check(
    feeds: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FEED]...", help="Feeds or sources to check, such as ops.item or ops. Default: all."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read new files to their end, and try the values of changed types.")
    ] = False,
) -> None:
    """Will what has landed load whole, and is every loaded row accounted for? Changes nothing.

    Compares each file that has landed and is not loaded yet with its pipe's table: missing, new, renamed and changed
    columns, ragged lines, other encodings and separators, empty and damaged files, wrong places; says which files, what
    will happen on DuckDB and on Snowflake, and what to do. Then, once the warehouse is built, shows what became of the
    rows of each feed, and why rows were rejected (docs/row-accounting.md).

    Of Parquet the schema is read, of CSV the header and the first MiB: a ragged line further down is found with --full,
    which may take longer than loading. The loader finds it anyway, and keeps it in audit.load_rejects.

    Exit code 0: fine, or warnings alone. 1: something is or would be lost or refused, rows are unexplained, or more of
    a feed is rejected than `rejected_share_fail` in dbt_project.yml allows.

    Example: before the night's load, the files of one source:

        retail check marketplace --full
    """
    from retail import check as module

    raise typer.Exit(module.run(feeds or [], full=full))


@explain.command("sale")
def explain_sale(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="A sales_line_key of gold.fct_sales, or an order.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="store, catalog, web, marketplace …")] = None,
    order: Annotated[str | None, typer.Option(help="The order's id or number, as the source has it.")] = None,
    line: Annotated[str | None, typer.Option(help="The line within the order (line_id); for ops the item.")] = None,
    show_personal: ShowPersonal = False,
) -> None:
    """The rows of the files that a line of gold.fct_sales comes from, and those passed over, with the reason.

    Example: one line by its key, then all lines of an order:

        retail explain sale 0a1b2c3d4e5f60718293a4b5c6d7e8f9

        retail explain sale --channel web --order 123
    """
    from retail import explain as module

    raise typer.Exit(module.sale(key, channel, order, line, show_personal))


@explain.command("customer")
def explain_customer(
    customer_id: Annotated[str, typer.Argument(help="customer_id of gold.dim_customers, such as ops:17.")],
    show_personal: ShowPersonal = False,
) -> None:
    """The rows that a customer is made of: its own, its address's and its household's, or its newest transaction.

    Example:

        retail explain customer ops:17
    """
    from retail import explain as module

    raise typer.Exit(module.customer(customer_id, show_personal))


@explain.command("product")
def explain_product(
    product_id: Annotated[str, typer.Argument(help="product_id of gold.dim_products, such as ops:AAAAAAAABAAAAAAA.")],
    week: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Any day of the business week.")],
    warehouse: Annotated[str | None, typer.Option(help="warehouse_id, such as ops:1. Default: each.")] = None,
    show_personal: ShowPersonal = False,
) -> None:
    """How each column of gold.fct_weekly_sales_inventory came about: the lines summed, the count that stands.

    Every column is computed again from the rows and compared; exit code 1 if one does not add up.

    Example:

        retail explain product ops:AAAAAAAABAAAAAAA --week 2002-03-06 --warehouse ops:1
    """
    from retail import explain as module

    raise typer.Exit(module.product(product_id, week, warehouse, show_personal))


@explain.command("file")
def explain_file(
    path: Annotated[str, typer.Argument(help="The file: its path below the landing zone, on disk, or its end.")],
    rows: Annotated[
        bool, typer.Option("--rows", help="A line of tab-separated text for each row, for grep and spreadsheets.")
    ] = False,
    show_personal: ShowPersonal = False,
) -> None:
    """What became of each row of a file: accepted, repeat, superseded, rejected, with reasons and the gold rows.

    Example: a summary, then the rows that were rejected:

        retail explain file inventory/inventory/dt=2002-01-31/inventory.csv.gz

        retail explain file inventory/inventory/dt=2002-01-31/inventory.csv.gz --rows | grep rejected
    """
    from retail import explain as module

    raise typer.Exit(module.file(path, rows, show_personal))


@app.command("new-source")
def new_source(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The source: lower-case letters, such as pos.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file as it sends them: .csv, .csv.gz or .parquet.")],
    feed: Annotated[
        str | None, typer.Option(help="What the files hold, such as lines. Default: FILE's name without its date.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN,...",
            help="Columns that name a row. Default: the whole row, so only equal rows are repeats.",
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            metavar="log|state",
            help="log: rows append, the last of a key counts. state: each file is the whole table, the newest counts.",
        ),
    ] = "log",
    fills: Annotated[
        list[str] | None,
        typer.Option(
            help="Contract to fill, repeated or with commas: sales_lines, returns, products, customers, stock_counts, or none. "
            "First the one with a row for each row of the feed. Default: sales_lines."
        ),
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add a feed to a source that exists.")] = False,
) -> None:
    """Write the skeleton of a new source from a sample of its files.

    Bronze table and pipe, dbt source, a staging model with names and types as the sample has them (a type is taken where nine
    values in ten read as it; rows that do not are rejected with a reason), and for each contract a model to fill in. All in files
    of their own, and NAME joins the variable `sources` in dbt_project.yml. The skeleton loads and builds as it is. Nothing is
    ever overwritten.

    Example: a till's daily export, a row a line of a receipt, from which products are known too; docs/add-a-source.md
    goes through it:

        retail new-source pos pos_export_2026-01-05.csv --feed lines --key "Receipt No,Line" --fills sales_lines,products
    """
    from retail import new_source as module

    module.run(name, file, feed=feed, key=key, kind=kind, fills=fills or [], add=add)


def main() -> None:
    """Run the command line; an error that the user can put right ends in one line and exit code 1."""
    try:
        app()
    except UserError as error:
        console.err.print(f"retail: {error}", style="red", markup=False)
        sys.exit(1)
