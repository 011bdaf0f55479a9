"""All SQL that the dbt project would send to Snowflake, compiled without one: an adapter with a stand-in for its connection.

`dbt compile` alone needs an account as soon as a model asks whether it exists already. Here the stand-in answers: on the first pass nothing exists, on
the second everything does, so that both branches of an incremental model are seen, and the hooks. Run as a program it writes the texts as JSON:

    python snowflake_sql.py <folder>      # <folder>/sql.json: [[pass, kind, path, text], ...]

pass is `new` or `standing`; kind is model, snapshot, test, analysis, hook, query (what a macro asks while it
compiles), or operation (what `dbt run-operation` sends).

What is not seen: the statements around a model's query (CREATE TABLE AS, MERGE ...), which the adapter writes.
"""

import csv
import json
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


# -- the gate ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parsed:
    """What matters of a text: what Snowflake's grammar does not take, and the functions and types in it, in lower case."""

    faults: list[str]
    functions: list[str]
    types: list[str]


@cache
def _linter() -> Any:
    from sqlfluff.core import FluffConfig, Linter

    return Linter(config=FluffConfig(overrides={"dialect": "snowflake", "templater": "raw"}))


def parsed(text: str) -> Parsed:
    """A text through sqlfluff's Snowflake grammar; no rule of style is looked at."""
    result = _linter().parse_string(text)
    faults = [" ".join(each.desc().split())[:300] for each in result.violations]
    if result.tree is None:
        return Parsed(faults or ["not understood at all"], [], [])
    # DuckDB's own, which Snowflake reads as something else: integer division as a comment, other joins as the name of a table
    faults += [
        "// is a comment on Snowflake; write `ratio` or floor"
        for each in result.tree.recursive_crawl("inline_comment")
        if each.raw.startswith("//")
    ]
    faults += [
        f"{each.raw} join: Snowflake takes {each.raw} for the name of the table before it"
        for each in result.tree.recursive_crawl("alias_expression")
        if each.raw.lower() in ("semi", "anti", "positional")
    ]
    faults += [
        "asof join without match_condition is DuckDB's; Snowflake's needs a dispatched macro"
        for each in result.tree.recursive_crawl("join_clause")
        if re.match(r"(left )?asof\b", each.raw.lower()) and "match_condition" not in each.raw.lower()
    ]
    functions = {each.raw.lower() for each in result.tree.recursive_crawl("function_name", "bare_function")}
    types = {" ".join(each.raw.lower().split()) for each in result.tree.recursive_crawl("data_type")}
    return Parsed(faults, sorted(functions), sorted(types))


@cache
def known_functions() -> dict[str, tuple[str, str]]:
    """Verdict (same, snowflake, refused) and reason by function, from snowflake_functions.csv."""
    with (Path(__file__).parent / "snowflake_functions.csv").open(encoding="utf-8") as rows:
        return {row["function"]: (row["verdict"], row["reason"]) for row in csv.DictReader(rows)}


# types whose defaults differ between the engines
TYPES = {
    r"(numeric|decimal|number)": "without precision and scale: DuckDB has (18, 3), Snowflake (38, 0)",
    r"(float|float4|real)": "32 bits on DuckDB, 64 on Snowflake; write double, and only for statistics",
    r"(timestamp_ltz|timestamp_tz|timestamptz|timestamp with.*)": "depends on the session's time zone; write timestamp",
    r"(?:numeric|decimal|number) ?\( ?\d+ ?\)": "without scale; write it out",
}


def refused(found: Parsed) -> list[str]:
    """Why a text must not be sent to Snowflake, or would not mean there what it means on DuckDB."""
    reasons = list(found.faults)
    for function in found.functions:
        verdict, reason = known_functions().get(function, ("unknown", ""))
        if verdict == "refused":
            reasons.append(f"{function}(): {reason}")
        elif verdict == "unknown":
            reasons.append(
                f"{function}(): not known on Snowflake; if its documentation has it, and DuckDB gives the same, say so in snowflake_functions.csv"
            )
    for kind in found.types:
        reasons += [f"type {kind}: {reason}" for pattern, reason in TYPES.items() if re.fullmatch(pattern, kind)]
    return reasons


# -- compiling --------------------------------------------------------------------------------------------------------


