"""Send calls to AWS and return answers page by page, or the error. No other module sends requests.

Credentials stay in the session: no error, log or file contains them.
"""

from __future__ import annotations

import json
import threading
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

import botocore.session
import jmespath
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError, ProfileNotFound
from botocore.parsers import ResponseParserError

from perpend.collectors.aws.error_classification import Refusal
from perpend.collectors.aws.parse import is_answer
from perpend.collectors.aws.session.rate_limiter import rate_of
from perpend.collectors.aws.session.sdk_clients import MODELS, SdkClients, signed_with
from perpend.collectors.aws.session.timeouts import TOTAL
from perpend.collectors.protocol import NothingCollected
from perpend.collectors.rate_limit import RateLimit
from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from perpend.collectors.aws.model import CloudCall
    from perpend.collectors.aws.session.timeouts import Transport

_ATTEMPTS: Final = 8
READ = 60.0
"""The timeout in seconds for each part of an answer."""

_FIRST_REGION: Final = "us-east-1"
_LONGEST: Final = 300
AT_ONCE: Final = 4
"""The maximum of concurrent calls to one service in one region of an account."""

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

    ``call_counts`` has the number of answered calls by name. Threads share the clients of services, and so do accounts that
    have the same ``sdk``.
    """

    profile: str | None = None
    endpoint_url: str | None = None
    region: str = ""
    role: Callable[[], Mapping[str, str]] | None = None
    attempts: int = _ATTEMPTS
    timeout: float = field(default_factory=lambda: READ)
    total: float = TOTAL
    call_counts: dict[str, int] = field(default_factory=dict)
    sdk: SdkClients = None  # type: ignore[assignment]  # set below, unless other accounts share it
    _credentials: Any = None
    _paces: dict[tuple[str, str], RateLimit] = field(default_factory=dict)
    _gates: dict[tuple[str, str], threading.Semaphore] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        try:
            if self.sdk is None:
                self.sdk = SdkClients(self.profile, self.endpoint_url, attempts=self.attempts, timeout=self.timeout)
            self.region = self.region or self.sdk.session.get_config_variable("region") or _FIRST_REGION
        except ProfileNotFound as error:
            name = visible(str(error.kwargs["profile"]))
            raise NothingCollected(f"the AWS configuration has no profile `{name}`") from None
        except BotoCoreError as error:
            raise NothingCollected(f"the AWS configuration cannot be read: {reason_of(error)}") from None

    def pages(self, call: CloudCall, region: str, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of answers to a call.

        Raises CallRefused, also if an answer lacks a required member or a page token repeats.
        """
        try:
            with self.sdk.open(call.service, region or self.region) as (client, transport):
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
        with self._gate(call.service, region), signed_with(self._credentials_of_calls()):
            transport.begin(self._pace(call.service, region or self.region), total=self.total)
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
        return sorted(self.sdk.session.get_available_regions("ec2", partition_name=partition))

    def close(self) -> None:
        """Close all connections, those of accounts with the same ``sdk`` too. Later calls open new ones."""
        self.sdk.close()

    def _credentials_of_calls(self) -> Any:
        """Return the credentials of the account, None if the profile has none. Raises CallRefused and BotoCoreError."""
        with self._lock:
            if self._credentials is None:
                self._credentials = _of_role(self.role) if self.role is not None else self.sdk.own_credentials()
            return self._credentials

    def _count(self, call: CloudCall) -> None:
        with self._lock:
            self.call_counts[call.name] = self.call_counts.get(call.name, 0) + 1

    def _gate(self, service: str, region: str) -> threading.Semaphore:
        with self._lock:
            return self._gates.setdefault((service, region), threading.Semaphore(AT_ONCE))

    def _pace(self, service: str, region: str) -> RateLimit:
        with self._lock:
            return self._paces.setdefault((service, region), RateLimit(rate_of(service)))


def _of_role(fetch: Callable[[], Mapping[str, str]]) -> RefreshableCredentials:
    """Return the credentials of a role, which are renewed before they expire. Raises CallRefused."""
    return RefreshableCredentials.create_from_metadata(fetch(), refresh_using=fetch, method="assume-role")


def _answers(client: Any, call: CloudCall, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    method = next(one for one, operation in client.meta.method_to_api_mapping.items() if operation == call.operation)
    if not client.can_paginate(method):
        yield getattr(client, method)(**parameters)
        return
    paginator = client.get_paginator(method)
    paging = MODELS.load_service_model(call.service, "paginators-1")["pagination"][call.operation]
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


def all_known_regions() -> list[str]:
    """Return the regions of all partitions that the SDK knows."""
    session = botocore.session.Session()
    session.register_component("data_loader", MODELS)
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
