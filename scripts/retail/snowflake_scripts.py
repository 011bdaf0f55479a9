"""The Snowflake scripts as a deployment has them: which there are, what their variables are, and the statements in them.

Rendered as schemachange renders them. What is wrong with a variable or a script is a UserError that names it.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType

from retail import settings, warehouse
from retail.errors import UserError


def folder() -> Path:
    """Where the scripts are."""
    return settings.project_root() / "scripts" / "snowflake"


# -- variables --------------------------------------------------------------------------------------------------------

_BUCKET = (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, without s3://")
_ROLE_ARN = (
    r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
    "the ARN of a role, such as arn:aws:iam::123456789012:role/retail",
)
_TOPIC_ARN = (
    r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+",
    "the ARN of a topic, such as arn:aws:sns:eu-west-1:123456789012:retail",
)
_SCHEDULE = (r"(\S+ ){5}[A-Za-z]+(/[A-Za-z_+-]+)*", "five fields of cron and a time zone, such as 30 3 * * * UTC")

# environment variable: (variable of the scripts, what it has to match, what it is, default; None where it must be given)
SETTINGS: dict[str, tuple[str, tuple[str, str], str | None]] = {
    "RETAIL_ENVIRONMENT": ("environment", (r"[a-z][a-z0-9]*", "a short name in lower-case letters, such as prod or dev"), "prod"),
    "RETAIL_LANDING_BUCKET": ("landing_bucket", _BUCKET, None),
    "RETAIL_PROCESSED_BUCKET": ("processed_bucket", _BUCKET, None),
    "RETAIL_STORAGE_ROLE_ARN": ("storage_role_arn", _ROLE_ARN, None),
    "RETAIL_NOTIFICATION_ROLE_ARN": ("notification_role_arn", _ROLE_ARN, None),
    "RETAIL_ERROR_TOPIC_ARN": ("error_topic_arn", _TOPIC_ARN, None),
    "RETAIL_BUILD_TOPIC_ARN": ("build_topic_arn", _TOPIC_ARN, None),
    "RETAIL_NIGHTLY_SCHEDULE": ("nightly_schedule", _SCHEDULE, "30 3 * * * UTC"),
}  # fmt: skip
# the same for public keys: a PEM file, or its text
KEYS = {
    "RETAIL_DEPLOYER_PUBLIC_KEY": "deployer_public_key",
    "RETAIL_LOADER_PUBLIC_KEY": "loader_public_key",
    "RETAIL_TRANSFORMER_PUBLIC_KEY": "transformer_public_key",
    "RETAIL_REPORTER_PUBLIC_KEY": "reporter_public_key",
}
# while a key is rotated
SECOND_KEYS = {f"{name}_2": f"{variable}_2" for name, variable in KEYS.items() if "DEPLOYER" not in name}

# How the DER form of every RSA public key goes on after its first four bytes (RFC 5280, RFC 3279); that of a private key does not.
_RSA_PUBLIC_KEY = bytes.fromhex("300d06092a864886f70d010101050003")

# Values of the right form for checks without an account; the ARNs and the key are of nobody.
EXAMPLES = {
    "RETAIL_LANDING_BUCKET": "retail-landing",
    "RETAIL_PROCESSED_BUCKET": "retail-processed",
    "RETAIL_STORAGE_ROLE_ARN": "arn:aws:iam::123456789012:role/retail-storage",
    "RETAIL_NOTIFICATION_ROLE_ARN": "arn:aws:iam::123456789012:role/retail-notifications",
    "RETAIL_ERROR_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:retail-errors",
    "RETAIL_BUILD_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:retail-builds",
} | dict.fromkeys(KEYS, base64.b64encode(bytes.fromhex("30820122") + _RSA_PUBLIC_KEY + bytes(range(200))).decode())


def missing_settings(environment: Mapping[str, str]) -> list[str]:
    """Environment variables that a deployment needs and that are not set."""
    needed = [name for name, (_, _, default) in SETTINGS.items() if default is None] + list(KEYS)
    return [name for name in needed if not environment.get(name)]


def variables(environment: Mapping[str, str] | None = None) -> dict[str, object]:
    """What the scripts' variables hold in an environment (default: that of the process).

    Raises UserError, one line, where some are missing or of a wrong form; a value is never told, since it may be a private key.
    """
    environment = os.environ if environment is None else environment
    if missing := missing_settings(environment):
        raise UserError(f"not set: {', '.join(missing)}; docs/snowflake.md says what each holds")
    values: dict[str, object] = {}
    for name, (variable, (pattern, what), default) in SETTINGS.items():
        value = environment.get(name) or default
        if not re.fullmatch(pattern, value):
            raise UserError(f"{name}: not {what}")
        values[variable] = value
    for name, variable in {**KEYS, **SECOND_KEYS}.items():
        values[variable] = public_key(name, environment.get(name, ""))
    feeds, newest = [f"{feed.source}__{feed.name}" for feed in warehouse.feeds()], newest_pipes()
    prefix = "" if values["environment"] == "prod" else f"{values['environment']}_"
    return values | {
        "prefix": prefix,
        "database": f"{prefix}retail",
        "landing_url": f"s3://{values['landing_bucket']}/",
        "processed_url": f"s3://{values['processed_bucket']}/",
        "storage_integration": f"{prefix}retail_storage",
        "error_integration": f"{prefix}retail_errors",
        "build_integration": f"{prefix}retail_builds",
        # the feeds of the project, as macros/accounting/feeds/ declares them, and the pipe of each
        "feeds": feeds,
        "pipes": {feed: newest.get(feed, f"{feed}_pipe") for feed in feeds},
    }


def newest_pipes(root: Path | None = None) -> dict[str, str]:
    """The pipe of each feed as the scripts make it, without its schema. Of several the one with the highest version: it replaced the others."""
    found: dict[str, tuple[int, str]] = {}
    for script in (root or folder()).glob("V*.sql"):
        made = r"create pipe if not exists bronze\.((\w+?)_pipe(?:_v(\d+))?)\s"
        for name, feed, version in re.findall(made, script.read_text(encoding="utf-8")):
            found[feed] = max(found.get(feed, (0, "")), (int(version or 1), name))
    return {feed: name for feed, (_, name) in found.items()}


def public_key(name: str, value: str) -> str:
    """A public key as Snowflake takes it: base64 without header and line ends. `value` is that, a PEM text, or a PEM file's path.

    Raises UserError where it is something else, above all a private key.
    """
    if not value:
        return ""
    text = value
    if "-----" not in value and os.path.isfile(value):
        text = Path(value).read_text(encoding="utf-8", errors="replace")
    if "PRIVATE KEY" in text:
        raise UserError(f"{name}: holds a private key; give its public half (openssl rsa -in … -pubout)")
    body = "".join(re.sub(r"-----[A-Z ]+-----", "", text).split())
    try:
        known = base64.b64decode(body, validate=True)[4:].startswith(_RSA_PUBLIC_KEY)
    except binascii.Error:
        known = False
    if not known:
        raise UserError(f"{name}: neither an RSA public key in PEM form nor a file that holds one")
    return body


def example_variables() -> dict[str, object]:
    """Variables of the right form without any setting, for the checks that need no account."""
    return variables(EXAMPLES) | {"allowed_addresses": ["192.0.2.0/24"], "monthly_credits": 20}


# -- scripts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """A statement of a rendered script, without its semicolon: where it begins (line of the rendered text, from 1), its words up to 12."""

    script: str
    line: int
    text: str
    words: str

    def where(self) -> str:
        """The script and line, for messages."""
        return f"{self.script}, line {self.line}"


@dataclass(frozen=True)
class Script:
    """A rendered script: its path below the folder, its text, its statements."""

    name: str
    text: str
    statements: tuple[Statement, ...]


def names(root: Path | None = None) -> list[str]:
    """Scripts that a deployment applies, in its order: run-once ones by version, then repeatable ones by name."""
    root = root or folder()
    found = [script.name for script in root.glob("*.sql")]
    for name in found:
        if not re.fullmatch(r"V\d+\.\d+\.\d+__[a-z0-9_]+\.sql|R__\d\d_[a-z0-9_]+\.sql", name):
            raise UserError(
                f"{name}: the name must be V<n>.<n>.<n>__<what>.sql (runs once) or R__<nn>_<what>.sql (runs when changed)"
            )
    once = sorted(
        (name for name in found if name[0] == "V"),
        key=lambda name: [int(n) for n in name[1:].split("__")[0].split(".")],
    )
    return once + sorted(name for name in found if name[0] == "R")


def by_hand(root: Path | None = None) -> list[str]:
    """Scripts that a person runs: the administrator's, and the optional one."""
    root = root or folder()
    return sorted(str(script.relative_to(root)) for script in root.glob("*/*.sql"))


