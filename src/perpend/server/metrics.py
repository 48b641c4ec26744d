"""The metrics of a server as Prometheus text: its requests, and the run that it shows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from perpend.core.errors import PerpendError
from perpend.server.reader import run_of, scope_of
from perpend.server.scope import ALL_ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.server.answers import Summary

BOUNDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the classes of durations, in seconds."""

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Metrics:
    """The numbers of answered requests by route, method and status, and their durations by route."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._classes: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()

    def add(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer. ``route`` is the pattern of its address, so the number of labels is bounded."""
        self._answers[route, method if method in _METHODS else "other", status] += 1
        classes = self._classes.setdefault(route, [0] * (len(BOUNDS) + 1))
        classes[next((index for index, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))] += 1
        self._seconds[route] += seconds  # type: ignore[assignment]  # a Counter adds fractions as well

    def lines(self) -> Iterator[str]:
        """Yield the lines about requests."""
        yield from _head("perpend_requests_total", "counter", "Answered requests.")
        for (route, method, status), number in sorted(self._answers.items()):
            yield f"perpend_requests_total{_labels(route=route, method=method, status=status)} {number}"
        name = "perpend_request_seconds"
        yield from _head(name, "histogram", "Time until an answer was complete.")
        for route, classes in sorted(self._classes.items()):
            total = 0
            for bound, number in zip((*BOUNDS, "+Inf"), classes, strict=True):
                total += number
                yield f"{name}_bucket{_labels(route=route, le=bound)} {total}"
            yield f"{name}_sum{_labels(route=route)} {self._seconds[route]:.6f}"
            yield f"{name}_count{_labels(route=route)} {total}"


def _run_lines(summary: Summary) -> Iterator[str]:
    """Yield the lines about the run that the server shows."""
    yield from _head("perpend_run", "gauge", "Number of the newest run that the server shows.")
    yield f"perpend_run {summary.run}"
    yield from _head("perpend_snapshot_age_seconds", "gauge", "Age of the facts of this run.")
    yield f"perpend_snapshot_age_seconds {(datetime.now(UTC) - summary.time).total_seconds():.0f}"
    yield from _head("perpend_open_findings", "gauge", "Open findings by severity. Unknown ones may fail or comply.")
    for severity, numbers in summary.severities.items():
        for status, number in numbers.items():
            yield f"perpend_open_findings{_labels(severity=severity, status=status)} {number}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _labels(**labels: object) -> str:
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    return "{" + ",".join(f'{name}="{str(value).translate(escapes)}"' for name, value in labels.items()) + "}"


async def _show(request: Request) -> Response:
    """Answer with all metrics. If the store cannot be read, the metrics of the run are missing, and ``perpend_ready`` is 0."""
    if not scope_of(request).is_all:
        raise HTTPException(403, "Only readers that see all accounts may read the metrics: they count the requests of all.")

    def summary() -> Summary | None:
        try:
            return run_of(request).summary(ALL_ACCOUNTS)
        except PerpendError:
            return None

    state = await run_in_threadpool(summary)
    lines = [*_head("perpend_ready", "gauge", "1 if the store can be read."), f"perpend_ready {int(state is not None)}"]
    lines += [*(_run_lines(state) if state else ()), *request.app.state.metrics.lines()]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4; charset=utf-8")


ROUTES = [Route("/metrics", _show)]
