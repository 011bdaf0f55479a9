"""`retail sample` against the generator itself: every row of every table, in the file it belongs to, once."""

import csv
import errno
import gzip
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from duckdb_extensions import import_extension

from retail import marketplace, sample, tpcds
from retail.errors import UserError

SCALE = 0.01
# Feed: columns of date, order, item; the sales a return belongs to.
LOGS = {
    "store_sales": ("ss_sold_date_sk", "ss_ticket_number", "ss_item_sk", None),
    "catalog_sales": ("cs_sold_date_sk", "cs_order_number", "cs_item_sk", None),
    "web_sales": ("ws_sold_date_sk", "ws_order_number", "ws_item_sk", None),
    "store_returns": ("sr_returned_date_sk", "sr_ticket_number", "sr_item_sk", "store_sales"),
    "catalog_returns": ("cr_returned_date_sk", "cr_order_number", "cr_item_sk", "catalog_sales"),
    "web_returns": ("wr_returned_date_sk", "wr_order_number", "wr_item_sk", "web_sales"),
}
Rows = list[tuple]


@pytest.fixture(scope="module")
def standard(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The tables as the generator makes them, without any code of ours."""
    folder = tmp_path_factory.mktemp("extension")
    connection = duckdb.connect(config={"extension_directory": str(folder)})
    import_extension("tpcds", con=connection)
    connection.execute(f"load tpcds; call dsdgen(sf = {SCALE})")
    return connection


@pytest.fixture(scope="module")
def dated(standard) -> dict[str, list[tuple[date, tuple]]]:
    """Rows of each log with the day they belong to, worked out in plain Python."""
    days = dict(standard.execute("select d_date_sk, d_date from date_dim").fetchall())
    feeds: dict[str, list[tuple[date, tuple]]] = {}
    order_days: dict[str, dict[int, date]] = {}
    for feed, (date_column, order_column, _, sale) in LOGS.items():
        rows = standard.execute(f"select {date_column}, {order_column}, {feed}.* from {feed}").fetchall()
        order_days[feed] = {}
        for key, order, *_ in rows:
            if key is not None:
                order_days[feed][order] = max(days[key], order_days[feed].get(order, date.min))
        feeds[feed] = []
        for key, order, *row in rows:
            sold = order_days[sale].get(order) if sale else None
            feeds[feed].append((days[key] if key else order_days[feed].get(order) or sold, tuple(row)))
    counts = standard.execute("select * from inventory").fetchall()
    feeds["inventory"] = [(days[key], (str(days[key]), *(text(value) for value in rest))) for key, *rest in counts]
    return feeds


def text(value: int | None) -> str:
    return "" if value is None else str(value)


def landed(landing: Path, feed: str) -> dict[date, Rows]:
    """Rows of each file of a feed by its dt, in the order of the file."""
    source = "inventory" if feed == "inventory" else "ops"
    files: dict[date, Rows] = {}
    for folder in (landing / source / feed).glob("*"):
        dt = date.fromisoformat(folder.name.removeprefix("dt="))
        (file,) = folder.iterdir()
        if source == "inventory":
            assert file.name == "inventory.csv.gz"
            with gzip.open(file, "rt", newline="") as lines:
                header, *rows = csv.reader(lines)
            assert header == ["inv_date", "inv_item_sk", "inv_warehouse_sk", "inv_quantity_on_hand"]
            files[dt] = [tuple(row) for row in rows]
        else:
            assert file.name == f"{feed}.parquet"
            files[dt] = duckdb.execute(
                "select * from read_parquet(?, hive_partitioning = false)", [str(file)]
            ).fetchall()
    return files


def expected_dt(day: date, last: date, granularity: str, to: date | None) -> date:
    end = {
        "day": lambda: day,
        "week": lambda: day + timedelta((5 - day.weekday()) % 7),
        "month": lambda: (day.replace(day=1) + timedelta(32)).replace(day=1) - timedelta(1),
        "all": lambda: date.max,
    }[granularity]()
    return min(end, last, to or date.max)


def assert_landed_exactly(landing: Path, dated, granularity: str, from_: date | None = None, to: date | None = None):
    """Each row in the file of its period and nowhere else, each file's dt by the rule, no file over its range."""
    for feed, rows in dated.items():
        last = max(day for day, _ in rows)
        expected: dict[date, Counter] = defaultdict(Counter)
        for day, row in rows:
            if (from_ or date.min) <= day <= (to or date.max):
                expected[expected_dt(day, last, granularity, to)][row] += 1
        found = {dt: Counter(rows) for dt, rows in landed(landing, feed).items()}
        assert found == expected, feed


def contents(landing: Path) -> dict[str, bytes]:
    paths = (path for path in landing.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(landing)): path.read_bytes() for path in paths}


