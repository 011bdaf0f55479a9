"""Files damaged at random: every record has one outcome, the message names file and line, and the check saw it coming.

A batch of files, each damaged in one or two ways, is loaded at once. The records of each are counted here, byte by byte, by
other code than the loader's; the accounting is the project's own SQL, as dbt compiled it.
"""

import gzip
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import compiled_models
import duckdb
import pytest

from conftest import Warehouse
from retail import drift, load, pipes, sample, trace
from retail import warehouse as warehouse_module

INVENTORY = "inv_date,inv_item_sk,inv_warehouse_sk,inv_quantity_on_hand"


# -- an independent reader --------------------------------------------------------------------------------------------


def records(data: bytes) -> int:
    """Number of records, the header too: a byte at a time, as the grammar reads (docs/landing.md)."""
    count, state, text = 0, "start", b""
    for byte in data + (b"" if data.endswith(b"\n") else b"\n"):
        if byte == 0x0A and state != "quoted":
            count += text not in (b"", b"\r")
            state, text = "start", b""
            continue
        text += bytes([byte])
        if state == "quoted":
            state = "closed" if byte == 0x22 else "quoted"
        elif state == "closed":
            # a doubled quote, the next field, or text where none may be: then quotes mean nothing up to the line's end
            state = "quoted" if byte == 0x22 else "start" if byte == 0x2C else "closed_cr" if byte == 0x0D else "broken"
        elif state == "closed_cr":
            state = "broken"
        elif state == "start":
            state = "quoted" if byte == 0x22 else "start" if byte == 0x2C else "field"
        elif state == "field" and byte == 0x2C:
            state = "start"
    # an open quote runs to the end of the file
    return count + (state == "quoted")


def test_the_independent_reader_counts_as_people_do() -> None:
    assert [records(text.encode()) for text in ("a,b\n1,2\n", "a,b\n1,2", 'a\n"x\ny"\nz\n', 'a\n"x\ny\n', "a\n\n\r\nb\n", 'a\n"x"y"\nz\n')] == [2, 2, 3, 2, 2, 3]  # fmt: skip


# -- damages ----------------------------------------------------------------------------------------------------------


def flip(rng: random.Random, data: bytes) -> bytes:
    """Flip a few bits."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_file(rng: random.Random, data: bytes) -> bytes:
    """Leave out the end."""
    return data[: rng.randrange(len(data))]


def cut_line(rng: random.Random, data: bytes) -> bytes:
    """Leave out a part of a line, with or without its end."""
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.randint(1, 40) :]


def open_quotes(rng: random.Random, data: bytes) -> bytes:
    """Put quotes where none belong."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(data))
        data = data[:at] + b'"' + data[at:]
    return data


def open_field(rng: random.Random, data: bytes) -> bytes:
    """Open a quote at the start of a field."""
    at = rng.choice([0, *(found.end() for found in re.finditer(rb"[,\n]", data))])
    return data[:at] + b'"' + data[at:]


def swap_columns(rng: random.Random, data: bytes) -> bytes:
    """Swap two columns, in the header alone or in the lines too."""
    lines = [line.split(b",") for line in data.split(b"\n")]
    one, other = rng.choice(range(len(lines[0]))), rng.choice(range(len(lines[0])))
    for line in lines if rng.random() < 0.5 else lines[:1]:
        if len(line) == len(lines[0]):
            line[one], line[other] = line[other], line[one]
    return b"\n".join(b",".join(line) for line in lines)


def encode(rng: random.Random, data: bytes) -> bytes:
    """Save in another encoding, with a letter that tells."""
    encoding = rng.choice(["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
    lines = data.decode(errors="ignore").encode("ascii", "ignore").decode().split("\n")
    at = rng.randrange(len(lines))
    lines[at] = lines[at].replace("1", "ä", 1)
    return "\n".join(lines).encode(encoding)


def semicolons(rng: random.Random, data: bytes) -> bytes:
    """As Excel saves it where the comma is the decimal mark."""
    return (b"\xef\xbb\xbf" if rng.random() < 0.5 else b"") + data.replace(b",", b";").replace(b"\n", b"\r\n")


def line_ends(rng: random.Random, data: bytes) -> bytes:
    """Windows line ends on some lines, empty lines between."""
    return b"".join(line + rng.choice([b"\n", b"\r\n", b"\r\n\r\n", b"\n\n"]) for line in data.split(b"\n"))


def more_commas(rng: random.Random, data: bytes) -> bytes:
    """A comma too many in some lines."""
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 3)):
        lines[rng.randrange(len(lines))] += b","
    return b"\n".join(lines)


