"""Definitions of pages: `dashboards/<page>.yml`, checked against their schema, their fields against the queries' columns."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from retail.errors import UserError
from retail.site import charts, measures
from retail.site.model import Query

SCHEMA = "page.schema.json"
# those of one row of KPIs share it
DEFAULT_WIDTHS = {"kpi": "", "chart": "half", "table": "full"}


@dataclass
class Page:
    """A page: its name (the file's), its definition as far as it can be used, and what is wrong: by place of the tile, -1 for the page."""

    name: str
    path: str
    definition: dict[str, Any]
    faults: dict[int, list[str]] = field(default_factory=dict)

    @property
    def tiles(self) -> list[dict[str, Any]]:
        """The tiles and section headings."""
        return self.definition.get("tiles") or []

    def blame(self, place: int, fault: str) -> None:
        """Keep what is wrong with a tile; with -1 of the page."""
        self.faults.setdefault(place, []).append(fault)

    def told(self) -> list[str]:
        """A line for each fault, with the file and the tile."""
        return [
            f"{self.path}: {self.title_of(place)}{fault}" for place, found in self.faults.items() for fault in found
        ]

    def title_of(self, place: int) -> str:
        """How a message names a tile; nothing for the page."""
        if place < 0:
            return ""
        tile = self.tiles[place] if isinstance(self.tiles[place], dict) else {}
        title = tile.get("title") or tile.get("section")
        return f"tile '{title}': " if title else f"tiles[{place}]: "

    def queries(self) -> set[str]:
        """Names of the queries that the page reads."""
        named = {tile["query"] for tile in self.tiles if isinstance(tile, dict) and isinstance(tile.get("query"), str)}
        as_of = self.definition.get("as_of")
        return named | ({as_of["query"]} if isinstance(as_of, dict) and isinstance(as_of.get("query"), str) else set())


def read(folder: Path) -> list[Page]:
    """All pages of a folder, in the order of the site. Raises UserError where there is none."""
    schema = json.loads((folder / SCHEMA).read_text(encoding="utf-8"))
    pages = [_read(file, schema) for file in sorted(folder.glob("*.yml"))]
    if not pages:
        raise UserError(f"{folder}: there is no page (a file NAME.yml); docs/dashboards.md says what one looks like")

    def place(page: Page) -> tuple[int, str]:
        order = page.definition.get("order")
        return (order if isinstance(order, int) else 100, page.name)

    return sorted(pages, key=place)


def _read(file: Path, schema: dict[str, Any]) -> Page:
    page = Page(file.stem, f"{file.parent.name}/{file.name}", {"title": file.stem.replace("_", " ").capitalize()})
    try:
        definition = yaml.safe_load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        page.blame(-1, "cannot be read: it is no UTF-8 text")
        return page
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        page.blame(-1, f"{f'line {mark.line + 1}: ' if mark else ''}cannot be read: {getattr(error, 'problem', error)}")
        return page
    if not isinstance(definition, dict):
        page.blame(-1, "is no page: it has no keys (title, description, tiles)")
        return page
    if isinstance(definition.get("tiles"), list):
        page.definition = definition
    for key in ("title", "description"):
        if isinstance(definition.get(key), str):
            page.definition[key] = definition[key]
    for error in jsonschema.Draft202012Validator(schema).iter_errors(definition):
        path = list(error.absolute_path)
        if len(path) > 1 and path[0] == "tiles":
            page.blame(path[1], _tile_fault(definition["tiles"][path[1]], schema))
        else:
            page.blame(-1, _where(path) + error.message)
    return page


def _tile_fault(tile: Any, schema: dict[str, Any]) -> str:
    """What is wrong with a tile, in terms of its own kind and not of every kind there is."""
    if not isinstance(tile, dict):
        return "is neither a tile nor a section (both are keys with values)"
    kind = "section" if "section" in tile else tile.get("kind")
    if kind not in ("section", "kpi", "chart", "table"):
        return f"kind: {kind!r} is none of kpi, chart, table"
    validator = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})
    error = max(validator.iter_errors(tile), key=lambda each: len(each.absolute_path))
    return _where(list(error.absolute_path)) + error.message


def _where(path: list[Any]) -> str:
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).lstrip(".")
    return f"{text}: " if text else ""


def check(page: Page, answers: dict[str, Query]) -> None:
    """Blame each tile for its query's failure, and for the fields that are no columns of its query."""
    for place, tile in enumerate(page.tiles):
        if place in page.faults or "section" in tile:
            continue
        query = answers[tile["query"]]
        if query.error:
            page.blame(place, query.error)
        elif not query.notice:
            for fault in _faults(tile, query):
                page.blame(place, fault)
    if -1 in page.faults:
        return
    as_of = page.definition.get("as_of")
    if as_of:
        query = answers[as_of["query"]]
        if query.error:
            page.blame(-1, f"as_of: {query.error}")
        elif as_of["field"] not in query.columns:
            if not query.notice:
                page.blame(-1, f"as_of: {_no_column(as_of['field'], query)}")
        elif query.columns[as_of["field"]] != "date" and any(each is not None for each in query.values(as_of["field"])):
            page.blame(
                -1, f"as_of: field '{as_of['field']}' of {query.name} is {query.columns[as_of['field']]}, no date"
            )
    known = {column for name in page.queries() if name in answers for column in answers[name].columns}
    broken = any(answers[name].error or answers[name].notice for name in page.queries())
    for each in page.definition.get("filters", []):
        if each["field"] not in known and not broken:
            page.blame(-1, f"filter '{each['label']}': field '{each['field']}' is no column of any query of the page")
    headline = page.definition.get("headline")
    kpis = [tile for tile in page.tiles if isinstance(tile, dict) and tile.get("kind") == "kpi"]
    if headline and headline not in [tile.get("title") for tile in kpis]:
        page.blame(-1, f"headline: '{headline}' is the title of no kpi tile")


def _faults(tile: dict[str, Any], query: Query) -> Iterator[str]:
    for name in _named(tile):
        if name not in query.columns:
            yield _no_column(name, query)
    for measure in _measures(tile):
        for name in (*measure.get("ratio", []), *([measure["sum"]] if "sum" in measure else [])):
            if query.rows and query.columns.get(name) not in ("number", None) and any(query.values(name)):
                yield f"field '{name}' of {query.name} is {query.columns[name]}, not a number to add up"
    if tile["kind"] == "chart":
        yield from charts.faults(tile["spec"], list(query.columns), query.name)
    sort = tile.get("sort")
    if sort and sort["column"] not in [column["title"] for column in tile["columns"]]:
        yield f"sort: '{sort['column']}' is the title of no column"


def _measures(tile: dict[str, Any]) -> list[dict[str, Any]]:
    found = [tile[key] for key in ("value", "compare", "compare_value") if key in tile]
    return found + [column["value"] for column in tile.get("columns", []) if "value" in column]


def _named(tile: dict[str, Any]) -> Iterator[str]:
    """Columns that a tile names outside a chart's spec."""
    yield from tile.get("where", {})
    for measure in _measures(tile):
        yield from measures.columns(measure)
    for column in tile.get("columns", []):
        if "field" in column:
            yield column["field"]
        yield from (part.split("}")[0] for part in column.get("link", "").split("{")[1:])


def _no_column(name: str, query: Query) -> str:
    return f"field '{name}' is not a column of {query.name} (columns: {', '.join(query.columns)})"
