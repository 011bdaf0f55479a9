"""`retail new-source`: what it makes of a sample, that it overwrites nothing, and what it refuses."""

import gzip
import re
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from retail import cli, new_source, pipes, settings, sniff
from retail.errors import UserError

ROOT = settings.project_root()
TILL = (
    "Receipt No,Line,Sold On,Clock,Group,Qty,Unit Price,Zip\n"
    "000101,1,2026-01-05,09:12,Coffee,2,14.90,01234\n"
    '000101,2,2026-01-05,09:12,"Tea, green",1,2.49,01234\n'
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What the command reads of a project, in a folder of its own."""
    root = tmp_path / "project"
    for folder in ("scripts/snowflake", "models/intermediate", "macros/accounting"):
        shutil.copytree(ROOT / folder, root / folder)
    shutil.copyfile(ROOT / "dbt_project.yml", root / "dbt_project.yml")
    return root


def put(folder: Path, text: str | bytes, name: str = "lines.csv") -> str:
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return str(path)


def make(root: Path, name: str, file: str, **options) -> None:
    given = {"feed": None, "key": None, "kind": "log", "fills": [], "add": False, **options}
    new_source.run(name, file, root=root, **given)


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def refused(project: Path, match: str, name: str, file: str, **options) -> None:
    """The command ends in one line that says so, and nothing is written."""
    before = tree(project)
    with pytest.raises(UserError, match=match) as error:
        make(project, name, file, **options)
    assert "\n" not in str(error.value)
    assert tree(project) == before


def types(folder: Path, text: str, **options) -> dict[str, str]:
    """Staged columns of a sample and their types."""
    sample = sniff.read_sample(Path(put(folder, text, **options)))
    return {
        name: column.staged[place].type if column.staged else "text"
        for column in sample.columns
        for place, name in enumerate(column.names)
    }


def column_of(folder: Path, values: list[str], header: str = "thing", delimiter: str = ",") -> dict[str, str]:
    rows = "".join(f"{value}{delimiter}x\n" for value in values)
    found = types(folder, f"{header}{delimiter}other\n{rows}")
    del found["other"]
    return found


# -- what is written --------------------------------------------------------------------------------------------------


def test_everything_lies_in_new_files_and_one_line_of_the_project_changes(project, tmp_path):
    before = tree(project)
    make(project, "pos", put(tmp_path, TILL), key="Receipt No,Line", fills=["sales_lines,products", "customers"])
    after = tree(project)
    new = sorted(set(after) - set(before))
    assert [re.sub(r"\.(\d+)__", ".N__", name) for name in new] == [
        "macros/accounting/feeds/feeds_of_pos__lines.sql",
        *(f"models/intermediate/pos/int_pos__{each}.{end}" for each in ("customers", "products", "sales_lines") for end in ("sql", "yml")),
        "models/staging/pos/_pos__sources.yml",
        "models/staging/pos/stg_pos__lines.sql",
        "models/staging/pos/stg_pos__lines.yml",
        "scripts/snowflake/V1.3.N__bronze_table_pos_lines.sql",
        "scripts/snowflake/V1.4.N__pipe_pos_lines.sql",
    ]  # fmt: skip
    assert [name for name in before if before[name] != after[name]] == ["dbt_project.yml"]
    old, changed = (text["dbt_project.yml"].decode().splitlines() for text in (before, after))
    assert sum(one != other for one, other in zip(old, changed, strict=True)) == 1
    assert yaml.safe_load(after["dbt_project.yml"])["vars"]["sources"][-1] == "pos"


def test_the_scripts_take_the_next_number_that_is_free_in_both_series(project, tmp_path):
    numbers = [
        int(re.match(r"V1\.[34]\.(\d+)", path.name)[1]) for path in (project / "scripts/snowflake").glob("V1.[34]*")
    ]
    make(project, "pos", put(tmp_path, TILL))
    new = max(numbers) + 1
    assert (project / f"scripts/snowflake/V1.3.{new}__bronze_table_pos_lines.sql").exists()
    assert (project / f"scripts/snowflake/V1.4.{new}__pipe_pos_lines.sql").exists()


def test_the_loader_reads_the_scripts_and_the_source_documents_their_columns(project, tmp_path):
    make(project, "pos", put(tmp_path, TILL))
    pipe = next(
        p for p in pipes.read_definitions(project / "scripts/snowflake").pipes if p.name == "bronze.pos__lines_pipe"
    )
    columns = [column.name for column in pipe.table.columns]
    assert columns == ["receipt no", "line", "sold on", "clock", "group", "qty", "unit price", "zip", *sniff.METADATA]
    assert pipe.prefix == "pos/lines/"
    assert tuple(pipe.metadata) == sniff.METADATA
    (source,) = yaml.safe_load((project / "models/staging/pos/_pos__sources.yml").read_text())["sources"]
    documented = source["tables"][0]["columns"]
    assert [column["name"] for column in documented] == columns
    assert [column["name"] for column in documented if column.get("quote")] == [
        "receipt no",
        "sold on",
        "group",
        "unit price",
    ]


def test_a_mapping_has_the_contracts_columns_in_order(project, tmp_path):
    make(project, "pos", put(tmp_path, TILL), fills=list(new_source.CONTRACTS))
    for contract in new_source.CONTRACTS:
        text = (project / f"models/intermediate/pos/int_pos__{contract}.sql").read_text()
        listed = text.split("conformed as (\n    select\n")[1].split("\n    from ")[0].splitlines()
        names = [re.search(r"(\w+),?(?:  --.*)?$", line)[1] for line in listed]
        assert names == [column["name"] for column in new_source.contract_columns(project, contract)]


def test_a_second_feed_joins_a_source_with_add_and_only_then(project, tmp_path):
    make(project, "pos", put(tmp_path, TILL))
    other = put(tmp_path, "Article No,Price\n1,2.00\n", "articles.csv")
    refused(project, "the source pos exists .*--add", "pos", other)
    before = tree(project)
    make(project, "pos", other, kind="state", key="article no", fills=["products"], add=True)
    after = tree(project)
    assert all(after[name] == before[name] for name in before)
    assert "models/staging/pos/_pos__articles__sources.yml" in after
    assert (
        "{{ current_state(ref('stg_pos__articles'), ['article_no']) }}"
        in after["models/intermediate/pos/int_pos__products.sql"].decode()
    )


def test_dbt_forgets_what_it_had_parsed(project, tmp_path, monkeypatch):
    monkeypatch.delenv("DBT_TARGET_PATH", raising=False)
    (project / "target").mkdir()
    (project / "target/partial_parse.msgpack").write_text("")
    make(project, "pos", put(tmp_path, TILL))
    assert not (project / "target/partial_parse.msgpack").exists()


def test_the_feed_is_named_after_the_file_without_its_date(project, tmp_path):
    make(project, "pos", put(tmp_path, TILL, "Till Export_2026-01-05.csv.gz"), fills=["none"])
    assert (project / "models/staging/pos/stg_pos__till_export.sql").exists()
    assert not (project / "models/intermediate/pos").exists()


def test_another_delimiter_gets_a_file_format_of_its_own(project, tmp_path):
    make(project, "pos", put(tmp_path, "Nr;Betrag\n1;1.234,50\n2;0,99\n"))
    definitions = pipes.read_definitions(project / "scripts/snowflake")
    (pipe,) = (pipe for pipe in definitions.pipes if pipe.name.startswith("bronze.pos"))
    (usual,) = {
        p.file_format.name: p.file_format for p in definitions.pipes if p.file_format.name == "bronze.csv_files"
    }.values()
    assert pipe.file_format.options == {**usual.options, "field_delimiter": ";"}
    assert (
        "replace(replace(betrag_text, '.', ''), ',', '.')"
        in (project / "models/staging/pos/stg_pos__lines.sql").read_text()
    )


def test_parquet_keeps_its_types(project, tmp_path):
    file = tmp_path / "lines.parquet"
    duckdb.connect().execute(
        f"copy (select 1::integer as \"Order ID\", 1.50::decimal(9,3) as price, 'a' as name, date '2026-01-05' as day, "
        f"timestamp '2026-01-05 10:00:00' as at, true as paid, 0.5::double as share) to '{file}' (format parquet)"
    )
    make(project, "pos", str(file))
    pipe = next(
        p for p in pipes.read_definitions(project / "scripts/snowflake").pipes if p.name == "bronze.pos__lines_pipe"
    )
    assert [(c.name, c.type) for c in pipe.table.columns][:7] == [
        ("order id", "BIGINT"), ("price", "DECIMAL(9,3)"), ("name", "VARCHAR"), ("day", "DATE"),
        ("at", "TIMESTAMP"), ("paid", "BOOLEAN"), ("share", "DOUBLE"),
    ]  # fmt: skip
    assert (pipe.file_format.name, pipe.on_error.action) == ("bronze.parquet_files", "skip_file")


# -- what a sample is taken for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", "2", "-3"], {"thing": "bigint"}),
        (["1.0", "2.0", "1e3"], {"thing": "bigint"}),
        (["1.5", "2"], {"thing": "decimal(18, 2)"}),
        (["1.2345", "2"], {"thing": "decimal(18, 4)"}),
        (["007", "12"], {"thing": "text"}),
        (["2026-01-05", "2025-12-31"], {"thing": "date"}),
        (["2026-02-30", "2025-12-31"], {"thing": "text"}),
        (["2026-01-05 10:00:00", "2026-01-05T10:00:00"], {"thing": "timestamp"}),
        (["1/13/2026", "1/2/2026"], {"thing": "date"}),
        (["13.1.2026", "2.1.2026"], {"thing": "date"}),
        (["1/2/2026", "3/4/2026"], {"thing": "text"}),
        (["12/31/2010 8:26", "1/1/2011 9:00"], {"thing_date": "date", "thing_second_of_day": "bigint"}),
        (["9:05", "23:59"], {"thing_second_of_day": "bigint"}),
        (["24:00", "23:59"], {"thing": "text"}),
        (["Y", "N"], {"thing": "boolean"}),
        (["", ""], {"thing": "text"}),
        (["nan", "inf"], {"thing": "text"}),
        (["$1.50", "$2"], {"thing": "text"}),
        (["1"] * 9 + ["one"], {"thing": "bigint"}),
        (["1"] * 8 + ["one"], {"thing": "text"}),
    ],
)  # fmt: skip
def test_a_type_is_taken_where_nine_values_in_ten_read_as_it(tmp_path, values, found):
    assert column_of(tmp_path, values) == found


@pytest.mark.parametrize("header", ["Order ID", "orderId", "zip", "Article No", "EAN"])
def test_digits_that_name_something_stay_text(tmp_path, header):
    assert set(column_of(tmp_path, ["1", "2"], header).values()) == {"text"}


@pytest.mark.parametrize(
    ("values", "expression"),
    [
        (["1/13/2026"], '{{ month_day_year("thing_text") }}'),
        (["13/1/2026"], '{{ day_month_year("thing_text") }}'),
        (["13.1.2026"], "{{ day_month_year(\"replace(thing_text, '.', '/')\") }}"),
        (["9:05"], "{{ second_of_day(\"thing_text || ':00'\") }}"),
        (["9:05:01"], '{{ second_of_day("thing_text") }}'),
    ],
)
def test_a_date_or_time_is_read_in_the_form_the_sample_has(project, tmp_path, values, expression):
    make(project, "pos", put(tmp_path, "thing,other\n" + "".join(f"{value},x\n" for value in values)))
    assert expression in (project / "models/staging/pos/stg_pos__lines.sql").read_text()


def test_the_report_names_values_that_will_be_rejected_and_renamed_columns(project, tmp_path, capsys):
    make(project, "pos", put(tmp_path, "Group,Qty\n" + "x,1\n" * 9 + "x,one\n"))
    printed = capsys.readouterr().out
    assert "1 of 10 values are not a whole number, such as 'one'" in printed
    assert "group is a reserved word: staged as group_value" in printed


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Invoice ID", "invoice_id"), ("InvoiceNo", "invoice_no"), ("HTTPCode", "http_code"), ("Tax 5%", "tax_5"), ("Größe", "grosse"),
        ("Café  né", "cafe_ne"), ("a__b", "a_b"), ("2024", "2024"), ("数量", ""),
    ],
)  # fmt: skip
def test_headers_become_snake_case(header, name):
    assert sniff.snake_case(header) == name


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "p", "Pos", "pos1", "my_pos", "my pos", "pos;", "../pos", "päs"])
def test_a_name_that_is_no_identifier_is_refused(project, tmp_path, name):
    refused(project, "cannot name a source: 2 to 30 lower-case letters", name, put(tmp_path, TILL))


@pytest.mark.parametrize(
    ("name", "match"), [("select", "reserved word"), ("qualify", "reserved word"), ("landing", "the project uses")]
)
def test_a_name_that_is_taken_by_sql_or_the_project_is_refused(project, tmp_path, name, match):
    refused(project, match, name, put(tmp_path, TILL))


@pytest.mark.parametrize("name", ["ops", "marketplace"])
def test_a_source_that_exists_is_refused(project, tmp_path, name):
    (project / "models/staging" / name).mkdir(parents=True)
    refused(project, f"the source {name} exists", name, put(tmp_path, TILL))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"feed": "Lines"}, "'Lines' cannot name a feed"),
        ({"feed": "order"}, "'order' cannot name a feed: it is a reserved word"),
        ({"kind": "history"}, "--kind history"),
        ({"fills": ["sales"]}, "--fills sales: no such contract; there are sales_lines"),
        ({"key": "Receipt"}, "--key Receipt: the sample has no such column; it has receipt_no, line"),
        ({"add": True}, "--add: there is no source pos"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(project, tmp_path, options, match):
    refused(project, match, "pos", put(tmp_path, TILL), **options)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "the file is empty"),
        ("\n", "the first line is empty"),
        ("1,2026-01-05,x\n2,2026-01-06,y\n", "the first line must name the columns; '1' looks like a value"),
        ("a,b,A\n1,2,3\n", "names the column a twice"),
        ("a,,b\n1,2,3\n", "no name for column 2"),
        (
            "Order ID,order_id\n1,2\n",
            r"column 2 \('order_id'\) and column 1 \('Order ID'\) would both be called order_id",
        ),
        ("sold,sold at,sold_date\nx,1/13/2026 8:00,x\n", "'sold at' and 'sold_date' would both be called sold_date"),
        ("group,group_value\n1,2\n", "would both be called group_value"),
        ("_file_name,b\n1,2\n", "the name of a load metadata column"),
        ("a{{b}},c\n1,2\n", "a character in its name that SQL cannot hold"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_that_cannot_be_a_source_is_refused_in_one_line(project, tmp_path, text, match):
    refused(project, match, "pos", put(tmp_path, text))


def test_a_file_that_is_not_there_or_of_no_known_kind_is_refused(project, tmp_path):
    refused(project, "no such file", "pos", str(tmp_path / "lines.csv"))
    refused(project, "no such file", "pos", str(tmp_path), feed="lines")
    refused(project, "the name must end in", "pos", put(tmp_path, "x", "lines.xlsx"))
    refused(project, "not a Parquet file", "pos", put(tmp_path, "x", "lines.parquet"))
    cut = gzip.compress(TILL.encode())[:-12]
    (tmp_path / "cut.csv.gz").write_bytes(cut)
    refused(project, "gzip file is cut off", "pos", str(tmp_path / "cut.csv.gz"))


def test_a_file_that_may_not_be_read_is_refused(project, tmp_path, monkeypatch):
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = put(tmp_path, TILL)
    monkeypatch.setattr(sniff, "_read_csv", denied)
    refused(project, "cannot be read: Permission denied", "pos", file)


def test_a_parquet_type_that_bronze_does_not_take_is_refused(project, tmp_path):
    file = tmp_path / "lines.parquet"
    duckdb.connect().execute(f"copy (select [1] as list) to '{file}' (format parquet)")
    refused(project, r"column list is INTEGER\[\]", "pos", str(file))


@pytest.mark.parametrize(
    "there",
    ["models/intermediate/pos/int_pos__sales_lines.yml", "macros/accounting/feeds/feeds_of_pos__lines.sql"],
)
def test_nothing_is_overwritten(project, tmp_path, there):
    target = project / there
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("mine")
    refused(project, f"{there} exists", "pos", put(tmp_path, TILL))


def test_a_project_file_that_is_not_understood_is_left_alone(project, tmp_path):
    file = project / "dbt_project.yml"
    file.write_text(file.read_text().replace("  sources: [", "  sources:\n    ["))
    refused(project, "the variable `sources` is not one line", "pos", put(tmp_path, TILL))


def test_what_was_written_goes_again_when_a_file_cannot_be(project, tmp_path, monkeypatch):
    # a file stands where a folder is needed
    (project / "models/staging").write_text("not a folder")
    refused(project, "nothing was kept", "pos", put(tmp_path, TILL))


def test_odd_headers_keep_their_names_in_bronze(project, tmp_path):
    make(project, "pos", put(tmp_path, "Customer's name,_id,Order,%\nx,1,2,3\n"))
    pipe = next(
        p for p in pipes.read_definitions(project / "scripts/snowflake").pipes if p.name == "bronze.pos__lines_pipe"
    )
    assert [column.name for column in pipe.table.columns][:4] == ["customer's name", "_id", "order", "%"]
    staged = (project / "models/staging/pos/stg_pos__lines.sql").read_text()
    assert 'landed."customer\'s name" as customer_s_name' in staged
    assert 'landed."%" as column_4' in staged


@pytest.mark.parametrize("word", ["group", "order", "at", "qualify", "desc"])
def test_a_column_named_by_a_reserved_word_is_staged_under_another_name(tmp_path, word):
    assert column_of(tmp_path, ["a"], word) == {f"{word}_value": "text"}


@pytest.mark.parametrize("word", ["date", "name", "time", "year", "state", "type", "value", "key", "day", "city"])
def test_a_usual_word_is_not_taken_for_reserved(word):
    assert word not in sniff.reserved_words()


def test_the_command_teaches_and_ends_in_one_line(project, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "project_root", lambda: project)
    assert "skeleton" in CliRunner().invoke(cli.app, ["new-source", "--help"]).output
    result = CliRunner().invoke(cli.app, ["new-source", "pos", str(tmp_path / "none.csv")])
    assert isinstance(result.exception, UserError)
