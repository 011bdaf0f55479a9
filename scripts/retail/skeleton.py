"""The texts of a new source's files. Plain functions from names and columns to text; nothing is read or written here."""

import json
import re

from retail.sniff import METADATA, Column, Sample, reserved_words

_METADATA_TYPES = ("varchar", "number(38, 0)", "varchar", "timestamp_ntz", "timestamp_ntz")
_METADATA_FIELDS = ("filename", "file_row_number", "file_content_key", "file_last_modified", "start_scan_time")
_METADATA_TEXTS = (
    "Path of the file, relative to the landing zone's root.",
    "Number of the record in its file, from 1.",
    "Checksum of the file.",
    "When the file was last modified (UTC).",
    "When the row was loaded (UTC).",
)


def bronze_script(source: str, feed: str, sample: Sample) -> str:
    """The bronze table; for CSV with another delimiter than the comma also the file format."""
    lines = [f"    {_identifier(column.bronze)} {column.type}," for column in sample.columns]
    lines += [f"    {name} {kind}," for name, kind in zip(METADATA, _METADATA_TYPES, strict=True)]
    lines[-1] = lines[-1].rstrip(",")
    what = (
        "Every value lands as text: one that does not cast fails in staging, where it can be seen and kept.\n-- "
        if sample.format == "csv"
        else ""
    )
    text = (
        f"-- Bronze table of source `{source}`, feed `{feed}`. Columns are those of the files, matched by name without regard to case.\n"
        f"-- {what}Variable: database.\nuse database {{{{ database }}}};\n\n"
    )
    if _own_format(sample):
        text += _file_format(source, feed, sample.delimiter)
    body = "\n".join(lines)
    return (
        text
        + f"create table if not exists bronze.{source}__{feed} (\n{body}\n)\ncomment = 'Feed {feed} of {source}, as landed';\n"
    )


def pipe_script(source: str, feed: str, sample: Sample) -> str:
    """The pipe: which folder lands in the table, and how."""
    if sample.format == "csv":
        format_name = f"bronze.{source}__{feed}_files" if _own_format(sample) else "bronze.csv_files"
        why = "One bad line must not hold back the others: on_error = continue."
        on_error = "continue"
    else:
        format_name, on_error = "bronze.parquet_files", "skip_file"
        why = "A file loads whole or not at all: on_error = skip_file."
    pairs = ",\n".join(f"    {name} = metadata${field}" for name, field in zip(METADATA, _METADATA_FIELDS, strict=True))
    return (
        f"-- Pipe of source `{source}`: a file that lands under {source}/{feed}/ becomes rows of bronze.{source}__{feed}, once.\n"
        f"-- {why}\n-- Variable: database.\nuse database {{{{ database }}}};\n\n"
        f"create pipe if not exists bronze.{source}__{feed}_pipe\n"
        "    -- the bucket tells Snowflake of each new file\n    auto_ingest = true\nas\n"
        f"copy into bronze.{source}__{feed}\nfrom @bronze.landing/{source}/{feed}/\n"
        f"file_format = (format_name = '{format_name}')\nmatch_by_column_name = case_insensitive\n"
        f"include_metadata = (\n{pairs}\n)\non_error = {on_error};\n"
    )


def feeds_macro(source: str, feed: str, kind: str, keys: list[str], contracts: list[str]) -> str:
    """The declaration by which accounting, file counts and contracts find the feed."""
    fills = f", 'fills': {contracts!r}" if contracts else ""
    return (
        f"{{#- Feed `{feed}` of `{source}`; see feeds(). -#}}\n{{% macro feeds_of_{source}__{feed}() -%}}\n    {{{{ return([\n"
        f"        {{'source': '{source}', 'name': '{feed}', 'staging': 'stg_{source}__{feed}', 'kind': '{kind}',\n"
        f"            'key': {keys or ['row_key']!r}{fills}}},\n    ]) }}}}\n{{%- endmacro %}}\n"
    )


