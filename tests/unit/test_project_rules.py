"""Rules over the dbt project itself, read from its manifest: layers, documentation, keys."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# what a layer may read: the layer before it; marts may read marts, and a base model serves the staging models of its own source
READS = {
    # what became of files, row by row, and what models have taken of them: beside the layers, and every layer reads it
    "landed": {"source", "staging", "landed"},
    "staging": {"source", "landed"},
    "intermediate": {"staging", "intermediate", "snapshot", "seed", "landed"},
    # the state that is fed to it
    "snapshot": {"intermediate", "landed"},
    # a snapshot is a history already: a dimension of one source needs nothing between
    "marts": {"staging", "intermediate", "snapshot", "marts", "seed", "landed"},
    # the accounting compares what landed with what became of it
    "audit": {"source", "staging", "landed"},
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("manifest")
    (folder / "profiles.yml").write_text((ROOT / "profiles.yml.example").read_text())
    environment = {
        **os.environ,
        "DBT_TARGET_PATH": str(folder),
        "DBT_LOG_PATH": str(folder),
        "DBT_PROFILES_DIR": str(folder),
    }
    parsed = subprocess.run(
        [Path(sys.executable).parent / "dbt", "parse", "--quiet"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    return json.loads((folder / "manifest.json").read_text())


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def snapshots(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "snapshot"]


def layer(node: dict[str, Any]) -> str:
    if node["resource_type"] == "model" and "landed" in node["fqn"]:
        return "landed"
    return node["resource_type"] if node["resource_type"] in ("source", "seed", "snapshot") else node["fqn"][1]


def faults_of_layering(manifest: dict[str, Any], exceptions: set[tuple[str, str]]) -> list[str]:
    """One line for each model or snapshot that reads a layer it may not read."""
    everything = {**manifest["nodes"], **manifest["sources"]}
    faults = []
    for node in models(manifest) + snapshots(manifest):
        for parent in (everything[name] for name in node["depends_on"]["nodes"]):
            same_source_base = parent["name"].startswith("base_") and parent.get("fqn", [])[:-1] == node["fqn"][:-1]
            allowed = (
                layer(parent) in READS[layer(node)] or same_source_base or (node["name"], parent["name"]) in exceptions
            )
            if not allowed:
                faults.append(f"{node['name']} ({layer(node)}) reads {parent['name']} ({layer(parent)})")
    return faults


def layering_exceptions() -> set[tuple[str, str]]:
    with (ROOT / "seeds" / "layering_exceptions.csv").open() as rows:
        return {(row["model"], row["reads"]) for row in csv.DictReader(rows)}


def test_a_layer_reads_only_the_layer_before_it(manifest: dict[str, Any]) -> None:
    assert faults_of_layering(manifest, layering_exceptions()) == []


@pytest.mark.parametrize(
    ("node", "parent", "fault"),
    [
        ("model.retail.fct_sales", "source.retail.ops.web_sales", "fct_sales (marts) reads web_sales (source)"),
        ("snapshot.retail.ops__stores", "model.retail.stg_ops__stores", "ops__stores (snapshot) reads stg_ops__stores (staging)"),
        ("snapshot.retail.ops__stores", "snapshot.retail.ops__customers", "ops__stores (snapshot) reads ops__customers (snapshot)"),
        ("model.retail.stg_ops__stores", "snapshot.retail.ops__stores", "stg_ops__stores (staging) reads ops__stores (snapshot)"),
        ("model.retail.audit_row_accounting", "snapshot.retail.ops__stores", "audit_row_accounting (audit) reads ops__stores (snapshot)"),
    ],
)  # fmt: skip
def test_the_rule_of_layers_sees_a_node_that_reads_what_it_may_not(
    manifest: dict[str, Any], node: str, parent: str, fault: str
) -> None:
    planted = json.loads(json.dumps(manifest))
    planted["nodes"][node]["depends_on"]["nodes"].append(parent)
    assert faults_of_layering(planted, layering_exceptions()) == [fault]


def faults_of_layout(manifest: dict[str, Any]) -> list[str]:
    """One line for each node whose cost on Snowflake nobody could tell, or that keeps there what it should not; docs/snowflake.md."""
    faults = []
    for node in models(manifest) + snapshots(manifest):
        config, place = node["config"], layer(node)
        folder = "snapshots" if place == "snapshot" else node["fqn"][1]
        if config.get("query_tag") != f"dbt {folder}":
            faults.append(f"{node['name']}: query tag {config.get('query_tag')}, not dbt {folder}")
        if config.get("transient") != (place != "snapshot"):
            faults.append(f"{node['name']}: transient is {config.get('transient')}")
        is_fact = node["name"].startswith("fct_") and config["materialized"] == "incremental"
        if is_fact and not re.search("date", config.get("cluster_by") or ""):
            faults.append(f"{node['name']}: a fact that grows, without a day as its cluster key")
        if is_fact and config.get("cluster_by") not in node["columns"]:
            faults.append(f"{node['name']}: {config.get('cluster_by')} is none of its columns")
    return faults


def test_what_dbt_makes_on_snowflake_is_laid_out_as_documented(manifest: dict[str, Any]) -> None:
    assert faults_of_layout(manifest) == []
    for name, key, value in (
        ("model.retail.fct_sales", "cluster_by", "sold_day"),
        ("model.retail.dim_dates", "query_tag", "dbt"),
        ("snapshot.retail.ops__stores", "transient", True),
        ("model.retail.int_sales_lines", "transient", None),
    ):
        planted = json.loads(json.dumps(manifest))
        planted["nodes"][name]["config"][key] = value
        assert faults_of_layout(planted), f"{name} with {key} {value} is seen"


def faults_of_snapshots(manifest: dict[str, Any]) -> list[str]:
    """One line for each snapshot that could date a state by the clock, leave a change unseen, or read anything but its states;
    and for each other reader of those states."""
    faults = []
    fed = {name for node in snapshots(manifest) for name in node["depends_on"]["nodes"]}
    for node in snapshots(manifest):
        name, config = node["name"], node["config"]
        parents = [manifest["nodes"].get(parent, {}) for parent in node["depends_on"]["nodes"]]
        if [parent.get("config", {}).get("materialized") for parent in parents] != ["ephemeral"]:
            faults.append(f"{name}: reads something else than one ephemeral model")
        if (config["strategy"], config["updated_at"]) != ("check", "extracted_at"):
            faults.append(f"{name}: not dated by its extracts")
        if config.get("hard_deletes") not in (None, "ignore") or config.get("invalidate_hard_deletes"):
            faults.append(f"{name}: dbt would date deletions by the clock")
        if not config["dbt_valid_to_current"]:
            faults.append(f"{name}: its current state has no end")
        if not isinstance(config["check_cols"], list) or "is_deleted" not in config["check_cols"]:
            faults.append(f"{name}: does not list what makes a state, is_deleted among it")
        hooks = [hook["sql"] for hook in config["pre-hook"] + config["post-hook"]]
        wanted = [f"{macro}('{name}')" for macro in ("undo_extract", "reopen_before_extract", "take_extract")]
        if [f"{{{{ {each} }}}}" for each in wanted] != hooks:
            faults.append(f"{name}: its hooks are not {', '.join(wanted)}")
        texts = {column["name"]: column["description"].strip() for column in node["columns"].values()}
        key = config["unique_key"]
        for column in (key, "extracted_at", "is_deleted", "dbt_valid_from", "dbt_valid_to"):
            if not texts.get(column):
                faults.append(f"{name}.{column}: no description")
        if not node["description"].startswith("One row is"):
            faults.append(f"{name}: its description does not say what one row is")
    for node in models(manifest):
        faults += [
            f"{node['name']} reads {parent.rpartition('.')[2]}, which has rows only while an extract waits"
            for parent in node["depends_on"]["nodes"]
            if parent in fed
        ]
    return faults


def test_snapshots_take_their_dates_from_the_data_and_are_described(manifest: dict[str, Any]) -> None:
    assert snapshots(manifest) and faults_of_snapshots(manifest) == []
    declared = jinja2.Environment(autoescape=False)
    histories: list[dict[str, Any]] = []
    declared.globals["return"] = histories.append
    script = ROOT / "macros" / "history" / "snapshots" / "kept_histories.sql"
    declared.from_string(script.read_text() + "{{ kept_histories() }}").render()
    assert {name: history["key"] for name, history in histories[0].items()} == {
        node["name"]: node["config"]["unique_key"] for node in snapshots(manifest)
    }


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (["config", "updated_at"], "dbt_updated_at", "ops__stores: not dated by its extracts"),
        (["config", "strategy"], "timestamp", "ops__stores: not dated by its extracts"),
        (["config", "hard_deletes"], "invalidate", "ops__stores: dbt would date deletions by the clock"),
        (["config", "dbt_valid_to_current"], None, "ops__stores: its current state has no end"),
        (["config", "check_cols"], "all", "ops__stores: does not list what makes a state, is_deleted among it"),
        (["config", "check_cols"], ["store_name"], "ops__stores: does not list what makes a state, is_deleted among it"),
        (["config", "post-hook"], [], "ops__stores: its hooks are not undo_extract('ops__stores'), reopen_before_extract('ops__stores'), take_extract('ops__stores')"),
        (["columns", "is_deleted", "description"], "", "ops__stores.is_deleted: no description"),
        (["description"], "", "ops__stores: its description does not say what one row is"),
        (["depends_on", "nodes"], ["model.retail.int_taken_files"], "ops__stores: reads something else than one ephemeral model"),
    ],
)  # fmt: skip
def test_the_rule_of_snapshots_sees_a_fault(
    manifest: dict[str, Any], path: list[str], value: object, fault: str
) -> None:
    planted = json.loads(json.dumps(manifest))
    *inner, last = path
    place = planted["nodes"]["snapshot.retail.ops__stores"]
    for name in inner:
        place = place[name]
    place[last] = value
    assert fault in faults_of_snapshots(planted)


def test_the_rule_of_snapshots_sees_another_reader_of_their_states(manifest: dict[str, Any]) -> None:
    planted = json.loads(json.dumps(manifest))
    planted["nodes"]["model.retail.int_ops__customers"]["depends_on"]["nodes"].append(
        "model.retail.int_ops__customer_states"
    )
    assert faults_of_snapshots(planted) == [
        "int_ops__customers reads int_ops__customer_states, which has rows only while an extract waits"
    ]


def test_every_exception_to_the_layers_is_used_and_has_its_reason(manifest: dict[str, Any]) -> None:
    with (ROOT / "seeds" / "layering_exceptions.csv").open() as rows:
        listed = list(csv.DictReader(rows))
    for row in listed:
        assert row["reason"].strip()
        assert faults_of_layering(manifest, layering_exceptions() - {(row["model"], row["reads"])}), row


def test_every_model_is_named_for_its_layer(manifest: dict[str, Any]) -> None:
    names = {
        "landed": r"stg_landing__files|int_[a-z_]+",
        "staging": r"(stg|base)_[a-z]+__[a-z_]+",
        "intermediate": r"int_[a-z_]+",
        "marts": r"(dim|fct|mart)_[a-z_]+|[a-z_]+_view",
        "audit": r"audit_[a-z_]+",
        "snapshot": r"[a-z]+__[a-z_]+",
    }
    wrong = [
        node["name"]
        for node in models(manifest) + snapshots(manifest)
        if not re.fullmatch(names[layer(node)], node["name"])
    ]
    assert wrong == []


def test_every_gold_model_has_the_four_parts_and_every_column_typed_and_described(manifest: dict[str, Any]) -> None:
    faults = []
    for node in models(manifest):
        if layer(node) != "marts":
            continue
        text = node["description"]
        faults += [
            f"{node['name']}: no {part}"
            for part in ("One row is", "*Assumptions.*", "*Nuance.*", "*Primary key.*")
            if part not in text
        ]
        faults += [
            f"{node['name']}.{name}: no description"
            for name, column in node["columns"].items()
            if not column["description"].strip()
        ]
        faults += [
            f"{node['name']}.{name}: no type" for name, column in node["columns"].items() if not column["data_type"]
        ]
        if (
            not node["config"]["contract"]["enforced"]
            or node["config"]["group"] is None
            or node["config"]["access"] != "public"
        ):
            faults.append(f"{node['name']}: no enforced contract, owner or access")
    assert faults == []


def test_silver_and_seeds_are_described_too(manifest: dict[str, Any]) -> None:
    """A model int_<source>__... has the columns of the contract that it fills, which are described there."""
    faults = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
        and (not node["description"].strip() or not (node["columns"] or re.match(r"int_[a-z]+__", node["name"])))
    ]
    assert faults == []


def test_columns_with_personal_data_are_tagged_wherever_they_appear_in_gold(manifest: dict[str, Any]) -> None:
    personal = re.compile(
        r"(first|last|full)_name|salutation|login|email|phone|age|birth_(day|month|year)|"
        r"street_(address|number|name|type)|suite_number|address_line_\d"
    )
    business = (
        "dim_stores",
        "dim_stores_history",
        "dim_warehouses",
        "dim_warehouses_history",
        "dim_call_centers",
        "dim_web_sites",
    )  # their own addresses
    untagged = [
        f"{node['name']}.{name}"
        for node in models(manifest)
        if layer(node) == "marts" and node["name"] not in business
        for name, column in node["columns"].items()
        if personal.fullmatch(name) and not column["config"].get("meta", {}).get("pii")
    ]
    assert untagged == []


def test_the_files_of_every_feed_are_counted(manifest: dict[str, Any]) -> None:
    read = set(manifest["nodes"]["model.retail.stg_landing__files"]["depends_on"]["nodes"])
    assert read == {name for name in manifest["sources"] if not name.startswith("source.retail.audit.")}


def test_every_primary_key_in_gold_is_tested(manifest: dict[str, Any]) -> None:
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("test_metadata", {}).get("name") in ("unique", "unique_rows")
    }
    assert [
        node["name"] for node in models(manifest) if layer(node) == "marts" and node["unique_id"] not in tested
    ] == []


def test_every_dimension_is_among_those_whose_unknown_member_is_tested(manifest: dict[str, Any]) -> None:
    (test,) = (node for node in manifest["nodes"].values() if node["name"] == "every_dimension_has_one_unknown_member")
    dimensions = {node["unique_id"] for node in models(manifest) if node["name"].startswith("dim_")}
    assert set(test["depends_on"]["nodes"]) == dimensions


def test_every_feed_has_a_freshness_that_can_warn(manifest: dict[str, Any]) -> None:
    silent = [
        source["name"]
        for source in manifest["sources"].values()
        if source["source_name"] != "audit"
        and not (source["loaded_at_field"] and source["freshness"]["warn_after"]["count"])
    ]
    assert silent == []


# what reads all of gold, and the flat views alone
PRODUCTS = {
    "published_gold": None,
    "tableau_extracts": None,
    "metabase": None,
    "flat_views": {"customer_view", "retail_data_view"},
}


def pages() -> dict[str, dict[str, Any]]:
    return {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "dashboards").glob("*.yml")}


def read_by_page(manifest: dict[str, Any], page: dict[str, Any]) -> set[str]:
    """Nodes that the queries of a page read. What begins with @ is no query of the warehouse."""
    named = [tile["query"] for tile in page["tiles"] if "query" in tile]
    named += [page["as_of"]["query"]] if "as_of" in page else []
    queries = {name for name in named if not name.startswith("@")}
    return {
        parent for name in queries for parent in manifest["nodes"][f"analysis.retail.{name}"]["depends_on"]["nodes"]
    }


def faults_of_exposures(manifest: dict[str, Any], defined: dict[str, dict[str, Any]]) -> list[str]:
    """One line for each page or product without its exposure, and each exposure that says what is not so."""
    exposures = {exposure["name"]: exposure for exposure in manifest["exposures"].values()}
    gold = {node["name"]: node["unique_id"] for node in models(manifest) if layer(node) == "marts"}
    read = {f"{name}_dashboard": read_by_page(manifest, page) for name, page in defined.items()}
    read |= {name: {gold[each] for each in views or gold} for name, views in PRODUCTS.items()}
    faults = [f"{name}: no exposure" for name in sorted(read.keys() - exposures.keys())]
    faults += [f"{name}: an exposure of no page and no product" for name in sorted(exposures.keys() - read.keys())]
    for name in sorted(read.keys() & exposures.keys()):
        exposure = exposures[name]
        named = set(exposure["depends_on"]["nodes"])
        faults += [f"{name}: reads {each} and does not say so" for each in sorted(read[name] - named)]
        faults += [f"{name}: says that it reads {each}" for each in sorted(named - read[name])]
        page = name.removesuffix("_dashboard")
        if name != page and not exposure["url"].endswith(f"/{page}.html"):
            faults.append(f"{name}: its url is not that of the page")
        if name != page and (exposure["type"], exposure["label"]) != ("dashboard", defined[page]["title"]):
            faults.append(f"{name}: not a dashboard with the title of the page")
        owner = exposure["owner"]
        if not (
            exposure["url"] and exposure["maturity"] and exposure["description"] and owner["name"] and owner["email"]
        ):
            faults.append(f"{name}: no url, maturity, description or owner")
    return faults


def test_every_page_and_product_has_an_exposure_that_names_what_it_reads(manifest: dict[str, Any]) -> None:
    assert {"sales", "customers", "time", "inventory", "data_quality"} <= pages().keys()
    assert faults_of_exposures(manifest, pages()) == []


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (["sales_dashboard", "depends_on", "nodes"], [], "sales_dashboard: reads model.retail.mart_sales_daily and does not say so"),
        (["time_dashboard", "depends_on", "nodes"], ["model.retail.dim_stores"], "time_dashboard: says that it reads model.retail.dim_stores"),
        (["inventory_dashboard", "url"], "https://retail.example.com/site/sales.html", "inventory_dashboard: its url is not that of the page"),
        (["inventory_dashboard", "label"], "Stock", "inventory_dashboard: not a dashboard with the title of the page"),
        (["metabase", "owner", "email"], None, "metabase: no url, maturity, description or owner"),
        (["metabase", "name"], "superset", "metabase: no exposure"),
        (["metabase", "name"], "superset", "superset: an exposure of no page and no product"),
        (["customers_dashboard", "name"], "clients_dashboard", "customers_dashboard: no exposure"),
    ],
)  # fmt: skip
def test_the_rule_of_exposures_sees_a_fault(
    manifest: dict[str, Any], path: list[str], value: object, fault: str
) -> None:
    planted = json.loads(json.dumps(manifest))
    name, *inner, last = path
    place = planted["exposures"][f"exposure.retail.{name}"]
    for key in inner:
        place = place[key]
    place[last] = value
    assert fault in faults_of_exposures(planted, pages())


def test_the_rule_of_exposures_sees_a_query_that_begins_to_read_another_model(manifest: dict[str, Any]) -> None:
    planted = json.loads(json.dumps(manifest))
    planted["nodes"]["analysis.retail.time_by_hour"]["depends_on"]["nodes"].append("model.retail.dim_stores")
    assert faults_of_exposures(planted, pages()) == [
        "time_dashboard: reads model.retail.dim_stores and does not say so"
    ]
