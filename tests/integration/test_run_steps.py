"""The steps of `retail run`: which are done, what is on record, what becomes of one that takes too long, fails or is left out."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest
from landing_zone import INVENTORY, Zone

from conftest import ROOT
from retail import dbt_build, expected, last_build, night, night_steps, run_record, settings, step_process
from retail.errors import UserError
from retail.run_record import Remark, Step

ALL = ["check", "schema", "load", "build", "publish"]


@pytest.fixture
def zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zone:
    """A small warehouse that the settings name, of the project's own feeds. dbt does nothing; what is published is a file of its name."""
    zone = Zone(tmp_path)
    zone.landing.mkdir()

    def published(_: float) -> int:
        with (tmp_path / "published").open("a") as stream:
            stream.write("gold\n")
        (tmp_path / "gold.duckdb").touch()
        return 0

    monkeypatch.setenv("RETAIL_DATABASE", str(zone.database))
    monkeypatch.setenv("RETAIL_GOLD", str(tmp_path / "gold.duckdb"))
    monkeypatch.setenv("RETAIL_LANDING", str(zone.landing))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setattr(night_steps, "PUBLISHERS", {"gold": published})
    monkeypatch.setattr(dbt_build, "build", lambda *_, **__: dbt_build.Built())
    return zone


def steps(zone: Zone) -> dict[str, str]:
    """Outcomes of the last run."""
    return {step.step: step.outcome for step in run_record.runs(zone.database)[-1].steps}


def publications(zone: Zone) -> int:
    file = zone.folder / "published"
    return len(file.read_text().splitlines()) if file.exists() else 0


def dbt_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    node = dbt_build.Node("test", "sales_add_up", "fail", "Got 3 results, configured to fail if != 0")
    monkeypatch.setattr(dbt_build, "build", lambda *_, **__: dbt_build.Built([node]))


def step_is(monkeypatch: pytest.MonkeyPatch, name: str, function: Callable) -> None:
    monkeypatch.setitem(night_steps.STEPS, name, function)


# -- which steps, and what is on record -------------------------------------------------------------------------------


def test_a_run_is_on_record_step_by_step_with_files_and_rows(zone: Zone) -> None:
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5", "2024-01-01,2,1,5", "2024-01-01,3")
    # a record that is rejected is told, and stops nothing
    assert night.run(on=date(2024, 1, 7), run_id="one") == 1
    assert steps(zone) == dict.fromkeys(ALL, "done") | {"load": "incomplete"}
    (load_step,) = [step for step in run_record.steps(zone.database) if step.step == "load"]
    assert (load_step.files, load_step.rows) == (1, 2)
    assert load_step.remarks == (Remark("warning", "rejected", "inventory/inventory/dt=2024-01-07/a.csv", 1),)
    recorded = zone.query(
        "select run_id, business_date, step, outcome, file_count, row_count, ended_at >= started_at from audit.run_steps order by rowid"
    )
    assert [row[2] for row in recorded] == ALL
    assert recorded[2] == ("one", date(2024, 1, 7), "load", "incomplete", 1, 2, True)
    log = [json.loads(line) for line in (zone.folder / "logs/runs/one.jsonl").read_text().splitlines()]
    events = [(line["event"], line.get("step")) for line in log]
    assert events[:3] == [("run_started", None), ("step_started", "check"), ("step_ended", "check")]
    assert events[-1] == ("run_ended", None) and ("rejected", "load") in events
    # what the record writes is nothing that anybody else has written
    assert last_build.vouched(zone.database)
    # nothing has landed: the warehouse is left as it is
    before = last_build.seal(zone.database)
    assert night.run() == 0
    assert set(steps(zone).values()) == {"nothing"} and publications(zone) == 1
    assert last_build.seal(zone.database) == before


@pytest.mark.parametrize(
    ("asked", "done"),
    [
        pytest.param({"from_step": "load"}, ["load", "build", "publish"], marks=pytest.mark.slow),
        pytest.param({"skip": ["check", "schema"]}, ["load", "build", "publish"], marks=pytest.mark.slow),
        ({"from_step": "load", "skip": ["publish"]}, ["load", "build"]),
        ({"only": "load"}, ["load"]),
    ],
)
def test_steps_are_left_out_as_asked(zone: Zone, asked: dict, done: list[str]) -> None:
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    assert night.run(**asked) == 0
    assert [name for name, outcome in steps(zone).items() if outcome == "done"] == done
    with pytest.raises(UserError, match="bild is no step; there are: check, schema, load, build, publish"):
        night.run(from_step="bild")
    with pytest.raises(UserError, match="--only goes without"):
        night.run(only="load", skip=["build"])


