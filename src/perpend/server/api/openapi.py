"""Describe the API as OpenAPI 3.1, derived from the declarations of filters and endpoints and from the answers' annotations."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from perpend.server.answers import StartedRun, StartedRuns
from perpend.server.api.endpoints import API, ENDPOINTS
from perpend.server.api.schemas import schema_of
from perpend.server.parameters import declared_parameters, is_repeatable, schema_of_parameter
from perpend.version import __version__

if TYPE_CHECKING:
    from perpend.findings.filters import FilterDeclaration
    from perpend.server.api.endpoints import Endpoint
    from perpend.server.parameters import Control

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Why a request has no answer (RFC 9457). `detail` is one sentence for people.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}

_REFUSALS: Final = {
    400: "A parameter is unknown, does not have its form, or is given too often.",
    401: "The token is missing or wrong.",
    403: "The reader may see no account, or may not start runs, or a page of another site sent the request.",
    404: "There is no such finding, policy, account, run or page, or the reader may not see it.",
    405: "The address does not answer this method.",
    408: "The body did not arrive in time.",
    409: "A run is in progress.",
    413: "The export would have too many findings: narrow the filter. Or the request has a body, and a large one.",
    414: "The address is too long.",
    421: "The server does not have this name.",
    429: "The reader asks too often: wait for the seconds in `Retry-After`.",
    431: "The headers are too long.",
    503: "The store cannot be read, or the answer takes too long: wait, or narrow the filter.",
}
"""The sentences on refusals by status."""


_READING: Final = (400, 401, 403, 404, 405, 413, 414, 421, 429, 431, 503)
_STARTING: Final = (400, 401, 403, 404, 405, 408, 413, 414, 421, 429, 431, 503)

_JOBS: Final = (
    ("/runs", "post", "start_run", "Start a run that the configuration of the server names.", "202", StartedRun),
    ("/runs/jobs", "get", "started_runs", "The runs that the server has started.", "200", StartedRuns),
    ("/runs/jobs/{job}", "get", "started_run", "One of them.", "200", StartedRun),
    ("/runs/jobs/{job}", "delete", "cancel_run", "Cancel it. The store stays as it was.", "200", StartedRun),
    ("/runs/jobs/{job}/events", "get", "run_events", "Its lines and states, as server-sent events.", "200", None),
)
"""The addresses of started runs: path, method, operation, sentence, status and answer."""


@cache
def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of the API."""
    schemas: dict[str, dict[str, Any]] = {"Problem": _PROBLEM}
    paths = {f"{API}{one.path}": _path(one, schemas) for one in ENDPOINTS}
    paths[f"{API}/openapi.json"] = {"get": _described("openapi", "This description.", {"type": "object"})}
    for path, method, name, sentence, status, answer in _JOBS:
        paths.setdefault(f"{API}{path}", {})[method] = _of_job(path, name, sentence, status, answer, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Perpend",
            "version": __version__,
            "description": "Findings of a store, read only. Unknown is never compliant. All times are in UTC.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {str(status): _refusal(status, sentence) for status, sentence in _REFUSALS.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _path(endpoint: Endpoint, schemas: dict[str, dict[str, Any]]) -> dict[str, Any]:
    answer = schema_of(endpoint.answer, schemas) if endpoint.answer is not None else {}
    operation = _described(endpoint.name, endpoint.sentence, answer, endpoint.media_type)
    declared = declared_parameters(endpoint.filters, endpoint.controls)
    operation["parameters"] = [_parameter(one) for one in declared.values()]
    if endpoint.variable:
        name, pattern = endpoint.variable
        schema = {"type": "string", "pattern": pattern}
        operation["parameters"].append({"name": name, "in": "path", "required": True, "schema": schema})
    return {"get": operation}


def _of_job(
    path: str, name: str, sentence: str, status: str, answer: type[Any] | None, schemas: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    media_type, schema = ("application/json", schema_of(answer, schemas)) if answer else ("text/event-stream", {})
    responses = {status: {"description": "The answer.", "content": {media_type: {"schema": schema}}}}
    operation: dict[str, Any] = {"operationId": name, "summary": sentence, "responses": responses | _refused(*_STARTING)}
    if "{job}" in path:
        operation["parameters"] = [{"name": "job", "in": "path", "required": True, "schema": {"type": "string"}}]
    if status == "202":
        operation["responses"] |= _refused(HTTPStatus.CONFLICT)
        body = {"type": "object", "properties": {"run": {"type": "string"}}, "required": ["run"], "additionalProperties": False}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _described(name: str, sentence: str, schema: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    headers = {
        "ETag": {"description": "The state of the store and the request.", "schema": {"type": "string"}},
        "Cache-Control": {"schema": {"type": "string"}},
    }
    responses: dict[str, Any] = {
        "200": {"description": "The answer.", "headers": headers, "content": {media_type: {"schema": schema}}},
        "304": {"description": "The answer is the one with the given ETag."},
    }
    return {"operationId": name, "summary": sentence, "responses": responses | _refused(*_READING)}


def _refused(*statuses: int) -> dict[str, Any]:
    return {str(int(status)): {"$ref": f"#/components/responses/{int(status)}"} for status in statuses}


def _parameter(declared: FilterDeclaration | Control) -> dict[str, Any]:
    schema = schema_of_parameter(declared)
    if is_repeatable(declared):
        schema = {"type": "array", "items": schema, "minItems": 1, "maxItems": 100}
    return {"name": declared.name, "in": "query", "description": declared.sentence, "schema": schema}


def _refusal(status: int, sentence: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": sentence, "content": content}
