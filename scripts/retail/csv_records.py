"""CSV as the pipes define it: RFC 4180 with one delimiter and one optional quote, UTF-8, first line names the columns.

Two readers of the same grammar. `scan` goes once over a file at memory speed and says whether DuckDB's own reader will
read it as meant; its counts then check DuckDB's work. `split_records` is the exact and slow one, for a file that has bad
records or a form that DuckDB 1.5 reads in its own way: it takes `1, "x"` for `1,x`, drops an empty field too many at
a line's end, reads a cut gzip file as if it were whole, and cannot go on where line ends are mixed.

Grammar: a field that starts with the quote ends with the quote; inside, a doubled quote stands for one. Elsewhere a quote is
a character like any other. A record ends at LF or CR LF outside of quotes. Empty lines are no records. An empty field is
null, an empty quoted one is an empty text.
"""

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from retail.landed import READ_SIZE, FileFault
from retail.pipes import FileFormat

MAX_RECORD = 16 << 20
"""Bytes of the longest record; Snowflake's limit for a text value. A longer one is most likely an unclosed quote."""

Field = str | None


@dataclass(frozen=True)
class Dialect:
    """Delimiter and quote (None: no quoting), and whether an empty field is null."""

    delimiter: bytes
    quote: bytes | None
    empty_is_null: bool


@dataclass(frozen=True)
class Scan:
    """What one pass over a file found.

    `content_key` is of the bytes as landed. `plain`: every record has one field for each column, as far as can be told at
    this speed, and DuckDB reads it as meant; then `records` is the number of data records (the header is none).
    `lines_in_quotes`: a quoted field holds a line end.
    """

    content_key: str
    header: tuple[str, ...]
    records: int
    plain: bool
    lines_in_quotes: bool


@dataclass(frozen=True)
class Record:
    """A data record: number in the file (from 1), physical line it starts at (the header is 1), bytes, and either fields or a fault."""

    number: int
    line: int
    raw: bytes
    fields: list[Field]
    fault: str | None = None
    column: str | None = None


def dialect_of(file_format: FileFormat) -> Dialect:
    """The dialect that a csv file format describes."""
    quote = file_format.options["field_optionally_enclosed_by"]
    return Dialect(
        delimiter=str(file_format.options["field_delimiter"]).encode(),
        quote=str(quote).encode() if quote else None,
        empty_is_null=bool(file_format.options["empty_field_as_null"]),
    )


