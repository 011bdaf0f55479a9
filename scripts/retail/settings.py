"""Where things are. dbt's profile reads the same environment variables with the same defaults."""

import os
from pathlib import Path


def project_root() -> Path:
    """The folder that holds dbt_project.yml (the package is installed in place, so it is found from this file)."""
    return Path(__file__).resolve().parents[2]


def landing() -> Path:
    """Root of the landing zone: RETAIL_LANDING, relative to the project's root; `landing` by default."""
    return project_root() / (os.environ.get("RETAIL_LANDING") or "landing")


def database() -> Path:
    """The DuckDB warehouse: RETAIL_DATABASE, relative to the project's root; `warehouse/retail.duckdb` by default."""
    return project_root() / (os.environ.get("RETAIL_DATABASE") or "warehouse/retail.duckdb")
