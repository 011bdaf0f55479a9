"""Calls of the project's macros with what they have to give, the same on both engines: written by hand, not taken from a run.

Every macro of macros/engines is among them, and those elsewhere that make an expression of it. A result is compared as text: what
`hash_text` makes of it, which is also what goes into every key.
"""

import hashlib
import json
from dataclasses import dataclass

NULL = chr(30)
DELIMITER = chr(31)


@dataclass(frozen=True)
class Case:
    """A call in Jinja, the type of its result (of hash_text; or flag, json, plain: a text as it is, name: no SQL), and the text that it is to be.

    `on_snowflake` where the two engines are to differ, which only the names of types and tables do.
    """

    call: str
    type: str
    expected: str | None
    on_snowflake: str | None = None

    def wanted(self, target: str) -> str | None:
        """What it has to give on a target."""
        return self.on_snowflake if target == "snowflake" and self.on_snowflake is not None else self.expected


def md5(*texts: str) -> str:
    """A key by its definition: the MD5 of texts and the delimiter between them."""
    return hashlib.md5(DELIMITER.join(texts).encode()).hexdigest()


def decimal(value: str, precision: int = 18, scale: int = 2) -> str:
    """A decimal literal of a type."""
    return f"cast({value} as decimal({precision}, {scale}))"


def whole(value: int) -> str:
    """A whole number as gold has it."""
    return f"cast({value} as bigint)"


def relation(name: str) -> str:
    """A relation, as macros are given it."""
    return f"api.Relation.create(database='retail', schema='snapshots', identifier='{name}')"


def fingerprints(rows: str) -> str:
    """Whether some rows have the fingerprint of (1, x), (2, y)."""
    known = "select 1 as a, 'x' as b union all select 2 as a, 'y' as b"
    texts = [
        f"'(select ' ~ fingerprint(['a', 'b']) ~ ' from ({each.replace(chr(39), chr(92) + chr(39))}) as some_rows)'"
        for each in (known, rows)
    ]
    return f"{texts[0]} ~ ' = ' ~ {texts[1]}"


