"""`retail land`, and landing zones in a bucket: nothing is overwritten, what arrives is what was sent, bronze is the same."""

import gzip
import os
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import bucket_server
import duckdb
import pytest
from bucket_server import BUCKET, Bucket
from landing_zone import INVENTORY, Zone

from conftest import BIN, ROOT
from retail import drift, land, landed, load, pipes
from retail import landing_zone as zones
from retail.errors import UserError

DEFINITIONS = pipes.read_definitions(load.default_scripts())


@pytest.fixture(autouse=True)
def pipes_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading all pipes takes most of a second, and they do not change here."""
    original = pipes.read_definitions
    monkeypatch.setattr(
        pipes, "read_definitions", lambda folder: DEFINITIONS if folder == load.default_scripts() else original(folder)
    )


@pytest.fixture(scope="module")
def store() -> Iterator[Bucket]:
    with bucket_server.started() as bucket:
        yield bucket


@pytest.fixture
def bucket(store: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The bucket, empty, to which the AWS settings lead."""
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    for key in store.listed():
        store.client.delete_object(Bucket=BUCKET, Key=key)
    return store


@pytest.fixture(params=["folder", "bucket"])
def zone(request: pytest.FixtureRequest, tmp_path: Path) -> zones.Folder | zones.Bucket:
    """A landing zone of either kind."""
    if request.param == "folder":
        return zones.of(tmp_path / "landing")
    request.getfixturevalue("bucket")
    return zones.of(f"s3://{BUCKET}/some/place")