def sources_yml(source: str, feed: str, sample: Sample) -> str:
    """The dbt source."""
    lines = [
        "sources:",
        f"  - name: {source}",
        f"    description: Files of {source}, as they land.",
        "    schema: bronze",
        "    config:",
        "      loaded_at_field: _loaded_at",
        "    tables:",
        f"      - name: {feed}",
        f"        identifier: {source}__{feed}",
        "        description: One row is a record of a file, as it stood there.",
        "        columns:",
    ]
    for column in sample.columns:
        lines.append(f"          - name: {json.dumps(column.bronze, ensure_ascii=False)}")
        if _identifier(column.bronze) != column.bronze:
            lines.append("            quote: true")
        lines.append(f"            description: {_yaml_text(f'`{column.header}` in the files.')}")
    for name, text in zip(METADATA, _METADATA_TEXTS, strict=True):
        lines += [f"          - name: {name}", f'            description: "{text}"']
    return "\n".join(lines) + "\n"


def staging_sql(source: str, feed: str, keys: list[str], sample: Sample) -> str:
    """One row in, one row out: named, cast, checked."""
    columns = sample.columns
    texts = _text_names(columns)
    named = [f"        landed.{_renamed(column)}," for column in columns]
    cleaned, typed, final, rules = [], [], [], []
    if not keys:
        cleaned += [
            "        -- what makes two rows one: every column equal, as it stands in the file",
            *_row_key(columns),
        ]
        final.append("        row_key,")
    for column in columns:
        cleaned.append(f"        {_cleaned(column, texts)},")
        for staged in column.staged:
            if column.is_text:
                typed.append(f"        {staged.expression.replace('@', texts[column.name])} as {staged.name},")
        final += [f"        {name}," for name in column.names]
    for column in columns:
        text, missing = texts.get(column.name, column.name), set(column.names) & set(keys)
        label = column.header.replace("'", "''")
        if missing:
            rules.append(f"            when {text} is null then '{label} is missing'")
        if column.is_text and column.staged:
            failed = " or ".join(f"{staged.name} is null" for staged in column.staged)
            failed = f"({failed})" if len(column.staged) > 1 else failed
            rules.append(_rule([f"{text} is not null", failed], f"{label} is not {column.staged[0].must_be}"))
    rules.append("            when landed_date is null then 'the path has no dt=YYYY-MM-DD'")
    for column in columns:
        for staged in column.staged:
            if staged.is_day:
                day = staged.name if staged.type == "date" else f"cast({staged.name} as date)"
                label = column.header.replace("'", "''")
                rules.append(
                    f"            when not {{{{ in_calendar('{day}') }}}} then '{label} is outside the calendar'"
                )
    typed_cte = (
        ",\n\ntyped as (\n    select\n        *,\n" + "\n".join(typed).rstrip(",") + "\n    from cleaned\n)"
        if typed
        else ""
    )
    return (
        f"with landed as (\n    {{{{ landed('{source}', '{feed}') }}}}\n),\n\n"
        "named as (\n    select\n        -- as in the files\n" + "\n".join(named) + "\n\n        -- load metadata\n"
        "        {{ landed_date('landed._file_name') }} as landed_date,\n"
        "        landed._file_name,\n        landed._file_row_number,\n        landed._loaded_at\n    from landed\n),\n\n"
        "cleaned as (\n    select\n" + "\n".join(cleaned) + "\n        landed_date,\n        _file_name,\n        _file_row_number,\n        _loaded_at\n    from named\n)"
        + typed_cte
        + ",\n\nchecked as (\n    select\n" + "\n".join(final) + "\n\n        -- load metadata\n        landed_date,\n        _file_name,\n        _file_row_number,\n        _loaded_at,\n\n"
        "        -- the first that holds; null accepts the row\n        case\n" + "\n".join(rules)
        + f"\n        end as reject_reason\n    from {'typed' if typed else 'cleaned'}\n)\n\nselect * from checked\n"
    )  # fmt: skip


