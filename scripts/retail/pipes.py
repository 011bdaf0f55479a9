"""The Snowflake scripts as data: what lands where, and how it is read.

`scripts/snowflake/*.sql` is the only definition of landing. This module reads those very statements, so that DuckDB can
carry them out: sqlfluff's Snowflake grammar finds the COPY inside a pipe and refuses what Snowflake would refuse, sqlglot
hands over its parts. An option that the loader does not carry out is an error that names the script and the option.
"""

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2
import sqlglot
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType

from retail.errors import UserError

# Stand-ins for the variables of a Snowflake deployment; nothing that is carried out here depends on them.
LOCAL_VARIABLES = {
    "database": "retail",
    "prefix": "",
    "landing_url": "s3://landing/",
    "processed_url": "s3://processed/",
    "storage_integration": "landing",
    "error_integration": "errors",
}

# The load metadata that a pipe may ask for (Snowflake: "Query metadata for staged files").
METADATA_FIELDS = frozenset(
    {
        "metadata$filename",
        "metadata$file_row_number",
        "metadata$file_content_key",
        "metadata$file_last_modified",
        "metadata$start_scan_time",
    }
)

Value = str | bool | int | tuple[str, ...] | None


@dataclass(frozen=True)
class Column:
    """A column of a bronze table: its name and its DuckDB type."""

    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """A bronze table: schema and name, columns in order, the comment, and the script that defines it."""

    name: str
    columns: tuple[Column, ...]
    comment: str | None
    script: str


@dataclass(frozen=True)
class FileFormat:
    """A named file format: its type (`csv` or `parquet`) and all its options, defaults filled in."""

    name: str
    type: str
    options: dict[str, Value]
    script: str


@dataclass(frozen=True)
class OnError:
    """What becomes of a file with bad records.

    `continue`: the good ones load. `skip_file`: none does, once there are `limit` bad ones, or more than `percent` per cent.
    """

    action: str
    limit: int | None = None
    percent: float | None = None

    def skips(self, errors: int, records: int) -> bool:
        """Whether a file with so many bad records out of so many is left out as a whole."""
        if self.action == "continue" or not errors:
            return False
        if self.percent is not None:
            return errors * 100 > self.percent * records
        return errors >= (self.limit or 1)


@dataclass(frozen=True)
class Pipe:
    """A pipe: the folder below the landing zone's root that it reads (ends in `/`), its table, format and copy options.

    `metadata` maps a column of the table to a field of METADATA_FIELDS.
    """

    name: str
    table: Table
    prefix: str
    file_format: FileFormat
    metadata: dict[str, str]
    on_error: OnError
    script: str


@dataclass(frozen=True)
class Definitions:
    """All that the scripts define for the loader; pipes and tables in order of their names."""

    schemas: tuple[str, ...]
    tables: tuple[Table, ...]
    pipes: tuple[Pipe, ...]


@dataclass(frozen=True)
class Statement:
    """One SQL statement of a script: its text without the closing semicolon, and its first words in lower case."""

    script: str
    line: int
    text: str
    words: tuple[str, ...]

    def where(self) -> str:
        """The script and line, for messages."""
        return f"{self.script}, line {self.line}"


def read_definitions(folder: Path) -> Definitions:
    """Read every `*.sql` of a folder, in order of name, but the repeatable ones: what lands is defined in scripts that run once.

    Raises UserError for a script that does not parse, and for anything that defines landing in a way that the loader does
    not carry out.
    """
    scripts = sorted(script for script in folder.glob("*.sql") if not script.name.startswith("R__"))
    if not scripts:
        raise UserError(f"{folder}: no pipe scripts (*.sql) there")
    return _definitions(tuple((script.name, script.read_text(encoding="utf-8")) for script in scripts))


# half a second, and the steps of a night ask one after the other
@functools.lru_cache(maxsize=2)
def _definitions(scripts: tuple[tuple[str, str], ...]) -> Definitions:
    """What scripts define, each a name and a text."""
    statements = [statement for name, text in scripts for statement in split_text(text, name)]
    for statement in statements:
        _refuse_changes(statement)

    schemas = tuple(_created(statement, "schema") for statement in _of_kind(statements, "schema"))
    formats = {fmt.name: fmt for fmt in map(read_file_format, _of_kind(statements, "file format"))}
    stages = {_created(statement, "stage") for statement in _of_kind(statements, "stage")}
    copies = _newest([read_copy(statement) for statement in _of_kind(statements, "pipe")])
    fed_schemas = {copy.table.partition(".")[0] for copy in copies}
    tables = {
        table.name: table
        for table in map(read_table, _of_kind(statements, "table"))
        if table.name.partition(".")[0] in fed_schemas
    }
    pipes = [_resolve(copy, tables, formats, stages) for copy in copies]
    _refuse_shared_prefixes(pipes)
    return Definitions(
        schemas=schemas,
        tables=tuple(sorted(tables.values(), key=lambda table: table.name)),
        pipes=tuple(sorted(pipes, key=lambda pipe: pipe.name)),
    )


