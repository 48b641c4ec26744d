"""Send one attempt of a call and read its answer in full, within a maximum length and before a deadline."""

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

    from perpend.collectors.rate_limit import RateLimit

TOTAL: Final = 300.0
"""Timeout in seconds for a call with all its attempts."""

LONGEST: Final = 128 * 1024 * 1024
"""The maximum length of an answer in bytes."""

_PIECE: Final = 1 << 16


class DeadlineExceeded(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """All attempts of a call together took too long."""

    fmt = "no answer before the deadline"


class AnswerTooLong(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """The answer exceeds the maximum length."""

    fmt = "the answer is too long"


class _Content:
    """The content of an answer that was read in full."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        """Yield the content, as the SDK expects."""
        yield self._content


class Transport:
    """Sends the requests of one SDK client. ``begin`` sets the rate and the deadline of this thread's next call."""

    def __init__(self, client: Any) -> None:
        self._session = client._endpoint.http_session
        self._calls = threading.local()
        client.meta.events.register("before-send", self._send)
        client.meta.events.register("response-received", self._learn)

    def begin(self, rate: RateLimit, *, total: float = TOTAL) -> None:
        """Begin a call of an account at a limited rate and set its deadline."""
        self._calls.rate, self._calls.deadline = rate, time.monotonic() + total

    def end(self) -> bytes:
        """Return the bytes of the last answer, and drop them."""
        content: bytes = self._calls.__dict__.pop("content", b"")
        return content

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        self._calls.rate.wait()
        self._check_deadline()
        request.stream_output = True
        answer = self._session.send(request)
        try:
            content = self._read(answer, request)
        except BotoCoreError:
            answer.raw.close()
            raise
        self._calls.content = content
        return AWSResponse(answer.url, answer.status_code, answer.headers, _Content(content))

    def _read(self, answer: AWSResponse, request: Any) -> bytes:
        pieces, length = [], 0
        try:
            for piece in answer.raw.stream(_PIECE):
                pieces.append(piece)
                length += len(piece)
                self._check_deadline()
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

    def _check_deadline(self) -> None:
        if time.monotonic() > self._calls.deadline:
            raise DeadlineExceeded

    def _learn(self, parsed_response: Any = None, **_: Any) -> None:
        error = parsed_response.get("Error") if isinstance(parsed_response, dict) else None
        self._calls.rate.learn(throttled=isinstance(error, dict) and is_throttling(str(error.get("Code"))))
