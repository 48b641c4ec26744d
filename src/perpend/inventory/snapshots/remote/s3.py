"""Read, write, list and remove objects below a prefix of an S3 bucket."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from perpend.core.dataclass import dataclass
from perpend.inventory.snapshots.files import StoreError, naming, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_ADDRESS: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/[^\x00-\x1f\x7f]*)?")
_ABSENT: Final = ("NoSuchKey", "404")
_OTHERS: Final = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_PIECE: Final = 1 << 20
_AT_ONCE: Final = 1_000
_UNNAMED: Final = "us-east-1"
_HINTS: Final = {
    "NoCredentialsError": "no credentials were found",
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": "access is denied",
    "403": "access is denied",
    "ExpiredToken": "the credentials have expired",
    "EndpointConnectionError": "nothing answers there",
}

_MODELS: Final = botocore.loaders.create_loader()
"""What reads the model of the service, once for all that is opened: each of its own costs a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a listing: its name below the prefix, its size in bytes, the time at which it was written."""

    name: str
    size: int
    written: datetime


class ObjectStorage:
    """The objects below one address. Credentials and endpoint are found as by the AWS CLI."""

    def __init__(self, address: str) -> None:
        match = _ADDRESS.fullmatch(address)
        if match is None or "//" in (match[2] or "").strip("/") or {"..", "."} & set((match[2] or "").split("/")):
            raise StoreError(f"{shown(address)}: is not the address of a store: write s3://bucket/prefix")
        self.address = address.rstrip("/")
        self._bucket, prefix = match[1], (match[2] or "").strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        session = botocore.session.Session()
        session.register_component("data_loader", _MODELS)
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        # Send our own checksums: other servers than AWS do not support the SDK's newest ones.
        config = Config(
            retries={"mode": "standard", "max_attempts": 5},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"} if self.endpoint else {},
        )
        with self._reaching():
            region = session.get_config_variable("region") or _UNNAMED
            self._client: Any = session.create_client("s3", region_name=region, config=config)

    def get(self, name: str) -> tuple[bytes, str] | None:
        """Return an object's bytes and ETag; None if it does not exist."""
        with self._reaching(name):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
                return answer["Body"].read(), answer["ETag"]
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise

    def fetch(self, name: str, target: Path) -> bool:
        """Write an object to a file; return whether it exists."""
        with self._reaching(name), naming(target):
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return False
                raise
            with target.open("wb") as stream:
                for piece in body.iter_chunks(_PIECE):
                    stream.write(piece)
        return True

    def put(self, name: str, content: bytes, *, instead_of: str | None = None) -> bool:
        """Create an object, or replace it ``instead_of`` the one with that ETag; return whether that succeeded."""
        condition = {"IfNoneMatch": "*"} if instead_of is None else {"IfMatch": instead_of}
        with self._reaching(name, "written"):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=self._prefix + name, Body=content, **_checked(content), **condition
                )
            except ClientError as error:
                if _code(error) in _OTHERS:
                    return False
                raise
        return True

    def put_file(self, name: str, path: Path) -> None:
        """Upload a file as an object, and replace any other."""
        with self._reaching(name, "written"), naming(path, "cannot be read"), path.open("rb") as stream:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=stream)

    def names(self, below: str) -> Iterator[Listed]:
        """Yield the objects with a prefix."""
        with self._reaching(below):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + below)
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield Listed(entry["Key"][len(self._prefix) :], entry["Size"], entry["LastModified"])

    def remove(self, names: list[str]) -> None:
        """Remove objects; missing ones are no error. Raises StoreError for the first that cannot be removed."""
        for start in range(0, len(names), _AT_ONCE):
            listed = [{"Key": self._prefix + name} for name in names[start : start + _AT_ONCE]]
            with self._reaching(names[start], "removed"):
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": listed, "Quiet": True})
            for refused in answer.get("Errors", ()):
                raise self._failed(refused["Key"].removeprefix(self._prefix), "removed", refused.get("Code", ""))

    @contextmanager
    def _reaching(self, name: str = "", what: str = "read") -> Iterator[None]:
        """Turn the SDK's errors into a StoreError that names the object."""
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise self._failed(name, what, _code(error) if isinstance(error, ClientError) else type(error).__name__) from None

    def _failed(self, name: str, what: str, code: str) -> StoreError:
        place = f"{self.address}/{name}" if name else self.address
        return StoreError(f"{shown(place)}: cannot be {what}: {_HINTS.get(code, code)}")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _checked(content: bytes) -> dict[str, str]:
    """Return the checksum argument of a write."""
    return {"ContentMD5": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()}