def render(text: str, script: str) -> str:
    """Fill in the Jinja variables of a script as schemachange would, with local stand-ins."""
    try:
        return (
            jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
            .from_string(text)
            .render(LOCAL_VARIABLES)
        )
    except jinja2.TemplateError as error:
        raise UserError(f"{script}: {error}; variables known locally: {', '.join(LOCAL_VARIABLES)}") from None


def split_script(script: Path) -> list[Statement]:
    """Cut a script into statements, at semicolons outside of quotes and comments."""
    return split_text(script.read_text(encoding="utf-8"), script.name)


def split_text(text: str, script: str) -> list[Statement]:
    """Cut the text of a script into statements."""
    text = render(text, script)
    try:
        tokens = Snowflake().tokenize(text)
    except SqlglotError as error:
        raise UserError(f"{script}: {_one_line(error)}") from None
    statements, current = [], []
    for token in tokens:
        if token.token_type != TokenType.SEMICOLON:
            current.append(token)
        elif current:
            statements.append(current)
            current = []
    if current:
        statements.append(current)
    return [
        Statement(
            script=script,
            line=group[0].line,
            text=text[group[0].start : group[-1].end + 1],
            words=tuple(token.text.lower() for token in group[:12]),
        )
        for group in statements
    ]


# -- tables, file formats ---------------------------------------------------------------------------------------------


def read_table(statement: Statement) -> Table:
    """A CREATE TABLE as columns with DuckDB types."""
    tree = _parse(statement)
    schema = tree.this
    if not isinstance(schema, exp.Schema):
        raise UserError(f"{statement.where()}: a bronze table needs a column list (no CREATE TABLE AS, LIKE or CLONE)")
    name = _name(schema.this)
    columns = []
    for definition in schema.expressions:
        if not isinstance(definition, exp.ColumnDef):
            raise UserError(
                f"{statement.where()}: {name} has the constraint {definition.sql()!r}, which the loader does not know"
            )
        if definition.constraints:
            raise UserError(
                f"{statement.where()}: {name}.{definition.name} has {definition.constraints[0].sql('snowflake')!r}; COPY by name "
                "ignores defaults, and a bronze column takes whatever lands"
            )
        columns.append(Column(definition.name.lower(), duckdb_type(definition.kind, statement, definition.name)))
    comment = next((p.this.this for p in tree.find_all(exp.SchemaCommentProperty)), None)
    return Table(name, tuple(columns), comment, statement.script)


def duckdb_type(kind: exp.DataType, statement: Statement, column: str) -> str:
    """The DuckDB type that stands for a Snowflake type in bronze.

    number(38, 0) is BIGINT: DuckDB casts text to a 38-digit decimal hundreds of times slower, and a larger value than
    BIGINT holds fails its file rather than be cut.
    """
    sizes = [int(size.name) for size in kind.expressions if size.name.isdigit()]
    match kind.this:
        case exp.DataType.Type.DECIMAL | exp.DataType.Type.DECIMAL64 | exp.DataType.Type.DECIMAL128:
            precision, scale = (sizes + [38, 0][len(sizes) :])[:2]
            return "BIGINT" if (precision, scale) == (38, 0) else f"DECIMAL({precision},{scale})"
        case exp.DataType.Type.VARCHAR | exp.DataType.Type.TEXT if not sizes:
            return "VARCHAR"
        case exp.DataType.Type.DATE:
            return "DATE"
        case exp.DataType.Type.TIMESTAMPNTZ:
            return "TIMESTAMP"
        case exp.DataType.Type.BOOLEAN:
            return "BOOLEAN"
        case exp.DataType.Type.DOUBLE:
            return "DOUBLE"
    raise UserError(
        f"{statement.where()}: column {column} has type {kind.sql('snowflake')}, which the loader does not know; "
        "use number, varchar, date, timestamp_ntz, boolean or double"
    )


