"""`retail deploy` against a stand-in for an account: what is applied, recorded and left alone; and every way in which it cannot be done, in one line.

The stand-in answers what schemachange asks of its change history, and notes all other statements. It does not know SQL: that is the scripts' own test.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from retail import cli, deploy, snowflake_rules, snowflake_scripts
from retail.errors import UserError

PASSPHRASE = "not-to-be-printed"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files: a private key, an encrypted one, its public half, and something else."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    folder = tmp_path_factory.mktemp("keys")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    files = {
        "plain": key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()),
        "encrypted": key.private_bytes(
            s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(PASSPHRASE.encode())
        ),
        "public": key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo),
        "elliptic": ec.generate_private_key(ec.SECP256R1()).private_bytes(
            s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()
        ),
        "other": b"hello",
    }
    for name, text in files.items():
        (folder / name).write_bytes(text)
    return {name: folder / name for name in files} | {"missing": folder / "missing"}


@pytest.fixture
def environment(keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """All that a deployment needs, set."""
    for name in [each for each in os.environ if each.startswith(("SNOWFLAKE_", "RETAIL_"))]:
        monkeypatch.delenv(name)
    values = snowflake_scripts.EXAMPLES | {
        "SNOWFLAKE_ACCOUNT": "org-account",
        "SNOWFLAKE_USER": "retail_deployer",
        "SNOWFLAKE_PRIVATE_KEY_PATH": str(keys["plain"]),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    yield values


class Account:
    """What outlives a connection: the change history, and the statements that scripts sent. `broken` is a statement that fails."""

    def __init__(self) -> None:
        self.history: list[dict[str, Any]] = []
        self.has_history = False
        self.statements: list[str] = []
        self.broken: str | None = None
        self.refusal: Exception | None = None
        self.connections: list[dict[str, Any]] = []

    def connect(self, **settings: Any) -> "Connection":
        self.connections.append(settings)
        if self.refusal:
            raise self.refusal
        return Connection(self, settings)


class Connection:
    def __init__(self, account: Account, settings: dict[str, Any]) -> None:
        self.known, self.session_id, self.schema = account, 1, None
        self.account, self.user = settings["account"], settings["user"]
        self.role, self.warehouse, self.database = settings["role"], settings["warehouse"], settings["database"]

    def cursor(self) -> "Cursor":
        return Cursor(self.known)

    def execute_string(self, text: str) -> None:
        pass

    def autocommit(self, on: bool) -> None:
        pass

    commit = rollback = close = lambda self: None


class Cursor:
    def __init__(self, account: Account) -> None:
        self.known, self.rows = account, []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)

    def execute(self, text: str, parameters: tuple[Any, ...] | None = None) -> None:
        import snowflake.connector

        code = " ".join(snowflake_scripts.without_comments(text).lower().split())
        self.rows = []
        good = [row for row in reversed(self.known.history) if row["status"] == "Success"]
        if "information_schema.tables where table_schema = replace('deployment'" in code:
            self.rows = [("created", "altered")] if self.known.has_history else []
        elif "information_schema.schemata" in code:
            self.rows = [(0,)]
        elif code.startswith("create table if not exists retail.deployment.change_history"):
            self.known.has_history = True
        elif "change_history" in code and "script_type = 'v'" in code:
            self.rows = [(row["version"], row["script"], row["checksum"]) for row in good if row["type"] == "V"]
        elif "change_history" in code and "script_type = 'r'" in code:
            newest = {row["script"]: row["checksum"] for row in reversed(good) if row["type"] == "R"}
            self.rows = list(newest.items())
        elif code.startswith("select script, status from retail.deployment.change_history"):
            self.rows = [(row["script"], row["status"]) for row in self.known.history[-1:]]
        elif code.startswith("insert into retail.deployment.change_history"):
            names = ("version", "description", "script", "type", "checksum", "time", "status", "by")
            self.known.history.append(dict(zip(names, parameters, strict=True)))
        elif not code.startswith(("use ", "alter session", "create schema if not exists retail.deployment")):
            if self.known.broken and self.known.broken in code:
                raise snowflake.connector.errors.ProgrammingError(
                    "001003 (42000): SQL compilation error:\nno such thing"
                )
            self.known.statements.append(code)


@pytest.fixture
def account(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Account:
    import snowflake.connector

    account = Account()
    monkeypatch.setattr(snowflake.connector, "connect", account.connect)
    # a second each; that a deployment asks for them has a test
    monkeypatch.setattr(snowflake_rules, "check", lambda values: [])
    return account


def run(**options: Any) -> int:
    return deploy.run(**options)


def test_a_deployment_applies_all_and_a_second_one_nothing(account: Account, capsys: pytest.CaptureFixture) -> None:
    assert run() == 0
    count = len(snowflake_scripts.names())
    assert f"{count} scripts applied to database retail; 0 were there already." in capsys.readouterr().out
    assert [row["script"] for row in account.history] == snowflake_scripts.names()
    assert {row["status"] for row in account.history} == {"Success"}
    values = snowflake_scripts.variables()
    scripts = [snowflake_scripts.read(name, values) for name in snowflake_scripts.names()]
    wanted = [each for script in scripts for each in script.statements if not each.words.startswith("use ")]
    assert len(account.statements) == len(wanted)
    assert account.connections[0]["role"].lower() == "deployer"
    assert "password" not in account.connections[0]
    before = (list(account.history), list(account.statements))

    assert run() == 0
    assert f"0 scripts applied to database retail; {count} were there already." in capsys.readouterr().out
    assert (account.history, account.statements) == before


def test_a_plan_says_it_and_changes_nothing(account: Account, capsys: pytest.CaptureFixture) -> None:
    assert run(plan=True) == 0
    count = len(snowflake_scripts.names())
    assert f"{count} of {count} scripts would be applied" in capsys.readouterr().out
    assert (account.history, account.statements, account.has_history) == ([], [], False)
    run()
    capsys.readouterr()
    run(plan=True)
    assert f"0 of {count} scripts would be applied" in capsys.readouterr().out


def test_a_changed_variable_runs_the_repeatable_scripts_that_have_it(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    run()
    monkeypatch.setenv("RETAIL_NIGHTLY_SCHEDULE", "0 4 * * * America/New_York")
    done = len(account.history)
    assert run() == 0
    assert [row["script"] for row in account.history[done:]] == ["R__60_nightly_task.sql"]
    assert "1 scripts applied" in capsys.readouterr().out


def test_a_script_of_a_lower_number_still_runs(account: Account) -> None:
    """A new source's table and pipe have numbers before those of the roles."""
    run()
    account.history = [row for row in account.history if row["script"] != "V1.4.1__pipes_inventory.sql"]
    done = len(account.history)
    assert run() == 0
    assert [row["script"] for row in account.history[done:]] == ["V1.4.1__pipes_inventory.sql"]


