"""What Airflow makes of the DAG file, as JSON; run in Airflow's own environment by test_airflow.py."""

import json
import sys

import pendulum
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

bag = DagBag(sys.argv[1])
dag = bag.dags.get("retail_daily")
found = {"import_errors": bag.import_errors, "dags": sorted(bag.dags)}
if dag:
    # as the scheduler has it: which day each of the first runs is for, and when it starts
    scheduled = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    first, last = pendulum.datetime(2024, 1, 2, tz="UTC"), pendulum.datetime(2024, 1, 5, tz="UTC")
    found |= {
        "runs": [
            [f"{run.logical_date:%Y-%m-%d}", f"{run.run_after:%Y-%m-%d %H:%M}"]
            for run in scheduled.iter_dagrun_infos_between(first, last)
        ],
        "start_date": str(dag.start_date),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "max_active_tasks": dag.max_active_tasks,
        "tasks": {
            task.task_id: {
                "downstream": sorted(task.downstream_task_ids),
                "retries": task.retries,
                "retry_seconds": task.retry_delay.total_seconds(),
                "timeout_seconds": task.execution_timeout.total_seconds(),
                "callbacks": [each.__name__ for each in task.on_failure_callback],
                "command": task.bash_command,
                "cwd": task.cwd,
            }
            for task in dag.tasks
        },
    }
print("found:" + json.dumps(found))
