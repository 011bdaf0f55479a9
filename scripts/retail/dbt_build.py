"""`dbt build` of everything, or of what depends on the feeds that landed, in a process of its own: a DuckDB file has one writer."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from retail import selection, settings

FAILED = ("error", "fail", "runtime error", "partial success")


@dataclass(frozen=True)
class Node:
    """How a node of dbt's ended: its kind (model, snapshot, seed, test, unit_test), name, status, and what dbt says of it."""

    kind: str
    name: str
    status: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.name}: {self.message or self.status}"


@dataclass
class Built:
    """How a build ended. `stopped`: why it did not begin, or not end, by itself."""

    nodes: list[Node] = field(default_factory=list)
    stopped: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything was built and no test failed."""
        return not self.stopped and not self.failed()

    def failed(self) -> list[Node]:
        """Models that could not be built, and tests that failed."""
        return [node for node in self.nodes if node.status in FAILED]

    def warned(self) -> list[Node]:
        """Tests that warned."""
        return [node for node in self.nodes if node.status == "warn"]

    def count(self, *kinds: str) -> int:
        """Nodes of some kinds that ran."""
        return sum(node.kind in kinds and node.status != "skipped" for node in self.nodes)

    def skipped(self) -> int:
        """Nodes that were left out since one before them failed."""
        return sum(node.status == "skipped" for node in self.nodes)


def build(
    landed: Iterable[str] | None,
    *,
    anew: bool = False,
    inherited: tuple[int, ...] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Built:
    """Build what depends on the feeds that landed (`ops.item`), everything for None, with their tests.

    `anew` makes incremental tables anew from bronze: their rows were made by other models, seeds or variables.
    `inherited` are open files that the process keeps open until it ends, whatever becomes of ours; `progress` is called with
    a node, how many are done, and how many there are. What dbt says in full is in its log.
    """
    command = [
        sys.executable,
        "-m",
        "retail.dbt_build",
        *(["anew" if anew else "all"] if landed is None else ["landed", *sorted(landed)]),
    ]
    process = subprocess.Popen(
        command, cwd=settings.project_root(), stdout=subprocess.PIPE, text=True, pass_fds=inherited
    )
    result = Built(stopped="dbt's process ended before it was done")
    try:
        for line in process.stdout:
            told = _told(line)
            if "done" in told and progress:
                progress(told["done"], told["number"], told["total"])
            elif "nodes" in told:
                result = Built([Node(*node) for node in told["nodes"]], told["stopped"])
    except SystemExit:
        # this process is told to end: nobody waits for dbt
        process.kill()
        raise
    finally:
        # after Ctrl-C dbt, which has got it too, ends what it was about
        process.stdout.close()
        process.wait()
    return result


def _told(line: str) -> dict:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


# -- in the process of dbt's own --------------------------------------------------------------------------------------


def _main(arguments: list[str]) -> int:
    from dbt.cli.main import dbtRunner

    errors: list[str] = []

    def hear(event: object) -> None:
        info = event.info  # type: ignore[attr-defined]
        if info.name in ("LogModelResult", "LogTestResult", "LogSnapshotResult", "LogSeedResult"):
            data = event.data  # type: ignore[attr-defined]
            total = data.num_models if info.name == "LogTestResult" else data.total
            _say({"done": data.node_info.node_name, "number": data.index, "total": total})
        elif info.level == "error":
            errors.append(info.msg)

    quiet = ("--quiet", "--log-level", "none", "--log-level-file", "debug", "--no-use-colors")
    parsed = dbtRunner(callbacks=[hear]).invoke(["parse", *quiet])
    if not parsed.success:
        return _stopped(str(parsed.exception or "; ".join(errors)))
    if parsed.result.metadata.adapter_type != "duckdb":
        return _stopped(
            f"the profile's target is on {parsed.result.metadata.adapter_type}: `retail run` loads and builds the DuckDB warehouse; "
            "choose its target in profiles.yml"
        )
    chosen: list[str] = ["--full-refresh"] if arguments[0] == "anew" else []
    if arguments[0] == "landed":
        manifest = json.loads((settings.target() / "manifest.json").read_text(encoding="utf-8"))
        # a unit test brings its own rows, and those of a project that has not changed have passed
        chosen = ["--exclude-resource-type", "unit_test", "--select", *selection.affected(manifest, arguments[1:])]
    done = dbtRunner(manifest=parsed.result, callbacks=[hear]).invoke(["build", *chosen, *quiet])
    results = getattr(done.result, "results", None)
    if results is None:
        return _stopped(str(done.exception or "; ".join(errors) or "dbt ended with an error"))
    nodes = [
        (str(each.node.resource_type), each.node.name, str(each.status), _first_lines(each.message)) for each in results
    ]
    stopped = "" if done.success or any(node[2] in FAILED for node in nodes) else str(done.exception or "dbt failed")
    _say({"nodes": nodes, "stopped": _first_lines(stopped)})
    return 0


def _stopped(reason: str) -> int:
    _say({"nodes": [], "stopped": _first_lines(reason)})
    return 1


def _first_lines(message: str | None) -> str:
    """What dbt says of a node, as one line: without where in which macro, and without the SQL."""
    text = re.split(r"\n\s*(?:> in macro|LINE \d+:|compiled code at|\^)", message or "")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and " in " in lines[0] and "Error" in lines[0]:
        lines = lines[1:]
    return " ".join(lines)[:400]


def _say(told: dict) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
