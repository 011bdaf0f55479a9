"""`retail dashboards`: pages, home page, assets and docs, written as files that need no server."""

import json
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from retail import console, settings
from retail.errors import UserError
from retail.site import answers as dbt_answers
from retail.site import charts, measures, pages, results
from retail.site.model import Query, packed
from retail.site.pages import Page

HERE = Path(__file__).parent
AS_OF = "site_as_of"
DOCS_KINDS = ("model", "seed", "snapshot", "source")
ASSETS = ("site.css", "site.js", "icon.svg")


@dataclass
class Site:
    """What all pages share: where it goes, every page, when it was made, the last business date, whether there are docs."""

    out: Path
    pages: list[Page]
    built_at: datetime
    as_of: str | None
    docs: bool


def run(only: list[str], target: str | None, out: Path, docs: bool) -> int:
    """Render the pages (all, or those named) and what belongs to them; 1 where a page or tile could not be drawn whole.

    Raises UserError where nothing can be drawn: no such page, no warehouse, a project that dbt cannot read.
    """
    started = time.perf_counter()
    out = out.resolve()
    found = pages.read(settings.project_root() / "dashboards")
    unknown = set(only) - {page.name for page in found}
    if unknown:
        names = ", ".join(page.name for page in found)
        raise UserError(f"there is no page {', '.join(sorted(unknown))} in dashboards/ (there: {names})")
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "assets" / "site.js").exists())):
        raise UserError(f"{settings.shown(out)} is there and is no site of ours; name another folder with --out")

    project = dbt_answers.parse(target)
    drawn = [page for page in found if not only or page.name in only]
    # the home page shows a figure of each page
    asked = set().union(*(page.queries() for page in (drawn if only else found)))
    built_in = {results.NAME: results.read(settings.target(), project.manifest)}
    answers = dbt_answers.ask(project, {AS_OF} | (asked - set(built_in))) | built_in
    for page in drawn:
        pages.check(page, answers)

    assets(out)
    as_of = answers[AS_OF].rows[0][0] if answers[AS_OF].rows else None
    site = Site(out, found, datetime.now(UTC), as_of, docs or (out / "docs" / "index.html").exists())
    told = [fault for page in drawn for fault in page.told()]
    if answers[AS_OF].error:
        told.append(answers[AS_OF].error)
    for page in drawn:
        write_page(site, page, answers, project.manifest)
    if not only:
        write_home(site, answers)
    pages_done = time.perf_counter()
    if docs:
        try:
            dbt_answers.docs(project, out / "docs")
        except UserError as error:
            told.append(str(error))
    for name in sorted(name for name in asked if answers[name].notice):
        console.err.print(answers[name].notice, style="yellow", markup=False)
    for line in told:
        console.err.print(line, style="red", markup=False)
    took = f"{pages_done - started:.1f} s" + (f", docs {time.perf_counter() - pages_done:.1f} s" if docs else "")
    home = out / ("index.html" if not only else f"{drawn[0].name}.html")
    console.out.print(
        f"Site: {settings.shown(home)} ({len(drawn)} pages{', docs' if docs else ''}; {took}"
        + (f"; {len(told)} to put right)" if told else ")"),
        markup=False,
    )
    return int(bool(told))


def assets(out: Path) -> None:
    """Style, script and the charts' bundle."""
    folder = out / "assets"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ASSETS:
        shutil.copyfile(HERE / "assets" / name, folder / name)
    (folder / "vega.js").write_text(charts.bundle(settings.target() / "site"), encoding="utf-8")


def write_page(site: Site, page: Page, answers: dict[str, Query], manifest: dict[str, Any]) -> None:
    """One page, whatever is wrong with it: a tile that cannot be drawn says why."""
    filters = page.definition.get("filters", []) if -1 not in page.faults else []
    tiles = [
        _tile(page, place, tile if isinstance(tile, dict) else {}, answers, manifest, filters, site.docs)
        for place, tile in enumerate(page.tiles)
    ]
    drawable = [tile for tile in tiles if tile["kind"] != "section" and not tile["faults"] and not tile["notice"]]
    as_of = page.definition.get("as_of") if -1 not in page.faults else None
    if as_of and (answers[as_of["query"]].error or answers[as_of["query"]].notice):
        as_of = None
    read = [*(tile["query"] for tile in drawable), *([as_of["query"]] if as_of else [])]
    data = {
        "filters": filters,
        "as_of": as_of,
        "tiles": [{key: tile[key] for key in ("id", "kind", "title", "query", "definition")} for tile in drawable],
        "queries": {name: packed(answers[name]) for name in dict.fromkeys(read)},
    }
    text = (
        _environment()
        .get_template("page.html")
        .render(
            site=site,
            page=page,
            current=page.name,
            title=page.definition.get("title", page.name),
            sections=_sections(tiles),
            filters=filters,
            page_faults=[fault for fault in page.told() if not _of_a_tile(page, fault)],
            as_of=_as_of(page, answers, site),
            data=_embedded(data),
        )
    )
    (site.out / f"{page.name}.html").write_text(text, encoding="utf-8")


def _of_a_tile(page: Page, fault: str) -> bool:
    return fault not in [f"{page.path}: {each}" for each in page.faults.get(-1, [])]


