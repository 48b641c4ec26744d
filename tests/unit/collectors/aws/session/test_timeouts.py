"""An attempt of a call: an answer that is whole, bounded and in time, or an error of the SDK."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("botocore", reason="the extra aws is not installed")

from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError, ConnectionClosedError, HTTPClientError, ReadTimeoutError
from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.exceptions import ReadTimeoutError as NothingRead

from perpend.collectors.aws.session import timeouts as module
from perpend.collectors.aws.session.timeouts import AnswerTooLong, DeadlineExceeded, Transport

REQUEST = SimpleNamespace(url="http://here", method="POST", stream_output=False)


class Wire:
    """A client of the SDK with a connection that says what it was given, each piece a second later."""

    def __init__(self, *pieces: bytes | Exception, headers: dict[str, str] | None = None) -> None:
        self.pieces, self.closed, self.now = pieces, False, 0.0
        self.handlers: dict[str, Any] = {}
        self.meta = SimpleNamespace(events=SimpleNamespace(register=self.handlers.__setitem__))
        answer = AWSResponse("http://here", 200, headers or {}, self)
        self._endpoint = SimpleNamespace(http_session=SimpleNamespace(send=lambda request: answer))
        self.waited: list[Any] = []

    def stream(self, size: int) -> Iterator[bytes]:
        for piece in self.pieces:
            self.now += 1
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def close(self) -> None:
        self.closed = True

    def wait(self) -> None:
        self.waited.append("waited")

    def learn(self, *, throttled: bool) -> None:
        self.waited.append(throttled)

    def sent(self, monkeypatch: pytest.MonkeyPatch, total: float = 300.0) -> bytes:
        pace: Any = self
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        transport = Transport(self)
        transport.begin(pace, total=total)
        content: bytes = self.handlers["before-send"](request=REQUEST).content
        return content


def test_an_answer_is_read_to_its_end_at_the_pace_of_its_service(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(b"who", b"le", headers={"Content-Length": "5"})
    assert (b"whole", ["waited"]) == (wire.sent(monkeypatch), wire.waited)
    for told in ({"Error": {"Code": "Throttling"}}, {"Error": {"Code": "AccessDenied"}}, {}, None):
        wire.handlers["response-received"](parsed_response=told, exception=None)
    assert ["waited", True, False, False, False] == wire.waited


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ((NothingRead(None, "u", "no"),), ReadTimeoutError),  # type: ignore[arg-type]  # no pool here
        ((b"a", ProtocolError("gone")), ConnectionClosedError),
        ((HTTPError("odd"),), HTTPClientError),
        ((OSError("reset"),), HTTPClientError),
        ((b"a", b"b"), ConnectionClosedError),
    ],
)
def test_what_ends_before_its_end_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, pieces: tuple[Any, ...], error: type[BotoCoreError]
) -> None:
    wire = Wire(*pieces, headers={"Content-Length": "99"})
    with pytest.raises(error):
        wire.sent(monkeypatch)
    assert wire.closed


def test_an_answer_that_drips_for_ever_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(*[b"."] * 1_000)
    with pytest.raises(DeadlineExceeded):
        wire.sent(monkeypatch, total=30)
    assert (31, True) == (wire.now, wire.closed)


def test_an_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 10)
    with pytest.raises(AnswerTooLong):
        Wire(*[b"four"] * 3).sent(monkeypatch)
