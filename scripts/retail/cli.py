"""The face of the `retail` command. Each verb is a thin call into one module."""

import sys
from datetime import date as date_type
from pathlib import Path
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

export = typer.Typer(
    help="Gold as files for other tools (Tableau, spreadsheets, Parquet readers), and its descriptions to Metabase.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
app.add_typer(export, name="export")

ExportModels = Annotated[
    list[str] | None,
    typer.Option("--models", help="Tables and views of gold, repeated or with commas. Default: all."),
]
ExportOut = Annotated[
    str, typer.Option(metavar="FOLDER", help="Where to write, <model>.<format> each; relative to the project.")
]
WithPersonal = Annotated[
    bool,
    typer.Option(
        "--with-personal-columns",
        help="Names, e-mail, phone, street and birth too, unmasked, from the warehouse; only you may read the files.",
    ),
]
ExportWait = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for whoever writes the warehouse.")
]

ShowPersonal = Annotated[
    bool,
    typer.Option(
        "--show-personal", help="Show names, e-mail, phone, street and birth too; by default they are hidden."
    ),
]


BusinessDate = Annotated[
    str | None,
    typer.Option("--date", metavar="YYYY-MM-DD", help="The business date whose files should be there. Default: none."),
]


LowStock = Annotated[
    bool, typer.Option("--low-stock", help="Tell how many products are low or out of stock and need attention, too.")
]


def _day(text: str | None) -> date_type | None:
    """A date that somebody typed."""
    try:
        return date_type.fromisoformat(text) if text else None
    except ValueError:
        raise UserError(f"--date {text}: a date is wanted, such as 2002-07-06") from None


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
        typer.Option(help="What to write, repeated or with commas: ops, inventory, marketplace, shop. Default: all."),
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
            metavar="day|week|month|all",
            help="What one file of sales, returns, counts, transactions or the shop covers.",
        ),
    ] = "all",
    rows: Annotated[
        str, typer.Option(metavar="INTEGER", help="Rows of the marketplace's export, 1 to 100 million.")
    ] = "20000",
    seed: Annotated[
        str,
        typer.Option(
            metavar="INTEGER",
            help="Another number gives another marketplace, shop and later extracts of the same kind.",
        ),
    ] = "1",
    shop_customers: Annotated[
        str,
        typer.Option(
            metavar="INTEGER", help="Customers of the shop, 1 to 1 million; about five rows and four orders each."
        ),
    ] = "500",
    state_granularity: Annotated[
        str,
        typer.Option(
            metavar="all|year|quarter|month|week|day",
            help="How often customers and other tables of ops that show a state are extracted again. all: once, never again.",
        ),
    ] = "all",
) -> None:
    """Write sample data into the landing zone, whole or piece by piece.

    ops and inventory are TPC-DS, the retail standard. Sales, returns and stock counts land by business date (1998-01-01 to 2003-11-30), one file a period; a file's dt is
    the last date it covers. Customers, items and the other tables that show a state land whole, under 1998-01-01. The standard's
    never change; with --state-granularity they are extracted again on the first day of each period within --from and --to, and
    customers have moved, changed, disappeared and come back, addresses were corrected, now and then a store, a warehouse or a promotion changed.

    marketplace is a wide export of transactions (2023-03-01 to 2024-02-29) with the dirt that such exports have: missing
    and contradicting values, ids written as floats, repeated rows, ids used twice. Its files break at 303,031 rows.

    shop is an online shop's log of customers and products, and its order lines (2023-03-01 to 2024-02-29): several versions in one
    file, late and repeated files, customers deleted and back, corrected and cancelled lines, orders of unknown customers.
    Late and repeated files keep their own names, with whatever --granularity.

    The same call writes the same bytes: what is there already stays untouched, other content is an error, never
    overwritten. RETAIL_LANDING moves the landing zone.

    Example: the history up to the middle of 2002, then the next week day by day:

        retail sample --scale 0.1 --to 2002-06-30

        retail sample --scale 0.1 --from 2002-07-01 --to 2002-07-07 --granularity day

    Example: a marketplace of the size of the public data set, month by month:

        retail sample --sources marketplace --rows 302010 --granularity month

    Example: customers who change from quarter to quarter up to 2001, then the first extract of 2002:

        retail sample --to 2001-12-31 --state-granularity quarter

        retail sample --from 2002-01-01 --to 2002-01-31 --state-granularity quarter
    """
    from retail import sample as module

    module.run(
        settings.landing(), scale, sources or [], from_, to, granularity, rows, seed, shop_customers, state_granularity
    )


