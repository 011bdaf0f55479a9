"""Which columns hold personal data, so that it is shown only to who asks for it.

Two sources: columns tagged `meta: {pii: true}` anywhere in the project's YAML, and names that speak for themselves, since raw
columns of a source that someone plugged in yesterday may not be tagged. When in doubt a value is hidden.
"""

import re
from functools import cache
from pathlib import Path

import yaml

from retail import settings

HIDDEN = "‹hidden›"

# `name` alone is a person's in a file of transactions; product_name, brand_name are not
NAMES = re.compile(
    r"(^|_)((first|last|middle|full|maiden|sur|customer|person|contact)_?name|salutation|login|e_?mail(_address)?|"
    r"(tele)?phone(_number)?|mobile|birth\w*|dob|street(_\w+)?|suite(_number)?|(?<!ip_)address(_line_?\d)?|passport|iban|ssn)$"
    r"|^name$|^age$"
)


@cache
def tags(project: Path | None = None) -> frozenset[tuple[str, str]]:
    """(table, column) of all columns that the project's YAML tags as personal."""
    found = set()
    for script in sorted(((project or settings.project_root()) / "models").rglob("*.yml")):
        text = script.read_text(encoding="utf-8")
        # most files tag nothing, and reading YAML takes its time
        content = (yaml.safe_load(text) or {}) if "pii" in text else {}
        tables = content.get("models", []) + [
            table for source in content.get("sources", []) for table in source.get("tables", [])
        ]
        for table in tables:
            for column in table.get("columns") or []:
                if ((column.get("config") or {}).get("meta") or {}).get("pii"):
                    found.add((table["name"].lower(), column["name"].lower()))
    return frozenset(found)


@cache
def tagged_columns(project: Path | None = None) -> frozenset[str]:
    """Names of all columns that the project's YAML tags as personal, in any table."""
    return frozenset(column for _, column in tags(project))


def is_personal(column: str) -> bool:
    """Whether a column of this name holds personal data, in any table."""
    return column.lower() in tagged_columns() or NAMES.search(column.lower()) is not None


def hide(row: dict[str, object], show: bool) -> dict[str, object]:
    """A row with its personal values hidden, unless they are to be shown; nulls stay."""
    return {
        name: HIDDEN if value is not None and not show and is_personal(name) else value for name, value in row.items()
    }