def write_home(site: Site, answers: dict[str, Query]) -> None:
    """The home page: what this is, and a card with a figure for each page."""
    cards = [
        {
            "name": page.name,
            "title": page.definition.get("title", page.name),
            "description": page.definition.get("description", ""),
            "audience": page.definition.get("audience", ""),
            "figure": _headline(page, answers),
            "faults": sum(len(found) for found in page.faults.values()),
            "as_of": _as_of(page, answers, site),
        }
        for page in site.pages
    ]
    text = (
        _environment()
        .get_template("home.html")
        .render(site=site, current="index", title="Home", cards=cards, as_of=site.as_of)
    )
    (site.out / "index.html").write_text(text, encoding="utf-8")


def _tile(
    page: Page,
    place: int,
    tile: dict[str, Any],
    answers: dict[str, Query],
    manifest: dict[str, Any],
    filters: list[dict[str, Any]],
    docs: bool,
) -> dict[str, Any]:
    """A tile as the template and the script need it."""
    faults = page.faults.get(place, [])
    if "section" in tile and not faults:
        return {"kind": "section", "title": tile["section"], "note": tile.get("note", "")}
    query = answers.get(tile["query"]) if isinstance(tile.get("query"), str) else None
    definition = {key: value for key, value in tile.items() if key not in ("kind", "title", "query", "note", "width")}
    if "spec" in definition and not faults:
        definition["spec"] = charts.drawable(definition["spec"])
    kind = tile.get("kind") if tile.get("kind") in list(pages.DEFAULT_WIDTHS) else "table"
    return {
        "id": f"tile-{place}",
        "kind": kind,
        "width": tile["width"] if isinstance(tile.get("width"), str) else pages.DEFAULT_WIDTHS[kind],
        "title": str(tile.get("title") or tile.get("section") or f"Tile {place + 1}"),
        "note": tile.get("note", ""),
        "query": tile.get("query"),
        "definition": definition,
        "height": tile.get("height", 260),
        "faults": [f"{page.path}: {page.title_of(place)}{fault}" for fault in faults],
        "notice": query.notice if query else "",
        "reads": _links(query, manifest, docs),
        "unfiltered": [each["label"] for each in filters if query and each["field"] not in query.columns],
    }


def _links(query: Query | None, manifest: dict[str, Any], docs: bool) -> list[dict[str, str]]:
    """What a query reads, with its place in the docs."""
    everything = {**manifest["nodes"], **manifest["sources"]}
    nodes = [everything[name] for name in (query.reads if query else []) if name in everything]
    return [
        {
            "name": node["name"],
            "address": f"docs/index.html#!/{node['resource_type']}/{node['unique_id']}" if docs else "",
        }
        for node in nodes
        if node["resource_type"] in DOCS_KINDS
    ]


def _sections(tiles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tiles below their headings, those before the first heading below none; KPIs that follow one another share their rows."""
    found: list[dict[str, Any]] = [{"title": "", "note": "", "groups": []}]
    for tile in tiles:
        if tile["kind"] == "section":
            found.append({**tile, "groups": []})
            continue
        groups = found[-1]["groups"]
        row = "kpis" if tile["kind"] == "kpi" and not tile["width"] else "grid"
        if not groups or groups[-1]["row"] != row:
            groups.append({"row": row, "tiles": []})
        groups[-1]["tiles"].append(tile)
    return [section for section in found if section["groups"]]


def _as_of(page: Page, answers: dict[str, Query], site: Site) -> str | None:
    """The page's as-of date as it opens: the largest of the column that it names, else the last business date that has landed."""
    named = page.definition.get("as_of")
    if not named or -1 in page.faults or named["query"] not in answers or answers[named["query"]].error:
        return site.as_of
    query = answers[named["query"]]
    return measures.measured(query, {"max": named["field"]}, _chosen(page, query, answers)) or site.as_of


def _headline(page: Page, answers: dict[str, Query]) -> dict[str, Any] | None:
    """The figure of the page's card, under the filters that the page opens with."""
    wanted = page.definition.get("headline")
    if -1 in page.faults:
        return None
    for place, tile in enumerate(page.tiles):
        if place not in page.faults and tile.get("title") == wanted and tile.get("kind") == "kpi":
            query = answers[tile["query"]]
            if query.notice:
                return None
            chosen = _chosen(page, query, answers)
            value = measures.measured(query, tile["value"], tile.get("where", {}), chosen)
            return {"title": wanted, "value": value, "format": tile["format"], "filters": ", ".join(chosen.values())}
    return None


def _chosen(page: Page, query: Query, answers: dict[str, Query]) -> dict[str, str]:
    """What the page opens with, as far as it acts on a query."""
    return {field: value for field, value in opening(page, answers).items() if field in query.columns}


def opening(page: Page, answers: dict[str, Query]) -> dict[str, str]:
    """What the filters are set to when the page opens, as site.js does it: field to value, without those that show all."""
    chosen = {}
    for each in page.definition.get("filters", []):
        values = list(
            dict.fromkeys(
                value
                for name in page.queries()
                if name in answers and each["field"] in answers[name].columns
                for value in answers[name].values(each["field"])
                if value is not None
            )
        )
        if each.get("sort", "ascending") != "as_queried":
            values.sort(reverse=each.get("sort") == "descending")
        if each.get("default") in values:
            chosen[each["field"]] = each["default"]
        elif not each.get("all", True) and values:
            chosen[each["field"]] = values[0]
    return chosen


def _embedded(data: dict[str, Any]) -> Markup:
    """JSON inside a script element: nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character, escaped in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(character, escaped)
    return Markup(text)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = _day
    return environment


def _day(value: str | None) -> str:
    """YYYY-MM-DD as people write it: 29 February 2024."""
    if not value:
        return "no data yet"
    day = date.fromisoformat(value[:10])
    return f"{day.day} {day:%B %Y}"
