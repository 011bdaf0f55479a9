"""What dbt's last run says of the tests, as rows of the built-in query `@test_results`."""

import json
from pathlib import Path
from typing import Any

from retail import settings
from retail.site.model import Query

NAME = "@test_results"
COLUMNS = {
    "test_name": "text",
    "status": "text",
    "is_passed": "number",
    "is_warned": "number",
    "is_failed": "number",
    "failure_count": "number",
    "seconds": "number",
    "description": "text",
    "checked_model": "text",
    "unique_id": "text",
    "ran_on": "date",
}
PASSED = ("pass", "success")


def read(target: Path, manifest: dict[str, Any]) -> Query:
    """A row for each test of dbt's last run; a notice where there was none. A unit test that passed counts as passed."""
    query = Query(NAME, dict(COLUMNS))
    file = target / "run_results.json"
    try:
        results = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        query.notice = f"No test results: {settings.shown(file)} is not there. `dbt build` or `dbt test` writes it."
        return query
    except ValueError:
        query.error = f"{settings.shown(file)} cannot be read; run `dbt build` again"
        return query
    nodes = {**manifest.get("nodes", {}), **manifest.get("unit_tests", {})}
    ran_on = results["metadata"]["generated_at"][:10]
    for result in results["results"]:
        if result["unique_id"].startswith(("test.", "unit_test.")):
            query.rows.append(_row(result, nodes.get(result["unique_id"], {}), ran_on))
    if not query.rows:
        ran = results.get("args", {}).get("which", "another command")
        query.notice = (
            f"No test results: dbt's last run (`dbt {ran}`) ran no test. `dbt build` or `dbt test` runs them."
        )
    query.rows.sort(key=lambda row: (row[2] == 1, str(row[0])))
    return query


def _row(result: dict[str, Any], node: dict[str, Any], ran_on: str) -> list[Any]:
    status = "pass" if result["status"] in PASSED else result["status"]
    attached = node.get("attached_node") or next(iter(node.get("depends_on", {}).get("nodes", [])), "")
    description = " ".join((node.get("description") or "").split())
    return [
        # they are sentences
        (node.get("name") or result["unique_id"].split(".")[2]).replace("_", " "),
        status,
        int(status == "pass"),
        int(status == "warn"),
        int(status not in ("pass", "warn", "skipped")),
        result.get("failures") or 0,
        round(result["execution_time"], 3),
        description,
        attached.rpartition(".")[2],
        result["unique_id"],
        ran_on,
    ]
