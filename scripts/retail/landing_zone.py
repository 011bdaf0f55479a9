"""The landing zone as a place to write to and to fetch from: a folder, or a prefix of a bucket (`s3://bucket/prefix`).

Both offer the same few calls. A name is a path below the zone's root, with `/`. Nothing that has landed is ever overwritten
(`place`); what a program keeps beside the data is replaced in one step (`write`). A bucket's endpoint, region and keys come
from the usual AWS settings (AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID …, profiles, roles), which boto3 reads; they are
never printed.

Objects are fetched as a whole into a temporary folder and loaded from there: each byte is needed for the SHA-256 of the load
history, so reading them again through the engine would fetch everything twice, perhaps in two versions.
"""

import base64
import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from retail import extensions, settings
from retail.errors import UserError

MULTIPART_BYTES = 16 << 20
"""Size from which a file is uploaded in parts, and of each part, in bytes. S3 allows 10,000 parts: 160 GB."""

Report = Callable[[int], None]


@dataclass(frozen=True)
class Stored:
    """A file of a zone: its name, bytes, change time in ns since 1970 (UTC), and of an object the ETag."""

    name: str
    size: int
    mtime_ns: int
    etag: str = ""


class Gone(Exception):
    """An object that was listed is no longer there."""


class Replaced(Exception):
    """An object is no longer the one that was listed."""


class Damaged(Exception):
    """What arrived is not what was sent; it is gone again."""


def of(text: str | Path) -> "Folder | Bucket":
    """The zone of a path or an `s3://` address. Raises UserError for an address that names no bucket."""
    found = re.fullmatch(r"s3://([^/]*)/?(.*)", str(text))
    if not found:
        return Folder(Path(text))
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", found[1]):
        raise UserError(f"{text}: the address of a zone is s3://bucket or s3://bucket/prefix")
    return Bucket(found[1], found[2].strip("/"))


def from_settings() -> "Folder | Bucket":
    """The zone that RETAIL_LANDING names."""
    return of(settings.landing_address() or settings.landing())


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb", buffering=0) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# -- a folder ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    def exists(self) -> bool:
        """Whether there is such a folder."""
        return self.root.exists()

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.root / name).is_file()

    def names_of(self, path: str) -> list[str]:
        """The name of a path on disk, if it is below the root."""
        tried = (Path(path), Path.cwd() / path)
        return [
            str(each.relative_to(self.root)) for each in tried if each.is_absolute() and each.is_relative_to(self.root)
        ]

    def read(self, name: str) -> bytes | None:
        """The bytes of a small file; None where there is none."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Write or replace a small file in one step."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"{target.name}.tmp")
        try:
            with open(temporary, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def place(self, local: Path, name: str, digest: str, report: Report | None = None) -> None:
        """Put a whole file under a name that is free; it is moved where it lies on the same file system.

        `digest`: its SHA-256; a copy is read again and compared. Raises FileExistsError where the name is taken, Damaged.
        """
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"{target.name}.tmp")
        try:
            if local.parent.stat().st_dev == target.parent.stat().st_dev and local.is_relative_to(self.root):
                temporary = local
                with open(local, "rb") as stream:
                    os.fsync(stream.fileno())
            else:
                _copy(local, temporary, report)
                if sha256(temporary) != digest:
                    raise Damaged(name)
            _link(temporary, target)
        finally:
            if temporary != local:
                temporary.unlink(missing_ok=True)
        if temporary == local:
            local.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a file of our own; nothing where there is none."""
        (self.root / name).unlink(missing_ok=True)

    def names(self, prefix: str) -> list[str]:
        """Names of the files below a folder (`prefix` ends in `/`), in order of their bytes."""
        found = [path.relative_to(self.root).as_posix() for path in (self.root / prefix).rglob("*") if path.is_file()]
        return sorted(found, key=str.encode)

    def digest(self, name: str) -> str | None:
        """SHA-256 of a file; None where there is none."""
        try:
            return sha256(self.root / name)
        except FileNotFoundError:
            return None

    def fetch(self, name: str) -> Path:
        """The file on this machine."""
        return self.root / name

    def scratch(self, name: str) -> Path:
        """A folder for files that are to be placed, on the same file system, empty."""
        folder = self.root / name
        # what a run left that was killed
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def locked(self, name: str, verb: str) -> Iterator[None]:
        """Hold the zone against another run of a verb; the lock ends with the process, however it ends."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(path, f"{self.root}: another {verb}"):
            yield


def _copy(source: Path, target: Path, report: Report | None) -> None:
    with open(source, "rb", buffering=0) as reader, open(target, "wb", buffering=0) as writer:
        while chunk := reader.read(1 << 20):
            view = memoryview(chunk)
            while view:
                view = view[writer.write(view) :]
            if report:
                report(len(chunk))
        os.fsync(writer.fileno())


def _link(source: Path, target: Path) -> None:
    """Unlike a rename, a link never replaces what is there; some file systems know none."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP):
            raise
        if target.exists():
            raise FileExistsError(str(target)) from None
        os.rename(source, target)


