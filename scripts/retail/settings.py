"""Where things are. dbt's profile reads the same environment variables with the same defaults."""

import os
import re
from pathlib import Path

from retail.errors import UserError


def project_root() -> Path:
    """The folder that holds dbt_project.yml (the package is installed in place, so it is found from this file)."""
    return Path(__file__).resolve().parents[2]


def landing() -> Path:
    """Root of the landing zone: RETAIL_LANDING, relative to the project's root; `landing` by default.

    Raises UserError where it is in a bucket: `landing_zone.from_settings()` is for those who can use one.
    """
    if landing_address():
        raise UserError(
            f"RETAIL_LANDING is {landing_address()}: this verb needs a folder; `retail land` copies files to a bucket"
        )
    return project_root() / (os.environ.get("RETAIL_LANDING") or "landing")


def landing_address() -> str | None:
    """Address of the landing zone where RETAIL_LANDING names a bucket (`s3://bucket/prefix`)."""
    named = os.environ.get("RETAIL_LANDING") or ""
    return named if named.startswith("s3:") else None


def database() -> Path:
    """The DuckDB warehouse: RETAIL_DATABASE, relative to the project's root; `warehouse/retail.duckdb` by default."""
    return project_root() / (os.environ.get("RETAIL_DATABASE") or "warehouse/retail.duckdb")


def gold() -> Path:
    """Published gold: RETAIL_GOLD, relative to the project's root; by default `gold.duckdb` beside the warehouse."""
    named = os.environ.get("RETAIL_GOLD")
    return project_root() / named if named else database().with_name("gold.duckdb")


def processed() -> str:
    """The processed zone: RETAIL_PROCESSED, a folder relative to the project's root or s3://…; `processed` by default."""
    return os.environ.get("RETAIL_PROCESSED") or "processed"


def site() -> Path:
    """The static site: RETAIL_SITE, relative to the project's root; `site` by default."""
    return project_root() / (os.environ.get("RETAIL_SITE") or "site")


# What a night publishes, in this order.
PUBLISHED = ("gold", "site", "processed", "tableau")


def published() -> list[str]:
    """What a night publishes: RETAIL_PUBLISH, such as `gold,site`; everything by default (Tableau where it is configured).

    Raises UserError for a name that is none of PUBLISHED.
    """
    named = [name.strip() for name in os.environ.get("RETAIL_PUBLISH", "").split(",") if name.strip()]
    unknown = sorted(set(named) - set(PUBLISHED))
    if unknown:
        raise UserError(f"RETAIL_PUBLISH: {unknown[0]} is not published; what is: {', '.join(PUBLISHED)}")
    return [name for name in PUBLISHED if not named or name in named]


def target() -> Path:
    """Where dbt leaves its artifacts: DBT_TARGET_PATH, relative to the project's root; `target` by default."""
    return project_root() / (os.environ.get("DBT_TARGET_PATH") or "target")


def logs() -> Path:
    """Where logs go: DBT_LOG_PATH, relative to the project's root; `logs` by default."""
    return project_root() / (os.environ.get("DBT_LOG_PATH") or "logs")


# Seconds that a step of the night may take. Generous: they end what hangs, and what works is not to be cut off.
STEP_SECONDS = {"check": 600, "schema": 1800, "load": 4 * 3600, "build": 4 * 3600, "publish": 3600}


def step_seconds() -> dict[str, float]:
    """How long each step of the night may take: RETAIL_STEP_SECONDS, such as `load=7200,build=14400`, over the defaults.

    Raises UserError where it cannot be read.
    """
    found: dict[str, float] = dict(STEP_SECONDS)
    for part in filter(None, map(str.strip, os.environ.get("RETAIL_STEP_SECONDS", "").split(","))):
        step, _, seconds = part.partition("=")
        if step not in STEP_SECONDS or not re.fullmatch(r"\d+(\.\d+)?", seconds) or float(seconds) == 0:
            raise UserError(
                f"RETAIL_STEP_SECONDS: {part}: a step and its seconds are wanted, such as load=7200; "
                f"steps: {', '.join(STEP_SECONDS)}"
            )
        found[step] = float(seconds)
    return found


def queue() -> str | None:
    """The SQS queue that tells of new objects: RETAIL_QUEUE_URL; none by default."""
    return os.environ.get("RETAIL_QUEUE_URL") or None


def topic() -> str | None:
    """The SNS topic that failures and warnings go to: RETAIL_SNS_TOPIC_ARN; none by default, then standard error."""
    return os.environ.get("RETAIL_SNS_TOPIC_ARN") or None


def metrics() -> str | None:
    """The CloudWatch namespace that a run's numbers go to: RETAIL_CLOUDWATCH_NAMESPACE; none by default."""
    return os.environ.get("RETAIL_CLOUDWATCH_NAMESPACE") or None


def shown(path: Path) -> str:
    """A path as it is told to the user: relative to the folder they are in, where it lies below it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
