"""A small landing zone for tests: the project's own scripts cut down to three feeds, and files written by hand."""

import gzip
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from retail import load, settings

SCRIPTS = settings.project_root() / "scripts" / "snowflake"
OPS_FEEDS = ("reason", "ship_mode")
INVENTORY = "inv_date,inv_item_sk,inv_warehouse_sk,inv_quantity_on_hand\n"


def small_scripts(folder: Path, feeds: tuple[str, ...] = OPS_FEEDS) -> Path:
    """The project's scripts with the inventory feed and some ops feeds."""
    folder.mkdir(parents=True, exist_ok=True)
    for script in SCRIPTS.glob("*.sql"):
        text = script.read_text()
        if script.stem.endswith("_ops"):
            head, *blocks = text.split("\n\n")
            created = {f"bronze.ops__{feed}{ending}" for feed in feeds for ending in ("", "_pipe")}
            text = "\n\n".join([head, *(block for block in blocks if block.split()[5] in created)])
        elif re.search("__(pipes|bronze_tables)_(?!inventory)", script.name):
            continue
        (folder / script.name).write_text(text)
    return folder


@dataclass
class Zone:
    """A landing zone, its database and its scripts, all in one temporary folder."""

    folder: Path
    scripts: Path = field(init=False)
    landing: Path = field(init=False)
    database: Path = field(init=False)

    def __post_init__(self) -> None:
        self.scripts = small_scripts(self.folder / "scripts")
        self.landing = self.folder / "landing"
        self.database = self.folder / "warehouse" / "retail.duckdb"

    def put(self, name: str, data: bytes | str) -> Path:
        """Land a file; `.gz` packs it, text becomes UTF-8."""
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = data.encode() if isinstance(data, str) else data
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        return path

    def put_count(self, name: str, *lines: str, header: str = INVENTORY) -> Path:
        """Land an inventory file of some lines."""
        return self.put(f"inventory/inventory/{name}", header + "".join(line + "\n" for line in lines))

    def put_reasons(self, name: str, query: str) -> Path:
        """Land a Parquet file of feed ops.reason with the rows of a query."""
        path = self.landing / "ops" / "reason" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # wildcards in a name would be taken for a pattern by other writers than COPY
        duckdb.connect().execute(f"copy ({query}) to '{path.parent}/written.tmp' (format parquet)")
        shutil.move(path.parent / "written.tmp", path)
        return path

    def load(self, **options) -> load.LoadResult:
        """Run the loader."""
        return load.load(self.landing, self.database, scripts=options.pop("scripts", self.scripts), **options)

    def query(self, sql: str) -> list[tuple]:
        """Ask the database."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def counts(self) -> list[tuple]:
        """What is in bronze.inventory__inventory, without the load metadata, in order of file and record."""
        return self.query(
            "select inv_date, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand from bronze.inventory__inventory "
            "order by _file_name, _file_row_number"
        )

    def bronze(self) -> dict[str, list[tuple]]:
        """Every bronze table, and history and rejects, without what is about the run itself."""
        tables = self.query("select table_name from duckdb_tables() where schema_name = 'bronze' order by 1")
        found = {
            name: self.query(f"select * exclude (_loaded_at) from bronze.{name} order by all") for (name,) in tables
        }
        found["load_history"] = self.query(
            "select * exclude (started_at, finished_at, note) from audit.load_history order by all"
        )
        found["load_rejects"] = self.query("select * from audit.load_rejects order by all")
        return found


def texts(result: load.LoadResult) -> list[str]:
    """The problems of a run as lines."""
    return [str(problem) for problem in result.problems]