@contextmanager
def _held(path: Path, who: str) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
            at_work = f" (process {holder})" if holder else ""
            raise UserError(f"{who} is at work there{at_work}; run it again when that has ended") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


# -- a bucket ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bucket:
    """A prefix of a bucket; empty for the bucket itself."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    @cached_property
    def client(self):
        """boto3's S3 client, with the settings of the environment."""
        # half a second to import
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        # Stores with an endpoint of their own seldom have a host name for each bucket
        style = {"addressing_style": "path"} if endpoint else {}
        retries = {"mode": "standard", "max_attempts": 5}
        config = Config(retries=retries, s3=style, connect_timeout=10, read_timeout=60)
        # boto3 itself reads AWS_DEFAULT_REGION alone
        region = os.environ.get("AWS_REGION")
        try:
            return boto3.client("s3", region_name=region, config=config)
        except (BotoCoreError, ValueError) as error:
            raise UserError(f"{self}: {_one_line(error)}") from None

    @cached_property
    def _copies(self) -> tempfile.TemporaryDirectory:
        """Where fetched objects lie; it goes when this object does."""
        return tempfile.TemporaryDirectory(prefix="retail-landing-")

    @contextmanager
    def _asked(self, name: str = "") -> Iterator[None]:
        """Turn what boto3 raises into Gone, Replaced, FileExistsError or a UserError of one line."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        where = f"{self}/{name}" if name else str(self)
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code == "NoSuchBucket":
                raise UserError(f"s3://{self.bucket}: there is no such bucket") from None
            if code in ("404", "NoSuchKey", "NotFound"):
                raise Gone(name) from None
            if code in ("412", "PreconditionFailed", "ConditionalRequestConflict"):
                raise Replaced(name) from None
            if code in ("BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"):
                raise Damaged(name) from None
            text = error.response.get("Error", {}).get("Message", "")
            raise UserError(f"{where}: the store refuses it: {code} {_one_line(text)}") from None
        except (BotoCoreError, Boto3Error, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UserError(f"{where}: {_one_line(error)}; what is there stays, run it again") from None

    def key(self, name: str) -> str:
        """The object's key."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def exists(self) -> bool:
        """A bucket is there, or asking for it says that it is not."""
        return True

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        return self._head(name) is not None

    def names_of(self, path: str) -> list[str]:
        """The name of an address, if it is below the prefix."""
        return [path.removeprefix(f"{self}/")] if path.startswith(f"{self}/") else []

    def stored(self, prefix: str = "") -> list[Stored]:
        """All objects whose names begin so, in order of their bytes. Raises UserError where the bucket cannot be listed."""
        found = []
        with self._asked():
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.key(prefix))
            for page in pages:
                for item in page.get("Contents", ()):
                    name = item["Key"][len(self.key("")) :]
                    mtime = round(item["LastModified"].timestamp() * 1000) * 1_000_000
                    found.append(Stored(name, item["Size"], mtime, item["ETag"]))
        return sorted(found, key=lambda item: item.name.encode())

    def names(self, prefix: str) -> list[str]:
        """Names of the objects below a folder (`prefix` ends in `/`), in order of their bytes."""
        return [item.name for item in self.stored(prefix)]

    def read(self, name: str) -> bytes | None:
        """The bytes of a small object; None where there is none."""
        try:
            with self._asked(name):
                return self.client.get_object(Bucket=self.bucket, Key=self.key(name))["Body"].read()
        except Gone:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Write or replace a small object; a put is whole or nothing."""
        with self._asked(name):
            checksum = _base64(hashlib.sha256(data).digest())
            self.client.put_object(Bucket=self.bucket, Key=self.key(name), Body=data, ChecksumSHA256=checksum)

    def place(self, local: Path, name: str, digest: str, report: Report | None = None) -> None:
        """Upload a file under a name that is free, in parts where it is large, and compare what arrived.

        `digest`: its SHA-256, kept as metadata of the object. Raises FileExistsError where the name is taken, Damaged.
        """
        if self._head(name) is not None:
            raise FileExistsError(name)
        self._abort_uploads(name)
        size = local.stat().st_size
        place = {"Bucket": self.bucket, "Key": self.key(name)}
        try:
            with self._asked(name):
                if size < MULTIPART_BYTES:
                    body = local.read_bytes()
                    # the store compares the checksum, and refuses where someone else was quicker
                    checksum = _base64(bytes.fromhex(digest))
                    self.client.put_object(
                        **place, Body=body, ChecksumSHA256=checksum, Metadata={"sha256": digest}, IfNoneMatch="*"
                    )
                    if report:
                        report(len(body))
                else:
                    self._upload(local, place, digest, report)
        except Replaced:
            raise FileExistsError(name) from None
        head = self._head(name) or {}
        arrived = head.get("ContentLength") == size and (
            head.get("ChecksumSHA256") in _checksums(local, digest) or self._read_again(name) == digest
        )
        if not arrived:
            self.remove(name)
            raise Damaged(name)

    def _upload(self, local: Path, place: dict[str, str], digest: str, report: Report | None) -> None:
        from boto3.s3.transfer import TransferConfig

        config = TransferConfig(
            multipart_threshold=MULTIPART_BYTES, multipart_chunksize=MULTIPART_BYTES, max_concurrency=4
        )
        extra = {"ChecksumAlgorithm": "SHA256", "Metadata": {"sha256": digest}}
        self.client.upload_file(
            str(local), place["Bucket"], place["Key"], ExtraArgs=extra, Config=config, Callback=report
        )

    def _abort_uploads(self, name: str) -> None:
        """End uploads of this very name that were interrupted; their parts cost money and are seen by nobody."""
        with suppress(Gone), self._asked(name):
            place = {"Bucket": self.bucket, "Prefix": self.key(name)}
            for page in self.client.get_paginator("list_multipart_uploads").paginate(**place):
                for upload in page.get("Uploads", ()):
                    if upload["Key"] == self.key(name):
                        self.client.abort_multipart_upload(
                            Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )

    def _head(self, name: str) -> dict | None:
        try:
            with self._asked(name):
                return self.client.head_object(Bucket=self.bucket, Key=self.key(name), ChecksumMode="ENABLED")
        except Gone:
            # a missing bucket answers the same to this question
            with self._asked():
                self.client.list_objects_v2(Bucket=self.bucket, MaxKeys=1)
            return None

    def _read_again(self, name: str) -> str:
        with self._asked(name):
            body = self.client.get_object(Bucket=self.bucket, Key=self.key(name))["Body"]
            found = hashlib.sha256()
            for chunk in body.iter_chunks(1 << 20):
                found.update(chunk)
            return found.hexdigest()

    def remove(self, name: str) -> None:
        """Remove an object of our own; nothing where there is none."""
        self.release(name)
        with suppress(Gone), self._asked(name):
            self.client.delete_object(Bucket=self.bucket, Key=self.key(name))

    def digest(self, name: str) -> str | None:
        """SHA-256 of an object, as it was uploaded with, else read; None where there is none."""
        head = self._head(name)
        if head is None:
            return None
        kept = head.get("Metadata", {}).get("sha256", "")
        return kept if re.fullmatch("[0-9a-f]{64}", kept) else self._read_again(name)

    def copy_of(self, name: str) -> Path:
        """Where the copy of an object lies, or would."""
        return Path(self._copies.name) / name

    def fetch(self, name: str, etag: str | None = None) -> Path:
        """A copy of an object on this machine, the version with this ETag.

        Raises Gone, Replaced where it is another version now, OSError where the copy cannot be written.
        """
        target = self.copy_of(name)
        if target.exists():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"{target.name}.tmp")
        wanted = {"IfMatch": etag} if etag else {}
        with self._asked(name):
            answer = self.client.get_object(Bucket=self.bucket, Key=self.key(name), **wanted)
            with open(temporary, "wb") as stream:
                stream.writelines(answer["Body"].iter_chunks(1 << 20))
        temporary.replace(target)
        return target

    def read_by(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a connection read `address()` of the objects here: parts of them, such as the footer of a Parquet file.

        The keys go into a secret of this session alone.
        """
        import boto3

        extensions.load(connection, "httpfs")
        endpoint = urlsplit(self.client.meta.endpoint_url)
        keys = boto3.Session().get_credentials()
        options = {
            "region": self.client.meta.region_name,
            "endpoint": endpoint.netloc,
            "use_ssl": "true" if endpoint.scheme == "https" else "false",
            "url_style": "path",
        }
        if keys:
            frozen = keys.get_frozen_credentials()
            options |= {"key_id": frozen.access_key, "secret": frozen.secret_key, "session_token": frozen.token}
        listed = ", ".join(f"{name} {_literal(value)}" for name, value in options.items() if value)
        try:
            connection.execute(f"create or replace secret landing_zone (type s3, {listed})")
        except duckdb.Error:
            # DuckDB's own message would show the statement
            raise UserError(f"{self}: DuckDB does not take the AWS settings of the environment") from None

    def address(self, name: str) -> str:
        """The address of an object, for DuckDB."""
        return f"s3://{self.bucket}/{self.key(name)}"

    def release(self, name: str) -> None:
        """Free the room of a copy."""
        self.copy_of(name).unlink(missing_ok=True)

    def scratch(self, name: str) -> Path:
        """A folder for files that are to be placed."""
        folder = Path(self._copies.name) / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def locked(self, name: str, verb: str) -> Iterator[None]:
        """Hold the zone against another run of a verb on this machine; a bucket knows no locks that end with a process."""
        mark = hashlib.sha256(f"{os.getuid()} {self}/{name}".encode()).hexdigest()[:16]
        with _held(Path(tempfile.gettempdir()) / f"retail-{mark}.lock", f"{self}: another {verb}"):
            yield


def _checksums(local: Path, digest: str) -> set[str]:
    """What S3 may give as the SHA-256 of this file: of the whole, or (uploaded in parts) of the parts' checksums."""
    whole = _base64(bytes.fromhex(digest))
    if local.stat().st_size < MULTIPART_BYTES:
        return {whole}
    parts = []
    with open(local, "rb") as stream:
        while chunk := stream.read(MULTIPART_BYTES):
            parts.append(hashlib.sha256(chunk).digest())
    return {whole, f"{_base64(hashlib.sha256(b''.join(parts)).digest())}-{len(parts)}"}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _one_line(text: object) -> str:
    return " ".join(str(text).split())[:300]
