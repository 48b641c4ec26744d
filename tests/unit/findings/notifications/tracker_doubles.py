"""Doubles of the documented issue APIs of GitHub, GitLab and Jira Cloud on a local port. They refuse anything that those do."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "T0KEN"  # noqa: S105
ADDRESSES = {"github": "/acme/cloud", "gitlab": "/acme/cloud", "jira": "/browse/SEC"}
TEXTS_OF_ADF = {"paragraph", "heading"}


class BadRequest(Exception):
    """A request that the API does not allow."""


class BadGateway(Exception):
    """An answer that is lost on its way."""


@dataclass
class Ticket:
    number: int
    title: str
    body: Any
    labels: list[str]
    is_open: bool = True
    comments: list[Any] = field(default_factory=list)
    reason: str | None = None
    at: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    id: int = field(default_factory=itertools.count(1001).__next__)

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else adf_text(self.body)

    @property
    def said(self) -> list[str]:
        return [comment if isinstance(comment, str) else adf_text(comment) for comment in self.comments]


def adf_text(node: dict[str, Any]) -> str:
    """Return the text of an Atlassian document. Fail if it is not one."""
    kind = node["type"]
    if kind == "text":
        assert node["text"] and set(node) <= {"type", "text", "marks"}
        for mark in node.get("marks", ()):
            assert mark["type"] == "code" or mark["attrs"]["href"].startswith("http")
        return str(node["text"])
    allowed = {"doc": {"paragraph", "heading", "bulletList"}, "bulletList": {"listItem"}, "listItem": {"paragraph"}}
    inner = allowed.get(kind, {"text"})
    assert kind in {*allowed, *TEXTS_OF_ADF} and {child["type"] for child in node["content"]} <= inner
    assert kind != "doc" or node["version"] == 1
    return ("" if kind in TEXTS_OF_ADF else "\n").join(map(adf_text, node["content"]))


class TrackerDouble:
    """A project of one kind of tracker. ``faults`` are answers to give next in place of its own.

    ``drips`` sends the headers or the body of each answer one byte at a time, for some seconds. ``moved`` has the new numbers
    of moved issues of Jira by the old ones, which Jira still knows; ``zone`` is the time zone of its user.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.tickets: list[Ticket] = []
        self.calls: list[str] = []
        self.faults: list[tuple[int, dict[str, str], bytes]] = []
        self.drops_labels = self.is_hidden = self.has_no_issues = False
        self.token = TOKEN
        self.drips: str | None = None
        self.moved: dict[str, str] = {}
        self.zone: tzinfo = UTC

    def answer(self, method: str, target: str, headers: Any, content: Any) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return getattr(self, f"_{self.kind}")(method, parts.path, query, headers, content)

    def _new(self, title: str, body: Any, labels: list[str]) -> Ticket:
        if not title or len(title) > 255:
            raise BadRequest
        ticket = Ticket(len(self.tickets) + 1, title, body, [] if self.drops_labels else labels)
        self.tickets.append(ticket)
        return ticket

    def _of(self, number: str) -> Ticket | None:
        return next((one for one in self.tickets if str(one.number) == number), None)

    def _listed(self, query: dict[str, str], since: str | None) -> list[Ticket]:
        page, size = int(query.get("page", "1")), int(query.get("per_page", "20"))
        if size > 100 or query.get("state", "open") != "all":
            raise BadRequest
        rows = [one for one in reversed(self.tickets) if query.get("labels") in (None, *one.labels) and one.at >= (since or "")]
        return rows[(page - 1) * size : page * size]

    def _git(self, method: str, path: str, base: str, query: dict[str, str], content: Any) -> tuple[int, Any]:
        body, comments = ("body", "comments") if self.kind == "github" else ("description", "notes")
        if self.is_hidden or not path.startswith(base.removesuffix("/issues")):
            return 404, {"message": "Not Found"}
        if path == base.removesuffix("/issues"):
            assert method == "GET"
            return 200, {"has_issues" if self.kind == "github" else "issues_enabled": not self.has_no_issues}
        rest = path.removeprefix(base)
        if self.has_no_issues and (rest or method == "POST"):
            return (410 if self.kind == "github" else 404), {"message": "Issues are disabled for this repo"}
        if rest == "":
            if method == "GET":
                if set(query) == {"per_page"} or self.has_no_issues:
                    return 200, []
                return 200, list(map(self._shown, self._listed(query, query.get("since") or query.get("created_after"))))
            assert method == "POST" and set(content) == {"title", body, "labels"}
            labels = content["labels"]
            assert isinstance(labels, list if self.kind == "github" else str)
            return 201, self._shown(self._new(content["title"], content[body], [labels] if isinstance(labels, str) else labels))
        number, _, below = rest[1:].partition("/")
        ticket = self._of(number)
        if ticket is None:
            return (410 if self.kind == "github" else 404), {}
        if below:
            assert (method, below, set(content)) == ("POST", comments, {"body"})
            ticket.comments.append(content["body"])
            return 201, {}
        if method != "GET":
            assert method == ("PATCH" if self.kind == "github" else "PUT")
            ticket.title, ticket.body = content.get("title", ticket.title), content.get(body, ticket.body)
            if "state" in content:
                assert content["state_reason"] in ({"reopened"} if content["state"] == "open" else {"completed", "not_planned"})
                ticket.is_open, ticket.reason = content["state"] == "open", content["state_reason"]
            if "state_event" in content:
                ticket.is_open = {"close": False, "reopen": True}[content["state_event"]]
            assert set(content) <= (
                {"title", body, "state", "state_reason"} if self.kind == "github" else {"title", body, "state_event"}
            )
        return 200, self._shown(ticket)

    def _shown(self, ticket: Ticket) -> dict[str, Any]:
        if self.kind == "github":
            state = "open" if ticket.is_open else "closed"
            body = ticket.body.replace("\n", "\r\n")
            names = {"number": ticket.number, "id": ticket.id, "created_at": ticket.at}
            return {**names, "title": ticket.title, "body": body, "state": state}
        state = "opened" if ticket.is_open else "closed"
        at = ticket.at.replace("Z", ".000Z")
        return {"iid": ticket.number, "id": ticket.id, "created_at": at, "description": ticket.body, "state": state}

    def _github(self, method: str, path: str, query: dict[str, str], headers: Any, content: Any) -> tuple[int, Any]:
        if headers["Authorization"] != f"Bearer {self.token}" or not headers["User-Agent"]:
            return 401, {"message": "Bad credentials"}
        assert "application/vnd.github+json" == headers["Accept"] and headers["X-GitHub-Api-Version"]
        return self._git(method, path, "/api/v3/repos/acme/cloud/issues", query, content)

    def _gitlab(self, method: str, path: str, query: dict[str, str], headers: Any, content: Any) -> tuple[int, Any]:
        if headers["PRIVATE-TOKEN"] != self.token:
            return 401, {"message": "401 Unauthorized"}
        return self._git(method, path, "/api/v4/projects/acme%2Fcloud/issues", query, content)

    def _jira(self, method: str, path: str, query: dict[str, str], headers: Any, content: Any) -> tuple[int, Any]:
        if headers["Authorization"] != f"Basic {base64.b64encode(f'perpend@acme.example:{self.token}'.encode()).decode()}":
            return 401, {}
        match method, path.removeprefix("/rest/api/3").split("/")[1:]:
            case "POST", ["search", "jql"]:
                assert content["jql"].startswith('project = "SEC" AND labels in (')
                assert content["fields"] == ["status", "labels", "created"]
                wanted = set(re.findall('"(perpend-[0-9a-f]{32})"', content["jql"]))
                rows = [one for one in self.tickets if wanted & set(one.labels)]
                return 200, {"issues": list(map(self._jira_issue, rows)), "isLast": True}
            case "POST", ["issue"]:
                fields = content["fields"]
                if fields["issuetype"] != {"name": "Task"}:
                    return 400, {"errorMessages": [], "errors": {"issuetype": "Specify a valid issue type"}}
                assert fields["project"] == {"key": "SEC"} and adf_text(fields["description"])
                ticket = self._new(fields["summary"], fields["description"], fields["labels"])
                return 201, {"id": str(ticket.id), "key": f"SEC-{ticket.number}"}
            case "GET", ["project", "SEC"]:
                return (404, {}) if self.is_hidden else (200, {"key": "SEC"})
            case _, ["issue", key, *below]:
                number = key.removeprefix("SEC-")
                ticket_ = None if self.is_hidden else self._of(self.moved.get(number, number))
                return self._jira_change(method, ticket_, below, content) if ticket_ else (404, {})
        raise BadRequest

    def _jira_change(self, method: str, ticket: Ticket, below: list[str], content: Any) -> tuple[int, Any]:
        match method, below:
            case "GET", []:
                return 200, self._jira_issue(ticket)
            case "PUT", []:
                assert set(content["fields"]) == {"summary", "description"} and adf_text(content["fields"]["description"])
                ticket.title, ticket.body = content["fields"]["summary"], content["fields"]["description"]
                return 204, None
            case "POST", ["comment"]:
                ticket.comments.append(content["body"])
                return 201, {}
            case "GET", ["transitions"]:
                steps = [("21", "Start", "indeterminate"), ("41", "Reject", "done"), ("31", "Done", "done")]
                steps = steps if ticket.is_open else [("12", "Rework", "indeterminate"), ("11", "Reopen", "new")]
                return 200, {
                    "transitions": [{"id": id, "name": name, "to": {"statusCategory": {"key": key}}} for id, name, key in steps]
                }
            case "POST", ["transitions"]:
                number = content["transition"]["id"]
                assert number == ("31" if ticket.is_open else "11")
                ticket.is_open = number == "11"
                return 204, None
        raise BadRequest

    def _jira_issue(self, ticket: Ticket) -> dict[str, Any]:
        status = {"statusCategory": {"key": "new" if ticket.is_open else "done"}}
        created = f"{datetime.fromisoformat(ticket.at).astimezone(self.zone):%Y-%m-%dT%H:%M:%S.000%z}"
        fields = {"status": status, "labels": ticket.labels, "created": created}
        return {"id": str(ticket.id), "key": f"SEC-{ticket.number}", "fields": fields}


def drip(stream: Any, text: bytes) -> None:
    """Send a text one byte at a time until the receiver leaves."""
    with suppress(OSError):
        for byte in text:
            stream.write(bytes([byte]))
            stream.flush()
            sleep(0.1)


@contextmanager
def served(double: TrackerDouble) -> Iterator[str]:
    """Serve a double; yield the address of its project."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers["Content-Length"] or 0)
            content = json.loads(self.rfile.read(length)) if length else None
            double.calls.append(f"{self.command} {self.path}")
            headers: dict[str, str] = {}
            try:
                if double.faults:
                    status, headers, body = double.faults.pop(0)
                else:
                    status, answer = double.answer(self.command, self.path, self.headers, content)
                    body = b"" if answer is None else json.dumps(answer).encode()
            except BadGateway:
                status, body = 502, b""
            except (BadRequest, AssertionError, KeyError) as error:
                double.calls.append(f"REFUSED {error!r}")
                status, body = 422, b"{}"
            if double.drips == "headers":
                drip(self.wfile, b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 30)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            if double.drips == "body":
                drip(self.wfile, body)
            else:
                self.wfile.write(body)

        do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{ADDRESSES[double.kind]}"
    finally:
        server.shutdown()
        server.server_close()
