"""`retail unload`: gold as Parquet in the processed zone, through dbt (macros/unload), with one version of grace for who still reads the old one."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retail import console, landing_zone, settings, warehouse, whole_files
from retail.errors import UserError

CURRENT = "current.json"
VERSIONS = "versions"
# objects on their way to a bucket at once
UPLOADS = 8


@dataclass(frozen=True)
class Unloaded:
    """What was unloaded: the version's name and the rows of each model; None where dbt wrote to an account's own zone."""

    version: str
    rows: dict[str, int]


def current(folder: Path) -> dict | None:
    """What current.json of a processed zone says; None where nothing was unloaded yet."""
    return _current(landing_zone.Folder(folder))


def _current(zone: landing_zone.Folder | landing_zone.Bucket) -> dict | None:
    try:
        found = zone.read(CURRENT)
        return None if found is None else json.loads(found)
    except (OSError, ValueError) as error:
        raise UserError(f"{zone}/{CURRENT}: cannot be read ({error}); remove it and run `retail unload`") from None


def unload(
    folder: str, *, wait: float = 60.0, progress: Callable[[str, int, int], None] | None = None
) -> Unloaded | None:
    """Unload gold of the profile's target into `folder`, a path or s3://…, in place of what counts there.

    `wait` is how many seconds to wait for whoever writes the warehouse or the folder; `progress` is called with a model, how
    many are done, and how many there are. Raises UserError where dbt could not; what counted before counts still.
    """
    into = _into_bucket if "://" in folder else _into_folder
    try:
        found = into(folder, wait, progress)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}: {error.filename}; what counted before counts still") from None
    return found and Unloaded(found["version"], {each["model"]: each["row_count"] for each in found["models"]})


def _into_folder(folder: str, wait: float, progress: Callable[[str, int, int], None] | None) -> dict | None:
    """What counts now in a folder of this machine; None where another target has a zone of its own."""
    local = settings.project_root() / folder
    local.mkdir(parents=True, exist_ok=True)
    # dbt holds it too, should we be killed: until it has ended nobody else writes or removes anything
    with whole_files.alone(local, wait, "retail unload") as lock:
        before = current(local)
        _dbt(local, (lock,), wait, progress)
        found = current(local)
        if not found or found == before:
            return None
        kept = {each["version"] for each in (before, found) if each}
        for old in (local / VERSIONS).iterdir():
            if old.name not in kept:
                shutil.rmtree(old)
    return found


def _into_bucket(address: str, wait: float, progress: Callable[[str, int, int], None] | None) -> dict | None:
    """The same in a bucket: written on this machine, uploaded object by object, current.json last."""
    zone = landing_zone.of(address)
    with zone.locked(CURRENT, "retail unload"), tempfile.TemporaryDirectory(prefix="retail-unload-") as name:
        local = Path(name)
        before = _current(zone)
        _dbt(local, (), wait, progress)
        found = current(local)
        if not found:
            return None
        files = [path for path in (local / VERSIONS).rglob("*") if path.is_file()]
        with ThreadPoolExecutor(UPLOADS) as uploads:
            try:
                list(uploads.map(lambda path: _upload(zone, local, path), files))
            except BaseException:
                uploads.shutdown(cancel_futures=True)
                raise
        zone.write(CURRENT, (local / CURRENT).read_bytes())
        kept = tuple(f"{each['folder']}/" for each in (before, found) if each)
        for old in zone.names(f"{VERSIONS}/"):
            if not old.startswith(kept):
                zone.remove(old)
    return found


def _upload(zone: landing_zone.Bucket, local: Path, path: Path) -> None:
    name = path.relative_to(local).as_posix()
    try:
        zone.place(path, name, landing_zone.sha256(path))
    except landing_zone.Damaged:
        raise UserError(f"{zone}/{name}: did not arrive as it was sent; what counted before counts still") from None


def _dbt(
    folder: Path, inherited: tuple[int, ...], wait: float, progress: Callable[[str, int, int], None] | None
) -> None:
    """Run the operation once the warehouse is free; UserError with what dbt says where it failed."""
    database = settings.database()
    if database.exists():
        warehouse.when_free(database, wait, lambda: duckdb.connect(str(database), read_only=True).close())
    process = subprocess.Popen(
        [Path(sys.executable).with_name("dbt"), "--log-format", "json", "run-operation", "unload_gold"],
        cwd=settings.project_root(),
        env={**os.environ, "RETAIL_PROCESSED": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=inherited,
    )
    errors: list[str] = []
    try:
        for line in process.stdout:
            try:
                info = json.loads(line)["info"]
            except (ValueError, KeyError, TypeError):
                continue
            if progress and info["msg"].startswith("unloaded "):
                _, count, name = info["msg"].split()
                progress(name, *map(int, count.split("/")))
            elif info["level"] == "error":
                errors.append(" ".join(info["msg"].split()))
    finally:
        # after Ctrl-C dbt, which has got it too, ends what it was about
        process.stdout.close()
        process.wait()
    if process.returncode:
        said = max(errors, key=len, default="it ended before it was done")[:400]
        raise UserError(f"dbt could not unload gold: {said}; what counted before counts still")


def run(wait: float) -> int:
    """Unload with the settings' paths, with a progress bar and one line that says what is there; the exit code."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    folder = settings.processed()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console.err, transient=True, disable=not console.err.is_terminal) as bar:
        task = bar.add_task("unload", total=None)

        def progress(name: str, done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        try:
            result = unload(folder, wait=wait, progress=progress)
        except KeyboardInterrupt:
            console.err.print("Interrupted: what counted before counts still.")
            return 130
    if result is None:
        console.out.print("Unloaded gold to the processed zone of the profile's target", markup=False)
    else:
        place = folder.rstrip("/") if "://" in folder else settings.shown(settings.project_root() / folder)
        console.out.print(
            f"Unloaded {len(result.rows)} tables and views of gold to {place}/: "
            f"{sum(result.rows.values()):,} rows, version {result.version}",
            markup=False,
        )
    return 0
