"""A first load without a bucket: landed files are put into an internal stage, and the pipes' own COPY statements load them from there."""

from collections.abc import Iterator
from pathlib import Path

from retail import console, deploy, settings, snowflake_scripts
from retail.errors import UserError
from retail.landed import list_files
from retail.snowflake_rules import copies_of_pipes

STAGE, LANDING = "bronze.first_try", "@bronze.landing/"


def run(*, plan: bool) -> int:
    """Load what has landed, or (`plan`) print the statements that would. Gives the exit code."""
    values = snowflake_scripts.variables()
    statements = list(first_load(settings.landing(), values))
    if plan:
        console.out.print(";\n".join([f"use database {values['database']}", *statements, ""]), markup=False)
        return 0
    with deploy.connected(values, role="loader", warehouse="loading") as session, session.con.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    console.out.print(
        f"{len(statements)} statements run; audit.load_history has what loaded once audit.record_loads() was called."
    )
    return 0


def first_load(landing: Path, values: dict[str, object]) -> Iterator[str]:
    """A PUT for each file that has landed, under the path that it would have in the bucket, then each pipe's COPY from there."""
    copies = copies_of_pipes(values)
    files = [file for found in list_files(landing, [prefix for prefix, _ in copies]).files.values() for file in found]
    for file in files:
        path = str(file.path.resolve()).replace("'", "\\'")
        # the name is the file's identity: it must not get a .gz
        yield f"put 'file://{path}' '@{STAGE}/{file.name.rpartition('/')[0]}/' auto_compress = false overwrite = false"
    if not files:
        raise UserError(f"{landing}: nothing has landed there; run `retail sample --scale 0.01`")
    for _, copy in copies:
        yield copy.replace(LANDING, f"@{STAGE}/")
