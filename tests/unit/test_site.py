"""The site's definitions, measures and messages, without dbt and without a browser."""

import html
import json
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import yaml

from retail.site import answers as dbt_answers
from retail.site import charts, measures, pages, render, results
from retail.site.model import Query, kind, packed, plain

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "dashboards" / "page.schema.json"
COLUMNS = {"month": "date", "channel": "text", "revenue": "number", "units": "number", "returned": "number"}
ROWS = [
    ["2024-01-01", "web", 100.5, 10, 1],
    ["2024-01-01", "store", 50, 5, None],
    ["2024-02-01", "web", 25.25, 0, 2],
    ["2024-02-01", None, None, None, None],
]
SALES = Query("sales", COLUMNS, ROWS, ["model.retail.mart_sales_daily"])
EMPTY = Query("nothing", COLUMNS, [], ["model.retail.mart_sales_daily"])
MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.retail.mart_sales_daily": {
            "resource_type": "model",
            "unique_id": "model.retail.mart_sales_daily",
            "name": "mart_sales_daily",
        }
    },
    "sources": {},
}


def a_page(**changes: Any) -> dict[str, Any]:
    """A page that is right, with changes."""
    spec = {
        "mark": "bar",
        "encoding": {
            "x": {"field": "month", "timeUnit": "yearmonth", "type": "temporal"},
            "y": {"aggregate": "sum", "field": "revenue", "type": "quantitative", "axis": {"formatType": "money"}},
            "color": {"field": "channel", "type": "nominal"},
        },
    }
    kpi = {
        "kind": "kpi",
        "title": "Revenue",
        "query": "sales",
        "note": "n",
        "value": {"sum": "revenue"},
        "format": "money",
    }
    chart = {"kind": "chart", "title": "By month", "query": "sales", "note": "n", "spec": spec}
    columns = [{"field": "channel", "title": "Channel"}, {"value": {"sum": "revenue"}, "title": "Revenue"}]
    table = {"kind": "table", "title": "Channels", "query": "sales", "note": "n", "columns": columns}
    return json.loads(
        json.dumps({"title": "Sales", "description": "d", "tiles": [kpi, chart, table]} | changes, default=str)
    )


def read(folder: Path, definition: object, name: str = "sales") -> pages.Page:
    """The page as it is read from a file."""
    shutil.copy(SCHEMA, folder)
    text = definition if isinstance(definition, str | bytes) else yaml.safe_dump(definition)
    (folder / f"{name}.yml").write_bytes(text.encode() if isinstance(text, str) else text)
    return next(page for page in pages.read(folder) if page.name == name)


def faults(folder: Path, definition: object, **queries: Query) -> list[str]:
    """What is wrong with a page, as it is told."""
    page = read(folder, definition)
    pages.check(page, {"sales": SALES, **queries})
    return [line.split(": ", 1)[1] for line in page.told()]


def with_tile(place: int, **changes: Any) -> dict[str, Any]:
    page = a_page()
    page["tiles"][place] |= changes
    return page


def with_spec(**changes: Any) -> dict[str, Any]:
    page = a_page()
    page["tiles"][1]["spec"] |= changes
    return page


def with_encoding(**changes: Any) -> dict[str, Any]:
    page = a_page()
    page["tiles"][1]["spec"]["encoding"] |= changes
    return page


def test_a_page_that_is_right_has_no_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, a_page(filters=[{"field": "channel", "label": "Channel"}], headline="Revenue")) == []


def test_the_example_of_the_docs_and_every_page_fit_the_schema() -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    example = (ROOT / "docs" / "dashboards.md").read_text().split("```yaml\n")[1].split("```")[0]
    jsonschema.validate(yaml.safe_load(example), schema)
    found = pages.read(ROOT / "dashboards")
    assert [line for page in found for line in page.told()] == []


