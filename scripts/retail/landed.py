"""The landing zone as it is now: which files lie there, whether one is complete, and what it holds as bytes.

A name that begins with `.` or `_`, or ends in `.tmp` or `.part`, has not landed yet: whoever writes a file in place uses
such a name and renames it when it is whole.
"""

import fcntl
import hashlib
import os
import signal
import stat
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from retail.landing_zone import Bucket, Folder, Gone, Replaced

NOT_LANDED_PREFIXES = (".", "_")
NOT_LANDED_SUFFIXES = (".tmp", ".part")
READ_SIZE = 1 << 20
"""Bytes read at a time."""

_EPOCH = datetime(1970, 1, 1)


class FileFault(Exception):
    """A file that cannot be loaded as a whole; where known with the physical line (from 1) and the column."""

    def __init__(self, reason: str, line: int | None = None, column: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


class NotNow(Exception):
    """A file that is left alone in this run and gets no history: still being written, gone, or not readable for us."""

    def __init__(self, reason: str, *, harmless: bool) -> None:
        super().__init__(reason)
        self.reason, self.harmless = reason, harmless


@dataclass(frozen=True)
class LandedFile:
    """A file under a pipe's folder: its name relative to the landing zone's root, size in bytes, change time in ns."""

    name: str
    path: Path
    size: int
    mtime_ns: int
    # Of an object in a bucket: where it is, and which version was listed. `path` then is where its copy lies or will.
    bucket: Bucket | None = None
    etag: str | None = None

    def last_modified(self) -> datetime:
        """Change time in UTC, without a zone, to the microsecond: what the load history keeps."""
        return _EPOCH + timedelta(microseconds=self.mtime_ns // 1000)


@dataclass(frozen=True)
class Listing:
    """What lies in the landing zone: the files of each prefix, how many lie where no pipe reads, what could not be listed."""

    files: dict[str, list[LandedFile]]
    unclaimed: dict[str, int]
    problems: list[tuple[str, str]]


def list_files(root: Path | Folder | Bucket, prefixes: Iterable[str]) -> Listing:
    """List the landing zone, names in order of their bytes. A root that does not exist holds nothing.

    Raises UserError for a bucket that cannot be listed.
    """
    prefixes = list(prefixes)
    if isinstance(root, Bucket):
        return _list_objects(root, prefixes)
    root = root.root if isinstance(root, Folder) else root
    files: dict[str, list[LandedFile]] = {prefix: [] for prefix in prefixes}
    unclaimed: Counter[str] = Counter()
    problems: list[tuple[str, str]] = []
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                found = list(entries)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append((folder or str(root), f"cannot be listed: {error.strerror}"))
            continue
        for entry in found:
            if entry.name.startswith(NOT_LANDED_PREFIXES) or entry.name.endswith(NOT_LANDED_SUFFIXES):
                continue
            name = folder + entry.name
            prefix = next((each for each in prefixes if name.startswith(each)), None)
            try:
                name.encode()
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name + "/")
                elif prefix is None:
                    unclaimed[folder] += 1
                elif entry.is_dir():
                    problems.append((name, "is a link to a folder, which is not followed"))
                elif not entry.is_file():
                    problems.append((name, "is not a regular file"))
                else:
                    info = entry.stat()
                    files[prefix].append(LandedFile(name, Path(entry.path), info.st_size, info.st_mtime_ns))
            except UnicodeEncodeError:
                problems.append(
                    (name.encode(errors="backslashreplace").decode(), "has a name that is not UTF-8; rename it")
                )
            except FileNotFoundError:
                # gone since the folder was read: as if it had never landed
                continue
            except OSError as error:
                problems.append((name, f"cannot be read: {error.strerror}"))
    for each in files.values():
        each.sort(key=lambda file: file.name.encode())
    return Listing(files, dict(sorted(unclaimed.items())), sorted(problems))


def _list_objects(bucket: Bucket, prefixes: list[str]) -> Listing:
    files: dict[str, list[LandedFile]] = {prefix: [] for prefix in prefixes}
    unclaimed: Counter[str] = Counter()
    for item in bucket.stored():
        parts = item.name.split("/")
        # some tools make an empty object for a folder
        if not parts[-1] or any(part.startswith(NOT_LANDED_PREFIXES) for part in parts):
            continue
        if any(part.endswith(NOT_LANDED_SUFFIXES) for part in parts):
            continue
        prefix = next((each for each in prefixes if item.name.startswith(each)), None)
        if prefix is None:
            folder, slash, _ = item.name.rpartition("/")
            unclaimed[folder + slash] += 1
        else:
            copy = bucket.copy_of(item.name)
            files[prefix].append(LandedFile(item.name, copy, item.size, item.mtime_ns, bucket, item.etag))
    return Listing(files, dict(sorted(unclaimed.items())), [])


def on_this_machine(file: LandedFile) -> Path:
    """The path of a file's bytes; an object is fetched first, the version that was listed.

    Raises NotNow where that is not there any more, OSError where the copy cannot be written, UserError where the store does
    not answer.
    """
    if file.bucket:
        try:
            return file.bucket.fetch(file.name, file.etag)
        except Gone:
            raise NotNow("disappeared before it was read", harmless=True) from None
        except Replaced:
            raise NotNow("was replaced while it was read, left for the next run", harmless=True) from None
    return file.path


def release(files: Iterable[LandedFile]) -> None:
    """Free the room of the copies of objects; files of a folder are left alone."""
    for file in files:
        if file.bucket:
            file.bucket.release(file.name)


def key_now(file: LandedFile) -> str | None:
    """SHA-256 of what a file holds now; None where it cannot be read."""
    try:
        with open(on_this_machine(file), "rb", buffering=0) as stream:
            return content_key(stream)
    except (OSError, NotNow):
        return None
    finally:
        release([file])


def open_landed(file: LandedFile) -> BinaryIO:
    """Open a file that is complete, for reading; an object is fetched first.

    Raises NotNow when it is gone, when it is not readable for us, or when someone still writes it.
    """
    if file.bucket:
        return open(on_this_machine(file), "rb", buffering=0)
    try:
        stream = open(file.path, "rb", buffering=0)  # noqa: SIM115, the caller closes it
    except FileNotFoundError:
        raise NotNow("disappeared before it was read", harmless=True) from None
    except OSError as error:
        raise NotNow(f"cannot be read: {error.strerror}", harmless=False) from None
    if changed(file, stream) or open_for_writing(stream):
        stream.close()
        raise NotNow("still being written, left for the next run", harmless=True)
    return stream


def changed(file: LandedFile, stream: BinaryIO | None = None) -> bool:
    """Whether a file is no longer the one that was listed (another size, change time, or gone)."""
    if file.bucket:
        # what is read is a copy of the version that was listed, and of nothing else
        return False
    try:
        info = os.fstat(stream.fileno()) if stream else os.stat(file.path)
    except OSError:
        return True
    return (info.st_size, info.st_mtime_ns) != (file.size, file.mtime_ns) or not stat.S_ISREG(info.st_mode)


def open_for_writing(stream: BinaryIO) -> bool:
    """Whether any process has the file open for writing; False where the system cannot tell.

    Linux grants a read lease only on a file that nobody has open for writing.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    descriptor = stream.fileno()
    try:
        # Should a writer come while the lease is held, the signal that tells us is one that is ignored by default; the
        # usual one, SIGIO, would end this process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        # another owner's file, or a file system without leases: size and change time must do
        return False
    with suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def content_key(stream: BinaryIO) -> str:
    """SHA-256 of what is left of a stream, in hexadecimal."""
    return hashlib.file_digest(stream, "sha256").hexdigest()
