"""The Snowflake scripts: they keep the rules, and each rule catches what it is for; grants as the docs have them; landing for both engines."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest
import sqlglot

from retail import first_load, grants, pipes, snowflake_rules, snowflake_scripts, warehouse
from retail.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
VALUES = snowflake_scripts.example_variables()


def faults_of(text: str, name: str = "V9.0.0__planted.sql") -> list[str]:
    """What a script of this text is refused for: parsing, and the rules that it shows by itself."""
    folder = snowflake_scripts.folder()
    script = _read(text, name)
    assert folder.exists()
    return [text for _, text in snowflake_rules.unparsable(script)] + [
        fault.text for fault in snowflake_rules.faults_of_script(script)
    ]


def _read(text: str, name: str) -> snowflake_scripts.Script:
    statements = []
    for place, part in enumerate(text.split(";;")):
        words = " ".join(snowflake_scripts.without_comments(part).lower().split())
        if words:
            statements.append(snowflake_scripts.Statement(name, place + 1, part.strip(), words))
    return snowflake_scripts.Script(name, text.replace(";;", ";"), tuple(statements))


def test_the_scripts_keep_every_rule() -> None:
    assert [str(fault) for fault in snowflake_rules.check()] == []


COPY = """-- a pipe
create pipe if not exists bronze.a__b_pipe
    auto_ingest = true
    error_integration = errors
as
copy into bronze.a__b
from @bronze.landing/a/b/
file_format = (format_name = 'bronze.csv_files')
match_by_column_name = case_insensitive
include_metadata = (
    _file_name = metadata$filename,
    _file_row_number = metadata$file_row_number,
    _file_content_key = metadata$file_content_key,
    _file_last_modified = metadata$file_last_modified,
    _loaded_at = metadata$start_scan_time
)
on_error = continue
"""
TASK = """-- a task
create or replace task audit.nightly
    warehouse = w
    schedule = 'using cron 30 3 * * * Europe/Berlin'
    error_integration = errors
when
    system$stream_has_data('bronze.a__b_changes')
as
call audit.request_build()
"""
PROCEDURE = """-- a procedure
create or replace procedure audit.consume()
returns varchar
language sql
execute as owner
as
$$
begin
    begin transaction;
    insert into audit.processed_files
    select 1 from bronze.a__b_changes;
    commit;
    return 'done';
exception
    when other then
        rollback;
        raise;
