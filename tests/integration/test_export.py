"""`retail export`: files that hold what gold holds, name nobody unless asked to, and are old or new but never half."""

import csv
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from conftest import ROOT, Warehouse
from retail import export, publish
from retail.errors import UserError

# -- a few rows with all that could go wrong on the way ---------------------------------------------------------------

COLUMNS = [
    ("sale_id", "bigint"),
    ("product_id", "varchar"),
    ("remark", "varchar"),
    ("sales_amount", "decimal(18,2)"),
    ("change_ratio", "decimal(18,4)"),
    ("weight", "double"),
    ("sold_date", "date"),
    ("sold_at", "timestamp"),
    ("is_cancelled", "boolean"),
    ("buyer_name", "varchar"),
]
ROWS: list[tuple[Any, ...]] = [
    (
        1,
        "00123",
        'a, "b"\nand c',
        Decimal("-12345678901234.56"),
        Decimal("0.3333"),
        0.1,
        date(2002, 2, 28),
        datetime(2002, 2, 28, 23, 59, 59, 123456),
        True,
        "Ann",
    ),
    (2**53 + 1, "", "é ü 雪 🛒", Decimal("0.10"), Decimal("-1.0000"), -1.5e300, date(1900, 1, 1), None, False, "Bob"),
    (3, "NULL", None, None, None, None, None, datetime(2035, 12, 31), None, None),
]


class Small:
    """A warehouse of a few rows, published, and a folder for what is exported."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database, self.gold, self.out = (folder / name for name in ("retail.duckdb", "gold.duckdb", "exports"))
        self.target = folder / "target"
        self.target.mkdir()
        self.environment = {
            "RETAIL_DATABASE": str(self.database),
            "RETAIL_GOLD": str(self.gold),
            "DBT_TARGET_PATH": str(self.target),
        }
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("create schema gold")
            connection.execute(
                f"create table gold.sales ({', '.join(f'{name} {type_}' for name, type_ in COLUMNS)}); create table gold.nothing (id bigint)"
            )
            connection.executemany(f"insert into gold.sales values ({', '.join('?' * len(COLUMNS))})", ROWS)
        nodes = {
            f"model.retail.{name}": {
                "resource_type": "model",
                "name": name,
                "alias": name,
                "schema": "gold",
                "columns": {
                    each: {"name": each, "config": {"meta": {"pii": True} if each == "buyer_name" else {}}}
                    for each in columns
                },
            }
            for name, columns in (("sales", [name for name, _ in COLUMNS]), ("nothing", ["id"]))
        }
        (self.target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
        publish.publish(self.database, self.gold, self.target / "manifest.json")

    def export(self, format_: str, *models: str, **options: Any) -> export.Exported:
        return export.export(format_, self.out, models, **options)

    def files(self) -> set[str]:
        return {path.name for path in self.out.iterdir()}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    return Small(tmp_path, monkeypatch)


def rows_of_parquet(path: Path) -> list[tuple]:
    return duckdb.sql(f"from read_parquet('{path}') order by sale_id").fetchall()


def rows_of_csv(path: Path) -> list[tuple]:
    """By Python's own reader, which takes no type for granted; an empty field for null is told from "" in the text itself."""
    readers: dict[str, Callable[[str], Any]] = {
        "bigint": int,
        "varchar": str,
        "double": float,
        "date": date.fromisoformat,
        "timestamp": datetime.fromisoformat,
        "boolean": lambda text: {"true": True, "false": False}[text],
    }
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    types = [readers.get(dict(COLUMNS)[name], Decimal) for name in header]
    found = [tuple(None if text == "" else read(text) for read, text in zip(types, row, strict=True)) for row in rows]
    return sorted(found, key=lambda row: row[0])


def rows_of_hyper(path: Path) -> list[tuple]:
    from tableauhyperapi import Connection, HyperProcess, TableName, Telemetry

    options = {"log_dir": str(path.parent)}
    with (
        HyperProcess(Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters=options) as process,
        Connection(process.endpoint, path) as connection,
    ):
        found = connection.execute_list_query('select * from "Extract"."Extract" order by "sale_id"')
        columns = connection.catalog.get_table_definition(TableName("Extract", "Extract")).columns
    types = [str(each.type) for each in columns]
    assert types == [
        "BIG_INT", "TEXT", "TEXT", "NUMERIC(18, 2)", "NUMERIC(18, 4)", "DOUBLE", "DATE", "TIMESTAMP", "BOOL",
    ]  # fmt: skip
    return [
        tuple(
            each.to_datetime() if hasattr(each, "to_datetime") else each.to_date() if hasattr(each, "to_date") else each
            for each in row
        )
        for row in found
    ]


