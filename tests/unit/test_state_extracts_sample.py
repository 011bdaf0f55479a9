"""Later extracts of the state tables: what happens in them, and that an extract is the same whatever else is asked for."""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from retail import sample, states, tpcds
from retail.errors import UserError

SCALE = 0.01
FIRST, LAST = date(1998, 1, 1), date(2003, 11, 30)
STARTS = {
    "year": lambda day: day.timetuple().tm_yday == 1,
    "quarter": lambda day: (day.month, day.day) in ((1, 1), (4, 1), (7, 1), (10, 1)),
    "month": lambda day: day.day == 1,
    "week": lambda day: day.strftime("%A") == "Sunday",
    "day": lambda day: True,
}
TABLES = ("customer", "customer_address", "warehouse", "promotion", "store")
Rows = dict[int, tuple]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with tpcds.generated(SCALE, tmp_path_factory.mktemp("tables")) as connection:
        yield connection


def as_here(patch: pytest.MonkeyPatch, tables: duckdb.DuckDBPyConnection) -> None:
    """One run of the generator for all tests, and of the tables that do not change only two, to be quick."""
    patch.setattr(tpcds, "generated", lambda scale, scratch: nullcontext(tables))
    feeds = tuple(feed for feed in tpcds.FEEDS if feed.name in (*TABLES, "income_band", "web_returns"))
    patch.setattr(tpcds, "FEEDS", feeds)


