"""The marketplace's export: its form, every kind of dirt counted by another reader, the same bytes in whatever pieces."""

import calendar
import csv
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retail import marketplace, sample, tpcds
from retail.errors import UserError

HEADER = (
    "Transaction_ID,Customer_ID,Name,Email,Phone,Address,City,State,Zipcode,Country,Age,Gender,Income,Customer_Segment,"
    "Date,Year,Month,Time,Total_Purchases,Amount,Total_Amount,Product_Category,Product_Brand,Product_Type,Feedback,"
    "Shipping_Method,Payment_Method,Order_Status,Ratings,products"
)
ROWS, SEED = 20_000, 1
FIRST, LAST = date(2023, 3, 1), date(2024, 2, 29)
EVERY_PERIOD = ("day", "week", "month", "all")
Row = dict[str, str]


# ---- another reader: plain Python, which knows of the generator no more than the data set's documentation says


def files(landing: Path) -> dict[str, str]:
    """Text of each file by its path, in order."""
    paths = sorted((landing / "marketplace").rglob("*.csv"))
    return {str(path.relative_to(landing)): path.read_bytes().decode() for path in paths}


def read(texts: Iterable[str]) -> list[Row]:
    rows = []
    for text in texts:
        lines = csv.reader(text.splitlines(keepends=True), strict=True)
        assert next(lines) == HEADER.split(",")
        for values in lines:
            assert len(values) == 30
            rows.append(dict(zip(HEADER.split(","), values, strict=True)))
    return rows


def tidied(text: str) -> str:
    return " ".join(text.split()).casefold()


def known_spellings(rows: list[Row], column: str) -> dict[str, str]:
    """The spelling that most rows have, by the tidied text."""
    spellings: dict[str, Counter] = defaultdict(Counter)
    for row in rows:
        spellings[tidied(row[column])][row[column]] += 1
    return {text: counter.most_common(1)[0][0] for text, counter in spellings.items()}


def owners(rows: list[Row], column: str, owner: str) -> dict[str, str]:
    """The value of `owner` that goes with each value of a column in most rows."""
    found: dict[str, Counter] = defaultdict(Counter)
    for row in rows:
        if row[column] and row[owner]:
            found[tidied(row[column])][tidied(row[owner])] += 1
    return {value: counter.most_common(1)[0][0] for value, counter in found.items()}


def as_date(text: str) -> date | None:
    month, day, year = map(int, text.split("/"))
    return date(year, month, day) if 1 <= day <= calendar.monthrange(year, month)[1] else None


CATEGORICAL = (
    *("City", "State", "Country", "Gender", "Income", "Customer_Segment", "Month", "Product_Category", "Product_Brand"),
    *("Product_Type", "Feedback", "Shipping_Method", "Payment_Method", "Order_Status"),
)
FITTING_RATINGS = {"bad": "12", "average": "23", "good": "34", "excellent": "45"}
ZIP_DIGITS = {"usa": 5, "germany": 5, "australia": 4}


