"""A new column of a model reaches the rows that are there already, or the build fails and says what to do: never silently half."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from equality import campaign, worlds
from equality.dbt_process import Dbt, DbtFailed
from equality.faults import copy_project
from equality.runner import incremental_models, nightly
from equality.sequences import Run, Sequence

pytestmark = pytest.mark.slow
COLUMN = "added_column"
# Beside every incremental model: tables, which a build makes anew.
TABLES = ("fct_sales", "fct_stock_counts", "dim_customers")


def models(dbt: Dbt) -> dict[str, dict]:
    """The models that get another column, by name: all that are incremental, and some that are not."""
    manifest = dbt.manifest()
    names = {*incremental_models(manifest), *TABLES}
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"] in names
    }


def add_column(project: Path, node: dict) -> None:
    """Give a model of a copied project another column, in its SQL and in its YAML, which is its contract."""
    script = project / node["original_file_path"]
    text = script.read_text()
    head, select, tail = text.rpartition("\nselect * from ")
    assert select, f"{script.name} does not end in select * from ..."
    script.write_text(f"{head}\nselect\n    *,\n    'filled' as {COLUMN}\nfrom {tail}")
    described = project / node["patch_path"].partition("://")[2]
    text = described.read_text()
    assert text.count("\n    columns:\n") == 1, described.name
    added = f"      - name: {COLUMN}\n        data_type: varchar\n        description: Added.\n"
    described.write_text(text.replace("\n    columns:\n", f"\n    columns:\n{added}"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dbt, Path, dict[str, dict]]]:
    """A project in which models have another column, a warehouse that has rows without it, and the models."""
    folder = tmp_path_factory.mktemp("schema_change")
    (planned,) = campaign.plan(6, 1)
    with Dbt(folder / "dbt", variables=campaign.VARIABLES) as before:
        changed = models(before)
        # all that lands in some nights, in one: so that every table has rows
        night = Run(tuple(file for run in planned.runs for file in run.files), worlds.SOURCES)
        database = nightly(Sequence((night,)), before, folder / "nightly")
    project = copy_project(folder / "project")
    for node in changed.values():
        add_column(project, node)
    with Dbt(folder / "changed", project=project, variables=campaign.VARIABLES) as after:
        yield after, database, changed


def rows(database: Path, node: dict) -> int:
    """How many rows a model has."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(f"select count(*) from {node['schema']}.{node['name']}").fetchone()[0]


def unfilled(database: Path, node: dict) -> int:
    """How many rows of a model have nothing in the new column. CatalogException where it has no such column."""
    with duckdb.connect(str(database), read_only=True) as connection:
        query = f"select count(*) from {node['schema']}.{node['name']} where {COLUMN} is distinct from 'filled'"
        return connection.execute(query).fetchone()[0]


def test_a_new_column_is_filled_in_every_row_or_the_build_fails_with_instructions(
    built: tuple[Dbt, Path, dict[str, dict]],
) -> None:
    dbt, database, changed = built
    silent = []
    for name, node in changed.items():
        had = rows(database, node)
        assert had, f"{name} has no rows to forget"
        try:
            dbt(database, "run", "--select", name)
        except DbtFailed as failed:
            said = str(failed)
            assert COLUMN in said, said
            assert "full_refresh" in said or "--full-refresh" in said, said
            # it failed before it changed anything
            assert rows(database, node) == had, name
            dbt(database, "run", "--full-refresh", "--select", name)
        try:
            if unfilled(database, node):
                silent.append(name)
        except duckdb.BinderException:
            silent.append(name)
    assert silent == []


def test_the_incremental_models_are_all_among_them(built: tuple[Dbt, Path, dict[str, dict]]) -> None:
    _, _, changed = built
    manifest = built[0].manifest()
    incremental = [node for node in manifest["nodes"].values() if node["config"].get("materialized") == "incremental"]
    assert {"int_taken_files", "int_renewed_rows", "int_changed_rows", "int_kept_fingerprints"} == {
        node["name"] for node in incremental
    } - changed.keys()
