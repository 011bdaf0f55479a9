"""How soon `retail watch` begins to load what has landed: from the moment a file lies there to the beginning of the step load.

The command itself watches a folder, and then a queue of a stand-in for S3 and SQS on this machine; build and publication are
left out, for they are what any night does. Beside it, the seconds that the load of the file takes.

    python scripts/bench/watch.py --files 5

Exit code 1 where a file waits longer than 2 s.
"""

import argparse
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from retail import run_record
from retail.console import err, out

LIMIT = 2.0
HEADER = "inv_date,inv_item_sk,inv_warehouse_sk,inv_quantity_on_hand\n"
# what follows a load is as in any night
OPTIONS = {"skip": ("build", "publish"), "tell": False}
WATCH = "import sys; from retail import watch; sys.exit(watch.run({queue!r}, once=False, poll=0.4, window=0.3, **{options!r}))"


def loads(database: Path) -> list[run_record.Step]:
    """The loads on record that took a file."""
    return [step for step in run_record.steps(database) if step.step == "load" and step.files]


def measure(folder: Path, files: int, queue: str | None, land: object) -> list[tuple[float, float]]:
    """Watch, land some files one by one; seconds to the beginning of each load, and seconds that it took."""
    database = folder / "retail.duckdb"
    environment = {
        **os.environ,
        "RETAIL_DATABASE": str(database),
        "RETAIL_LANDING": str(folder / "landing"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    (folder / "landing").mkdir()
    with open(folder / "watch.log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", WATCH.format(queue=queue, options=OPTIONS)],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    found = []
    try:
        # until it watches, and has caught up
        while "watches" not in (folder / "watch.log").read_text() or (queue and not run_record.steps(database)):
            time.sleep(0.1)
        time.sleep(4)
        for number in range(files):
            landed = datetime.now(UTC).replace(tzinfo=None)
            land(f"inventory/inventory/dt=2024-01-0{1 + number}/counts.csv", HEADER + f"2024-01-01,{number},1,5\n")
            until = time.monotonic() + 60
            while len(done := [step for step in loads(database) if step.ended_at]) <= number:
                if time.monotonic() > until:
                    raise SystemExit(f"a file was not loaded in a minute:\n{(folder / 'watch.log').read_text()}")
                time.sleep(0.02)
            found.append(((datetime.fromisoformat(done[-1].started_at) - landed).total_seconds(), done[-1].seconds))
            time.sleep(1)
    finally:
        process.terminate()
        process.wait()
    return found


def main() -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=5, help="files to land, one by one (at most 9)")
    files = min(parser.parse_args().files, 9)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "folder"
        folder.mkdir()

        def put_file(name: str, text: str) -> None:
            file = folder / "landing" / name
            file.parent.mkdir(parents=True)
            file.write_text(text)

        results = {"folder": measure(folder, files, None, put_file)}

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            os.environ[name] = value
        try:
            sqs, s3 = boto3.client("sqs"), boto3.client("s3")
            queue = sqs.create_queue(QueueName="landing")["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
            told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
            s3.put_bucket_notification_configuration(Bucket="lake", NotificationConfiguration=told)
            folder = Path(scratch) / "queue"
            folder.mkdir()

            def put_object(name: str, text: str) -> None:
                # the object tells, its copy on disk is loaded
                put_file(name, text)
                s3.put_object(Bucket="lake", Key=name, Body=text.encode())

            results["queue"] = measure(folder, files, queue, put_object)
        finally:
            server.stop()
    slow = False
    for name, found in results.items():
        waited = [seconds for seconds, _ in found]
        slow |= max(waited) > LIMIT
        out.print(
            f"{name:<7} {len(found)} files: load begins after {statistics.median(waited):.2f} s, at most {max(waited):.2f} s "
            f"(limit {LIMIT:g} s); the load itself {statistics.median(seconds for _, seconds in found):.2f} s"
        )
    if slow:
        err.print(f"a file waits longer than {LIMIT:g} s", style="red")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
