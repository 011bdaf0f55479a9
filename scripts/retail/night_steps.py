"""The five steps of the night: check, schema, load, build, publish. Each may be killed and run again.

What is to be built follows from the record of the last build that was whole (last_build.py); where that does not vouch for
the warehouse, everything is built.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from retail import (
    check,
    console,
    dbt_build,
    drift,
    landing_zone,
    last_build,
    load,
    load_history,
    publish,
    settings,
    tableau,
    unload,
    warehouse,
)
from retail.run_record import DONE, ERROR, FAILED, INCOMPLETE, INTERRUPTED, NOTHING, WARNING, Remark

# The rest is in dbt's log.
FAILURES_SHOWN = 20


@dataclass(frozen=True)
class Night:
    """What a run was asked for. `on`: the business date; `wait` in seconds; `lock`: the open file that keeps others out."""

    on: date | None = None
    full: bool = False
    strict: bool = False
    wait: float = 60.0
    lock: int = -1
    # whether the build belongs to this run: then there is something to publish once it was whole
    builds: bool = True


@dataclass
class Result:
    """How a step ended: outcome, exit code, a few words, files and rows it was about, what there is to tell."""

    outcome: str
    code: int = 0
    message: str = ""
    files: int | None = None
    rows: int | None = None
    remarks: list[Remark] = field(default_factory=list)


# -- check and schema -------------------------------------------------------------------------------------------------


def check_step(night: Night) -> Result:
    """Are the files of the business date there, and of a usual size?"""
    landing, database = landing_zone.from_settings(), settings.database()
    found, told = check.check_arrivals(landing, database, [], night.on, wait=night.wait)
    if told:
        console.out.print(told)
    check.show_findings(found)
    remarks = []
    for finding in found:
        if finding.severity == drift.ERROR:
            remarks.append(Remark(ERROR if night.strict else WARNING, "missing", finding.feed))
        elif finding.severity == drift.WARNING and finding.files:
            remarks += [Remark(WARNING, "unusual_rows", name) for name in finding.files]
        elif finding.severity == drift.WARNING:
            remarks.append(Remark(WARNING, "silent", "feeds", int(re.match(r"\d+", finding.what)[0])))
    missing = sum(remark.kind == "missing" for remark in remarks)
    message = "" if night.on is None else f"{missing or 'none'} missing"
    unusual = sum(remark.kind == "unusual_rows" for remark in remarks)
    message += f"{', ' if message else ''}{unusual} of unusual size" if unusual else ""
    if missing and night.strict:
        return Result(FAILED, 1, message, remarks=remarks)
    return Result(DONE if night.on or found else NOTHING, 0, message, remarks=remarks)


def schema_step(night: Night) -> Result:
    """Do the files that have landed since have the columns that are expected?"""
    landing = landing_zone.from_settings()
    examined = check.check_landing(landing, settings.database(), [], wait=night.wait)
    # what cannot be loaded since long the load says again
    if examined.findings:
        check.show_landing(examined, landing)
    remarks = [
        Remark(ERROR if finding.severity == drift.ERROR and night.strict else WARNING, "schema", name)
        for finding in examined.findings
        if finding.severity == drift.ERROR
        for name in dict.fromkeys(finding.files)
    ]
    if not examined.files and not examined.findings:
        return Result(NOTHING, 0, "no new files", 0)
    message = f"{len(remarks)} findings" if remarks else ""
    failed = bool(remarks) and night.strict
    return Result(FAILED if failed else DONE, int(failed), message, examined.files, remarks=remarks)


# -- load -------------------------------------------------------------------------------------------------------------


def load_step(night: Night) -> Result:
    """Take into bronze what has landed; what does not load is told, and keeps nothing from being built."""
    database = settings.database()
    before = 0
    if database.exists():
        with warehouse.opened(database, night.wait) as connection:
            if load_history.exists(connection):
                before = history_rows(connection)
    code = load.run([], dry_run=False, wait=night.wait)
    if code == 130:
        return Result(INTERRUPTED, 130)
    with warehouse.opened(database, night.wait) as connection:
        entries = connection.execute(
            "select file_name, status, row_count, error_count from (from audit.load_history order by rowid offset ?)",
            [before],
        ).fetchall()
    remarks = []
    for name, status, _, errors in entries:
        if status == load_history.LOAD_FAILED:
            remarks.append(Remark(ERROR, "not_loaded", name))
        elif errors:
            remarks.append(Remark(WARNING, "rejected", name, errors))
    if code and not remarks:
        remarks.append(Remark(ERROR, "not_loaded", "files that earlier runs could not load, or that changed since"))
    files = sum(status != load_history.LOAD_FAILED for _, status, _, _ in entries)
    rows = sum(loaded for _, _, loaded, _ in entries)
    outcome = INCOMPLETE if code else DONE if entries else NOTHING
    failed = len(entries) - files
    return Result(outcome, code, f"{failed} files not loaded" if failed else "", files, rows, remarks)


def history_rows(connection: warehouse.Connection) -> int:
    """How many rows the loader's history has; it is append-only."""
    return connection.execute("select count(*) from audit.load_history").fetchone()[0]