@app.command()
def extract(
    tables: Annotated[
        list[str] | None,
        typer.Option(
            "--tables", help="Tables to extract, repeated or with commas, such as customer,item. Default: all."
        ),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The business date (dt) of what lands. Default: today, in UTC."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="Look for changed sales and returns from this day on; the first time, extract none before it.",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read and land the tables whole, whatever has landed before.")
    ] = False,
    overlap: Annotated[
        int,
        typer.Option(
            min=0, metavar="DAYS", help="How many days before the last one changed sales and returns are looked for."
        ),
    ] = 7,
    accept_schema: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE", help="Take this table's changed columns for right; repeated or with commas."),
    ] = None,
) -> None:
    """Extract the operational database (PostgreSQL, TPC-DS schema) into the landing zone, as Parquet.

    Reads in one read-only transaction, so all tables are of one moment. Tables that show a state land whole, when a row has
    changed. Of sales and returns land the lines that are new, whatever their date, and the changed ones of the last days;
    lines deleted in the database are reported. What has landed is remembered in _extract/ beside the data.

    The connection comes from PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD or a password file, or from a service file
    (PGSERVICE). RETAIL_LANDING moves the landing zone: a folder, or s3://bucket/prefix with the usual AWS settings.

    Killed at any moment, run it again: nothing is skipped and nothing lands twice.

    Exit code 0: what was asked for has landed, or had not changed. 1: a table was stopped (its columns changed, it is
    gone), or the database or landing zone cannot be used; one line each says what to do.

    Example: the night's extract, then one of corrections of a whole year:

        retail extract --date 2026-01-31

        retail extract --date 2026-01-31 --since 2025-01-01 --tables store_sales
    """
    from retail import extract as module

    raise typer.Exit(
        module.run(tables or [], day=date, since=since, full=full, overlap=overlap, accepted=accept_schema or [])
    )