def lose_header(rng: random.Random, data: bytes) -> bytes:
    """No first line."""
    return data.partition(b"\n")[2]


def repeat_lines(rng: random.Random, data: bytes) -> bytes:
    """Lines that come again: repeats, not new rows."""
    lines = data.split(b"\n")
    return b"\n".join(lines + rng.choices(lines, k=rng.randint(1, 5)))


def null_bytes(rng: random.Random, data: bytes) -> bytes:
    """A null byte somewhere."""
    at = rng.randrange(len(data))
    return data[:at] + b"\0" + data[at:]


DAMAGES: list[Callable[[random.Random, bytes], bytes]] = [
    flip, cut_file, cut_line, open_quotes, open_field, swap_columns, encode, semicolons, line_ends, more_commas, lose_header,
    repeat_lines, null_bytes,
]  # fmt: skip


def inventory(rng: random.Random) -> bytes:
    """A whole file of counts, some of them on the same key as in other files."""
    lines = [
        f"2002-01-{rng.randint(1, 28):02},{rng.randint(1, 30)},1,{rng.choice(['', str(rng.randint(0, 900))])}"
        for _ in range(rng.randint(3, 40))
    ]
    return "\n".join([INVENTORY, *lines, ""]).encode()


def marketplace(rng: random.Random, source: list[bytes]) -> bytes:
    """Some lines of an export."""
    return b"\n".join([source[0], *rng.sample(source[1:], rng.randint(3, 30)), b""])


def land(landing: Path, seed: int, files: int, source: list[bytes]) -> dict[str, tuple[bytes, bytes]]:
    """Land damaged files; each name with the bytes before and after."""
    rng = random.Random(seed)
    landed = {}
    for number in range(files):
        feed = rng.choice(["inventory/inventory", "marketplace/transactions"])
        whole = inventory(rng) if feed.startswith("inventory") else marketplace(rng, source)
        damages = rng.sample(DAMAGES, rng.randint(1, 2))
        data = whole
        for damage in damages:
            data = damage(rng, data) if data else data
        stem = f"{number:03}-" + "-".join(damage.__name__ for damage in damages)
        packed = rng.random() < 0.2
        name = f"{feed}/dt=2024-03-{rng.randint(1, 28):02}/{stem}.csv{'.gz' if packed else ''}"
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data, mtime=0) if packed else data)
        landed[name] = (whole, data)
    return landed