def dirt(rows: list[Row], repeats: bool = True) -> dict[str, int]:
    """Each kind of dirt as a reader of the files finds it."""
    different = list({tuple(row.values()): row for row in rows}.values())
    landed = rows if repeats else different
    spellings = {column: known_spellings(rows, column) for column in CATEGORICAL}
    category_of = {column: owners(rows, column, "Product_Category") for column in ("Product_Brand", "products")}
    counts: Counter[str] = Counter({"rows": len(landed), "repeated_rows": len(rows) - len(different)})

    def found(kind: str, condition: object) -> None:
        counts[kind] += bool(condition)

    for row in landed:
        for column, value in row.items():
            found(f"null_{column.lower()}", not value)
        for column, known in spellings.items():
            found("untidy_cells", row[column] != known[tidied(row[column])])
        known_month = row["Year"] and row["Month"]
        found("no_date_but_month", not row["Date"] and known_month)
        found("no_date", not (row["Date"] or row["Year"] or row["Month"]))
        impossible = row["Date"] and not as_date(row["Date"])
        found("impossible_date", impossible)
        found("no_known_month", (impossible or not row["Date"]) and not known_month)
        quantity, price, total = row["Total_Purchases"], row["Amount"], row["Total_Amount"]
        found("no_amount", not total and not (quantity and price))
        found("computable_total", not total and quantity and price)
        found(
            "wrong_total", quantity and price and total and abs(float(quantity) * float(price) - float(total)) > 0.005
        )
        fitting = FITTING_RATINGS.get(tidied(row["Feedback"]))
        found("contradicting_rating", fitting and row["Ratings"] and row["Ratings"][0] not in fitting)
        category = tidied(row["Product_Category"])
        for kind, column in (("contradicting_brand", "Product_Brand"), ("contradicting_product", "products")):
            found(kind, category and row[column] and category_of[column][tidied(row[column])] != category)
        digits = ZIP_DIGITS.get(tidied(row["Country"]), 0)
        found("lost_zip_zeros", row["Zipcode"] and len(row["Zipcode"].removesuffix(".0")) < digits)
    ids = [row["Transaction_ID"] for row in different if row["Transaction_ID"]]
    counts["reused_transaction_id"] = len(ids) - len(set(ids))
    persons: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["Customer_ID"] and row["Email"]:
            persons[row["Customer_ID"]].add(row["Email"])
    counts["shared_customer_ids"] = sum(len(mails) > 1 for mails in persons.values())
    return dict(counts)


@pytest.fixture(scope="module")
def monthly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    landing = tmp_path_factory.mktemp("monthly")
    sample.write_sample(landing, sources=["marketplace"], granularity="month", rows=ROWS, seed=SEED)
    return landing


@pytest.fixture(scope="module")
def rows(monthly: Path) -> list[Row]:
    return read(files(monthly).values())


def write(landing: Path, rows: int = 300, seed: int = SEED, **options) -> list[sample.FeedResult]:
    return sample.write_sample(landing, sources=["marketplace"], rows=rows, seed=seed, **options)


# ---- form


FORMS = {
    **dict.fromkeys(("Transaction_ID", "Customer_ID", "Phone", "Zipcode"), r"[1-9]\d*\.0"),
    "Email": r"[a-z]+\.\d+@example\.(com|org)",
    "Age": r"(1[89]|[2-6]\d|70)\.0",
    "Date": r"([1-9]|1[0-2])/([1-9]|[12]\d|3[0-2])/202[34]",
    "Year": r"202[34]\.0",
    "Time": r"(\d|1\d|2[0-3])(:[0-5]\d){2}",
    "Total_Purchases": r"([1-9]|10)\.0",
    "Amount": r"\d{2,3}\.\d{1,8}",
    "Total_Amount": r"\d{1,4}\.\d+",
    "Ratings": r"[1-5]\.0",
    "Name": r"\S+ \S.*\S",
    "Address": r"\d+ \S.*\S",
    "products": r"\S.*\S",
}


def test_every_value_has_the_form_of_the_public_data_set(rows: list[Row]) -> None:
    assert set(FORMS) | set(CATEGORICAL) == set(HEADER.split(","))
    for column, form in FORMS.items():
        wrong = [row[column] for row in rows if row[column] and not re.fullmatch(form, row[column])]
        assert wrong == [], column


def test_the_values_of_categories_are_those_of_the_public_data_set(rows: list[Row]) -> None:
    expected = {
        "Country": {"USA", "UK", "Canada", "Australia", "Germany"},
        "Gender": {"Male", "Female"},
        "Income": {"Low", "Medium", "High"},
        "Customer_Segment": {"New", "Regular", "Premium"},
        "Month": set(calendar.month_name[1:]),
        "Product_Category": {"Electronics", "Clothing", "Grocery", "Home Decor", "Books"},
        "Feedback": {"Bad", "Average", "Good", "Excellent"},
        "Shipping_Method": {"Same-Day", "Standard", "Express"},
        "Payment_Method": {"Credit Card", "Debit Card", "PayPal", "Cash"},
        "Order_Status": {"Shipped", "Processing", "Pending", "Delivered"},
    }
    for column, values in expected.items():
        assert set(known_spellings(rows, column).values()) - {""} == values, column


