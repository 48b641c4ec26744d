"""What the proxy answers itself, in the protocol of the request: errors, regions, recorded bytes, a page that never is the last."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.session.sdk_clients import MODELS
from tests.servers.operations import CheckOptions

REGIONS = {"eu-west-1": "opt-in-not-required", "us-east-1": "opt-in-not-required", "af-south-1": "not-opted-in"}
THROTTLED = ("ThrottlingException", "Throttling", "RequestLimitExceeded")
HTML = b"<html><body>Bad gateway</body></html>"

_SPEC = Path(__file__).parents[2] / "spec/aws"
_EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"


class QueryResult(NamedTuple):
    """An answer: its status, the kind of its bytes, these."""

    status: int
    kind: str
    content: bytes


BODIES = {
    "text": QueryResult(200, "text/plain", b"Access Denied"),
    "no bytes": QueryResult(200, "application/json", b""),
    "no members": QueryResult(200, "application/json", b"{}"),
    "message": QueryResult(200, "application/json", b'{"Message":"User is not authorized to perform this"}'),
    "html": QueryResult(200, "text/html", HTML),
}
"""What comes with the status of an answer, and answers nothing."""


def refusal(code: str, asked: CheckOptions) -> QueryResult:
    """Return an error."""
    message = f"not authorized to perform {asked.operation}"
    throttled = code in THROTTLED
    if asked.protocol in ("json", "rest-json"):
        document = json.dumps({"__type": code, "message": message})
        return QueryResult(400 if throttled else 403, "application/x-amz-json-1.1", document.encode())
    if asked.protocol == "cbor":
        return QueryResult(400 if throttled else 403, "application/cbor", _cbor({"__type": code, "message": message}))
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if asked.protocol == "ec2":
        error = f"<Response><Errors>{error}</Errors></Response>"
    elif asked.protocol == "query":
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return QueryResult(503 if throttled else 403, "text/xml", error.encode())


def _cbor(words: dict[str, str]) -> bytes:
    """Return a short map of short texts as CBOR."""

    def text(word: str) -> bytes:
        content = word.encode()
        return (bytes([0x60 + len(content)]) if len(content) < 24 else bytes([0x78, len(content)])) + content

    return bytes([0xA0 + len(words)]) + b"".join(text(name) + text(value) for name, value in words.items())


def recorded(name: str) -> QueryResult:
    """Return what recorded bytes answer."""
    head, _, body = (_SPEC / f"{name}.http").read_bytes().partition(b"\n\n")
    status, kind, *_ = head.decode().split("\n")
    return QueryResult(int(status.split()[1]), kind.removeprefix("Content-Type: "), body)


def regions(known: dict[str, str]) -> QueryResult:
    """Return regions with their statuses."""
    listed = "".join(
        f"<item><regionName>{name}</regionName><regionEndpoint>ec2.{name}.amazonaws.com</regionEndpoint>"
        f"<optInStatus>{status}</optInStatus></item>"
        for name, status in known.items()
    )
    content = f'<DescribeRegionsResponse xmlns="{_EC2}"><regionInfo>{listed}</regionInfo></DescribeRegionsResponse>'
    return QueryResult(200, "text/xml", content.encode())


def pages(asked: CheckOptions) -> dict[str, Any] | None:
    """Return what botocore knows of the pages of an operation of the tables, None where it knows none or no token of theirs."""
    services = {call.service for call in CALLS.values() if call.operation == asked.operation.removesuffix(" public")}
    services = {one for one in services if one in asked.marks} or services
    for service in services:
        models = MODELS.load_service_model(service, "paginators-1")["pagination"]
        known: dict[str, Any] | None = models.get(asked.operation.removesuffix(" public"))
        if known is not None and isinstance(known["output_token"], str) and "." not in known["output_token"]:
            return {**known, "service": service}
    return None


def never_last(asked: CheckOptions, answer: QueryResult) -> QueryResult:
    """Return a page with the same token as each other page."""
    known = pages(asked)
    if known is None:
        return answer
    token, more = known["output_token"].partition("||")[0].strip(), known.get("more_results", "")
    model = MODELS.load_service_model(known["service"], "service-2")
    shape = model["operations"][asked.operation.removesuffix(" public")]["output"]
    name = model["shapes"][shape["shape"]]["members"].get(token, {}).get("locationName", token)
    if asked.protocol in ("json", "rest-json"):
        document = {**json.loads(answer.content or b"{}"), name: "again", **({more: True} if more else {})}
        return answer._replace(content=json.dumps(document).encode())
    text = re.sub(rf"<({more}|{name})>[^<]*</\1>|<({name})/>", "", answer.content.decode()) if more else answer.content.decode()
    added = f"<{name}>again</{name}>" + (f"<{more}>true</{more}>" if more else "")
    inner = shape.get("resultWrapper", "")
    opened = re.search(rf"<{inner}[^>]*>" if inner else r"<(?![?!])[^>]*>", text)
    assert opened, text[:200]
    return answer._replace(content=(text[: opened.end()] + added + text[opened.end() :]).encode())