@app.command()
def land(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES...", help="Files, or folders with all that is in them.")
    ],
    feed: Annotated[
        str | None,
        typer.Option(help="The feed, such as inventory.inventory. Default: from the folder, or the name's beginning."),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The business date. Default: from a folder dt=…, or the name."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would land where; change nothing.")] = False,
) -> None:
    """Land files: copy them under their feed and date into the landing zone, a folder or a bucket.

    Nothing is ever overwritten. A file that is there already is left alone, so a run that was interrupted is simply
    run again. Other content under a name that has landed gets a name of its own (inventory_002_1a2b3c4d.csv.gz) that comes
    after it, so its rows count as the correction. Each copy is compared with its file by SHA-256; to a bucket large
    files go in parts, with retries.

    RETAIL_LANDING moves the landing zone; s3://bucket/prefix takes the usual AWS settings (AWS_ENDPOINT_URL,
    AWS_REGION, AWS_ACCESS_KEY_ID …).

    Exit code 0: all is in the landing zone. 1: something is not; one line each says why.

    Example: a count that a warehouse sent, then a landing zone as it is, to a bucket:

        retail land ~/inventory_2002-01-31.csv.gz

        RETAIL_LANDING=s3://bucket/landing retail land landing/
    """
    from retail import land as module

    raise typer.Exit(module.run(files, feed=feed, day=date, dry_run=dry_run))


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

    Where several extracts of a table that shows its state wait (customers of ops), their snapshots then take them one by
    one, since `dbt build` would take only the newest.

    Exit code 0: all that has landed is in bronze. 1: something is not (a damaged file, rejected records, a file that
    changed after it was loaded); one line each says what. Files still being written are left for the next run.
    RETAIL_LANDING and RETAIL_DATABASE move the landing zone and the database.
    """
    from retail import load as module

    raise typer.Exit(module.run(feeds or [], dry_run=dry_run, wait=wait))


@app.command()
def run(
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Build everything anew from bronze, whatever landed. Histories kept by snapshots stay."
        ),
    ] = False,
    wait: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="How long to wait for another run, and for who has the database open."
        ),
    ] = 60,
    date: BusinessDate = None,
    from_step: Annotated[
        str | None, typer.Option("--from-step", metavar="STEP", help="Leave out the steps before this one.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option(metavar="STEP", help="Leave out a step; repeated for more.")] = None,
    only: Annotated[
        str | None, typer.Option(metavar="STEP", help="Do this step alone, as a scheduler with a task a step does.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop before the load where a file is missing or has other columns.")
    ] = False,
    run_id: Annotated[
        str | None,
        typer.Option("--run-id", metavar="NAME", help="Name of the run on record. Default: a new one."),
    ] = None,
    no_notify: Annotated[bool, typer.Option("--no-notify", help="Tell nobody; `retail notify` does it later.")] = False,
    low_stock: LowStock = False,
) -> None:
    """The night, in five steps: check, schema, load, build, publish. Run it as often as you like.

    check: are the files of the business date there (--date)? schema: do the new ones have the columns expected? load: what has landed
    goes into bronze. build: what is made of it is built and tested. publish: gold goes to where people read it. What check and
    schema find is told and stops nothing, unless --strict: what is there must get through. docs/nightly.md has the rest.

    Each step may be killed and run again: a plain `retail run` does all that is left. A step that takes too long is stopped
    (RETAIL_STEP_SECONDS, such as load=7200,build=14400). A table at the end says how each step ended; audit.run_steps keeps it,
    and the log of the run is under logs/runs/.

    A night in which nothing landed takes about a second. Otherwise dbt builds what is made of the feeds that landed since the
    last build that was whole, with every test that reads any of it; the result is that of `dbt build`. It builds
    everything where it cannot be sure that the rest still stands: the first time, and when somebody has built by hand or a run was
    killed; and anew from bronze when models, seeds, variables or the profile have changed. Killed at any moment, run it again.

    Gold is published when everything was built and no test failed; otherwise what was published before stays.

    Failures and warnings are sent where RETAIL_SNS_TOPIC_ARN says, numbers where RETAIL_CLOUDWATCH_NAMESPACE says.

    Exit code 0: done. 1: a step failed, or something that landed did not load (gold is published then, with the rest); one line
    each says what. 75: another run is still at work. 124: a step took too long. 130: interrupted.

    Example: what cron starts each night, and after a failure the rest of it:

        retail run --wait 600 --date "$(date -d yesterday +%F)"

        retail run --from-step build
    """
    from retail import night

    code = night.run(
        full=full,
        wait=wait,
        on=_day(date),
        from_step=from_step,
        skip=skip or [],
        only=only,
        strict=strict,
        run_id=run_id,
        tell=not no_notify,
        low_stock=low_stock,
    )
    raise typer.Exit(code)


@app.command()
def notify(
    run_id: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="The run, as `retail run` names it. Default: the last.")
    ] = None,
    low_stock: LowStock = False,
    again: Annotated[bool, typer.Option("--again", help="Tell what has been told already, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the message; send nothing.")] = False,
) -> None:
    """Tell someone what went wrong in a run: to SNS, else to standard error. `retail run` does it at its end.

    Files that did not load, tests and models that failed or warned, missing and silent feeds, steps that broke off. One message a
    run, and a second one only about what the first did not know of. Names and counts alone: nothing that stands in a row.

    RETAIL_SNS_TOPIC_ARN names the topic; subscribe e-mail addresses to it, its region and the credentials come from the usual
    AWS variables. docs/nightly.md goes through it.

    Exit code 0: told, or nothing to tell. 1: it could not be sent.

    Example: what would be sent of the last run?

        retail notify --dry-run --low-stock
    """
    from retail import notify as module

    raise typer.Exit(module.run(run_id, low_stock=low_stock, again=again, dry_run=dry_run))


@app.command()
def watch(
    queue: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="SQS queue of the bucket's events. Default: RETAIL_QUEUE_URL; else the folder."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do what is there to do, then end.")] = False,
    poll: Annotated[
        float,
        typer.Option(min=0.05, metavar="SECONDS", help="How often to look at the folder, and how long a file rests."),
    ] = 0.4,
    window: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long further messages may join a run.")
    ] = 0.3,
) -> None:
    """Run what follows from a file as soon as it has landed: load, build what depends on its feed, publish.

    Watches the SQS queue that the bucket's events go to, or the landing zone's folder where none is named. Each time something
    comes it is one `retail run`, with its record, lock and notifications; Tableau refreshes where it is set up (docs/nightly.md).

    A message is deleted once the load of its file is in bronze. Repeated and late events load nothing twice. A message that is no event,
    or whose file cannot be loaded, comes back more and more slowly and goes to the dead-letter queue of the queue's redrive policy.

    Ctrl-C and SIGTERM end it when the run in hand is done; a second time break that off.

    Exit code 0: ended as asked. With --once 1 where a run failed. 130: broken off.

    Example: what a service starts, and a try of it by hand:

        retail watch --queue https://sqs.eu-central-1.amazonaws.com/123456789012/landing

        retail watch --once
    """
    from retail import watch as module

    raise typer.Exit(module.run(queue, once=once, poll=poll, window=window))


@app.command("rebuild-history")
def rebuild_history(
    target: Annotated[
        str | None, typer.Option(metavar="NAME", help="Target of profiles.yml. Default: the profile's own.")
    ] = None,
) -> None:
    """Rebuild the histories that snapshots keep (customers, stores, warehouses and promotions of ops) from bronze.

    Replays every extract that ever landed, in order of its date (dt), also those that came late or were skipped because a
    plain `dbt build` takes only the newest: dbt warns of them and names this command. The histories as they are stay
    aside until the new ones are whole, and come back if anything fails. Takes a few seconds an extract.

    Follow it with `dbt build`: versions that an extract brings in between are new rows, and sales point to them.
    """
    from retail import history

    history.rebuild(target)


@app.command()
def check(
    feeds: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FEED]...", help="Feeds or sources to check, such as ops.item or ops. Default: all."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read new files to their end, and try the values of changed types.")
    ] = False,
    date: BusinessDate = None,
) -> None:
    """Is what should be there, will it load whole, and is every loaded row accounted for? Changes nothing.

    With --date: the files that are expected for that business date, by `meta: {expected: daily}` and `freshness` in the YAML of
    the sources, which you edit. A daily feed has a file of that dt, a weekly one of the seven days up to it, a monthly one of the 31; what comes
    when it changes must not be silent for longer than its freshness allows. No clock is asked: without --date nothing is expected.
    A new file with less than half or more than twice the rows of those before it is a warning.

    Compares each file that has landed and is not loaded yet with its pipe's table: missing, new, renamed and changed
    columns, ragged lines, other encodings and separators, empty and damaged files, wrong places; says which files, what
    will happen on DuckDB and on Snowflake, and what to do. Then, once the warehouse is built, shows what became of the
    rows of each feed, and why rows were rejected (docs/row-accounting.md).

    Of Parquet the schema is read, of CSV the header and the first MiB: a ragged line further down is found with --full,
    which may take longer than loading. The loader finds it anyway, and keeps it in audit.load_rejects.

    Exit code 0: fine, or warnings alone. 1: something expected is missing, something is or would be lost or refused, rows are
    unexplained, or more of a feed is rejected than `rejected_share_fail` in dbt_project.yml allows.

    Example: has yesterday come whole? And before the night's load, the files of one source:

        retail check --date 2002-07-06

        retail check marketplace --full
    """
    from retail import check as module

    raise typer.Exit(module.run(feeds or [], full=full, on=_day(date)))


@app.command()
def publish(
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for whoever writes the warehouse.")
    ] = 60,
) -> None:
    """Write gold, with personal columns masked, into warehouse/gold.duckdb: the file for people and BI tools.

    A DuckDB file has one writer, and an open editor keeps it out. This one is never written again, only replaced in one
    step: who has it open reads on and sees the new one when they open it again; nobody is in the way of a run. Killed at any
    moment, the file from before stays.

    All tables and views of gold, under the names that they have in the warehouse (gold.fct_sales), with their
    descriptions. Columns tagged `meta: {pii: true}` hold ***MASKED*** where they are text, nothing where they are not.
    DuckDB 1.0 and later can read it. RETAIL_GOLD moves it; `make shell` opens it.

    Example: after a build of your own:

        dbt build && retail publish
    """
    from retail import publish as module

    raise typer.Exit(module.run(wait))


@app.command()
def unload(
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for whoever writes the warehouse.")
    ] = 60,
) -> None:
    """Write gold into the processed zone, as Parquet: for programs that read files, each night the whole.

    processed/versions/<version>/<model>/, large facts by month (partition_month=YYYY-MM-01), columns about persons
    (`meta: {pii: true}`) left out. processed/current.json says which version counts, and how many rows each model has; it is replaced last, in
    one step, so that a reader who begins there sees the old state of all models or the new one. The version before stays
    until the next run, for who still reads it. Killed at any moment, what counted before counts still.

    Does `dbt run-operation unload_gold`, which on Snowflake writes the same to the stage gold.processed. RETAIL_PROCESSED
    moves the folder, also into a bucket (s3://bucket/prefix).

    Example: unload, then ask the files in DuckDB:

        retail unload

        select * from read_json('processed/current.json')
    """
    from retail import unload as module

    raise typer.Exit(module.run(wait))


@export.command("hyper")
def export_hyper(
    models: ExportModels = None,
    out: ExportOut = "exports",
    with_personal_columns: WithPersonal = False,
    wait: ExportWait = 60,
) -> None:
    """Tableau extracts: a .hyper file a model, with the one table that Tableau expects ("Extract"."Extract").

    From warehouse/gold.duckdb, as published. Columns about persons (`meta: {pii: true}`) are left out. Types are kept: amounts are
    NUMERIC(18,2), dates DATE. Each file is read back, its types, rows and sums compared with gold's, and only then put in
    its place in one step: a workbook sees the old extract or the new one. If they differ, the file is removed, exit code 1.

    Needs Tableau's engine: make bi. It sends nothing to anybody.

    Example:

        retail export hyper --models fct_sales,dim_products,dim_dates
    """
    from retail import export as module

    raise typer.Exit(module.run("hyper", out, models or [], with_personal_columns, wait))


@export.command("parquet")
def export_parquet(
    models: ExportModels = None,
    out: ExportOut = "exports",
    with_personal_columns: WithPersonal = False,
    wait: ExportWait = 60,
) -> None:
    """Parquet files, one a model; otherwise as `retail export hyper`.

    For files that other programs read each night, partitioned by month, see `retail unload`.

    Example:

        retail export parquet --models retail_data_view --out /tmp/for-the-analyst
    """
    from retail import export as module

    raise typer.Exit(module.run("parquet", out, models or [], with_personal_columns, wait))


@export.command("csv")
def export_csv(
    models: ExportModels = None,
    out: ExportOut = "exports",
    with_personal_columns: WithPersonal = False,
    wait: ExportWait = 60,
) -> None:
    """CSV files, one a model: UTF-8, a header, commas; nothing where there is no value, "" for an empty text.

    Otherwise as `retail export hyper`. A spreadsheet takes keys and postal codes for numbers: import such columns as text.

    Example:

        retail export csv --models mart_stock_alerts
    """
    from retail import export as module

    raise typer.Exit(module.run("csv", out, models or [], with_personal_columns, wait))


@export.command("metabase")
def export_metabase(
    database: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The database's name in Metabase. Default: METABASE_DATABASE."),
    ] = None,
    schema: Annotated[
        str,
        typer.Option(
            help="Where gold is in it: gold on Snowflake and in the warehouse, main in warehouse/gold.duckdb."
        ),
    ] = "gold",
) -> None:
    """Push the descriptions of gold's tables and columns to Metabase, and what columns mean (keys, amounts, places).

    So that Metabase joins facts to dimensions by itself, draws cities on a map, and shows amounts as money. Changes
    nothing in the database, and in Metabase only what differs; run it after each change of a description.

    Needs METABASE_URL and METABASE_API_KEY (a key whose group may edit table metadata), and dbt-metabase: make bi.

    Example:

        METABASE_URL=https://bi.example.com METABASE_API_KEY=… retail export metabase --database Retail
    """
    from retail import metabase as module

    raise typer.Exit(module.run(database, schema))


@app.command()
def dashboards(
    pages: Annotated[
        list[str] | None, typer.Option("--page", metavar="NAME", help="A page of dashboards/, repeated. Default: all.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="NAME", help="Target of profiles.yml. Default: the profile's own.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the site is written. Default: RETAIL_SITE, else site.")
    ] = None,
    docs: Annotated[bool, typer.Option("--docs/--no-docs", help="Also dbt's docs, under docs/.")] = True,
) -> None:
    """Write the site: dashboards, data quality and docs as files that open from disk, with no server.

    Asks the analyses of analyses/dashboards/ through dbt on the target and draws the pages of dashboards/*.yml, whose form is
    dashboards/page.schema.json (docs/dashboards.md). Aggregates alone: a query that reads a column tagged `meta: {pii: true}` is
    refused. The test results are those of dbt's last run.

    A page or tile that is wrong (a misspelt field, a table that is not built) says so where it would be; everything else is drawn.

    Exit code 0: all drawn. 1: something is not, one line each names the file, the tile and the field.

    Example: one page anew, while working on it:

        retail dashboards --page sales --no-docs
    """
    from retail.site import render

    raise typer.Exit(render.run(pages or [], target, out or settings.site(), docs))


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
    """The versions of a customer, and the rows that each comes from: its own, its address's and its household's.

    Of the shop the changes in their order: which opened a version, which one ended it, which opened none since nothing
    differed, late ones in their place. Of ops the rows of the extracts that first showed the version. Of the marketplace, which
    knows accounts from their lines alone, the newest transaction.

    Example:

        retail explain customer ops:17

        retail explain customer shop:1001 --show-personal
    """
    from retail import explain_history as module

    raise typer.Exit(module.customer(customer_id, show_personal))


@explain.command("product")
def explain_product(
    product_id: Annotated[str, typer.Argument(help="product_id of gold.dim_products, such as ops:AAAAAAAABAAAAAAA.")],
    week: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="Any day of the business week. Default: the product's versions instead."
        ),
    ] = None,
    warehouse: Annotated[str | None, typer.Option(help="warehouse_id, such as ops:1. Default: each.")] = None,
    show_personal: ShowPersonal = False,
) -> None:
    """How each column of gold.fct_weekly_sales_inventory came about: the lines summed, the count that stands.

    Every column is computed again from the rows and compared; exit code 1 if one does not add up. Of a product that never
    left a warehouse the lines of the week. Without --week the versions of the product and the rows they come from.

    Example:

        retail explain product ops:AAAAAAAABAAAAAAA --week 2002-03-06 --warehouse ops:1

        retail explain product ops:AAAAAAAABAAAAAAA
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


@app.command()
def deploy(
    check: Annotated[
        bool, typer.Option("--check", help="Without an account: do the scripts render, parse, and keep the rules?")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be applied; change nothing.")] = False,
    show: Annotated[
        str | None, typer.Option(metavar="SCRIPT", help="Print a script with its variables filled in, to run by hand.")
    ] = None,
    first_load: Annotated[
        bool,
        typer.Option(
            "--first-load",
            help="Put what has landed here into an internal stage and load it by the pipes' own COPY statements. With --plan: print them.",
        ),
    ] = False,
    without_pipes: Annotated[
        bool,
        typer.Option(
            "--without-pipes", help="Leave out what needs a bucket, for a first try; a later deployment brings it."
        ),
    ] = False,
) -> None:
    """Bring the Snowflake scripts into an account, each once: roles, pipes, tasks, masking.

    Applies scripts/snowflake/ through schemachange: V scripts once, R scripts whenever their text or variables changed. A second run applies nothing.
    A script that stopped half-way is run again as a whole. docs/snowflake.md leads from an empty account to the first build.

    Needs SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and SNOWFLAKE_PRIVATE_KEY_PATH, and the variables of the scripts (RETAIL_...), which --check lists.
    Nothing secret stands in a script or is ever printed.

    Exit code 0: done, or nothing wrong. 1: something is, one line each says what.

    Example: what an administrator runs once, then what a deployment would do, then do it:

        retail deploy --show administrator/account.sql

        retail deploy --plan

        retail deploy
    """
    if sum((check, show is not None, first_load)) > 1 or (plan and (check or show is not None)):
        raise UserError("--check, --show and --first-load exclude each other; --plan goes with --first-load or alone")
    from retail import deploy as module

    raise typer.Exit(module.run(check=check, plan=plan, show=show, first_load=first_load, pipes=not without_pipes))


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
