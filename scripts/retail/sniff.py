"""What a sample file holds: its columns, and what the values of each read as.

A CSV file lands as text, so its types are found by trying: DuckDB counts for each column how many values read as a whole
number, a date and so on, the same way as the project's macros read them. A Parquet file brings its types.
"""

import csv
import functools
import io
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from retail import csv_records
from retail.errors import UserError
from retail.landed import FileFault

METADATA = ("_file_name", "_file_row_number", "_file_content_key", "_file_last_modified", "_loaded_at")
"""The load metadata of every bronze table, in order."""

OWN_NAMES = {"row_key", "landed_date", "reject_reason", *METADATA}
"""Names that staging gives itself."""

SAMPLE_ROWS = 200_000
MAX_SCALE = 8
"""Most decimals of a staged number: more would leave too few digits before the point, and 18 in all is what DuckDB casts fast."""

FITS = 0.9
"""Share of a column's values that must read as a type for the column to be taken for it: a sample may be dirty."""

# Snowflake's, as far as sqlfluff's dialect does not have them
_RESERVED_TOO = frozenset(
    ["account", "case", "column", "cross", "database", "false", "issue", "organization", "schema", "true", "view"]
)

# the last word of a name that says its digits are no number
_ID_WORDS = frozenset(
    [
        "id",
        "ids",
        "no",
        "nr",
        "num",
        "number",
        "code",
        "key",
        "sk",
        "sku",
        "ean",
        "upc",
        "gtin",
        "barcode",
        "zip",
        "zipcode",
        "postcode",
        "phone",
        "mobile",
        "fax",
        "iban",
        "plu",
    ]
)


@dataclass(frozen=True)
class Staged:
    """A column of the staging model: name, how it is read (Jinja SQL, `@` for the text), type, what it must be."""

    name: str
    expression: str
    type: str
    must_be: str
    is_day: bool = False


@dataclass(frozen=True)
class Column:
    """A column of the sample.

    `header` as in the file; `bronze` as the bronze table has it (lower case: pipes match without regard to case); `name` in
    snake case; `type` of the bronze table, in Snowflake's words; `hash_type` as surrogate_key wants it; `staged` is empty
    where the value stays what it is. `values`, `misfits`, `misfit`: values that are there, that do not read as meant, one of
    them.
    """

    header: str
    bronze: str
    name: str
    type: str = "varchar"
    hash_type: str = "text"
    is_float_id: bool = False
    staged: tuple[Staged, ...] = ()
    values: int = 0
    misfits: int = 0
    misfit: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the column lands as text."""
        return self.type == "varchar"

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns in the staging model."""
        return tuple(staged.name for staged in self.staged) or (self.name,)


@dataclass(frozen=True)
class Sample:
    """A sample file: `format` csv or parquet, the delimiter of CSV, its columns, and how many records were read, of how many."""

    format: str
    delimiter: str
    columns: tuple[Column, ...]
    read: int
    records: int
    notes: list[str] = field(default_factory=list)


@functools.cache
def reserved_words() -> frozenset[str]:
    """Words that one of the engines does not take for a column's name, in lower case.

    DuckDB calls few of its keywords reserved, and stumbles over more of them (`at`), so each is tried in the places where
    a staging model puts its columns.
    """
    # sqlfluff takes half a second to import
    from sqlfluff.core.dialects import dialect_selector

    snowflake = {word.lower() for word in dialect_selector("snowflake").sets("reserved_keywords")}
    connection = duckdb.connect()
    stumbled = set()
    for (word,) in connection.execute("select distinct keyword_name from duckdb_keywords()").fetchall():
        places = f"{word}, strftime({word}, 'x'), md5(trim({word})), {word} is null, cast({word} as varchar) as {word}"
        try:
            connection.extract_statements(f"select {places} from (select named.{word}, 1 as {word} from named) as x")
        except duckdb.Error:
            stumbled.add(word)
    return frozenset(snowflake | _RESERVED_TOO | stumbled)


def read_sample(file: Path) -> Sample:
    """Read a sample file. Raises UserError for one that the pipes could not load."""
    name = file.name.lower()
    try:
        if not file.is_file():
            raise UserError(f"{file}: no such file; name one that the source sends, CSV (.csv, .csv.gz) or Parquet")
        if name.endswith(".parquet"):
            return _read_parquet(file)
        if re.search(r"\.(csv|tsv|txt)(\.gz)?$", name):
            return _read_csv(file)
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from None
    except FileFault as fault:
        raise UserError(f"{file}: {fault}") from None
    raise UserError(f"{file}: the name must end in .csv, .csv.gz or .parquet, so that the pipe knows how to read it")


