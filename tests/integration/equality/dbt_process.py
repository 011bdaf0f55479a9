"""dbt for many short builds: a process that has the project parsed, and forks for each command.

Starting dbt and reading the project takes longer than building a hundred rows. Here that is done once; each command runs in a
child of its own, which has everything in memory, leaves no trace in its parent, and can be killed.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[3]
QUIET = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-write-json", "--no-use-colors")


class Killed(Exception):
    """The command's process ended before it could say how it went."""


class DbtFailed(Exception):
    """A command failed; the text says what dbt said."""


@dataclass
class Dbt:
    """The project in `project`, parsed with `variables`, as a context manager. `folder` takes its artifacts."""

    folder: Path
    project: Path = ROOT
    variables: dict[str, object] = field(default_factory=dict)

    def __enter__(self) -> Self:
        # the path of a socket is short
        self._socket_folder = tempfile.TemporaryDirectory(prefix="dbt")
        self._address = str(Path(self._socket_folder.name) / "socket")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "profiles.yml").write_text((ROOT / "profiles.yml.example").read_text())
        environment = {
            **os.environ,
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder),
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            # the profile names a database; parsing opens none
            "RETAIL_DATABASE": str(self.folder / "parsed" / "retail.duckdb"),
        }
        arguments = [sys.executable, __file__, self._address, json.dumps(self.variables)]
        self._process = subprocess.Popen(
            arguments, cwd=self.project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        told = []
        for line in self._process.stdout:
            if line.strip() == "ready":
                break
            told.append(line)
        else:
            self.__exit__()
            raise DbtFailed("the project does not parse:\n" + "".join(told))
        # what is written later goes nowhere that could fill up
        self._drain = subprocess.Popen(["cat"], stdin=self._process.stdout, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._socket_folder.cleanup()

    def manifest(self) -> dict:
        """The project's manifest."""
        return json.loads((self.folder / "target" / "manifest.json").read_text())

    def __call__(
        self,
        database: Path,
        *arguments: str,
        variables: dict[str, object] | None = None,
        environment: dict[str, str] | None = None,
        kill_at: tuple[str, int] | None = None,
    ) -> None:
        """Run a dbt command on a database; with `kill_at` its process is killed at a node, by its unique id.

        It is killed as it sends the node's statement of that number (the first is 1), or at the node's end where it has fewer.

        Raises DbtFailed where the command fails, Killed where it was killed.
        """
        request = {
            "arguments": [*arguments, "--vars", json.dumps({**self.variables, **(variables or {})})],
            "environment": {"RETAIL_DATABASE": str(database), **(environment or {})},
            "kill_at": kill_at,
        }
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._address)
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        if not answer:
            raise Killed(" ".join(arguments))
        failure = json.loads(answer)
        if failure:
            raise DbtFailed(f"dbt {' '.join(arguments)}: {failure}")


# -- in the process ---------------------------------------------------------------------------------------------------


def _answer(connection: socket.socket, manifest: object) -> None:
    """In the child: run the command and say how it went."""
    from dbt.cli.main import dbtRunner

    request = json.loads(connection.makefile("rb").readline())
    os.environ.update(request["environment"])
    failures, sent = [], 0

    def hear(event: object) -> None:
        nonlocal sent
        if request["kill_at"] and event.info.name in ("SQLQuery", "NodeFinished"):
            name, statement = request["kill_at"]
            if event.info.name == "SQLQuery" and event.data.conn_name == name:
                sent += 1
            ended = event.info.name == "NodeFinished" and event.data.node_info.unique_id == name
            if ended or sent == statement:
                os.kill(os.getpid(), signal.SIGKILL)
        elif event.info.level == "error":
            failures.append(event.info.msg)

    done = dbtRunner(manifest=manifest, callbacks=[hear]).invoke([*request["arguments"], *QUIET])
    text = "" if done.success else "\n".join([*failures, str(done.exception or "")]).strip() or "it failed"
    connection.sendall(json.dumps(text).encode())


def _serve(address: str, variables: str) -> None:
    from dbt.cli.main import dbtRunner

    parsed = dbtRunner().invoke(["parse", "--vars", variables, "--quiet", "--no-use-colors"])
    if not parsed.success:
        print(parsed.exception, flush=True)
        sys.exit(1)
    # imported before the fork, so that no child does it again
    import dbt.task.build
    import dbt.task.test  # noqa: F401

    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    server.settimeout(0.02)
    print("ready", flush=True)
    # who asked reads to the end, and that comes when the child is gone and the database free again
    running: dict[int, socket.socket] = {}
    asked_by = os.getppid()
    # nobody is left to ask where the test run was killed
    while os.getppid() == asked_by:
        for child in [child for child in running if os.waitpid(child, os.WNOHANG) != (0, 0)]:
            running.pop(child).close()
        try:
            connection, _ = server.accept()
        except TimeoutError:
            continue
        connection.setblocking(True)
        child = os.fork()
        if child:
            running[child] = connection
            continue
        try:
            server.close()
            for other in running.values():
                other.close()
            _answer(connection, parsed.result)
        # whatever it is, it is said to whoever asked
        except BaseException as error:  # noqa: BLE001
            connection.sendall(json.dumps(f"{type(error).__name__}: {error}").encode())
        finally:
            os._exit(0)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
