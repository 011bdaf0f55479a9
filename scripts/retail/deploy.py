"""`retail deploy`: the Snowflake scripts into an account, each once, through schemachange.

What was applied stands in the account itself, in <database>.deployment.change_history: schemachange's table. Nothing of a failure is hidden there
either; a script that stopped half-way is run again as a whole, which every script can be.
"""

import hashlib
import logging
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from retail import console, settings, snowflake_rules, snowflake_scripts
from retail.errors import UserError

# environment variable: what it holds; as in profiles.yml.example
CONNECTION = {
    "SNOWFLAKE_ACCOUNT": "the account's identifier, <organization>-<account>",
    "SNOWFLAKE_USER": "the user who deploys",
    "SNOWFLAKE_PRIVATE_KEY_PATH": "the file with the private half of its key",
}
# Seconds until an account that does not answer is given up; the connector's own limit is five minutes.
LOGIN_TIMEOUT = 30
NEW, CHANGED, APPLIED, REWRITTEN = "new", "changed", "applied", "rewritten"


@dataclass(frozen=True)
class Step:
    """A script and what a deployment would do with it: run a new or changed one, leave an applied one. A rewritten one stops the deployment."""

    script: str
    state: str


def run(
    *, check: bool = False, plan: bool = False, show: str | None = None, first_load: bool = False, pipes: bool = True
) -> int:
    """Do one of the four, or deploy; with `pipes` false all but what needs a bucket. Gives the exit code; raises UserError where it cannot."""
    if show:
        return _show(show)
    if check:
        return _check()
    if first_load:
        from retail import first_load as module

        return module.run(plan=plan)
    values = snowflake_scripts.variables()
    private_key()
    _refuse_faults(values)
    with connected(values, role="deployer", warehouse="deploying") as session:
        steps = planned(session, values, pipes=pipes)
        if plan:
            _print_plan(steps, values)
        else:
            _apply(session, steps, values)
    return 0


def _check() -> int:
    faults = snowflake_rules.check()
    for fault in faults:
        console.err.print(f"retail: {fault}", style="red", markup=False)
    scripts = snowflake_scripts.names() + snowflake_scripts.by_hand()
    if not faults:
        console.out.print(
            f"{len(scripts)} scripts: they render, Snowflake's grammar takes them, and they keep the rules."
        )
    if missing := [name for name in CONNECTION if not os.environ.get(name)] + snowflake_scripts.missing_settings(
        os.environ
    ):
        console.out.print(
            f"Checked with stand-ins. To deploy, set: {', '.join(missing)} (docs/snowflake.md)", markup=False
        )
    else:
        snowflake_scripts.variables()
        private_key()
    return 1 if faults else 0


def _show(name: str) -> int:
    values = snowflake_scripts.variables()
    known = snowflake_scripts.names() + snowflake_scripts.by_hand()
    if name not in known:
        raise UserError(f"{name}: no such script; there are {', '.join(known)}")
    values |= {"allowed_addresses": os.environ.get("RETAIL_ALLOWED_ADDRESSES", "").split(",")}
    values |= {"monthly_credits": os.environ.get("RETAIL_MONTHLY_CREDITS", "")}
    if name.startswith("optional/"):
        if not all(re.fullmatch(r"[0-9./]{7,18}", address) for address in values["allowed_addresses"]):
            raise UserError("RETAIL_ALLOWED_ADDRESSES: not addresses such as 192.0.2.0/24, separated by commas")
        if not re.fullmatch(r"\d+", values["monthly_credits"]):
            raise UserError("RETAIL_MONTHLY_CREDITS: not a whole number of credits a month")
    console.out.print(snowflake_scripts.render(name, values), markup=False)
    return 0


def _refuse_faults(values: Mapping[str, object]) -> None:
    if faults := snowflake_rules.check(dict(values) | {"allowed_addresses": ["192.0.2.0/24"], "monthly_credits": 20}):
        more = f" (and {len(faults) - 1} more: retail deploy --check)" if len(faults) > 1 else ""
        raise UserError(f"{faults[0]}{more}; nothing was applied")


# -- the account ------------------------------------------------------------------------------------------------------


def connection_settings() -> dict[str, str]:
    """The settings of CONNECTION. Raises UserError where one is missing."""
    if missing := [name for name in CONNECTION if not os.environ.get(name)]:
        raise UserError("not set: " + "; ".join(f"{name} ({CONNECTION[name]})" for name in missing))
    return {name: os.environ[name] for name in CONNECTION}