def test_clean_lines_agree_in_themselves(rows: list[Row]) -> None:
    type_of = owners(rows, "Product_Type", "Product_Category")
    for row in rows:
        if row["Date"] and row["Year"]:
            assert row["Date"].endswith(row["Year"].removesuffix(".0"))
        if row["Date"] and row["Month"]:
            assert calendar.month_name[int(row["Date"].split("/")[0])].casefold() == tidied(row["Month"])
        if row["Product_Type"] and row["Product_Category"]:
            assert type_of[tidied(row["Product_Type"])] == tidied(row["Product_Category"])
        if row["Amount"]:
            assert 10 <= float(row["Amount"]) <= 500


def test_dates_cover_the_year_and_never_follow_their_export(monthly: Path, rows: list[Row]) -> None:
    days = {as_date(row["Date"]) for row in rows if row["Date"]} - {None}
    assert days == {FIRST + timedelta(n) for n in range(366)}
    seen = set()
    for path, text in files(monthly).items():
        dt = date.fromisoformat(path.split("dt=")[1][:10])
        for row in read([text]):
            day = as_date(row["Date"]) if row["Date"] else None
            # a repeat comes with a later export than its original, and everything else with that of its own month
            if day and tuple(row.values()) not in seen:
                assert (day.year, day.month) == (dt.year, dt.month)
            assert day is None or day <= dt
            seen.add(tuple(row.values()))


def test_telephone_numbers_come_from_ranges_kept_for_fiction(rows: list[Row]) -> None:
    american = r"\d{3}55501\d\d"
    fictional = {
        "usa": american,
        "canada": american,
        "uk": r"2079460\d{3}|7700900\d{3}|1314960\d{3}|2920180\d{3}",
        "germany": r"3023125\d{3}|8999998\d{3}|2214710\d{3}|17604069\d{3}",
        "australia": r"[238]5550\d{4}|355500\d{3}",
    }
    for row in rows:
        if row["Country"] and row["Phone"]:
            assert re.fullmatch(rf"({fictional[tidied(row['Country'])]})\.0", row["Phone"])


# ---- dirt


@pytest.mark.parametrize("repeats", [True, False])
def test_the_expected_counts_are_those_that_another_reader_finds(rows: list[Row], repeats: bool) -> None:
    assert marketplace.dirt_counts(ROWS, SEED, repeats) == dirt(rows, repeats)


@pytest.mark.parametrize(("number", "seed"), [(1, 0), (2, 5), (7, 0), (500, 1_000_000), (5_000, 77)])
def test_the_expected_counts_hold_for_any_size_and_seed(tmp_path: Path, number: int, seed: int) -> None:
    write(tmp_path, number, seed)
    found = dirt(read(files(tmp_path).values()))
    expected = marketplace.dirt_counts(number, seed)
    # In a few rows the reader cannot know which category a brand belongs to, or which spelling is the right one
    if number < 5_000:
        for kind in ("contradicting_brand", "contradicting_product", "untidy_cells"):
            del found[kind], expected[kind]
    assert found == expected


# Of 100,000 rows (columns, where the kind is one of cells); not from the module, so that a change of a share is seen.
SHARES = {
    "repeated_rows": 200,
    "reused_transaction_id": 1000,
    "wrong_total": 500,
    "contradicting_rating": 1000,
    "contradicting_brand": 500,
    "contradicting_product": 500,
    "no_date_but_month": 400,  # 0.3 % and the nulls of Date
    "no_date": 50,
    "impossible_date": 50,
    "no_amount": 50,
    "computable_total": 100,  # the nulls of Total_Amount
    **{f"null_{column.lower()}": 100 for column in HEADER.split(",")[:-1]},
    # the kinds that take the value away come on top
    "null_date": 450,
    "null_year": 150,
    "null_month": 150,
    "null_total_amount": 150,
    "null_amount": 125,
    "null_total_purchases": 125,
}


def off(found: int, expected: float) -> bool:
    """Whether a count is further from the expected one than chance explains: 4.5 standard deviations."""
    return abs(found - expected) > 4.5 * expected**0.5 + 1


