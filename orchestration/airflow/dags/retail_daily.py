"""The night under Airflow: the five steps of `retail run`, a task each, in the project's own environment.

Airflow starts `retail` by its path and imports nothing of the project, so neither sees the other's dependencies. What a step did
is in the project's own record (audit.run_steps); the steps of a business date share a run's name, `airflow-<date>`.
"""

import os
import shlex
import subprocess
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, Param

PROJECT = Path(os.environ.get("RETAIL_PROJECT") or Path(__file__).resolve().parents[3])
RETAIL = os.environ.get("RETAIL_COMMAND") or str(PROJECT / ".venv" / "bin" / "retail")
SCHEDULE = os.environ.get("RETAIL_SCHEDULE") or "30 2 * * *"
RETRY_SECONDS = float(os.environ.get("RETAIL_RETRY_SECONDS") or 300)

# A little more than `retail run` gives a step by itself (RETAIL_STEP_SECONDS), so that it stops in order, with a record.
TIMEOUTS = {
    "check": timedelta(minutes=15),
    "schema": timedelta(minutes=35),
    "load": timedelta(hours=4, minutes=15),
    "build": timedelta(hours=4, minutes=15),
    "publish": timedelta(hours=1, minutes=15),
}

# The day whose files the run is for: as asked for, else that of the schedule, which names a night by the day before it.
BUSINESS_DATE = "{{ params.business_date or ((dag_run.logical_date or dag_run.run_after) | ds) }}"


def notify(context) -> None:
    """Tell of a task that has failed for good. A notification that cannot be sent is no failure of its own: it is in the log."""
    run = context["dag_run"]
    day = context["params"]["business_date"] or (run.logical_date or run.run_after).strftime("%Y-%m-%d")
    command = [RETAIL, "notify", f"airflow-{day}"]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
        print(f"{shlex.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{shlex.join(command)}: {error}")


with DAG(
    "retail_daily",
    description="The night of the retail warehouse: check, schema, load, build, publish",
    doc_md=__doc__,
    tags=["retail"],
    # The run at 02:30 of a day is for the day before: {{ ds }} is the first moment of its interval.
    schedule=CronDataIntervalTimetable(SCHEDULE, timezone="UTC"),
    # Fixed, so that every scheduler counts the same runs.
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    # A night loads all that has landed, so the next one makes up for those that were missed; to check their dates, too: a backfill.
    catchup=False,
    # DuckDB has one writer: one run, and in it one task, at a time. A backfill keeps to it as well.
    max_active_runs=1,
    max_active_tasks=1,
    params={
        "business_date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Business date",
            description="The day whose files are expected, YYYY-MM-DD. Empty: that of the schedule.",
        )
    },
    default_args={
        "owner": "data-engineering",
        # Another run or an open editor may hold the warehouse, a bucket may be away; every step may be done again.
        "retries": 2,
        "retry_delay": timedelta(seconds=RETRY_SECONDS),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "on_failure_callback": notify,
    },
) as dag:
    before = None
    for step, timeout in TIMEOUTS.items():
        # the last one tells of warnings, for the whole night; failures are told by the callback, once no retry is left
        tell = "" if step == "publish" else " --no-notify"
        task = BashOperator(
            task_id=step,
            # by the environment, not in the text: what somebody types never becomes a command
            bash_command=f'exec {shlex.quote(RETAIL)} run --only {step} --date "$BUSINESS_DATE" --run-id "airflow-$BUSINESS_DATE" --wait 600{tell}',
            env={"BUSINESS_DATE": BUSINESS_DATE},
            append_env=True,
            cwd=str(PROJECT),
            execution_timeout=timeout,
            doc_md=f"`retail run --only {step}`; see docs/operate.md for what a failure means.",
        )
        if before:
            before >> task
        before = task
