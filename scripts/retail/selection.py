"""What a night has to build: the models and snapshots that depend on what landed, by dbt's manifest."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

# What tells an incremental model which files it has taken. They change with every file, but who names them in a `depends_on`
# comment alone looks there for the files of feeds that it reads anyway, so a file of another feed is nothing to it.
BOOKKEEPING = ("stg_landing__files", "int_taken_files")
# The loader writes these whenever it takes or refuses a file.
LOADER = ("audit.load_history", "audit.load_rejects")

_COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}|/\*.*?\*/", re.DOTALL)
_REF = re.compile(r"\bref\(\s*['\"](\w+)['\"]\s*\)")


def affected(manifest: Mapping[str, Any], landed: Iterable[str]) -> list[str]:
    """Names of the models and snapshots to build after files of some feeds (`ops.item`) landed, in alphabetical order.

    All that is made of these feeds and of what the loader notes, and whoever reads the list of all files, such as the as-of
    day. A feed that no dbt source declares has nothing that depends on it. A model with `meta: {by_feed: true}` is made of every
    feed, each row of one; who reads it reads the rows of the feeds that it reads anyway, and so is not chosen because of it.
    """
    feeds = set(landed)
    wanted = {*feeds, *LOADER}
    nodes = manifest["nodes"]
    todo = [key for key, source in manifest["sources"].items() if f"{source['source_name']}.{source['name']}" in wanted]
    if feeds:
        todo += [key for key, node in nodes.items() if node["resource_type"] == "model" and node["name"] in BOOKKEEPING]
    seen = set(todo)
    while todo:
        parent = todo.pop()
        for child in manifest["child_map"].get(parent, []):
            if child in seen or nodes.get(child, {}).get("resource_type") not in ("model", "snapshot"):
                continue
            if parent in nodes and not _hands_on(nodes[parent], nodes[child]):
                continue
            seen.add(child)
            todo.append(child)
    return sorted(nodes[key]["name"] for key in seen & nodes.keys())


def _hands_on(parent: Mapping[str, Any], child: Mapping[str, Any]) -> bool:
    """Whether new rows of a node, of whatever feed, can be new to a node that depends on it."""
    if parent["config"].get("meta", {}).get("by_feed"):
        return False
    return parent["name"] not in BOOKKEEPING or parent["name"] in _REF.findall(_COMMENT.sub("", child["raw_code"]))
