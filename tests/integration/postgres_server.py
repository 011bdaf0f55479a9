"""A PostgreSQL of the tests' own: a new cluster in a temporary folder, reached through a socket in it, gone when they end.

PostgreSQL refuses to run as root; where the tests do, it runs as the system's user `postgres`.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

USER = "retail"


@dataclass(frozen=True)
class Server:
    """A running server; `environment` leads libpq, and so `retail extract`, to it."""

    folder: Path
    bin: Path
    database: str = USER

    @property
    def environment(self) -> dict[str, str]:
        """Settings of libpq."""
        return {"PGHOST": str(self.folder), "PGPORT": "5432", "PGUSER": USER, "PGDATABASE": self.database}

    def connect(self, database: str | None = None) -> psycopg.Connection:
        """A connection of the tests' own, which commits each statement."""
        return psycopg.connect(
            host=str(self.folder), port=5432, user=USER, dbname=database or self.database, autocommit=True
        )

    def new_database(self, name: str, template: str = "template1") -> "Server":
        """The same server with a new database, a copy of another one."""
        with self.connect("postgres") as connection:
            connection.execute(f"drop database if exists {name} with (force)")
            connection.execute(f"create database {name} template {template}")
        return Server(self.folder, self.bin, name)

    def stop(self) -> None:
        """Stop at once, as a crash or a power cut does."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Start; what was committed is there."""
        # safe settings cost seconds and protect nothing here
        settings = (
            f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off -c max_connections=40"
        )
        self._control("start", "-l", str(self.folder / "log"), "-o", settings)

    def _control(self, *arguments: str) -> None:
        run_as_owner([str(self.bin / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-t", "60", *arguments])


def binaries() -> Path:
    """The folder of PostgreSQL's programs; the test fails where there is none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    found = shutil.which("initdb")
    if not folders and not found:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql", pytrace=False)
    return folders[-1] if folders else Path(found).parent


def run_as_owner(command: list[str]) -> None:
    """Run one of PostgreSQL's programs as a user that it accepts."""
    as_postgres = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run(
        command,
        **as_postgres,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}", pytrace=False)


@contextmanager
def started() -> Iterator[Server]:
    """A new server; stopped and removed at the end."""
    programs = binaries()
    # a socket's path may have 107 bytes, and its owner must be able to reach it: not below pytest's own folders
    folder = Path(tempfile.mkdtemp(prefix="retail-pg-", dir="/tmp"))
    server = Server(folder, programs)
    try:
        folder.chmod(0o755)
        if os.getuid() == 0:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        data = str(folder / "data")
        run_as_owner([str(programs / "initdb"), "-D", data, "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync"])
        server.start()
        try:
            with server.connect("postgres") as connection:
                connection.execute(f"create database {USER}")
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