# For each format option: the values that the loader carries out, and Snowflake's default (which counts when an option is
# left out, and is refused then just as if it were written).
ANY_STRINGS = "strings"
ANY_CHARACTER = "one character"
FORMAT_OPTIONS: dict[str, dict[str, tuple[object, Value]]] = {
    "csv": {
        "compression": (("auto",), "auto"),
        "parse_header": ((True,), False),
        "error_on_column_count_mismatch": ((False,), True),
        "field_delimiter": (ANY_CHARACTER, ","),
        "record_delimiter": (("\n",), "\n"),
        "multi_line": ((True,), True),
        "field_optionally_enclosed_by": (('"', "'", None), None),
        "escape": ((None,), None),
        "escape_unenclosed_field": ((None,), "\\"),
        "trim_space": ((False,), False),
        "skip_blank_lines": ((True,), False),
        "null_if": (ANY_STRINGS, ("\\N",)),
        "empty_field_as_null": ((True, False), True),
        "encoding": (("utf8", "utf-8"), "utf8"),
        "skip_byte_order_mark": ((True,), True),
        "replace_invalid_characters": ((False,), False),
    },
    "parquet": {
        "compression": (("auto",), "auto"),
        "binary_as_text": ((False,), True),
        "use_logical_type": ((True,), False),
        # The reader's speed, not its result.
        "use_vectorized_scanner": ((True, False), False),
        "trim_space": ((False,), False),
        "null_if": (ANY_STRINGS, ("\\N",)),
        "replace_invalid_characters": ((False,), False),
    },
}


def read_file_format(statement: Statement) -> FileFormat:
    """A CREATE FILE FORMAT as a type and a full set of options."""
    tree = _parse(statement)
    name = _name(tree.this)
    written = {}
    for item in tree.args["properties"].expressions:
        if isinstance(item, exp.SchemaCommentProperty):
            continue
        if not isinstance(item, exp.Property):
            raise UserError(f"{statement.where()}: file format {name}: {item.sql('snowflake')!r} is not understood")
        written[item.this.name.lower()] = _value(item.args["value"])
    return check_format(name, written, statement)


def check_format(name: str, written: dict[str, Value], statement: Statement) -> FileFormat:
    """Refuse every option, and every value of one, that the loader does not carry out; fill in the defaults."""
    kind = str(written.pop("type", "")).lower()
    if kind not in FORMAT_OPTIONS:
        raise UserError(
            f"{statement.where()}: file format {name}: type {kind or 'is missing'}; the loader reads csv and parquet"
        )
    known = FORMAT_OPTIONS[kind]
    options: dict[str, Value] = {}
    for option in written:
        if option not in known:
            raise UserError(
                f"{statement.where()}: file format {name}: the loader does not know the option {option.upper()}"
            )
    for option, (allowed, default) in known.items():
        value = written.get(option, default)
        if isinstance(value, str) and isinstance(allowed, tuple) and value.lower() in allowed:
            value = value.lower()
        if allowed == ANY_STRINGS:
            value = (value,) if isinstance(value, str) else value
            fits = isinstance(value, tuple)
        elif allowed == ANY_CHARACTER:
            fits = isinstance(value, str) and len(value) == 1 and value not in "\r\n"
        else:
            # 1 == True in Python, not here
            fits = any(value == each and type(value) is type(each) for each in allowed)
        if not fits:
            written_or_default = "" if option in written else " (Snowflake's default, since it is left out)"
            raise UserError(
                f"{statement.where()}: file format {name}: the loader does not carry out {option.upper()} = "
                f"{_show(value)}{written_or_default}; it does: {_show_allowed(allowed)}"
            )
        options[option] = value
    return FileFormat(name, kind, options, statement.script)


# -- pipes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Copy:
    """The parts of a pipe's COPY statement, names not yet looked up."""

    pipe: str
    table: str
    stage: str
    prefix: str
    format_name: str
    metadata: dict[str, str]
    on_error: OnError
    statement: Statement


def read_copy(statement: Statement) -> Copy:
    """A CREATE PIPE as the parts of its COPY."""
    # sqlfluff takes half a second to import: only when there is a pipe to read
    from sqlfluff.core import FluffConfig, Linter

    global _linter
    if _linter is None:
        _linter = Linter(config=FluffConfig(overrides={"dialect": "snowflake", "templater": "raw"}))
    parsed = _linter.parse_string(statement.text)
    if parsed.violations:
        violation = parsed.violations[0]
        line = statement.line + violation.line_no - 1
        what = re.sub(r"^Line \d+, Position \d+: ", "", _one_line(violation.desc()))
        raise UserError(f"{statement.script}, line {line}: Snowflake would not take this pipe: {what}")
    pipe = _created(statement, "pipe")
    node = next(parsed.tree.recursive_crawl("copy_into_table_statement"), None)
    if node is None:
        raise UserError(f"{statement.where()}: pipe {pipe} has no COPY INTO a table")
    copy = _parse(Statement(statement.script, statement.line, node.raw, ()))
    return _copy_parts(pipe, copy, statement)


