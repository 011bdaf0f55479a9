"""What differs between the engines stands in macros/engines alone, and in the table of docs/engines.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ROOT / "macros" / "engines"
FOLDERS = ("macros", "models", "snapshots", "analyses", "tests/generic", "tests/singular", "seeds")
# a dispatch, one of its sides, or a question which engine it is
OF_AN_ENGINE = re.compile(
    r"adapter\.(dispatch|type)\b|\btarget\.(type|name)\b|macro\s+(default|duckdb|snowflake)__|adapter_type|dbt_version"
)


def faults_of_dispatch(texts: dict[Path, str]) -> list[str]:
    """One line for each file outside of macros/engines that asks which engine it is."""
    return [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path, text in sorted(texts.items())
        if ENGINES not in path.parents and (found := OF_AN_ENGINE.search(text))
    ]


def project_texts() -> dict[Path, str]:
    """The text of every file that dbt renders, and of dbt_project.yml."""
    paths = [
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".sql", ".yml", ".yaml", ".md")
    ]
    return {path: path.read_text() for path in (*paths, ROOT / "dbt_project.yml")}


def test_an_engine_is_asked_for_in_the_engines_folder_alone() -> None:
    texts = project_texts()
    assert len(texts) > 200
    assert faults_of_dispatch(texts) == []


@pytest.mark.parametrize(
    "text",
    [
        "{% if target.type == 'duckdb' %}",
        "{{ adapter.dispatch('key')() }}",
        "{% macro duckdb__key() %}",
        "{% if target.name != 'snowflake' %}",
    ],
)
def test_the_rule_sees_an_engine_that_is_asked_for_elsewhere(text: str) -> None:
    assert faults_of_dispatch({ROOT / "models" / "marts" / "fct_sales.sql": text})
    assert not faults_of_dispatch({ENGINES / "key.sql": text})


def test_every_macro_with_two_texts_is_in_the_table_and_nothing_else_is() -> None:
    table = (ROOT / "docs" / "engines.md").read_text().split("## ")[0]
    listed = {
        name
        for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(?:dbt\.)?(\w+)\(", cell)
    }
    defined = {
        name
        for script in ENGINES.glob("*.sql")
        for name in re.findall(r"macro\s+(?:default|duckdb|snowflake)__(\w+)", script.read_text())
    }
    assert listed == defined
