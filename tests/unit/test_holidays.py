"""The holiday seed against the rules, worked out anew: every day from 1990 to 2035 is asked what it is."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from retail import settings

FIRST, LAST = date(1990, 1, 1), date(2035, 12, 31)
MONDAY, THURSDAY, FRIDAY, SUNDAY = 0, 3, 4, 6
FIXED = {
    (1, 1): ("New Year's Day", "true"),
    (2, 14): ("Valentine's Day", "false"),
    (7, 4): ("Independence Day", "true"),
    (10, 31): ("Halloween", "false"),
    (11, 11): ("Veterans Day", "true"),
    (12, 24): ("Christmas Eve", "false"),
    (12, 25): ("Christmas Day", "true"),
    (12, 31): ("New Year's Eve", "false"),
}
# A weekday between two days of a month: the third Monday is the one from the 15th to the 21st.
FLOATING = [
    (1, MONDAY, 15, 21, "Martin Luther King Jr. Day", "true"),
    (2, MONDAY, 15, 21, "Washington's Birthday", "true"),
    (5, SUNDAY, 8, 14, "Mother's Day", "false"),
    (5, MONDAY, 25, 31, "Memorial Day", "true"),
    (6, SUNDAY, 15, 21, "Father's Day", "false"),
    (9, MONDAY, 1, 7, "Labor Day", "true"),
    (10, MONDAY, 8, 14, "Columbus Day", "true"),
    (11, THURSDAY, 22, 28, "Thanksgiving Day", "true"),
    (11, FRIDAY, 23, 29, "Black Friday", "false"),
]


def paschal_full_moon(year: int) -> date:
    """The church's full moon in spring, by the table that holds from 1900 to 2199.

    In the first year of the 19-year cycle (1995, 2014) it is 14 April, 24 days after 21 March; each year it comes
    11 days earlier, and one before 21 March is followed by one 30 days later.
    """
    place_in_cycle = year % 19
    days_after_21_march = (24 - 11 * place_in_cycle) % 30
    # Two places of the table are moved back by a day, so that no date recurs within a cycle or falls after 18 April.
    if days_after_21_march == 29 or (days_after_21_march == 28 and place_in_cycle > 10):
        days_after_21_march -= 1
    return date(year, 3, 21) + timedelta(days_after_21_march)


def holidays_on(day: date) -> Iterator[tuple[str, str]]:
    if (day.month, day.day) in FIXED:
        yield FIXED[day.month, day.day]
    if (day.month, day.day) == (6, 19) and day.year >= 2021:
        yield "Juneteenth National Independence Day", "true"
    for month, weekday, first, last, name, federal in FLOATING:
        if day.month == month and day.weekday() == weekday and first <= day.day <= last:
            yield name, federal
    # The Monday of 26 November to 2 December is the one after the fourth Thursday (22 to 28 November).
    if day.weekday() == MONDAY and date(day.year, 11, 26) <= day <= date(day.year, 12, 2) and day.year >= 2005:
        yield "Cyber Monday", "false"
    if day.weekday() == SUNDAY and 1 <= (day - paschal_full_moon(day.year)).days <= 7:
        yield "Easter Sunday", "false"


@pytest.fixture(scope="module")
def seed() -> list[tuple[str, str, str]]:
    with (settings.project_root() / "seeds/us_holidays.csv").open(newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header == ["holiday_date", "holiday_name", "is_federal_holiday"]
    return [tuple(row) for row in rows]


def test_the_seed_holds_exactly_what_the_rules_give_in_order(seed):
    days = (FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1))
    expected = sorted((str(day), name, federal) for day in days for name, federal in holidays_on(day))
    assert set(seed) - set(expected) == set()
    assert set(expected) - set(seed) == set()
    assert seed == expected


def test_day_and_name_are_a_key(seed):
    assert len({(day, name) for day, name, _ in seed}) == len(seed)


# From published calendars, so that the seed and the rules above cannot be wrong together.
@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("1990-04-15", "Easter Sunday"),
        ("2000-04-23", "Easter Sunday"),
        ("2008-03-23", "Easter Sunday"),
        ("2011-04-24", "Easter Sunday"),
        ("2019-04-21", "Easter Sunday"),
        ("2024-03-31", "Easter Sunday"),
        ("2025-04-20", "Easter Sunday"),
        ("2002-11-28", "Thanksgiving Day"),
        ("2019-11-29", "Black Friday"),
        ("2005-11-28", "Cyber Monday"),
        ("2019-12-02", "Cyber Monday"),
        ("2024-01-15", "Martin Luther King Jr. Day"),
        ("2024-02-19", "Washington's Birthday"),
        ("2024-05-12", "Mother's Day"),
        ("2024-05-27", "Memorial Day"),
        ("2024-06-16", "Father's Day"),
        ("2025-09-01", "Labor Day"),
        ("2024-10-14", "Columbus Day"),
    ],
)
def test_known_days_are_as_published(seed, day, name):
    year = day[:4]
    assert [found for found, found_name, _ in seed if found_name == name and found.startswith(year)] == [day]


@pytest.mark.parametrize(("name", "first"), [("Juneteenth National Independence Day", 2021), ("Cyber Monday", 2005)])
def test_younger_days_begin_when_they_did(seed, name, first):
    assert [int(day[:4]) for day, found, _ in seed if found == name] == list(range(first, 2036))