def times(landing: Path) -> dict[str, int]:
    return {path: (landing / path).stat().st_mtime_ns for path in contents(landing)}


@pytest.fixture(scope="module")
def monthly(tmp_path_factory) -> Path:
    """A landing zone by month; a test that changes it takes a copy."""
    landing = tmp_path_factory.mktemp("monthly")
    sample.write_sample(landing, SCALE, granularity="month")
    return landing


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    with tpcds.generated(SCALE, tmp_path_factory.mktemp("tables")) as connection:
        yield connection


@pytest.fixture(autouse=True)
def generate_once(tables, monthly, monkeypatch):
    """The tests share one run of the generator to be quick; the landing zone `monthly` has had its own."""
    at_scale = tpcds.generated
    monkeypatch.setattr(
        tpcds, "generated", lambda scale, scratch: nullcontext(tables) if scale == SCALE else at_scale(scale, scratch)
    )


# ---- rows


@pytest.mark.parametrize(
    ("granularity", "from_", "to"),
    [
        ("all", None, None),
        ("all", date(2000, 2, 29), date(2001, 7, 4)),
        ("week", date(2000, 12, 27), date(2001, 2, 7)),
        pytest.param("week", None, None, marks=pytest.mark.slow),
        ("month", date(2002, 12, 15), None),
        ("day", date(2002, 12, 1), None),
        ("day", date(2001, 12, 20), date(2002, 1, 10)),
        pytest.param("day", None, None, marks=pytest.mark.slow),
    ],
)
def test_every_row_lands_once_in_the_file_of_its_period(tmp_path, dated, granularity, from_, to):
    sample.write_sample(tmp_path, SCALE, from_=from_, to=to, granularity=granularity)
    assert_landed_exactly(tmp_path, dated, granularity, from_, to)


def test_by_month_every_row_lands_once_in_the_file_of_its_period(monthly, dated):
    assert_landed_exactly(monthly, dated, "month")


def test_lines_without_a_date_land_with_the_other_lines_of_their_order(monthly, standard):
    undated = standard.execute("select count(*) from store_sales where ss_sold_date_sk is null").fetchone()[0]
    assert undated > 1000
    orders_by_file = {
        dt: {row[9] for row in rows} for dt, rows in landed(monthly, "store_sales").items()
    }  # ss_ticket_number is the tenth column
    files_per_order = Counter(order for orders in orders_by_file.values() for order in orders)
    assert set(files_per_order.values()) == {1}


def test_states_land_whole_in_key_order_whatever_the_dates(tmp_path, standard):
    sample.write_sample(tmp_path, SCALE, ["ops"], date(2003, 1, 1), date(2003, 1, 1), "day")
    tables = {name for (name,) in standard.execute("select table_name from duckdb_tables()").fetchall()}
    for table in tables - set(LOGS) - {"inventory"}:
        (dt,) = (found := landed(tmp_path, table))
        assert dt == date(1998, 1, 1)
        assert found[dt] == sorted(standard.execute(f"select * from {table}").fetchall(), key=lambda row: row[0]), table
    assert not (tmp_path / "inventory").exists()


