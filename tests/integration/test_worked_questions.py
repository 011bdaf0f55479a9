"""The ten worked questions of `analyses/worked_questions` against the same questions asked of the landed tables.

`raw/raw_<name>.sql` beside each question is written on bronze alone, in the standard's own columns, and shares nothing with the models.
The answers must agree row for row and in order. The tour (`docs/tour.md`) shows the first rows on the default sample; they are held too, and so are
those of the questions asked of the marts (`analyses/mart_questions`), whose tables have tests of their own.
"""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = sorted(path.stem for path in (ROOT / "analyses" / "worked_questions").glob("*.sql"))
MART_QUESTIONS = sorted(path.stem for path in (ROOT / "analyses" / "mart_questions").glob("*.sql"))
TOUR = (ROOT / "docs" / "tour.md").read_text()


def answer(
    connection: duckdb.DuckDBPyConnection, compiled: Path, name: str, folder: str = "worked_questions"
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a compiled analysis, `name` relative to the folder of questions."""
    result = connection.execute((compiled / "analyses" / folder / f"{name}.sql").read_text())
    return [column for column, *_ in result.description], result.fetchall()


def tour_table(name: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table that follows `dbt show --select <name>` in the tour."""
    found = re.search(rf"dbt show --select {name} .*?\n\n((?:\|[^\n]*\n)+)", TOUR, flags=re.DOTALL)
    assert found, f"docs/tour.md has no table after `dbt show --select {name}`"
    header, _, *rows = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in found[1].splitlines())
    return header, rows


def shown(value: Any) -> str:
    """A value as the tour writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return str(value)


def test_there_are_ten_questions_and_each_has_its_raw_form():
    raw = sorted(path.stem for path in (ROOT / "analyses" / "worked_questions" / "raw").glob("*.sql"))
    assert raw == [f"raw_{name}" for name in QUESTIONS]
    assert len(QUESTIONS) == 10


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("scale", ["warehouse", pytest.param("larger_warehouse", marks=pytest.mark.slow)])
def test_a_worked_question_has_the_answer_of_the_landed_tables(request: pytest.FixtureRequest, scale: str, name: str):
    built = request.getfixturevalue(scale)
    with built.connect() as connection:
        columns, rows = answer(connection, built.compiled, name)
        raw_columns, raw_rows = answer(connection, built.compiled, f"raw/raw_{name}")
    assert len(columns) == len(raw_columns)
    assert rows == raw_rows
    assert rows, "nothing to compare"


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_raw_form_reads_nothing_but_bronze(warehouse, name: str):
    text = (warehouse.compiled / "analyses" / "worked_questions" / "raw" / f"raw_{name}.sql").read_text()
    assert set(re.findall(r'"(\w+)"\."\w+"(?!\.)', text)) == {"bronze"}


@pytest.mark.slow
@pytest.mark.parametrize("name", QUESTIONS + MART_QUESTIONS)
def test_the_tour_shows_the_first_rows_of_the_default_sample(larger_warehouse, name: str):
    header, shown_rows = tour_table(name)
    folder = "worked_questions" if name in QUESTIONS else "mart_questions"
    with larger_warehouse.connect() as connection:
        columns, rows = answer(connection, larger_warehouse.compiled, name, folder)
    positions = [columns.index(column) for column in header]
    expected = [[shown(row[position]) for position in positions] for row in rows[: len(shown_rows)]]
    assert shown_rows == expected
    assert len(shown_rows) >= 3
