"""Call the REST API of a tracker: one host, bounded answers, waits and attempts. No message holds a secret."""

from __future__ import annotations

import http.client
import json
import re
import urllib.request
from dataclasses import field
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from perpend.core.dataclass import dataclass
from perpend.core.http_client import answer_to
from perpend.findings.notifications.send import ATTEMPTS, MOST_SECONDS, NotSent, unreachable
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from perpend.core.http_client import HttpResponse

_SECONDS: Final = 15.0
_MOST_BYTES: Final = 16 * 1024 * 1024
_LONGEST_WAIT: Final = 60.0
"""The longest that one call waits for a rate limit. A tracker that asks for more is called again by the next command."""

_ALL_WAITS: Final = 180.0
_WITHOUT_A_TIME: Final = 60.0
"""How long to wait for a rate limit that states no time: GitHub asks for a minute."""

_AGAIN: Final = frozenset((408, 425, 500, 502, 503, 504))
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
_WHY: Final[Mapping[int, str]] = {
    400: "the tracker does not accept the content",
    401: "the token is not accepted",
    403: "the token may not do this",
    404: "there is no such project or issue, or the token may not see it",
    410: "it was deleted, or the project has no issues",
    422: "the tracker does not accept the content",
}


class TrackerRefused(NotSent):
    """An answer that refuses a call, with its status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class TrackerStopped(NotSent):
    """A tracker that cannot be used now: its answer is lost or is none. The next command goes on."""


class RateLimited(TrackerStopped):
    """A tracker that asks for a longer wait. It has not done what it was asked for."""


@dataclass(slots=True)
class RestClient:
    """The API below a URL, called with headers of which some are secret.

    ``pause`` is the least number of seconds between two calls that write.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    pause: float = 0.0
    _waited: float = 0.0
    _wrote: bool = False

    def call(
        self, method: str, path: str, content: Any = None, *, query: Mapping[str, str] | None = None, once: bool = False
    ) -> tuple[Any, Message]:
        """Return the answer as JSON, None if it is empty, and its headers.

        ``once``: the call creates something, so it is not repeated if its answer is lost. Raises TrackerRefused or
        TrackerStopped.
        """
        address = f"{self.url}{path}{f'?{urlencode(query)}' if query else ''}"
        body = None if content is None else json.dumps(content).encode()
        headers = {"User-Agent": f"perpend/{__version__}", "Content-Type": "application/json", **self.headers}
        if method != "GET":
            if self.pause and self._wrote:
                sleep(self.pause)
            self._wrote = True
        attempt, end = 0, monotonic() + MOST_SECONDS
        while True:
            attempt += 1
            try:
                request = urllib.request.Request(address, body, headers, method=method)  # noqa: S310  # the scheme was looked at
                answer = answer_to(request, step=_SECONDS, end=end, most_bytes=_MOST_BYTES)
            except (http.client.HTTPException, OSError) as error:
                if once or attempt == ATTEMPTS or monotonic() > end:
                    raise TrackerStopped(unreachable(error)) from None
                end += self._wait(float(2 ** (attempt - 1)))
            except ValueError:
                raise TrackerStopped("the URL or a header cannot be used") from None
            else:
                if 200 <= answer.status < 300:
                    return _json_of(answer.body), answer.headers
                end += self._after_refusal(answer, attempt, once=once)

    def _after_refusal(self, answer: HttpResponse, attempt: int, *, once: bool) -> float:
        """Wait as long as an answer asks for, and return the seconds.

        Raises TrackerRefused or TrackerStopped if the call is not to be repeated.
        """
        if (seconds := _limit(answer)) is not None:
            if attempt >= ATTEMPTS:
                raise RateLimited(f"HTTP {answer.status}: the tracker limits the rate of calls")
            return self._wait(seconds or _WITHOUT_A_TIME)
        if answer.status in _AGAIN and not once and attempt < ATTEMPTS:
            return self._wait(float(2 ** (attempt - 1)))
        if answer.status in _AGAIN:
            raise TrackerStopped(f"HTTP {answer.status}")
        moved = "the project has moved: change its URL" if 300 <= answer.status < 400 else ""
        why = _WHY.get(answer.status) or moved
        raise TrackerRefused(answer.status, f"HTTP {answer.status}{f': {why}' if why else ''}{_fields(answer.body)}")

    def _wait(self, seconds: float) -> float:
        """Wait, within bounds, and return the seconds."""
        if seconds > _LONGEST_WAIT or self._waited + seconds > _ALL_WAITS:
            raise RateLimited(f"the tracker asks to wait {seconds:,.0f} s")
        self._waited += seconds
        sleep(seconds)
        return seconds


def _json_of(text: bytes) -> Any:
    if len(text) >= _MOST_BYTES:
        raise TrackerStopped("the answer is too long")
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        raise TrackerStopped("the answer is no JSON: is the URL that of the project?") from None


def _limit(answer: HttpResponse) -> float | None:
    """Return the seconds to wait if an answer limits the rate, 0 if it does not say how long, None for another answer.

    GitHub limits by 429 or by 403, with Retry-After, without calls that remain, or with a sentence.
    """
    seconds = _number(answer.headers.get("Retry-After"))
    none_left = _number(answer.headers.get("X-RateLimit-Remaining")) == 0
    is_secondary = b"secondary rate limit" in answer.body
    if answer.status != 429 and not (answer.status == 403 and (seconds is not None or none_left or is_secondary)):
        return None
    if seconds is not None:
        return seconds
    reset = _number(answer.headers.get("X-RateLimit-Reset") or answer.headers.get("RateLimit-Reset"))
    return 0.0 if reset is None else max(1.0, reset - time())


def _number(text: str | None) -> float | None:
    text = (text or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _fields(text: bytes) -> str:
    """Return the names of the fields that an answer complains of, in parentheses. Its sentences could hold anything."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    errors = document.get("errors") if isinstance(document, dict) else None
    listed = [one.get("field") for one in errors if isinstance(one, dict)] if isinstance(errors, list) else errors or ()
    names = sorted({one for one in list(listed)[:20] if isinstance(one, str) and _FIELD.fullmatch(one)})
    return f" ({', '.join(names)})" if names else ""
