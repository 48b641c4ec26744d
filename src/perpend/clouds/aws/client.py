"""The way to AWS: a session in, answers of calls out, page by page, or what AWS said instead. The one module that asks anybody.

Credentials stay in the session: they are in no error, no log and no file.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError, ProfileNotFound
from botocore.parsers import ResponseParserError

from perpend.clouds.aws.outcomes import Refusal
from perpend.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perpend.clouds.aws.model import CloudCall

_ATTEMPTS: Final = 8
_CONNECT, _READ = 10, 60
_FIRST_REGION: Final = "us-east-1"
_LONGEST: Final = 300
_OK: Final = 200
_MODELS: Final = botocore.loaders.create_loader()
"""What reads service models, once for all sessions: a session of its own each costs a tenth of a second and a megabyte."""

_PARSING: Final = (KeyError, ValueError, TypeError, AttributeError)
"""What the SDK raises where an answer, such as a page of HTML, has not the form that its parser takes for granted."""


class NothingCollected(PerpendError):
    """Nothing could be asked of AWS at all."""


class Refused(Exception):
    """An error of a call, after all attempts."""

    def __init__(self, call: CloudCall, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.call = call
        self.refusal = refusal


@dataclass(slots=True)
class CloudClient:
    """One account as a profile's credentials open it. Clients of services are made once per region, and shared by threads."""

    profile: str | None = None
    endpoint_url: str | None = None
    region: str = ""
    attempts: int = _ATTEMPTS
    timeout: int = _READ
    connections: int = 16
    asked: dict[str, int] = field(default_factory=dict)
    _session: Any = None
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        try:
            self._session = botocore.session.Session(profile=self.profile)
            self._session.register_component("data_loader", _MODELS)
            self._session.register("response-received", _refuse_html)
            self.region = self.region or self._session.get_config_variable("region") or _FIRST_REGION
        except ProfileNotFound:
            raise NothingCollected(f"there is no profile `{self.profile}` in the AWS configuration") from None
        except BotoCoreError as error:
            raise NothingCollected(f"the AWS configuration cannot be read: {reason_of(error)}") from None

    def pages(self, call: CloudCall, region: str, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the answers to a call, page by page. Raises Refused."""
        try:
            client = self._client(call.service, region)
            name = client.meta.method_to_api_mapping
            method = next(one for one, operation in name.items() if operation == call.operation)
            if client.can_paginate(method):
                for page in client.get_paginator(method).paginate(**parameters):
                    self._count(call)
                    yield page
            else:
                self._count(call)
                yield getattr(client, method)(**parameters)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise Refused(call, refusal_of(error)) from None
        except _PARSING:
            raise Refused(call, Refusal("UnparsableAnswer")) from None

    def known_regions(self, partition: str) -> list[str]:
        """Return the regions of a partition as the SDK knows them: what is enabled it cannot know."""
        return sorted(self._session.get_available_regions("ec2", partition_name=partition))

    def _count(self, call: CloudCall) -> None:
        with self._lock:
            self.asked[call.name] = self.asked.get(call.name, 0) + 1

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            key = service, region or self.region
            if key not in self._clients:
                self._clients[key] = self._session.create_client(
                    service, region_name=key[1], endpoint_url=self.endpoint_url, config=self._config()
                )
            return self._clients[key]

    def _config(self) -> Config:
        return Config(
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            connect_timeout=_CONNECT,
            read_timeout=self.timeout,
            max_pool_connections=self.connections,
        )


def _refuse_html(response_dict: Mapping[str, Any] | None, **_: Any) -> None:
    """Raise where an answer is a page of HTML: the SDK may read it as an answer without members, which can be a fact."""
    answer = response_dict or {}
    body = answer.get("body")
    is_page = isinstance(body, bytes) and body[:64].lstrip().lower().startswith((b"<!doctype html", b"<html"))
    if is_page and answer.get("status_code") == _OK:
        raise ValueError("a page of HTML")


def refusal_of(error: Exception) -> Refusal:
    """Return what an error of the SDK says, bounded. Of errors on the way the code is their kind."""
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Refusal(_one_word(told.get("Code")), str(told.get("Message") or "")[:_LONGEST], status)
    return Refusal(type(error).__name__, "")


def reason_of(error: Exception) -> str:
    """Return an error of the SDK in a few words."""
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "no credentials were found: name a profile with --profile, or sign in (`aws sso login`, `aws configure`)"
    return refusal_of(error).code


def regions_of(answer: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the regions of an account by name, with their status; none where some region has no name."""
    found = {str(one.get("RegionName") or ""): str(one.get("OptInStatus")) for one in answer}
    return {} if "" in found else found


def _one_word(code: Any) -> str:
    """Return a code as one short word: servers that are not AWS answer anything."""
    text = "".join(sign for sign in str(code or "") if sign.isascii() and (sign.isalnum() or sign in "._-"))
    return text[:80] or "Unknown"