end;
$$
"""


@pytest.mark.parametrize("text", [COPY, TASK, PROCEDURE])
def test_what_is_right_is_taken(text: str) -> None:
    assert faults_of(text) == []


# what a script says, what is planted in its place, what the refusal says
PLANTED = [
    (COPY, "on_error = continue", "", "a COPY without ON_ERROR"),
    (COPY, "metadata$start_scan_time", "current_timestamp()", "CURRENT_TIMESTAMP in a COPY"),
    (COPY, "    _file_content_key = metadata$file_content_key,\n", "", "does not fill the five load columns as the others do: _file_content_key"),
    (COPY, "_file_name = metadata$filename", "_file_name = metadata$file_content_key", "do: _file_name"),
    (COPY, "/a/b/", "/a/b", "a folder that ends in / is wanted"),
    (COPY, "@bronze.landing/a/b/", "@bronze.landing", "a folder that ends in / is wanted"),
    (COPY, "create pipe if not exists", "create or replace pipe", "CREATE OR REPLACE of a pipe"),
    (COPY, "auto_ingest = true", "auto_ingest = false", "a pipe without AUTO_INGEST"),
    (COPY, "if not exists ", "", "CREATE without IF NOT EXISTS"),
    (COPY, "on_error", "on_eror", "Snowflake would not take this|unparsable"),
    (COPY, "match_by_column_name", "match_by_name", "unparsable"),
    (COPY, "-- a pipe\n", "", "opens without saying what it is"),
    (TASK, " Europe/Berlin", "", "a task without a cron schedule and its time zone"),
    (TASK, "'using cron 30 3 * * * Europe/Berlin'", "'60 minutes'", "a task without a cron schedule"),
    (TASK, "when\n    system$stream_has_data('bronze.a__b_changes')\n", "", "a task without WHEN"),
    (TASK, "    error_integration = errors\n", "", "a task without ERROR_INTEGRATION"),
    (PROCEDURE, "    begin transaction;\n", "", "reads streams outside of a transaction"),
    (PROCEDURE, "    insert", "    create or replace table audit.batch as select 1;\n    insert", "CREATE within a transaction"),
    (PROCEDURE, "    insert", "    truncate table audit.processed_files;\n    insert", "TRUNCATE within a transaction"),
    (PROCEDURE, "    insert", "    execute immediate 'drop table x';\n    insert", "EXECUTE IMMEDIATE within a transaction"),
    (PROCEDURE, "        raise;\n", "", "a transaction without `exception"),
    (PROCEDURE, "        rollback;\n", "", "a transaction without `exception"),
    (PROCEDURE, "insert into audit.processed_files\n    select", "insert inot audit.processed_files\n    select", "unparsable"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "fault"), PLANTED)
def test_a_planted_fault_is_refused(text: str, old: str, new: str, fault: str) -> None:
    assert old in text
    found = faults_of(text.replace(old, new))
    assert any(re.search(fault, each) for each in found), found


STATEMENTS = [
    ("create or replace table bronze.a (b varchar)", "CREATE OR REPLACE of a table"),
    ("create or replace transient table bronze.a (b varchar)", "CREATE OR REPLACE of a table"),
    ("create or replace stream bronze.a on table bronze.b", "CREATE OR REPLACE of a stream"),
    ("create or replace role loader", "CREATE OR REPLACE of a role"),
    ("create or replace stage bronze.a", "CREATE OR REPLACE of a stage"),
    ("create or replace schema bronze", "CREATE OR REPLACE of a schema"),
    ("create or replace file format bronze.a type = csv", "CREATE OR REPLACE of a file format"),
    ("create role loader", "CREATE without IF NOT EXISTS"),
    ("drop table bronze.a", "DROP in a script"),
    ("truncate table bronze.a", "TRUNCATE in a script"),
    ("alter table bronze.a add column b varchar", "changes a table"),
    ("alter pipe bronze.a set pipe_execution_paused = true", "changes a pipe"),
    ("create warehouse if not exists w warehouse_size = xsmall", "a warehouse without AUTO_SUSPEND"),
    ("create warehouse if not exists w auto_suspend = 3600", "a warehouse without AUTO_SUSPEND"),
    ("create warehouse if not exists w auto_suspend = 0", "a warehouse without AUTO_SUSPEND"),
    ("create user if not exists u default_role = loader", "a user that is not TYPE = SERVICE"),
    ("grant all privileges on schema gold to role reporter", "GRANT ALL"),
    ("grant select on all tables in schema gold to role reporter with grant option", "WITH GRANT OPTION"),
    ("grant ownership on table gold.a to role reporter", "GRANT OWNERSHIP"),
    ("grant select on all tables in schema gold to role public", "a grant to a role of the system"),
    ("grant role accountadmin to role transformer", "hands on a role of the system"),
    ("use role accountadmin", "USE ROLE in a script that `retail deploy` applies"),
    ("create table if not exists audit.a (b varchr(3", "unparsable"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "fault"), STATEMENTS)
def test_a_statement_that_does_harm_is_refused(statement: str, fault: str) -> None:
    found = faults_of(f"-- planted\n{statement}")
    assert any(fault in each for each in found), found


def test_a_pipe_or_table_in_a_repeatable_script_is_refused() -> None:
    assert any("in a repeatable script" in each for each in faults_of(COPY, "R__99_planted.sql"))
    assert faults_of("-- fine\nalter pipe if exists bronze.a_pipe set error_integration = e", "R__99_planted.sql") == []


def test_accountadmin_may_make_the_role_alone() -> None:
    text = "-- planted\nuse role accountadmin;;\ncreate role if not exists a;;\ncreate database if not exists b"
    assert faults_of(text, "administrator/planted.sql") == ["line 3: ACCOUNTADMIN would own what is made here"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("create user u password = 'hunter2';", "a password"),
        ("alter user u set PASSWORD='hunter2';", "a password"),
        ("-- formerly password = 'hunter2'", "a password"),
        ("-----BEGIN PRIVATE KEY-----", "a key"),
        ("create stage s credentials = (x);", "credentials in a stage"),
        ("-- aws_secret_key = 'x'", "a key of the cloud account"),
        ("-- AKIA" + "IOSFODNN7EXAMPLE", "an access key"),
        ("storage_aws_role_arn = 'arn:aws:iam::123456789012:role/x'", "an ARN of one account"),
        ("rsa_public_key = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA'", "what looks like a key"),
        ("-- api_key = 'x'", "a secret"),
    ],
)
def test_a_secret_is_refused_and_not_told(line: str, what: str) -> None:
    faults = list(snowflake_rules.secrets(f"-- first\n{line}\n"))
    assert faults and all(fault.startswith("line 2 holds") for fault in faults)
    assert re.search(what, " ".join(faults)), faults
    assert "hunter2" not in " ".join(faults) and "MIIB" not in " ".join(faults)


# -- all scripts together ---------------------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The scripts, to plant faults in."""
    return Path(shutil.copytree(snowflake_scripts.folder(), tmp_path / "snowflake"))


