"""DuckDB's extensions as they come in wheels: loaded from where the wheel lies, nothing is installed or fetched."""

import importlib.util
from pathlib import Path

import duckdb

from retail.errors import UserError


def load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension (`httpfs`, `postgres_scanner`) into a connection's database.

    Raises UserError where its wheel is not installed or does not fit the engine.
    """
    found = importlib.util.find_spec(f"duckdb_extension_{name}")
    folders = (found.submodule_search_locations or []) if found else []
    paths = [
        path for folder in folders for path in Path(folder).rglob(f"v{duckdb.__version__}/{name}.duckdb_extension")
    ]
    try:
        if not paths:
            raise FileNotFoundError(f"no wheel of it for DuckDB {duckdb.__version__}")
        connection.execute(f"load '{str(paths[0]).replace(chr(39), chr(39) * 2)}'")
    except (OSError, duckdb.Error) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            f"DuckDB's extension {name} cannot be loaded ({reason}); install the locked dependencies: make setup"
        ) from None
