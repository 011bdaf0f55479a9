"""`retail unload`: gold as Parquet in the processed zone, through dbt (macros/unload), with one version of grace for who still reads the old one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import duckdb

from retail import console, settings, warehouse, whole_files
from retail.errors import UserError

CURRENT = "current.json"
VERSIONS = "versions"


@dataclass(frozen=True)
class Unloaded:
    """What was unloaded: the version's name and the rows of each model; None where dbt wrote to an account's own zone."""

    version: str
    rows: dict[str, int]


def current(folder: Path) -> dict | None:
    """What current.json of a processed zone says; None where nothing was unloaded yet."""
    try:
        return json.loads((folder / CURRENT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(f"{folder / CURRENT}: cannot be read ({error}); remove it and run `retail unload`") from None


def unload(
    folder: str, *, wait: float = 60.0, progress: Callable[[str, int, int], None] | None = None
) -> Unloaded | None:
    """Unload gold of the profile's target into `folder`, a path or s3://…, in place of what counts there.

    `wait` is how many seconds to wait for whoever writes the warehouse or the folder; `progress` is called with a model, how
    many are done, and how many there are. Raises UserError where dbt could not; what counted before counts still.
    """
    local = None if "://" in folder else settings.project_root() / folder
    try:
        with ExitStack() as held:
            inherited: tuple[int, ...] = ()
            before = None
            if local:
                local.mkdir(parents=True, exist_ok=True)
                # dbt holds it too, should we be killed: until it has ended nobody else writes or removes anything
                inherited = (held.enter_context(whole_files.alone(local, wait, "retail unload")),)
                before = current(local)
            database = settings.database()
            if database.exists():
                warehouse.when_free(database, wait, lambda: duckdb.connect(str(database), read_only=True).close())
            _dbt(str(local or folder), inherited, progress)
            found = current(local) if local else None
            if not local or not found or found == before:
                # another target has a zone of its own
                return None
            kept = {each["version"] for each in (before, found) if each}
            for old in (local / VERSIONS).iterdir():
                if old.name not in kept:
                    shutil.rmtree(old)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}: {error.filename}; what counted before counts still") from None
    return Unloaded(found["version"], {each["model"]: each["row_count"] for each in found["models"]})


def _dbt(folder: str, inherited: tuple[int, ...], progress: Callable[[str, int, int], None] | None) -> None:
    """Run the operation; UserError with what dbt says where it failed."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("dbt"), "--log-format", "json", "run-operation", "unload_gold"],
        cwd=settings.project_root(),
        env={**os.environ, "RETAIL_PROCESSED": folder},
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
        console.out.print(
            f"Unloaded {len(result.rows)} tables and views of gold to {settings.shown(settings.project_root() / folder)}/: "
            f"{sum(result.rows.values()):,} rows, version {result.version}",
            markup=False,
        )
    return 0
