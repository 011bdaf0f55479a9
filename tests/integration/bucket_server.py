"""S3 on this machine: moto's server, and the AWS settings that lead to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "landing"


@dataclass(frozen=True)
class Bucket:
    """A bucket of a running server."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """The usual AWS settings; the keys are made up."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "not-a-secret/+'",
            # nothing of the machine's own settings takes part
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def client(self):
        """boto3's client of the tests' own."""
        keys = {"aws_access_key_id": "AKIATEST", "aws_secret_access_key": "not-a-secret/+'"}
        return boto3.client("s3", endpoint_url=self.endpoint, region_name="eu-central-1", **keys)

    def listed(self) -> list[str]:
        """Keys of all objects, sorted."""
        return sorted(item["Key"] for item in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", ()))


@contextmanager
def started() -> Iterator[Bucket]:
    """A server with an empty bucket; stopped at the end."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        bucket = Bucket(f"http://{host}:{port}")
        bucket.client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield bucket
    finally:
        server.stop()