def private_key() -> Path:
    """The file with the private key. Raises UserError where it holds none, or its passphrase is another."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = Path(connection_settings()["SNOWFLAKE_PRIVATE_KEY_PATH"]).expanduser()
    passphrase = os.environ.get("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE") or None
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UserError(f"SNOWFLAKE_PRIVATE_KEY_PATH: {path}: {error.strerror}") from None
    try:
        key = load_pem_private_key(text, passphrase.encode() if passphrase else None)
    except TypeError:
        what = (
            "is encrypted; set SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"
            if not passphrase
            else "is not encrypted; unset SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"
        )
        raise UserError(f"SNOWFLAKE_PRIVATE_KEY_PATH: {path} {what}") from None
    except (ValueError, UnsupportedAlgorithm):
        # the library's own text may quote what it read
        what = (
            "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE does not open it, or it" if passphrase and b"ENCRYPTED" in text else "it"
        )
        raise UserError(f"SNOWFLAKE_PRIVATE_KEY_PATH: {path}: {what} is no private key in PEM form (PKCS #8)") from None
    if not isinstance(key, RSAPrivateKey):
        raise UserError(f"SNOWFLAKE_PRIVATE_KEY_PATH: {path} is no RSA key, which Snowflake asks for")
    return path


@contextmanager
def connected(values: Mapping[str, object], *, role: str, warehouse: str) -> Iterator[Any]:
    """A schemachange session as a role of this environment. Raises UserError, one line, where there is none to be had."""
    account, user = (connection_settings()[name] for name in ("SNOWFLAKE_ACCOUNT", "SNOWFLAKE_USER"))
    key = private_key()
    with quiet():
        import snowflake.connector
        import structlog
        from schemachange.cli import SCHEMACHANGE_VERSION
        from schemachange.config.ChangeHistoryTable import ChangeHistoryTable
        from schemachange.session.SnowflakeSession import SnowflakeSession

        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        role_name, warehouse_name = f"{values['prefix']}{role}", f"{values['prefix']}{warehouse}"
        try:
            session = SnowflakeSession(
                schemachange_version=SCHEMACHANGE_VERSION,
                application="schemachange",
                logger=structlog.getLogger(),
                change_history_table=ChangeHistoryTable.from_str(history_table(values)),
                account=account,
                user=user,
                role=role_name,
                warehouse=warehouse_name,
                database=str(values["database"]),
                query_tag="retail deploy",
                private_key_file=str(key),
                private_key_file_pwd=os.environ.get("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE") or None,
                additional_snowflake_params={"login_timeout": LOGIN_TIMEOUT, "network_timeout": 600},
            )
        except (snowflake.connector.errors.Error, ValueError) as error:
            raise UserError(_no_connection(error, account, user, role_name, warehouse_name)) from None
        try:
            yield session
        except snowflake.connector.errors.Error as error:
            raise UserError(
                f"{account}: {one_line(error)}; run `retail deploy --plan` to see what was applied"
            ) from None
        finally:
            session.con.close()


def _no_connection(error: Exception, account: str, user: str, role: str, warehouse: str) -> str:
    text = one_line(error)
    if "JWT" in text or "390144" in text:
        return f"{account} does not take the key of {user}: its public half is not set for that user (describe user {user})"
    if "session context" in text or "not authorized" in text or "does not exist" in text:
        return f"{account}: {user} may not use role {role} or warehouse {warehouse}, or there is no such; an administrator runs administrator/account.sql first"
    if re.search(r"Incorrect username|250001 \(08001\): None: Failed to connect.*Incorrect", text):
        return f"{account} does not know user {user}"
    return f"{account} cannot be reached (SNOWFLAKE_ACCOUNT is <organization>-<account>, without .snowflakecomputing.com): {text}"


@contextmanager
def quiet() -> Iterator[None]:
    """Without the libraries' own logs and warnings: they speak in tracebacks, and of what is being retried."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(before)


def one_line(error: object) -> str:
    """The first 300 characters of a message, on one line."""
    return " ".join(str(error).split())[:300]


# -- plan and deployment ----------------------------------------------------------------------------------------------


def history_table(values: Mapping[str, object]) -> str:
    """Where schemachange keeps what it applied."""
    return f"{values['database']}.deployment.change_history"


