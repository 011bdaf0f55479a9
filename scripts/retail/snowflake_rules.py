"""What a Snowflake script has to keep to, checked without an account: it parses, and the rules below.

Each rule takes the statements of a script (or of all) and gives faults, one line each. Where Snowflake's grammar knows a form that sqlfluff does
not, `GAPS` says which and why it is right.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from retail import settings, snowflake_scripts
from retail.errors import UserError
from retail.snowflake_scripts import Script, Statement, without_comments

METADATA = {
    "_file_name": "metadata$filename",
    "_file_row_number": "metadata$file_row_number",
    "_file_content_key": "metadata$file_content_key",
    "_file_last_modified": "metadata$file_last_modified",
    "_loaded_at": "metadata$start_scan_time",
}

# What Snowflake documents and sqlfluff 4.4 does not parse: pattern, what is parsed in its place. Exact forms, so that nothing else slips through.
GAPS = (
    # ALTER TAG: SET MASKING POLICY <name> FORCE
    (r"(alter tag \w+ set masking policy \w+) force", r"\1"),
    # GRANT APPLY ON TAG; the form of the other grants on an object of a schema
    (r"grant apply on tag (\w+) to role (\w+)", r"grant usage on stage \1 to role \2"),
    # Snowflake Scripting: <name> EXCEPTION (<number>, '<message>') among the declarations
    (r"(?m)^    \w+ exception \(-20\d{3}, '[^']*'\);$", ""),
)


@dataclass(frozen=True)
class Fault:
    """Something wrong: script and line, and one sentence on it."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def check(values: Mapping[str, object] | None = None, root: Path | None = None) -> list[Fault]:
    """All faults of the scripts of a folder (default: the project's), applied ones and those run by hand."""
    values = values or snowflake_scripts.example_variables()
    if root:
        values = {**values, "pipes": {**values["pipes"], **snowflake_scripts.newest_pipes(root)}}
    try:
        applied = [snowflake_scripts.read(name, values, root) for name in snowflake_scripts.names(root)]
        others = [snowflake_scripts.read(name, values, root) for name in snowflake_scripts.by_hand(root)]
        # what is written once for every feed need not be parsed thirty times over
        few = {**values, "feeds": list(values["feeds"])[:2]}
        parsed = [snowflake_scripts.read(script.name, few, root) for script in applied + others]
    except UserError as error:
        script, _, text = str(error).partition(": ")
        return [Fault(script, text)]
    faults = [
        Fault(f"{script.name}, line {line}", f"Snowflake would not take this: {text}")
        for script in parsed
        for line, text in unparsable(script)
    ]
    faults += [fault for script in applied + others for fault in faults_of_script(script)]
    faults += [
        Fault(name, fault)
        for name in [script.name for script in applied + others]
        for fault in secrets(((root or snowflake_scripts.folder()) / name).read_text(encoding="utf-8"))
    ]
    return faults + faults_of_all(applied, values, root)


def faults_of_script(script: Script) -> list[Fault]:
    """Faults that a script shows by itself, parsing apart."""
    faults = []
    if not script.text.startswith("--"):
        faults.append(Fault(script.name, "opens without saying what it is (a comment)"))
    faults += [
        Fault(statement.where(), text) for statement in script.statements for rule in RULES for text in rule(statement)
    ]
    return faults + [Fault(script.name, text) for text in ownership(script)]


# -- it parses --------------------------------------------------------------------------------------------------------


@cache
def _linter() -> object:
    # half a second to import: only when there is something to parse
    from sqlfluff.core import FluffConfig, Linter

    return Linter(config=FluffConfig(overrides={"dialect": "snowflake", "templater": "raw"}))


@cache
def parse_faults(text: str) -> tuple[tuple[int, str], ...]:
    """What sqlfluff's Snowflake grammar cannot parse: line (from 1) and text."""
    parsed = _linter().parse_string(text)
    return tuple(
        (each.line_no, re.sub(r"^Line \d+, Position \d+: ", "", " ".join(each.desc().split())))
        for each in parsed.violations
    )