def test_columns_and_types_are_the_generators(monthly, standard):
    def columns(relation: str) -> list[tuple]:
        described = standard.execute(f"describe select * from {relation}").fetchall()
        return [(name, type_) for name, type_, *_ in described]

    for folder in (monthly / "ops").iterdir():
        files = f"read_parquet('{folder}/*/*.parquet', hive_partitioning = false)"
        assert columns(files) == columns(folder.name)


def test_rows_of_a_file_are_ordered_by_day_and_key(monthly, dated, standard):
    for feed, (_, order_column, item_column, _) in LOGS.items():
        names = [name for name, *_ in standard.execute(f"describe {feed}").fetchall()]
        order, item = names.index(order_column), names.index(item_column)
        day_of = {(row[order], row[item]): day for day, row in dated[feed]}
        assert len(day_of) == len(dated[feed]), "order and item must be a key, or the order is not certain"
        for rows in landed(monthly, feed).values():
            keys = [(day_of[row[order], row[item]], row[order], row[item]) for row in rows]
            assert keys == sorted(keys)
    for rows in landed(monthly, "inventory").values():
        keys = [(day, int(item), int(warehouse)) for day, item, warehouse, _ in rows]
        assert keys == sorted(keys)


# ---- pieces


@pytest.mark.parametrize("granularity", ["week", "all"])
def test_pieces_that_meet_make_the_whole(tmp_path, granularity):
    first, middle, last = date(2001, 11, 1), date(2001, 12, 5), date(2002, 1, 31)
    sample.write_sample(tmp_path / "whole", SCALE, from_=first, to=last, granularity=granularity)
    sample.write_sample(tmp_path / "pieces", SCALE, from_=first, to=middle, granularity=granularity)
    sample.write_sample(tmp_path / "pieces", SCALE, from_=middle + timedelta(1), to=last, granularity=granularity)
    for feed in [*LOGS, "inventory"]:
        whole, pieces = (
            Counter(row for rows in landed(tmp_path / name, feed).values() for row in rows)
            for name in ("whole", "pieces")
        )
        assert whole == pieces
        assert whole


def test_a_file_of_a_whole_period_has_the_same_bytes_in_any_range(tmp_path, monthly):
    sample.write_sample(tmp_path, SCALE, from_=date(2000, 3, 1), to=date(2000, 4, 30), granularity="month")
    whole = contents(monthly)
    piece = contents(tmp_path)
    assert len(piece) > 17
    assert all(whole[path] == content for path, content in piece.items())


def test_dates_without_rows_write_no_file(tmp_path):
    results = sample.write_sample(tmp_path, SCALE, ["inventory"], from_=date(2010, 1, 1))
    assert [(result.files, result.rows) for result in results] == [(0, 0)]
    assert contents(tmp_path) == {}


# ---- the same again


def test_two_runs_give_the_same_bytes(tmp_path, monthly):
    sample.write_sample(tmp_path, SCALE, granularity="month")
    assert contents(tmp_path) == contents(monthly)


@pytest.mark.parametrize("with_marker", [True, False])
def test_a_second_run_touches_nothing_and_says_so(tmp_path, monthly, with_marker):
    landing = Path(shutil.copytree(monthly, tmp_path / "landing"))
    if not with_marker:
        (landing / sample.MARKER).unlink()
    before = times(landing)
    results = sample.write_sample(landing, SCALE, granularity="month")
    assert times(landing) == before
    assert sum(result.new for result in results) == 0
    assert sum(result.unchanged for result in results) == len(before)


