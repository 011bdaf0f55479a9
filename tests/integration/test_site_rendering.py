"""`retail dashboards` as a command: what it says, what it leaves alone, and what it does without a table or a warehouse."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from retail.personal import tags


def data_of(page: Path) -> dict:
    text = page.read_text(encoding="utf-8")
    return json.loads(text.split('<script id="data" type="application/json">')[1].split("</script>")[0])


def test_without_a_table_its_tiles_say_so_and_all_others_are_drawn(warehouse, tmp_path: Path) -> None:
    database = Path(shutil.copy(warehouse.database, tmp_path / warehouse.database.name))
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop table audit.audit_rejected_rows")
    # of the last build, and still there afterwards
    results = (warehouse.target / "run_results.json").read_bytes()
    done = warehouse.run(
        "retail", "dashboards", "--no-docs", "--page", "data_quality", "--out", str(tmp_path / "site"),
        check=False, env={"RETAIL_DATABASE": str(database)},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    # the fixture's last run of dbt had no test, and that is said, too
    lines = [line for line in done.stderr.splitlines() if not line.startswith("No test results: ")]
    assert len(lines) == 2 and "Traceback" not in done.stderr
    for line, title in zip(lines, ("Rejected rows by reason", "Rejected rows"), strict=True):
        assert line.startswith(
            f"dashboards/data_quality.yml: tile '{title}': analyses/dashboards/quality_rejects.sql: "
        )
        assert "audit_rejected_rows does not exist" in line
    text = (tmp_path / "site" / "data_quality.html").read_text()
    assert text.count("audit_rejected_rows does not exist") == 2
    drawn = data_of(tmp_path / "site" / "data_quality.html")
    assert {"Rows landed", "Feeds", "Outcome of the rows by source"} <= {tile["title"] for tile in drawn["tiles"]}
    landed = drawn["queries"]["quality_feeds"]["columns"]["landed_rows"]["values"]
    with warehouse.connect() as connection:
        assert (
            sum(landed) == connection.execute("select sum(landed_rows) from audit.audit_row_accounting").fetchone()[0]
        )
    assert (warehouse.target / "run_results.json").read_bytes() == results
    assert not (tmp_path / "site" / "index.html").exists()


@pytest.mark.slow
def test_no_page_holds_a_personal_value(warehouse, tmp_path: Path) -> None:
    """Of every text column tagged as personal the values that are no ordinary words: none stands in any page."""
    warehouse.run("retail", "dashboards", "--no-docs", env={"RETAIL_SITE": str(tmp_path / "site")})
    shown = set()
    for page in (tmp_path / "site").glob("*.html"):
        if page.stem != "index":
            for query in data_of(page)["queries"].values():
                for column in query["columns"].values():
                    shown |= {word for word in column.get("words", []) if word}
    assert len(shown) > 100
    with warehouse.connect() as connection:
        there = set(connection.execute("select table_name, column_name from information_schema.columns where table_schema = 'gold' and data_type = 'VARCHAR'").fetchall())  # fmt: skip
        checked = 0
        for table, column in sorted(tags() & there):
            if column in ("line_customer_age", "salutation", "street_type", "birth_month"):
                continue
            values = {row[0] for row in connection.execute(f"select distinct {column} from gold.{table} where length({column}) > 4").fetchall()}  # fmt: skip
            # a lone word may be a place, too (Victoria), or the unknown member's
            values = {value for value in values if not value.isalpha()}
            checked += len(values)
            assert not values & shown, f"{table}.{column}"
    assert checked > 1000


@pytest.mark.slow
def test_without_a_warehouse_or_such_a_page_it_says_what_to_do(warehouse, tmp_path: Path) -> None:
    nowhere = {"RETAIL_DATABASE": str(tmp_path / "none.duckdb")}
    done = warehouse.run("retail", "dashboards", "--out", str(tmp_path / "site"), check=False, env=nowhere)
    assert done.returncode == 1 and "there is no warehouse yet; run `retail load` and `dbt build`" in done.stderr
    # dbt would have made an empty one
    assert not (tmp_path / "none.duckdb").exists() and not (tmp_path / "site").exists()
    done = warehouse.run("retail", "dashboards", "--page", "sails", "--out", str(tmp_path / "site"), check=False)
    assert done.returncode == 1 and "there is no page sails in dashboards/ (there: sales, " in done.stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    done = warehouse.run("retail", "dashboards", "--out", str(tmp_path / "mine"), check=False)
    assert done.returncode == 1 and "is there and is no site of ours" in done.stderr
