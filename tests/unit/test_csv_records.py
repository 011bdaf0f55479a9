"""CSV records: the exact reader against Python's csv module, and the quick scan against the exact reader."""

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail import csv_records
from retail.csv_records import Dialect, scan, split_records
from retail.landed import FileFault

COMMA = Dialect(b",", b'"', True)


def written(rows: list[list[str]], end: str, last_end: bool, blanks: list[int], quoting: int) -> bytes:
    """Rows as CSV by Python's writer, empty lines after the rows given by number."""
    lines = []
    for number, row in enumerate(rows):
        buffer = io.StringIO(newline="")
        csv.writer(buffer, lineterminator=end, quoting=quoting).writerow(row)
        lines.append(buffer.getvalue() + (end if number in blanks else ""))
    text = "".join(lines)
    return (text if last_end else text.removesuffix(end)).encode()


TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("a,\"\n 0é\\'#")), st.characters(codec="utf-8", exclude_characters="\r\x00")
    ),
    max_size=6,
)
ROWS = st.lists(st.lists(TEXT, min_size=1, max_size=4), max_size=12)


@settings(max_examples=300, deadline=None)
@given(
    rows=ROWS,
    end=st.sampled_from(["\n", "\r\n"]),
    last_end=st.booleans(),
    blanks=st.lists(st.integers(0, 12), max_size=3),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    packed=st.booleans(),
    chunk=st.sampled_from([1, 2, 3, 7, 1 << 20]),
)
def test_records_are_those_of_pythons_csv_module(rows, end, last_end, blanks, quoting, packed, chunk):
    header = ["one", "two", "three"]
    data = written([header, *rows], end, last_end, blanks, quoting)
    expected = [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row][1:]
    name = "f.csv.gz" if packed else "f.csv"
    raw = gzip.compress(data, mtime=0) if packed else data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_records.read_chunk, "__defaults__", (chunk,))
        records = list(split_records(io.BytesIO(raw), name, COMMA))
        found = scan(io.BytesIO(raw), name, COMMA)

    assert [record.number for record in records] == list(range(1, len(records) + 1))
    assert len(records) == len(expected)
    for record, row in zip(records, expected, strict=True):
        if len(row) == 3:
            assert record.fault is None
            assert [field or "" for field in record.fields] == row
        else:
            assert record.fault == f"{len(row)} fields where the header names 3"
            assert row == next(csv.reader(io.StringIO(record.raw.decode(), newline="")))
        assert data.split(b"\n")[record.line - 1].startswith(record.raw.split(b"\n")[0].removesuffix(b"\r"))
    assert found.header == tuple(header)
    if found.plain:
        assert found.records == len(expected)
        assert sum(len(row) for row in expected) == 3 * len(expected)


def records(data: bytes, dialect: Dialect = COMMA) -> list[tuple[int, int, object]]:
    """Number, line and fields or fault of each record."""
    return [
        (record.number, record.line, record.fault or record.fields)
        for record in split_records(io.BytesIO(data), "f.csv", dialect)
    ]


def test_a_bad_record_keeps_its_number_and_line_and_the_next_ones_go_on():
    data = b'a,b\n1,"x\ny"\n2\n3,4,5\n\n6,"q"z\n7,\xff\n8,9\n'
    assert records(data) == [
        (1, 2, ["1", "x\ny"]),
        (2, 4, "1 fields where the header names 2"),
        (3, 5, "3 fields where the header names 2"),
        (4, 7, "text follows a closing quote"),
        (5, 8, "not UTF-8"),
        (6, 9, ["8", "9"]),
    ]


def test_a_quote_that_is_not_closed_takes_the_rest_of_the_file():
    assert records(b'a,b\n1,2\n3,"x\n4,5\n') == [(1, 2, ["1", "2"]), (2, 3, "a quote is not closed")]


def test_a_quote_inside_an_unquoted_field_is_a_character():
    assert records(b'a,b\n5"3, "x"\n') == [(1, 2, ['5"3', ' "x"'])]


def test_empty_is_null_and_quoted_empty_is_text():
    assert records(b'a,b\n,""\n') == [(1, 2, [None, ""])]
    assert records(b'a,b\n,""\n', Dialect(b",", b'"', False)) == [(1, 2, ["", ""])]


def test_other_delimiter_and_no_quote():
    assert records(b'a|b\n"1|x,y"\n', Dialect(b"|", None, True)) == [(1, 2, ['"1', 'x,y"'])]


@pytest.mark.parametrize(
    "data",
    [
        b'a,b\n1, "x"\n',  # DuckDB drops the blank and the quotes
        b'a,b\n1,"x" \n',
        b"a,b\n1,2,\n",  # DuckDB drops the empty field
        b"a,b\n1,2\r\n3,4\n",
        b'a,b\n1,"x\ry"\n',
        b"a,b\n1,\xff\n",
        b"a,b\n1,2\n3\n",
        b'a,b\n1,"x\n',
        b"a\n1\n\n2\n",
    ],
)
def test_what_duckdb_reads_in_its_own_way_is_not_plain(data):
    assert not scan(io.BytesIO(data), "f.csv", COMMA).plain


@pytest.mark.parametrize(
    "data", [b"a,b\n1,2\n", b'a,b\r\n"1,5","x""y"\r\n,\r\n', b"\xef\xbb\xbfa,b\n1,\xc3\xa9", b"a,b\n\n1,2\n\n"]
)
def test_what_duckdb_reads_as_meant_is_plain(data):
    found = scan(io.BytesIO(data), "f.csv", COMMA)
    assert found.plain
    assert found.records == len(records(data))


PACKED = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * number) for number in range(20000)))


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "f.csv", "the file is empty"),
        (b"", "f.csv.gz", "the file is empty"),
        (gzip.compress(b""), "f.csv.gz", "the file is empty"),
        (b"\n1,2\n", "f.csv", "the first line is empty"),
        (b"a,A\n1,2\n", "f.csv", "names the column a twice"),
        (b"a,\n1,2\n", "f.csv", "no name for column 2"),
        ("a,b\n1,2\n".encode("utf-16"), "f.csv", "UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-le"), "f.csv", "UTF-16 without a mark"),
        ("a,b\n1,2\n".encode("utf-32"), "f.csv", "UTF-32"),
        (b'"a,b\n1,2\n', "f.csv", "header: a quote is not closed"),
        (b"a\xff,b\n1,2\n", "f.csv", "header is not UTF-8"),
        (PACKED[: len(PACKED) // 2], "f.csv.gz", "cut off"),
        (PACKED[:-4], "f.csv.gz", "cut off"),
        (PACKED[:-8], "f.csv.gz", "cut off"),
        (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "f.csv.gz", "damaged"),
        (PACKED[:5000] + b"\xff\xff\xff\xff" + PACKED[5004:], "f.csv.gz", "damaged"),
        (b"a,b\n1,2\n", "f.csv.gz", "not a gzip file"),
        (PACKED + b"more", "f.csv.gz", "not a gzip file, or has something else after its end"),
        (PACKED, "f.csv", "its name does not end in .gz"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, name, message):
    with pytest.raises(FileFault, match=message):
        scan(io.BytesIO(data), name, COMMA)


def test_the_key_is_of_all_bytes_as_landed():
    import hashlib

    two_members = PACKED + gzip.compress(b"1,2\n")
    found = scan(io.BytesIO(two_members), "f.csv.gz", COMMA)
    assert found.content_key == hashlib.sha256(two_members).hexdigest()
    assert found.records == 20001