@pytest.mark.parametrize(
    ("script", "old", "new", "fault"),
    [
        ("V1.3.1__bronze_tables_inventory.sql", "    inv_item_sk varchar,\n", "", "the table and of the dbt source differ: inv_item_sk"),
        ("V1.3.1__bronze_tables_inventory.sql", "bronze.inventory__inventory (", "bronze.inventory (", "no script creates the table bronze.inventory__inventory"),
        ("V1.4.1__pipes_inventory.sql", "inventory__inventory_pipe", "inventory_pipe", "a source of dbt that no pipe fills"),
        ("R__30_pipe_errors.sql", "set error_integration = {{ error_integration }}", "set comment = 'x'", "a pipe without ERROR_INTEGRATION"),
        ("R__40_streams.sql", "{{ feed }}_changes on table", "{{ feed }}_stream on table", "has no stream"),
        ("R__60_nightly_task.sql", "bronze.{{ feed }}_changes", "bronze.{{ feed }}_stream", "has no condition in the nightly task"),
        ("R__60_nightly_task.sql", "alter task audit.nightly resume", "select 1", "a task that no statement resumes"),
        ("R__50_procedures.sql", "from bronze.{{ feed }}_changes", "from bronze.{{ feed }}", "has no place in the procedure"),
        ("R__20_grants.sql", "{{ prefix }}gold_read;", "{{ prefiks }}gold_read;", "'prefiks' is undefined"),
        ("R__20_grants.sql", "{% endfor %}", "", "Unexpected end of template"),
    ],
)  # fmt: skip
def test_scripts_that_do_not_fit_together_are_refused(
    copied: Path, script: str, old: str, new: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # parsing has its own tests
    monkeypatch.setattr(snowflake_rules, "unparsable", lambda script: [])
    text = (copied / script).read_text()
    assert old in text
    (copied / script).write_text(text.replace(old, new))
    found = [str(each) for each in snowflake_rules.check(root=copied)]
    assert any(fault in each for each in found), found


def test_a_pipe_that_replaces_another_is_the_one_that_all_scripts_speak_of(copied: Path) -> None:
    text = (copied / "V1.4.1__pipes_inventory.sql").read_text().replace("inventory_pipe", "inventory_pipe_v2")
    (copied / "V2.0.0__pipe_inventory_again.sql").write_text(text)
    assert [str(fault) for fault in snowflake_rules.check(root=copied)] == []
    values = VALUES | {"pipes": VALUES["pipes"] | snowflake_scripts.newest_pipes(copied)}
    for script in ("R__30_pipe_errors.sql", "R__50_procedures.sql", "R__81_monitoring.sql"):
        rendered = snowflake_scripts.render(script, values)
        assert "inventory__inventory_pipe_v2" in rendered and not re.search(r"inventory__inventory_pipe\b", rendered)


def test_a_script_with_a_name_that_no_tool_would_run_is_refused(copied: Path) -> None:
    (copied / "more_tables.sql").write_text("-- x\nselect 1;")
    assert "the name must be" in str(snowflake_rules.check(root=copied)[0])


def test_scripts_run_in_the_order_of_their_numbers() -> None:
    names = snowflake_scripts.names()
    assert names[0].startswith("V1.0.0__") and names[-1].startswith("R__90_")
    assert names.index("V1.5.4__audit_tables.sql") < names.index("R__10_service_users.sql")


def test_the_loader_reads_what_it_read_without_the_new_scripts(tmp_path: Path) -> None:
    for script in snowflake_scripts.folder().glob("V1.[0-4].*.sql"):
        shutil.copy(script, tmp_path)
    assert pipes.read_definitions(snowflake_scripts.folder()) == pipes.read_definitions(tmp_path)


def test_a_script_is_rendered_as_schemachange_renders_it() -> None:
    from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor

    processor = JinjaTemplateProcessor(project_root=snowflake_scripts.folder())
    for name in snowflake_scripts.names():
        theirs = processor.render(name, VALUES)
        assert snowflake_scripts.render(name, VALUES).removesuffix(";") == theirs


def test_another_environment_shares_no_account_level_name() -> None:
    """Everything outside of the database carries the environment's name."""
    dev = snowflake_scripts.variables({**snowflake_scripts.EXAMPLES, "RETAIL_ENVIRONMENT": "dev"})
    dev |= {"allowed_addresses": ["192.0.2.0/24"], "monthly_credits": 20}
    made = r"create (?:role|user|warehouse|database|storage integration|notification integration|network policy|resource monitor) if not exists (\w+)"
    for name in snowflake_scripts.names() + snowflake_scripts.by_hand():
        text = snowflake_scripts.render(name, dev)
        assert [each for each in re.findall(made, text) if not each.startswith("dev_")] == [], name
    assert VALUES["database"] == "retail" and dev["database"] == "dev_retail"


def test_every_feed_is_served_without_naming_it() -> None:
    feeds = [f"{feed.source}__{feed.name}" for feed in warehouse.feeds()]
    assert VALUES["feeds"] == feeds and len(feeds) > 20
    for script in ("R__30_pipe_errors.sql", "R__40_streams.sql", "R__50_procedures.sql", "R__60_nightly_task.sql"):
        source = (snowflake_scripts.folder() / script).read_text()
        assert not any(feed in source for feed in feeds), script


# -- variables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RETAIL_ENVIRONMENT", "Prod!", "RETAIL_ENVIRONMENT: not a short name"),
        ("RETAIL_LANDING_BUCKET", "s3://bucket/", "RETAIL_LANDING_BUCKET: not the name of a bucket"),
        ("RETAIL_LANDING_BUCKET", "x'; drop database retail; --", "RETAIL_LANDING_BUCKET: not the name of a bucket"),
        ("RETAIL_STORAGE_ROLE_ARN", "retail", "RETAIL_STORAGE_ROLE_ARN: not the ARN of a role"),
        ("RETAIL_ERROR_TOPIC_ARN", "arn:aws:sqs:eu-west-1:123456789012:x", "RETAIL_ERROR_TOPIC_ARN: not the ARN of a topic"),
        ("RETAIL_NIGHTLY_SCHEDULE", "30 3 * * *", "RETAIL_NIGHTLY_SCHEDULE: not five fields of cron and a time zone"),
        ("RETAIL_LOADER_PUBLIC_KEY", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "RETAIL_LOADER_PUBLIC_KEY: holds a private key"),
        ("RETAIL_LOADER_PUBLIC_KEY", "no-such-file.pub", "RETAIL_LOADER_PUBLIC_KEY: neither an RSA public key"),
        ("RETAIL_LOADER_PUBLIC_KEY_2", "x", "RETAIL_LOADER_PUBLIC_KEY_2: neither an RSA public key"),
    ],
)  # fmt: skip
def test_a_variable_of_a_wrong_form_is_one_line_without_its_value(name: str, value: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as failure:
        snowflake_scripts.variables({**snowflake_scripts.EXAMPLES, name: value})
    assert "\n" not in str(failure.value) and "AAAA" not in str(failure.value)


def test_missing_variables_are_named_together() -> None:
    with pytest.raises(UserError, match="not set: RETAIL_LANDING_BUCKET, .*RETAIL_REPORTER_PUBLIC_KEY"):
        snowflake_scripts.variables({})


def test_a_public_key_is_read_from_its_file(tmp_path: Path) -> None:
    key = snowflake_scripts.EXAMPLES["RETAIL_LOADER_PUBLIC_KEY"]
    file = tmp_path / "loader.pub"
    file.write_text(f"-----BEGIN PUBLIC KEY-----\n{key[:64]}\n{key[64:]}\n-----END PUBLIC KEY-----\n")
    assert snowflake_scripts.public_key("X", str(file)) == key


# -- grants -----------------------------------------------------------------------------------------------------------


def test_the_matrix_in_the_docs_is_what_the_scripts_grant() -> None:
    """To renew it: python -m retail.grants"""
    text = (ROOT / "docs" / "snowflake.md").read_text()
    assert grants.matrix() in text


def test_every_access_role_is_used_and_every_function_has_its_warehouse() -> None:
    found = grants.grants()
    roles = set(re.findall(r"create role if not exists (\w+)", snowflake_scripts.render("V1.5.1__roles.sql", VALUES)))
    functional = {"loader", "transformer", "reporter", "steward"}
    assert functional < roles
    handed_on = {grant.on for grant in found if grant.privilege == "role"}
    # the steward's role is for people, whom an administrator knows
    assert roles - handed_on == {"steward"}
    assert {grant.to for grant in found if grant.on.startswith("warehouse ")} == functional
    # privileges on objects stand in access roles alone
    assert {
        grant.to for grant in found if grant.privilege != "role" and not grant.on.startswith("warehouse ")
    } - roles == {"deployer"}


def test_who_may_see_persons_and_who_may_write() -> None:
    """By hand from the design: dbt and stewards see persons; reporters read gold and nothing else; only dbt makes tables."""
    found = grants.grants()
    holds = {
        to: {grant.on for grant in found if grant.to == to and grant.privilege == "role"}
        for to in ("loader", "transformer", "reporter", "steward", "sysadmin", "deployer")
    }
    assert holds == {
        "loader": {"bronze_load"},
        "transformer": {"bronze_read", "layers_write", "pii_read"},
        "reporter": {"gold_read"},
        "steward": {"bronze_read", "silver_read", "gold_read", "audit_read", "pii_read"},
        "sysadmin": {"deployer"},
        "deployer": {"gold_read", "snowflake.usage_viewer", "snowflake.governance_viewer"},
    }
    assert {grant.to for grant in found if "create table" in grant.privilege} == {"layers_write"}
    assert {grant.to for grant in found if "insert" in grant.privilege} == {"bronze_load"}
    assert {grant.on for grant in found if grant.to == "gold_read"} == {
        "database retail", "schema gold", "all tables in schema gold", "all views in schema gold",
    }  # fmt: skip


# -- what dbt reads, and the first load -------------------------------------------------------------------------------


def test_the_views_of_the_load_history_have_the_columns_that_duckdb_has() -> None:
    from retail import load_history

    script = snowflake_scripts.read("R__80_load_history.sql", VALUES)
    for table in ("load_history", "load_rejects"):
        definition = re.search(rf"create table if not exists audit\.{table} \((.*?)\);", load_history.TABLES, re.DOTALL)
        wanted = [line.split()[0] for line in definition[1].strip().splitlines()]
        view = next(each.text for each in script.statements if f"create or replace view audit.{table}" in each.text)
        select = view.partition("\nselect\n")[2].partition("\nfrom ")[0]
        assert [re.split(r"\s", line.strip().rstrip(","))[-1] for line in select.splitlines()] == wanted


def test_a_first_load_puts_files_under_their_paths_and_copies_as_the_pipes_do(tmp_path: Path) -> None:
    for name in ("ops/item/dt=2002-01-01/item.parquet", "inventory/inventory/dt=2002-01-03/it's.csv.gz", "ops/item/_half.parquet", "ops/item/x.part", "elsewhere/x.csv"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    statements = list(first_load.first_load(tmp_path, VALUES))
    puts = [each for each in statements if each.startswith("put ")]
    assert sorted(puts) == [
        f"put 'file://{tmp_path}/inventory/inventory/dt=2002-01-03/it\\'s.csv.gz' '@bronze.first_try/inventory/inventory/dt=2002-01-03/' auto_compress = false overwrite = false",
        f"put 'file://{tmp_path}/ops/item/dt=2002-01-01/item.parquet' '@bronze.first_try/ops/item/dt=2002-01-01/' auto_compress = false overwrite = false",
    ]
    copies = [each for each in statements if each.startswith("copy into ")]
    assert len(copies) == len(VALUES["feeds"])
    text = snowflake_scripts.render("V1.4.1__pipes_inventory.sql", VALUES)
    own = text[text.index("copy into") :].rstrip(";").replace("@bronze.landing/", "@bronze.first_try/")
    assert own in copies


def test_a_first_load_of_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing has landed there; run `retail sample"):
        list(first_load.first_load(tmp_path, VALUES))


def test_every_row_of_a_stream_is_either_in_the_build_or_wakes_the_next_night() -> None:
    """The statements of audit.confirm_build, on DuckDB: what they do with rows of before, at and after the hour before the request, and of no known time."""
    feed = "shop__orders"
    script = snowflake_scripts.read("R__50_procedures.sql", VALUES | {"feeds": [feed]})
    body = next(
        text
        for statement in script.statements
        if "confirm_build" in statement.words and (text := snowflake_scripts.body(statement))
    )
    transaction = snowflake_scripts.without_comments(body).partition("begin transaction;")[2].partition("commit;")[0]
    inserts = [each.strip() for each in transaction.split(";") if each.strip().startswith("insert into")]
    assert len(inserts) == 3

    connection = duckdb.connect()
    connection.execute("create schema audit; create schema bronze")
    for table in snowflake_scripts.read("V1.5.4__audit_tables.sql", VALUES).statements[1:]:
        connection.execute(sqlglot.transpile(table.text, read="snowflake", write="duckdb")[0])
    connection.execute(
        f"create table bronze.{feed}_changes (_file_name varchar, _file_row_number bigint, _loaded_at timestamp);"
        "create table audit.landed_late_changes (feed varchar, file_name varchar, row_count bigint)"
    )

    def confirm(request: str, requested_at: str) -> None:
        for text in inserts:
            text = text.replace(":request_id", f"'{request}'").replace(":requested_at", f"timestamp '{requested_at}'")
            connection.execute(sqlglot.transpile(text, read="snowflake", write="duckdb")[0])

    moments = {
        "old": "2002-01-05 01:00",
        "edge": "2002-01-05 02:30",
        "late": "2002-01-05 03:29",
        "during": "2002-01-05 04:00",
        "unknown": None,
    }
    for name, moment in moments.items():
        connection.executemany(
            f"insert into bronze.{feed}_changes values (?, ?, ?)", [(name, 1, moment), (name, 2, moment)]
        )
    confirm("one", "2002-01-05 03:30")
    done = "select file_name, row_count from audit.processed_files where request_id = ? order by file_name"
    assert connection.execute(done, ["one"]).fetchall() == [("old", 2)]
    late = connection.execute("select file_name, row_count from audit.landed_late order by file_name").fetchall()
    assert late == [("during", 2), ("edge", 2), ("late", 2), ("unknown", 2)]

    # the next night: the feed's stream is empty, that of the late ones holds them
    connection.execute(f"delete from bronze.{feed}_changes")
    connection.execute("insert into audit.landed_late_changes select feed, file_name, row_count from audit.landed_late")
    confirm("two", "2002-01-06 03:30")
    assert connection.execute(done, ["two"]).fetchall() == late
    assert connection.execute("select sum(row_count) from audit.processed_files").fetchone() == (2 * len(moments),)


def test_the_load_history_is_copied_once_and_under_the_paths_that_rows_carry() -> None:
    """The statements of audit.record_loads, on DuckDB, with tables in the place of Snowflake's functions."""
    feed = "shop__orders"
    script = snowflake_scripts.read("R__50_procedures.sql", VALUES | {"feeds": [feed]})
    text = next(
        body for statement in script.statements if (body := snowflake_scripts.body(statement)) and "load_log" in body
    )
    inserts = [each.strip() for each in snowflake_scripts.without_comments(text).split(";") if "insert into" in each]
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'; create schema audit")
    for table in snowflake_scripts.read("V1.5.4__audit_tables.sql", VALUES).statements[1:]:
        connection.execute(sqlglot.transpile(table.text, read="snowflake", write="duckdb")[0])
    connection.execute(
        "create table copy_history (file_name varchar, file_size bigint, status varchar, row_parsed bigint, row_count bigint, error_count bigint,"
        " first_error_message varchar, first_error_line_number bigint, first_error_column_name varchar, pipe_received_time timestamptz, last_load_time timestamptz);"
        "create table validate_pipe_load (file varchar, row_number bigint, row_start_line bigint, column_name varchar, error varchar)"
    )
    loads = [
        # as counted from the stage's root, and from the pipe's folder
        ("shop/orders/dt=2023-03-01/a.csv", "Loaded", 3, 3, 0),
        ("dt=2023-03-01/b.csv", "Partially loaded", 3, 2, 1),
        ("dt=2023-03-01/c.csv", "Load failed", 3, 0, 3),
        ("dt=2023-03-01/d.csv", "Load in progress", None, 0, 0),
    ]
    for name, status, parsed, loaded, errors in loads:
        connection.execute(
            "insert into copy_history values (?, 10, ?, ?, ?, ?, null, null, null, '2023-03-02 01:00:00+00', '2023-03-02 01:05:00+00')",
            [name, status, parsed, loaded, errors],
        )
    connection.executemany(
        "insert into validate_pipe_load values (?, ?, ?, ?, ?)",
        [("dt=2023-03-01/b.csv", 2, 3, "quantity", "broken"), ("dt=2023-03-01/c.csv", 1, 2, "quantity", "broken")],
    )
    # twice: the second night sees the same two weeks
    for _ in range(2):
        for insert in inserts:
            call = r"table\(information_schema\.(\w+)\(.*?current_timestamp\(\)\)\s*\)\)"
            insert = re.sub(call, r"\1", insert, flags=re.DOTALL)
            connection.execute(sqlglot.transpile(insert, read="snowflake", write="duckdb")[0])
    folder = "shop/orders/dt=2023-03-01/"
    log = connection.execute(
        "select pipe_name, file_name, status, row_parsed, row_count, error_count from audit.load_log order by all"
    )
    assert log.fetchall() == [
        ("bronze.shop__orders_pipe", f"{folder}a.csv", "loaded", 3, 3, 0),
        ("bronze.shop__orders_pipe", f"{folder}b.csv", "partially_loaded", 3, 2, 1),
        ("bronze.shop__orders_pipe", f"{folder}c.csv", "load_failed", 3, 0, 3),
    ]
    # of a file that failed whole nothing is missing from bronze but the file
    rejects = connection.execute(
        "select file_name, file_row_number, line_number, column_name, error_message from audit.reject_log"
    )
    assert rejects.fetchall() == [(f"{folder}b.csv", 2, 3, "quantity", "broken")]
