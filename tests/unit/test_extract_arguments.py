"""`retail extract` without a database: what it says of arguments, columns and states."""

from datetime import date

import duckdb
import pytest

from retail import extract, load, pipes, tpcds
from retail.errors import UserError


def test_every_ops_feed_is_extracted_under_the_name_of_its_pipe() -> None:
    of_pipes = {load.feed_name(pipe) for pipe in pipes.read_definitions(load.default_scripts()).pipes}
    assert {f"ops.{name}" for name in extract.tables()} == {feed for feed in of_pipes if feed.startswith("ops.")}
    logs = {name for name, feed in extract.tables().items() if feed.date_column}
    assert logs == {f"{channel}_{what}" for channel in ("store", "catalog", "web") for what in ("sales", "returns")}


def test_the_key_of_a_day_is_that_of_the_standard(tmp_path) -> None:
    with tpcds.generated(0.01, tmp_path) as connection:
        query = "select d_date, d_date_sk from date_dim where d_date in ('1998-01-01', '2000-02-29', '2003-12-31')"
        found = connection.execute(query).fetchall()
    assert len(found) == 3
    assert [extract._day_key(day) for day, _ in found] == [key for _, key in found]


@pytest.mark.parametrize(
    ("now", "text"),
    [
        ([["a", "integer"], ["b", "bigint"]], "column b was text, is bigint now"),
        ([["a", "integer"]], "column b (text) is gone"),
        ([["a", "integer"], ["c", "text"]], "column b (text) is gone and c is new in its place: renamed?"),
        ([["a", "integer"], ["b", "text"], ["c", "date"]], "column c (date) is new"),
        ([["b", "text"], ["a", "integer"]], "its columns have another order"),
    ],
)
def test_a_change_of_columns_is_said_in_words(now: list[list[str]], text: str) -> None:
    assert extract._changes([["a", "integer"], ["b", "text"]], now) == text


def test_tables_are_named_with_commas_or_one_by_one_and_unknown_ones_are_refused() -> None:
    assert extract.chosen_tables(["ops.item,customer", "item"]) == ["item", "customer"]
    with pytest.raises(UserError, match=r"--tables itm: there is no such table; known are store_sales"):
        extract.chosen_tables(["itm"])


@pytest.mark.parametrize("text", ["2002-1-1", "20020101", "yesterday", "2002-02-30"])
def test_a_date_has_one_form(text: str) -> None:
    with pytest.raises(UserError, match="--date .*: not a date; write it as YYYY-MM-DD"):
        extract._date("--date", text)


def test_a_state_is_read_as_it_was_written() -> None:
    file = extract.File("ops/item/dt=2002-01-01/item-000001.parquet", 10, 2, "ab")
    state = extract.State("item", 1, "2002-01-01", [["i_item_sk", "bigint"]], 2, file, fingerprint="2 5")
    assert extract.State.from_json(state.as_json()) == state
    for damaged in (b"", b"{}", b"[]", state.as_json()[:-9], b'{"file": 1}'):
        with pytest.raises(ValueError):
            extract.State.from_json(damaged)


def test_an_unreachable_database_is_one_line_without_a_secret(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGUSER": "u", "PGPASSWORD": "hunter2"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as error:
        extract.extract(extract.landing_zone.of(tmp_path), [], extract.Options(day=date(2002, 1, 1)))
    text = str(error.value)
    assert text.startswith("PostgreSQL cannot be reached: connection to server at") and "PGSERVICE" in text
    assert "hunter2" not in text and "\n" not in text
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["lock"]


def test_an_extension_that_is_not_installed_is_named() -> None:
    with (
        duckdb.connect() as connection,
        pytest.raises(UserError, match="extension no_such cannot be loaded .*make setup"),
    ):
        extract.extensions.load(connection, "no_such")
