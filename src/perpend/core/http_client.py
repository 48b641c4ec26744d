"""Call other hosts by HTTP: no redirect is followed, and a deadline ends each call."""

from __future__ import annotations

from concurrent.futures import Future
from functools import cache
from http.client import HTTPException
from ipaddress import ip_address
from ssl import create_default_context
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from perpend.core.dataclass import dataclass
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

T = TypeVar("T")

_TOO_LONG: Final = "the answer takes too long"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer of any status. ``body`` may be the beginning of a longer one."""

    status: int
    headers: Message
    body: bytes


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine by its name or address."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class _EachAnswer(HTTPErrorProcessor):
    """Returns each answer as it is, so nothing follows a redirect: a secret is meant for one host alone."""

    def http_response(self, request: Request, response: Any) -> Any:
        return response

    https_response = http_response


_secure = cache(create_default_context)


def opener_for(url: str) -> OpenerDirector:
    """Return an opener that returns answers of any status, and asks no proxy for a URL of this machine."""
    direct = (ProxyHandler({}),) if is_this_machine(urlsplit(url).hostname or "") else ()
    return build_opener(_EachAnswer, HTTPSHandler(context=_secure()), *direct)


def answer_to(request: Request, *, step: float, end: float, most_bytes: int) -> HttpResponse:
    """Return the answer to a request, with at most so many bytes.

    ``step`` is the number of seconds for each step of a connection. ``end`` is the deadline, a time of ``time.monotonic``:
    attempts that share it share its time. Raises TimeoutError after either; OSError, HTTPException and ValueError as urllib
    does.
    """

    def read() -> HttpResponse:
        with opener_for(request.full_url).open(request, timeout=step) as answer:
            parts, size = [], 0
            while size < most_bytes and (part := answer.read1(min(1 << 16, most_bytes - size))):
                parts.append(part)
                size += len(part)
                check_time(end)
            return HttpResponse(answer.status, answer.headers, b"".join(parts))

    return before(end, read)


def before(end: float, call: Callable[[], T]) -> T:
    """Return the result of a call, or raise its OSError, HTTPException, ValueError or PerpendError; TimeoutError after ``end``.

    The call runs in a thread, which no exit waits for: a host that sends one byte at a time meets each timeout of a socket.
    Any other exception is a fault: its traceback is printed, and CancelledError is raised.
    """
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except (OSError, HTTPException, ValueError, PerpendError) as error:
            result.set_exception(error)
        finally:
            result.cancel()  # does nothing to a result

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(0.0, end - monotonic()))
    if not result.done():
        raise TimeoutError(_TOO_LONG)
    return result.result()


def check_time(end: float) -> None:
    """Raise TimeoutError after ``end``, which is a time of ``time.monotonic``."""
    if monotonic() > end:
        raise TimeoutError(_TOO_LONG)
