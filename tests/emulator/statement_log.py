"""What dbt-snowflake really sent, read by a strict grammar of Snowflake: the emulator also takes what only DuckDB knows."""

import json
import re
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from sqlfluff.core import FluffConfig, Linter

# dbt's comment on each statement says what it is for.
COMMENT = re.compile(r'/\* \{"app": "dbt".*?\} \*/', re.DOTALL)
# Their model's text is parsed with the model; with fixtures in place of its inputs it is never sent in production.
OF_A_UNIT_TEST = '"node_id": "unit_test.'
# How dbt asks for the columns of a model with a contract, before it makes the model with the same text.
COLUMNS_OF = re.compile(r"^select \* from \(\s*(.*)\s*\) as __dbt_sbq\s+where false\s+limit 0$", re.DOTALL)


def shape(statement: str) -> str:
    """What statements that differ in their literals alone have in common."""
    text = re.sub(r"\$\$.*?\$\$", "$$text$$", statement, flags=re.DOTALL)
    text = re.sub(r"'(?:[^']|'')*'", "'text'", text)
    text = re.sub(r"\b\d+(\.\d+)?\b", "1", text)
    text = " ".join(text.split())
    # rows of literals
    return re.sub(r"(\([^()]*\))(?:\s*,\s*\1)+", r"\1", text)


def short(statement: str) -> str:
    """The same statement for a parser, whose time goes by the token: no comments and blank space, of a seed's rows one."""
    text = re.sub(r"^\s*--.*$", "", statement, flags=re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$", "$$text$$", text, flags=re.DOTALL)
    text = re.sub(r"(values\s*\([^()]*\)),.*$", r"\1", text, flags=re.DOTALL) if text.startswith("insert") else text
    return text if "--" in text else " ".join(text.split())


def distinct(log: Path) -> list[str]:
    """A statement of each shape in a log, without dbt's comment; a model's text once, not also where its table is made."""
    sent = [json.loads(line) for line in log.read_text().splitlines()]
    statements = [
        COMMENT.sub("", text).strip().rstrip(";").strip()
        for text in sent
        if COMMENT.search(text) and OF_A_UNIT_TEST not in text
    ]
    models = {found[1].strip() for text in statements if (found := COLUMNS_OF.match(text))}
    of_shape: dict[str, str] = {}
    for text in statements:
        if not COLUMNS_OF.match(text):
            for model in models:
                text = text.replace(model, "select 1 as one")
        of_shape.setdefault(shape(text), short(text))
    return list(of_shape.values())


def faults(statement: str) -> list[str]:
    """What of a statement is no Snowflake SQL, a line each."""
    overrides = {"dialect": "snowflake", "templater": "raw", "large_file_skip_byte_limit": 0}
    parsed = Linter(config=FluffConfig(overrides=overrides)).parse_string(statement)
    found = [f"{violation} in: {' '.join(statement.split())[:300]}" for violation in parsed.violations]
    return found or ([] if parsed.tree else [f"not parsed: {statement[:300]}"])


def unparsable(statements: Iterable[str], processes: int = 2) -> list[str]:
    """The faults of all statements."""
    # the long ones first, so that no process ends much after the other
    ordered = sorted(statements, key=len, reverse=True)
    with ProcessPoolExecutor(processes) as pool:
        return [fault for found in pool.map(faults, ordered, chunksize=1) for fault in found]
