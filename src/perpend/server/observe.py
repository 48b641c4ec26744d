"""Give every answer its security headers, a line in the log and a number in the metrics, whatever happens inside."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from perpend.core.diagnostics.escape import inert, visible
from perpend.server.refusals import refusal
from perpend.server.unexpected import report

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from perpend.server.metrics import Metrics

CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("style", "script", "connect", "img", "font")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The content security policy of every answer: no inline code, nothing from elsewhere."""

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send the origin `null` for our own forms
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""The security headers of every answer. A handler cannot change them."""

_NO_ROUTE: Final = "none"
_LONGEST: Final = 500


class Observed:
    """The outermost middleware: sets headers, logs and counts each answer, and turns an unexpected error into an answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log_format: str) -> None:
        self._app = app
        self._metrics = metrics
        self._log_format = log_format

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Errors after the beginning of the answer cut it off, so that no client takes it for whole."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status, is_export = 0, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, is_export
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "private, no-cache")
                is_export = headers.get("content-disposition", "").startswith("attachment")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001  # no error of a handler may end the server or reach a reader
            report(error)
            if status:
                raise _CutOff from None
            sentence = "The server has met an unexpected error. Its log has the details."
            await refusal(Request(scope), 500, sentence)(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", _NO_ROUTE)
            self._metrics.add(route, scope["method"], status, seconds)
            if route not in ("/healthz", "/readyz") or status >= 400:
                self._log(scope, route, status, seconds, is_export=is_export)

    def _log(self, scope: Scope, route: str, status: int, seconds: float, *, is_export: bool) -> None:
        """Write a line. The query is left out, as it may hold a token; that of an export is its filter, and said."""
        facts: dict[str, object] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "reader": scope.get("state", {}).get("reader"),
            "method": scope["method"],
            "path": scope["path"][:_LONGEST],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        if is_export:
            facts["export"] = scope["query_string"].decode("latin-1")[:_LONGEST]
        if self._log_format == "json":
            line = json.dumps(facts)
        else:
            export = f" export of {facts['export'] or 'all'}" if is_export else ""
            line = inert(
                f"{facts['time']} {visible(str(facts['reader'] or '-'))} {facts['method']} {visible(str(facts['path']))} "
                f"{status} {facts['ms']} ms{visible(export)}"
            )
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


class _CutOff(Exception):
    """An answer that had begun when an error occurred. The server closes the connection."""