KNOWN = "(columns: month, channel, revenue, units, returned)"


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (with_tile(0, value={"sum": "revenu"}), f"tile 'Revenue': field 'revenu' is not a column of sales {KNOWN}"),
        (with_tile(0, value={"ratio": ["returned", "unit"]}), f"tile 'Revenue': field 'unit' is not a column of sales {KNOWN}"),
        (with_tile(0, compare={"sum": "before"}), f"tile 'Revenue': field 'before' is not a column of sales {KNOWN}"),
        (with_tile(0, where={"chanel": "web"}), f"tile 'Revenue': field 'chanel' is not a column of sales {KNOWN}"),
        (with_tile(0, value={"sum": "channel"}), "tile 'Revenue': field 'channel' of sales is text, not a number to add up"),
        (with_tile(2, columns=[{"field": "chanel", "title": "C"}]), f"tile 'Channels': field 'chanel' is not a column of sales {KNOWN}"),
        (with_tile(2, columns=[{"field": "channel", "title": "C", "link": "x.html#{id}"}]), f"tile 'Channels': field 'id' is not a column of sales {KNOWN}"),
        (with_tile(2, sort={"column": "Revenu"}), "tile 'Channels': sort: 'Revenu' is the title of no column"),
        (with_encoding(y={"field": "revenu", "type": "quantitative"}), f"tile 'By month': spec.encoding.y.field: field 'revenu' is not a column of sales {KNOWN}"),
        (with_encoding(tooltip=[{"field": "mont"}]), f"tile 'By month': spec.encoding.tooltip[0].field: field 'mont' is not a column of sales {KNOWN}"),
        (with_spec(transform=[{"filter": "datum.revenu > 0"}]), f"tile 'By month': spec.transform[0].filter: field 'revenu' is not a column of sales {KNOWN}"),
        (with_spec(transform=[{"aggregate": [{"op": "sum", "field": "units", "as": "u"}], "groupby": ["mont"]}]), f"tile 'By month': spec.transform[0].groupby: field 'mont' is not a column of sales {KNOWN}"),
        (with_spec(data={"url": "https://example.org"}), "tile 'By month': spec: 'data' has no place here: the rows of `query` are given to it"),
        (a_page(filters=[{"field": "region", "label": "Region"}]), "filter 'Region': field 'region' is no column of any query of the page"),
        (a_page(headline="Revenu"), "headline: 'Revenu' is the title of no kpi tile"),
        (a_page(as_of={"query": "sales", "field": "day"}), f"as_of: field 'day' is not a column of sales {KNOWN}"),
        (with_tile(0, kind="kpis"), "tile 'Revenue': kind: 'kpis' is none of kpi, chart, table"),
        (with_tile(0, format="dollars"), "tile 'Revenue': format: 'dollars' is not one of"),
        (with_tile(0, colour="red"), "tile 'Revenue': Additional properties are not allowed ('colour' was unexpected)"),
        (with_tile(2, columns=[{"field": "channel", "title": "C", "link": "https://example.org"}]), "tile 'Channels': columns[0].link: "),
        (a_page(tile=[]), "Additional properties are not allowed ('tile' was unexpected)"),
        (a_page(as_of={"query": "sales", "field": "channel"}), "as_of: field 'channel' of sales is text, no date"),
        (a_page(as_of={"query": "sales", "field": "units"}), "as_of: field 'units' of sales is number, no date"),
        (with_tile(0, kind=["kpi"]), "tile 'Revenue': kind: ['kpi'] is none of kpi, chart, table"),
        (a_page(tiles=[*a_page()["tiles"], None], headline="Revenue"), "tiles[3]: is neither a tile nor a section"),
        ("title: [", "line 1: cannot be read: "),
        (b"title: \xff", "cannot be read: it is no UTF-8 text"),
        ("just text", "is no page"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_tile_and_field(tmp_path: Path, page: object, fault: str) -> None:
    found = faults(tmp_path, page)
    assert len(found) == 1 and found[0].startswith(fault), found
    # and page and home page are written all the same
    assert fault in html.unescape(drawn(tmp_path, page))


@pytest.mark.parametrize(
    ("page", "parts"),
    [
        (with_encoding(colour={"field": "channel"}), ["spec.encoding: 'colour' is no channel of Vega-Lite", " color,"]),
        (with_spec(mark="bars"), ["spec.mark", "'bars' is not one of"]),
        (with_spec(mark={"type": "bar", "fil": "red"}), ["spec.mark", "'fil' was unexpected", "fill,"]),
        (with_encoding(y={"field": "revenue", "type": "quantitive"}), ["spec.encoding.y.type", "'quantitive' is not one of"]),
        (with_encoding(y={"field": "revenue", "agregate": "sum"}), ["spec.encoding.y", "'agregate' was unexpected", "aggregate,"]),
        (with_encoding(row={"field": "channel"}), ["'row' has no place here: small multiples do not fit a phone"]),
        (with_spec(transform=[{"agregate": []}]), ["spec.transform[0]"]),
        (with_spec(encoding=["x"]), ["spec.encoding: ['x'] is not keys with values"]),
        (with_spec(transform=5), ["spec.transform: 5 is not a list"]),
        ({**a_page(), "tiles": [{**a_page()["tiles"][1], "spec": {"layer": [5]}}]}, ["spec.layer[0]: 5 is no chart"]),
        (with_encoding(y={"field": "revenue", "axis": {"formatType": "dollars"}}), ["spec.encoding.y.axis.formatType: 'dollars' is none of money,"]),
        (with_spec(layers=[]), ["spec: 'layers' is nothing that Vega-Lite knows there"]),
    ],
)  # fmt: skip
def test_a_chart_that_vega_lite_would_draw_wrong_is_refused(tmp_path: Path, page: object, parts: list[str]) -> None:
    found = faults(tmp_path, page)
    assert len(found) == 1 and all(part in found[0] for part in parts), found


def test_fields_that_a_transform_makes_are_known(tmp_path: Path) -> None:
    transform = [
        {"calculate": "datum.revenue / datum['units']", "as": "price"},
        {"joinaggregate": [{"op": "sum", "field": "price", "as": "total"}], "groupby": ["channel"]},
        {"fold": ["revenue", "units"]},
    ]
    page = with_spec(transform=transform)
    page["tiles"][1]["spec"]["encoding"]["y"] = {"field": "value", "type": "quantitative", "sort": {"field": "total"}}
    page["tiles"][1]["spec"]["encoding"]["x"]["axis"] = {"labelExpr": "datum.label"}
    page["tiles"][1]["spec"]["encoding"]["detail"] = {"field": "key"}
    del page["tiles"][1]["spec"]["encoding"]["y"]["sort"]
    assert faults(tmp_path, page) == []
    page["tiles"][1]["spec"]["transform"][2]["fold"] = ["revenue", "unit"]
    assert faults(tmp_path, page) == [
        f"tile 'By month': spec.transform[2].fold: field 'unit' is not a column of sales {KNOWN}"
    ]


def test_formats_of_charts_are_functions_of_the_site() -> None:
    drawn = charts.drawable(a_page()["tiles"][1]["spec"])
    assert drawn["encoding"]["y"]["axis"] == {"formatType": "format_money"}
    assert drawn["data"] == {"name": "rows"}
    script = (ROOT / "scripts" / "retail" / "site" / "assets" / "site.js").read_text()
    numeric = script.split("const NUMERIC = [")[1].split("]")[0]
    assert [name.strip(' "') for name in numeric.split(",")] == list(charts.CHART_FORMATS)
    formats = set(json.loads(SCHEMA.read_text())["$defs"]["format"]["enum"])
    assert set(charts.CHART_FORMATS) <= formats
    assert all(f"    {name}: (value)" in script for name in formats)


@pytest.mark.parametrize(
    ("measure", "where", "value"),
    [
        ({"sum": "revenue"}, {}, 175.75),
        ({"sum": "revenue"}, {"channel": "web"}, 125.75),
        ({"sum": "revenue"}, {"channel": ["web", "store"]}, 175.75),
        ({"sum": "revenue", "where": {"month": "2024-02-01"}}, {"channel": "web"}, 25.25),
        ({"sum": "revenue"}, {"channel": "catalog"}, None),
        # of the sums, not of the rows
        ({"ratio": ["returned", "units"]}, {}, 3 / 15),
        ({"ratio": ["returned", "units"]}, {"month": "2024-02-01"}, None),
        ({"max": "month"}, {}, "2024-02-01"),
        ({"min": "units"}, {}, 0),
        ({"count": "rows"}, {"channel": "web"}, 2),
    ],
)
def test_measures(measure: dict[str, Any], where: dict[str, Any], value: object) -> None:
    assert measures.measured(SALES, measure, where) == value


def test_values_of_a_database_become_those_of_json() -> None:
    assert [plain(each) for each in (Decimal("1.50"), Decimal(3), date(2024, 2, 29), None, True, "x")] == [
        1.5, 3, "2024-02-29", None, True, "x",
    ]  # fmt: skip
    assert plain(datetime(2024, 2, 29, 1, 2, 3)) == "2024-02-29 01:02:03"
    assert [kind(each) for each in ([None], [1, None], [Decimal(1), 2], [date(2024, 1, 1)], [True], [1, "x"])] == [
        "text", "number", "number", "date", "boolean", "text",
    ]  # fmt: skip
    assert packed(SALES)["columns"]["channel"] == {
        "kind": "text",
        "words": ["web", "store", None],
        "codes": [0, 1, 0, 2],
    }


def drawn(folder: Path, definition: object, **queries: Query) -> str:
    """The page as it is written, without its assets."""
    page = read(folder, definition)
    answers = {"sales": SALES, **queries}
    pages.check(page, answers)
    site = render.Site(folder, [page], datetime(2024, 3, 1, 6, 30, tzinfo=UTC), "2024-02-29", docs=True)
    render.write_page(site, page, answers, MANIFEST)
    render.write_home(site, answers)
    return (folder / "sales.html").read_text()


def data_of(text: str) -> dict[str, Any]:
    return json.loads(text.split('<script id="data" type="application/json">')[1].split("</script>")[0])


def test_a_wrong_tile_is_a_box_and_the_others_are_drawn(tmp_path: Path) -> None:
    text = drawn(tmp_path, with_tile(0, value={"sum": "revenu"}))
    assert "dashboards" not in str(tmp_path)
    assert "sales.yml: tile &#39;Revenue&#39;: field &#39;revenu&#39; is not a column of sales" in text
    assert [tile["title"] for tile in data_of(text)["tiles"]] == ["By month", "Channels"]
    assert "1 tile of this page could not be drawn" in (tmp_path / "index.html").read_text()


def test_a_page_that_cannot_be_read_says_so_on_the_page(tmp_path: Path) -> None:
    text = drawn(tmp_path, "title: Sales\ntiles: [")
    assert "This page is not whole" in text and "cannot be read" in text


def test_a_query_that_failed_is_a_box_with_its_message(tmp_path: Path) -> None:
    text = drawn(tmp_path, a_page(), sales=Query("sales", error="analyses/dashboards/sales.sql: no such table <mart>"))
    assert text.count("no such table &lt;mart&gt;") == 3
    assert data_of(text) == {"filters": [], "as_of": None, "tiles": [], "queries": {}}


def test_as_of_date_build_time_and_links_to_the_docs_are_on_the_page(tmp_path: Path) -> None:
    text = drawn(tmp_path, a_page(as_of={"query": "sales", "field": "month"}, headline="Revenue"))
    assert '<time id="as-of" datetime="2024-02-01">1 February 2024</time>' in text
    assert "2024-03-01 06:30 UTC" in text
    assert 'href="docs/index.html#!/model/model.retail.mart_sales_daily"' in text
    assert '<data value="175.75" data-format="money">' in (tmp_path / "index.html").read_text()


def test_text_of_the_data_cannot_become_part_of_the_page(tmp_path: Path) -> None:
    nasty = "</script><script>alert(1)</script>"
    text = drawn(tmp_path, a_page(title=nasty[:40]), sales=Query("sales", COLUMNS, [["2024-01-01", nasty, 1, 1, 1]]))
    assert text.count("<script") == 3 and "<script>" not in text
    assert data_of(text)["queries"]["sales"]["columns"]["channel"]["words"] == [nasty]


def test_empty_data_is_drawn_and_no_fault(tmp_path: Path) -> None:
    text = drawn(tmp_path, a_page(headline="Revenue"), sales=EMPTY)
    assert len(data_of(text)["tiles"]) == 3 and "box fault" not in text.replace('noscript><p class="box fault', "")


def test_a_filter_opens_with_its_default_also_on_the_home_page(tmp_path: Path) -> None:
    filters = [{"field": "channel", "label": "Channel", "default": "web"}, {"field": "month", "label": "Month", "all": False, "sort": "descending"}]  # fmt: skip
    page = read(tmp_path, a_page(filters=filters, headline="Revenue"))
    assert render.opening(page, {"sales": SALES}) == {"channel": "web", "month": "2024-02-01"}
    drawn(tmp_path, a_page(filters=filters, headline="Revenue"))
    assert '<data value="25.25"' in (tmp_path / "index.html").read_text()


# -- personal columns --------------------------------------------------------------------------------------------------

PERSONAL: dict[str, Any] = {
    "nodes": {
        "analysis.retail.top": {
            "resource_type": "analysis", "name": "top", "unique_id": "analysis.retail.top",
            "original_file_path": "analyses/dashboards/top.sql", "depends_on": {"nodes": ["model.retail.mart"]},
        },
        "model.retail.mart": {"resource_type": "model", "name": "mart", "depends_on": {"nodes": ["model.retail.dim_customers"]}, "columns": {}},
        "model.retail.dim_customers": {
            "resource_type": "model", "name": "dim_customers", "depends_on": {"nodes": []},
            "columns": {"email": {"name": "Email", "config": {"meta": {"pii": True}}}, "state": {"name": "state"}},
        },
    },
    "sources": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "sql", "refused"),
    [
        (["customer_id", "email"], "select * from mart", True),
        (["customer_id", "contact"], "select customer_id, mart.Email as contact from mart", True),
        (["n"], "select count(*) as n from mart where email like '%.org'", True),
        # the whole row, under the name of its table
        (["one"], "select to_json(each) as one from mart as each", True),
        (["one"], "select to_json(mart) as mart from mart", True),
        # a column with the name of a table
        (["days"], "with days as (select count(*) as days from mart) select sum(days) as days from days", False),
        (["state", "n"], "select state, count(*) as n from mart group by state", False),
    ],
)
def test_a_query_that_reads_a_personal_column_is_refused(columns: list[str], sql: str, refused: bool) -> None:
    query = Query("top", dict.fromkeys(columns, "text"), [["secret"] * len(columns)])
    dbt_answers._refuse_personal(query, sql, dbt_answers.Project(None, PERSONAL, "duckdb", None))
    assert bool(query.error) == refused
    if refused:
        assert query.error.startswith("analyses/dashboards/top.sql: reads email, personal in dim_customers")
        assert query.rows == [] and query.columns == {}


