"""Send calls to AWS and return answers page by page, or the error. No other module sends requests.

Credentials stay in the session: no error, log or file contains them.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import botocore.loaders
import botocore.session
import jmespath
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError, ProfileNotFound
from botocore.parsers import ResponseParserError

from perpend.collectors.aws.error_classification import Refusal
from perpend.collectors.aws.parse import is_answer
from perpend.collectors.aws.session.rate_limiter import RateLimit
from perpend.collectors.aws.session.timeouts import TOTAL, Transport
from perpend.collectors.protocol import NothingCollected
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perpend.collectors.aws.model import CloudCall

_ATTEMPTS: Final = 8
CONNECT, READ = 10.0, 60.0
"""Timeouts in seconds for a connection and for each part of an answer."""

_FIRST_REGION: Final = "us-east-1"
_LONGEST: Final = 300
_MOST_CLIENTS: Final = 8
"""How many idle clients of services stay open in an account."""

AT_ONCE: Final = 4
"""The maximum of concurrent calls to one service in one region of an account."""

_ACCOUNTS_HOSTS: Final = ("s3-control", ".vpce.")
"""Parts of AWS host names that take the account as a prefix."""

_MODELS: Final = botocore.loaders.create_loader()
"""The loader of service models, shared by all sessions: each own one costs a tenth of a second and a megabyte."""

PARSING: Final = (KeyError, ValueError, TypeError, AttributeError, UnboundLocalError)
"""Errors of the SDK's parser for malformed answers, such as a page of HTML. It raises UnboundLocalError for a map with an
entry that has no value."""


class CallRefused(Exception):
    """An error of a call, after all attempts."""

    def __init__(self, call: CloudCall, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.call = call
        self.refusal = refusal


@dataclass(slots=True)
class CloudClient:
    """An account, opened with the credentials of a profile, or with those that ``role`` returns and renews.

    ``call_counts`` has the number of answered calls by name. Threads share the clients of services. Only the most recently
    used clients stay open, since each takes half a megabyte.
    """

    profile: str | None = None
    endpoint_url: str | None = None
    region: str = ""
    role: Callable[[], Mapping[str, str]] | None = None
    attempts: int = _ATTEMPTS
    timeout: float = field(default_factory=lambda: READ)
    total: float = TOTAL
    call_counts: dict[str, int] = field(default_factory=dict)
    _session: Any = None
    _clients: dict[tuple[str, str], tuple[Any, Transport]] = field(default_factory=dict)
    _used: Counter[tuple[str, str]] = field(default_factory=Counter)
    _paces: dict[tuple[str, str], RateLimit] = field(default_factory=dict)
    _gates: dict[tuple[str, str], threading.Semaphore] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        try:
            self._session = botocore.session.Session(profile=self.profile)
            self._session.register_component("data_loader", _MODELS)
            self._session.get_scoped_config()  # raises ProfileNotFound even if the region comes from elsewhere
            if self.role is not None:
                self._session.register_component("credential_provider", CredentialResolver([_Role(self.role)]))
            self.region = self.region or self._session.get_config_variable("region") or _FIRST_REGION
        except ProfileNotFound as error:
            name = visible(str(error.kwargs["profile"]))
            raise NothingCollected(f"the AWS configuration has no profile `{name}`") from None
        except BotoCoreError as error:
            raise NothingCollected(f"the AWS configuration cannot be read: {reason_of(error)}") from None

    def pages(self, call: CloudCall, region: str, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of answers to a call.

        Raises Refused, also if an answer lacks a required member or a page token repeats.
        """
        try:
            with self._open_client(call.service, region) as (client, transport):
                answers = _answers(client, call, parameters)
                while (answer := self._next(call, region, answers, transport)) is not None:
                    yield answer
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise CallRefused(call, refusal_of(error)) from None
        except PARSING:
            raise CallRefused(call, Refusal("UnparsableAnswer")) from None

    def _next(
        self, call: CloudCall, region: str, answers: Iterator[Mapping[str, Any]], transport: Transport
    ) -> Mapping[str, Any] | None:
        """Return the next answer to a call, None after the last one. Wait while too many calls to the service are running."""
        with self._gate(call.service, region):
            transport.begin()
            answer = next(answers, None)
        content = transport.end()
        if answer is None:
            return None
        self._count(call)
        if not is_answer(call, answer, content):
            raise CallRefused(call, Refusal("NoResult"))
        return answer

    def known_regions(self, partition: str) -> list[str]:
        """Return the regions of a partition that the SDK knows, whether or not the account has enabled them."""
        return sorted(self._session.get_available_regions("ec2", partition_name=partition))

    def close(self) -> None:
        """Close all connections. Later calls open new ones."""
        with self._lock:
            for client, _ in self._clients.values():
                client.close()
            self._clients.clear()

    def _count(self, call: CloudCall) -> None:
        with self._lock:
            self.call_counts[call.name] = self.call_counts.get(call.name, 0) + 1

    def _gate(self, service: str, region: str) -> threading.Semaphore:
        with self._lock:
            return self._gates.setdefault((service, region), threading.Semaphore(AT_ONCE))

    @contextmanager
    def _open_client(self, service: str, region: str) -> Iterator[tuple[Any, Transport]]:
        """Yield the client of a service and keep it open during the block."""
        key = service, region or self.region
        with self._lock:
            self._clients[key] = client = self._clients.pop(key, None) or self._new_client(*key)
            self._used[key] += 1
            idle = [one for one in self._clients if not self._used[one]]
            for unused in idle[: max(0, len(self._clients) - _MOST_CLIENTS)]:
                self._clients.pop(unused)[0].close()
        try:
            yield client
        finally:
            with self._lock:
                self._used[key] -= 1

    def _new_client(self, service: str, region: str) -> tuple[Any, Transport]:
        client = self._session.create_client(service, region_name=region, endpoint_url=self.endpoint_url, config=self._config())
        client.meta.events.register("before-sign.s3-control", without_account)
        pace = self._paces.setdefault((service, region), RateLimit(service))
        return client, Transport(client, pace, total=self.total)

    def _config(self) -> Config:
        return Config(
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            connect_timeout=CONNECT,
            read_timeout=self.timeout,
            max_pool_connections=AT_ONCE,
        )