def snake_case(header: str) -> str:
    """A header as a column's name: lower case, words joined by underscores, no accents; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", header.replace("ß", "ss")).encode("ascii", "ignore").decode()
    plain = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", plain)
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def name_columns(file: Path, headers: list[str]) -> list[Column]:
    """The columns with their names, all text. Raises UserError where two would have one name."""
    reserved, columns, taken = reserved_words(), [], {}
    for position, header in enumerate(headers, 1):
        where = f"{file}: column {position} ({header!r})"
        if header.lower() in METADATA:
            raise UserError(f"{where} has the name of a load metadata column; rename it in the export")
        if re.search(r'["{}\x00-\x1f]', header):
            raise UserError(
                f'{where} has a character in its name that SQL cannot hold (", {{, }} or a control character)'
            )
        name, notes = snake_case(header), []
        if not name:
            name = f"column_{position}"
        elif name[0].isdigit():
            name = f"column_{name}"
        if name in reserved or name in OWN_NAMES:
            why = "a reserved word" if name in reserved else "a name of the load's own"
            notes.append(f"{name} is {why}: staged as {name}_value")
            name = f"{name}_value"
        if name in taken:
            raise UserError(
                f"{where} and column {taken[name][0]} ({taken[name][1]!r}) would both be called {name}; rename one in the export"
            )
        taken[name] = (position, header)
        columns.append(Column(header, header.lower(), name, notes=tuple(notes)))
    return columns


# -- CSV --------------------------------------------------------------------------------------------------------------


def _read_csv(file: Path) -> Sample:
    with file.open("rb") as raw:
        head = csv_records.decompressed(raw, file.name)
        chunk = csv_records.read_chunk(head)
    first = re.split(rb"\r?\n", chunk.removeprefix(b"\xef\xbb\xbf"), maxsplit=1)[0]
    delimiter = max(",;\t|", key=lambda each: (first.count(each.encode()), each == ","))
    dialect = csv_records.Dialect(delimiter.encode(), b'"', True)
    with file.open("rb") as raw:
        # as the loader reads it: finds what makes a file unreadable, and counts its records
        scan = csv_records.scan(raw, file.name, dialect)
    headers = next(csv.reader(io.StringIO(first.decode()), delimiter=delimiter))
    values = [
        header for header in headers if re.fullmatch(r"[-+]?[\d.,]*\d|\d{4}-\d\d-\d\d.*|\d+/\d+/\d+.*", header.strip())
    ]
    if values:
        raise UserError(f"{file}: the first line must name the columns; {values[0]!r} looks like a value")
    columns = name_columns(file, headers)

    connection = duckdb.connect()
    listed = ", ".join(f"'c{place}': 'varchar'" for place in range(len(columns)))
    compression = "gzip" if file.name.lower().endswith(".gz") else "none"
    try:
        connection.execute(
            f"create table sample as from read_csv($file, columns = {{{listed}}}, auto_detect = false, header = false, skip = 1, "
            f"delim = $delimiter, quote = '\"', escape = '\"', compression = '{compression}', ignore_errors = true, "
            f"hive_partitioning = false) limit {SAMPLE_ROWS}",
            {"file": str(file).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]"), "delimiter": delimiter},
        )
    except duckdb.Error as error:
        raise UserError(f"{file}: {str(error).splitlines()[0]}") from None
    read = connection.execute("select count(*) from sample").fetchone()[0]
    staged = [_find_type(connection, f"c{place}", column, delimiter) for place, column in enumerate(columns)]
    return _checked(file, Sample("csv", delimiter, tuple(staged), read, scan.records))


def _find_type(connection: duckdb.DuckDBPyConnection, place: str, column: Column, delimiter: str) -> Column:
    """The column with what most of its values read as."""
    tests = {
        "whole": "try_cast(v as double) = try_cast(v as bigint)",
        "padded": r"regexp_matches(v, '^[-+]?0[0-9]')",
        "number": "try_cast(v as decimal(18, 2)) is not null",
        "comma": r"regexp_matches(v, '^[-+]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?$')",
        "with_comma": "v like '%,%'",
        "float_id": r"regexp_matches(v, '^[0-9]+\.0$')",
        "date": "v like '____-__-__' and try_cast(v as date) is not null",
        "moment": "v like '____-__-__%' and length(v) > 10 and try_cast(v as timestamp) is not null",
        "month_first": _parts_date("v", 1, 2),
        "day_first": _parts_date("v", 2, 1),
        "slashed_time": "v like '% %'",
        "time": r"regexp_matches(v, '^([01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9]$')",
        "short_time": r"regexp_matches(v, '^([01]?[0-9]|2[0-3]):[0-5][0-9]$')",
        "flag": "v in ('Y', 'N')",
    }  # fmt: skip
    counted = ", ".join(f"count(case when {test} then 1 end) as {name}" for name, test in tests.items())
    found = connection.execute(
        f"select count(v), coalesce(max(case when regexp_matches(v, '^[-+]?[0-9]+[.,][0-9]+$') "
        f"then length(regexp_extract(v, '[0-9]+$')) end), 0) as scale, {counted} from (select nullif(trim({place}), '') as v from sample)"
    )
    values, scale, *rest = found.fetchone()
    counts = dict(zip(tests, rest, strict=True))
    kind = _kind(column.name, values, counts, delimiter)
    notes = list(column.notes)
    if kind == "ambiguous":
        notes.append(
            "every value could be month/day or day/month: kept as text; read it with month_day_year or day_month_year"
        )
    if values == 0:
        notes.append("no value in the sample: kept as text")
    if kind in ("number", "comma") and scale > MAX_SCALE:
        notes.append(f"values have up to {scale} decimals: rounded to {MAX_SCALE}")
    staged = _staged(connection, place, kind, column.name, min(max(scale, 2), MAX_SCALE))
    if not staged:
        return _with(column, values=values, is_float_id=kind == "float_id", notes=tuple(notes))
    meant = tests[kind.partition("+")[0]]
    misfit = connection.execute(
        f"select min(v) from (select nullif(trim({place}), '') as v from sample) where v is not null and not coalesce({meant}, false)"
    ).fetchone()[0]
    misfits = values - counts[kind.partition("+")[0]]
    return _with(column, staged=staged, values=values, misfits=misfits, misfit=misfit, notes=tuple(notes))


def _kind(name: str, values: int, counts: dict[str, int], delimiter: str) -> str:
    """The kind that at least FITS of the values have; `text` where none is."""
    most = {kind for kind, count in counts.items() if values and count >= FITS * values}
    is_id = name.rpartition("_")[2] in _ID_WORDS
    if is_id and "float_id" in most:
        return "float_id"
    if "whole" in most and not is_id and not counts["padded"]:
        return "whole"
    if "number" in most and not is_id and not counts["padded"]:
        return "number"
    if "comma" in most and counts["with_comma"] and delimiter != "," and not is_id:
        return "comma"
    for kind in ("date", "moment", "time", "short_time", "flag"):
        if kind in most:
            return kind
    if {"month_first", "day_first"} <= most and counts["month_first"] == counts["day_first"]:
        return "ambiguous"
    for kind, other in (("month_first", "day_first"), ("day_first", "month_first")):
        if kind in most and counts[kind] >= counts[other]:
            return kind + ("+time" if "slashed_time" in most else "")
    return "text"


def _parts_date(value: str, month: int, day: int) -> str:
    """The condition under which a text is a date of three numbers, with the month and the day at these places."""
    parts = rf"regexp_extract({value}, '^([0-9]{{1,2}})[/.-]([0-9]{{1,2}})[/.-][0-9]{{4}}($| )', %d)"
    return (
        f"try_cast({parts % month} as integer) between 1 and 12 and try_cast({parts % day} as integer) between 1 and 31"
    )


def _staged(connection: duckdb.DuckDBPyConnection, place: str, kind: str, name: str, scale: int) -> tuple[Staged, ...]:
    """The columns of the staging model that a column of this kind becomes; none where its text stays as it is."""
    decimal = f"decimal(18, {scale})"
    match kind:
        case "whole":
            return (Staged(name, "{{ whole_number('@') }}", "bigint", "a whole number"),)
        case "number":
            return (Staged(name, "{{ dbt.safe_cast('@', '" + decimal + "') }}", decimal, "a number"),)
        case "comma":
            read = "replace(replace(@, '.', ''), ',', '.')"
            return (Staged(name, '{{ dbt.safe_cast("' + read + "\", '" + decimal + "') }}", decimal, "a number"),)
        case "date":
            return (Staged(name, "{{ iso_date('@') }}", "date", "a date YYYY-MM-DD", True),)
        case "moment":
            read = "case when @ like '____-__-__%' then {{ dbt.safe_cast('@', 'timestamp') }} end"
            return (Staged(name, read, "timestamp", "a time YYYY-MM-DD HH:MM:SS", True),)
        case "time" | "short_time":
            form = "HH:MM" if kind == "short_time" else "HH:MM:SS"
            return (
                Staged(f"{_stem(name)}second_of_day", _clock("@", kind == "short_time"), "bigint", f"a time {form}"),
            )
        case "flag":
            return (Staged(name, "{{ yes_no('@') }}", "boolean", "Y or N"),)
    if not kind.startswith(("month_first", "day_first")):
        return ()
    macro, form = ("month_day_year", "M/D/YYYY") if kind.startswith("month_first") else ("day_month_year", "D/M/YYYY")
    day = "split_part(@, ' ', 1)" if kind.endswith("+time") else "@"
    for separator in ("-", "."):
        if _any_value(connection, place, f"%{separator}%{separator}%"):
            day = f"replace({day}, '{separator}', '/')"
            form = form.replace("/", separator)
    read = "{{ " + macro + '("' + day + '") }}'
    if not kind.endswith("+time"):
        return (Staged(name, read, "date", f"a date {form}", True),)
    clock = _clock("split_part(@, ' ', 2)", not _any_value(connection, place, "% %:%:%"))
    return (
        Staged(f"{_stem(name)}date", read, "date", f"a date {form} and a time", True),
        Staged(f"{_stem(name)}second_of_day", clock, "bigint", f"a date {form} and a time"),
    )


def _any_value(connection: duckdb.DuckDBPyConnection, place: str, like: str) -> bool:
    found = connection.execute(f"select count(*) from sample where trim({place}) like $like", {"like": like})
    return found.fetchone()[0] > 0


def _clock(text: str, short: bool) -> str:
    """Seconds since midnight from a text H:MM:SS, or H:MM where `short`."""
    return '{{ second_of_day("' + text + (" || ':00'" if short else "") + '") }}'


def _stem(name: str) -> str:
    """What a name says before its last word, where that is date or time; with the underscore, ready for another word."""
    stem = re.sub(r"(?:^|_)(?:date_?time|timestamp|date|time|at)$", "", name)
    return f"{stem}_" if stem else ""


def _with(column: Column, **changes: object) -> Column:
    return Column(**{**column.__dict__, **changes})


def _checked(file: Path, sample: Sample) -> Sample:
    """The sample, if each name of its staging model stands once."""
    taken: dict[str, str] = {}
    for column in sample.columns:
        for name in column.names:
            if name in taken:
                raise UserError(
                    f"{file}: columns {taken[name]!r} and {column.header!r} would both be called {name}; rename one in the export"
                )
            taken[name] = column.header
    if sample.read == 0:
        sample.notes.append("no record in the sample: every column is text")
    elif sample.read < min(sample.records, SAMPLE_ROWS):
        sample.notes.append(
            f"{sample.records - sample.read} of {sample.records} records of the sample cannot be read; `retail load` will say why"
        )
    return sample


# -- Parquet ----------------------------------------------------------------------------------------------------------


def _read_parquet(file: Path) -> Sample:
    connection = duckdb.connect()
    try:
        described = connection.execute("describe select * from read_parquet($file)", {"file": str(file)}).fetchall()
        rows = connection.execute("select count(*) from read_parquet($file)", {"file": str(file)}).fetchone()[0]
    except duckdb.Error as error:
        raise UserError(f"{file}: not a Parquet file that can be read: {str(error).splitlines()[0]}") from None
    columns = name_columns(file, [name for name, *_ in described])
    typed = [_parquet_column(file, column, kind) for column, (_, kind, *_) in zip(columns, described, strict=True)]
    lower = [column.bronze for column in typed]
    for name in lower:
        if lower.count(name) > 1:
            raise UserError(
                f"{file}: the column {name} is there twice (case does not tell columns apart); rename one in the export"
            )
    return _checked(file, Sample("parquet", ",", tuple(typed), rows, rows))


def _parquet_column(file: Path, column: Column, kind: str) -> Column:
    """A Parquet column with its own type: bronze keeps it, staging passes it on under the project's names of types."""
    base, _, size = kind.partition("(")
    size = size.rstrip(")").replace(",", ", ")
    if kind.endswith("]"):
        base = kind
    match base:
        case "VARCHAR" | "UUID":
            return column
        case (
            "TINYINT"
            | "SMALLINT"
            | "INTEGER"
            | "BIGINT"
            | "UTINYINT"
            | "USMALLINT"
            | "UINTEGER"
            | "UBIGINT"
            | "HUGEINT"
        ):
            return _passed(column, "number(38, 0)", "integer", "bigint")
        case "DECIMAL":
            return _passed(column, f"number({size})", "decimal", f"decimal({size})")
        case "FLOAT" | "DOUBLE":
            return _passed(column, "double", "text", "double")
        case "DATE":
            return _passed(column, "date", "date", "date", is_day=True)
        case "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS":
            return _passed(column, "timestamp_ntz", "timestamp", "timestamp", is_day=True)
        case "BOOLEAN":
            return _passed(column, "boolean", "text", "boolean")
    raise UserError(
        f"{file}: column {column.header} is {kind}; bronze takes text, numbers, dates, timestamps without zone and booleans: cast it in the export"
    )


def _passed(column: Column, kind: str, hash_type: str, staged_type: str, *, is_day: bool = False) -> Column:
    return _with(column, type=kind, hash_type=hash_type, staged=(Staged(column.name, "@", staged_type, "", is_day),))