def test_without_a_bucket_all_but_the_pipes_is_applied_and_a_later_deployment_brings_them(account: Account) -> None:
    assert run(pipes=False) == 0
    left_out = set(snowflake_scripts.names()) - {row["script"] for row in account.history}
    assert left_out == {name for name in snowflake_scripts.names() if "__pipes_" in name} | {"R__81_monitoring.sql"}
    assert not any("create pipe" in each or "system$pipe_status" in each for each in account.statements)
    done = len(account.history)
    assert run() == 0
    assert {row["script"] for row in account.history[done:]} == left_out


def test_a_half_applied_deployment_says_where_it_stopped_and_goes_on_from_there(
    account: Account, capsys: pytest.CaptureFixture
) -> None:
    account.broken = "create stream if not exists bronze.shop__orders_changes"
    names = snowflake_scripts.names()
    place = names.index("R__40_streams.sql")
    with pytest.raises(UserError, match="R__40_streams.sql: .*no such thing") as failure:
        run()
    assert "\n" not in str(failure.value)
    assert f"{place} scripts before it are applied and recorded, this one is not" in str(failure.value)
    assert account.history[-1]["status"] == "Failed"
    account.broken = None
    capsys.readouterr()
    assert run() == 0
    said = capsys.readouterr()
    assert "The last deployment stopped at R__40_streams.sql" in said.err
    assert f"{len(names) - place} scripts applied" in said.out
    run()
    assert "0 scripts applied" in capsys.readouterr().out


