"""The built warehouse, for verbs that only read it, and what the dbt project says of its feeds."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
import jinja2
import yaml

from retail import console, settings
from retail.errors import UserError

Connection = duckdb.DuckDBPyConnection
Opened = TypeVar("Opened")


@dataclass(frozen=True)
class Feed:
    """A feed as `macros/accounting/feeds/` declares it: staging model, `log` or `state`, columns of its key."""

    source: str
    name: str
    staging: str
    kind: str
    key: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source}.{self.name}"

    @property
    def bronze(self) -> str:
        """Its bronze table."""
        return f"bronze.{self.source}__{self.name}"


def feeds(project: Path | None = None) -> list[Feed]:
    """The feeds of the project, as feeds() finds them: each macro feeds_of_... of `macros/accounting/feeds/`, by name.

    Raises UserError where one is no longer a plain list, or is not named as its file.
    """
    folder = (project or settings.project_root()) / "macros" / "accounting" / "feeds"
    found: list[dict] = []
    try:
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
        environment.globals["return"] = found.extend
        for script in sorted(folder.glob("*.sql"), key=lambda each: each.stem):
            environment.from_string(script.read_text(encoding="utf-8") + "{{ " + script.stem + "() }}").render()
        declared = [
            Feed(each["source"], each["name"], each["staging"], each["kind"], tuple(each["key"])) for each in found
        ]
    except (OSError, jinja2.TemplateError, KeyError, TypeError) as error:
        raise UserError(f"{folder}: the list of feeds cannot be read: {error}") from None
    if not declared:
        raise UserError(f"{folder}: no feed is declared there (a macro feeds_of_... in a file of its name)")
    return declared


def variables(project: Path | None = None) -> dict[str, object]:
    """The variables of dbt_project.yml."""
    script = (project or settings.project_root()) / "dbt_project.yml"
    return yaml.safe_load(script.read_text(encoding="utf-8"))["vars"]


@contextmanager
def opened(database: Path, wait: float = 0.0) -> Iterator[Connection]:
    """The warehouse, read-only and for a short time.

    Raises UserError where there is none or another process writes it, and still does after `wait` seconds.
    """
    if not database.exists():
        raise UserError(f"{database}: there is no warehouse yet; run `retail load` and `dbt build`")
    try:
        if wait:
            connection = when_free(database, wait, lambda: duckdb.connect(str(database), read_only=True))
        else:
            connection = duckdb.connect(str(database), read_only=True)
    except duckdb.Error as error:
        holder = re.search(r"PID (\d+)", str(error))
        if "lock" in str(error).lower():
            who = f"process {holder[1]}" if holder else "another process"
            raise UserError(f"{database}: {who} is writing it; try again when that has ended") from None
        raise UserError(f"{database}: cannot be opened: {str(error).splitlines()[0]}") from None
    try:
        connection.execute("set enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def when_free(database: Path, wait: float, open_: Callable[[], Opened]) -> Opened:
    """What `open_` returns, once no other process has the database open in a way that shuts it out.

    Waits up to `wait` seconds and says for whom. Raises UserError where that was not enough, or it cannot be opened at all.
    """
    until = time.monotonic() + wait
    told = False
    while True:
        try:
            return open_()
        except duckdb.Error as error:
            if not isinstance(error, duckdb.IOException) or "lock" not in str(error).lower():
                first_line = str(error).strip().splitlines()[0][:300]
                raise UserError(f"{database}: cannot be opened: {first_line}") from None
            found = re.search(r"PID (\d+)", str(error))
            holder = f"process {found[1]}" if found else "another process"
        if time.monotonic() >= until:
            raise UserError(
                f"{database}: {holder} still has it open after {wait:g} s; end it, or wait longer with --wait"
            )
        if not told:
            console.err.print(f"Waiting up to {wait:g} s for {holder}, which has {database} open …", markup=False)
            told = True
        time.sleep(0.2)


def has_table(connection: Connection, name: str) -> bool:
    """Whether there is a table or view of this name (`schema.name`)."""
    schema, _, table = name.partition(".")
    query = "select count(*) from information_schema.tables where table_schema = ? and table_name = ?"
    return connection.execute(query, [schema, table]).fetchone() != (0,)


def require(connection: Connection, database: Path, *names: str) -> None:
    """UserError where one of these tables is not built yet."""
    for name in names:
        if not has_table(connection, name):
            raise UserError(f"{database} has no {name} yet; run `dbt build`")


def rows(connection: Connection, query: str, parameters: object = None) -> list[dict[str, object]]:
    """The result of a query, a dictionary a row."""
    result = connection.execute(query, parameters or [])
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def quoted(name: str) -> str:
    """A name inside a statement."""
    return '"' + name.replace('"', '""') + '"'
