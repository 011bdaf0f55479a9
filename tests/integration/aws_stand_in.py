"""S3, SQS, SNS and CloudWatch of moto's on this machine, for tests of what talks to AWS."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"


@contextmanager
def server() -> Iterator["Aws"]:
    """A server of these tests' own; clients that are made meanwhile talk to it and to nothing else."""
    monkeypatch = pytest.MonkeyPatch()
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        # no other account's settings, and no question to the machine's own
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, "/dev/null")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield Aws(f"http://{host}:{port}")
    finally:
        monkeypatch.undo()
        running.stop()


@dataclass
class Aws:
    """What a test sets up and looks at there."""

    address: str
    clients: dict[str, Any] = field(default_factory=dict)

    def reset(self) -> None:
        """Forget all that is there. It belongs to the process, not to the server: a new one has it, too."""
        urllib.request.urlopen(urllib.request.Request(f"{self.address}/moto-api/reset", method="POST")).close()

    def client(self, service: str) -> Any:
        return self.clients.setdefault(service, boto3.client(service))

    def queue(self, name: str, **attributes: str) -> str:
        """A queue; its address."""
        return self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def arn(self, queue: str) -> str:
        answer = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def queue_with_dead_letters(self, name: str, receives: int) -> tuple[str, str]:
        """A queue and the one that messages go to after so many receives."""
        dead = self.queue(f"{name}-dead")
        policy = {"deadLetterTargetArn": self.arn(dead), "maxReceiveCount": str(receives)}
        return self.queue(name, RedrivePolicy=json.dumps(policy)), dead

    def bucket(self, name: str, queue: str | None = None, topic: str | None = None) -> None:
        """A bucket that tells a queue or a topic of new objects."""
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        told: dict[str, list] = {}
        if queue:
            told["QueueConfigurations"] = [{"QueueArn": self.arn(queue), "Events": ["s3:ObjectCreated:*"]}]
        if topic:
            told["TopicConfigurations"] = [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]
        if told:
            self.client("s3").put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=told)

    def put(self, bucket: str, key: str, data: bytes = b"x") -> None:
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=data)

    def waiting(self, queue: str) -> int:
        """Messages in a queue, those in somebody's hand among them."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def bodies(self, queue: str) -> list[str]:
        """What the messages of a queue say; they are gone afterwards."""
        found = []
        while messages := self.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(message["Body"])
                self.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found


def until(true: Callable[[], object], seconds: float = 20.0) -> float:
    """Wait until something holds; how long it took."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, "it never came true"
        time.sleep(0.01)
    return time.monotonic() - begun