_linter = None


def _copy_parts(pipe: str, copy: exp.Expression, statement: Statement) -> Copy:
    where = f"{statement.where()}: pipe {pipe}"
    source = copy.args["files"][0] if copy.args.get("files") else None
    if not isinstance(copy, exp.Copy) or not isinstance(copy.this, exp.Table) or not isinstance(source, exp.Table):
        raise UserError(f"{where}: the loader copies by name from a stage: no column list and no SELECT in the COPY")
    location = re.fullmatch(r"@(?P<stage>[\w.]+)/(?P<prefix>\S+)", source.name)
    if not location:
        raise UserError(
            f"{where}: FROM {source.name}: a stage and a folder are wanted, such as @bronze.landing/ops/item/"
        )
    if not location["prefix"].endswith("/"):
        raise UserError(
            f"{where}: the folder {location['prefix']} must end in '/', or it also matches its longer neighbours"
        )

    options = {parameter.name.lower(): parameter for parameter in copy.args.get("params") or ()}
    readers = {
        "file_format": _format_name,
        "match_by_column_name": _match,
        "include_metadata": _metadata,
        "on_error": _on_error,
    }
    for option in options:
        if option not in readers:
            raise UserError(f"{where}: the loader does not know the COPY option {option.upper()}")
    for option in readers:
        if option not in options:
            raise UserError(f"{where}: {option.upper()} must be written out")
    parts = {option: reader(options[option], where) for option, reader in readers.items()}
    return Copy(
        pipe=pipe,
        table=_name(copy.this),
        stage=location["stage"].lower(),
        prefix=location["prefix"],
        format_name=parts["file_format"],
        metadata=parts["include_metadata"],
        on_error=parts["on_error"],
        statement=statement,
    )


def _newest(copies: list[Copy]) -> list[Copy]:
    """Without the pipes that another has replaced: `..._pipe_v2` stands in the place of `..._pipe`."""
    newest: dict[str, tuple[int, Copy]] = {}
    for copy in copies:
        version = re.search(r"_v(\d+)$", copy.pipe)
        name = copy.pipe[: version.start()] if version else copy.pipe
        place = int(version[1]) if version else 1
        if name not in newest or place > newest[name][0]:
            newest[name] = (place, copy)
    return [copy for _, copy in newest.values()]


def _format_name(parameter: exp.CopyParameter, where: str) -> str:
    options = {item.name.lower(): item.args.get("value") for item in parameter.expressions}
    if list(options) != ["format_name"]:
        raise UserError(
            f"{where}: FILE_FORMAT: the loader takes (format_name = '...') alone, not {', '.join(options).upper()}"
        )
    return str(_value(options["format_name"])).lower()


def _match(parameter: exp.CopyParameter, where: str) -> str:
    value = str(_value(parameter.expression)).lower()
    if value != "case_insensitive":
        raise UserError(
            f"{where}: MATCH_BY_COLUMN_NAME = {value.upper()}: the loader carries out CASE_INSENSITIVE alone"
        )
    return value


def _metadata(parameter: exp.CopyParameter, where: str) -> dict[str, str]:
    pairs = {}
    items = (
        parameter.expression.expressions if isinstance(parameter.expression, exp.Tuple) else [parameter.expression.this]
    )
    for pair in items:
        if not isinstance(pair, exp.EQ) or pair.expression.name.lower() not in METADATA_FIELDS:
            raise UserError(
                f"{where}: INCLUDE_METADATA: {pair.sql('snowflake')} is not a metadata field the loader knows"
            )
        pairs[pair.this.name.lower()] = pair.expression.name.lower()
    return pairs


def _on_error(parameter: exp.CopyParameter, where: str) -> OnError:
    value = str(_value(parameter.expression)).lower()
    if value == "continue":
        return OnError("continue")
    if value == "abort_statement":
        raise UserError(
            f"{where}: ON_ERROR = ABORT_STATEMENT is not allowed in a pipe; CONTINUE and SKIP_FILE[_n[%]] are"
        )
    skip = re.fullmatch(r"skip_file(?:_(\d+)(%)?)?", value)
    if not skip:
        raise UserError(
            f"{where}: the loader does not know ON_ERROR = {value.upper()}; CONTINUE and SKIP_FILE[_n[%]] it does"
        )
    number, percent = skip.groups()
    if percent:
        return OnError("skip_file", percent=float(number))
    return OnError("skip_file", limit=int(number) if number else 1)


