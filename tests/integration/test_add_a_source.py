"""docs/add-a-source.md, followed word for word in a copy of the project; its marts against the CSV files read by hand."""

import csv
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "docs/add-a-source.md"
BLOCK = re.compile(r"^```(bash|diff|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Step:
    """A code block of the guide: kind (bash, diff, text), its text, and for a diff the file that the line before names."""

    kind: str
    text: str
    file: str


def read_guide(text: str) -> list[Step]:
    """The code blocks of a guide in order."""
    steps = []
    for block in BLOCK.finditer(text):
        before = text[: block.start()].rstrip().splitlines()[-1]
        named = re.findall(r"In `([^`]+)`:$", before)
        steps.append(Step(block[1], block[2], named[0] if named else ""))
    return steps


def apply(path: Path, diff: str) -> None:
    """Make the changes in a file: a blank line stands between two of them, and each must fit one place."""
    text = path.read_text()
    for change in diff.strip("\n").split("\n\n"):
        lines = change.splitlines()
        assert all(line[0] in "-+ " for line in lines), change
        old, new = ("".join(f"{line[1:]}\n" for line in lines if line[0] in signs) for signs in ("- ", "+ "))
        assert text.count(old) == 1, f"{path.name}: {text.count(old)} places for\n{old}"
        text = text.replace(old, new)
    path.write_text(text)


def copy_project(folder: Path) -> Path:
    """What git knows of the project, new files too, in a folder of its own with the profile that `make setup` gives."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    shutil.copyfile(folder / "profiles.yml.example", folder / "profiles.yml")
    return folder


class Follower:
    """Someone at the guide: one shell's variables and functions, kept from block to block."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.state = project.parent / "shell_state"
        self.state.write_text("")
        keep = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = {
            **keep,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            # the installed `retail` is that of the project it was installed from; here the copy's is meant
            "PYTHONPATH": str(project / "scripts"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def run(self, commands: str) -> str:
        """Run a block; returns what it printed."""
        script = f". '{self.state}'\nset -e\n{commands}\n{{ export -p; declare -f; }} > '{self.state}'\n"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.project, env=self.environment, capture_output=True, text=True, check=False
        )
        printed = done.stdout + done.stderr
        assert done.returncode == 0, f"{commands}\n{printed}"
        return printed


def squeezed(line: str) -> str:
    return " ".join(line.split())


def follow(follower: Follower, steps: list[Step]) -> None:
    """Carry out steps; every line of a text block must have been printed by the commands before it."""
    printed: list[str] = []
    for step in steps:
        match step.kind:
            case "bash":
                printed = [squeezed(line) for line in follower.run(step.text).splitlines()]
            case "diff":
                assert step.file, f"the guide does not say which file to change:\n{step.text}"
                apply(follower.project / step.file, step.text)
            case "text":
                missing = [line for line in step.text.splitlines() if squeezed(line) not in printed]
                assert not missing, "\n".join(["not printed:", *missing, "printed:", *printed])


def expected(till: Path) -> tuple[dict[tuple[str, str], tuple], dict[str, tuple[str, str]]]:
    """Lines by (receipt, line) and articles by number as the guide promises them, from the files alone."""
    lines: dict[tuple[str, str], tuple] = {}
    articles: dict[str, tuple[str, str]] = {}
    for file in sorted(till.glob("*.csv")):
        with file.open(newline="") as text:
            for row in csv.DictReader(text):
                if not row["Receipt No"] or not re.fullmatch(r"-?\d+", row["Qty"]) or not row["Unit Price"]:
                    continue
                hours, minutes = row["Time"].split(":")
                quantity, price = int(row["Qty"]), Decimal(row["Unit Price"])
                lines[row["Receipt No"], row["Line"]] = (
                    row["Article No"], row["Store No"], quantity, price, quantity * price, row["Date"],
                    int(hours) * 3600 + int(minutes) * 60, row["Payment"].lower() or None, quantity < 0,
                )  # fmt: skip
                articles[row["Article No"]] = (row["Article"], row["Group"])
    return lines, articles


def in_gold(database: Path) -> tuple[dict[tuple[str, str], tuple], dict[str, tuple[str, str]]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        lines = connection.execute(
            "select order_id, line_id, source_product_id, source_store_id, quantity, unit_sales_price, sales_amount, "
            "cast(sold_date as varchar), sold_second_of_day, source_payment_method_id, is_cancelled "
            "from gold.fct_sales where source_name = 'pos'"
        ).fetchall()
        articles = connection.execute(
            "select source_product_id, product_name, category_name from gold.dim_products where source_name = 'pos'"
        ).fetchall()
    assert len(lines) == len({line[:2] for line in lines})
    return {line[:2]: line[2:] for line in lines}, {article[0]: article[1:] for article in articles}


def text_of(project: Path) -> dict[str, bytes]:
    """Every file of the project that a source could have left or changed."""
    there = [
        path
        for folder in ("models", "macros", "scripts", "seeds", "tests", "docs")
        for path in (project / folder).rglob("*")
    ]
    files = [
        path for path in [*there, project / "dbt_project.yml"] if path.is_file() and "__pycache__" not in path.parts
    ]
    return {str(path.relative_to(project)): path.read_bytes() for path in files}


@pytest.mark.slow
def test_the_guide_works_word_for_word_and_its_rows_are_those_of_the_files(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    before = text_of(project)
    follower = Follower(project)
    where = follower.run("python -c 'from retail import settings; print(settings.project_root())'").strip()
    assert Path(where) == project.resolve(), "the commands would work on another project"

    steps = read_guide((project / GUIDE).read_text())
    (removal,) = [place for place, step in enumerate(steps) if "rm -r models" in step.text]
    follow(follower, steps[:removal])
    assert in_gold(project / "try/retail.duckdb") == expected(project / "try/till")

    follow(follower, steps[removal:])
    assert text_of(project) == before
    assert not (project / "try").exists()


SAMPLES = {
    # forms that exports have: month first with a time, ids as floats, a cancelled line
    "invoices_2010-12-31.csv": "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
    "536365,85123A,6,12/13/2010 8:26,2.55,17850.0\nC536379,D,-1,12/1/2010 9:41,27.5,\n",
    # a byte-order mark, semicolons, day first, decimal commas, a reserved word
    "kasse_2026-01-31.csv": "\ufeffBon-Nr;Datum;Preis;Größe;Order\n0001;13.01.2026;1.234,50;XL;ja\n0002;02.02.2026;0,99;;nein\n",
}


@pytest.mark.slow
def test_skeletons_of_any_form_load_and_build_as_they_are_and_pass_the_gates(tmp_path: Path) -> None:
    follower = Follower(copy_project(tmp_path / "project"))
    project = follower.project
    for name, text in SAMPLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    duckdb.connect().execute(
        "copy (select i as \"Order ID\", i / 3::decimal(9, 3) as price, timestamp '2026-01-05 10:00:00' as at, i = 1 as paid "
        f"from range(3) as t (i)) to '{tmp_path}/state_2026-01-31.parquet' (format parquet)"
    )
    follower.run(
        f"retail new-source online {tmp_path}/invoices_2010-12-31.csv --fills sales_lines,customers\n"
        f'retail new-source kasse {tmp_path}/kasse_2026-01-31.csv --key "Bon-Nr" --fills returns\n'
        f"retail new-source kasse {tmp_path}/state_2026-01-31.parquet --add --kind state --fills stock_counts,products\n"
        "land() { mkdir -p landing/$1/dt=2026-01-31; cp $2 landing/$1/dt=2026-01-31/; }\n"
        f"land online/invoices {tmp_path}/invoices_2010-12-31.csv\n"
        f"land kasse/kasse {tmp_path}/kasse_2026-01-31.csv\n"
        f"land kasse/state {tmp_path}/state_2026-01-31.parquet\n"
        "retail load\ndbt build\n"
    )
    with duckdb.connect(str(project / "warehouse/retail.duckdb"), read_only=True) as connection:
        found = {
            name: connection.execute(f"select {columns}, reject_reason from silver.{name} order by 1").fetchall()
            for name, columns in (
                (
                    "stg_online__invoices",
                    "invoice_no, cast(invoice_date as varchar), invoice_second_of_day, quantity, customer_id",
                ),
                ("stg_kasse__kasse", "bon_nr, cast(datum as varchar), preis, grosse, order_value"),
                ("stg_kasse__state", "order_id, cast(at_value as varchar), paid"),
            )
        }
        accounted = connection.execute(
            "select feed_name, accepted_rows from audit.audit_row_accounting where unexplained_rows = 0 order by 1"
        ).fetchall()
    assert found == {
        "stg_online__invoices": [
            ("536365", "2010-12-13", 8 * 3600 + 26 * 60, 6, "17850", None),
            ("C536379", "2010-12-01", 9 * 3600 + 41 * 60, -1, None, None),
        ],
        "stg_kasse__kasse": [
            ("0001", "2026-01-13", Decimal("1234.50"), "XL", "ja", None),
            ("0002", "2026-02-02", Decimal("0.99"), None, "nein", None),
        ],
        "stg_kasse__state": [(i, "2026-01-05 10:00:00", i == 1, None) for i in range(3)],
    }
    assert accounted == [("invoices", 2), ("kasse", 2), ("state", 3)]
    written = "models/staging/online models/staging/kasse models/intermediate/online models/intermediate/kasse"
    follower.run(
        f"yamllint --strict {written}\nRETAIL_DATABASE=:memory: sqlfluff lint --disable-progress-bar {written}\n"
    )


def test_a_change_of_the_guide_fits_one_place_or_says_so(tmp_path: Path) -> None:
    file = tmp_path / "model.sql"
    file.write_text("a\nb\nc\nd\ne\n")
    apply(file, " a\n+after a\n-b\n\n-d\n")
    assert file.read_text() == "a\nafter a\nc\ne\n"
    apply(file, "-c\n+x\n+y\n\n-e\n+z\n")
    assert file.read_text() == "a\nafter a\nx\ny\nz\n"
    with pytest.raises(AssertionError, match="0 places"):
        apply(file, "-gone\n+new\n")
    file.write_text("a\na\n")
    with pytest.raises(AssertionError, match="2 places"):
        apply(file, "-a\n+new\n")


def test_every_change_in_the_guide_names_its_file() -> None:
    steps = read_guide((ROOT / GUIDE).read_text())
    assert {step.kind for step in steps} == {"bash", "diff", "text"}
    assert all(step.file for step in steps if step.kind == "diff")