def landed_since(connection: warehouse.Connection, known_rows: int) -> dict[str, tuple[int, int]]:
    """Files and rows that landed after the first rows of the load history, by feed (`ops.item`)."""
    query = """
        select split_part(file_name, '/', 1) || '.' || split_part(file_name, '/', 2), count(*), sum(row_count)
        from (from audit.load_history order by rowid offset ?)
        where status != 'load_failed'
        group by all
        order by all
    """
    return {feed: (files, int(rows)) for feed, files, rows in connection.execute(query, [known_rows]).fetchall()}


# -- build ------------------------------------------------------------------------------------------------------------


def build_step(night: Night) -> Result:
    """Build and test what depends on what landed since the last whole build, or everything."""
    database = settings.database()
    record = last_build.read(database)
    changed = record is not None and record.project != last_build.project_hash()
    reason = "you asked for it" if night.full else _doubt(database, record)
    with warehouse.opened(database, night.wait) as connection:
        rows = history_rows(connection) if load_history.exists(connection) else 0
        landed = landed_since(connection, record.history_rows) if record and not reason else {}
    if not reason and rows == record.history_rows:
        console.out.print(f"Nothing has landed since the last build ({record.finished_at} UTC): nothing to build.")
        return Result(NOTHING, 0, "nothing has landed since the last build")
    return _build(database, record, reason, landed, rows, night.lock, anew=night.full or changed)


def _doubt(database: Path, record: last_build.Record | None) -> str:
    """Why everything has to be built; empty where the record vouches for what is there."""
    if record is None:
        return "no whole build is on record"
    if record.project != last_build.project_hash():
        return "the project, the profile or a version has changed since the last whole build"
    if record.seal != last_build.seal(database):
        return (
            "something else than `retail` has written the warehouse since the last whole build, or it was interrupted"
        )
    return ""


def _build(
    database: Path,
    record: last_build.Record | None,
    reason: str,
    landed: dict[str, tuple[int, int]],
    rows: int,
    lock: int,
    *,
    anew: bool,
) -> Result:
    """Build, say how it went, and keep the record. `anew` makes the incremental tables anew, too."""
    if reason:
        console.out.print(f"Building everything{' anew' if anew else ''}: {reason}.")
        # from here on nothing vouches for what is there, until it is whole; of another project it still says so
        if anew and record:
            last_build.write(database, replace(record, seal=[]))
        else:
            last_build.forget(database)
    else:
        for feed, (files, loaded) in landed.items():
            console.out.print(f"To build: {feed}, {files:,} file{'s' * (files != 1)}, {loaded:,} rows")
        if not landed:
            console.out.print("To build: the accounting of what did not load")
    begun = time.monotonic()
    project = last_build.project_hash()
    built = dbt_build.Built(stopped="interrupted")
    ended = False
    try:
        built = _with_progress(None if reason else list(landed), lock, anew=anew)
        ended = True
    except KeyboardInterrupt:
        ended = True
        console.err.print("Interrupted: nothing is published; run it again and the rest follows.")
        return Result(INTERRUPTED, 130)
    finally:
        if built.ok:
            last_build.write(database, last_build.whole(database, rows, project))
        elif not reason and ended:
            # what it left undone depends on what has landed since the same build as before
            last_build.renew(database, record)
    for node in built.warned():
        console.err.print(f"warning: {node}", style="yellow", markup=False)
    remarks = [_remark(ERROR, node) for node in built.failed()] + [_remark(WARNING, node) for node in built.warned()]
    if not built.ok:
        _show_failures(built)
        if built.stopped:
            remarks.append(Remark(ERROR, "build_stopped"))
        return Result(FAILED, 1, f"{len(built.failed())} failed", remarks=remarks)
    tables, tests = built.count("model", "snapshot", "seed"), built.count("test", "unit_test")
    what = "all" if reason else "what depends on it"
    seconds = f"{time.monotonic() - begun:,.0f} s"
    console.out.print(f"Built {tables:,} tables and views, {what}; {tests:,} tests passed ({seconds}).")
    return Result(DONE, 0, f"{tables:,} tables and views, {tests:,} tests", remarks=remarks)