def test_the_result_counts_what_lies_in_the_landing_zone(tmp_path, standard):
    results = sample.write_sample(tmp_path, SCALE)
    assert len(results) == 28
    for result in results:
        files = [path for path in (tmp_path / result.source / result.feed).rglob("*") if path.is_file()]
        assert result.files == result.new == len(files)
        assert (len(files) == 1) == (result.source != "shop")
        assert result.bytes == sum(path.stat().st_size for path in files)
        if result.source == "shop":
            # no field of the shop's has a line end
            assert result.rows == sum(len(path.read_text().splitlines()) - 1 for path in files)
        elif result.source == "marketplace":
            assert result.rows == marketplace.DEFAULT_ROWS
        else:
            assert result.rows == standard.execute(f"select count(*) from {result.feed}").fetchone()[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        sample.MARKER,
        "inventory",
        "marketplace",
        "ops",
        "shop",
    ]


def test_a_deleted_file_comes_back(tmp_path, monthly):
    landing = Path(shutil.copytree(monthly, tmp_path / "landing"))
    lost = landing / "ops/web_sales/dt=2000-01-31/web_sales.parquet"
    content = lost.read_bytes()
    lost.unlink()
    results = sample.write_sample(landing, SCALE, granularity="month")
    assert lost.read_bytes() == content
    assert {result.feed: result.new for result in results if result.new} == {"web_sales": 1}


def test_leftovers_of_a_killed_run_are_cleared(tmp_path):
    leftover = tmp_path / sample.STAGING / "inventory/inventory/dt=2002-12-26/inventory.csv.gz"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half a file")
    sample.write_sample(tmp_path, SCALE, ["inventory"])
    assert sorted(path.name for path in tmp_path.iterdir()) == [sample.MARKER, "inventory"]
    assert list(landed(tmp_path, "inventory")) == [date(2002, 12, 26)]


def test_a_run_that_breaks_while_placing_files_is_completed_by_the_next(tmp_path, monkeypatch):
    sample.write_sample(tmp_path / "whole", SCALE)
    replace, calls = os.replace, []

    def full_disk(source: Path, target: Path) -> None:
        if len(calls) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        calls.append(target)
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full_disk)
        with pytest.raises(UserError, match="No space left on device"):
            sample.write_sample(tmp_path / "broken", SCALE)
    assert len(contents(tmp_path / "broken")) == 5
    results = sample.write_sample(tmp_path / "broken", SCALE)
    assert sum(result.new for result in results) == len(contents(tmp_path / "whole")) - 5
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")


# ---- what stands in the way


def test_a_file_of_other_content_is_never_overwritten_and_nothing_else_is_written(tmp_path):
    foreign = tmp_path / "ops/time_dim/dt=1998-01-01/time_dim.parquet"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"someone's own")
    with pytest.raises(UserError, match="time_dim.parquet.*choose another RETAIL_LANDING or remove them") as error:
        sample.write_sample(tmp_path, SCALE)
    assert "\n" not in str(error.value)
    assert contents(tmp_path) == {"ops/time_dim/dt=1998-01-01/time_dim.parquet": b"someone's own"}


def test_a_changed_file_is_seen_although_the_marker_knows_it(tmp_path, monthly):
    landing = Path(shutil.copytree(monthly, tmp_path / "landing"))
    changed = landing / "ops/item/dt=1998-01-01/item.parquet"
    # the same size, so that only a comparison of the content can tell
    changed.write_bytes(changed.read_bytes()[:-1] + b"?")
    with pytest.raises(UserError, match="item.parquet"):
        sample.write_sample(landing, SCALE, granularity="month")


def test_another_scale_is_refused_also_without_the_marker(tmp_path):
    sample.write_sample(tmp_path, SCALE, ["inventory"])
    before = contents(tmp_path)
    with pytest.raises(UserError, match="files of scale 0.01"):
        sample.write_sample(tmp_path, 0.02, ["inventory"])
    (tmp_path / sample.MARKER).unlink()
    with pytest.raises(UserError, match="another scale, size, seed, range or generation"):
        sample.write_sample(tmp_path, 0.02, ["inventory"])
    assert contents(tmp_path) == before
