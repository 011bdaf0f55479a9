"""`retail check`: is what should be there, will what has landed load whole, and is every row that was loaded accounted for?

Reads only. Each check gives `Finding`s; the exit code is 1 where one of them is an error.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from rich.table import Table

from retail import (
    accounting,
    console,
    drift,
    expected,
    landed,
    landing_zone,
    load,
    load_history,
    pipes,
    settings,
    warehouse,
)
from retail.accounting import Accounting
from retail.drift import ERROR, NOTE, WARNING, Examined, Finding
from retail.landing_zone import Bucket, Folder

FILES_SHOWN = 3
REASONS_SHOWN = 30
STYLES = {ERROR: "red", WARNING: "yellow", NOTE: "dim"}


def run(feeds: list[str], *, full: bool = False, on: date | None = None) -> int:
    """Check the settings' landing zone and warehouse, print what was found; the exit code.

    `on` is the business date whose files should be there; without it nothing is expected.
    """
    landing, database = landing_zone.from_settings(), settings.database()
    with console.err.status("Reading the pipes …") as status:

        def progress(done: int, total: int) -> None:
            status.update(f"Checked {done:,} of {total:,} new files …")

        examined = check_landing(landing, database, feeds, full=full, progress=progress)
        arrived, told = check_arrivals(landing, database, feeds, on, full=full)
        accounted = read_accounting(database, feeds)
    if told:
        console.out.print(told)
    show_findings(arrived)
    findings = accounting_findings(accounted) if accounted else []
    show_landing(examined, landing)
    if accounted:
        show_accounting(accounted)
    else:
        console.err.print(f"{database}: no row accounting yet; run `retail load` and `dbt build`", markup=False)
    show_findings(findings)
    return exit_code(arrived + examined.findings + findings)


def check_landing(
    landing: Path | Folder | Bucket,
    database: Path,
    feeds: list[str],
    *,
    full: bool = False,
    wait: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> Examined:
    """What has landed and is not loaded yet, against the pipes.

    `wait` is how many seconds to wait for whoever has the database open.
    Raises UserError for faulty scripts, an unknown feed, a database that another process writes.
    """
    definitions = pipes.read_definitions(load.default_scripts())
    wanted = load.wanted_pipes(definitions.pipes, feeds)
    history = read_history(database, wait)
    return drift.examine(landing, definitions.pipes, wanted, history, full=full, progress=progress)


def read_history(database: Path, wait: float = 0.0) -> dict[tuple[str, str], load_history.Entry]:
    """The last entry of each (pipe, file); none where nothing has been loaded yet."""
    if database.exists():
        with warehouse.opened(database, wait) as connection:
            if load_history.exists(connection):
                return load_history.latest(connection)
    return {}


def check_arrivals(
    landing: Path | Folder | Bucket,
    database: Path,
    feeds: list[str],
    on: date | None,
    *,
    full: bool = False,
    wait: float = 0.0,
) -> tuple[list[Finding], str]:
    """Files of a business date that are missing, feeds that are silent, files of an unusual size; one line on what was expected.

    Without a date nothing is expected, and the line is empty. Raises UserError as `check_landing` does.
    """
    defined = pipes.read_definitions(load.default_scripts()).pipes
    wanted = load.wanted_pipes(defined, feeds)
    history = read_history(database, wait)
    files = landed.list_files(landing, [pipe.prefix for pipe in defined]).files
    found = expected.unusual(wanted, files, history, on, full=full)
    if on is None:
        return found, ""
    names = {load.feed_name(pipe) for pipe in wanted}
    declared = [each for each in expected.expectations() if each.feed in names]
    there = [entry.file_name for entry in history.values() if entry.status != load_history.LOAD_FAILED]
    there += [file.name for listed in files.values() for file in listed]
    missing = expected.missing(declared, expected.business_dates(there), on)
    return missing + found, expected.summary(missing, declared, on)


def read_accounting(database: Path, feeds: list[str]) -> Accounting | None:
    """The row accounting; None where it is not built yet."""
    if not database.exists():
        return None
    with warehouse.opened(database) as connection:
        found = accounting.read(connection)
    return accounting.limit(found, feeds) if found else None


def accounting_findings(accounted: Accounting) -> list[Finding]:
    """What is wrong with the accounting: the same rules as the tests of the build, and whether it is up to date."""
    found = []
    for feed in accounted.feeds:
        if feed.broken_files:
            lost = f"{feed.unexplained:,} rows are unexplained" if feed.unexplained else "rows are counted twice"
            files = f"{feed.broken_files:,} files" if feed.broken_files > 1 else "1 file"
            found.append(
                Finding(
                    ERROR,
                    feed.feed,
                    f"{feed.feed}: {lost} in {files}",
                    do=f"retail explain file {feed.first_broken_file}; docs/row-accounting.md",
                )
            )
        share = f"{feed.feed}: {feed.rejected_share:.2%} of the rows are rejected"
        do = "see the reasons above; `retail explain file PATH` shows the rows"
        if feed.rejected_share > accounted.fail_share:
            found.append(Finding(ERROR, feed.feed, f"{share}, more than {accounted.fail_share:.2%}", do=do))
        elif feed.rejected_share > accounted.warn_share:
            found.append(Finding(WARNING, feed.feed, f"{share}, more than {accounted.warn_share:.2%}", do=do))
    if accounted.stale_files:
        files = "1 file was" if accounted.stale_files == 1 else f"{accounted.stale_files:,} files were"
        found.append(
            Finding(
                WARNING, "", f"{files} loaded since the accounting was built", do="run `dbt build`, then check again"
            )
        )
    return found


def exit_code(findings: list[Finding]) -> int:
    """1 where one of the findings is an error, else 0."""
    return int(any(finding.severity == ERROR for finding in findings))


# -- the face ---------------------------------------------------------------------------------------------------------


def show_landing(examined: Examined, landing: Folder | Bucket) -> None:
    """One line of what was looked at, then each finding with what will happen and what to do."""
    files = "1 file has" if examined.files == 1 else f"{examined.files:,} files have"
    counts = [
        f"{number:,} {severity}{'s' if number > 1 else ''}"
        for severity in (ERROR, WARNING, NOTE)
        if (number := sum(finding.severity == severity for finding in examined.findings))
    ]
    console.out.print(
        f"Landing zone {landing}: {files} landed and are not loaded yet"
        f"{', ' if counts else '; nothing to remark' if examined.files else ''}{', '.join(counts)}.",
        markup=False,
    )
    show_findings(examined.findings)
    if examined.beginnings:
        console.out.print(
            f"Of {examined.beginnings:,} large files only the first {drift.HEAD >> 20} MiB was read; --full reads all.",
            markup=False,
        )


def show_findings(findings: list[Finding]) -> None:
    """Each finding: severity and what is wrong, the files, what happens on either engine, what to do."""
    for finding in findings:
        feed = f"{finding.feed}: " if finding.feed and finding.files else ""
        console.out.print(f"{finding.severity}: {feed}{finding.what}", style=STYLES[finding.severity], markup=False)
        for name in finding.files[:FILES_SHOWN]:
            console.out.print(f"    {name}", markup=False)
        if len(finding.files) > FILES_SHOWN:
            console.out.print(f"    … and {len(finding.files) - FILES_SHOWN:,} more files", markup=False)
        for label, text in (
            ("on DuckDB", finding.on_duckdb),
            ("on Snowflake", finding.on_snowflake),
            ("to do", finding.do),
        ):
            if text:
                console.out.print(f"    {label + ':':<13} {text}", markup=False)


def show_accounting(accounted: Accounting) -> None:
    """A table of the feeds, and one of why rows were rejected."""
    if not accounted.feeds:
        console.out.print("Row accounting: nothing of this has been loaded.")
        return
    table = Table(title="Row accounting", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("feed", no_wrap=True)
    for heading in (
        "files",
        "failed\nfiles",
        "landed\nrows",
        "rejected\nat load",
        "rejected\nin staging",
        "repeats",
        "superseded",
        "accepted",
        "unexplained",
        "share\nrejected",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for feed in accounted.feeds:
        cells = (
            feed.files,
            feed.failed_files,
            feed.landed,
            feed.rejected_at_load,
            feed.rejected_in_staging,
            feed.repeats,
            feed.superseded,
            feed.accepted,
            feed.unexplained,
        )
        style = "red" if feed.broken_files or feed.rejected_share > accounted.fail_share else None
        table.add_row(feed.feed, *(f"{cell:,}" for cell in cells), f"{feed.rejected_share:.2%}", style=style)
    console.print_table(table)
    if not accounted.reasons:
        return
    table = Table(title="Why rows were rejected", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("feed", "at", "reason", "first file"):
        table.add_column(heading, no_wrap=True)
    for heading in ("rows", "resolved", "files"):
        table.add_column(heading, justify="right", no_wrap=True)
    for reason in accounted.reasons[:REASONS_SHOWN]:
        numbers = (f"{number:,}" for number in (reason.rows, reason.resolved, reason.files))
        table.add_row(reason.feed, reason.stage, reason.reason, reason.first_file, *numbers)
    console.print_table(table)
    if len(accounted.reasons) > REASONS_SHOWN:
        console.out.print(f"… and {len(accounted.reasons) - REASONS_SHOWN:,} more reasons: audit.audit_rejected_rows")