def write(path: Path, *lines: str) -> Path:
    """A file of stock counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = (INVENTORY + "".join(line + "\n" for line in lines)).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.name.endswith(".gz") else data)
    return path


def there(zone: zones.Folder | zones.Bucket) -> dict[str, bytes]:
    return {name: zone.read(name) for name in zone.names("inventory/")}


def names(result: land.Result) -> list[tuple[str, str]]:
    return [(each.status, each.name) for each in result.files]


def landing(zone: zones.Folder | zones.Bucket, *files: Path, **options) -> land.Result:
    return land.land(zone, files, **options)


# -- where files go ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "feed", "place"),
    [
        ("inventory_2002-01-31.csv.gz", None, "inventory/inventory/dt=2002-01-31/"),
        ("Inventory 20020131.csv", None, "inventory/inventory/dt=2002-01-31/"),
        ("customers-late-2023-05-20.csv", None, "shop/customers/dt=2023-05-20/"),
        ("customer_address-2002-01-31.parquet", None, "ops/customer_address/dt=2002-01-31/"),
        ("x/shop/orders/dt=2023-05-20/part-1.csv", None, "shop/orders/dt=2023-05-20/"),
        ("export.csv", "marketplace.transactions", "marketplace/transactions/dt=2024-01-01/"),
        ("2023-05-20/products.csv", None, "shop/products/dt=2024-01-01/"),
    ],
)
def test_feed_and_date_are_told_by_folder_or_name(path: str, feed: str | None, place: str) -> None:
    of_feed = {load.feed_name(pipe): pipe for pipe in DEFINITIONS.pipes}
    day = date(2024, 1, 1) if place.endswith("dt=2024-01-01/") else None
    assert land.place_of(Path("/somewhere", path), of_feed, feed, day).folder == place


@pytest.mark.parametrize(
    ("path", "feed", "reason"),
    [
        (
            "sales_2002-01-31.csv",
            None,
            "its name begins with no feed's; say which it is with --feed: inventory.inventory",
        ),
        ("inventory_2002-01-31.parquet", None, "inventory.inventory takes files that end in .csv or .csv.gz"),
        ("item_2002-01-31.csv", None, "ops.item takes files that end in .parquet"),
        ("inventory.csv", None, "tells the business date; give it with --date"),
        ("inventory_2002-02-31.csv", None, "tells the business date; give it with --date"),
        ("inventory_2002-01-31_2002-02-28.csv", None, "tells the business date; give it with --date"),
        ("_inventory_2002-01-31.csv", None, "of a file not yet finished"),
        ("inventory_2002-01-31.csv.part", None, "of a file not yet finished"),
        ("inventory_2002-01-31*.csv", None, "rename it"),
    ],
)
def test_a_file_that_belongs_nowhere_is_refused_with_what_to_do(path: str, feed: str | None, reason: str) -> None:
    of_feed = {load.feed_name(pipe): pipe for pipe in DEFINITIONS.pipes}
    with pytest.raises(land.Refused) as refused:
        land.place_of(Path("/somewhere", path), of_feed, feed, None)
    assert reason in str(refused.value)


# -- landing ----------------------------------------------------------------------------------------------------------


def test_good_files_land_beside_bad_ones_each_of_which_is_told(zone, tmp_path: Path):
    good = write(tmp_path / "in" / "inventory_2002-01-31.csv.gz", "2002-01-31,1,1,5")
    bad = {
        "inventory_2002-01-30.csv.gz": (b"not packed", "is not packed with gzip, as its name says"),
        "inventory_2002-01-29.csv": (b"", "is empty"),
        "inventory_2002-01-28.csv": (gzip.compress(b"a"), "is packed with gzip, and its name does not end in .gz"),
        "item_2002-01-28.parquet": (b"PAR1 cut off", "is not a whole Parquet file"),
        "notes.txt": (b"hello", "its name begins with no feed's"),
    }
    for name, (data, _) in bad.items():
        (tmp_path / "in" / name).write_bytes(data)
    result = landing(zone, tmp_path / "in", tmp_path / "nowhere.csv")
    assert names(result) == [("landed", "inventory/inventory/dt=2002-01-31/inventory_2002-01-31.csv.gz")]
    assert there(zone) == {"inventory/inventory/dt=2002-01-31/inventory_2002-01-31.csv.gz": good.read_bytes()}
    assert result.exit_code == 1 and len(result.problems) == len(bad) + 1
    for name, (_, reason) in bad.items():
        assert any(line.startswith(f"{tmp_path}/in/{name}: ") and reason in line for line in result.problems), name


def test_nothing_is_overwritten_and_a_correction_comes_after_what_it_corrects(zone, tmp_path: Path):
    file = tmp_path / "inventory_2002-01-31.csv"
    contents = []
    for quantity in (5, 6, 7):
        write(file, f"2002-01-31,1,1,{quantity}")
        contents.append(file.read_bytes())
        assert landing(zone, file, dry_run=True).files[0].status == "would land"
        first, again = landing(zone, file), landing(zone, file)
        assert (first.files[0].status, again.files[0].status) == ("landed", "there already")
        assert first.files[0].name == again.files[0].name
    found = there(zone)
    # in the order of rows (bytes of the path) the newest content is the last
    assert [found[name] for name in sorted(found, key=str.encode)] == contents
    assert sorted(found, key=str.encode)[1].startswith("inventory/inventory/dt=2002-01-31/inventory_2002-01-31_002_")
    # content that was corrected since is not taken for a new correction
    write(file, "2002-01-31,1,1,5")
    old = landing(zone, file)
    assert old.files[0].status == "there already" and "to count again it needs a later --date" in old.files[0].note
    assert there(zone) == found


def test_a_run_that_stops_half_way_goes_on_where_it_was(zone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files = [write(tmp_path / "in" / f"inventory_2002-01-0{day}.csv", f"2002-01-0{day},1,1,5") for day in range(1, 6)]
    original, calls = type(zone).place, []

    def place(self, local, *others):
        calls.append(local)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, local, *others)

    with monkeypatch.context() as patch:
        patch.setattr(type(zone), "place", place)
        with pytest.raises(KeyboardInterrupt):
            landing(zone, tmp_path / "in")
    result = landing(zone, tmp_path / "in")
    assert [each.status for each in result.files] == ["there already"] * 2 + ["landed"] * 3
    assert sorted(there(zone).values()) == sorted(file.read_bytes() for file in files)


def test_a_copy_that_is_not_its_file_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = write(tmp_path / "inventory_2002-01-31.csv", "2002-01-31,1,1,5")
    original = zones._copy

    def copy(source: Path, target: Path, report) -> None:
        original(source, target, report)
        target.write_bytes(target.read_bytes().replace(b",5", b",6"))

    monkeypatch.setattr(zones, "_copy", copy)
    result = landing(zones.of(tmp_path / "landing"), file)
    assert "was damaged on the way" in result.problems[0]
    assert [path for path in (tmp_path / "landing").rglob("*") if path.is_file()] == []


def test_a_disk_that_is_full_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = write(tmp_path / "inventory_2002-01-31.csv", "2002-01-31,1,1,5")

    def full(source: Path, target: Path, report) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zones, "_copy", full)
    result = landing(zones.of(tmp_path / "landing"), file)
    assert result.problems == [f"{file}: No space left on device"]
    assert [path for path in (tmp_path / "landing").rglob("*") if path.is_file()] == []


# -- a bucket ---------------------------------------------------------------------------------------------------------


def test_a_large_file_goes_in_parts_and_an_interrupted_upload_is_ended(bucket: Bucket, tmp_path: Path):
    file = tmp_path / "inventory_2002-01-31.csv"
    with open(file, "wb") as stream:
        stream.write(INVENTORY.encode())
        stream.writelines(b"2002-01-31,%d,1,5\n" % number for number in range(2_200_000))
    assert file.stat().st_size > 2 * zones.MULTIPART_BYTES
    key = "inventory/inventory/dt=2002-01-31/inventory_2002-01-31.csv"
    others = [bucket.client.create_multipart_upload(Bucket=BUCKET, Key=each)["UploadId"] for each in (key, key + "x")]
    result = landing(zones.of(f"s3://{BUCKET}"), file)
    assert names(result) == [("landed", key)]
    assert bucket.client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == file.read_bytes()
    left = bucket.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    assert [upload["UploadId"] for upload in left] == others[1:]
    assert names(landing(zones.of(f"s3://{BUCKET}"), file)) == [("there already", key)]


def test_an_upload_that_arrives_changed_is_removed_and_told(bucket: Bucket, tmp_path: Path, monkeypatch):
    file = tmp_path / "inventory_2002-01-31.csv"
    file.write_bytes(INVENTORY.encode() + b"2002-01-31,1,1,5\n" * 1_100_000)

    def upload(self, local: Path, place: dict[str, str], digest: str, report) -> None:
        data = local.read_bytes()[:-2] + b"6\n"
        self.client.put_object(**place, Body=data, Metadata={"sha256": digest})

    monkeypatch.setattr(zones.Bucket, "_upload", upload)
    result = landing(zones.of(f"s3://{BUCKET}"), file)
    assert "was damaged on the way" in result.problems[0] and bucket.listed() == []


def test_what_lands_in_a_bucket_loads_as_from_a_folder(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    local, remote = Zone(tmp_path / "local"), Zone(tmp_path / "remote")
    local.put_count("dt=2002-01-31/a b+c%20é.csv.gz", "2002-01-31,1,1,5", "2002-01-31,2,1,")
    local.put_count("dt=2002-02-07/counts [1]*.csv", "2002-02-07,1,1,5", "ragged,1", "2002-02-07,3,1,7")
    local.put_reasons(
        "dt=2002-01-01/reason.parquet", "select 1 as r_reason_sk, 'a' as r_reason_id, 'b' as r_reason_desc"
    )
    local.put_reasons(
        "dt=2002-01-02/reason=x.parquet", "select 2 as r_reason_sk, 'a' as r_reason_id, 'c' as r_reason_desc"
    )
    local.put("ops/reason/dt=2002-01-03/reason.parquet", b"PAR1 cut off")
    local.put("_extract/reason.json", b"{}")
    local.put("inventory/inventory/dt=2002-01-31/_half.csv", b"x")
    local.put("elsewhere/file.csv", b"x")
    for path in sorted(path for path in local.landing.rglob("*") if path.is_file()):
        bucket.client.upload_file(str(path), BUCKET, f"zone/{path.relative_to(local.landing)}")
    zone = zones.of(f"s3://{BUCKET}/zone/")

    # the check reads the footers of Parquet files where they are
    fetched: list[str] = []
    original = zones.Bucket.fetch
    monkeypatch.setattr(
        zones.Bucket, "fetch", lambda self, name, etag=None: (fetched.append(name), original(self, name, etag))[1]
    )
    found = [
        [(each.severity, each.what, each.files) for each in drift.examine(root, defined, defined, {}).findings]
        for defined in [pipes.read_definitions(local.scripts).pipes]
        for root in (local.landing, zone)
    ]
    assert found[0] == found[1] and len(found[0]) >= 3
    assert fetched and not [name for name in fetched if name.endswith(".parquet")]

    results = [local.load(), load.load(zone, remote.database, scripts=remote.scripts)]
    assert sorted(map(str, results[0].problems)) == sorted(map(str, results[1].problems))
    assert [result.exit_code for result in results] == [1, 1]
    assert [feed.loaded for feed in results[1].feeds.values()] == [feed.loaded for feed in results[0].feeds.values()]

    def known(zone: Zone) -> dict[str, list[tuple]]:
        columns = "* exclude (_loaded_at, _file_last_modified)"
        tables = {
            name: zone.query(f"select {columns} from bronze.{name} order by all")
            for name in ("ops__reason", "inventory__inventory")
        }
        tables["rejects"] = zone.query("select * from audit.load_rejects order by all")
        # path, bytes, rows and SHA-256 of everything
        tables["history"] = zone.query(
            "select file_name, file_size, row_parsed, row_count, file_content_key, status from audit.load_history order by all"
        )
        return tables

    assert known(remote) == known(local) and len(known(local)["history"]) == 5
    # nothing is fetched, or loaded, again; nothing stays behind
    fetched.clear()
    again = load.load(zones.of(f"s3://{BUCKET}/zone"), remote.database, scripts=remote.scripts)
    assert fetched == [] and sum(feed.files for feed in again.feeds.values()) == 0
    assert [path for path in zone.copy_of("").rglob("*") if path.is_file()] == []


def test_an_object_that_is_replaced_meanwhile_waits_and_a_changed_one_is_told(
    bucket: Bucket, tmp_path: Path, monkeypatch
):
    place = Zone(tmp_path)
    zone = zones.of(f"s3://{BUCKET}")
    zone.write("inventory/inventory/dt=2002-01-31/a.csv", (INVENTORY + "2002-01-31,1,1,5\n").encode())
    prefixes = [pipe.prefix for pipe in pipes.read_definitions(place.scripts).pipes]
    listing = landed.list_files(zone, prefixes)
    zone.write("inventory/inventory/dt=2002-01-31/a.csv", (INVENTORY + "2002-01-31,1,1,55\n").encode())
    with monkeypatch.context() as patch:
        patch.setattr(landed, "list_files", lambda root, prefixes: listing)
        early = load.load(zone, place.database, scripts=place.scripts)
    assert [str(problem) for problem in early.problems] == [
        "inventory/inventory/dt=2002-01-31/a.csv: was replaced while it was read, left for the next run"
    ]
    assert early.exit_code == 0
    load.load(zone, place.database, scripts=place.scripts)
    assert place.counts() == [("2002-01-31", "1", "1", "55")]
    zone.write("inventory/inventory/dt=2002-01-31/a.csv", (INVENTORY + "2002-01-31,1,1,6\n").encode())
    changed = load.load(zone, place.database, scripts=place.scripts)
    assert "a path loads once; land a correction under a new name" in str(changed.problems[0])
    assert place.counts() == [("2002-01-31", "1", "1", "55")]


def test_a_bucket_that_is_gone_or_closed_is_told_in_one_line(bucket: Bucket, tmp_path: Path, monkeypatch):
    place = Zone(tmp_path)
    file = write(tmp_path / "inventory_2002-01-31.csv", "2002-01-31,1,1,5")
    gone = zones.of("s3://no-such-bucket/zone")
    for call in (
        lambda: load.load(gone, place.database, scripts=place.scripts),
        lambda: landing(gone, file),
        lambda: gone.write("a", b""),
    ):
        with pytest.raises(UserError) as error:
            call()
        assert str(error.value) == "s3://no-such-bucket: there is no such bucket"
    with pytest.raises(UserError, match="s3://bucket or s3://bucket/prefix"):
        zones.of("s3://Not_A_Bucket")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda self, context: 0)
    with pytest.raises(UserError) as error:
        load.load(zones.of(f"s3://{BUCKET}"), place.database, scripts=place.scripts)
    assert "Could not connect to the endpoint URL" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.slow
def test_the_commands_take_a_bucket_and_show_no_key(bucket: Bucket, tmp_path: Path):
    write(tmp_path / "inventory_2002-01-31.csv", "2002-01-31,1,1,5")
    environment = {
        **os.environ,
        "RETAIL_LANDING": f"s3://{BUCKET}/zone",
        "RETAIL_DATABASE": str(tmp_path / "retail.duckdb"),
    }

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "retail"), *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    first = run("land", str(tmp_path / "inventory_2002-01-31.csv"))
    assert first.returncode == 0
    assert first.stdout == (
        "landed: inventory/inventory/dt=2002-01-31/inventory_2002-01-31.csv\n"
        f"s3://{BUCKET}/zone: 1 landed, 0.0 MB; 0 there already, 0 refused.\n"
    )
    done = run("load", "inventory")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(tmp_path / "retail.duckdb"), read_only=True) as connection:
        assert connection.execute("select _file_name from bronze.inventory__inventory").fetchall() == [
            ("inventory/inventory/dt=2002-01-31/inventory_2002-01-31.csv",)
        ]
    sample = run("sample")
    assert (
        sample.returncode == 1 and "this verb needs a folder; `retail land` copies files to a bucket" in sample.stderr
    )
    for each in (first, done, sample):
        assert "not-a-secret" not in each.stdout + each.stderr and "Traceback" not in each.stderr


# -- half a file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["inventory/inventory/dt=2002-01-31/a.csv.gz", "ops/reason/dt=2002-01-31/a.parquet"])
def test_a_file_half_written_when_the_load_starts_is_told_and_loads_once_it_is_whole(tmp_path: Path, name: str):
    place = Zone(tmp_path)
    if name.endswith(".gz"):
        whole = write(tmp_path / "whole.csv.gz", *(f"2002-01-31,{number},1,5" for number in range(500))).read_bytes()
    else:
        whole = place.put_reasons("dt=2002-01-01/b.parquet", "select 1 as r_reason_sk").read_bytes()
        (place.landing / "ops/reason/dt=2002-01-01/b.parquet").unlink()
    place.put_count("dt=2002-02-07/other.csv", "2002-02-07,1,1,5")
    half = place.landing / name
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(whole[: len(whole) // 2])
    result = place.load()
    assert [problem.name for problem in result.problems] == [name] and result.exit_code == 1
    assert len(place.counts()) == 1
    half.write_bytes(whole)
    os.utime(half, ns=(0, half.stat().st_mtime_ns + 10**9))
    assert place.load().exit_code == 0
    table = "bronze.inventory__inventory" if name.endswith(".gz") else "bronze.ops__reason"
    expected = 500 if name.endswith(".gz") else 1
    assert place.query(f"select count(*) from {table} where _file_name = '{name}'") == [(expected,)]