def test_a_run_once_script_that_was_rewritten_stops_before_anything_is_applied(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    before = (list(account.history), list(account.statements))
    # the landing bucket stands in the stage, which is made once
    monkeypatch.setenv("RETAIL_LANDING_BUCKET", "another-bucket")
    with pytest.raises(UserError, match="V1.2.0__stage.sql: applied before with another text") as failure:
        run()
    assert "Nothing was applied" in str(failure.value)
    assert (account.history, account.statements) == before


def test_scripts_with_faults_are_not_applied(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        snowflake_rules, "check", lambda values: [snowflake_rules.Fault("V9.sql, line 3", "no ON_ERROR")]
    )
    with pytest.raises(UserError, match="V9.sql, line 3: no ON_ERROR; nothing was applied"):
        run()
    assert account.connections == []


@pytest.mark.parametrize(
    "name", ["SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER", "SNOWFLAKE_PRIVATE_KEY_PATH", "RETAIL_LANDING_BUCKET"]
)
def test_a_missing_setting_is_named(account: Account, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(UserError, match=f"not set: {name}"):
        run()
    assert account.connections == []


@pytest.mark.parametrize(
    ("key", "passphrase", "message"),
    [
        ("missing", "", "No such file or directory"),
        ("other", "", "no private key in PEM form"),
        ("public", "", "no private key in PEM form"),
        ("elliptic", "", "is no RSA key"),
        ("encrypted", "", "is encrypted; set SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"),
        ("encrypted", "wrong-one", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE does not open it"),
        ("plain", PASSPHRASE, "is not encrypted; unset SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"),
    ],
)
def test_a_wrong_key_is_one_line_before_anything_is_tried(
    account: Account, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch, key: str, passphrase: str, message: str
) -> None:
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_PATH", str(keys[key]))
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", passphrase)
    with pytest.raises(UserError, match=message) as failure:
        run()
    assert "\n" not in str(failure.value) and "hello" not in str(failure.value)
    assert not passphrase or passphrase not in str(failure.value)
    assert account.connections == []


def test_the_passphrase_reaches_the_connection_and_nobody_else(
    account: Account, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_PATH", str(keys["encrypted"]))
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", PASSPHRASE)
    run()
    run(plan=True)
    assert account.connections[0]["private_key_file_pwd"] == PASSPHRASE
    said = capfd.readouterr()
    assert PASSPHRASE not in said.out + said.err
    assert "PRIVATE" not in said.out + said.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("250001 (08001): None: Failed to connect to DB. JWT token is invalid. [0ce9eb56]", "does not take the key of retail_deployer"),
        ("250001 (08001): None: 404 Not Found: post org-account.snowflakecomputing.com:443", "org-account cannot be reached"),
        ("250001: Could not connect to Snowflake backend after 4 attempt(s).Aborting", "org-account cannot be reached"),
        ("250001 (08001): None: Failed to connect to DB: Role 'DEPLOYER' specified in the connect string does not exist or not authorized.", "an administrator runs administrator/account.sql first"),
    ],
)  # fmt: skip
def test_an_account_that_does_not_let_us_in_is_one_line(account: Account, text: str, message: str) -> None:
    import snowflake.connector

    account.refusal = snowflake.connector.errors.DatabaseError(text)
    with pytest.raises(UserError, match=message) as failure:
        run()
    assert "\n" not in str(failure.value)
    assert (account.history, account.statements) == ([], [])


def test_a_script_is_shown_with_its_variables(environment: dict[str, str], capsys: pytest.CaptureFixture) -> None:
    assert run(show="administrator/account.sql") == 0
    said = capsys.readouterr().out
    assert "create role if not exists deployer" in said and "s3://retail-landing/" in said and "{{" not in said
    with pytest.raises(UserError, match="nothing.sql: no such script; there are V1.0.0__"):
        run(show="nothing.sql")
    with pytest.raises(UserError, match="RETAIL_ALLOWED_ADDRESSES: not addresses"):
        run(show="optional/network_and_budget.sql")


def test_a_check_needs_no_account_and_says_what_a_deployment_would_need(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for name in environment:
        monkeypatch.delenv(name)
    assert run(check=True) == 0
    said = capsys.readouterr().out
    assert re.search(r"\d+ scripts: they render, Snowflake's grammar takes them, and they keep the rules", said)
    assert "To deploy, set: SNOWFLAKE_ACCOUNT, " in said


def test_from_the_command_line_every_failure_is_one_line_without_a_traceback(
    environment: dict[str, str], keys: dict[str, Path]
) -> None:
    """A process of its own, as a user runs it; the account's name leads nowhere, and nothing is sent."""
    command = [sys.executable, "-c", "from retail.cli import main; main()", "deploy"]
    base = {**os.environ, **environment}
    for changed, said in (
        ({"RETAIL_LANDING_BUCKET": ""}, "not set: RETAIL_LANDING_BUCKET"),
        ({"SNOWFLAKE_ACCOUNT": ""}, "not set: SNOWFLAKE_ACCOUNT"),
        ({"SNOWFLAKE_PRIVATE_KEY_PATH": str(keys["other"])}, "no private key in PEM form"),
    ):
        done = subprocess.run(command, env=base | changed, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and said in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1 and done.stdout == ""


def test_the_keys_that_openssl_makes_are_told_apart(keys: dict[str, Path]) -> None:
    """A public key is taken as PEM and without its header; a private one in neither form."""
    body = "".join(keys["public"].read_text().splitlines()[1:-1])
    assert snowflake_scripts.public_key("X", str(keys["public"])) == body == snowflake_scripts.public_key("X", body)
    private = "".join(keys["plain"].read_text().splitlines()[1:-1])
    for text in (private, keys["plain"].read_text(), str(keys["plain"])):
        with pytest.raises(UserError, match=r"X: (holds a private key|neither an RSA public key)") as failure:
            snowflake_scripts.public_key("X", text)
        assert private[:20] not in str(failure.value)


def test_options_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(UserError, match="exclude each other"):
        cli.deploy(check=True, plan=True)
    with pytest.raises(UserError, match="exclude each other"):
        cli.deploy(check=True, first_load=True)


def test_a_first_load_is_printed_or_run(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("RETAIL_LANDING", str(tmp_path))
    (tmp_path / "ops/item/dt=2002-01-01").mkdir(parents=True)
    (tmp_path / "ops/item/dt=2002-01-01/item.parquet").write_bytes(b"x")
    assert run(first_load=True, plan=True) == 0
    said = capsys.readouterr().out
    assert "put 'file://" in said and "@bronze.first_try/ops/item/" in said and account.connections == []
    assert run(first_load=True) == 0
    assert account.connections[0]["role"].lower() == "loader"
    assert sum(each.startswith("put ") for each in account.statements) == 1
    assert sum(each.startswith("copy into bronze.") for each in account.statements) == len(
        snowflake_scripts.example_variables()["feeds"]
    )
