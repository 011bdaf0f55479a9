"""What the modules of the site hand to one another."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Value = str | int | float | bool | None


@dataclass
class Query:
    """The answer to a query: its columns with their kinds (text, number, date, boolean), its rows in that order, what it reads.

    `reads` are dbt's unique ids; `error` says why there are no rows, `notice` that there is nothing to show and that it is nobody's
    mistake.
    """

    name: str
    columns: dict[str, str] = field(default_factory=dict)
    rows: list[list[Value]] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    error: str = ""
    notice: str = ""

    def values(self, column: str) -> list[Value]:
        """The values of a column, row by row."""
        place = list(self.columns).index(column)
        return [row[place] for row in self.rows]


def plain(value: object) -> Value:
    """A value of a database as JSON can have it: a date as YYYY-MM-DD, a decimal as a number."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def kind(values: list[object]) -> str:
    """The kind of a column, from its values: text where there is none to tell by."""
    found = {type(value) for value in values if value is not None}
    if not found:
        return "text"
    if found == {bool}:
        return "boolean"
    if found <= {int, float, Decimal}:
        return "number"
    return "date" if found == {date} else "text"


def packed(query: Query) -> dict[str, Any]:
    """The rows, column by column, for the page; of text each value once."""
    columns = {}
    for name, column_kind in query.columns.items():
        values = query.values(name)
        if column_kind in ("text", "date"):
            words = list(dict.fromkeys(values))
            place = {word: number for number, word in enumerate(words)}
            columns[name] = {"kind": column_kind, "words": words, "codes": [place[value] for value in values]}
        else:
            columns[name] = {"kind": column_kind, "values": values}
    return {"rows": len(query.rows), "columns": columns}
