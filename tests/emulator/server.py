"""Starts the emulated Snowflake: fakesnow's server, with what the real dbt-snowflake adapter needs beyond it.

Runs in the environment of tests/emulator/requirements.lock, apart from the project's: fakesnow asks for another duckdb.
Every change to fakesnow stands here with its reason; it touches private names, hence the exact pin.

    python server.py <folder of the databases> <file for the port> <statement log>
"""

import functools
import json
import re
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import fakesnow.arrow
import fakesnow.cursor
import fakesnow.info_schema
import fakesnow.macros
import fakesnow.server
import fakesnow.transforms
import pyarrow
import snowflake.connector.errors
import uvicorn
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.instance import FakeSnow
from sqlglot import exp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Cursor = FakeSnowflakeCursor

# Accepted without effect: what is not modelled (docs/snowflake-emulator.md).
WITHOUT_EFFECT = (
    r"\s*(grant|revoke)\b",
    # what tells the masking policies which columns are personal
    r"\s*alter\s+(table|view)\s+\S+\s+(modify\s+column\s+\S+\s+)?set\s+tag\b",
    r"\s*alter\s+session\s+(un)?set\s+query_tag\b",
    r"\s*use\s+warehouse\b",
    r"\s*alter\s+table\s+\S+\s+(cluster\s+by|resume\s+recluster)\b",
    # comments on columns: `alter table ... alter "C" comment $$...$$, ...`
    r"\s*alter\s+(table|view)\s+\S+\s+alter\s+\"[^\"]+\"\s+comment\b",
)
# Pattern and replacement, in this order.
REWRITES = (
    # DuckDB has temporary tables and views in a catalog of their own alone; dbt names them by database and schema
    (r"^(\s*(?:/\*.*?\*/)?\s*create\s+or\s+replace\s+)temporary\s+(table|view)\b", r"\1\2"),
    # what dbt asks before it sets a query tag or a warehouse, so as to set it back
    (r"\bshow\s+parameters\s+like\s+'query_tag'\s+in\s+session", "select 'query_tag' as \"key\", 'dbt' as \"value\""),
    (r"\bcurrent_warehouse\(\)", "'TRANSFORMING'"),
    # a table is made sorted by its cluster key, which changes none of its rows; of the query around the query fakesnow makes no SQL of DuckDB
    (
        r"\bas\s*\(\s*select\s+\*\s+from\s*\((.*\bas\s+model_subq\s*)\)\s*order\s+by\s*\(\s*\w+\s*\)",
        r"as (\1",
    ),
    # an aggregate over rows in any order; what it gives is compared with what it gave alone
    (r"\bcast\(hash_agg\(([^()]*)\) as varchar\)", r"cast(sum(hash(\1)) as varchar)"),
)


def changed(statement: str) -> str:
    """A statement as fakesnow can take it."""
    for pattern, replacement in REWRITES:
        statement = re.sub(pattern, replacement, statement, flags=re.IGNORECASE | re.DOTALL)
    return statement


def patch_cursor(log: Any) -> None:
    """Statements are logged as they come, and an error of whatever kind is Snowflake's: fakesnow would answer HTTP 500, which the
    connector sends again for ever; and it would leave the transaction aborted for the next statement."""
    execute = Cursor.execute
    lock = threading.Lock()

    def logged(self: Cursor, command: str, *args: Any, **kwargs: Any) -> Cursor:
        if kwargs.get("server"):
            with lock:
                log.write(json.dumps(command) + "\n")
                log.flush()
        try:
            execute(self, changed(command), *args, **kwargs)
        except snowflake.connector.errors.ProgrammingError:
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            raise snowflake.connector.errors.ProgrammingError(msg=text, errno=100132, sqlstate="P0000") from error
        if isinstance(self._last_transformed, exp.Merge):
            # the result is described by a statement that DuckDB has no DESCRIBE of
            self._last_sql, self._last_params = "select 0 as 'number of rows inserted'", None
        return self

    Cursor.execute = logged
    # the columns of a result as DuckDB says them, without a parser's detour
    Cursor._describe_last_sql = lambda self: self._duck_conn.execute(
        f"describe {self._last_sql}", self._last_params
    ).fetchall()
    # the server and the cursor parse the same text one after the other; neither changes the tree
    fakesnow.cursor.parse_one = fakesnow.server.parse_one = functools.lru_cache(maxsize=16)(fakesnow.cursor.parse_one)


async def query_request(request: Request) -> Response:
    """fakesnow's answer to a statement. After an error DuckDB takes no further statement of the transaction, and dbt keeps its session."""
    response = await fakesnow.server.query_request(request)
    answer = json.loads(response.body)
    if not answer["success"]:
        try:
            fakesnow.server.to_conn(fakesnow.server.to_token(request))._duck_conn.rollback()
        except duckdb.Error:
            # there was no transaction
            pass
        # the connector sends a statement again as long as the answer is HTTP 500
        return JSONResponse({**answer, "data": answer["data"] or {"errorCode": answer["code"], "sqlState": "P0000"}})
    return response


def app() -> Starlette:
    """The server's routes, the one for statements replaced."""
    path = "/queries/v1/query-request"
    others = [route for route in fakesnow.server.routes if route.path != path]
    return Starlette(routes=[Route(path, query_request, methods=["POST"]), *others])


class InPlace:
    """A tree that fakesnow's seventy transformations change as it stands; each would copy it, which takes three quarters of the time."""

    def __init__(self, tree: exp.Expression) -> None:
        self.tree = tree.copy()

    def transform(self, function: Any, *args: Any, **kwargs: Any) -> "InPlace":
        self.tree = self.tree.transform(function, *args, copy=False, **kwargs)
        return self