def stand_in(everything_exists: bool, found: list[tuple[str, str, str]]) -> None:
    """Put stand-ins in the place of the adapter's connection, and have hooks rendered with the nodes that they belong to."""
    from dbt.adapters.contracts.connection import AdapterResponse, ConnectionState
    from dbt.adapters.snowflake import SnowflakeAdapter
    from dbt.adapters.snowflake.connections import SnowflakeConnectionManager
    from dbt.clients.jinja import get_rendered
    from dbt.compilation import Compiler
    from dbt.context.providers import generate_runtime_model_context
    from dbt.flags import get_flags
    from dbt_common.clients.agate_helper import table_from_data

    def opened(cls: type, connection: Any) -> Any:
        connection.state, connection.handle = ConnectionState.OPEN, object()
        return connection

    def executed(self: Any, sql: str, *args: Any, **kwargs: Any) -> tuple[AdapterResponse, Any]:
        found.append(("query", "asked while compiling", sql))
        # what the macros of the snapshots ask: which extracts there are and are taken; how many keys are known, and missing
        if "as extract_date" in sql:
            return AdapterResponse("stand-in"), table_of(
                [{"extract_date": "2002-01-01", "is_taken": True}, {"extract_date": "2002-02-01", "is_taken": False}]
            )
        if "as known_keys" in sql:
            return AdapterResponse("stand-in"), table_of([{"known_keys": 100, "missing_keys": 1}])
        # unloading: rows of a table, rows written, files of five versions
        if "as row_count" in sql:
            return AdapterResponse("stand-in"), table_of([{"row_count": 5}])
        if "copy into" in sql:
            return AdapterResponse("stand-in"), table_of([{"rows_unloaded": 5, "input_bytes": 1, "output_bytes": 1}])
        if sql.strip().startswith("list "):
            files = [{"name": f"s3://processed/versions/{day}/dim_dates/data.parquet"} for day in (3, 1, 2, 4, 5, 5)]
            return AdapterResponse("stand-in"), table_of(files)
        return AdapterResponse("stand-in"), table_of([])

    def table_of(rows: list[dict[str, Any]]) -> Any:
        return table_from_data(rows, list(rows[0]) if rows else [])

    SnowflakeConnectionManager.open = classmethod(opened)
    SnowflakeConnectionManager.execute = executed
    SnowflakeConnectionManager.close = classmethod(lambda cls, connection: connection)
    SnowflakeConnectionManager.cancel_open = lambda self: []
    SnowflakeAdapter.list_relations_without_caching = lambda self, relation: []

    columns: dict[str, list[Any]] = {}

    def relation_of(self: Any, database: str, schema: str, identifier: str, **kwargs: Any) -> Any:
        if not everything_exists:
            return None
        kind = columns.get(f"{schema}.{identifier}".lower(), ("table", []))[0]
        return self.Relation.create(database=database, schema=schema, identifier=identifier, type=kind)

    SnowflakeAdapter.get_relation = relation_of
    SnowflakeAdapter.get_columns_in_relation = lambda self, relation: columns.get(
        f"{relation.schema}.{relation.identifier}".lower(), ("table", [])
    )[1]

    compile_node = Compiler.compile_node

    def compiled(self: Any, node: Any, manifest: Any, *args: Any, **kwargs: Any) -> Any:
        if not columns:
            # some macros do their work in a build alone
            object.__setattr__(get_flags(), "WHICH", "build")
            for each in manifest.nodes.values():
                kind = "view" if each.config.get("materialized") == "view" else "table"
                parts = [
                    SnowflakeAdapter.Column(column=column.name.upper(), dtype=(column.data_type or "varchar").upper())
                    for column in getattr(each, "columns", {}).values()
                ]
                columns[f"{each.schema}.{getattr(each, 'alias', each.name)}".lower()] = (kind, parts)
        node = compile_node(self, node, manifest, *args, **kwargs)
        kind = {"model": "model", "snapshot": "snapshot", "test": "test", "analysis": "analysis"}.get(
            str(node.resource_type)
        )
        if kind:
            found.append((kind, node.original_file_path, node.compiled_code or ""))
        hooks = [hook for name in ("pre_hook", "post_hook") for hook in getattr(node.config, name, None) or ()]
        if hooks:
            context = generate_runtime_model_context(node, self.config, manifest)
            found.extend(("hook", node.original_file_path, get_rendered(hook.sql, context, node)) for hook in hooks)
        return node

    Compiler.compile_node = compiled


def main(folder: Path) -> None:
    """Compile the project twice and write what came out."""
    import multiprocessing

    profile = (ROOT / "profiles.yml.example").read_text(encoding="utf-8")
    (folder / "profiles.yml").write_text(profile, encoding="utf-8")
    passes = []
    for everything_exists in (False, True):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=_compile, args=(folder, everything_exists, theirs))
        process.start()
        theirs.close()
        try:
            passes += [("standing" if everything_exists else "new", *each) for each in ours.recv()]
        except EOFError:
            sys.exit("dbt did not compile the project for Snowflake; see above")
        process.join()
    (folder / "sql.json").write_text(json.dumps(passes), encoding="utf-8")


def _compile(folder: Path, everything_exists: bool, answer: Any) -> None:
    from dbt.cli.main import dbtRunner

    found: list[tuple[str, str, str]] = []
    stand_in(everything_exists, found)
    os.environ.update(
        {
            "SNOWFLAKE_ACCOUNT": "none",
            "SNOWFLAKE_USER": "none",
            "SNOWFLAKE_PRIVATE_KEY_PATH": "none",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
    )
    places = (
        "--target", "snowflake", "--project-dir", str(ROOT), "--profiles-dir", str(folder),
        "--target-path", str(folder / "target"), "--log-path", str(folder),
    )  # fmt: skip
    # `--log-level none` leaves errors out too: they come with the result
    done = dbtRunner().invoke(["--quiet", "compile", *places, "--threads", "1", "--no-populate-cache"])
    if not done.success:
        print(done.exception or [each.message for each in done.result.results if each.message], file=sys.stderr)
        return
    if everything_exists:
        # what an operation sends, in place of what is asked while compiling
        compiled = len(found)
        done = dbtRunner().invoke(["--quiet", "run-operation", "unload_gold", "--args", "{version: '5'}", *places])
        if not done.success:
            print(done.exception or "unload_gold failed", file=sys.stderr)
            return
        sent = [text for _, _, text in found[compiled:]]
        found[compiled:] = [("operation", "macros/unload/unload_gold.sql", text) for text in sent]
    answer.send(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