def render(name: str, values: Mapping[str, object], root: Path | None = None) -> str:
    """A script with its variables filled in, as schemachange does it."""
    try:
        text = ((root or folder()) / name).read_text(encoding="utf-8")
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
        return environment.from_string(text).render(values).strip()
    except OSError as error:
        raise UserError(f"{name}: cannot be read: {error.strerror}") from None
    except jinja2.TemplateError as error:
        raise UserError(f"{name}: {error}") from None


def read(name: str, values: Mapping[str, object], root: Path | None = None) -> Script:
    """A script, rendered and cut into statements at semicolons outside of quotes, comments and `$$`."""
    text = render(name, values, root)
    try:
        tokens = Snowflake().tokenize(text)
    except SqlglotError as error:
        raise UserError(f"{name}: {' '.join(str(error).split())[:300]}") from None
    groups, current = [], []
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            groups.append(current)
            current = []
        else:
            current.append(token)
    statements = tuple(
        Statement(
            name,
            group[0].line,
            text[group[0].start : group[-1].end + 1],
            " ".join(each.text for each in group[:12]).lower(),
        )
        for group in [*groups, current]
        if group
    )
    return Script(name, text, statements)


def body(statement: Statement) -> str | None:
    """The text between the `$$` of a procedure; None where there is none."""
    found = re.search(r"\$\$(.*)\$\$", statement.text, re.DOTALL)
    return found[1] if found else None


def without_comments(text: str) -> str:
    """SQL without its comments, outside of quotes; lines stay lines."""
    return re.sub(r"('(?:[^'\\]|\\.|'')*')|--[^\n]*", lambda found: found[1] or "", text)
