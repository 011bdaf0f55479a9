"""`retail notify`: one message a run, about what went wrong, to whoever is subscribed; nothing that stands in a row."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from aws_stand_in import Aws, server
from landing_zone import Zone

from retail import dbt_build, load, night, night_steps, notify, run_record
from retail.run_record import ERROR, WARNING, Remark, Run, Step

ADDRESS = "ann.lee@example.com"


@pytest.fixture(scope="module")
def running() -> Iterator[Aws]:
    with server() as running:
        yield running


@pytest.fixture
def aws(running: Aws) -> Aws:
    running.reset()
    return running


@pytest.fixture
def inbox(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> str:
    """A queue that is subscribed to the topic of the settings, as an e-mail address would be."""
    topic = aws.client("sns").create_topic(Name="night")["TopicArn"]
    url = aws.queue("inbox")
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=aws.arn(url))
    monkeypatch.setenv("RETAIL_SNS_TOPIC_ARN", topic)
    return url


@pytest.fixture
def zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zone:
    """A small warehouse that the settings name; its build and publication do nothing."""
    zone = Zone(tmp_path)
    zone.put_count("dt=2024-01-07/a.csv", "2024-01-01,1,1,5")
    monkeypatch.setenv("RETAIL_DATABASE", str(zone.database))
    monkeypatch.setenv("RETAIL_LANDING", str(zone.landing))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setattr(load, "default_scripts", lambda: zone.scripts)
    monkeypatch.setattr(night_steps, "PUBLISHERS", {"gold": lambda _: 0})
    monkeypatch.setattr(dbt_build, "build", lambda *_, **__: dbt_build.Built())
    return zone


def fails(monkeypatch: pytest.MonkeyPatch, *nodes: dbt_build.Node) -> None:
    monkeypatch.setattr(dbt_build, "build", lambda *_, **__: dbt_build.Built(list(nodes)))


def messages(aws: Aws, inbox: str) -> list[tuple[str, str]]:
    """Subject and text of what came."""
    told = [json.loads(body) for body in aws.bodies(inbox)]
    return [(each["Subject"], each["Message"]) for each in told]


TEST = dbt_build.Node("test", "sales_add_up", "fail", "Got 3 results, configured to fail if != 0")
WARNED = dbt_build.Node("test", "stock_is_counted", "warn", "Got 1 result, configured to warn if != 0")


def test_a_failure_is_told_once_with_what_it_is_and_a_good_night_is_not(
    aws: Aws, inbox: str, zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert night.run(wait=1) == 0
    assert messages(aws, inbox) == []

    fails(monkeypatch, TEST, WARNED)
    zone.put_count("dt=2024-01-14/b.csv", "2024-01-08,1,1,5", "2024-01-08,1")
    assert night.run(wait=1, run_id="one") == 1
    ((subject, text),) = messages(aws, inbox)
    assert subject == "retail one: failed at build: 1 test failed, 1 file has records that were rejected, 1 test warned"
    for said in ("sales_add_up: 3 results", "stock_is_counted: 1 results", "b.csv: 1 records", "build    failed"):
        assert said in text

    # told again by hand, and by the same run again: nobody hears of it twice
    assert notify.run("one", low_stock=False, again=False, dry_run=False) == 0
    assert night.run(wait=1, run_id="one", only="build") == 1
    assert messages(aws, inbox) == []
    # the same run meets something new
    fails(monkeypatch, TEST, dbt_build.Node("model", "fct_sales", "error", "Binder Error"))
    assert night.run(wait=1, run_id="one", only="build") == 1
    ((_, text),) = messages(aws, inbox)
    assert "fct_sales" in text
    # the next night: the same failure, one message
    assert night.run(wait=1) == 1
    assert len(messages(aws, inbox)) == 1
    # asked for
    assert notify.run(None, low_stock=False, again=True, dry_run=False) == 0
    assert len(messages(aws, inbox)) == 1


def test_nothing_that_stands_in_a_row_is_sent(
    aws: Aws, inbox: str, zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Addresses in what the loader and dbt say of rows, and in the name of a file."""
    fails(
        monkeypatch,
        dbt_build.Node(
            "model", "dim_customers", "error", f"Conversion Error: Could not convert 'Nora Smith', '{ADDRESS}'"
        ),
        dbt_build.Node("test", "addresses_are_known", "error", f"Runtime Error {ADDRESS}"),
    )
    zone.put_reasons("dt=2024-01-01/reason.parquet", f"select '{ADDRESS}' as r_reason_sk, 'x' as r_reason_id")
    zone.put_count(f"dt=2024-01-14/{ADDRESS}.csv", f"2024-01-08,1,{ADDRESS}")
    assert night.run(wait=1) == 1
    # they are in what the terminal shows and the history holds
    assert ADDRESS in capfd.readouterr().err
    assert ADDRESS in str(zone.query("select first_error_message from audit.load_history"))
    ((subject, text),) = messages(aws, inbox)
    for said in ("dim_customers", "addresses_are_known", "reason.parquet", "dt=2024-01-14/(address)"):
        assert said in text
    # neither what looks like an address nor what does not
    assert not [each for each in (ADDRESS, "example", "Nora") if each in subject + text]


