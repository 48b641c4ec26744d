"""One attempt of a call: a request in, an answer out that is whole, of bounded length, and there before a deadline."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError, ConnectionClosedError, HTTPClientError, ReadTimeoutError
from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.exceptions import ReadTimeoutError as NothingRead

from perpend.collectors.aws.error_classification import is_throttling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perpend.collectors.aws.session.rate_limiter import RateLimit

TOTAL: Final = 300.0
"""Seconds that one call may take with all its attempts."""

LONGEST: Final = 128 * 1024 * 1024
"""Bytes that one answer may have."""

_PIECE: Final = 1 << 16


class DeadlineExceeded(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """A call that took longer than all its attempts may take."""

    fmt = "no answer before the deadline"


class AnswerTooLong(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """An answer without an end in sight."""

    fmt = "the answer is too long"


class _Whole:
    """What an answer holds once all of it was read."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        """Yield it, as the SDK reads answers."""
        yield self._content


class Transport:
    """Sends the requests of one client of the SDK, at a pace. ``begin`` sets the deadline of a call for this thread, ``end``
    returns what came of it."""

    def __init__(self, client: Any, pace: RateLimit, *, total: float = TOTAL) -> None:
        self._session = client._endpoint.http_session
        self._pace, self._total = pace, total
        self._calls = threading.local()
        client.meta.events.register("before-send", self._send)
        client.meta.events.register("response-received", self._learn)

    def begin(self) -> None:
        """Note that a call begins."""
        self._calls.deadline = time.monotonic() + self._total

    def end(self) -> bytes:
        """Return the bytes of the last answer, and let go of them."""
        content: bytes = self._calls.__dict__.pop("content", b"")
        return content

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        self._pace.wait()
        self._refuse_late()
        request.stream_output = True
        answer = self._session.send(request)
        try:
            content = self._read(answer, request)
        except BotoCoreError:
            answer.raw.close()
            raise
        self._calls.content = content
        return AWSResponse(answer.url, answer.status_code, answer.headers, _Whole(content))

    def _read(self, answer: AWSResponse, request: Any) -> bytes:
        pieces, length = [], 0
        try:
            for piece in answer.raw.stream(_PIECE):
                pieces.append(piece)
                length += len(piece)
                self._refuse_late()
                if length > LONGEST:
                    raise AnswerTooLong
        except NothingRead as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from None
        except ProtocolError as error:
            raise ConnectionClosedError(error=error, request=request, endpoint_url=request.url) from None
        except (HTTPError, OSError) as error:
            raise HTTPClientError(error=error) from None
        announced = str(answer.headers.get("Content-Length", ""))
        if announced.isdecimal() and length < int(announced) and request.method != "HEAD":
            raise ConnectionClosedError(error="cut off", request=request, endpoint_url=request.url)
        return b"".join(pieces)

    def _refuse_late(self) -> None:
        if time.monotonic() > self._calls.deadline:
            raise DeadlineExceeded

    def _learn(self, parsed_response: Any = None, **_: Any) -> None:
        told = parsed_response.get("Error") if isinstance(parsed_response, dict) else None
        self._pace.learn(throttled=isinstance(told, dict) and is_throttling(str(told.get("Code"))))
