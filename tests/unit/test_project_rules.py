"""Rules over the dbt project itself, read from its manifest: layers, documentation, keys."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# what a layer may read: the layer before it; marts may read marts, and a base model serves the staging models of its own source
READS = {
    "staging": {"source"},
    "intermediate": {"staging", "intermediate", "seed"},
    "marts": {"staging", "intermediate", "marts", "seed"},
    # the accounting compares what landed with what became of it
    "audit": {"source", "staging"},
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


def layer(node: dict[str, Any]) -> str:
    return node["resource_type"] if node["resource_type"] in ("source", "seed", "snapshot") else node["fqn"][1]


def faults_of_layering(manifest: dict[str, Any], exceptions: set[tuple[str, str]]) -> list[str]:
    """One line for each model that reads a layer it may not read."""
    everything = {**manifest["nodes"], **manifest["sources"]}
    faults = []
    for node in models(manifest):
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


def test_the_rule_of_layers_sees_a_mart_that_reads_bronze(manifest: dict[str, Any]) -> None:
    planted = json.loads(json.dumps(manifest))
    planted["nodes"]["model.retail.fct_sales"]["depends_on"]["nodes"].append("source.retail.ops.web_sales")
    assert faults_of_layering(planted, layering_exceptions()) == ["fct_sales (marts) reads web_sales (source)"]


def test_every_exception_to_the_layers_is_used_and_has_its_reason(manifest: dict[str, Any]) -> None:
    with (ROOT / "seeds" / "layering_exceptions.csv").open() as rows:
        listed = list(csv.DictReader(rows))
    for row in listed:
        assert row["reason"].strip()
        assert faults_of_layering(manifest, layering_exceptions() - {(row["model"], row["reads"])}), row


def test_every_model_is_named_for_its_layer(manifest: dict[str, Any]) -> None:
    names = {
        "staging": r"(stg|base)_[a-z]+__[a-z_]+",
        "intermediate": r"int_[a-z_]+",
        "marts": r"(dim|fct|mart)_[a-z_]+|[a-z_]+_view",
        "audit": r"audit_[a-z_]+",
    }
    wrong = [node["name"] for node in models(manifest) if not re.fullmatch(names[layer(node)], node["name"])]
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
        r"(first|last)_name|salutation|login|email|phone|birth_(day|month|year)|street_(number|name|type)|suite_number|address_line_\d"
    )
    business = (
        "dim_stores",
        "dim_stores_history",
        "dim_warehouses",
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
