"""`dim_dates` against Python's own calendar, on every day."""

from datetime import date, timedelta

from conftest import Warehouse


def retail_year_start(year: int) -> date:
    """The day after the Saturday nearest 31 January (National Retail Federation, 4-5-4 calendar)."""
    january_end = date(year, 1, 31)
    nearest = min((january_end + timedelta(days=shift) for shift in range(-3, 4)), key=lambda day: day.weekday() != 5)
    return nearest + timedelta(days=1)


def retail_month(week: int) -> int:
    """Month of a week of the 4-5-4 year; a 53rd week belongs to the last."""
    lengths = [4, 5, 4] * 4
    lengths[-1] += week == 53
    for month, _ in enumerate(lengths, start=1):
        if week <= sum(lengths[:month]):
            return month
    raise ValueError(week)


def expected(day: date) -> tuple[object, ...]:
    week = day - timedelta(days=(day.weekday() + 1) % 7)
    year = day.year if day >= retail_year_start(day.year) else day.year - 1
    retail_week = (day - retail_year_start(year)).days // 7 + 1
    iso = day.isocalendar()
    return (
        int(f"{day:%Y%m%d}"),
        week,
        week + timedelta(days=6),
        (day - week).days + 1,
        f"{day:%A}",
        day.weekday() >= 5,
        int(f"{day:%j}"),
        f"{day:%B}",
        (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1),
        (day.month + 2) // 3,
        iso.year,
        iso.week,
        iso.weekday,
        year,
        (retail_month(retail_week) + 2) // 3,
        retail_month(retail_week),
        retail_week,
        day - timedelta(days=364),
        ("Winter", "Spring", "Summer", "Autumn")[day.month % 12 // 3],
    )


def test_every_day_from_1990_to_2035_has_the_attributes_that_python_computes(warehouse: Warehouse) -> None:
    with warehouse.connect() as gold:
        got = gold.execute(
            """
            select
                date_day, date_key, week_start_date, week_end_date, day_of_week_number, day_name, is_weekend, day_of_year, month_name,
                month_end_date, quarter_number, iso_year, iso_week_number, iso_day_of_week_number, retail_year, retail_quarter_number,
                retail_month_number, retail_week_number, prior_year_date, season_name
            from gold.dim_dates where not is_unknown order by date_day
            """
        ).fetchall()
    days = [date(1990, 1, 1) + timedelta(days=n) for n in range((date(2036, 1, 1) - date(1990, 1, 1)).days)]
    assert [row[0] for row in got] == days
    different = [(row, expected(row[0])) for row in got if row[1:] != expected(row[0])]
    assert not different, f"{len(different)} days differ, such as {different[0]}"


def test_the_retail_years_of_53_weeks_are_those_the_federation_names(warehouse: Warehouse) -> None:
    """NRF: 2006, 2012, 2017 and 2023 have 53 weeks among the years 2003 to 2025."""
    with warehouse.connect() as gold:
        years = gold.execute(
            "select distinct retail_year from gold.dim_dates where retail_week_number = 53 and retail_year between 2003 and 2025 order by 1"
        ).fetchall()
    assert years == [(2006,), (2012,), (2017,), (2023,)]