ROW = "(select 7 as amount, 'x\"y' as name, cast(null as varchar) as note, 'gone' as _file_name) as landed"
CASES = (
    # hashed text
    Case("hash_text(\"'Ann '\", 'text')", "plain", "Ann "),
    Case("hash_text('cast(null as varchar)', 'text')", "plain", NULL),
    Case(f"hash_text('{whole(-42)}', 'integer')", "plain", "-42"),
    Case("hash_text(\"cast('2024-02-29' as date)\", 'date')", "plain", "2024-02-29"),
    Case("hash_text('cast(null as date)', 'date')", "plain", NULL),
    Case("hash_text(\"cast('2024-02-29 09:05:03' as timestamp)\", 'timestamp')", "plain", "2024-02-29 09:05:03.000000"),
    Case(
        "hash_text(\"cast('1999-12-31 23:59:59.25' as timestamp)\", 'timestamp')", "plain", "1999-12-31 23:59:59.250000"
    ),
    Case(f"hash_text('{decimal('1.5')}', 'decimal')", "plain", "1.50"),
    Case(f"hash_text('{decimal('-0.05')}', 'decimal')", "plain", "-0.05"),
    Case("surrogate_key([\"'ops'\", ['7', 'integer']])", "text", md5("ops", "7")),
    Case(
        "surrogate_key(['cast(null as varchar)', [\"cast('2024-02-29 09:05:03' as timestamp)\", 'timestamp']])",
        "text",
        md5(NULL, "2024-02-29 09:05:03.000000"),
    ),
    Case(f"surrogate_key([\"'a'\", \"'bc'\", ['{decimal('2')}', 'decimal']])", "text", md5("a", "bc", "2.00")),
    Case("location_key(\"'Köln'\", \"'NRW'\", 'null', \"'DE'\")", "text", md5("köln", "nrw", NULL, "de")),
    Case("location_key('null', 'null', 'null', 'null')", "text", None),
    # dates and times
    Case("add_days(\"cast('2024-02-28' as date)\", 2)", "date", "2024-03-01"),
    Case("add_days(\"cast('2024-03-01' as date)\", '-1')", "date", "2024-02-29"),
    Case("add_days('cast(null as date)', 1)", "date", None),
    Case("weekday_number(\"cast('2024-03-03' as date)\", 'Sunday')", "integer", "0"),
    Case("weekday_number(\"cast('2024-03-03' as date)\", 'Monday')", "integer", "6"),
    Case("weekday_number(\"cast('1990-01-01' as date)\", 'Sunday')", "integer", "1"),
    Case("moment_of(\"cast('2024-02-29' as date)\", '3661')", "timestamp", "2024-02-29 01:01:01.000000"),
    Case("moment_of(\"cast('2024-02-29' as date)\", '86400')", "timestamp", "2024-02-29 00:00:00.000000"),
    Case("moment_of('cast(null as date)', '5')", "timestamp", None),
    Case("last_moment_of(\"cast('2024-02-29' as date)\")", "timestamp", "2024-02-29 23:59:59.999999"),
    Case("date_key(\"cast('2024-02-09' as date)\")", "integer", "20240209"),
    Case("date_key('cast(null as date)')", "integer", "-1"),
    Case("time_key('86399')", "integer", "86399"),
    Case("time_key('86400')", "integer", "-1"),
    # dates read from text
    Case("iso_date(\"'2024-02-29'\")", "date", "2024-02-29"),
    Case("iso_date(\"'2023-02-29'\")", "date", None),
    Case("iso_date(\"'2024-2-9'\")", "date", None),
    Case("iso_date(\"'29.02.2024'\")", "date", None),
    Case("iso_moment(\"'2024-02-29'\")", "timestamp", "2024-02-29 00:00:00.000000"),
    Case("iso_moment(\"'2024-02-29T09:05:03.25Z'\")", "timestamp", "2024-02-29 09:05:03.250000"),
    Case("iso_moment(\"'2024-02-29 09:05'\")", "timestamp", None),
    Case("iso_moment(\"'2024-02-29 09:05:03+01:00'\")", "timestamp", None),
    Case("iso_moment(\"'2024-02-29 09:05:03.123456'\")", "timestamp", "2024-02-29 09:05:03.123456"),
    # DuckDB's cast drops such an offset without a word, and reads 24:00:00 as the next day
    Case("iso_moment(\"'2024-02-29 09:05:03.5+01'\")", "timestamp", None),
    Case("iso_moment(\"'2024-02-29 24:00:00'\")", "timestamp", None),
    Case("iso_moment(\"'2024-02-29 25:05:03'\")", "timestamp", None),
    Case("month_day_year(\"'9/18/2023'\")", "date", "2023-09-18"),
    Case("month_day_year(\"'18/9/2023'\")", "date", None),
    Case("day_month_year(\"'18/9/2023'\")", "date", "2023-09-18"),
    Case("day_month_year(\"'9/18/2023'\")", "date", None),
    Case("first_of_month(\"'2023.0'\", \"'September'\")", "date", "2023-09-01"),
    Case("first_of_month(\"'2023'\", \"'Sept'\")", "date", None),
    Case("second_of_day(\"'22:3:55'\")", "integer", "79435"),
    Case("second_of_day(\"'22:60:00'\")", "integer", None),
    Case("landed_date(\"'ops/item/dt=2024-02-29/a/dt=x.csv'\")", "date", "2024-02-29"),
    Case("landed_date(\"'ops/item/a.csv'\")", "date", None),
    # numbers read from text
    Case("dbt.safe_cast(\"'12'\", 'bigint')", "integer", "12"),
    Case("dbt.safe_cast(\"'twelve'\", 'bigint')", "integer", None),
    Case("whole_number(\"'5.0'\")", "integer", "5"),
    Case("whole_number(\"'1e3'\")", "integer", "1000"),
    Case("whole_number(\"'-7'\")", "integer", "-7"),
    Case("whole_number(\"'5.5'\")", "integer", None),
    Case("whole_number(\"''\")", "integer", None),
    Case("id_text(\"' 77985.0'\")", "text", "77985"),
    Case("id_text(\"' A-1 '\")", "text", "A-1"),
    Case("id_text(\"'  '\")", "text", None),
    # text
    Case("blank_to_null(\"'  Ann Lee '\")", "text", "Ann Lee"),
    Case("blank_to_null(\"'   '\")", "text", None),
    Case("clean_text(\"'  San    José '\")", "text", "San José"),
    Case("clean_text(\"''\")", "text", None),
    Case("yes_no(\"'Y'\")", "flag", "true"),
    Case("yes_no(\"'N'\")", "flag", "false"),
    Case("yes_no(\"'y'\")", "flag", None),
    Case("joined_notes([['true', 'one'], ['false', 'two'], ['true', 'three;']])", "text", "one; three"),
    Case("joined_notes([['false', 'one']])", "text", None),
    Case("restore_leading_zeros(\"'7302'\", \"'USA'\")", "text", "07302"),
    Case("restore_leading_zeros(\"'SW1A'\", \"'USA'\")", "text", "SW1A"),
    Case("age_band('64')", "text", "55-64"),
    # division and rounding: half away from zero, exact
    Case(f"ratio('{whole(3)}', '{whole(20000)}')", "decimal", "0.0002"),
    Case(f"ratio('{whole(-3)}', '{whole(20000)}')", "decimal", "-0.0002"),
    Case(f"ratio('{whole(1)}', '{whole(3)}')", "decimal", "0.3333"),
    Case(f"ratio('{whole(2)}', '{whole(-3)}')", "decimal", "-0.6667"),
    Case(f"ratio('{whole(0)}', '{whole(5)}')", "decimal", "0.0000"),
    Case(f"ratio('{whole(5)}', '{whole(0)}')", "decimal", None),
    Case(f"ratio('cast(null as bigint)', '{whole(3)}')", "decimal", None),
    Case(f"ratio('{whole(99999999999999)}', '{whole(7)}')", "decimal", "14285714285714.1429"),
    Case(f"ratio('{whole(1)}', '{whole(10_000_000_000_000)}')", "decimal", "0.0000"),
    Case(f"amount_ratio('{decimal('0.15')}', '{decimal('1000')}')", "decimal", "0.0002"),
    Case(f"amount_ratio('{decimal('10')}', '{decimal('0')}')", "decimal", None),
    Case(f"amount_per('{decimal('10')}', '{whole(3)}')", "decimal", "3.33"),
    Case(f"amount_per('{decimal('0.05')}', '{whole(10)}')", "decimal", "0.01"),
    Case(f"amount_per('{decimal('-0.05')}', '{whole(10)}')", "decimal", "-0.01"),
    Case(f"amount_per('{decimal('1')}', '{whole(0)}')", "decimal", None),
    Case(f"line_amount('{decimal('1.005', 18, 8)}', '{whole(1)}')", "decimal", "1.01"),
    Case(f"line_amount('{decimal('1.005', 18, 8)}', '{whole(-1)}')", "decimal", "-1.01"),
    Case(f"line_amount('{decimal('1000000000.5', 18, 8)}', '{whole(1_000_000)}')", "decimal", None),
    Case("quintile_score('1', '5')", "integer", "2"),
    Case("quintile_score('0', '5')", "integer", "1"),
    # whole rows
    Case(
        f"'(select ' ~ row_json('landed', ['_file_name']) ~ ' from {ROW.replace(chr(39), chr(92) + chr(39))})'",
        "json",
        json.dumps({"amount": 7, "name": 'x"y', "note": None}),
    ),
    # names
    Case("generate_schema_name('gold', none)", "name", "gold"),
    # a text in a statement
    Case('text_literal("it\'s")', "plain", "it's"),
    Case('text_literal("a\\\\b")', "plain", "a\\b"),
    # the same rows in another order, and other rows
    Case(fingerprints("select 2 as a, 'y' as b union all select 1 as a, 'x' as b"), "flag", "true"),
    Case(fingerprints("select 1 as a, 'x' as b union all select 2 as a, null as b"), "flag", "false"),
    Case(fingerprints("select 1 as a, 'x' as b"), "flag", "false"),
    Case(f"new_name({relation('stores')})", "name", "stores", on_snowflake="retail.snapshots.stores"),
    Case("plain_type('Decimal(18, 2)')", "name", "decimal(18,2)", on_snowflake="2 decimals"),
    Case("plain_type('bigint')", "name", "bigint", on_snowflake="whole number"),
    Case("plain_type('varchar')", "name", "varchar", on_snowflake="text"),
    Case("plain_type('timestamp')", "name", "timestamp", on_snowflake="timestamp"),
    Case("plain_type_of(api.Column.create('a', 'bigint'))", "name", "bigint", on_snowflake="whole number"),
)  # fmt: skip


def query(cases: tuple[Case, ...] = CASES) -> str:
    """One query, in Jinja: a row a case, with its number and its result as text."""
    rows = []
    for number, case in enumerate(cases):
        value = f"{{{{ {case.call} }}}}"
        if case.type == "flag":
            text = f"case when {value} then 'true' when not {value} then 'false' end"
        elif case.type == "name":
            text = f"'{value}'"
        elif case.type in ("plain", "json"):
            text = value
        else:
            text = (
                f"{{%- set value -%}}{value}{{%- endset -%}}nullif({{{{ hash_text(value, '{case.type}') }}}}, chr(30))"
            )
        rows.append(f"select {number} as case_number, {text} as result")
    return "\nunion all\n".join(rows)
