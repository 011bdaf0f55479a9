"""The emulated Snowflake as the tests use it: a server, the project's profile pointed at it, and bronze brought in as it landed on DuckDB."""

import json
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from conftest import ROOT, Warehouse
from retail import load_history, pipes

with warnings.catch_warnings():
    # of the connector's own copy of requests
    warnings.simplefilter("ignore")
    import snowflake.connector

HERE = Path(__file__).parent
SCRIPTS = ROOT / "scripts" / "snowflake"
PYTHON = Path(os.environ.get("FAKESNOW_PYTHON", ROOT / ".venv-fakesnow" / "bin" / "python"))
DATABASE = "RETAIL"
# What a deployment makes before dbt runs: the database with its schemas, and the bronze tables.
DEPLOYED = ("V1.0.*.sql", "V1.3.*.sql")
START_SECONDS = 60


@dataclass
class Emulated:
    """A running server. `loaded` counts the rows of each table that were brought in."""

    folder: Path
    port: int
    loaded: dict[str, int] = field(default_factory=dict)

    @property
    def statements(self) -> Path:
        """Every statement that the server was sent, a JSON text a line."""
        return self.folder / "statements.jsonl"

    @property
    def environment(self) -> dict[str, str]:
        """Environment under which `dbt --target snowflake` works on this server."""
        return {
            "SNOWFLAKE_ACCOUNT": "fakesnow",
            "SNOWFLAKE_USER": "transformer",
            "SNOWFLAKE_DATABASE": DATABASE,
            # so that what changes the warehouse is sent, too
            "SNOWFLAKE_LARGE_WAREHOUSE": "TRANSFORMING_LARGE",
            "RETAIL_EMULATOR_PORT": str(self.port),
        }

    def connect(self) -> Any:
        """A connection of the Snowflake connector."""
        return snowflake.connector.connect(
            account="fakesnow",
            user="loader",
            password="-",
            host="127.0.0.1",
            port=self.port,
            protocol="http",
            database=DATABASE,
            schema="BRONZE",
            network_timeout=60,
        )

    def run(self, *statements: str) -> list[tuple]:
        """Run statements; the rows of the last."""
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def copy(self, to: Path) -> Path:
        """Copy the DuckDB file behind the database, while nobody writes: the server keeps it open, so it cannot be read in place."""
        file = self.folder / "databases" / f"{DATABASE}.db"
        shutil.copy(file, to)
        log = file.with_name(file.name + ".wal")
        if log.exists():
            shutil.copy(log, to.with_name(to.name + ".wal"))
        # what stands in the log comes into the file
        duckdb.connect(str(to)).close()
        return to

    def deploy(self) -> None:
        """Carry out the scripts for the database, its schemas and bronze; and the two tables of the load history, as the loader has them."""
        scripts = [script for pattern in DEPLOYED for script in sorted(SCRIPTS.glob(pattern))]
        self.run(
            *(statement.text for script in scripts for statement in pipes.split_script(script)),
            *filter(str.strip, load_history.TABLES.split(";")),
        )

    def bring(self, database: Path) -> None:
        """Copy what has landed in a DuckDB database since the last time: bronze, and the load history."""
        files = self.folder / "landed" / str(len(list((self.folder / "landed").glob("*"))))
        statements = ["create or replace stage bronze.landed url = 'file://" + str(files) + "/'"]
        with duckdb.connect(str(database), read_only=True) as connection:
            listed = connection.execute(
                "select schema_name || '.' || table_name from duckdb_tables() "
                "where schema_name = 'bronze' or table_name in ('load_history', 'load_rejects') order by all"
            ).fetchall()
            for (name,) in listed:
                (rows,) = connection.execute(f"select count(*) from {name}").fetchone()
                known, self.loaded[name] = self.loaded.get(name, 0), rows
                if rows > known:
                    (files / name).mkdir(parents=True)
                    # these tables only grow, so their rows stand in the order in which they came
                    connection.execute(
                        f"copy (select * from {name} order by rowid offset {known}) to '{files / name}/rows.parquet' (format parquet)"
                    )
                    statements.append(
                        f"copy into {name} from @bronze.landed/{name}/ "
                        "file_format = (type = parquet) match_by_column_name = case_insensitive"
                    )
        self.run(*statements)


@contextmanager
def emulated(folder: Path) -> Iterator[Emulated]:
    """A server with an empty account, for as long as the block lasts."""
    for name in ("databases", "landed"):
        (folder / name).mkdir(parents=True)
    port_file, output = folder / "port", folder / "server.log"
    with output.open("w") as log:
        server = subprocess.Popen(
            [PYTHON, HERE / "server.py", folder / "databases", port_file, folder / "statements.jsonl"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not port_file.exists():
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the emulated Snowflake did not start:\n{output.read_text()}")
            time.sleep(0.05)
        yield Emulated(folder, int(port_file.read_text()))
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def write_profile(warehouse: Warehouse) -> None:
    """The profile that users get, its Snowflake target pointed at the emulator: what has to be another is another here and nowhere else."""
    profile = yaml.safe_load((ROOT / "profiles.yml.example").read_text())
    target = profile["retail"]["outputs"]["snowflake"]
    target.pop("private_key_path")
    target.pop("private_key_passphrase")
    target |= {
        "host": "127.0.0.1",
        "port": "{{ env_var('RETAIL_EMULATOR_PORT') | int }}",
        "protocol": "http",
        "password": "-",
        "threads": 2,
    }
    (warehouse.target / "profiles.yml").write_text(yaml.safe_dump(profile))


def distinct_statements(log: Path) -> list[str]:
    """The statements of a log, each once."""
    return list(dict.fromkeys(json.loads(line) for line in log.read_text().splitlines()))