def test_steps_run_one_by_one_are_a_night(zone: Zone) -> None:
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    for name in ALL:
        assert night.run(only=name, run_id="airflow") == 0
    (run,) = run_record.runs(zone.database)
    assert [step.step for step in run.steps] == ALL and publications(zone) == 1


@pytest.mark.slow
def test_nothing_is_published_that_was_not_built_whole(
    zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    assert night.run(skip=["build"]) == 1
    assert "no whole build is on record; run the step build first" in capfd.readouterr().err
    assert night.run(skip=["publish"]) == 0
    zone.put_count("dt=2024-01-14/b.csv", "2024-01-08,1,1,5")
    assert night.run(skip=["build"]) == 1
    assert "something has landed since the last build that was whole" in capfd.readouterr().err
    dbt_fails(monkeypatch)
    assert night.run() == 1
    assert night.run(only="publish") == 1
    assert publications(zone) == 0
    monkeypatch.setattr(dbt_build, "build", lambda *_, **__: dbt_build.Built())
    assert night.run() == 0 and publications(zone) == 1


def test_after_a_failure_the_next_run_says_so_and_does_what_is_left(
    zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    dbt_fails(monkeypatch)
    assert night.run(run_id="one") == 1
    assert steps(zone)["build"] == "failed" and steps(zone)["publish"] == "skipped"
    capfd.readouterr()
    monkeypatch.setattr(dbt_build, "build", lambda *_, **__: dbt_build.Built())
    assert night.run(from_step="build") == 0
    assert (
        "The run before (one) ended at the step build: failed, 1 failed; this run does: build, publish."
        in capfd.readouterr().err
    )
    assert publications(zone) == 1


@pytest.mark.slow
def test_what_is_published_in_part_is_published_again(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    gold = night_steps.PUBLISHERS["gold"]
    monkeypatch.setenv("RETAIL_PUBLISH", "gold,site")
    monkeypatch.setattr(night_steps, "PUBLISHERS", {"gold": gold, "site": lambda _: 1})
    assert night.run() == 1
    assert run_record.steps(zone.database)[-1].message == "site was not published"
    monkeypatch.setattr(night_steps, "PUBLISHERS", {"gold": gold, "site": gold})
    assert night.run() == 0 and publications(zone) == 3


# -- check and schema -------------------------------------------------------------------------------------------------


def test_what_is_missing_is_told_and_stops_only_a_strict_night(zone: Zone, capfd: pytest.CaptureFixture[str]) -> None:
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    assert night.run(on=date(2024, 2, 1), strict=True) == 1
    said = capfd.readouterr().out
    assert (
        "inventory.inventory: missing: no file with a dt from 2024-01-26 to 2024-02-01; the last is of 2024-01-07"
        in said
    )
    assert steps(zone)["load"] == "skipped"
    assert night.run(on=date(2024, 2, 1)) == 0
    assert steps(zone)["load"] == "done"
    zone.put_count("dt=2024-02-07/a.csv", header=INVENTORY.replace("inv_item_sk", "product"))
    assert night.run(strict=True) == 1
    assert steps(zone) == {
        "check": "nothing",
        "schema": "failed",
        "load": "skipped",
        "build": "skipped",
        "publish": "skipped",
    }
    assert night.run() == 0


def expectation(
    feed: str, how: str | None, warn: float | None = None, error: float | None = None
) -> expected.Expectation:
    return expected.Expectation(feed, how, warn, error)


@pytest.mark.parametrize(
    ("how", "last", "says"),
    [
        (("daily", 36, 72), "2024-03-10", None),
        (("daily", 36, 72), "2024-03-09", "ops.a: missing: no file with dt=2024-03-10; the last is of 2024-03-09"),
        (("weekly", None, None), "2024-03-04", None),
        (("weekly", None, None), "2024-03-03", "ops.a: missing: no file with a dt from 2024-03-04 to 2024-03-10; the last is of 2024-03-03"),
        (("monthly", None, None), "2024-02-09", None),
        (("monthly", None, None), "2024-02-08", "ops.a: missing: no file with a dt from 2024-02-09 to 2024-03-10"),
        ((None, 48, None), "2024-03-08", None),
        ((None, 48, None), "2024-03-07", "1 feed is silent for longer than freshness allows, up to 2024-03-10: ops.a (2024-03-07)"),
        ((None, 24, 48), "2024-03-07", "ops.a: missing for more than 2 days"),
        ((None, None, None), "1998-01-01", None),
        # what came for later dates says nothing of this one
        (("daily", None, None), "2024-03-11", "ops.a: missing: no file with dt=2024-03-10; none before"),
        ((None, 48, None), None, "1 feed is silent for longer than freshness allows, up to 2024-03-10: ops.a (never)"),
    ],
)  # fmt: skip
def test_what_is_expected_of_a_date(how: tuple, last: str | None, says: str | None) -> None:
    dates = {"ops.a": {date.fromisoformat(last)} if last else set(), "ops.b": {date(2024, 3, 1)}}
    found = expected.missing([expectation("ops.a", *how), expectation("ops.b", None)], dates, date(2024, 3, 10))
    assert [finding.what.startswith(says) for finding in found] == ([True] if says else []), found


def test_a_source_that_has_not_begun_is_not_missing() -> None:
    found = expected.missing([expectation("pos.lines", "daily")], {"pos.lines": {date(2024, 3, 11)}}, date(2024, 3, 10))
    assert [finding.severity for finding in found] == ["note"]


def test_the_sources_say_what_is_expected_and_a_word_without_meaning_is_refused(tmp_path: Path) -> None:
    declared = {each.feed: each for each in expected.expectations()}
    assert {feed for feed, each in declared.items() if each.expected == "daily"} >= {"ops.web_sales", "shop.orders"}
    assert declared["inventory.inventory"].expected == "weekly"
    assert declared["ops.customer"] == expectation("ops.customer", None, 35 * 24)
    assert declared["ops.web_sales"] == expectation("ops.web_sales", "daily", 36, 72)
    (tmp_path / "models/staging").mkdir(parents=True)
    (tmp_path / "dbt_project.yml").write_text("vars: {sources: [pos]}")
    table = "{name: lines, config: {meta: {expected: often}}}"
    (tmp_path / "models/staging/_pos__sources.yml").write_text(f"sources: [{{name: pos, tables: [{table}]}}]")
    with pytest.raises(UserError, match="pos.lines: expected: often; it can be daily, weekly, monthly or on_change"):
        expected.expectations(tmp_path)


@pytest.mark.slow
def test_a_file_of_an_unusual_size_is_told_whatever_its_format(zone: Zone, capfd: pytest.CaptureFixture[str]) -> None:
    for week in range(1, 7):
        zone.put_count(f"dt=2024-01-0{week}/a.csv", *["2024-01-01,1,1,5"] * 10)
        zone.put_reasons(f"dt=2024-01-0{week}/r.parquet", "select 1 as r_reason_sk, 'x' as r_reason_id from range(10)")
    night.run(only="load")
    # half of it and twice as much are usual
    for name, rows in (("few", 4), ("half", 5), ("twice", 20), ("many", 21)):
        zone.put_count(f"dt=2024-01-08/{name}.csv.gz", *["2024-01-02,1,1,5"] * rows)
        zone.put_reasons(
            f"dt=2024-01-08/{name}.parquet", f"select 1 as r_reason_sk, 'y' as r_reason_id from range({rows})"
        )
    night.run(only="check")
    (check,) = run_record.runs(zone.database)[-1].steps
    unusual = {"inventory/inventory/dt=2024-01-08/few.csv.gz", "inventory/inventory/dt=2024-01-08/many.csv.gz",
               "ops/reason/dt=2024-01-08/few.parquet", "ops/reason/dt=2024-01-08/many.parquet"}  # fmt: skip
    assert {remark.name for remark in check.remarks} == unusual
    assert "21 rows, where the 6 files before had 10" in capfd.readouterr().out
    # once they are loaded, those of the business date are still told of
    night.run(only="load")
    night.run(only="check", on=date(2024, 1, 8))
    (check,) = run_record.runs(zone.database)[-1].steps
    assert {remark.name for remark in check.remarks if remark.kind == "unusual_rows"} == unusual


# -- time, kills, two at once -----------------------------------------------------------------------------------------


def sleeps(_: object) -> night_steps.Result:
    time.sleep(60)
    return night_steps.Result("done")


def computes(_: object) -> night_steps.Result:
    duckdb.connect().execute(
        "select max(a.range * b.range % 7) from range(1000000) as a, range(1000000) as b"
    ).fetchall()
    return night_steps.Result("done")


@pytest.mark.parametrize("what", [sleeps, pytest.param(computes, marks=pytest.mark.slow)])
def test_a_step_that_takes_too_long_is_stopped_and_the_next_run_goes_on(
    zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], what: Callable
) -> None:
    monkeypatch.setattr(step_process, "GRACE", 1.0)
    monkeypatch.setenv("RETAIL_STEP_SECONDS", "schema=0.4")
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    with monkeypatch.context() as patched:
        step_is(patched, "schema", what)
        begun = time.monotonic()
        assert night.run() == night.TIMED_OUT_CODE
        assert time.monotonic() - begun < 6
    assert "schema: stopped after 0.4 s, its limit (RETAIL_STEP_SECONDS)" in capfd.readouterr().err
    assert steps(zone) == {
        "check": "nothing",
        "schema": "timed_out",
        "load": "skipped",
        "build": "skipped",
        "publish": "skipped",
    }
    monkeypatch.delenv("RETAIL_STEP_SECONDS")
    assert night.run() == 0


@pytest.mark.parametrize("text", ["load", "load=", "load=x", "bild=3", "load=0", "load=-1"])
def test_a_limit_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RETAIL_STEP_SECONDS", text)
    with pytest.raises(UserError, match="such as load=7200"):
        settings.step_seconds()


def test_a_step_whose_process_dies_or_fails_ends_in_one_line(
    zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuses(_: object) -> night_steps.Result:
        raise UserError("the disk is full. Make room")

    step_is(monkeypatch, "schema", refuses)
    assert night.run() == 1
    assert "retail: schema: the disk is full. Make room" in capfd.readouterr().err
    step_is(monkeypatch, "schema", lambda _: os.kill(os.getpid(), 9))
    assert night.run() == 1
    assert "retail: schema: its process ended before it was done" in capfd.readouterr().err


def test_a_second_run_says_who_is_at_work_since_when_and_does_nothing(
    zone: Zone, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    holder = (
        "import sys, time; from pathlib import Path; from retail import night\n"
        "with night._alone(Path(sys.argv[1]), 1, 'the-first'): print('held', flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(zone.database)], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "held\n"
        assert night.run(wait=0.1) == night.BUSY_CODE
        said = capfd.readouterr().err
        assert (
            f"another retail run (the-first, process {process.pid}, since 20" in said
            and "UTC) is still at work" in said
        )
        assert run_record.steps(zone.database) == []
    finally:
        # the system releases what a killed process held
        process.kill()
        process.wait()
        process.stdout.close()
    assert night.run(wait=0.1) == 0


def test_a_record_that_was_cut_off_loses_one_line_alone(zone: Zone) -> None:
    step = Step("one", "1", None, "load", run_record.now())
    run_record.write(zone.database, step)
    with run_record.path(zone.database).open("a") as stream:
        stream.write('{"kind": "step", "run": "one", "att')
    run_record.write(zone.database, Step("two", "1", None, "load", run_record.now()))
    assert [each.run for each in run_record.steps(zone.database)] == ["one", "two"]
    assert run_record.close_killed(zone.database) == ["one", "two"]
    assert {each.outcome for each in run_record.steps(zone.database)} == {"killed"}


@pytest.mark.slow
def test_old_runs_are_forgotten_in_the_file_and_kept_in_the_warehouse(
    zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_record, "RUNS_KEPT", 2)
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    for number in range(4):
        night.run(full=True, run_id=str(number))
    assert [run.id for run in run_record.runs(zone.database)] == ["2", "3"]
    assert zone.query("select count(*), count(distinct run_id) from audit.run_steps") == [(20, 4)]
