"""Send GET requests and read their JSON answers in full, at a limited rate, within a length and before a deadline.

Nothing is written to a log here, and no error holds the text of an answer or a token. Redirects are not followed.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

import requests

from perpend.collectors.failures import FailureKind
from perpend.collectors.rate_limit import RateLimit
from perpend.collectors.rest.errors import MalformedAnswer, code_of, refusal_of
from perpend.collectors.rest.rows import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perpend.collectors.rest.rows import RestCall, RestTables

TOTAL: Final = 300.0
"""Timeout in seconds for a call with all its attempts."""

LONGEST: Final = 64 * 1024 * 1024
"""The maximum length of an answer in bytes."""

_TIMEOUTS: Final = (10.0, 60.0)
_MOST_ATTEMPTS: Final = 6
_LONGEST_PAUSE: Final = 120.0
_FIRST_PAUSE: Final = 0.5
_PIECE: Final = 1 << 16
_OK: Final = 200
_RETRIED: Final = frozenset((408, 429, 500, 502, 503, 504))
_BUSY: Final = 503
_BROKEN: Final = {"code": "ConnectionFailed"}
"""The body in place of an answer if the connection broke."""

_FEW: Final = 20
"""With fewer calls left before throttling, the rate is halved."""


class Tokens(Protocol):
    """Returns tokens. Threads share it."""

    def token(self, host: str, /) -> str:
        """Return a token for a host, which stays in memory. Raises CallRefused if there is none."""
        ...


class _Answer(NamedTuple):
    """Status and JSON of an answer, the pause that it asks for, and whether few calls are left before throttling."""

    status: int
    body: Any
    pause: float | None = None
    is_short: bool = False


class _Bearer(requests.auth.AuthBase):  # type: ignore[misc]  # requests has no types
    """Adds a token to a request. With it, the SDK reads no password from a `.netrc`."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Transport:
    """Sends the requests for one account. ``answered`` counts the answers by service.

    With an ``endpoint_url``, a request to ``https://HOST/path`` goes to ``URL/HOST/path``.
    All requests have the ``headers``.
    """

    def __init__(
        self,
        tables: RestTables,
        account: str,
        tokens: Tokens,
        endpoint_url: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._tables = tables
        self._headers = {"Accept": "application/json", **headers}
        self._account = account
        self._tokens = tokens
        self._endpoint = endpoint_url.rstrip("/") if endpoint_url else ""
        self._limits: dict[str, RateLimit] = {}
        self._lock = threading.Lock()
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self.answered: Counter[str] = Counter()

    def close(self) -> None:
        """Close all connections."""
        for session in self._sessions:
            session.close()

    def address(self, call: RestCall, value_of: Callable[[str], str]) -> str:
        """Return the address of a call without its query. Raises MalformedAnswer if a value would lead to another place."""

        def quoted(place: str) -> str:
            value = value_of(place)
            if ".." in value.split("/"):
                raise MalformedAnswer("UnusableId")
            return quote(value, safe="/:@!$&'()*+,;=-._~")

        address = filled(call.url, quoted)
        if urlsplit(address).netloc != urlsplit(call.url.partition("{")[0]).netloc:
            raise MalformedAnswer("UnusableId")
        return address

    def get(self, service: str, address: str, parameters: Mapping[str, str]) -> Any:
        """Return the JSON of an answer. Raises CallRefused."""
        limit, end = self._limit(service), time.monotonic() + TOTAL
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            limit.wait()
            status, body, pause, is_short = self._sent(address, parameters, end)
            refusal = refusal_of(self._tables, status, self._code(body, address))
            is_asked_to_wait = refusal.kind is FailureKind.THROTTLED or (status == _BUSY and pause is not None)
            is_throttled = status != _OK and is_asked_to_wait and refusal.code not in self._tables.waits
            limit.learn(throttled=is_throttled or is_short)
            if status == _OK:
                with self._lock:
                    self.answered[service] += 1
                return body
            pause = pause if pause is not None else _FIRST_PAUSE * 2**attempt
            is_retried = status in _RETRIED or status == 0 or refusal.kind is FailureKind.THROTTLED
            if not is_retried or attempt == _MOST_ATTEMPTS or pause > _LONGEST_PAUSE or time.monotonic() + pause > end:
                raise refusal
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _code(self, body: Any, address: str) -> str:
        own = self._tables.code_of
        return code_of(body) if own is None or body == _BROKEN else own(body, address)

    def _limit(self, service: str) -> RateLimit:
        with self._lock:
            limit = RateLimit(self._tables.rate_of(service), self._tables.minutes.get(service, 0))
            return self._limits.setdefault(service, limit)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            self._local.session = session = requests.Session()
            with self._lock:
                self._sessions.append(session)
        return session

    def _sent(self, address: str, parameters: Mapping[str, str], end: float) -> _Answer:
        """Return an answer; status 0 and a code for a broken connection."""
        parts = urlsplit(address)
        place = f"{self._endpoint}/{parts.netloc}{parts.path}" if self._endpoint else address.partition("?")[0]
        query = "&".join([*([parts.query] if parts.query else []), *(f"{quote(k)}={quote(v)}" for k, v in parameters.items())])
        bearer = _Bearer(self._tokens.token(parts.netloc))
        try:
            with closing(
                self._session().get(
                    f"{place}?{query}" if query else place,
                    auth=bearer,
                    allow_redirects=False,
                    stream=True,
                    timeout=_TIMEOUTS,
                    headers=self._headers,
                )
            ) as answer:
                if any(name in answer.headers for name in self._tables.shortened_by):
                    raise MalformedAnswer("ShortenedAnswer")
                content = _read(answer, end)
                body = _json(content, is_error=answer.status_code != _OK)
                left = answer.headers.get(self._tables.remaining, "") if self._tables.remaining else ""
                is_short = left.isdecimal() and int(left[:9]) < _FEW
                return _Answer(answer.status_code, body, _pause(answer.headers), is_short)
        except requests.RequestException:
            return _Answer(0, _BROKEN)


def _read(answer: requests.Response, end: float) -> bytes:
    """Return the content of an answer. Raises MalformedAnswer if it is too long, or comes too slowly."""
    content = bytearray()
    for piece in answer.iter_content(_PIECE):
        content += piece
        if len(content) > LONGEST:
            raise MalformedAnswer("AnswerTooLong")
        if time.monotonic() > end:
            raise MalformedAnswer("DeadlineExceeded")
    return bytes(content)


def _json(content: bytes, *, is_error: bool) -> Any:
    """Return the JSON of a content. For an error without JSON return None. Raises MalformedAnswer for any other."""
    try:
        return json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        if is_error:
            return None
        raise MalformedAnswer("NotJson") from None


def _refuse(word: str) -> None:
    raise ValueError(word)


def _pause(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait that an answer states, as a number or a time; None if it states none that is readable."""
    stated = headers.get("Retry-After", "").strip()
    if stated.isdecimal():
        return float(min(int(stated[:6]), 999_999))
    try:
        return max(0.0, (parsedate_to_datetime(stated) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