def staging_yml(source: str, feed: str, keys: list[str], sample: Sample) -> str:
    """The staging model's documentation."""
    key = f"the key is {', '.join(keys)}" if keys else "only rows equal in every column are repeats"
    lines = [
        "models:",
        f"  - name: stg_{source}__{feed}",
        "    description: >",
        f"      One row is a record of a file of {source}: one row in, one row out; {key}. A row that cannot be used carries the reason in",
        "      `reject_reason`.",
        "    columns:",
    ]
    if not keys:
        lines += [
            "      - name: row_key",
            '        description: "What makes two rows one: hash of all columns as they stand in the file."',
        ]
    for column in sample.columns:
        staged = column.staged or (None,)
        for name, each in zip(column.names, staged, strict=True):
            kind = each.type if each else "text"
            lines += [f"      - name: {name}", f"        description: {_yaml_text(f'`{column.header}` as {kind}.')}"]
    lines += [
        "      - name: landed_date",
        '        description: "Business date of the export the row came with (the dt of its path)."',
    ]
    for place in (0, 1, 4):
        lines += [f"      - name: {METADATA[place]}", f'        description: "{_METADATA_TEXTS[place]}"']
    lines += ["      - name: reject_reason", "        description: \"{{ doc('reject_reason') }}\""]
    return "\n".join(lines) + "\n"


def mapping_sql(
    source: str, feed: str, kind: str, keys: list[str], contract: str, columns: list[dict[str, str]]
) -> str:
    """The model that brings the feed into a contract: every column null, to be filled in."""
    staging, key = f"ref('stg_{source}__{feed}')", keys or ["row_key"]
    if contract in ("products", "customers") and kind == "log":
        rows = (
            f"-- The newest row of each; in place of the feed's key name what identifies a {contract[:-1]}.\n"
            f"with newest as (\n    {{{{ newest_rows({staging}, '{key[0]}') }}}}\n),\n\n"
        )
        last = "newest"
    else:
        accepted = f"counted_rows({staging})" if kind == "log" else f"current_state({staging}, {key!r})"
        rows = f"with accepted as (\n    {{{{ {accepted} }}}}\n),\n\n"
        last = "accepted"
    return (
        f"-- Fill in what {source} knows, in place of the nulls. What each column means: int_{contract}.yml.\n"
        + rows
        + "conformed as (\n    select\n"
        + "\n".join(_contract_lines(source, columns))
        + f"\n    from {last}\n    -- remove this line when the columns are filled in\n    where false\n)\n\nselect * from conformed\n"
    )


def mapping_yml(source: str, feed: str, contract: str, *, counted: bool) -> str:
    """The contract test; for the contract whose rows are the feed's rows (`counted`) also that none is lost on the way."""
    facts = {"sales_lines": "fct_sales", "returns": "fct_returns", "stock_counts": None}
    text = (
        f"models:\n  - name: int_{source}__{contract}\n"
        f"    description: The rows of {source} in the form of `int_{contract}`.\n"
        "    data_tests:\n      - fills_contract:\n"
        f"          name: int_{source}__{contract}_fills_the_contract\n          arguments:\n            contract: int_{contract}\n"
    )
    if counted and contract in facts:
        fact = f"            fact: {facts[contract]}\n" if facts[contract] else ""
        text += (
            f"      - accepted_rows_are_in:\n          name: accepted_rows_of_{source}_{feed}_are_in_{facts[contract] or contract}\n"
            f"          arguments:\n            source_name: {source}\n            feed_name: {feed}\n{fact}"
            "          # a warning until the mapping is filled in; then remove these two lines\n          config:\n            severity: warn\n"
        )
    return text


# -- parts ------------------------------------------------------------------------------------------------------------


def _own_format(sample: Sample) -> bool:
    return sample.format == "csv" and sample.delimiter != ","


