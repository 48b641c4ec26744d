"""Answer the API's addresses: read the parameters, ask one run, and send its answer with its ETag."""

from __future__ import annotations

import json
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import InvalidOption
from perpend.findings.filters import ACCOUNT
from perpend.findings.history.queries.findings import UnknownPolicy, UnknownRun, run_named
from perpend.findings.history.queries.unknown_names import UnknownOwner
from perpend.language.compiler.names import UnknownName
from perpend.server.answers import FindingGroups, RunPage
from perpend.server.api.conditional import entity_tag, headers_of, is_known
from perpend.server.api.endpoints import AFTER, API, BEFORE, ENDPOINTS, FRAMEWORK, INHERITED, ONE_FRAMEWORK
from perpend.server.api.exports import FileExport
from perpend.server.api.openapi import openapi
from perpend.server.api.rows import compliance_rows, difference_rows
from perpend.server.api.schemas import json_bytes
from perpend.server.parameters import BY, EXPORT_ORDER, BadRequest, read_parameters
from perpend.server.reader import run_of, scope_of
from perpend.server.scope import ALL_ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from starlette.requests import Request

    from perpend.server.answers import ChangePage, Compliance, Facets, FindingPage, FindingRow, Summary
    from perpend.server.api.endpoints import Endpoint
    from perpend.server.parameters import RequestParameters
    from perpend.server.served_store import ServedRun

MAX_EXPORTED: Final = 5_000_000
"""The findings of an export."""

MAX_CHANGES: Final = 100_000
"""The findings that differ between two runs of which an export is made. They are in memory while it is written."""

_EXPORTS_AT_ONCE: Final = BoundedSemaphore(2)
"""The exports that are written at the same time. Others wait for the seconds of :data:`_PATIENCE`."""

_PATIENCE: Final = 5.0
_UNKNOWN: Final = (InvalidOption, UnknownName, UnknownOwner, UnknownPolicy, UnknownRun)
"""The errors about a name that a parameter has in the right form. Others are about the store."""


@contextmanager
def _names_that_may_be_unknown() -> Iterator[None]:
    """Answer with 404 if a parameter names a policy, an account, a run or a page that is not there."""
    try:
        yield
    except BadRequest:
        raise
    except _UNKNOWN as error:
        raise HTTPException(404, f"{visible(str(error)).rstrip('.')}.") from None


def _route(endpoint: Endpoint) -> Route:
    async def handle(request: Request) -> Response:
        return await run_in_threadpool(_respond, endpoint, request)

    return Route(f"{API}{endpoint.path}", handle, methods=["GET"], name=f"api_{endpoint.name}")


def _respond(endpoint: Endpoint, request: Request) -> Response:
    """Return the response of an endpoint. One run answers, even if another is committed meanwhile."""
    parameters = read_parameters(
        request.query_params.multi_items(), scope_of(request), endpoint.controls, filters=endpoint.filters
    )
    run = run_of(request)
    tag = entity_tag(run.etag, request.scope["path"], parameters.pairs(), scope_of(request))
    headers = headers_of(tag, request.app.state.settings)
    if is_known(tag, request.headers.get("If-None-Match")):
        return Response(status_code=304, headers=headers)
    with _names_that_may_be_unknown():
        if endpoint.format is None:
            answer = _ANSWERS[endpoint.name](run, parameters, request.path_params)
            return Response(json_bytes(answer), headers=headers, media_type=endpoint.media_type)
        if request.method == "HEAD":
            return Response(headers=headers, media_type=endpoint.media_type)
        return _export(endpoint, run, parameters, headers)


def _export(endpoint: Endpoint, run: ServedRun, parameters: RequestParameters, headers: Mapping[str, str]) -> Response:
    format = endpoint.format or ""
    name = f"{endpoint.name.partition('_')[0]}-run-{run.run}"
    if not _EXPORTS_AT_ONCE.acquire(timeout=_PATIENCE):
        raise HTTPException(503, "Other exports are being written: try again soon.", {"Retry-After": "30"})
    try:
        return FileExport(
            lambda path: _WRITERS[endpoint.path.partition(".")[0]](run, parameters, format, path), name, format, headers
        )
    finally:
        _EXPORTS_AT_ONCE.release()


def _write_findings(run: ServedRun, parameters: RequestParameters, format: str, path: Path) -> None:
    _refuse_more(run.findings(parameters.question, limit=1).total, MAX_EXPORTED)
    run.export(parameters.question, format, path, order=parameters.text(EXPORT_ORDER))


def _write_diff(run: ServedRun, parameters: RequestParameters, format: str, path: Path) -> None:
    runs = _compared(run, parameters)
    _refuse_more(run.views.changes(*runs, ALL_ACCOUNTS, limit=1).total, MAX_CHANGES)
    _write_lines(difference_rows(run.views.state, runs, parameters.question.scope), path)