class _Hashing:
    """A raw stream that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.digest.update(data)
        return data


def decompressed(stream: BinaryIO, name: str) -> BinaryIO:
    """The text of a file as bytes: unpacked if its name ends in `.gz` (Snowflake's compression = auto goes by content)."""
    return gzip.GzipFile(fileobj=stream, mode="rb") if name.endswith(".gz") else stream


def read_chunk(stream: BinaryIO, size: int = READ_SIZE) -> bytes:
    """The next bytes; FileFault when the file is not the gzip file its name promises, or is cut."""
    try:
        return stream.read(size)
    except EOFError:
        raise FileFault("the gzip file is cut off before its end; it must be landed whole") from None
    except gzip.BadGzipFile as error:
        if "CRC" in str(error) or "length" in str(error).lower():
            raise FileFault("the gzip file is damaged: its checksum does not match") from None
        raise FileFault("is named .gz but is not a gzip file, or has something else after its end") from None
    except zlib.error:
        raise FileFault("the gzip file is damaged: it cannot be unpacked") from None


def scan(raw: BinaryIO, name: str, dialect: Dialect, wanted: Collection[str] = ()) -> Scan:
    """Go over a whole file once. `wanted`: column names of which the header must have one at least.

    Raises FileFault when nothing of it can be loaded: empty, no usable header, another encoding, cut or damaged gzip.
    """
    hashing = _Hashing(raw)
    stream = decompressed(hashing, name)
    chunk = read_chunk(stream)
    if not chunk:
        raise FileFault("the file is empty (a file without records still has a header line)")
    if not name.endswith(".gz") and chunk.startswith(b"\x1f\x8b"):
        raise FileFault("is a gzip file, but its name does not end in .gz")
    chunk = _without_mark(chunk)
    while not _has_whole_line(chunk, dialect) and len(chunk) <= MAX_RECORD:
        more = read_chunk(stream)
        if not more:
            break
        chunk += more
    header = parse_header(chunk, dialect, wanted)

    counter = _Counter(dialect)
    while chunk:
        counter.take(chunk)
        chunk = read_chunk(stream)
    # what a gzip reader leaves unread after the last member still belongs to the file
    while hashing.read(READ_SIZE):
        pass
    lines, plain, lines_in_quotes = counter.finish(columns=len(header))
    return Scan(hashing.digest.hexdigest(), header, lines - 1, plain, lines_in_quotes)


class _Counter:
    """Counts records and delimiters outside of quotes, chunk by chunk, with bytes operations only."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.inside, self.last = False, b"\n"
        # outside of quotes; `all_…` anywhere
        self.lines = self.blank = self.delimiters = self.returns = self.windows_ends = 0
        self.all_lines = self.all_returns = 0
        self.plain = True
        # every byte becomes one of: end of a field, quote, anything else
        ends = dialect.delimiter + b"\r\n"
        self.classes = bytes(
            44 if byte in ends else 34 if dialect.quote and byte == dialect.quote[0] else 120 for byte in range(256)
        )

    def take(self, chunk: bytes) -> None:
        if self.plain and (not chunk.isascii() or self.decoder.getstate()[0]):
            try:
                self.decoder.decode(chunk)
            except UnicodeDecodeError:
                self.plain = False
        self.all_lines += chunk.count(b"\n")
        self.all_returns += chunk.count(b"\r")
        text = self._outside(chunk)
        if not text:
            return
        self.lines += text.count(b"\n")
        self.delimiters += text.count(self.dialect.delimiter)
        # with the byte before, so that a pair across two chunks counts
        text = self.last + text
        if b"\r" in text:
            self.returns += text.count(b"\r") - (self.last == b"\r")
            self.windows_ends += text.count(b"\r\n")
            self.blank += sum(len(run) // 2 for run in re.findall(rb"(?<=\n)(?:\r\n)+", text))
            if text.endswith(b"\n\r"):
                # an empty line cut in two: not worth a second look here
                self.plain = False
        if b"\n\n" in text:
            self.blank += sum(len(run) - 1 for run in re.findall(rb"\n{2,}", text))
        if self.dialect.quote and self.dialect.quote in text:
            classes = text.translate(self.classes)
            if b'x"' in classes or b'"x' in classes:
                self.plain = False
        self.last = text[-1:]

    def _outside(self, chunk: bytes) -> bytes:
        """The chunk without what stands inside quotes; each quoted piece leaves one quote behind."""
        quote = self.dialect.quote
        if not quote:
            return chunk
        pieces = chunk.split(quote)
        outside = quote.join(pieces[1 if self.inside else 0 :: 2])
        self.inside ^= len(pieces) % 2 == 0
        if self.inside and len(pieces) > 1:
            outside += quote
        return outside

    def finish(self, columns: int) -> tuple[int, bool, bool]:
        """Number of lines that are not empty, whether the file is plain, and whether a line end stands inside quotes."""
        try:
            self.decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self.plain = False
        lines = self.lines + (self.last != b"\n") - self.blank
        one_kind_of_end = self.all_returns == self.returns == self.windows_ends and self.windows_ends in (0, self.lines)
        whole = self.delimiters == lines * (columns - 1)
        # a single column: DuckDB takes an empty line for a null
        plain = self.plain and not self.inside and one_kind_of_end and whole and columns > 1
        return lines, plain, self.all_lines != self.lines


def _without_mark(chunk: bytes) -> bytes:
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "UTF-32"),
        (codecs.BOM_UTF16_LE, "UTF-16"),
        (codecs.BOM_UTF16_BE, "UTF-16"),
    ):
        if chunk.startswith(mark):
            raise FileFault(f"is encoded in {encoding}; UTF-8 is wanted", line=1)
    return chunk.removeprefix(codecs.BOM_UTF8)


def _has_whole_line(chunk: bytes, dialect: Dialect) -> bool:
    return _first_line(chunk, dialect)[1]


def _first_line(text: bytes, dialect: Dialect) -> tuple[bytes, bool]:
    """The first line of a text, of several physical ones where quotes hold them together, and whether its end is there.

    By the grammar of `split_records`: a quote inside of a field means nothing.
    """
    lines = (found[0] for found in re.finditer(rb"[^\n]*\n|[^\n]+", text))
    _, line, closed = next(_logical_lines(lines, dialect, start=1), (1, b"", True))
    return line, closed and line.endswith(b"\n")


def parse_header(chunk: bytes, dialect: Dialect, wanted: Collection[str] = ()) -> tuple[str, ...]:
    """The column names in the first line, in lower case; FileFault when they are not usable, or none is a wanted one."""
    line = _first_line(chunk, dialect)[0].removesuffix(b"\n").removesuffix(b"\r")
    if b"\x00" in line:
        raise FileFault("the first line holds null bytes: not UTF-8 text (UTF-16 without a mark?)", line=1)
    if not line.strip():
        raise FileFault("the first line is empty; it must name the columns", line=1)
    fields, fault, _ = _fields(line, dialect)
    if fault:
        raise FileFault(f"header: {fault}", line=1)
    try:
        names = tuple(field.decode().lower() for field, _ in fields)
    except UnicodeDecodeError:
        raise FileFault("the header is not UTF-8", line=1) from None
    if wanted and not set(wanted) & set(names):
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        raise FileFault(f"the first line names no column of the table ({shown}); is the header missing?", line=1)
    for position, column in enumerate(names, 1):
        if not column:
            raise FileFault(f"the header has no name for column {position}", line=1)
        if column in names[: position - 1]:
            raise FileFault(f"the header names the column {column} twice", line=1, column=column)
    return names


# -- the exact reader -------------------------------------------------------------------------------------------------


def split_records(raw: BinaryIO, name: str, dialect: Dialect) -> Iterator[Record]:
    """Every data record of a file that `scan` has been over, good or bad, in order.

    A record is bad when it has another number of fields than the header, when text follows a closing quote, when a quote is
    not closed before the file's end, or when a field is not UTF-8. FileFault when a record is longer than MAX_RECORD.
    """
    lines = _unmarked(_physical_lines(decompressed(raw, name)))
    first = next(_logical_lines(lines, dialect, start=1))
    header = parse_header(first[1], dialect)
    number = 0
    for line, raw_record, closed in _logical_lines(lines, dialect, start=1 + first[1].count(b"\n")):
        text = raw_record.removesuffix(b"\n").removesuffix(b"\r")
        if not text:
            continue
        number += 1
        yield _record(number, line, text, closed, header, dialect)


def _physical_lines(stream: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while chunk := read_chunk(stream):
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            yield piece + b"\n"
        if len(rest) > MAX_RECORD:
            raise FileFault(f"a line is longer than {MAX_RECORD >> 20} MiB")
    if rest:
        yield rest


def _unmarked(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield _without_mark(line)
        break
    yield from lines


def _logical_lines(lines: Iterator[bytes], dialect: Dialect, start: int) -> Iterator[tuple[int, bytes, bool]]:
    """First physical line, bytes of each record or empty line, and whether its quotes are closed."""
    number = start
    for line in lines:
        first, whole = number, line
        number += 1
        closed = not dialect.quote or dialect.quote not in line or _closed(line, dialect)
        if not closed:
            # a list, since adding to bytes would copy them for each line
            pieces, size = [line], len(line)
            for following in lines:
                number += 1
                pieces.append(following)
                size += len(following)
                if size > MAX_RECORD:
                    raise FileFault(
                        f"a quote that opens in line {first} is not closed within {MAX_RECORD >> 20} MiB", line=first
                    )
                if dialect.quote in following:
                    whole = b"".join(pieces)
                    if _closed(whole, dialect):
                        closed = True
                        break
            else:
                whole = b"".join(pieces)
        yield first, whole, closed


def _closed(text: bytes, dialect: Dialect) -> bool:
    """Whether a text that begins at a record's start ends outside of quotes. A text after a closing quote ends the search."""
    return _fields(text.removesuffix(b"\n").removesuffix(b"\r"), dialect)[1] != OPEN_QUOTE


OPEN_QUOTE = "a quote is not closed"


def _fields(text: bytes, dialect: Dialect) -> tuple[list[tuple[bytes, bool]], str | None, int]:
    """The fields of a record's text with whether each was quoted; or what is wrong, and in which field (from 0)."""
    delimiter, quote = dialect.delimiter, dialect.quote
    if not quote or quote not in text:
        return [(field, False) for field in text.split(delimiter)], None, 0
    fields: list[tuple[bytes, bool]] = []
    position = 0
    while True:
        if text.startswith(quote, position):
            end = position + 1
            while True:
                end = text.find(quote, end)
                if end < 0:
                    return fields, OPEN_QUOTE, len(fields)
                if not text.startswith(quote, end + 1):
                    break
                end += 2
            fields.append((text[position + 1 : end].replace(quote * 2, quote), True))
            position = end + 1
            if position == len(text):
                return fields, None, 0
            if not text.startswith(delimiter, position):
                return fields, "text follows a closing quote", len(fields) - 1
        else:
            end = text.find(delimiter, position)
            if end < 0:
                fields.append((text[position:], False))
                return fields, None, 0
            fields.append((text[position:end], False))
            position = end
        position += 1


def _record(number: int, line: int, text: bytes, closed: bool, header: tuple[str, ...], dialect: Dialect) -> Record:
    fields, fault, at = _fields(text, dialect)
    if fault or not closed:
        column = header[at] if at < len(header) else None
        return Record(number, line, text, [], fault or OPEN_QUOTE, column)
    if len(fields) != len(header):
        column = header[len(fields)] if len(fields) < len(header) else None
        return Record(number, line, text, [], f"{len(fields)} fields where the header names {len(header)}", column)
    values: list[Field] = []
    for position, (field, quoted) in enumerate(fields):
        try:
            values.append(None if not field and not quoted and dialect.empty_is_null else field.decode())
        except UnicodeDecodeError:
            return Record(number, line, text, [], "not UTF-8", header[position])
    return Record(number, line, text, values)