READERS = {"parquet": rows_of_parquet, "csv": rows_of_csv, "hyper": rows_of_hyper}
# tableauhyperapi is there after `make bi`, which `make ci` runs first; without it the slow tests fail and say so
FORMATS = ["parquet", "csv", pytest.param("hyper", marks=pytest.mark.slow)]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_holds_every_value_but_those_about_persons(small: Small, format_: str) -> None:
    result = small.export(format_)
    assert result.rows == {small.out / f"nothing.{format_}": 0, small.out / f"sales.{format_}": 3}
    assert result.left_out == 1
    assert small.files() == {f"nothing.{format_}", f"sales.{format_}"}
    expected = [row[:-1] for row in sorted(ROWS, key=lambda row: row[0])]
    if format_ == "csv":
        # Python's reader does not tell them apart; the file does
        expected = [tuple(None if value == "" else value for value in row) for row in expected]
        assert f'{2**53 + 1},"",' in (small.out / "sales.csv").read_text()
        assert "Ann" not in (small.out / "sales.csv").read_text()
    assert READERS[format_](small.out / f"sales.{format_}") == expected


@pytest.mark.parametrize("format_", FORMATS)
def test_persons_are_exported_when_asked_for_and_for_the_owner_alone(small: Small, format_: str) -> None:
    small.export(format_, "sales", personal=True)
    path = small.out / f"sales.{format_}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if format_ != "hyper":
        assert [row[-1] for row in READERS[format_](path)] == ["Ann", None, "Bob"]
    small.export(format_, "sales")
    assert all(b"Ann" not in each.read_bytes() for each in small.out.iterdir())


def writers() -> list[Any]:
    """Writers that lose, double or change something, or keep it as something else."""
    faulty = {
        "a row": "select * exclude (buyer_name) from sales limit 2",
        "a doubled row": "select * exclude (buyer_name) from sales union all (select * exclude (buyer_name) from sales limit 1)",
        "a cent": "select * exclude (buyer_name) replace (cast(sales_amount + 0.01 as decimal(18, 2)) as sales_amount) from sales",
        "a text": "select * exclude (buyer_name) replace (nullif(remark, 'é ü 雪 🛒') as remark) from sales",
        "an empty text": "select * exclude (buyer_name) replace (nullif(product_id, '') as product_id) from sales",
        "a flag": "select * exclude (buyer_name) replace (true as is_cancelled) from sales",
        "a day": "select * exclude (buyer_name) replace (cast(sold_date + 1 as date) as sold_date) from sales",
        "a fraction of a second": "select * exclude (buyer_name) replace (date_trunc('second', sold_at) as sold_at) from sales where sale_id = 1"
        " union all select * exclude (buyer_name) from sales where sale_id != 1",
        "a type": "select * exclude (buyer_name) replace (cast(sales_amount as double) as sales_amount) from sales",
        "a name": "select * exclude (buyer_name) rename (remark as note) from sales",
    }  # fmt: skip
    return [pytest.param(select, id=name) for name, select in faulty.items()]