def run_of(*remarks: Remark, outcome: str = "done") -> Run:
    return Run(
        "r", [Step("r", "1", None, "load", "2024-01-01T00:00:00", "2024-01-01T00:00:01", outcome, remarks=remarks)]
    )


def test_a_subject_is_short_and_ascii_and_a_text_does_not_grow_without_end() -> None:
    remarks = [Remark(ERROR, "not_loaded", f"inventory/größe-{number}.csv") for number in range(5000)]
    remarks += [Remark(WARNING, kind, "é") for kind in notify.WORDS]
    told = notify.message(run_of(*remarks))
    assert len(told.subject) == 100 and told.subject.isascii()
    assert "5,000 files did not load" in told.subject
    # SNS takes 256 KiB
    assert len(told.text) < 10_000 and "and 4,980 more" in told.text
    assert notify.message(run_of()) is None


@pytest.mark.slow
def test_a_killed_run_is_told_by_the_next(aws: Aws, inbox: str, zone: Zone) -> None:
    run_record.write(zone.database, Step("old", "1", None, "load", run_record.now()))
    assert night.run(wait=1) == 0
    ((subject, _),) = messages(aws, inbox)
    assert subject == "retail old: failed at load: 1 step was killed"


def test_that_it_cannot_be_sent_changes_nothing_but_is_said(
    aws: Aws, zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fails(monkeypatch, TEST)
    monkeypatch.setenv("RETAIL_SNS_TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:gone")
    assert night.run(wait=1, run_id="one") == 1
    assert "not sent: SNS topic arn:aws:sns:eu-central-1:123456789012:gone: NotFound" in capfd.readouterr().err
    monkeypatch.setattr(dbt_build, "build", lambda *_, **__: dbt_build.Built([WARNED]))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert night.run(wait=1, run_id="two") == 0
    assert "not sent" in capfd.readouterr().err
    assert notify.run("one", low_stock=False, again=False, dry_run=False) == 1


@pytest.mark.slow
def test_without_a_topic_it_is_said_here(
    zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RETAIL_SNS_TOPIC_ARN", raising=False)
    fails(monkeypatch, TEST)
    night.run(wait=1)
    capfd.readouterr()
    assert notify.run(None, low_stock=False, again=False, dry_run=False) == 0
    assert "sales_add_up: 3 results" in capfd.readouterr().err


@pytest.mark.slow
def test_the_stock_is_told_where_it_is_asked_for(
    aws: Aws, inbox: str, zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold = zone.database.with_name("gold.duckdb")
    monkeypatch.setenv("RETAIL_GOLD", str(gold))
    zone.load()
    with duckdb.connect(str(gold)) as connection:
        connection.execute("create table mart_stock_alerts (needs_attention boolean, stock_status varchar)")
        connection.execute(
            "insert into mart_stock_alerts values (true, 'low'), (true, 'out_of_stock'), (false, 'out_of_stock'), (true, 'excess')"
        )
    assert night.run(wait=1) == 0
    assert messages(aws, inbox) == []
    assert night.run(wait=1, low_stock=True) == 0
    ((subject, _),) = messages(aws, inbox)
    assert "2 alerts of low stock" in subject


def test_the_numbers_of_a_run_are_in_cloudwatch_once(aws: Aws, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAIL_CLOUDWATCH_NAMESPACE", "Retail")
    fails(monkeypatch, TEST, WARNED)
    zone.put_count("dt=2024-01-14/b.csv", "2024-01-08,1,1,5", "2024-01-08,1")
    assert night.run(wait=1, run_id="one") == 1
    notify.tell(zone.database, "one")
    now = datetime.now(UTC)

    def metric(name: str) -> float:
        points = aws.client("cloudwatch").get_metric_statistics(
            Namespace="Retail", MetricName=name, StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1),
            Period=86400, Statistics=["Sum"],
        )["Datapoints"]  # fmt: skip
        return sum(point["Sum"] for point in points)

    found = {name: metric(name) for name in ("FilesLoaded", "RowsLoaded", "RowsRejected", "Failures", "Warnings")}
    assert found == {"FilesLoaded": 2, "RowsLoaded": 2, "RowsRejected": 1, "Failures": 1, "Warnings": 2}
    assert metric("Seconds") > 0


def test_logs_and_record_hold_no_secret(aws: Aws, zone: Zone, inbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-seen")
    monkeypatch.setenv("RETAIL_TABLEAU_TOKEN_SECRET", "not-to-be-seen")
    fails(monkeypatch, TEST)
    night.run(wait=1)
    written = [file for file in zone.folder.rglob("*") if file.suffix in (".jsonl", ".log", ".json")]
    assert len(written) >= 2
    assert not [file for file in written if "not-to-be-seen" in file.read_text()]
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "not-to-be-seen"
