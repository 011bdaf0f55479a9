"""The answers to the queries of the site: the analyses, asked through dbt on the chosen target, and dbt's docs."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import expressions

from retail import settings, warehouse
from retail.errors import UserError
from retail.site.model import Query, kind, plain

FOLDER = "analyses/dashboards"
QUIET = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-use-colors")


@dataclass
class Project:
    """The parsed project: dbt's manifest as it hands it on and as JSON, the kind of database, and the target's name if one was given."""

    parsed: Any
    manifest: dict[str, Any]
    engine: str
    target: str | None

    def queries(self) -> dict[str, dict[str, Any]]:
        """The analyses of the site by name."""
        return {
            node["name"]: node
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "analysis" and node["original_file_path"].startswith(f"{FOLDER}/")
        }


def parse(target: str | None) -> Project:
    """Parse the project.

    Raises UserError where dbt cannot, or the target is a DuckDB file that is not there or that another process writes.
    """
    done = _dbt(["parse"], target)
    if not done.success:
        raise UserError(f"dbt cannot read the project: {_one_line(done.exception)}")
    engine = done.result.metadata.adapter_type
    if engine == "duckdb":
        with warehouse.opened(settings.database()):
            pass
    return Project(done.result, done.result.writable_manifest().to_dict(omit_none=True), engine, target)


def ask(project: Project, names: set[str]) -> dict[str, Query]:
    """The answers to queries, by name. One that fails has its error; the others are asked all the same."""
    known = project.queries()
    answers = {}
    asked = {}
    for name in sorted(names):
        if name not in known:
            answers[name] = Query(
                name, error=f"query '{name}' is no file of {FOLDER}/ (there: {', '.join(sorted(known))})"
            )
            continue
        answers[name] = Query(name, reads=known[name]["depends_on"]["nodes"])
        asked[name] = known[name]
    while asked:
        paths = [f"path:{node['original_file_path']}" for node in asked.values()]
        done = _dbt(["show", "--limit", "-1", "--select", *paths], project.target, project.parsed)
        results = getattr(done.result, "results", None)
        if results is not None and done.success:
            for result in results:
                _fill(answers[result.node.name], result.agate_table)
                _refuse_personal(answers[result.node.name], result.node.compiled_code, project)
            break
        # dbt gives up on all of them: leave out the one it names, and ask again
        message = str(done.exception)
        found = re.search(r"in analysis (\w+) \(", message)
        failed = [found[1]] if found and found[1] in asked else list(asked)
        for name in failed:
            answers[name].error = f"{asked.pop(name)['original_file_path']}: {_one_line(message)}"
    return answers


def docs(project: Project, out: Path) -> None:
    """dbt's docs as one page, out/index.html. Raises UserError where dbt cannot write them."""
    done = _dbt(["docs", "generate", "--static"], project.target, project.parsed)
    page = _folder() / "static_index.html"
    if not done.success or not page.exists():
        raise UserError(f"dbt cannot write the docs: {_one_line(done.exception)}")
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(page, out / "index.html")


def personal_columns(manifest: dict[str, Any], unique_id: str) -> dict[str, str]:
    """Columns tagged as personal of anything that a node reads, directly or through others: name, and where it is tagged."""
    everything = {**manifest["nodes"], **manifest["sources"]}
    found: dict[str, str] = {}
    seen, waiting = set(), [unique_id]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in everything:
            continue
        seen.add(name)
        node = everything[name]
        waiting += node.get("depends_on", {}).get("nodes", [])
        for column in node.get("columns", {}).values():
            if ((column.get("config") or {}).get("meta") or column.get("meta") or {}).get("pii"):
                found.setdefault(column["name"].lower(), node["name"])
    return found


def _refuse_personal(query: Query, sql: str, project: Project) -> None:
    unique_id = project.queries()[query.name]["unique_id"]
    tagged = personal_columns(project.manifest, unique_id)
    if not tagged:
        return
    named = dict.fromkeys(query.columns)
    try:
        tree = sqlglot.parse_one(sql, read=project.engine)
    except sqlglot.errors.SqlglotError:
        query.columns, query.rows = {}, []
        query.error = (
            f"{FOLDER}/{query.name}.sql: cannot be parsed, and so may read a personal column; write it plainer"
        )
        return
    columns = list(tree.find_all(expressions.Column))
    # also under another name
    named |= dict.fromkeys(column.name.lower() for column in columns)
    personal = [name for name in named if name in tagged]
    if not personal and _whole_rows(tree, columns):
        # to_json(customers) has every column
        personal = list(tagged)
    if personal:
        # the rows go nowhere
        query.columns, query.rows = {}, []
        query.error = (
            f"{FOLDER}/{query.name}.sql: reads {', '.join(personal)}, personal in {tagged[personal[0]]} (meta: pii); "
            "the site shows aggregates alone"
        )


def _whole_rows(tree: expressions.Expression, columns: list[expressions.Column]) -> set[str]:
    """Tables that a query uses as a value, a row at a time; a column that the query itself makes may have the name of one."""
    made = {
        alias.alias.lower()
        for alias in tree.find_all(expressions.Alias)
        if all(column.name.lower() != alias.alias.lower() for column in alias.find_all(expressions.Column))
    }
    tables = {table.alias_or_name.lower() for table in tree.find_all(expressions.Table)}
    return {column.name.lower() for column in columns if not column.table} & tables - made


def _fill(query: Query, table: Any) -> None:
    names = [name.lower() for name in table.column_names]
    rows = [list(row) for row in table.rows]
    query.columns = {name: kind([row[place] for row in rows]) for place, name in enumerate(names)}
    query.rows = [[plain(value) for value in row] for row in rows]


def _folder() -> Path:
    """Where dbt writes when the site calls it: the results of the last build stay as they are."""
    return settings.target() / "site"


@contextlib.contextmanager
def _in_project() -> Iterator[None]:
    # paths in the profile, and the profile itself, are relative to it
    with contextlib.chdir(settings.project_root()):
        yield


def _dbt(command: list[str], target: str | None, parsed: Any = None) -> Any:
    from dbt.cli.main import dbtRunner

    where = ["--target", target] if target else []
    # parsing in dbt's own folder finds what dbt remembers of the project, so it is quick
    folder = ["--target-path", str(_folder())] if parsed else []
    # what dbt writes of the project is asked of it by the docs alone, and takes a second each time
    folder += [] if "docs" in command else ["--no-write-json"]
    with _in_project():
        return dbtRunner(manifest=parsed).invoke([*command, *where, *folder, *QUIET])


def _one_line(error: object) -> str:
    """What dbt says, as one line: without its heading, and without the SQL."""
    text = re.split(r"\n\s*(?:> in macro|LINE \d+:|compiled code at|\^)", str(error))[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    while len(lines) > 1 and re.fullmatch(r"\w+ Error( in .*)?", lines[0]):
        lines = lines[1:]
    return " ".join(lines)[:400]
