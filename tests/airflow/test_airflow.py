"""The DAG under a real Airflow, in its own environment: it imports, is built as it should be, and runs the night. Run by `make test-airflow`."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from conftest import ROOT, Warehouse, new_warehouse

PYTHON = Path(os.environ.get("AIRFLOW_PYTHON", ROOT / ".venv-airflow" / "bin" / "python"))
DAGS = ROOT / "orchestration" / "airflow" / "dags"
STEPS = ["check", "schema", "load", "build", "publish"]

# Stands in for `retail`: writes down how it was called, and ends as a file beside it says for that call.
STUB = """#!/usr/bin/env python3
import json, os, sys
from pathlib import Path
folder = Path(__file__).parent
with (folder / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd()}) + chr(10))
endings = folder / "endings.json"
codes = json.loads(endings.read_text()) if endings.exists() else {}
step = sys.argv[3] if len(sys.argv) > 3 else sys.argv[1]
code = codes[step].pop(0) if codes.get(step) else 0
endings.write_text(json.dumps(codes))
sys.exit(code)
"""


@dataclass(frozen=True)
class Airflow:
    """An Airflow of the tests' own, with a database and no examples."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "RETAIL_"))},
            "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "RETAIL_RETRY_SECONDS": "0.1",
        }

    def run(self, *command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run something in Airflow's environment."""
        return subprocess.run(
            [PYTHON, *command],
            env={**self.environment, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
        )

    def test_dag(self, day: str, env: dict[str, str], **conf: str) -> subprocess.CompletedProcess[str]:
        """`airflow dags test`: the whole DAG for a day, in one process, as a scheduler would order it."""
        return self.run("-m", "airflow", "dags", "test", "retail_daily", day, "-c", json.dumps(conf), env=env)


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    assert PYTHON.exists(), f"{PYTHON} is not there: run `make test-airflow`, which installs it"
    airflow = Airflow(tmp_path_factory.mktemp("airflow"))
    done = airflow.run("-m", "airflow", "db", "migrate")
    assert done.returncode == 0, done.stderr
    return airflow


@pytest.fixture(scope="module")
def found(airflow: Airflow) -> dict[str, Any]:
    """What Airflow makes of the DAG file."""
    done = airflow.run(str(Path(__file__).with_name("inspect_dag.py")), str(DAGS))
    assert done.returncode == 0, done.stderr
    (line,) = (each for each in done.stdout.splitlines() if each.startswith("found:"))
    return json.loads(line.removeprefix("found:"))


class Stub:
    """A `retail` that only writes down how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "retail").write_text(STUB.replace("/usr/bin/env python3", sys.executable))
        (folder / "retail").chmod(0o755)
        self.environment = {"RETAIL_COMMAND": str(folder / "retail"), "RETAIL_PROJECT": str(folder)}

    def ends(self, **codes: list[int]) -> None:
        """Exit codes of the calls of a step, in order; 0 after that."""
        (self.folder / "endings.json").write_text(json.dumps(codes))

    def calls(self) -> list[list[str]]:
        calls = self.folder / "calls.jsonl"
        lines = calls.read_text().splitlines() if calls.exists() else []
        assert all(json.loads(line)["folder"] == str(self.folder) for line in lines)
        return [json.loads(line)["arguments"] for line in lines]


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    return Stub(tmp_path)


def call(step: str, day: str) -> list[str]:
    """How the DAG calls `retail` for a step."""
    tell = [] if step == "publish" else ["--no-notify"]
    return ["run", "--only", step, "--date", day, "--run-id", f"airflow-{day}", "--wait", "600", *tell]


# -- structure --------------------------------------------------------------------------------------------------------


def test_it_imports_and_is_the_only_one(found: dict[str, Any]) -> None:
    assert found["import_errors"] == {}
    assert found["dags"] == ["retail_daily"]


def test_the_five_steps_follow_one_another_with_retries_limits_and_a_callback(found: dict[str, Any]) -> None:
    tasks = found["tasks"]
    following = dict(zip(STEPS, [*([step] for step in STEPS[1:]), []], strict=True))
    assert {name: task["downstream"] for name, task in tasks.items()} == following
    for name, task in tasks.items():
        assert task["retries"] == 2 and task["retry_seconds"] > 0, name
        assert task["callbacks"] == ["notify"], name
        assert task["cwd"] == str(ROOT)
        assert task["command"].startswith(f"exec {ROOT / '.venv' / 'bin' / 'retail'} run --only {name} "), name
    # longer than the limit that `retail run` sets itself, so that it ends in order
    from retail import settings

    assert {name: task["timeout_seconds"] > settings.STEP_SECONDS[name] for name, task in tasks.items()} == dict.fromkeys(STEPS, True)  # fmt: skip


def test_one_run_and_one_task_at_a_time_and_nothing_is_made_up_for(found: dict[str, Any]) -> None:
    """DuckDB has one writer, and a night loads whatever has landed."""
    assert (found["max_active_runs"], found["max_active_tasks"], found["catchup"]) == (1, 1, False)
    assert found["start_date"] == "2024-01-01 00:00:00+00:00"


def test_a_night_is_for_the_day_before_it(found: dict[str, Any]) -> None:
    assert found["runs"][:2] == [["2024-01-02", "2024-01-03 02:30"], ["2024-01-03", "2024-01-04 02:30"]]


# -- runs -------------------------------------------------------------------------------------------------------------


def test_the_steps_are_called_in_order_with_the_day_of_the_run(airflow: Airflow, stub: Stub) -> None:
    done = airflow.test_dag("2024-02-01", stub.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert stub.calls() == [call(step, "2024-02-01") for step in STEPS]


def test_a_step_that_fails_is_tried_again_and_what_comes_after_waits_for_it(airflow: Airflow, stub: Stub) -> None:
    """The load finds another run at work, once."""
    stub.ends(load=[75])
    done = airflow.test_dag("2024-02-02", stub.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    order = ["check", "schema", "load", "load", "build", "publish"]
    assert stub.calls() == [call(step, "2024-02-02") for step in order]


def test_a_step_that_fails_for_good_is_told_once_and_ends_the_night(airflow: Airflow, stub: Stub) -> None:
    """For the business date that somebody asked for, in place of the schedule's."""
    stub.ends(build=[1, 1, 1])
    done = airflow.test_dag("2024-02-03", stub.environment, business_date="2023-12-24")
    assert done.returncode == 1
    order = ["check", "schema", "load", "build", "build", "build"]
    assert stub.calls() == [*(call(step, "2023-12-24") for step in order), ["notify", "airflow-2023-12-24"]]


def test_a_notification_that_cannot_be_sent_is_in_the_log(airflow: Airflow, stub: Stub) -> None:
    stub.ends(check=[1, 1, 1], notify=[1])
    done = airflow.test_dag("2024-02-04", stub.environment)
    assert done.returncode == 1
    assert stub.calls()[-1] == ["notify", "airflow-2024-02-04"]
    assert "notify airflow-2024-02-04 ended with 1" in done.stdout + done.stderr


def test_what_is_no_date_is_refused_and_never_a_command(airflow: Airflow, stub: Stub) -> None:
    done = airflow.test_dag("2024-02-05", stub.environment, business_date='2024-02-05"; touch made; "')
    assert done.returncode != 0
    assert stub.calls() == []
    assert not (stub.folder / "made").exists()


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A landing zone with the small sample, and nothing built."""
    warehouse = new_warehouse(tmp_path_factory.mktemp("landed"))
    warehouse.run("retail", "sample", "--scale", "0.01")
    return warehouse


def test_the_night_on_the_sample(airflow: Airflow, landed: Warehouse) -> None:
    """The real thing: gold is published, and the project's own record has the five steps under one name."""
    ours = {
        name: value
        for name, value in landed.environment.items()
        if name.startswith(("RETAIL_", "DBT_")) or name == "PYTHONPATH"
    }
    # on the last day of the shop and the marketplace; before the DAG's start no task would run, and that counts as success
    done = airflow.test_dag("2024-02-29", ours)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    with landed.connect() as connection:
        steps = connection.execute(
            "select step, outcome in ('done', 'nothing', 'incomplete') from audit.run_steps where run_id = 'airflow-2024-02-29' order by started_at"
        ).fetchall()
    assert [step for step, _ in steps] == STEPS and all(well for _, well in steps)
    with duckdb.connect(str(landed.database.with_name("gold.duckdb")), read_only=True) as connection:
        assert connection.execute("select count(*) from gold.fct_sales").fetchone()[0] > 70_000


# -- without Airflow --------------------------------------------------------------------------------------------------


def test_the_example_for_github_names_steps_and_options_that_there_are() -> None:
    """It is no workflow of this repository, so nothing else runs it."""
    workflow = yaml.safe_load((ROOT / "orchestration" / "github-actions" / "nightly.yml").read_text())
    # YAML 1.1 takes the key `on` for true
    assert workflow[True]["schedule"] and workflow["concurrency"]["cancel-in-progress"] is False
    (job,) = workflow["jobs"].values()
    commands = [line.strip() for step in job["steps"] for line in step.get("run", "").splitlines()]
    assert any(line.startswith("retail run --wait") and "--date" in line for line in commands)
