"""A store that a server serves, for programs: ``perpend.connect`` returns it. It needs the standard library only."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from dataclasses import field
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import InvalidOption, PerpendError
from perpend.core.http_client import before, check_time, opener_for
from perpend.findings.filters import ACCOUNT, OF_FINDINGS, ORDERS, WAIVED, Filter
from perpend.findings.list_findings import TIME_COLUMNS
from perpend.runs.store_reader import StoreReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_LINE: Final = 4_194_304
"""The bytes of one row."""

_MAX_PROBLEM: Final = 65_536
_STEPS: Final = 10
"""How many times the timeout of a step a whole answer may take."""

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_TIMES: Final = frozenset(TIME_COLUMNS)


@dataclass(frozen=True, slots=True)
class ConnectedStore(StoreReader):
    """A store that ``perpend serve`` serves, as ``connect`` returns it.

    Its methods return the rows that those of ``OpenStore`` return, for the accounts that the reader may see. The server reads
    the store, the waivers and the ratings, and warns of nothing. Each call is one request, so its rows are of one run. Nothing
    is kept open, so threads may share it. A request that the server refuses raises PerpendError with the server's sentence,
    InvalidOption if a parameter is wrong.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    timeout: float = 60.0

    def findings(self, *, waived: str = WAIVED[0], order: str = ORDERS[0], **filters: object) -> list[dict[str, Any]]:
        """Return the findings of the history, by default the open ones. Keywords are those of ``OpenStore.findings``."""
        chosen = Filter.of_arguments(OF_FINDINGS, filters)
        pairs = [(name, value) for name, values in chosen.values.items() for value in values]
        return self._rows("findings", [*pairs, ("waived", waived), ("order", order)])

    def diff(self, before: str | int | None = None, after: str | int | None = None) -> list[dict[str, Any]]:
        """Return the findings that differ between two runs, by default the last two, as ``OpenStore.diff`` does."""
        if before is None and after is not None:
            raise InvalidOption("diff needs a run before the one named")
        runs = (("before", before), ("after", after))
        return self._rows("diff", [(name, str(run)) for name, run in runs if run is not None])

    def compliance(
        self, framework: str | Sequence[str] = (), *, account: str | Sequence[str] = (), inherited: bool = False
    ) -> list[dict[str, Any]]:
        """Return the requirements of frameworks, of all by default, as ``OpenStore.compliance`` does."""
        named = [("framework", name) for name in _several(framework)] + [(ACCOUNT.name, one) for one in _several(account)]
        return self._rows("compliance", [*named, ("inherited", "yes" if inherited else "no")])

    def _rows(self, name: str, parameters: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        address = f"{self.url}/api/v1/{name}.ndjson?{urlencode(parameters, errors='replace')}"
        headers = {"Accept": "application/x-ndjson", "User-Agent": "perpend"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        end = monotonic() + _STEPS * self.timeout
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  # `connect` has checked the scheme
        try:
            return before(end, partial(self._answered, request, end))
        except urllib.error.URLError as error:
            raise PerpendError(f"{visible(self.url)}: {visible(str(error.reason))}") from None
        except (OSError, http.client.HTTPException) as error:
            raise PerpendError(f"{visible(self.url)}: {visible(str(error) or type(error).__name__)}") from None

    def _answered(self, request: urllib.request.Request, end: float) -> list[dict[str, Any]]:
        with opener_for(self.url).open(request, timeout=self.timeout) as answer:
            if not 200 <= answer.status < 300:
                raise self._refused(answer)
            return list(self._read(answer, end))

    def _read(self, answer: http.client.HTTPResponse, end: float) -> Iterator[dict[str, Any]]:
        """Yield the rows of an answer. Raises PerpendError for an answer that is not complete, or not a list of rows.

        No row is read after the time ``end``, when nobody waits for it.
        """
        if not answer.headers.get_content_type().endswith("ndjson"):
            raise PerpendError(f"{visible(self.url)}: the answer is not from the API of Perpend")
        expected, read = answer.headers.get("Content-Length"), 0
        if expected is None:
            # http.client takes a broken connection for the end of such an answer.
            raise PerpendError(f"{visible(self.url)}: the answer has no Content-Length: a proxy must pass this header on")
        while line := answer.readline(MAX_LINE + 1):
            read += len(line)
            yield self._row(line)
            check_time(end)
        if str(read) != expected:
            raise PerpendError(f"{visible(self.url)}: the answer ended early")

    def _row(self, line: bytes) -> dict[str, Any]:
        try:
            row = json.loads(line) if len(line) <= MAX_LINE and line.endswith(b"\n") else None
            if isinstance(row, dict):
                return {name: _value(name, value) for name, value in row.items()}
        except (ValueError, RecursionError):
            pass
        raise PerpendError(f"{visible(self.url)}: the answer has a line that is not a row")

    def _refused(self, answer: http.client.HTTPResponse) -> PerpendError:
        """Return the error of a request that the server refused, with the sentence of its problem document."""
        if 300 <= answer.status < 400:
            return PerpendError(f"{visible(self.url)}: the server sends readers to another address, which is not followed")
        sentence = _detail(answer) or f"the server answers with status {answer.status}"
        if answer.status == http.client.BAD_REQUEST:
            return InvalidOption(sentence)
        return PerpendError(f"{visible(self.url)}: {sentence}")


def connect(url: str, *, token: str | None = None, timeout: float = 60.0) -> ConnectedStore:
    """Connect to the store that ``perpend serve`` serves at an address, such as ``http://127.0.0.1:8080``.

    ``token`` is a Bearer token of the server. ``timeout`` is in seconds, for each step of a request; a whole answer may take
    ten times as long. No redirect is followed, so the token reaches no other server. Nothing is asked before the first call.

    Raises InvalidOption for an address or a token that cannot be one.
    """
    parts = _parts(url)
    if parts is None:
        raise InvalidOption("the address of a server is http://HOST:PORT or https://HOST, with nothing but a path behind it")
    if token is not None and not _TOKEN.fullmatch(token):
        raise InvalidOption("the token is empty, or has characters that no token has")
    return ConnectedStore(f"{parts[0]}://{parts[1]}{parts[2].rstrip('/')}", token, timeout)


def _parts(url: str) -> tuple[str, str, str] | None:
    """Return scheme, host with port, and path of a server's address; None if it is not one. A password is not part of it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    if not usable or "@" in parts.netloc or parts.query or parts.fragment or not re.fullmatch(r"[\x21-\x7e]+", url):
        return None
    return parts.scheme, parts.netloc, parts.path


def _value(name: str, value: Any) -> Any:
    """Return the value of a column: times as times, everything else as JSON has it."""
    return datetime.fromisoformat(value) if name in _TIMES and isinstance(value, str) else value


def _detail(answer: http.client.HTTPResponse) -> str:
    """Return the sentence of a problem document; an empty text if there is none."""
    try:
        problem = json.loads(answer.read(_MAX_PROBLEM))
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        return ""
    detail = problem.get("detail") if isinstance(problem, dict) else None
    return visible(detail[:1_000]) if isinstance(detail, str) else ""


def _several(values: str | Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)
