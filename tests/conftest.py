"""What the tests share: one small warehouse, made as a user makes it, from `retail sample` to `dbt build`."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Warehouse:
    """A built warehouse. Tests only read it; one that writes works on a copy of `database` under the same file name."""

    landing: Path
    database: Path
    target: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment under which `retail` and `dbt` work on this warehouse and nothing else."""
        return {
            **os.environ,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "RETAIL_LANDING": str(self.landing),
            "RETAIL_DATABASE": str(self.database),
            "RETAIL_SITE": str(self.database.with_name("site")),
            "RETAIL_PROCESSED": str(self.database.with_name("processed")),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.target / "logs"),
            "DBT_PROFILES_DIR": str(self.target),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    @property
    def compiled(self) -> Path:
        """Folder of the compiled SQL of the project (models/, tests/, analyses/ below it)."""
        return self.target / "compiled" / "retail"

    def run(
        self, *command: str, check: bool = True, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `retail ...` or `dbt ...` on this warehouse; with `check` a failure shows what was printed."""
        done = subprocess.run(
            command, cwd=ROOT, env={**self.environment, **(env or {})}, capture_output=True, text=True, check=False
        )
        if check and done.returncode != 0:
            pytest.fail(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}", pytrace=False
            )
        return done

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Read-only connection to the warehouse."""
        return duckdb.connect(str(self.database), read_only=True)


def new_warehouse(folder: Path) -> Warehouse:
    """An empty warehouse's places under `folder`, with the profile that users get."""
    warehouse = Warehouse(folder / "landing", folder / "retail.duckdb", folder / "target")
    warehouse.target.mkdir(parents=True)
    (warehouse.target / "profiles.yml").write_text((ROOT / "profiles.yml.example").read_text())
    return warehouse


def build_sample(folder: Path, scale: str) -> Warehouse:
    """A warehouse of TPC-DS at `scale`, built whole."""
    warehouse = new_warehouse(folder)
    warehouse.run("retail", "sample", "--scale", scale)
    warehouse.run("retail", "load")
    warehouse.run("dbt", "build")
    # analyses are compiled, not built
    warehouse.run("dbt", "compile", "--select", "resource_type:analysis")
    return warehouse


@pytest.fixture(autouse=True, scope="session")
def only_gold_is_published() -> Iterator[None]:
    """What a night publishes of gold beyond the database (site, processed zone) has tests of its own, which say so."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RETAIL_PUBLISH", "gold")
        yield


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """TPC-DS at scale 0.01, built whole."""
    return build_sample(tmp_path_factory.mktemp("warehouse"), "0.01")


@pytest.fixture(scope="session")
def larger_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """TPC-DS at scale 0.1, the default sample, built whole. For tests marked slow."""
    return build_sample(tmp_path_factory.mktemp("larger_warehouse"), "0.1")