# Making a pipe reaches for its bucket, and the monitoring views for the pipes.
NEEDS_BUCKET = r"V\d+\.\d+\.\d+__pipes?_\w+\.sql|R__\d\d_monitoring\.sql"


def planned(session: Any, values: Mapping[str, object], *, pipes: bool) -> list[Step]:
    """What a deployment would do with each script, in its order; changes nothing."""
    once, repeatable, _ = session.get_script_metadata(create_change_history_table=True, dry_run=True)
    steps = []
    for name in snowflake_scripts.names():
        if not pipes and re.fullmatch(NEEDS_BUCKET, name):
            continue
        checksum = _checksum(name, values)
        if name in once:
            steps.append(Step(name, APPLIED if once[name]["checksum"] == checksum else REWRITTEN))
        elif repeatable and name in repeatable:
            steps.append(Step(name, APPLIED if repeatable[name][0] == checksum else CHANGED))
        else:
            steps.append(Step(name, NEW))
    return steps


def _checksum(name: str, values: Mapping[str, object]) -> str:
    from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor

    text = JinjaTemplateProcessor(project_root=snowflake_scripts.folder()).render(name, dict(values))
    return hashlib.sha224(text.encode("utf-8")).hexdigest()


def _failed_last(session: Any) -> str | None:
    """The script at which the last deployment stopped."""
    if not session.fetch_change_history_metadata():
        return None
    query = (
        f"select script, status from {session.change_history_table.fully_qualified} order by installed_on desc limit 1"
    )
    for cursor in session.execute_snowflake_query(query, logger=session.logger):
        for script, status in cursor:
            return script if status == "Failed" else None
    return None


def _refuse_rewritten(steps: list[Step]) -> None:
    if rewritten := [step.script for step in steps if step.state == REWRITTEN]:
        raise UserError(
            f"{', '.join(rewritten)}: applied before with another text or other variables, and a run-once script is not run again; "
            "put it back and write a new one. Nothing was applied"
        )


def _print_plan(steps: list[Step], values: Mapping[str, object]) -> None:
    table = Table("script", "would be")
    does = {
        NEW: "applied",
        CHANGED: "applied again, since it changed",
        APPLIED: "left alone",
        REWRITTEN: "refused: it was applied with another text",
    }
    for step in steps:
        table.add_row(step.script, does[step.state])
    console.print_table(table)
    count = sum(step.state in (NEW, CHANGED) for step in steps)
    console.out.print(f"{count} of {len(steps)} scripts would be applied to database {values['database']}.")


def _apply(session: Any, steps: list[Step], values: Mapping[str, object]) -> None:
    # schemachange takes a whole folder, and what is not among the steps is not to be applied
    with tempfile.TemporaryDirectory() as folder:
        for step in steps:
            shutil.copy(snowflake_scripts.folder() / step.script, folder)
        _apply_folder(session, steps, values, Path(folder))


def _apply_folder(session: Any, steps: list[Step], values: Mapping[str, object], root: Path) -> None:
    from schemachange import deploy as schemachange
    from schemachange.config.DeployConfig import DeployConfig
    from schemachange.ScriptExecutionError import ScriptExecutionError

    _refuse_rewritten(steps)
    if failed := _failed_last(session):
        console.err.print(
            f"The last deployment stopped at {failed}; that script is run again as a whole.", markup=False
        )
    config = DeployConfig.factory(
        config_file_path=settings.project_root() / "schemachange-config.yml",
        root_folder=root,
        config_vars=dict(values),
        change_history_table=history_table(values),
        create_change_history_table=True,
        # a new source brings scripts whose numbers lie before those of the roles
        out_of_order=True,
    )
    try:
        schemachange.deploy(config, session)
    except ScriptExecutionError as error:
        before = [step.script for step in steps if step.state in (NEW, CHANGED)]
        done = before.index(error.script_name) if error.script_name in before else 0
        raise UserError(
            f"{error.script_name}: {one_line(error.error_message)}; {done} scripts before it are applied and recorded, this one is not: "
            "put it right and run `retail deploy` again"
        ) from None
    except ValueError as error:
        raise UserError(f"{one_line(error)}; nothing was applied") from None
    count = sum(step.state in (NEW, CHANGED) for step in steps)
    console.out.print(
        f"{count} scripts applied to database {values['database']}; {len(steps) - count} were there already."
    )