def unparsable(script: Script) -> Iterator[tuple[int, str]]:
    """Statements, and bodies of procedures, that Snowflake would not take: line of the rendered script and text."""
    for start, text in [(0, script.text), *bodies(script)]:
        for pattern, instead in GAPS:
            text = re.sub(pattern, instead, text)
        for line, fault in parse_faults(text):
            yield start + line, fault


def bodies(script: Script) -> list[tuple[int, str]]:
    """Bodies of the procedures of a script, each with the number of lines before it."""
    return [
        (statement.line - 1 + statement.text[: statement.text.index("$$")].count("\n"), body)
        for statement in script.statements
        if (body := snowflake_scripts.body(statement)) is not None
    ]


def copies_of_pipes(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """Each pipe's folder below the stage's root and its COPY, as it stands in the script, in order of the scripts."""
    found = []
    for name in snowflake_scripts.names():
        for statement in snowflake_scripts.read(name, values).statements:
            made = re.match(r"create pipe if not exists bronze \. (\w+)", statement.words)
            if made and made[1] in values["pipes"].values():
                node = next(_linter().parse_string(statement.text).tree.recursive_crawl("copy_into_table_statement"))
                folder = re.search(r"\bfrom @[\w.]+/(\S+)", node.raw, re.IGNORECASE)
                found.append((folder[1], node.raw))
    return found


# -- rules over one statement -----------------------------------------------------------------------------------------


def _code(statement: Statement) -> str:
    return " ".join(without_comments(statement.text).lower().split())


def _copies(statement: Statement) -> list[str]:
    """COPY INTO a table within a statement, to its end."""
    return re.findall(r"\bcopy into (?!@|')(?:(?!;).)*", _code(statement))


def copy_says_on_error(statement: Statement) -> Iterator[str]:
    """A pipe skips files in silence by default, a COPY by hand stops: what is wanted is written down."""
    for copy in _copies(statement):
        if not re.search(r"\bon_error ?= ?\S", copy):
            yield "a COPY without ON_ERROR; write what becomes of a file with a bad record"


def copy_takes_no_clock(statement: Statement) -> Iterator[str]:
    """In a pipe it is the time at which the COPY was compiled, hours off."""
    for copy in _copies(statement):
        if found := re.search(
            r"\b(current_timestamp|current_date|current_time|getdate|sysdate|systimestamp|localtimestamp)\b", copy
        ):
            yield f"{found[1].upper()} in a COPY; write metadata$start_scan_time"


def copy_keeps_metadata(statement: Statement) -> Iterator[str]:
    """A row that does not know its file cannot be traced or told from its repeat."""
    for copy in _copies(statement):
        pairs = dict(re.findall(r"(\w+) ?= ?(metadata\$\w+)", copy))
        if pairs != METADATA:
            wrong = sorted(set(METADATA.items()) ^ set(pairs.items()))
            yield f"INCLUDE_METADATA does not fill the five load columns as the others do: {', '.join(sorted({name for name, _ in wrong}))}"


def prefix_ends_in_slash(statement: Statement) -> Iterator[str]:
    """A prefix without it also matches its longer neighbours, and a pipe eats another's files."""
    for copy in _copies(statement):
        found = re.search(r"\bfrom (@\S+)", copy)
        if found and not re.fullmatch(r"@[\w.]+/\S*/", found[1]):
            yield f"reads {found[1]}; a folder that ends in / is wanted"


REPLACEABLE = ("procedure", "task", "view")


def nothing_is_replaced(statement: Statement) -> Iterator[str]:
    """Replacing a table loses its rows, a pipe what it has loaded, a stream its bookmark, a role its grants."""
    kind = r"(file format|(?:storage|notification) integration|(?:masking|network) policy|resource monitor|\w+)"
    found = re.match(rf"create or replace (?:(?:transient|temporary|secure) )*{kind} ", _code(statement))
    if found and found[1] not in REPLACEABLE:
        yield f"CREATE OR REPLACE of a {found[1]} loses what it holds; write CREATE ... IF NOT EXISTS"


def created_once(statement: Statement) -> Iterator[str]:
    """A deployment that stopped half-way is run again."""
    code = _code(statement)
    if code.startswith("create ") and not code.startswith("create or ") and " if not exists " not in code:
        yield "CREATE without IF NOT EXISTS: a deployment that stopped after it could not be run again"


def nothing_is_dropped(statement: Statement) -> Iterator[str]:
    """What a script drops is gone in every environment at once."""
    if found := re.match(r"(drop|truncate|undrop) ", _code(statement)):
        yield f"{found[1].upper()} in a script; do it by hand, where somebody looks"


LANDING_KINDS = r"(table|pipe|stage|file format)"


def landing_is_defined_once(statement: Statement) -> Iterator[str]:
    """`retail load` carries out the CREATE statements of the run-once scripts; it would miss all others."""
    code = _code(statement)
    if re.fullmatch(r"alter pipe (if exists )?[\w.]+ set error_integration = \w+", code):
        return
    if found := re.match(rf"alter {LANDING_KINDS} ", code):
        yield f"changes a {found[1]}; a changed one is a new one, under a new name"
    if statement.script.startswith("R__") and (found := re.match(rf"create (?:or replace )?{LANDING_KINDS} ", code)):
        yield f"makes a {found[1]} in a repeatable script; that belongs in a V script, which runs once"


def pipes_hear_of_files(statement: Statement) -> Iterator[str]:
    """Otherwise nothing tells the pipe of a new file."""
    code = _code(statement)
    if code.startswith("create pipe") and not re.search(
        r"\bauto_ingest ?= ?true\b", code.partition(" as copy into ")[0]
    ):
        yield "a pipe without AUTO_INGEST = TRUE"


def warehouses_sleep(statement: Statement) -> Iterator[str]:
    """Ten minutes at most; the default is for ever when it is null or 0."""
    code = _code(statement)
    if code.startswith("create warehouse"):
        found = re.search(r"\bauto_suspend ?= ?(\d+)", code)
        if not found or not 0 < int(found[1]) <= 600:
            yield "a warehouse without AUTO_SUSPEND between 1 and 600 s"


def users_are_services(statement: Statement) -> Iterator[str]:
    """People are the account's business; programs have keys."""
    code = _code(statement)
    if code.startswith("create user") and not re.search(r"\btype ?= ?service\b", code):
        yield "a user that is not TYPE = SERVICE"


def grants_are_narrow(statement: Statement) -> Iterator[str]:
    """Each privilege by name, to a role made for it."""
    code = _code(statement)
    if not code.startswith("grant "):
        return
    if re.match(r"grant all\b", code):
        yield "GRANT ALL; name the privileges that are needed"
    if "with grant option" in code:
        yield "WITH GRANT OPTION; who may read what is decided in these scripts alone"
    if re.match(r"grant ownership\b", code):
        yield "GRANT OWNERSHIP; whoever is to own a thing makes it"
    if re.search(r"to role (public|accountadmin|securityadmin|orgadmin)\b", code):
        yield "a grant to a role of the system"
    if re.match(r"grant role (accountadmin|securityadmin|sysadmin|orgadmin)\b", code):
        yield "hands on a role of the system"


def tasks_are_whole(statement: Statement) -> Iterator[str]:
    """A time zone, a condition, somebody who hears of errors."""
    code = _code(statement)
    if not re.match(r"create (or replace )?task", code):
        return
    if not re.search(r"\bschedule ?= ?'using cron (\S+ ){5}[a-z]+(/[a-z_+-]+)*'", code):
        yield "a task without a cron schedule and its time zone"
    if "system$stream_has_data(" not in code.partition(" when ")[2]:
        yield "a task without WHEN SYSTEM$STREAM_HAS_DATA: it would run for nothing"
    if "error_integration" not in code:
        yield "a task without ERROR_INTEGRATION: nobody would hear of its failure"


def transactions_are_whole(statement: Statement) -> Iterator[str]:
    """DDL commits what is open, so that a failure after it loses the batch; a failure must roll back and reach the caller."""
    body = snowflake_scripts.body(statement)
    if body is None:
        return
    code = " ".join(without_comments(body).lower().split())
    consumes = "_changes" in code
    inside = re.search(r"\bbegin transaction; ?(.*?)\bcommit;", code)
    if consumes and not inside:
        yield "reads streams outside of a transaction: a failure between two statements would lose rows"
    if inside:
        if found := re.search(
            r"(?:^|; |then |else |do )(create|alter|drop|truncate|grant|revoke|execute immediate|call|copy into|comment on)\b",
            inside[1],
        ):
            yield f"{found[1].upper()} within a transaction: DDL commits what is open, and a failure after it loses the batch"
        if not re.search(r"exception when other then rollback; raise;", code.partition("commit;")[2]):
            yield "a transaction without `exception when other then rollback; raise;`: a failure would stay open or unseen"


RULES: tuple[Callable[[Statement], Iterator[str]], ...] = (
    copy_says_on_error,
    copy_takes_no_clock,
    copy_keeps_metadata,
    prefix_ends_in_slash,
    nothing_is_replaced,
    created_once,
    nothing_is_dropped,
    landing_is_defined_once,
    pipes_hear_of_files,
    warehouses_sleep,
    users_are_services,
    grants_are_narrow,
    tasks_are_whole,
    transactions_are_whole,
)


# -- rules over a script ----------------------------------------------------------------------------------------------


def ownership(script: Script) -> Iterator[str]:
    """Whoever makes a thing owns it. A deployment runs as the deployer; ACCOUNTADMIN makes only the role, and what nobody else can make."""
    role = None
    for statement in script.statements:
        code = _code(statement)
        if found := re.fullmatch(r"use role (\w+)", code):
            role = found[1]
            if "/" not in script.name:
                yield f"line {statement.line}: USE ROLE in a script that `retail deploy` applies: what follows would have another owner"
        if (
            role == "accountadmin"
            and code.startswith("create ")
            and not re.match(r"create (role|resource monitor)\b", code)
        ):
            yield f"line {statement.line}: ACCOUNTADMIN would own what is made here"


# what no script may hold; values come in through variables, and of keys only the public half
SECRETS = {
    r"\bpassword\s*=": "a password; service users have key pairs",
    r"-----BEGIN": "a key; it belongs in a variable",
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b": "an access key of the cloud account",
    r"\b(aws_key_id|aws_secret_key|aws_token|azure_sas_token|master_key)\s*=": "a key of the cloud account in a stage; use the storage integration",
    r"\bcredentials\s*=": "credentials in a stage; use the storage integration",
    r"\b(secret_string|oauth_client_secret|api_key|access_token)\s*=": "a secret",
    r"(?<![\w/+.-])(?=[\w/+]*\d)(?=[\w/+]*[a-z])(?=[\w/+]*[A-Z])[A-Za-z0-9/+]{32,}={0,2}": "what looks like a key; it belongs in a variable",
    r"\barn:aws[\w-]*:iam::\d{12}:": "an ARN of one account; it belongs in a variable",
}


def secrets(text: str) -> Iterator[str]:
    """Secrets in a script as it is written, comments included. The secret itself is not told."""
    for pattern, what in SECRETS.items():
        if found := re.search(pattern, text, re.IGNORECASE if "password" in pattern or "=" in pattern[-1:] else 0):
            yield f"line {text[: found.start()].count(chr(10)) + 1} holds {what}"


# -- rules over all scripts -------------------------------------------------------------------------------------------


def faults_of_all(scripts: list[Script], values: Mapping[str, object], root: Path | None = None) -> list[Fault]:
    """Faults that only all scripts together show: pipes, sources, streams and the task speak of the same feeds."""
    statements = [statement for script in scripts for statement in script.statements]
    codes = [(statement, _code(statement)) for statement in statements]
    whole = "\n".join(code for _, code in codes)
    faults = []

    newest = snowflake_scripts.newest_pipes(root)
    tables: dict[str, list[str]] = {}
    pipes: dict[str, Statement] = {}
    for statement, code in codes:
        if found := re.match(r"create table if not exists (\w+\.\w+) \((.*)\)", code):
            tables[found[1]] = [re.match(r'"[^"]+"|\S+', column)[0].strip('"') for column in _top_level(found[2])]
        if found := re.match(r"create pipe if not exists ((\w+\.\w+?)_pipe(?:_v\d+)?) ", code):
            if newest.get(found[2].removeprefix("bronze.")) != found[1].removeprefix("bronze."):
                # another has replaced it
                continue
            pipes[found[2]] = statement
            if not re.search(rf"alter pipe (?:if exists )?{re.escape(found[1])} set error_integration = ", whole) and (
                "error_integration" not in code.partition(" as copy into ")[0]
            ):
                faults.append(
                    Fault(
                        statement.where(),
                        "a pipe without ERROR_INTEGRATION, here or in an ALTER PIPE: nobody would hear of a failed file",
                    )
                )

    sources = source_columns()
    for name, statement in pipes.items():
        if name not in tables:
            faults.append(Fault(statement.where(), f"no script creates the table {name}"))
        elif name not in sources:
            faults.append(Fault(statement.where(), f"{name} is no source of dbt"))
        elif set(sources[name]) != set(tables[name]):
            differing = ", ".join(sorted(set(sources[name]) ^ set(tables[name])))
            faults.append(Fault(name, f"the columns of the table and of the dbt source differ: {differing}"))
        for what, wanted in (
            ("stream", f"create stream if not exists {name}_changes on table {name} "),
            (
                "condition in the nightly task",
                f"system$stream_has_data('{str(values['database']).lower()}.{name}_changes')",
            ),
            ("place in the procedure that moves the bookmarks", f"from {name}_changes"),
        ):
            if wanted not in whole:
                faults.append(Fault(statement.where(), f"{name} has no {what}"))
    faults += [Fault(name, "a source of dbt that no pipe fills") for name in sorted(set(sources) - set(pipes))]
    for task in re.findall(r"create (?:or replace )?task (?:if not exists )?([\w.]+)", whole):
        if not re.search(rf"alter task (?:if exists )?{re.escape(task)} resume", whole):
            faults.append(Fault(task, "a task that no statement resumes: a new one is made suspended"))
    return faults


def _top_level(columns: str) -> list[str]:
    """The parts of a list of columns, cut at commas outside of parentheses and quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in columns:
        quoted ^= letter == '"'
        depth += {"(": 1, ")": -1}.get(letter, 0) if not quoted else 0
        if letter == "," and not depth and not quoted:
            parts.append("")
        elif depth < 0:
            break
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def source_columns(project: Path | None = None) -> dict[str, list[str]]:
    """Columns of every bronze table as the dbt sources describe them, by `bronze.<table>`, in lower case."""
    found = {}
    for script in sorted(((project or settings.project_root()) / "models").rglob("*sources.yml")):
        for source in yaml.safe_load(script.read_text(encoding="utf-8"))["sources"]:
            if source.get("schema") == "bronze":
                for table in source["tables"]:
                    name = f"bronze.{table.get('identifier', table['name'])}"
                    found[name] = [column["name"].lower() for column in table["columns"]]
    return found
