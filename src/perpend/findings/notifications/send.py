"""Send digests, with a bounded number of retries. No message holds a secret."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError
from perpend.core.http_client import answer_to
from perpend.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from perpend.core.http_client import HttpResponse
    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.digests import Digest

    Send: TypeAlias = Callable[[Channel, Digest, float], tuple[str | None, float | None]]
    """Send a digest to a channel before a time of ``time.monotonic``."""

ATTEMPTS: Final = 4
"""How often a digest is tried to be sent in one call."""

MOST_SECONDS: Final = 60.0
"""The most that the answers to all attempts of one call may take, without the waits between them."""

NO_ANSWER: Final = "the receiver does not answer in time"

_SECONDS: Final = 10.0
_LONGEST_WAIT: Final = 30.0
_AGAIN: Final = frozenset((408, 425, 429, 500, 502, 503, 504))


class NotSent(PerpendError):
    """A digest that a channel did not accept; the next call sends it."""


def deliver(channel: Channel, digest: Digest, send: Send) -> None:
    """Send a digest to a channel. Raises NotSent when all retries failed, or a retry is useless."""
    end = monotonic() + MOST_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        reason, pause = send(channel, digest, end)
        if reason is None:
            return
        if pause is None or attempt == ATTEMPTS or monotonic() > end:
            tries = f" after {attempt} attempts" if attempt > 1 else ""
            raise NotSent(f"channel {channel.name}: run {digest.run} was not sent: {reason}{tries}")
        pause = pause or float(2 ** (attempt - 1))
        sleep(pause)
        end += pause


def post(channel: Channel, digest: Digest, end: float) -> tuple[str | None, float | None]:
    """Return why a webhook rejected a digest, None if it accepted it; and the seconds to wait, None if a retry is useless."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"perpend/{__version__}",
        "Idempotency-Key": digest.key(channel.name),
        **channel.headers,
    }
    body = json.dumps(digest.document(channel.name)).encode()
    try:
        request = urllib.request.Request(channel.url, body, headers, method="POST")  # noqa: S310  # the scheme was looked at
        answer = answer_to(request, step=_SECONDS, end=end, most_bytes=1)
    except http.client.InvalidURL:
        return "the URL cannot be used", None
    except (http.client.HTTPException, OSError) as error:
        return unreachable(error), 0.0
    except ValueError:
        return "the URL or a header cannot be used", None
    if 200 <= answer.status < 300:
        return None, None
    return f"HTTP {answer.status}", _pause(answer) if answer.status in _AGAIN else None


def unreachable(error: Exception) -> str:
    """Return why a receiver cannot be reached, without its address."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return NO_ANSWER
    why = (cause.strerror or type(cause).__name__).lower() if isinstance(cause, OSError) else type(cause).__name__
    return f"the receiver cannot be reached: {why}"


def _pause(answer: HttpResponse) -> float:
    """Return the seconds that a receiver asks to wait, within bounds; 0 if it does not say."""
    seconds = (answer.headers.get("Retry-After") or "").strip()
    return min(float(seconds), _LONGEST_WAIT) if seconds.isascii() and seconds.isdigit() and len(seconds) < 9 else 0.0
