"""`retail export metabase`: what is pushed, against a stand-in that speaks as Metabase does and keeps what it is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from conftest import Warehouse
from retail import metabase
from retail.errors import UserError

KEY = "mb_a_key_of_the_tests"
# Metabase's semantic types that gold may have.
SEMANTIC_TYPES = {
    f"type/{name}"
    for name in ("PK", "FK", "Name", "City", "State", "Country", "ZipCode", "Category", "Quantity", "Currency", "Product", "Score", "Email")
}  # fmt: skip


@pytest.fixture(scope="module")
def manifest(warehouse: Warehouse) -> dict[str, Any]:
    return json.loads((warehouse.target / "manifest.json").read_text())


# -- what gold's columns mean -----------------------------------------------------------------------------------------


def test_every_semantic_type_is_one_of_metabases_and_a_foreign_key_leads_to_a_primary_key(
    manifest: dict[str, Any],
) -> None:
    nodes = {node["name"]: node for node in metabase.gold_manifest(manifest, "gold")["nodes"].values()}
    types = {
        (model, name): column["meta"][metabase.TYPE]
        for model, node in nodes.items()
        for name, column in node["columns"].items()
        if metabase.TYPE in column["meta"]
    }
    assert len(nodes) > 30 and set(types.values()) == SEMANTIC_TYPES
    # each table has one primary key at most, and it is the one that its tests hold
    keys = [model for (model, _), type_ in types.items() if type_ == "type/PK"]
    assert len(keys) == len(set(keys)) > 25
    unique = {
        (test["attached_node"].rpartition(".")[2], test["column_name"])
        for test in manifest["nodes"].values()
        if (test.get("test_metadata") or {}).get("name") == "unique"
    }
    assert {key for key, type_ in types.items() if type_ == "type/PK"} <= unique
    foreign = [
        tuple(nodes[model]["columns"][name]["meta"][f"metabase.fk_target_{each}"] for each in ("table", "field"))
        for (model, name), type_ in types.items()
        if type_ == "type/FK"
    ]
    assert len(foreign) > 50
    assert {types.get((table.removeprefix("gold."), key)) for table, key in foreign} == {"type/PK"}


@pytest.mark.parametrize(
    ("model", "column", "expected"),
    [
        ("fct_sales", "sales_line_key", "type/PK"),
        ("fct_sales", "product_key", "type/FK"),
        ("fct_sales", "sales_amount", "type/Currency"),
        ("mart_sales_daily", "sales_amount_year_before", "type/Currency"),
        ("mart_sales_daily", "sales_amount_year_change_ratio", None),
        ("mart_sales_daily", "state", "type/State"),
        ("dim_customers", "email", "type/Email"),
        ("dim_dates", "date_key", "type/PK"),
        # unique too, but a table has one
        ("dim_dates", "date_day", None),
    ],
)
def test_a_column_means(manifest: dict[str, Any], model: str, column: str, expected: str | None) -> None:
    node = metabase.gold_manifest(manifest, "gold")["nodes"][f"model.retail.{model}"]
    assert node["columns"][column]["meta"].get(metabase.TYPE) == expected


# -- a Metabase -------------------------------------------------------------------------------------------------------


class Metabase(ThreadingHTTPServer):
    """A stand-in with one database: its tables and columns as Metabase finds them, and each change that it was sent."""

    daemon_threads = True

    def __init__(self, tables: dict[str, list[str]], schema: str) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.puts: list[tuple[str, dict[str, Any]]] = []
        self.found: dict[str, dict[str, Any]] = {}
        self.tables = []
        ids = iter(range(1, 10_000))
        for name, columns in tables.items():
            fields = [
                self._kept("field", next(ids), {"name": column, "fk_target_field_id": None, "semantic_type": None})
                for column in columns
            ]
            self.tables.append(self._kept("table", next(ids), {"name": name, "schema": schema, "fields": fields}))

    def _kept(self, kind: str, number: int, content: dict[str, Any]) -> dict[str, Any]:
        entity = {
            "id": number,
            "display_name": content["name"],
            "description": None,
            "visibility_type": None if kind == "table" else "normal",
            **content,
        }
        self.found[f"/api/{kind}/{number}"] = entity
        return entity

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def field(self, table: str, column: str) -> dict[str, Any]:
        (fields,) = (each["fields"] for each in self.tables if each["name"] == table)
        return next(each for each in fields if each["name"] == column)


class Answering(BaseHTTPRequestHandler):
    """Answers as Metabase's API does."""

    server: Metabase

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def _answer(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")

    def _refused(self) -> bool:
        if self.headers.get("X-API-KEY") != KEY:
            self._answer("Unauthenticated", 401)
            return True
        return False

    def do_GET(self) -> None:
        if self._refused():
            return
        path = self.path.partition("?")[0]
        if path == "/api/database":
            self._answer({"data": [{"id": 7, "name": "Retail"}]})
        elif path == "/api/database/7/metadata":
            self._answer({"id": 7, "engine": "snowflake", "tables": self.server.tables})
        else:
            self._answer("not found", 404)

    def do_POST(self) -> None:
        self._body()
        if not self._refused():
            self._answer({"status": "ok"})

    def do_PUT(self) -> None:
        body = self._body()
        if not self._refused():
            self.server.puts.append((self.path, body))
            self.server.found[self.path].update(body)
            self._answer(self.server.found[self.path])


def columns_of(manifest: dict[str, Any]) -> dict[str, list[str]]:
    return {
        node["name"]: list(node["columns"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "gold"
    }


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that starts a stand-in with some tables; dbt-metabase does not pause before it looks."""
    # there after `make bi`, which `make ci` runs first; without it these tests fail and say so
    import dbtmetabase._models

    monkeypatch.setattr(dbtmetabase._models, "_SYNC_PERIOD", 0.01)
    started: list[Metabase] = []

    def start(tables: dict[str, list[str]], schema: str = "gold") -> Metabase:
        server = Metabase(tables, schema)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["gold", "main"])
def test_descriptions_and_semantic_types_are_pushed_once(
    warehouse: Warehouse, manifest: dict[str, Any], serve: Any, schema: str
) -> None:
    server = serve(columns_of(manifest), schema)
    path = warehouse.target / "manifest.json"
    changed = metabase.export(path, server.url, KEY, "Retail", schema)
    assert changed == len(server.puts) > 500
    sales = next(each for each in server.tables if each["name"] == "fct_sales")
    assert sales["description"] == manifest["nodes"]["model.retail.fct_sales"]["description"]
    product, dimension = server.field("fct_sales", "product_key"), server.field("dim_products_history", "product_key")
    assert (product["semantic_type"], product["fk_target_field_id"]) == ("type/FK", dimension["id"])
    assert dimension["semantic_type"] == "type/PK"
    assert server.field("fct_sales", "sales_amount")["semantic_type"] == "type/Currency"
    assert server.field("dim_customers", "city")["semantic_type"] == "type/City"
    described = [
        field
        for table in server.tables
        for field in table["fields"]
        if field["description"] == manifest["nodes"][f"model.retail.{table['name']}"]["columns"][field["name"]]["description"]
    ]  # fmt: skip
    assert len(described) == sum(len(columns) for columns in columns_of(manifest).values())
    # nothing of another layer, and nothing a second time
    server.puts.clear()
    assert metabase.export(path, server.url, KEY, "Retail", schema) == 0
    assert server.puts == []


@pytest.mark.slow
def test_what_a_user_can_get_wrong_is_one_clear_line(
    warehouse: Warehouse, manifest: dict[str, Any], serve: Any, tmp_path: Path
) -> None:
    tables = columns_of(manifest)
    tables["fct_sales"].remove("quantity")
    del tables["dim_dates"]
    server, path = serve(tables), warehouse.target / "manifest.json"
    with pytest.raises(UserError, match=r"GOLD.DIM_DATES.* is --database its name") as error:
        metabase.export(path, server.url, KEY, "Retail", "gold", sync_timeout=1)
    assert "QUANTITY" in str(error.value)
    assert server.puts == []
    with pytest.raises(UserError, match=r"Database not found: Wholesale"):
        metabase.export(path, server.url, KEY, "Wholesale", "gold")
    with pytest.raises(UserError, match=r"answers 401; is METABASE_API_KEY right") as error:
        metabase.export(path, server.url, "wrong-key", "Retail", "gold")
    assert "wrong-key" not in str(error.value)
    with pytest.raises(UserError, match=r"http://127.0.0.1:1: cannot be reached"):
        metabase.export(path, "http://127.0.0.1:1", KEY, "Retail", "gold")
    with pytest.raises(UserError, match=r"manifest.json is not there, .*run `dbt build`"):
        metabase.export(tmp_path / "manifest.json", server.url, KEY, "Retail", "gold")


def test_what_is_not_set_is_named(warehouse: Warehouse) -> None:
    done = warehouse.run(
        "retail", "export", "metabase", check=False, env={"METABASE_URL": "http://127.0.0.1:1", "METABASE_API_KEY": ""}
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "retail: not set: METABASE_API_KEY, METABASE_DATABASE (or --database)"