def test_every_kind_of_dirt_occurs_in_the_default_sample() -> None:
    counts = marketplace.dirt_counts(marketplace.DEFAULT_ROWS, marketplace.DEFAULT_SEED)
    assert [kind for kind, count in counts.items() if not count] == ["null_products"]


def test_every_kind_of_dirt_has_its_share() -> None:
    number = 150_000
    counts = marketplace.dirt_counts(number, 2)
    wrong = {
        kind: (counts[kind], share * number / 100_000)
        for kind, share in SHARES.items()
        if off(counts[kind], share * number / 100_000)
    }
    assert wrong == {}
    assert 0.1 < counts["lost_zip_zeros"] / number < 0.16
    # one cell in 500 of 14 columns, but upper case changes nothing of "USA" and "UK"
    assert 0.95 < counts["untidy_cells"] / (number * 14 * 0.002) < 1.05


def test_the_expected_counts_hold_where_dirt_falls_on_dirt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats of repeats, ids of repeats, nulls in contradictions: rare at the true shares, so here they are common."""
    monkeypatch.setattr(marketplace, "KINDS", {kind: share * 15 for kind, share in marketplace.KINDS.items()})
    monkeypatch.setattr(marketplace, "NEAR_REPEATS", 15_000)
    monkeypatch.setattr(marketplace, "FAR_REPEATS", 15_000)
    monkeypatch.setattr(marketplace, "NULLS", 80)
    write(tmp_path, 6_000)
    rows = read(files(tmp_path).values())
    for repeats in (True, False):
        assert marketplace.dirt_counts(6_000, SEED, repeats) == dirt(rows, repeats)


def test_nulls_fall_on_columns_independently(rows: list[Row]) -> None:
    columns = [column for column in HEADER.split(",") if column not in ("Date", "Year", "Month", "products")]
    columns = [column for column in columns if "Amount" not in column and column != "Total_Purchases"]
    per_row = Counter(sum(not row[column] for column in columns) for row in rows)
    # 23 columns of 0.1 %: two nulls or more in 0.025 % of rows
    assert per_row[1] > 350
    assert 0 < sum(count for nulls, count in per_row.items() if nulls > 1) < 20


def test_repeats_come_in_the_same_file_and_in_later_ones(monthly: Path) -> None:
    first_file: dict[tuple, str] = {}
    repeated = Counter()
    for path, text in files(monthly).items():
        for row in read([text]):
            where = first_file.setdefault(tuple(row.values()), path)
            repeated["same file" if where == path else "later file"] += 1
    assert repeated["same file"] - len(first_file) >= 10
    assert repeated["later file"] >= 10


def test_an_account_is_used_by_persons_of_other_name_and_address(rows: list[Row]) -> None:
    persons: dict[str, set] = defaultdict(set)
    for row in rows:
        if row["Customer_ID"] and row["Name"] and row["Address"]:
            persons[row["Customer_ID"]].add((row["Name"], row["Address"]))
    assert sum(len(names) > 1 for names in persons.values()) > 50
    # and most accounts that bought more than once are one person's
    assert sum(len(names) == 1 for names in persons.values()) > 4_000


def test_untidy_text_comes_in_every_kind(rows: list[Row]) -> None:
    found = Counter()
    for column in CATEGORICAL:
        known = known_spellings(rows, column)
        for row in rows:
            text, right = row[column], known[tidied(row[column])]
            if text != right:
                kinds = {
                    "upper": text == right.upper(),
                    "lower": text == right.lower(),
                    "around": text != text.strip() and text.strip() == right,
                    "doubled": text == text.strip() and "  " in text,
                }
                assert sum(kinds.values()) == 1 or text.upper() == text.lower()
                found += Counter(kind for kind, is_so in kinds.items() if is_so)
    assert min(found[kind] for kind in ("upper", "lower", "around", "doubled")) >= 10


# ---- the same again, whole or in pieces


def test_two_runs_give_the_same_bytes_and_another_seed_or_size_gives_others(tmp_path: Path, monthly: Path) -> None:
    write(tmp_path / "again", ROWS, SEED, granularity="month")
    write(tmp_path / "seed", ROWS, SEED + 1, granularity="month")
    write(tmp_path / "size", ROWS + 1, SEED, granularity="month")
    assert files(tmp_path / "again") == files(monthly)
    assert files(tmp_path / "size") != files(monthly)
    assert not set(body(files(tmp_path / "seed"))) & set(body(files(monthly)))


def test_seeds_that_are_neighbours_share_no_customer(tmp_path: Path) -> None:
    write(tmp_path / "1", seed=1)
    write(tmp_path / "2", seed=2)
    one, other = ({(row["Name"], row["Address"]) for row in read(files(tmp_path / name).values())} for name in "12")
    assert len(one & other) < len(one) / 10


@pytest.fixture(scope="module")
def small_whole(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    landing = tmp_path_factory.mktemp("small")
    write(landing, 700)
    return body(files(landing))


def body(texts: dict[str, str]) -> list[str]:
    """The lines of all files in order of their paths, without the headers."""
    return list(itertools.chain.from_iterable(text.splitlines()[1:] for text in texts.values()))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.dates(FIRST - timedelta(3), LAST + timedelta(3)), max_size=3, unique=True).map(sorted),
    granularity=st.sampled_from(EVERY_PERIOD),
    file_rows=st.sampled_from([marketplace.ROWS_PER_FILE, 97, 31]),
)
def test_pieces_that_meet_make_the_whole(
    tmp_path_factory: pytest.TempPathFactory, small_whole: list[str], cuts: list[date], granularity: str, file_rows: int
) -> None:
    landing = tmp_path_factory.mktemp("pieces")
    edges = [None, *cuts, None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marketplace, "ROWS_PER_FILE", file_rows)
        for start, end in itertools.pairwise(edges):
            write(landing, 700, from_=start and start + timedelta(1), to=end, granularity=granularity)
    assert body(files(landing)) == small_whole


@pytest.mark.parametrize(("granularity", "expected"), [("all", 1), ("month", 12), ("week", 53), ("day", 366)])
def test_a_file_is_named_for_the_last_day_of_its_period(tmp_path: Path, granularity: str, expected: int) -> None:
    write(tmp_path, 2_000, granularity=granularity)
    found = list(files(tmp_path))
    assert len(found) == expected
    ends = {
        "day": lambda day: day,
        "week": lambda day: day + timedelta((5 - day.weekday()) % 7),
        "month": lambda day: day.replace(day=calendar.monthrange(day.year, day.month)[1]),
        "all": lambda day: LAST,
    }
    dts = sorted({min(ends[granularity](FIRST + timedelta(n)), LAST) for n in range(366)})
    assert found == [f"marketplace/transactions/dt={dt}/transactions-001.csv" for dt in dts]


def test_a_file_of_a_whole_period_has_the_same_bytes_in_any_range(tmp_path: Path, monthly: Path) -> None:
    write(tmp_path, ROWS, from_=date(2023, 6, 1), to=date(2023, 7, 31), granularity="month")
    piece = files(tmp_path)
    assert [path.split("/")[2] for path in piece] == ["dt=2023-06-30", "dt=2023-07-31"]
    assert piece.items() <= files(monthly).items()


def test_a_range_that_ends_in_a_period_takes_its_own_end_for_dt(tmp_path: Path) -> None:
    write(tmp_path, to=date(2023, 6, 10))
    (path,) = files(tmp_path)
    assert "/dt=2023-06-10/" in path


def test_dates_without_rows_write_no_file(tmp_path: Path) -> None:
    (result,) = write(tmp_path, from_=date(2024, 3, 1))
    assert (result.files, result.rows) == (0, 0)
    assert files(tmp_path) == {}


def test_ten_million_rows_are_thirty_three_files_without_a_gap() -> None:
    number = 10_000_000
    with marketplace._connection(number, SEED) as connection:
        found = marketplace._files(connection, number, None, None, sample.PERIOD_END["all"])
    assert len(found) == 33
    assert [first for _, first, _ in found] == [0, *(end for *_, end in found[:-1])]
    assert found[-1][2] == number
    assert [path for path, *_ in found] == sorted({path for path, *_ in found})


# ---- in the landing zone


def test_a_second_run_touches_nothing_and_a_deleted_file_comes_back(tmp_path: Path) -> None:
    write(tmp_path, granularity="month")
    before = {path: ((tmp_path / path).stat().st_mtime_ns, text) for path, text in files(tmp_path).items()}
    (again,) = write(tmp_path, granularity="month")
    assert (again.files, again.rows, again.new) == (12, 300, 0)
    lost = tmp_path / "marketplace/transactions/dt=2023-05-31/transactions-001.csv"
    lost.unlink()
    (again,) = write(tmp_path, granularity="month")
    assert again.new == 1
    after = {path: ((tmp_path / path).stat().st_mtime_ns, text) for path, text in files(tmp_path).items()}
    assert {path: text for path, (_, text) in after.items()} == {path: text for path, (_, text) in before.items()}
    assert [path for path in before if before[path] != after[path]] == [str(lost.relative_to(tmp_path))]


@pytest.mark.parametrize("other", [{"rows": 301}, {"seed": 2}])
def test_another_size_or_seed_does_not_mix_with_what_is_there(tmp_path: Path, other: dict[str, int]) -> None:
    write(tmp_path)
    before = files(tmp_path)
    # other dates, so that no file stands in another's way
    with pytest.raises(UserError, match="1 files of 300 rows and seed 1 .*another RETAIL_LANDING") as error:
        write(tmp_path, **other, to=date(2023, 6, 10))
    assert "\n" not in str(error.value)
    (tmp_path / sample.MARKER).unlink()
    with pytest.raises(UserError, match="another scale, size, seed, range or generation"):
        write(tmp_path, **other)
    assert files(tmp_path) == before


def test_when_the_files_of_a_size_are_gone_another_takes_their_place(tmp_path: Path) -> None:
    write(tmp_path)
    for path in files(tmp_path):
        (tmp_path / path).unlink()
    (result,) = write(tmp_path, 301)
    assert (result.files, result.rows, result.new) == (1, 301, 1)
    (again,) = write(tmp_path, 301)
    assert again.new == 0


def test_the_marketplace_needs_no_generator_and_lands_beside_any_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = tmp_path / "inventory/inventory/dt=2002-12-26/inventory.csv.gz"
    landed.parent.mkdir(parents=True)
    landed.write_bytes(b"x")
    path = str(landed.relative_to(tmp_path))
    marker = {"made": {"inventory": "scale 0.01"}, "files": {path: [1, 1, 1]}, "runs": {}}
    (tmp_path / sample.MARKER).write_text(json.dumps(marker))
    monkeypatch.setattr(tpcds, "generated", None)
    (result,) = write(tmp_path, scale=1)
    assert (result.source, result.feed, result.files, result.rows) == ("marketplace", "transactions", 1, 300)
    remembered = json.loads((tmp_path / sample.MARKER).read_text())
    assert remembered["made"] == {"inventory": "scale 0.01", "marketplace": "300 rows and seed 1"}
    assert path in remembered["files"]


def test_progress_counts_the_files(tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    write(tmp_path, 1_000, granularity="month", report=lambda *step: said.append(step))
    assert said[0] == ("generating 1,000 rows of the marketplace's export", 0, 0)
    assert said[1:] == [("writing marketplace/transactions/dt=" + dt, n, 12) for n, dt in enumerate(months())]


def months() -> Iterator[str]:
    for n in range(12):
        year, month = 2023 + (n + 2) // 12, (n + 2) % 12 + 1
        yield f"{year}-{month:02}-{calendar.monthrange(year, month)[1]}"


@pytest.mark.slow
def test_the_size_of_the_public_data_set(tmp_path: Path) -> None:
    number = 302_010
    (result,) = write(tmp_path, number)
    assert (result.files, result.rows) == (1, number)
    rows = read(files(tmp_path).values())
    expected = marketplace.dirt_counts(number, SEED)
    assert dirt(rows) == expected
    assert {kind for kind, share in SHARES.items() if off(expected[kind], share * number / 100_000)} == set()
    customers = len({row["Customer_ID"] for row in rows})
    assert 70_000 < customers < 86_289
