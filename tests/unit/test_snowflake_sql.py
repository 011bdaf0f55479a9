"""All SQL that dbt compiles for Snowflake: Snowflake's grammar takes it, and its functions and types mean there what they mean on DuckDB."""

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from importlib.metadata import version
from pathlib import Path

import pytest
import snowflake_sql
from snowflake_sql import Parsed

from retail.personal import tags

Text = tuple[str, str, str, str]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[Text]:
    """Pass, kind, path and text of everything that was compiled."""
    folder = tmp_path_factory.mktemp("snowflake")
    done = subprocess.run(
        [sys.executable, snowflake_sql.__file__, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [(*each[:3], each[3].strip()) for each in json.loads((folder / "sql.json").read_text())]


def reasons_against(compiled: list[Text], kinds: set[str], cache: pytest.Cache) -> list[str]:
    """Why texts of some kinds must not go to Snowflake. Each distinct text is parsed once, and what came out kept by content from run to run."""
    kept = cache.get("snowflake_sql/parsed", {})
    by = (
        f"sqlfluff {version('sqlfluff')}, {hashlib.sha256(Path(snowflake_sql.__file__).read_bytes()).hexdigest()[:16]} "
    )
    keys = {text: by + hashlib.sha256(text.encode()).hexdigest() for *_, text in compiled if text}
    wanted = {text for _, kind, _, text in compiled if text and kind in kinds}
    # the longest first, so that neither process waits for the other at the end
    new = sorted((text for text in wanted if keys[text] not in kept), key=len, reverse=True)
    if new:
        with ProcessPoolExecutor(2) as processes:
            found = processes.map(snowflake_sql.parsed, new)
            kept |= {keys[text]: astuple(each) for text, each in zip(new, found, strict=True)}
        # what no text has any more is forgotten
        cache.set("snowflake_sql/parsed", {key: kept[key] for key in keys.values() if key in kept})
    faults = {
        f"{path} ({kind}): {reason}"
        for _, kind, path, text in compiled
        if text in wanted
        for reason in snowflake_sql.refused(Parsed(*kept[keys[text]]))
    }
    return sorted(faults)


def test_snowflake_takes_what_builds_the_warehouse(compiled: list[Text], pytestconfig: pytest.Config) -> None:
    """Models, snapshots, their hooks, what macros ask, and operations: half a minute of two cores the first time, nothing when nothing changed."""
    assert reasons_against(compiled, {"model", "snapshot", "hook", "query", "operation"}, pytestconfig.cache) == []


# a quarter of the time, and what only looks
@pytest.mark.slow
def test_snowflake_takes_tests_and_analyses(compiled: list[Text], pytestconfig: pytest.Config) -> None:
    assert reasons_against(compiled, {"test", "analysis"}, pytestconfig.cache) == []


def test_nothing_is_left_out(compiled: list[Text]) -> None:
    """Every file of the project that holds SQL was compiled, into something; where a model or a hook has two branches, both."""
    root = snowflake_sql.ROOT
    seen = {path for _, _, path, text in compiled if text}
    for folder in ("models", "analyses", "tests/singular"):
        missing = {str(each.relative_to(root)) for each in (root / folder).rglob("*.sql")} - seen
        assert missing == set(), folder
    assert {str(each.relative_to(root)) for each in (root / "snapshots").glob("*__*.yml")} <= seen
    incremental = {
        str(each.relative_to(root))
        for each in (root / "models").rglob("*.sql")
        if "{% if is_incremental()" in each.read_text()
    }
    texts = {(when, path): text for when, kind, path, text in compiled if kind == "model"}
    assert incremental
    assert [path for path in incremental if texts["new", path] == texts["standing", path]] == []
    hooks = {path for _, kind, path, text in compiled if kind == "hook" and text}
    assert "snapshots/ops__customers.yml" in hooks
    assert "models/marts/core/dim_customers_history.sql" in hooks
    # of generic tests the path is that of the YAML file; all of them are there
    assert sum(kind == "test" for _, kind, *_ in compiled) > 200
    assert any("vanished" in text or "known_keys" in text for _, kind, _, text in compiled if kind == "query")


def test_the_state_that_a_snapshot_is_fed_is_that_of_a_build(compiled: list[Text]) -> None:
    """In a build, unlike in `dbt compile`, keys that are missing from an extract are added as deleted."""
    path = "models/intermediate/ops/int_ops__customer_states.sql"
    texts = {when: text for when, kind, each, text in compiled if (kind, each) == ("model", path)}
    assert "true as is_deleted" in texts["standing"] and "true as is_deleted" not in texts["new"]


def test_personal_columns_of_every_model_get_their_tag(compiled: list[Text]) -> None:
    hooks = [text for when, kind, _, text in compiled if (when, kind) == ("new", "hook") and " set tag " in text]
    customers = next(text for text in hooks if ".gold.dim_customers modify column email " in text)
    statements = [each.strip() for each in customers.split(";")]
    assert "alter view RETAIL.gold.dim_customers modify column email set tag RETAIL.audit.pii = 'yes'" in statements
    assert (
        "alter view RETAIL.gold.dim_customers modify column birth_year set tag RETAIL.audit.pii_number = 'yes'"
        in statements
    )
    # last, so that the table is never shown whole before
    assert statements[-1] == "alter view RETAIL.gold.dim_customers set tag RETAIL.audit.pii = 'no'"
    declared = {text.rpartition("alter ")[2].split(" ")[1] for text in hooks}
    models = [each.stem for each in (snowflake_sql.ROOT / "models" / "marts").rglob("*.sql")]
    assert {f"RETAIL.gold.{model}" for model in models} <= declared


def test_unloading_writes_all_of_gold_but_persons_then_says_so_then_tidies_up(compiled: list[Text]) -> None:
    sent = [text for _, kind, _, text in compiled if kind == "operation"]
    copies = [text for text in sent if text.startswith("copy into @RETAIL.gold.processed/versions/5/")]
    folders = {text.splitlines()[0].strip().rstrip("/").rpartition("/")[2]: text for text in copies}
    assert folders.keys() == {each.stem for each in (snowflake_sql.ROOT / "models" / "marts").rglob("*.sql")}
    assert len(copies) == len(folders)
    by_month = "partition by ('partition_month=' || coalesce(to_char(\"sold_date\", 'YYYY-MM') || '-01', '__HIVE_DEFAULT_PARTITION__'))"
    assert by_month in folders["fct_sales"] and "partition by" not in folders["dim_dates"]
    assert 'city as "city"' in folders["dim_customers"]
    personal = {(model, column) for model, column in tags() if model in folders}
    assert len(personal) > 40
    assert [each for each in personal if f'{each[1]} as "{each[1]}"' in folders[each[0]]] == []
    current = sent.index(
        next(text for text in sent if text.startswith("copy into @RETAIL.gold.processed/current.json"))
    )
    assert current > max(map(sent.index, copies))
    # of five versions the newest three stay
    assert sent[current + 1 :] == [
        "list @RETAIL.gold.processed/versions/",
        "remove @RETAIL.gold.processed/versions/1/",
        "remove @RETAIL.gold.processed/versions/2/",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("select a from b where", "unparsable"),
        ("select a, from b group", "unparsable"),
        ("from b", "unparsable"),
        ("select a from b using sample 10%", "unparsable"),
        ("select a from b asof join c on b.x >= c.x", "asof join without match_condition"),
        ("select a from b semi join c on b.x = c.x", "semi join: Snowflake takes semi for the name"),
        ("select a // 2\nfrom b", "// is a comment on Snowflake"),
        ("select strptime(a, '%Y') from b", "strptime(): not on Snowflake"),
        ("select list_sort(a) from b", "list_sort(): not known on Snowflake"),
        ("select dateaddd('day', 1, a) from b", "dateaddd(): not known on Snowflake"),
        ("select greatest(a, c) from b", "greatest(): null"),
        ("select last_value(a) over (order by c) from b", "last_value(): the frame"),
        ("select regexp_replace(a, 'x', 'y') from b", "regexp_replace(): DuckDB replaces the first"),
        ("select dayname(a) from b", "dayname(): Sunday on DuckDB"),
        ("select current_timestamp() from b", "current_timestamp(): the clock"),
        ("select current_date from b", "current_date(): the clock"),
        ("select avg(a) from b", "avg(): decimals"),
        ("select cast(a as numeric) from b", "type numeric: without precision"),
        ("select cast(a as decimal(18)) from b", "type decimal(18): without scale"),
        ("select a::float from b", "type float: 32 bits"),
        ("select cast(a as timestamp_tz) from b", "type timestamp_tz: depends on the session"),
    ],
)
def test_the_gate_refuses(text: str, reason: str) -> None:
    reasons = snowflake_sql.refused(snowflake_sql.parsed(text))
    assert any(reason in each for each in reasons), reasons


def test_the_gate_takes_what_is_right() -> None:
    text = "select coalesce(a, 0), cast(b as decimal(18, 2)), cast(c as double) from d qualify row_number() over (order by a nulls last) = 1"
    assert snowflake_sql.refused(snowflake_sql.parsed(text)) == []


def test_every_refused_function_has_its_reason() -> None:
    known = snowflake_sql.known_functions()
    assert {verdict for verdict, _ in known.values()} == {"same", "snowflake", "refused"}
    assert [name for name, (verdict, reason) in known.items() if verdict != "same" and not reason] == []