class _Role(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    """The credentials of a role, fetched on use and renewed before they expire."""

    METHOD = "assume-role"

    def __init__(self, fetch: Callable[[], Mapping[str, str]]) -> None:
        super().__init__()
        self._fetch = fetch

    def load(self) -> RefreshableCredentials:
        """Return the credentials. Raises Refused."""
        return RefreshableCredentials.create_from_metadata(self._fetch(), refresh_using=self._fetch, method=self.METHOD)


def _answers(client: Any, call: CloudCall, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    method = next(one for one, operation in client.meta.method_to_api_mapping.items() if operation == call.operation)
    if not client.can_paginate(method):
        yield getattr(client, method)(**parameters)
        return
    paginator = client.get_paginator(method)
    paging = _MODELS.load_service_model(call.service, "paginators-1")["pagination"][call.operation]
    named = [paging["output_token"]] if isinstance(paging["output_token"], str) else paging["output_token"]
    tokens = [jmespath.compile(one) for one in named]
    more = jmespath.compile(paging["more_results"]) if "more_results" in paging else None
    seen: set[str] = set()
    answer: Mapping[str, Any] = {}
    for answer in paginator.paginate(**parameters):
        yield answer
        reached = json.dumps([one.search(answer) for one in tokens], default=str)
        if reached in seen:
            raise CallRefused(call, Refusal("RepeatedToken"))
        seen.add(reached)
    if more is not None and (more.search(answer) is not False or any(one.search(answer) for one in tokens)):
        raise CallRefused(call, Refusal("TruncatedAnswer"))  # AWS always says whether more pages follow; the SDK stops anyway


def without_account(request: Any, **_: Any) -> None:
    """Remove the account prefix from the host name of a server other than AWS, which has no such name. A header has it, too."""
    url = urlsplit(request.url)
    account, _, host = url.netloc.partition(".")
    if re.fullmatch("[0-9]{12}", account) and not any(mark in host for mark in _ACCOUNTS_HOSTS):
        request.url = url._replace(netloc=host).geturl()


def all_known_regions() -> list[str]:
    """Return the regions of all partitions that the SDK knows."""
    session = botocore.session.Session()
    session.register_component("data_loader", _MODELS)
    partitions = session.get_available_partitions()
    return sorted(
        {region for partition in partitions for region in session.get_available_regions("ec2", partition_name=partition)}
    )


def refusal_of(error: Exception) -> Refusal:
    """Return code and message of an SDK error, shortened. A connection error has the name of its class as code."""
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return Refusal(_one_word(details.get("Code")), str(details.get("Message") or "")[:_LONGEST], status)
    return Refusal(type(error).__name__, "")


def reason_of(error: Exception) -> str:
    """Return an SDK error in a few words."""
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "no credentials found: name a profile with --profile, or sign in (`aws sso login`, `aws configure`)"
    return refusal_of(error).code


def regions_of(answer: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the regions of an account with their status; none if a region has no name."""
    regions = {str(one.get("RegionName") or ""): str(one.get("OptInStatus")) for one in answer}
    return {} if "" in regions else regions


def _one_word(code: Any) -> str:
    """Return an error code as one short word: other servers than AWS may return any text."""
    text = "".join(
        character for character in str(code or "") if character.isascii() and (character.isalnum() or character in "._-")
    )
    return text[:80] or "Unknown"