@pytest.mark.parametrize("select", writers())
def test_a_file_that_lost_something_is_removed_and_the_old_one_stays(
    small: Small, select: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.export("parquet", "sales")
    before = (small.out / "sales.parquet").read_bytes()
    monkeypatch.setattr(export, "_selected", lambda relation: select)
    with pytest.raises(UserError, match=r"sales.parquet: read back, .*what was exported before is untouched"):
        small.export("parquet", "sales")
    assert small.files() == {"sales.parquet"}
    assert (small.out / "sales.parquet").read_bytes() == before


@pytest.mark.slow
def test_an_extract_that_lost_something_is_removed(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        export, "_selected", lambda relation: "select * exclude (buyer_name) from gold.main.sales limit 2"
    )
    with pytest.raises(UserError, match=r"sales.hyper: read back, rows: 2, but 3 in gold.sales"):
        small.export("hyper", "sales")
    assert small.files() == set()


def test_killed_at_work_the_file_from_before_stays_and_the_next_run_tidies_up(small: Small) -> None:
    small.export("csv", "sales")
    before = (small.out / "sales.csv").read_bytes()
    with duckdb.connect(str(small.database)) as connection:
        connection.execute("delete from gold.sales where sale_id = 3")
    publish.publish(small.database, small.gold, small.target / "manifest.json")
    script = (
        "import os, signal; from pathlib import Path; from retail import export\n"
        "export._compare = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"export.export('csv', Path({str(small.out)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, **small.environment}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert small.files() == {"sales.csv", export.NEW}
    assert (small.out / "sales.csv").read_bytes() == before
    small.export("csv")
    assert small.files() == {"nothing.csv", "sales.csv"}
    assert len(rows_of_csv(small.out / "sales.csv")) == 2


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("tableauhyperapi", ("export", "hyper")), ("dbtmetabase", ("export", "metabase", "--database", "Retail"))],
)
def test_without_the_tools_of_a_platform_one_line_says_how_to_get_them(
    small: Small, module: str, arguments: tuple[str, ...]
) -> None:
    script = f"import sys; sys.modules[{module!r}] = None; sys.argv = ['retail', *{arguments!r}]; from retail.cli import main; main()"
    extra = {"METABASE_URL": "http://127.0.0.1:1", "METABASE_API_KEY": "a-key"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **small.environment, **extra},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith("install with: make bi")
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_a_user_can_get_wrong_is_one_clear_line(small: Small, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--models: gold has no sale; it has nothing, sales"):
        small.export("csv", "sale")
    assert small.files() == set()
    with duckdb.connect(str(small.database)) as connection:
        connection.execute("alter table gold.sales add column tags varchar[]")
    with pytest.raises(UserError, match=r"sales has a column tags that the project does not know; run `dbt build`"):
        small.export("csv", personal=True)
    small.out.rmdir()
    small.out.write_text("a file")
    with pytest.raises(UserError, match=r"exports: .*File exists"):
        small.export("csv")
    small.gold.unlink()
    small.out.unlink()
    with pytest.raises(UserError, match=r"gold.duckdb is not there; run `retail run`"):
        small.export("csv")


# -- the whole of gold ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gold of the sample as Parquet, by the command line."""
    folder = tmp_path_factory.mktemp("exported")
    gold = folder / "gold.duckdb"
    publish.publish(warehouse.database, gold, warehouse.target / "manifest.json")
    done = warehouse.run(
        "retail", "export", "parquet", "--out", str(folder / "exports"), env={"RETAIL_GOLD": str(gold)}
    )
    assert "read back and compared; 51 columns about persons left out" in done.stdout
    return folder / "exports"


def personal_columns() -> set[tuple[str, str]]:
    """Model and column of what gold's YAML calls personal."""
    return {
        (model["name"], column["name"])
        for script in (ROOT / "models" / "marts").rglob("*.yml")
        for model in yaml.safe_load(script.read_text()).get("models", [])
        for column in model["columns"]
        if column.get("config", {}).get("meta", {}).get("pii")
    }


def test_all_of_gold_is_exported_and_no_column_about_persons(warehouse: Warehouse, exported: Path) -> None:
    hidden = personal_columns()
    assert len(hidden) > 40
    with warehouse.connect() as connection:
        columns: dict[str, list[tuple[str, str]]] = {}
        for model, *column in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = 'gold' order by 1, ordinal_position"
        ).fetchall():
            columns.setdefault(model, []).append(tuple(column))
        assert {path.stem for path in exported.iterdir()} == columns.keys()
        for model, expected in columns.items():
            found = duckdb.sql(f"describe from read_parquet('{exported / model}.parquet')").fetchall()
            assert [each[:2] for each in found] == [each for each in expected if (model, each[0]) not in hidden], model


@pytest.mark.parametrize(
    "query",
    [
        "select channel, count(*), sum(sales_amount), sum(quantity), min(sold_date), count(customer_id) from fct_sales group by 1 order by 1",
        "select week_start_date, sum(sum_amt_wk), sum(inv_on_hand_qty_wk) from fct_weekly_sales_inventory group by 1 order by 1",
        "select category_name, count(*), sum(net_sales_amount), count(distinct state) from mart_sales_daily group by 1 order by 1",
    ],
)
def test_a_question_has_the_same_answer_on_the_files(warehouse: Warehouse, exported: Path, query: str) -> None:
    model = query.split(" from ")[1].split()[0]
    with warehouse.connect() as connection:
        here = connection.execute(query.replace(model, f"gold.{model}")).fetchall()
    there = duckdb.sql(query.replace(model, f"read_parquet('{exported / model}.parquet')")).fetchall()
    assert len(here) > 3
    assert there == here


@pytest.mark.slow
def test_gold_as_extracts_of_tableau(warehouse: Warehouse, tmp_path: Path) -> None:
    """Also that the engine's log does not land in the folder that the user is in."""
    from tableauhyperapi import Connection, HyperProcess, TableName, Telemetry

    gold, out, here = (tmp_path / name for name in ("gold.duckdb", "exports", "here"))
    here.mkdir()
    publish.publish(warehouse.database, gold, warehouse.target / "manifest.json")
    done = subprocess.run(
        [Path(sys.executable).parent / "retail", "export", "hyper", "--out", str(out)],
        cwd=here,
        env={**warehouse.environment, "RETAIL_GOLD": str(gold)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(here.iterdir()) == []
    options = {"log_dir": str(tmp_path)}
    with (
        warehouse.connect() as connection,
        HyperProcess(Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters=options) as process,
        Connection(process.endpoint, out / "fct_sales.hyper") as hyper,
    ):
        question = "select channel, count(*), sum(sales_amount) from {} group by channel order by channel"
        here_ = connection.execute(question.format("gold.fct_sales")).fetchall()
        there = [tuple(row) for row in hyper.execute_list_query(question.format('"Extract"."Extract"'))]
        assert there == here_
        columns = {
            each.name.unescaped for each in hyper.catalog.get_table_definition(TableName("Extract", "Extract")).columns
        }
        assert not columns & {column for model, column in personal_columns() if model == "fct_sales"}
