"""What a request to AWS asks for, told from its bytes: the operation, and what tells it from others of the same name."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlsplit

import botocore.loaders

from perpend.collectors.aws.catalog import CALLS
from perpend.collectors.aws.session.sdk_clients import MODELS

_AS_WRITTEN = botocore.loaders.create_loader()
"""What reads models of services once more: a client of S3 takes the bucket out of the paths of those that it was made of."""


class CheckOptions(NamedTuple):
    """An operation. ``marks`` are its service, its region and its version, where the request tells them."""

    operation: str
    protocol: str
    marks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be called by: its name alone, or with one of its marks."""
        return (self.operation, *(f"{self.operation} {mark}" for mark in self.marks))


class _Path(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    query: frozenset[str]
    operation: str
    service: str
    protocol: str


def asked_of(method: str, address: str, headers: Any, body: bytes) -> CheckOptions:
    """Return what a request asks for. One of a path that no call of the tables has is called by the path."""
    scope = str(headers.get("Authorization") or "").partition("Credential=")[2].split("/")
    region, signing = (*scope[2:4], "", "")[:2]
    target = str(headers.get("X-Amz-Target") or "")
    if target:
        return CheckOptions(target.rpartition(".")[2], "json", (region, signing))
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    if "Action" in form:
        operation = f"{form['Action']} public" if b"RestorableBy" in body else form["Action"]
        return CheckOptions(operation, "ec2" if signing == "ec2" else "query", (region, form.get("Version", ""), signing))
    url = urlsplit(address)
    if headers.get("smithy-protocol"):
        return CheckOptions(url.path.rpartition("/")[2], "cbor", (region, signing))
    keys = frozenset(name for name, _ in parse_qsl(url.query, keep_blank_values=True))
    fits = [one for one in _paths(signing) if one.method == method and one.query <= keys and one.pattern.fullmatch(url.path)]
    if not fits:
        return CheckOptions(url.path, "path", (region, signing))
    found = max(fits, key=lambda one: (len(one.query), -one.pattern.pattern.count("[^/]")))
    return CheckOptions(found.operation, found.protocol, (region, found.service))


@cache
def _paths(signing: str) -> list[_Path]:
    """Return the paths of all calls of the tables that are told by these, of services that sign by a name."""
    found = []
    for service, operation in sorted({(call.service, call.operation) for call in CALLS.values()}):
        model = MODELS.load_service_model(service, "service-2")
        meta = model["metadata"]
        if not meta["protocol"].startswith("rest-") or (meta.get("signingName") or meta["endpointPrefix"]) != signing:
            continue
        http = _AS_WRITTEN.load_service_model(service, "service-2")["operations"][operation]["http"]
        path, _, query = http["requestUri"].partition("?")
        pattern = "".join(
            ("[^/]+" if part.endswith("}") else re.escape(part)) for part in re.split(r"(\{[^}]*\})", path.replace("+}", "}"))
        )
        keys = frozenset(name for name, value in parse_qsl(query, keep_blank_values=True) if not value or name == "type")
        found.append(_Path(http["method"], re.compile(f"{pattern}/?"), keys, operation, service, meta["protocol"]))
    return found
