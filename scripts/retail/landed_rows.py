"""A row of bronze as it stands in its landed file: physical line and text of a CSV record, values of a Parquet row."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import duckdb

from retail import csv_records, landed, personal
from retail.errors import UserError
from retail.landed import FileFault
from retail.landing_zone import Bucket, Folder, Gone
from retail.pipes import Pipe


@dataclass(frozen=True)
class LandedRow:
    """Record `number` (from 1) of a file. Of CSV: the physical `line` it begins at, `raw` as it stands there, and its fields
    if it can be cut; of Parquet its values."""

    number: int
    line: int | None
    raw: str | None
    values: dict[str, object]


@dataclass(frozen=True)
class LandedRows:
    """What was found. `state` says in words whether the file is still the one that was loaded; only then are there rows."""

    state: str
    rows: dict[int, LandedRow] = field(default_factory=dict)


def find(zone: Folder | Bucket, pipe: Pipe, name: str, content_key: str | None, numbers: set[int] | None) -> LandedRows:
    """Records of a landed file, by number; all of them where `numbers` is None.

    `content_key` is that of the file when it was loaded. A file that is gone, or has changed, gives no rows.
    """
    try:
        path = zone.fetch(name)
        with open(path, "rb", buffering=0) as stream:
            if content_key and landed.content_key(stream) != content_key:
                return LandedRows("the file has changed since it was loaded, so its lines are not shown")
            if numbers is not None and not numbers:
                return LandedRows("the file is there, unchanged")
            if pipe.file_format.type == "parquet":
                return LandedRows("the file is there, unchanged", _parquet(path, numbers))
            stream.seek(0)
            return LandedRows("the file is there, unchanged", _csv(stream, pipe, name, numbers))
    except (FileNotFoundError, Gone):
        return LandedRows("the file is no longer in the landing zone")
    except OSError as error:
        return LandedRows(f"the file cannot be read: {error.strerror}")
    except (FileFault, UserError, duckdb.Error) as error:
        return LandedRows(f"the file cannot be read: {str(error).splitlines()[0]}")


def _csv(stream: BinaryIO, pipe: Pipe, name: str, numbers: set[int] | None) -> dict[int, LandedRow]:
    dialect = csv_records.dialect_of(pipe.file_format)
    header = csv_records.scan(stream, name, dialect).header
    stream.seek(0)
    last = max(numbers) if numbers else None
    found = {}
    for record in csv_records.split_records(stream, name, dialect):
        if last and record.number > last:
            break
        if numbers is None or record.number in numbers:
            values = dict(zip(header, record.fields, strict=False)) if record.fault is None else {}
            found[record.number] = LandedRow(
                record.number, record.line, record.raw.decode(errors="backslashreplace"), values
            )
    return found


def _parquet(path: Path, numbers: set[int] | None) -> dict[int, LandedRow]:
    with duckdb.connect() as connection:
        text = "".join(f"[{char}]" if char in "*?[" else char for char in str(path))
        result = connection.execute(
            "select file_row_number + 1, * exclude (file_row_number) "
            "from read_parquet($file, hive_partitioning = false, file_row_number = true) "
            "where $numbers is null or file_row_number + 1 in (select unnest($numbers::bigint[]))",
            {"file": text, "numbers": sorted(numbers) if numbers is not None else None},
        )
        names = [column[0].lower() for column in result.description][1:]
        return {
            row[0]: LandedRow(row[0], None, None, dict(zip(names, row[1:], strict=True))) for row in result.fetchall()
        }


def shown(row: LandedRow, columns: list[str], show_personal: bool) -> str:
    """A row as text. Of CSV the line as it stands, personal fields replaced; one that cannot be cut into fields is hidden whole
    where a column of the table is personal."""
    if row.raw is None:
        return as_text(personal.hide(row.values, show_personal))
    if show_personal or not any(map(personal.is_personal, [*columns, *row.values])):
        return row.raw
    if not row.values:
        return hidden_text()
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(personal.hide(row.values, show_personal).values())
    return line.getvalue()


def as_text(row: dict[str, object]) -> str:
    """`name=value` of each column that is not null."""
    return ", ".join(f"{name}={value}" for name, value in row.items() if value is not None) or "all null"


def hidden_text() -> str:
    """What stands for a text that may hold personal data anywhere."""
    return f"{personal.HIDDEN} (may hold personal data; --show-personal shows it)"