def _resolve(copy: Copy, tables: dict[str, Table], formats: dict[str, FileFormat], stages: set[str]) -> Pipe:
    where = f"{copy.statement.where()}: pipe {copy.pipe}"
    for what, name, known in (
        ("table", copy.table, tables),
        ("file format", copy.format_name, formats),
        ("stage", copy.stage, stages),
    ):
        if name not in known:
            raise UserError(f"{where}: no script creates the {what} {name}")
    table, file_format = tables[copy.table], formats[copy.format_name]
    for column in copy.metadata:
        if column not in {each.name for each in table.columns}:
            raise UserError(f"{where}: INCLUDE_METADATA fills {column}, which {table.name} lacks")
    if file_format.type == "parquet" and copy.on_error.action == "continue":
        raise UserError(
            f"{where}: ON_ERROR = CONTINUE: the loader takes or skips a Parquet file as a whole; use SKIP_FILE"
        )
    return Pipe(copy.pipe, table, copy.prefix, file_format, copy.metadata, copy.on_error, copy.statement.script)


# -- shared -----------------------------------------------------------------------------------------------------------


def _refuse_changes(statement: Statement) -> None:
    """Landing is what the CREATE statements say: a later change of one would be missed, a replacement loses its history."""
    words = " ".join(statement.words)
    what = re.match(r"(?:alter|drop|undrop) (?:if exists )?(table|pipe|stage|file format)\b", words)
    if what:
        raise UserError(
            f"{statement.where()}: the loader reads CREATE statements only, and would miss this change of a {what[1]}"
        )
    what = re.match(r"create or replace (?:\w+ )?(table|pipe|stage|file format)\b", words)
    if what:
        raise UserError(
            f"{statement.where()}: CREATE OR REPLACE of a {what[1]} loses what it holds; write IF NOT EXISTS"
        )


def _refuse_shared_prefixes(pipes: list[Pipe]) -> None:
    ordered = sorted(pipes, key=lambda pipe: pipe.prefix)
    for one, other in itertools.pairwise(ordered):
        if other.prefix.startswith(one.prefix):
            raise UserError(f"{other.script}: pipes {one.name} and {other.name} would both load {other.prefix}")


def _of_kind(statements: list[Statement], kind: str) -> Iterator[Statement]:
    return (statement for statement in statements if _kind(statement) == kind)


def _kind(statement: Statement) -> str | None:
    words = re.sub(
        r"^create (?:or replace |or alter )?(?:(?:temporary|transient|temp) )?", "create ", " ".join(statement.words)
    )
    found = re.match(r"create (schema|table|file format|stage|pipe)\b", words)
    return found[1] if found else None


def _created(statement: Statement, kind: str) -> str:
    """The name in a CREATE statement of which only the name matters."""
    found = re.search(rf"\b{kind}\s+(?:if\s+not\s+exists\s+)?([\w.]+)", statement.text, re.IGNORECASE)
    if not found:
        raise UserError(
            f"{statement.where()}: the name of the {kind} is not understood (quoted names are not supported)"
        )
    return found[1].lower()


def _parse(statement: Statement) -> exp.Expression:
    try:
        tree = sqlglot.parse_one(statement.text, dialect="snowflake")
    except SqlglotError as error:
        raise UserError(f"{statement.where()}: {_one_line(error)}") from None
    if isinstance(tree, exp.Command):
        raise UserError(f"{statement.where()}: not understood: {_one_line(statement.text)[:80]}")
    return tree


def _name(table: exp.Expression) -> str:
    return ".".join(part.name for part in table.find(exp.Table).parts).lower()


def _value(node: exp.Expression | None) -> Value:
    match node:
        case None:
            return None
        case exp.Boolean():
            return bool(node.this)
        case exp.Tuple():
            return tuple(item.name for item in node.expressions)
        case exp.Paren():
            return (node.this.name,)
        case exp.Literal() if not node.is_string:
            return int(node.name)
        case exp.Null():
            return None
    text = node.name or node.sql("snowflake")
    return None if text.lower() == "none" else text


def _show(value: Value) -> str:
    match value:
        case None:
            return "NONE"
        case bool():
            return str(value).upper()
        case tuple():
            return "(" + ", ".join(map(repr, value)) + ")"
    return repr(value)


def _show_allowed(allowed: object) -> str:
    return ", ".join(map(_show, allowed)) if isinstance(allowed, tuple) else str(allowed)


def _one_line(text: object) -> str:
    # sqlglot underlines the place with terminal codes
    return re.sub(r"\s+", " ", re.sub(r"\x1b\[\d*m", "", str(text))).strip()