def test_a_query_that_cannot_be_parsed_is_refused_where_it_could_read_a_personal_column() -> None:
    query = Query("top", {"n": "text"}, [["secret"]])
    dbt_answers._refuse_personal(query, "select ((", dbt_answers.Project(None, PERSONAL, "duckdb", None))
    assert query.rows == [] and query.error.startswith("analyses/dashboards/top.sql: cannot be parsed")


# -- test results ------------------------------------------------------------------------------------------------------


def run_results(folder: Path, *outcomes: tuple[str, str], which: str = "build") -> Query:
    listed = [{"unique_id": name, "status": status, "failures": 2 if status == "fail" else 0, "execution_time": 0.1234} for name, status in outcomes]  # fmt: skip
    content = {"metadata": {"generated_at": "2024-03-01T05:00:00Z"}, "args": {"which": which}, "results": listed}
    (folder / "run_results.json").write_text(json.dumps(content))
    nodes = {"test.retail.a_is_b.123": {"name": "a_is_b", "description": "Why\n it is.", "attached_node": "model.retail.a"}}  # fmt: skip
    return results.read(folder, {"nodes": nodes})


def test_results_of_tests_are_rows_failures_first(tmp_path: Path) -> None:
    query = run_results(tmp_path, ("unit_test.retail.a.u", "pass"), ("model.retail.a", "success"), ("test.retail.z.1", "warn"), ("test.retail.a_is_b.123", "fail"))  # fmt: skip
    assert query.rows == [
        ["a is b", "fail", 0, 0, 1, 2, 0.123, "Why it is.", "a", "test.retail.a_is_b.123", "2024-03-01"],
        ["z", "warn", 0, 1, 0, 0, 0.123, "", "", "test.retail.z.1", "2024-03-01"],
        ["a", "pass", 1, 0, 0, 0, 0.123, "", "", "unit_test.retail.a.u", "2024-03-01"],
    ]
    assert list(query.columns) == list(results.COLUMNS) and len(query.rows[0]) == len(results.COLUMNS)