@pytest.mark.parametrize(
    ("seed", "files"), [(1, 60), *(pytest.param(seed, 200, marks=pytest.mark.slow) for seed in range(2, 10))]
)
def test_the_accounting_balances_whatever_the_damage(
    warehouse: Warehouse, tmp_path: Path, seed: int, files: int
) -> None:
    sample.write_sample(tmp_path / "source", sources=["marketplace"], rows=300)
    (export,) = (tmp_path / "source").rglob("*.csv")
    landing, database = tmp_path / "landing", tmp_path / "retail.duckdb"
    landed = land(landing, seed, files, export.read_bytes().splitlines())

    defined = [
        pipe
        for pipe in pipes.read_definitions(load.default_scripts()).pipes
        if load.feed_name(pipe) in ("inventory.inventory", "marketplace.transactions")
    ]
    found = drift.examine(landing, defined, defined, {}, full=True)
    result = load.load(landing, database)
    with duckdb.connect(str(database)) as connection:
        compiled_models.build(
            warehouse,
            connection,
            {name for schema, name, *_ in compiled_models.models(warehouse) if name.startswith(("stg_", "base_"))}
            | {"int_passed_over_rows", "int_file_outcomes", "int_rejected_rows"}
            | {"audit_row_accounting", "audit_rejected_rows"},
        )
        accounted = {
            row["file_name"]: row
            for row in warehouse_module.rows(connection, "select * from audit.audit_row_accounting")
        }
        statuses = dict(connection.execute("select file_name, status from audit.load_history").fetchall())
        in_bronze = numbers(
            connection,
            "(select * from bronze.inventory__inventory union all by name select * from bronze.marketplace__transactions)",
            "_",
        )
        rejected = numbers(connection, "audit.load_rejects", "")
        reasons = Counter(
            dict(
                connection.execute(
                    "select file_name, count(*) from audit.audit_rejected_rows where stage = 'staging' group by all"
                ).fetchall()
            )
        )
        traced: dict[str, Counter[str]] = {}
        for feed in warehouse_module.feeds():
            if feed.source in ("inventory", "marketplace"):
                for each in trace.of_files(connection, feed, list(landed)):
                    traced.setdefault(each.file, Counter())[each.outcome] += 1
        distinct = connection.execute(
            "select (select count(distinct (item_id, warehouse_id, count_date)) from silver.stg_inventory__counts where reject_reason is null) "
            "+ (select count(distinct row_key) from silver.stg_marketplace__transactions where reject_reason is null)"
        ).fetchone()[0]  # fmt: skip

    assert set(statuses) == set(accounted) == set(landed)
    for name, (_, data) in landed.items():
        row = accounted[name]
        outcomes = (
            "rejected_at_load_rows",
            "rejected_in_staging_rows",
            "repeat_rows",
            "superseded_rows",
            "accepted_rows",
        )
        # every row has one outcome, and the parts add up to what was read
        assert row["unexplained_rows"] == 0, name
        assert all(row[outcome] >= 0 for outcome in outcomes), name
        assert sum(row[outcome] for outcome in outcomes) == row["landed_rows"], name
        # the same by another computation
        counted = traced.get(name, Counter())
        assert [row[outcome] for outcome in outcomes[1:]] == [
            counted[outcome] for outcome in (trace.REJECTED_IN_STAGING, trace.REPEAT, trace.SUPERSEDED, trace.ACCEPTED)
        ], name
        assert row["rejected_in_staging_rows"] == reasons[name], name
        if statuses[name] == "load_failed":
            assert name not in in_bronze and name not in rejected, name
            continue
        # what was read is what stands in the file: the numbers of bronze and rejects together have no gap and no double
        assert row["landed_rows"] == records(data.removeprefix(b"\xef\xbb\xbf")) - 1, name
        assert sorted(in_bronze.get(name, []) + rejected.get(name, [])) == list(range(1, row["landed_rows"] + 1)), name
        assert len(rejected.get(name, [])) == row["rejected_at_load_rows"], name
    assert sum(row["accepted_rows"] for row in accounted.values()) == distinct

    # each damage that the loader saw is told in one line that names the file, and the line where there is one
    told = {problem.name: problem.text for problem in result.problems}
    assert set(told) == {name for name, status in statuses.items() if status != "loaded"}
    for name, status in statuses.items():
        if status == "partially_loaded":
            assert re.search(r"line \d+: ", told[name]), (name, told[name])
    # the check, asked before the load, had said so of the same files, and of those whose columns differ
    said = {name for finding in found.findings if finding.severity == drift.ERROR for name in finding.files}
    differ = {problem.name for problem in result.notes if problem.text.startswith("columns ")}
    assert said == set(told) | differ
    assert {"loaded", "partially_loaded", "load_failed"} == set(statuses.values())


def numbers(connection: duckdb.DuckDBPyConnection, table: str, prefix: str) -> dict[str, list[int]]:
    """Row numbers by file."""
    query = f"select {prefix}file_name, list({prefix}file_row_number) from {table} group by all"
    return dict(connection.execute(query).fetchall())


def test_line_ends_inside_quotes_survive_beside_a_bad_line(tmp_path: Path) -> None:
    """DuckDB guesses line ends from the first it sees; a CR LF inside a field once made a load with a bad line end in a traceback."""
    path = tmp_path / "landing/inventory/inventory/dt=2002-01-03/a.csv"
    path.parent.mkdir(parents=True)
    values = ["a\r\nb", "\n", "c\rd\n\r\ne", "\r\n", 'f"\r\n"g']
    lines = [f'2002-01-03,1,1,"{value.replace(chr(34), chr(34) * 2)}"' for value in values]
    path.write_bytes("\n".join([INVENTORY, *lines, '2002-01-03,1,1,"open\r\nand on\n']).encode())
    load.load(tmp_path / "landing", tmp_path / "retail.duckdb")
    with duckdb.connect(str(tmp_path / "retail.duckdb")) as connection:
        found = connection.execute(
            "select inv_quantity_on_hand from bronze.inventory__inventory order by _file_row_number"
        ).fetchall()
        rejects = connection.execute("select file_row_number, line_number, raw_line from audit.load_rejects").fetchall()
    assert found == [(value,) for value in values]
    assert rejects == [(6, 2 + sum(line.count("\n") + 1 for line in lines), '2002-01-03,1,1,"open\r\nand on')]
