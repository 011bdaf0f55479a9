"""The histories that dbt's snapshots keep: replaying extracts that wait, and rebuilding all of them from bronze.

A snapshot takes one extract a run. `dbt build` runs it once, so it takes the newest; here it is run until none waits, the
oldest first. dbt does the work, in a process of its own: a DuckDB file has one writer.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jinja2

from retail import console, settings, warehouse
from retail.errors import UserError

# Every extract that waits is taken, the oldest first (macros/history/snapshots/extract_to_take.sql).
REPLAY = {"RETAIL_REPLAY_EXTRACTS": "1"}


@dataclass(frozen=True)
class KeptHistory:
    """A history that a snapshot keeps: its name, the source, and the feeds whose extracts it is made from."""

    name: str
    source: str
    feeds: tuple[str, ...]


def kept_histories(project: Path | None = None) -> list[KeptHistory]:
    """The histories as `macros/history/snapshots/kept_histories.sql` declares them. UserError where it is no plain list."""
    script = (project or settings.project_root()) / "macros" / "history" / "snapshots" / "kept_histories.sql"
    found: list[dict] = []
    try:
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
        environment.globals["return"] = found.append
        environment.from_string(script.read_text(encoding="utf-8") + "{{ kept_histories() }}").render()
        return [KeptHistory(name, each["source"], tuple(each["feeds"])) for name, each in found[0].items()]
    except (OSError, jinja2.TemplateError, IndexError, KeyError, TypeError) as error:
        raise UserError(f"{script}: the list of histories cannot be read: {error}") from None


def days_waiting(connection: warehouse.Connection) -> dict[str, list[str]]:
    """For each history the days (YYYY-MM-DD) of loaded extracts that it has yet to take, in order; older ones left out.

    Read from the load history, so that it is quick and works before the first `dbt build`.
    """
    variables = warehouse.variables()
    taking_part, refused = variables["sources"], {str(day) for day in variables["refused_extracts"]}
    noted = warehouse.has_table(connection, "silver.int_taken_files")
    waiting = {}
    for history in kept_histories():
        if history.source not in taking_part:
            continue
        query = f"""
            with files as (
                select distinct file_name, regexp_extract(file_name, '/dt=([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/', 1) as day
                from audit.load_history
                where status != 'load_failed' and row_count > 0
                    and split_part(file_name, '/', 1) = $source and list_contains($feeds, split_part(file_name, '/', 2))
            ),
            taken as ({"select file_name from silver.int_taken_files where taken_by = $name" if noted else "select null as file_name where $name is null"})
            select distinct day
            from files
            where day != '' and file_name not in (select file_name from taken where file_name is not null)
                and day >= coalesce((select max(day) from files where file_name in (select file_name from taken)), '')
            order by day
        """
        rows = connection.execute(
            query, {"source": history.source, "feeds": list(history.feeds), "name": history.name}
        ).fetchall()
        waiting[history.name] = [day for (day,) in rows if day not in refused]
    return waiting


def replay_if_several_wait(database: Path) -> bool:
    """Take the waiting extracts one by one where a history has several of them; whether there was anything to do.

    A single one is left to `dbt build`, which takes it. Raises UserError where dbt fails.
    """
    with warehouse.opened(database) as connection:
        if not warehouse.has_table(connection, "audit.load_history"):
            return False
        several = {name: days for name, days in days_waiting(connection).items() if len(days) > 1}
    if not several:
        return False
    for name, days in several.items():
        console.err.print(f"{name}: {len(days)} extracts wait, {days[0]} to {days[-1]}; taking them one by one ...")
    _run_dbt("replay")
    return True


def rebuild(target: str | None) -> None:
    """The verb `retail rebuild-history`: all histories anew from bronze, on the profile's target or the given one.

    Raises UserError where dbt fails; the histories are then as they were.
    """
    console.err.print("Replaying every extract from bronze, in order of its date ...")
    chosen = [target] if target else []
    try:
        _run_dbt("rebuild", *chosen)
    except UserError:
        # in a process of its own: after some errors dbt's connection is of no more use
        _run_dbt("put-back", *chosen)
        raise
    console.out.print("The histories are rebuilt. `dbt build` brings the marts after them.")


def _run_dbt(*arguments: str) -> None:
    command = [sys.executable, "-m", "retail.history", *arguments]
    done = subprocess.run(command, cwd=settings.project_root(), env={**os.environ, **REPLAY}, check=False)
    if done.returncode:
        raise UserError("the histories were not brought up to date: dbt stopped, for the reason above")


# -- in the process of dbt's own --------------------------------------------------------------------------------------


class _Stopped(Exception):
    """dbt ended with a failure, which was printed."""


class _Dbt:
    def __init__(self, target: str | None) -> None:
        from dbt.cli.main import dbtRunner

        self._target = ["--target", target] if target else []
        self._runner = dbtRunner(callbacks=[self._hear])
        self._waiting: dict[str, int] = {}
        self._error = ""

    def _hear(self, event: object) -> None:
        text = event.info.msg  # type: ignore[attr-defined]
        told = re.match(r"extract taken: (\S+) (\S+), waiting: (\d+)", text)
        if told:
            name, day, waiting = told.groups()
            self._waiting[name] = int(waiting)
            if day != "none":
                console.err.print(f"  {name}: {day}")
        elif event.info.level == "error" and "Error" in text:  # type: ignore[attr-defined]
            self._error = text

    def __call__(self, *arguments: str) -> None:
        done = self._runner.invoke([*arguments, *self._target, "--quiet", "--log-level", "none"])
        if not done.success:
            reason = re.split(r"\n\s*> in macro", str(done.exception or self._error))[0]
            lines = [line.strip() for line in reason.splitlines() if line.strip()]
            raise _Stopped(" ".join(lines[1:] if len(lines) > 1 and "Error in" in lines[0] else lines))

    def take_all(self) -> None:
        """Every extract that waits, one a run and history."""
        names = [history.name for history in kept_histories()]
        self("build", "--select", *(f"+{name}" for name in names), "--exclude-resource-type", "test", "unit_test")
        while any(self._waiting.values()):
            self("snapshot")


def _main(arguments: list[str]) -> int:
    dbt = _Dbt(arguments[1] if len(arguments) > 1 else None)
    try:
        if arguments[0] == "replay":
            dbt.take_all()
            return 0
        dbt(
            "build", "--select", "stg_landing__files", "int_taken_files", "--exclude-resource-type", "test", "unit_test"
        )
        dbt("run-operation", "set_history_aside")
        try:
            dbt.take_all()
        except BaseException:
            dbt("run-operation", "put_history_back")
            raise
        dbt("run-operation", "forget_history_aside")
    except _Stopped as stopped:
        console.err.print(str(stopped), style="red", markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
