"""What `retail run` remembers of the last build that was whole: a small file beside the warehouse.

A night builds only what depends on what landed since, which is right as long as everything else stands as that build left
it. The record vouches for it with the size and the time of change of the database file: whoever else writes the warehouse
(a `dbt build` by hand, a build that was killed) breaks that seal, and the next night builds everything. Loading keeps it,
since what it writes is in the load history.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import yaml

from retail import settings

# What dbt builds from, by ending, in the folders that dbt_project.yml names.
ENDINGS = (".sql", ".yml", ".yaml", ".csv", ".md", ".py")
FOLDERS = ("model-paths", "seed-paths", "test-paths", "macro-paths", "snapshot-paths", "docs-paths")


@dataclass(frozen=True)
class Record:
    """The last whole build: of which project, of how many rows of audit.load_history, when (UTC), and the file it left.

    `published`: whether gold was published since.
    """

    project: str
    history_rows: int
    finished_at: str
    seal: list[int]
    published: bool


def path(database: Path) -> Path:
    """Where the record of a warehouse is."""
    return database.with_name(f"{database.name}.last_build.json")


def read(database: Path) -> Record | None:
    """The record of a warehouse; None where there is none, or it cannot be read."""
    try:
        return Record(**json.loads(path(database).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(database: Path, record: Record) -> None:
    """Keep a record in place of the one before, in one step and on disk."""
    new = path(database).with_name(f"{path(database).name}.new")
    with new.open("w", encoding="utf-8") as stream:
        json.dump(asdict(record), stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, path(database))


def forget(database: Path) -> None:
    """Vouch for nothing any more."""
    path(database).unlink(missing_ok=True)


def whole(database: Path, history_rows: int, project: str) -> Record:
    """The record of a build that has just been whole."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    return Record(project, history_rows, now, seal(database), published=False)


def seal(database: Path) -> list[int]:
    """Sizes, times of change and numbers of the database's file and of its log, if there is one; empty where it is gone."""
    found = []
    for each in (database, database.with_name(f"{database.name}.wal")):
        try:
            status = each.stat()
        except FileNotFoundError:
            continue
        found += [status.st_size, status.st_mtime_ns, status.st_ino]
    return found


def vouched(database: Path) -> Record | None:
    """The record, if the project is the same and nobody has written the database since; None otherwise."""
    record = read(database)
    return record if record and record.seal == seal(database) and record.project == project_hash() else None


def renew(database: Path, record: Record | None) -> None:
    """Seal a record that `vouched` gave again, after writing what it knows of anyway; None stays broken."""
    if record:
        write(database, replace(record, seal=seal(database)))


def project_hash(project: Path | None = None) -> str:
    """A hash of all that decides what dbt makes of the same rows: the project's files, the profile, versions, target."""
    root = project or settings.project_root()
    script = root / "dbt_project.yml"
    configured = yaml.safe_load(script.read_text(encoding="utf-8"))
    folders = {folder for kind in FOLDERS for folder in configured.get(kind, [])}
    files = {
        file
        for folder in folders
        for file in (root / folder).rglob("*")
        if file.suffix in ENDINGS and file.is_file() and _counts(file)
    }
    profiles = [Path(named) if (named := os.environ.get("DBT_PROFILES_DIR")) else root, Path.home() / ".dbt"]
    profile = next((each / "profiles.yml" for each in profiles if (each / "profiles.yml").is_file()), None)
    found = hashlib.sha256()
    for file in [script, *sorted(files)]:
        found.update(f"{file.relative_to(root)}\0".encode())
        found.update(hashlib.sha256(file.read_bytes()).digest())
    found.update(profile.read_bytes() if profile else b"")
    versions = [metadata.version(name) for name in ("dbt-core", "dbt-duckdb", "duckdb")]
    found.update(repr([*versions, os.environ.get("DBT_TARGET"), os.environ.get("DBT_PROFILE")]).encode())
    return found.hexdigest()


def _counts(file: Path) -> bool:
    """Whether dbt reads a file: no Python of ours beside dbt's tests, and of prose only what descriptions quote."""
    if file.suffix == ".py":
        return "tests" not in file.parts
    return file.suffix != ".md" or "{% docs" in file.read_text(encoding="utf-8", errors="replace")