@pytest.fixture(scope="module")
def whole(tables: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A landing zone by its granularity."""
    landings = {}
    with pytest.MonkeyPatch.context() as patch:
        as_here(patch, tables)
        for granularity in ("all", "year", "quarter", "month"):
            landings[granularity] = tmp_path_factory.mktemp(granularity)
            write(landings[granularity], granularity)
    return landings


@pytest.fixture(autouse=True)
def quick(tables: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    as_here(monkeypatch, tables)


def write(landing: Path, every: str, **options) -> list[sample.FeedResult]:
    return sample.write_sample(landing, SCALE, ["ops"], state_granularity=every, **options)


def extracts(landing: Path, table: str) -> dict[date, Rows]:
    """Rows by their key of each extract of a table, by its dt."""
    found = {}
    for folder in sorted((landing / "ops" / table).iterdir()):
        (file,) = folder.iterdir()
        rows = duckdb.execute("select * from read_parquet(?, hive_partitioning = false)", [str(file)]).fetchall()
        assert [row[0] for row in rows] == sorted({row[0] for row in rows})
        found[date.fromisoformat(folder.name.removeprefix("dt="))] = {row[0]: row for row in rows}
    return found


def columns(landing: Path, table: str, dt: date = FIRST) -> list[tuple[str, str]]:
    file = landing / f"ops/{table}/dt={dt}/{table}.parquet"
    query = "select column_name, column_type from (describe from read_parquet(?, hive_partitioning = false))"
    return duckdb.execute(query, [str(file)]).fetchall()


def contents(landing: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(landing)): path.read_bytes()
        for path in landing.rglob("*.parquet")
        if path.parent.parent.name in TABLES
    }


# ---- when


@pytest.mark.parametrize("granularity", STARTS)
def test_extracts_are_of_the_first_day_of_each_period(granularity: str) -> None:
    days = [FIRST + timedelta(n) for n in range(1, (LAST - FIRST).days + 1)]
    assert states.dates(granularity) == [day for day in days if STARTS[granularity](day)]


def test_every_period_has_an_extract_of_customers_and_the_others_land_where_they_changed(
    whole: dict[str, Path],
) -> None:
    for granularity in ("year", "quarter", "month"):
        days = [FIRST, *states.dates(granularity)]
        assert list(extracts(whole[granularity], "customer")) == days
        for table in ("customer_address", "warehouse", "promotion", "store"):
            found = extracts(whole[granularity], table)
            assert set(found) <= set(days)
            assert 3 <= len(found) < len(days) + (granularity == "year")
            for before, after in itertools.pairwise(found.values()):
                assert before != after


def test_other_tables_of_the_source_land_once(whole: dict[str, Path]) -> None:
    for folder in (whole["month"] / "ops").iterdir():
        assert folder.name in TABLES or len(list(folder.iterdir())) == 1


def test_without_later_extracts_there_is_the_first_alone(whole: dict[str, Path]) -> None:
    first = {path: content for path, content in contents(whole["month"]).items() if f"dt={FIRST}" in path}
    assert contents(whole["all"]) == first
    assert len(first) == 5


# ---- what


def test_schema_and_types_are_those_of_the_first_extract(whole: dict[str, Path]) -> None:
    for table in TABLES:
        for dt in extracts(whole["quarter"], table):
            assert columns(whole["quarter"], table, dt) == columns(whole["all"], table)


def test_customers_move_and_change(whole: dict[str, Path]) -> None:
    names = [name for name, _ in columns(whole["all"], "customer")]
    changed: Counter[str] = Counter()
    for before, after in itertools.pairwise(extracts(whole["month"], "customer").values()):
        for key in before.keys() & after.keys():
            changed.update(name for name, old, new in zip(names, before[key], after[key], strict=True) if old != new)
    per_year = {name: count / 1000 / 5.42 for name, count in changed.items()}  # two quarters of 71 months are quiet
    expected = {
        "c_current_addr_sk": 0.36,
        "c_current_cdemo_sk": 0.18,
        "c_current_hdemo_sk": 0.18,
        "c_email_address": 0.24,
        "c_last_name": 0.10,
        "c_preferred_cust_flag": 0.12,
    }
    assert set(per_year) == set(expected)
    assert {
        name: round(per_year[name], 2) for name in expected if not 0.8 < per_year[name] / expected[name] < 1.2
    } == {}


def test_customers_point_to_addresses_and_demographics_that_are_there(
    whole: dict[str, Path], tables: duckdb.DuckDBPyConnection
) -> None:
    names = [name for name, _ in columns(whole["all"], "customer")]
    for column, table, key in (
        ("c_current_addr_sk", "customer_address", "ca_address_sk"),
        ("c_current_cdemo_sk", "customer_demographics", "cd_demo_sk"),
        ("c_current_hdemo_sk", "household_demographics", "hd_demo_sk"),
    ):
        known = {value for (value,) in tables.execute(f"select {key} from {table}").fetchall()} | {None}
        place = names.index(column)
        for rows in extracts(whole["quarter"], "customer").values():
            assert {row[place] for row in rows.values()} <= known


@pytest.mark.parametrize(("granularity", "least"), [("month", 50), ("quarter", 30), ("year", 10)])
def test_customers_disappear_and_come_back_changed_or_not(whole: dict[str, Path], granularity: str, least: int) -> None:
    found = extracts(whole[granularity], "customer")
    everybody = set(found[FIRST])
    last_seen: Rows = {}
    back: Counter[bool] = Counter()
    gone = 0
    for before, after in itertools.pairwise(found.values()):
        last_seen.update(before)
        gone += len(before.keys() - after.keys())
        assert len(before.keys() - after.keys()) < len(before) * 0.05
        assert after.keys() <= everybody
        back.update(after[key] == last_seen[key] for key in after.keys() - before.keys())
    missing = [1 - len(rows) / len(everybody) for rows in list(found.values())[1:]]
    assert 0.001 < sum(missing) / len(missing) < 0.008
    assert gone >= least
    assert sum(back.values()) >= least // 2
    if granularity == "month":
        assert min(back[True], back[False]) >= 10


def test_in_some_extracts_nothing_changed(whole: dict[str, Path]) -> None:
    for granularity, expected in (("month", 6), ("quarter", 2)):
        found = contents(whole[granularity])
        days = [FIRST, *states.dates(granularity)]
        files = [found[f"ops/customer/dt={day}/customer.parquet"] for day in days]
        assert sum(before == after for before, after in itertools.pairwise(files)) == expected


def test_addresses_are_corrected_in_place(whole: dict[str, Path]) -> None:
    names = [name for name, _ in columns(whole["all"], "customer_address")]
    found = list(extracts(whole["month"], "customer_address").values())
    changed: Counter[str] = Counter()
    for before, after in itertools.pairwise(found):
        assert before.keys() == after.keys()
        for key in before:
            changed.update(name for name, old, new in zip(names, before[key], after[key], strict=True) if old != new)
    assert set(changed) == {"ca_street_number", "ca_suite_number", "ca_zip"}
    assert min(changed.values()) >= 100
    # and most months have few of them
    assert sum(changed.values()) / len(found) < 20


def test_now_and_then_a_store_a_warehouse_or_a_promotion_changes(whole: dict[str, Path]) -> None:
    for table, expected in (
        ("store", {"s_manager", "s_number_employees"}),
        ("warehouse", {"w_warehouse_sq_ft"}),
        ("promotion", {"p_channel_email"}),
    ):
        names = [name for name, _ in columns(whole["all"], table)]
        found = list(extracts(whole["month"], table).values())
        assert len(found) == 4
        for before, after in itertools.pairwise(found):
            (key,) = [key for key in before if before[key] != after[key]]
            differing = {name for name, old, new in zip(names, before[key], after[key], strict=True) if old != new}
            assert differing == expected


def test_a_table_has_no_row_that_the_first_extract_lacks(whole: dict[str, Path]) -> None:
    for table in TABLES:
        found = extracts(whole["month"], table)
        assert all(rows.keys() <= found[FIRST].keys() for rows in found.values())


# ---- the same again, whole or in pieces


def test_the_extract_of_a_day_is_the_same_whatever_else_is_asked_for(tmp_path: Path, whole: dict[str, Path]) -> None:
    write(tmp_path / "week", "week", from_=date(1999, 12, 26), to=date(2000, 1, 2), granularity="month")
    write(tmp_path / "day", "day", from_=date(1999, 12, 26), to=date(2000, 1, 2))
    daily, weekly = contents(tmp_path / "day"), contents(tmp_path / "week")
    assert len([path for path in daily if "/customer/" in path]) == 9
    for fewer, more in (
        (contents(whole["year"]), contents(whole["quarter"])),
        (contents(whole["quarter"]), contents(whole["month"])),
        (weekly, daily),
        (daily, contents(whole["month"])),
    ):
        # a table lands where it changed since the period before, which has more often been so in a longer one
        shared = fewer.keys() & more.keys()
        assert len(shared) >= 6
        assert {path: fewer[path] for path in shared} == {path: more[path] for path in shared}
        assert {path for path in fewer if "/customer/" in path} <= more.keys() or fewer is daily


def test_slices_that_meet_make_the_whole(tmp_path: Path, whole: dict[str, Path]) -> None:
    edges = [None, date(1998, 12, 31), date(2000, 7, 1), date(2000, 9, 2), None]
    for start, end in itertools.pairwise(edges):
        write(tmp_path, "month", from_=start and start + timedelta(1), to=end, granularity="month")
    assert contents(tmp_path) == contents(whole["month"])


def test_two_runs_give_the_same_bytes_and_another_seed_gives_others(tmp_path: Path, whole: dict[str, Path]) -> None:
    write(tmp_path / "again", "quarter")
    write(tmp_path / "seed", "quarter", seed=2)
    assert contents(tmp_path / "again") == contents(whole["quarter"])
    other, one = contents(tmp_path / "seed"), contents(whole["quarter"])
    assert {path for path in other.keys() & one.keys() if "/customer" in path and other[path] == one[path]} == {
        f"ops/{table}/dt={FIRST}/{table}.parquet" for table in ("customer", "customer_address")
    }


# ---- in the landing zone


def test_later_extracts_land_beside_what_is_there_also_more_of_them(tmp_path: Path, whole: dict[str, Path]) -> None:
    write(tmp_path, "all")
    results = write(tmp_path, "year")
    assert {result.feed for result in results if result.new} == set(TABLES)
    write(tmp_path, "month")
    assert contents(whole["month"]).items() <= contents(tmp_path).items()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    for granularity in ("all", "year", "month"):
        assert sum(result.new for result in write(tmp_path, granularity)) == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before
    remembered = json.loads((tmp_path / sample.MARKER).read_text())
    assert remembered["made"]["ops"] == "scale 0.01"
    assert remembered["made"]["later extracts of ops"] == "seed 1"


def test_later_extracts_of_another_seed_do_not_mix(tmp_path: Path) -> None:
    write(tmp_path, "year")
    before = contents(tmp_path)
    with pytest.raises(UserError, match="files of seed 1 .*another RETAIL_LANDING") as error:
        write(tmp_path, "quarter", seed=2)
    assert "\n" not in str(error.value)
    assert contents(tmp_path) == before
    # the first extract and the sales do not depend on the seed
    assert sum(result.new for result in write(tmp_path, "all", seed=2)) == 0
    for path in before:
        if f"dt={FIRST}" not in path:
            (tmp_path / path).unlink()
    assert sum(result.new for result in write(tmp_path, "quarter", seed=2)) > 20


def test_later_extracts_of_another_scale_do_not_mix(tmp_path: Path) -> None:
    write(tmp_path, "year")
    later = [path for path in contents(tmp_path) if f"dt={FIRST}" not in path]
    for path in tmp_path.rglob("*.parquet"):
        if str(path.relative_to(tmp_path)) not in later:
            path.unlink()
    with pytest.raises(UserError, match=f"{len(later)} files of scale 0.01 .*another RETAIL_LANDING"):
        sample.write_sample(tmp_path, 0.02, ["ops"])


def test_the_generated_tables_stay_as_they_are(tmp_path: Path, tables: duckdb.DuckDBPyConnection) -> None:
    before = {table: tables.execute(f"select * from {table} order by 1").fetchall() for table in TABLES}
    write(tmp_path, "month")
    assert {table: tables.execute(f"select * from {table} order by 1").fetchall() for table in TABLES} == before