def patch_transforms() -> None:
    """What fakesnow makes of a statement before DuckDB gets it."""
    transform = Cursor._transform
    Cursor._transform = lambda self, expression, params: (
        transform(self, InPlace(expression), params).transform(as_on_snowflake).tree
    )
    # DuckDB's own MERGE in place of an emulation that finds dbt's columns ambiguous and writes two databases in one transaction
    fakesnow.transforms.merge = lambda expression: [expression]
    # every sum would be one of floating point, so that texts can be added; a sum of decimals is exact on Snowflake
    fakesnow.transforms.numeric_agg_implicit_cast = lambda expression: expression
    # a try_cast to a timestamp would stop at what is none
    to_timestamp = fakesnow.transforms.to_timestamp
    fakesnow.transforms.to_timestamp = lambda expression: (
        expression if isinstance(expression, exp.TryCast) else to_timestamp(expression)
    )
    # forgets which characters are to go: trim('; ' from x) would be trim(x)
    fakesnow.transforms.trim_cast_varchar = lambda expression: expression
    create_macros = fakesnow.macros.creation_sql
    fakesnow.macros.creation_sql = lambda catalog: create_macros(catalog) + MACROS.format(catalog=catalog)
    # a text with an apostrophe ends the statement
    comment = fakesnow.info_schema.insert_table_comment_sql
    fakesnow.info_schema.insert_table_comment_sql = lambda catalog, schema, table, text: comment(
        catalog, schema, table, (text or "").replace("'", "''")
    )


# Division of a whole number as decimal(38, 18) by a whole number: exact, 18 decimals, as on Snowflake. DuckDB divides in floating point.
MACROS = """
    create or replace macro {catalog}._fs_scaled(n, d) as
        (n // d) * cast(1000000000000000000 as hugeint) + ((n % d) * cast(2000000000000000000 as hugeint) + d) // (2 * d);
    create or replace macro {catalog}._fs_unscaled(n) as
        cast(n // cast(1000000000000000000 as hugeint) as decimal(38, 18))
        + cast(n % cast(1000000000000000000 as hugeint) as decimal(18, 0)) * cast('0.000000000000000001' as decimal(18, 18));
    create or replace macro {catalog}._fs_quotient(n, d) as
        case
            when n != trunc(n) then error('the emulator divides whole numbers alone')
            else _fs_unscaled(
                cast(sign(n) * sign(d) as hugeint) * _fs_scaled(cast(abs(n) as hugeint), cast(abs(d) as hugeint))
            )
        end;
"""
# Parts of Snowflake's formats of dates, and DuckDB's.
FORMATS = (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH24", "%H"), ("MI", "%M"), ("SS", "%S"), ("FF6", "%f"))


def as_on_snowflake(node: exp.Expression) -> exp.Expression:
    """Functions that neither fakesnow nor sqlglot translates."""
    if isinstance(node, exp.Div) and isinstance(node.this, exp.Cast) and node.this.to.sql() == "DECIMAL(38, 18)":
        return exp.Anonymous(this="_fs_quotient", expressions=[node.this, node.expression])
    if isinstance(node, exp.ToChar) and node.args.get("format"):
        text = node.args["format"].name
        for theirs, ours in FORMATS:
            text = text.replace(theirs, ours)
        return exp.Anonymous(this="strftime", expressions=[node.this, exp.Literal.string(text)])
    if isinstance(node, exp.Anonymous) and node.name.upper() == "OBJECT_DELETE":
        gone = json.dumps({key.name: None for key in node.expressions[1:]})
        return exp.Anonymous(this="json_merge_patch", expressions=[node.expressions[0], exp.Literal.string(gone)])
    return node


def patch_results() -> None:
    """What the client is sent."""
    to_struct = fakesnow.arrow.timestamp_to_sf_struct
    to_ipc = fakesnow.server.to_ipc

    def with_nulls(timestamps: pyarrow.ChunkedArray) -> pyarrow.Array:
        # else a null arrives as 1970-01-01
        if isinstance(timestamps, pyarrow.ChunkedArray):
            timestamps = timestamps.combine_chunks()
        made = to_struct(timestamps)
        return pyarrow.StructArray.from_arrays(
            list(made.flatten()), fields=list(made.type), mask=pyarrow.compute.is_null(timestamps)
        )

    fakesnow.arrow.timestamp_to_sf_struct = with_nulls
    fakesnow.server.to_ipc = lambda table: to_ipc(table.combine_chunks())


def serve(folder: Path, port_file: Path, log_file: Path) -> None:
    """Serve until told to stop. The port, on loopback, is in `port_file` once the server answers."""
    log = log_file.open("a")
    patch_cursor(log)
    patch_transforms()
    patch_results()
    # on disk, so that the tables can be compared once the server has stopped
    fakesnow.server.shared_fs = FakeSnow(db_path=folder, nop_regexes=list(WITHOUT_EFFECT))
    server = uvicorn.Server(uvicorn.Config(app(), log_level="error"))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    listening.listen()
    port_file.with_suffix(".part").write_text(str(listening.getsockname()[1]))
    port_file.with_suffix(".part").rename(port_file)
    server.run(sockets=[listening])
    fakesnow.server.shared_fs.duck_conn.close()


if __name__ == "__main__":
    serve(*map(Path, sys.argv[1:]))