def test_without_results_of_tests_the_page_says_what_to_do(tmp_path: Path) -> None:
    assert "run_results.json is not there. `dbt build`" in results.read(tmp_path, {}).notice
    assert "`dbt run`) ran no test" in run_results(tmp_path, ("model.retail.a", "success"), which="run").notice
    (tmp_path / "run_results.json").write_text("{")
    assert "cannot be read" in results.read(tmp_path, {}).error


def test_what_dbt_says_becomes_one_line() -> None:
    error = "Runtime Error in analysis a (analyses/dashboards/a.sql)\n  Binder Error: no column b\n  \n  LINE 4: select b\n  ^"
    assert dbt_answers._one_line(error) == "Binder Error: no column b"
    assert dbt_answers._one_line(f"Runtime Error\n  {error}") == "Binder Error: no column b"


def test_a_query_that_fails_is_left_out_and_the_others_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = {
        f"analysis.retail.{name}": {
            "resource_type": "analysis", "name": name, "unique_id": f"analysis.retail.{name}",
            "original_file_path": f"analyses/dashboards/{name}.sql", "depends_on": {"nodes": []},
        }
        for name in ("good", "bad")
    }  # fmt: skip
    asked = []

    def dbt(command: list[str], target: object, parsed: object) -> SimpleNamespace:
        asked.append(command[4:])
        if any("bad" in each for each in command):
            failed = "Runtime Error in analysis bad (analyses/dashboards/bad.sql)\n  Catalog Error: no mart"
            return SimpleNamespace(success=False, result=None, exception=failed)
        table = SimpleNamespace(column_names=["N"], rows=[(Decimal(2),)])
        node = SimpleNamespace(name="good", compiled_code="select 2 as n")
        return SimpleNamespace(success=True, exception=None, result=SimpleNamespace(results=[SimpleNamespace(node=node, agate_table=table)]))  # fmt: skip

    monkeypatch.setattr(dbt_answers, "_dbt", dbt)
    project = dbt_answers.Project(None, {"nodes": nodes, "sources": {}}, "duckdb", None)
    found = dbt_answers.ask(project, {"good", "bad", "gone"})
    assert found["good"].rows == [[2]] and found["good"].columns == {"n": "number"}
    assert found["bad"].error == "analyses/dashboards/bad.sql: Catalog Error: no mart"
    assert found["gone"].error == "query 'gone' is no file of analyses/dashboards/ (there: bad, good)"
    assert len(asked) == 2