def _refuse_more(number: int, most: int) -> None:
    if number > most:
        # The number is not named: that of a difference is of all accounts.
        raise HTTPException(413, f"An export of this kind is made of at most {most:,} findings: ask for fewer.")


def _write_compliance(run: ServedRun, parameters: RequestParameters, format: str, path: Path) -> None:
    rows = compliance_rows(
        run.views.state,
        parameters.texts(FRAMEWORK),
        parameters.question.filter.of(ACCOUNT.name),
        parameters.question.scope,
        inherited=parameters.text(INHERITED) == "yes",
    )
    _write_lines(rows, path)


def _write_lines(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    with path.open("w", encoding="ascii", newline="\n") as stream:
        stream.writelines(f"{json.dumps(row)}\n" for row in rows)


def _summary(run: ServedRun, parameters: RequestParameters, path: Mapping[str, str]) -> Summary:
    return run.summary(parameters.question.scope)


def _findings(run: ServedRun, parameters: RequestParameters, path: Mapping[str, str]) -> FindingPage:
    return run.findings(parameters.question, order=parameters.order, limit=parameters.limit, after=parameters.next)


def _finding(run: ServedRun, parameters: RequestParameters, path: Mapping[str, str]) -> FindingRow:
    finding = run.finding(path["finding_id"], parameters.question.scope)
    if finding is None:
        raise HTTPException(404, "There is no such finding.")
    return finding


def _facets(run: ServedRun, parameters: RequestParameters, path: Mapping[str, str]) -> Facets:
    return run.facets(parameters.question)


def _groups(run: ServedRun, parameters: RequestParameters, path: Mapping[str, str]) -> FindingGroups:
    by = parameters.text(BY)
    groups = run.groups(parameters.question, by)
    return FindingGroups(run.run, by, len(groups), tuple(groups[: parameters.limit]))


def _runs_page(run: ServedRun, parameters: RequestParameters, path: Mapping[str, str]) -> RunPage:
    runs = run.runs(parameters.question.scope)
    if parameters.next is not None and not parameters.next.isdecimal():
        raise InvalidOption("next: no page has given this key")
    chosen = [one for one in runs if parameters.next is None or one.run < int(parameters.next)]
    page = tuple(chosen[: parameters.limit])
    return RunPage(run.run, len(runs), page, str(page[-1].run) if len(chosen) > len(page) else None)


def _diff(run: ServedRun, parameters: RequestParameters, path: Mapping[str, str]) -> ChangePage:
    return run.views.changes(
        *_compared(run, parameters), parameters.question.scope, limit=parameters.limit, page_key=parameters.next
    )


def _compliance(run: ServedRun, parameters: RequestParameters, path: Mapping[str, str]) -> Compliance:
    inherited = parameters.text(INHERITED) == "yes"
    return run.views.compliance(parameters.question.scope, parameters.text(ONE_FRAMEWORK) or None, inherited=inherited)


def _compared(run: ServedRun, parameters: RequestParameters) -> tuple[str, str]:
    """Return the runs to compare: without `before`, the one before the later run."""
    head = run.views.state.head
    later = run_named(head, parameters.text(AFTER) or "last")
    earlier = parameters.text(BEFORE) or next((str(one.number) for one in reversed(head.runs) if one.number < later.number), "")
    if not earlier:
        raise InvalidOption(f"no run comes before run {later.number}: nothing to compare it with")
    return earlier, str(later.number)


async def _openapi(request: Request) -> Response:
    read_parameters(request.query_params.multi_items(), scope_of(request), filters=())
    tag = entity_tag("", request.scope["path"], [], ALL_ACCOUNTS)
    headers = headers_of(tag, request.app.state.settings)
    if is_known(tag, request.headers.get("If-None-Match")):
        return Response(status_code=304, headers=headers)
    return Response(json_bytes(openapi()), headers=headers, media_type="application/json")


_ANSWERS: Final[Mapping[str, Callable[[ServedRun, RequestParameters, Mapping[str, str]], object]]] = {
    "summary": _summary,
    "findings": _findings,
    "finding": _finding,
    "facets": _facets,
    "groups": _groups,
    "runs": _runs_page,
    "diff": _diff,
    "compliance": _compliance,
}
_WRITERS: Final[Mapping[str, Callable[[ServedRun, RequestParameters, str, Path], None]]] = {
    "/findings": _write_findings,
    "/diff": _write_diff,
    "/compliance": _write_compliance,
}

ROUTES: Final = [*map(_route, ENDPOINTS), Route(f"{API}/openapi.json", _openapi, methods=["GET"], name="api_openapi")]
"""The routes of the API."""
