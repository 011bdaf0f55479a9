"""`retail export metabase`: gold's descriptions and the meaning of its columns to Metabase, through dbt-metabase.

What a column means is taken from where it is stated already: a primary key from the model's description, other keys from the
test that holds them (`keys_resolve`), amounts from their names; anything else from `meta: {metabase.semantic_type: …}` in the
YAML, which goes before.
"""

import json
import logging
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from retail import console, publish, settings
from retail.errors import UserError

TYPE = "metabase.semantic_type"

# A primary key of one column, as the description of a model ends; Metabase has no others.
PRIMARY_KEY = re.compile(r"\*Primary key\.\* `(\w+)`\.?\s*$")
AMOUNT = re.compile(r"_(amount|price|cost)(?!.*ratio)(_|$)")

# How long Metabase may take to find new tables and columns, in seconds.
SYNC_TIMEOUT = 60

# Of many faults the first few say enough.
FAULTS_SHOWN = 5


def gold_manifest(manifest: dict[str, Any], schema: str) -> dict[str, Any]:
    """What dbt-metabase reads of a manifest, of gold alone, its tables in `schema`, each column with its semantic type."""
    nodes = {
        name: json.loads(json.dumps(node))
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["schema"].lower() == publish.SCHEMA
    }
    for node in nodes.values():
        node["schema"] = schema
        for column in node["columns"].values():
            column["meta"] = dict(column["config"].get("meta", {}))
            if AMOUNT.search(column["name"]) and column["data_type"].startswith("decimal"):
                column["meta"].setdefault(TYPE, "type/Currency")
        key = PRIMARY_KEY.search(node["description"])
        if key:
            node["columns"][key[1]]["meta"][TYPE] = "type/PK"
    by_name = {node["name"]: node["columns"] for node in nodes.values()}
    for test in manifest["nodes"].values():
        node = nodes.get(test.get("attached_node") or "")
        if not node or (test.get("test_metadata") or {}).get("name") != "keys_resolve":
            continue
        for name, (table, key) in test["test_metadata"]["kwargs"]["keys"].items():
            meta = node["columns"][name]["meta"]
            # Metabase follows a key to a primary key alone; what is something else already stays it
            target = by_name.get(table, {}).get(key, {"meta": {}})["meta"]
            if target.get(TYPE) == "type/PK" and meta.setdefault(TYPE, "type/FK") == "type/FK":
                meta |= {"metabase.fk_target_table": f"{schema}.{table}", "metabase.fk_target_field": key}
    return {"nodes": nodes, "sources": {}, "child_map": {name: [] for name in nodes}}


class _Heard(logging.Handler):
    """What dbt-metabase says of its work: how many updates it sent, and what it found missing."""

    def __init__(self) -> None:
        super().__init__()
        self.updates = 0
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        self.updates += "updated successfully" in text
        if record.levelno >= logging.WARNING and text not in self.faults:
            self.faults.append(text)


def export(manifest: Path, url: str, key: str, database: str, schema: str, sync_timeout: int = SYNC_TIMEOUT) -> int:
    """Push gold's descriptions and semantic types to a Metabase; the number of tables and columns that changed.

    `url` and `key` (an API key) are Metabase's, `database` is its name for the database, `schema` where gold's tables are in
    it. `sync_timeout` is in seconds. Raises UserError where Metabase does not answer, refuses, or lacks a table.
    """
    try:
        from dbtmetabase import DbtMetabase
        from dbtmetabase.errors import MetabaseStateError
        from requests.exceptions import RequestException
    except ImportError:
        raise UserError("dbt-metabase is not installed, which speaks with Metabase; install with: make bi") from None
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{manifest} is not there, which has the descriptions; run `dbt build`") from None
    heard, logger = _Heard(), logging.getLogger("dbtmetabase")
    logger.addHandler(heard)
    level, logger.level, logger.propagate = logger.level, logging.INFO, False
    try:
        with tempfile.TemporaryDirectory() as folder:
            reduced = Path(folder) / "manifest.json"
            reduced.write_text(json.dumps(gold_manifest(content, schema)), encoding="utf-8")
            DbtMetabase(reduced, url, metabase_api_key=key).export_models(
                metabase_database=database, skip_sources=True, sync_timeout=sync_timeout
            )
    except MetabaseStateError as error:
        faults = "; ".join(heard.faults[:FAULTS_SHOWN]) + (" and more" if heard.faults[FAULTS_SHOWN:] else "")
        raise UserError(
            f"Metabase: {error}{': ' if faults else ''}{faults}; is --database its name for the database, and --schema where gold is in it?"
        ) from None
    except RequestException as error:
        answer = getattr(error, "response", None)
        said = f"answers {answer.status_code}" if answer is not None else "cannot be reached"
        hint = (
            "; is METABASE_API_KEY right, and its group allowed to edit table metadata?" if answer is not None else ""
        )
        raise UserError(f"{url}: {said}{hint}") from None
    except ValueError:
        raise UserError(f"{url}: its answer is not Metabase's; is METABASE_URL right?") from None
    finally:
        logger.removeHandler(heard)
        logger.level, logger.propagate = level, True
    return heard.updates


def run(database: str | None, schema: str) -> int:
    """Export with the environment's Metabase, and say what was done; the exit code."""
    url, key = os.environ.get("METABASE_URL"), os.environ.get("METABASE_API_KEY")
    database = database or os.environ.get("METABASE_DATABASE")
    wanted = {"METABASE_URL": url, "METABASE_API_KEY": key, "METABASE_DATABASE (or --database)": database}
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        raise UserError(f"not set: {', '.join(missing)}")
    with console.err.status("Metabase looks for new tables and columns …"):
        updates = export(settings.target() / "manifest.json", url, key, database, schema)
    console.out.print(
        f"Metabase: {updates:,} tables and columns of {database} updated; the rest was up to date", markup=False
    )
    return 0