def _remark(severity: str, node: dbt_build.Node) -> Remark:
    """What there is to tell of a node: of a test how many rows it found, of dbt's words nothing: they may quote values."""
    found = re.match(r"Got (\d+) results?", node.message)
    kind = "test" if node.kind in ("test", "unit_test") else node.kind
    return Remark(severity, f"{kind}_{'failed' if severity == ERROR else 'warned'}", node.name, found and int(found[1]))


def _show_failures(built: dbt_build.Built) -> None:
    for node in built.failed()[:FAILURES_SHOWN]:
        console.err.print(str(node), style="red", markup=False)
    if len(built.failed()) > FAILURES_SHOWN:
        console.err.print(f"and {len(built.failed()) - FAILURES_SHOWN:,} more", style="red")
    if built.stopped:
        console.err.print(f"dbt: {built.stopped}", style="red", markup=False)
    skipped = f", {built.skipped():,} left out that come after them" if built.skipped() else ""
    log = settings.shown(settings.logs() / "dbt.log")
    console.err.print(
        f"{len(built.failed()):,} failed{skipped}; nothing is published, what was stays. More in {log}.", markup=False
    )


def _with_progress(landed: list[str] | None, lock: int, *, anew: bool) -> dbt_build.Built:
    """Build, with a progress bar on a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console.err, transient=True, disable=not console.err.is_terminal) as bar:
        task = bar.add_task("build", total=None)

        def progress(name: str, number: int, total: int) -> None:
            bar.update(task, description=name, completed=number, total=total)

        return dbt_build.build(landed, anew=anew, inherited=(lock,), progress=progress)


# -- publish ----------------------------------------------------------------------------------------------------------


def _site(_: float) -> int:
    """Draw the site; in a process of its own, since dbt leaves the database open in the one it ran in."""
    command = [Path(sys.executable).with_name("retail"), "dashboards"]
    return subprocess.run(command, check=False).returncode


# What publishing means (settings.published): a function of the seconds to wait for the database that gives an exit code. Each can be done
# again at any time. All are done again where one was not.
PUBLISHERS: dict[str, Callable[[float], int]] = {
    "gold": publish.run,
    # before anything else runs dbt: it shows the tests of the build
    "site": _site,
    "processed": unload.run,
    "tableau": tableau.run,
}


def publish_step(night: Night) -> Result:
    """Publish, where the last build was whole and has not been published since."""
    database = settings.database()
    record = last_build.read(database)
    if not night.builds and (why := _not_whole(database, record, night.wait)):
        console.err.print(f"Nothing is published, what was stays: {why}.", markup=False)
        return Result(FAILED, 1, f"not published: {why}", remarks=[Remark(ERROR, "not_published")])
    if record and record.published and settings.gold().exists():
        return Result(NOTHING, 0, "published already")
    for name in settings.published():
        code = PUBLISHERS[name](night.wait)
        if code:
            outcome = INTERRUPTED if code == 130 else FAILED
            return Result(outcome, code, f"{name} was not published", remarks=[Remark(ERROR, "not_published", name)])
    if record:
        last_build.write(database, replace(record, published=True))
    return Result(DONE)


def _not_whole(database: Path, record: last_build.Record | None, wait: float) -> str:
    """Why what is in the warehouse is not what a build left that was whole; empty where it is."""
    if why := _doubt(database, record):
        return f"{why}; run the step build first"
    with warehouse.opened(database, wait) as connection:
        if history_rows(connection) != record.history_rows:
            return "something has landed since the last build that was whole; run the step build first"
    return ""


STEPS: dict[str, Callable[[Night], Result]] = {
    "check": check_step,
    "schema": schema_step,
    "load": load_step,
    "build": build_step,
    "publish": publish_step,
}
