"""Measures of the page definitions, as site.js computes them in the browser: for the home page, and to know what they name."""

from typing import Any

from retail.site.model import Query, Value

Row = dict[str, Value]


def columns(measure: dict[str, Any]) -> list[str]:
    """The columns that a measure names."""
    named = list(measure.get("where", {}))
    named += [measure[kind] for kind in ("sum", "max", "min") if kind in measure]
    return named + list(measure.get("ratio", []))


def kept(rows: list[Row], where: dict[str, Any]) -> list[Row]:
    """The rows whose columns have the value asked for, or one of a list of values."""
    for column, wanted in where.items():
        allowed = wanted if isinstance(wanted, list) else [wanted]
        rows = [row for row in rows if row[column] in allowed]
    return rows


def measured(query: Query, measure: dict[str, Any], *where: dict[str, Any]) -> Value:
    """A measure over the rows that all conditions leave; None where there is nothing to measure."""
    rows = [dict(zip(query.columns, row, strict=True)) for row in query.rows]
    for condition in (*where, measure.get("where", {})):
        rows = kept(rows, condition)
    if "count" in measure:
        return len(rows)
    if "ratio" in measure:
        above, below = (_sum(rows, column) for column in measure["ratio"])
        return above / below if above is not None and below else None
    if "sum" in measure:
        return _sum(rows, measure["sum"])
    best = max if "max" in measure else min
    values = [row[measure.get("max") or measure["min"]] for row in rows]
    return best((value for value in values if value is not None), default=None)


def _sum(rows: list[Row], column: str) -> Value:
    values = [row[column] for row in rows if row[column] is not None]
    return sum(values) if values else None
