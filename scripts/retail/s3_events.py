"""What S3 says of new objects, in the messages of a queue: straight to SQS, or through an SNS topic."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus


class NotAnEvent(ValueError):
    """A message that is nothing S3 sends."""


@dataclass(frozen=True)
class NewObject:
    """An object that was created: bucket, key as it is in the bucket, and the tag of its content."""

    bucket: str
    key: str
    etag: str


def new_objects(body: str) -> list[NewObject]:
    """The objects that a message says were created; none in a test event, or where it tells of something else.

    Keys come URL-encoded, the slash too, and a blank as a plus. Raises NotAnEvent for anything that S3 does not send.
    """
    told = _read(body)
    if isinstance(told, dict) and "Records" not in told and isinstance(told.get("Message"), str):
        told = _read(told["Message"])
    if not isinstance(told, dict):
        raise NotAnEvent("no JSON object")
    if "Records" not in told:
        # S3 sends one when a notification is set up
        if told.get("Event") == "s3:TestEvent":
            return []
        raise NotAnEvent("no Records")
    found = []
    try:
        for record in told["Records"]:
            if not record["eventName"].removeprefix("s3:").startswith("ObjectCreated:"):
                continue
            entry = record["s3"]
            key = unquote_plus(entry["object"]["key"], errors="strict")
            found.append(NewObject(entry["bucket"]["name"], key, str(entry["object"].get("eTag", ""))))
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError):
        raise NotAnEvent("Records are not S3's") from None
    return found


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise NotAnEvent("no JSON") from None