def _file_format(source: str, feed: str, delimiter: str) -> str:
    written = delimiter.replace("\t", "\\t")
    return (
        "-- as bronze.csv_files, but for the delimiter\n"
        f"create file format if not exists bronze.{source}__{feed}_files\n"
        "    type = csv\n    compression = auto\n    parse_header = true\n    error_on_column_count_mismatch = false\n"
        f"    field_delimiter = '{written}'\n    record_delimiter = '\\n'\n    multi_line = true\n"
        "    field_optionally_enclosed_by = '\"'\n    escape = none\n    escape_unenclosed_field = none\n    trim_space = false\n"
        "    skip_blank_lines = true\n    null_if = ()\n    empty_field_as_null = true\n    encoding = 'UTF8'\n"
        "    skip_byte_order_mark = true\n    replace_invalid_characters = false\n"
        f"    comment = 'CSV files of {source}, {feed}';\n\n"
    )


def _identifier(bronze: str) -> str:
    """A bronze column's name as SQL: quoted where it has to be."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", bronze) and bronze not in reserved_words():
        return bronze
    return f'"{bronze}"'


def _rule(conditions: list[str], reason: str) -> str:
    """A branch of the case that finds the reason to reject; on lines of its own where one would be too long."""
    line = f"            when {' and '.join(conditions)} then '{reason}'"
    if len(line) <= 140:
        return line
    joined = "\n                and ".join(conditions)
    return f"            when\n                {joined}\n                then '{reason}'"


def _renamed(column: Column) -> str:
    landed = _identifier(column.bronze)
    return landed if landed == column.name else f"{landed} as {column.name}"


def _text_names(columns: tuple[Column, ...]) -> dict[str, str]:
    """For each column that is cast from text, a name for that text which no other column has."""
    taken = {name for column in columns for name in (column.name, *column.names)}
    names = {}
    for column in columns:
        if column.is_text and column.staged:
            name = f"{column.name}_text"
            while name in taken:
                name += "_landed"
            taken.add(name)
            names[column.name] = name
    return names


def _cleaned(column: Column, texts: dict[str, str]) -> str:
    if not column.is_text:
        kind = column.staged[0].type
        return column.name if kind in ("boolean", "double") else f"cast({column.name} as {kind}) as {column.name}"
    if column.name in texts:
        return f"{{{{ blank_to_null('{column.name}') }}}} as {texts[column.name]}"
    macro = "id_text" if column.is_float_id else "clean_text"
    return f"{{{{ {macro}('{column.name}') }}}} as {column.name}"


def _row_key(columns: tuple[Column, ...]) -> list[str]:
    values = []
    for column in columns:
        if column.hash_type != "text":
            values.append(f"['{column.name}', '{column.hash_type}']")
        else:
            values.append(f"'{column.name}'" if column.is_text else f"'cast({column.name} as varchar)'")
    lines, line = [], " " * 12
    for value in values:
        if len(line) + len(value) > 120:
            lines.append(line.rstrip())
            line = " " * 12
        line += f"{value}, "
    lines.append(line.rstrip(", "))
    return ["        {{ surrogate_key([", *lines, "        ]) }} as row_key,"]


def _contract_lines(source: str, columns: list[dict[str, str]]) -> list[str]:
    given = {
        "source_name": f"'{source}'",
        "landed_date": None,
        "_file_name": None,
        "_file_row_number": None,
        "_loaded_at": None,
        "is_sold_date_estimated": "false",
        # one version, valid for good; see the macros of history/ for more
        "valid_from": "cast({{ history_floor() }} as timestamp)",
        "valid_to": "cast({{ history_ceiling() }} as timestamp)",
        "held_until": "cast({{ history_ceiling() }} as timestamp)",
        "is_deleted": "false",
    }
    lines = []
    for place, column in enumerate(columns):
        name, comma = column["name"], "," if place < len(columns) - 1 else ""
        if name in given:
            lines.append(f"        {name}{comma}" if given[name] is None else f"        {given[name]} as {name}{comma}")
            continue
        kind = re.sub(r",\s*", ", ", column["data_type"])
        never = "  -- never null" if "Never null" in column["description"] else ""
        lines.append(f"        cast(null as {kind}) as {name}{comma}{never}")
    return lines


def _yaml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
