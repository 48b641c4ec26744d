"""Issues of GitHub, GitLab and Jira Cloud by their documented REST APIs."""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol
from urllib.parse import quote, urlsplit

from perpend.core.dataclass import dataclass
from perpend.findings.notifications.channels import UnusableChannels
from perpend.findings.notifications.issues.rest import RestClient, TrackerRefused, TrackerStopped
from perpend.findings.notifications.issues.text import jira_document, markdown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from perpend.findings.notifications.channels import Channel
    from perpend.findings.notifications.issues.text import IssueText, TextBlock

LABEL: Final = "perpend"
"""The label of every issue."""

_PER_PAGE: Final = 100
_MOST_PAGES: Final = 50
_GONE: Final = 410
_NOT_FOUND: Final = 404
_JIRA_SETTLES: Final = 120.0
_JIRA_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,60}-[0-9]{1,12}")
_JIRA_PROJECT: Final = re.compile(
    r"(?P<gateway>/ex/jira/[A-Za-z0-9-]+)?(?:/jira/[a-z-]+(?:/c)?)?/(?:browse|projects)/(?P<key>[A-Z][A-Z0-9_]+)(?:/[\w/-]*)?"
)
_JIRA_FIELDS: Final = ("status", "labels", "created")
_MARKER: Final = re.compile(r"<!-- perpend:([0-9a-f]+) -->")
_NOT_AN_ISSUE: Final = "the answer holds something else than an issue"
_DONE_NAMES: Final = ("done", "closed", "resolved", "close issue", "resolve issue")


@dataclass(frozen=True, slots=True)
class FoundIssue:
    """An issue of a tracker by its number or key, and whether it is open.

    A project that is created again counts from 1 again, but ``identity``, the id in the whole tracker, and ``created``, a time
    in UTC, do not come back. The time is empty if the answer does not hold it. ``keys`` are those that its body or labels name.
    """

    ref: str
    is_open: bool
    identity: str
    created: str
    keys: frozenset[str] = frozenset()


class Tracker(Protocol):
    """The issues of one project. Each call raises NotSent if it fails."""

    @property
    def settles(self) -> float:
        """For how many seconds a new issue may be missing in a search."""
        ...

    def marked(self, keys: Collection[str], since: datetime | None) -> dict[str, FoundIssue]:
        """Return the issues with these keys, oldest first. ``since``: look also at all issues that were created since."""
        ...

    def create(self, text: IssueText, key: str) -> FoundIssue:
        """Create an issue and return it."""
        ...

    def look_up(self, ref: str) -> FoundIssue | None:
        """Return an issue, None if somebody deleted it. It may be another one than before."""
        ...

    def update(self, ref: str, text: IssueText, key: str) -> None:
        """Replace the title and the body of an issue."""
        ...

    def comment(self, ref: str, blocks: Sequence[TextBlock]) -> None:
        """Add a comment."""
        ...

    def close(self, ref: str, *, fixed: bool) -> None:
        """Close an issue; ``fixed`` is false if its policy was removed."""
        ...

    def reopen(self, ref: str) -> None:
        """Open an issue again."""
        ...


def tracker_of(channel: Channel) -> Tracker:
    """Return the tracker of a channel. Raises UnusableChannels if its URL is not that of a project."""
    parts = urlsplit(channel.url)
    if parts.query or parts.fragment or parts.username or parts.password:
        raise UnusableChannels(f"channel {channel.name}: the URL has more than the address of a project")
    site = f"{parts.scheme}://{parts.netloc}"
    path = parts.path.removesuffix("/").removesuffix(".git")
    if channel.kind == "github":
        if not re.fullmatch(r"/[\w.-]+/[\w.-]+", path, re.ASCII):
            raise UnusableChannels(
                f"channel {channel.name}: the URL is not that of a repository, https://github.com/OWNER/NAME"
            )
        api = "https://api.github.com" if parts.hostname == "github.com" else f"{site}/api/v3"
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Authorization": f"Bearer {channel.token}",
        }
        # GitHub asks for a second between calls that write.
        return _GitHubIssues(RestClient(f"{api}/repos{path}", headers, pause=1.0))
    if channel.kind == "gitlab":
        if path.count("/") < 2 or "/-/" in f"{path}/":
            raise UnusableChannels(f"channel {channel.name}: the URL is not that of a project, https://gitlab.com/GROUP/NAME")
        return _GitLabIssues(RestClient(f"{site}/api/v4/projects/{quote(path[1:], safe='')}", {"PRIVATE-TOKEN": channel.token}))
    named = _JIRA_PROJECT.fullmatch(path)
    if named is None:
        raise UnusableChannels(
            f"channel {channel.name}: the URL is not that of a project, https://SITE.atlassian.net/browse/PROJECT"
        )
    basic = base64.b64encode(f"{channel.user}:{channel.token}".encode()).decode()
    authorization = f"Basic {basic}" if channel.user else f"Bearer {channel.token}"
    client = RestClient(
        f"{site}{named['gateway'] or ''}/rest/api/3", {"Accept": "application/json", "Authorization": authorization}
    )
    return _JiraIssues(client, named["key"], channel.issue_type)


@dataclass(frozen=True, slots=True)
class _GitIssues(ABC):
    """Issues whose bodies are Markdown, with the key in an invisible comment on a line of its own.

    The constants are the names of fields and values.
    """

    client: RestClient

    _HAS_ISSUES: ClassVar[str]
    _BODY: ClassVar[str]
    _NUMBER: ClassVar[str]
    _OPEN: ClassVar[str]
    _COMMENTS: ClassVar[str]
    _LABELS: ClassVar[Any]

    @abstractmethod
    def _created_since(self, since: datetime) -> dict[str, str]:
        """Return the query for the issues that were created since a time; others may be among them."""

    @abstractmethod
    def _change(self, ref: str, content: Mapping[str, Any]) -> None:
        """Replace fields of an issue."""

    @property
    def settles(self) -> float:
        return 0.0

    def marked(self, keys: Collection[str], since: datetime | None) -> dict[str, FoundIssue]:
        queries: list[dict[str, str]] = [{"labels": LABEL}]
        # A token that may not set labels has created issues without any.
        queries += [self._created_since(since)] if since is not None else []
        issues: dict[str, FoundIssue] = {}
        for query in queries:
            for answer in self._pages({"state": "all", "per_page": str(_PER_PAGE), **query}):
                issue = self._issue(answer)
                issues |= dict.fromkeys(issue.keys.intersection(keys), issue)
        return issues

    def _pages(self, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        for page in range(1, _MOST_PAGES + 1):
            answer, _ = self.client.call("GET", "/issues", query={**query, "page": str(page)})
            rows = _list(answer)
            # GitHub lists pull requests as issues.
            yield from (row for row in rows if isinstance(row, dict) and "pull_request" not in row)
            if len(rows) < _PER_PAGE:
                return

    def create(self, text: IssueText, key: str) -> FoundIssue:
        content = {**self._content(text, key), "labels": self._LABELS}
        answer, _ = self.client.call("POST", "/issues", content, once=True)
        return self._issue(answer)

    def look_up(self, ref: str) -> FoundIssue | None:
        try:
            answer, _ = self.client.call("GET", f"/issues/{ref}")
        except TrackerRefused as error:
            if error.status not in (_GONE, _NOT_FOUND):
                raise
            # A project whose issues are off, and a token that may not see them, get the answers for a deleted issue.
            project, _ = self.client.call("GET", "")
            if not isinstance(project, dict) or project.get(self._HAS_ISSUES) is not True:
                raise TrackerStopped("the project has its issues turned off") from None
            self.client.call("GET", "/issues", query={"per_page": "1"})
            return None
        issue = self._issue(answer)
        if issue.ref != ref:
            raise TrackerStopped(_NOT_AN_ISSUE)
        return issue

    def update(self, ref: str, text: IssueText, key: str) -> None:
        self._change(ref, self._content(text, key))

    def comment(self, ref: str, blocks: Sequence[TextBlock]) -> None:
        self.client.call("POST", f"/issues/{ref}/{self._COMMENTS}", {"body": markdown(blocks)}, once=True)

    def _content(self, text: IssueText, key: str) -> dict[str, Any]:
        return {"title": text.title, self._BODY: f"{markdown(text.body)}\n{_marker(key)}\n"}

    def _issue(self, answer: Any) -> FoundIssue:
        number, identity = _value(answer, self._NUMBER, int), _value(answer, "id", int)
        body = answer.get(self._BODY)
        lines = body.splitlines() if isinstance(body, str) else ()
        keys = frozenset(match[1] for line in lines if (match := _MARKER.fullmatch(line.strip())))
        is_open = _value(answer, "state", str) == self._OPEN
        return FoundIssue(str(number), is_open, str(identity), _time(_value(answer, "created_at", str)), keys)


class _GitHubIssues(_GitIssues):
    """Issues of a repository on GitHub."""

    _HAS_ISSUES = "has_issues"
    _BODY, _NUMBER, _OPEN, _COMMENTS, _LABELS = "body", "number", "open", "comments", [LABEL]

    def _created_since(self, since: datetime) -> dict[str, str]:
        return {"since": _utc(since), "sort": "created", "direction": "desc"}

    def _change(self, ref: str, content: Mapping[str, Any]) -> None:
        self.client.call("PATCH", f"/issues/{ref}", content)

    def close(self, ref: str, *, fixed: bool) -> None:
        self._change(ref, {"state": "closed", "state_reason": "completed" if fixed else "not_planned"})

    def reopen(self, ref: str) -> None:
        self._change(ref, {"state": "open", "state_reason": "reopened"})


class _GitLabIssues(_GitIssues):
    """Issues of a project on GitLab."""

    _HAS_ISSUES = "issues_enabled"
    _BODY, _NUMBER, _OPEN, _COMMENTS, _LABELS = "description", "iid", "opened", "notes", LABEL

    def _created_since(self, since: datetime) -> dict[str, str]:
        return {"created_after": _utc(since)}

    def _change(self, ref: str, content: Mapping[str, Any]) -> None:
        self.client.call("PUT", f"/issues/{ref}", content)

    def close(self, ref: str, *, fixed: bool) -> None:
        self._change(ref, {"state_event": "close"})

    def reopen(self, ref: str) -> None:
        self._change(ref, {"state_event": "reopen"})


@dataclass(frozen=True, slots=True)
class _JiraIssues:
    """Issues of a project in Jira Cloud, with the key as a label. Steps of the workflow close and reopen them."""

    client: RestClient
    project: str
    issue_type: str

    @property
    def settles(self) -> float:
        return _JIRA_SETTLES

    def marked(self, keys: Collection[str], since: datetime | None) -> dict[str, FoundIssue]:
        issues: dict[str, FoundIssue] = {}
        ordered = sorted(keys)
        for first in range(0, len(ordered), _PER_PAGE):
            wanted = ordered[first : first + _PER_PAGE]
            labels = ", ".join(f'"{_jira_label(key)}"' for key in wanted)
            query = f'project = "{self.project}" AND labels in ({labels}) ORDER BY created ASC'
            content = {"jql": query, "fields": _JIRA_FIELDS, "maxResults": _PER_PAGE}
            answer, _ = self.client.call("POST", "/search/jql", content)
            for row in _list(_value(answer, "issues", list)):
                issue = self._issue(row)
                issues = dict.fromkeys(issue.keys.intersection(wanted), issue) | issues
        return issues

    def create(self, text: IssueText, key: str) -> FoundIssue:
        named = {"project": {"key": self.project}, "issuetype": {"name": self.issue_type}}
        fields = {**named, **self._content(text), "labels": [LABEL, _jira_label(key)]}
        answer, _ = self.client.call("POST", "/issue", {"fields": fields}, once=True)
        return FoundIssue(_jira_ref(answer), True, _value(answer, "id", str), "")

    def look_up(self, ref: str) -> FoundIssue | None:
        try:
            answer, _ = self.client.call("GET", f"/issue/{ref}", query={"fields": ",".join(_JIRA_FIELDS)})
        except TrackerRefused as error:
            if error.status != _NOT_FOUND:
                raise
            self.client.call("GET", f"/project/{self.project}")
            return None
        return self._issue(answer)

    def update(self, ref: str, text: IssueText, key: str) -> None:
        self.client.call("PUT", f"/issue/{ref}", {"fields": self._content(text)})

    def comment(self, ref: str, blocks: Sequence[TextBlock]) -> None:
        self.client.call("POST", f"/issue/{ref}/comment", {"body": jira_document(blocks)}, once=True)

    def close(self, ref: str, *, fixed: bool) -> None:
        self._move(ref, to_done=True)

    def reopen(self, ref: str) -> None:
        self._move(ref, to_done=False)

    def _move(self, ref: str, *, to_done: bool) -> None:
        """Take the step of the workflow that leads to a status of the category done, or to one of another category."""
        answer, _ = self.client.call("GET", f"/issue/{ref}/transitions")
        steps: list[tuple[bool, str]] = []
        for step in _list(_value(answer, "transitions", list)):
            target = _value(step, "to", dict)
            category = _category(target)
            if (category == "done") is to_done:
                names = (str(step.get("name", "")).lower(), str(target.get("name", "")).lower())
                expected = any(one in _DONE_NAMES for one in names) if to_done else category == "new"
                steps.append((not expected, _value(step, "id", str)))
        if not steps:
            raise TrackerRefused(0, f"the workflow has no step that {'closes' if to_done else 'reopens'} {ref}")
        number = min(steps, key=lambda step: step[0])[1]
        self.client.call("POST", f"/issue/{ref}/transitions", {"transition": {"id": number}})

    def _content(self, text: IssueText) -> dict[str, Any]:
        return {"summary": text.title, "description": jira_document(text.body)}

    def _issue(self, answer: Any) -> FoundIssue:
        fields = _value(answer, "fields", dict)
        is_open = _category(_value(fields, "status", dict)) != "done"
        labels = [label for label in _value(fields, "labels", list) if isinstance(label, str)]
        keys = frozenset(label.removeprefix(_jira_label("")) for label in labels if label.startswith(_jira_label("")))
        created = _time(_value(fields, "created", str))
        return FoundIssue(_jira_ref(answer), is_open, _value(answer, "id", str), created, keys)


def _marker(key: str) -> str:
    return f"<!-- perpend:{key} -->"


def _jira_label(key: str) -> str:
    return f"{LABEL}-{key}"


def _jira_ref(answer: Any) -> str:
    ref: str = _value(answer, "key", str)
    if not _JIRA_KEY.fullmatch(ref):
        raise TrackerStopped(_NOT_AN_ISSUE)
    return ref


def _category(status: Mapping[str, Any]) -> str:
    return str(_value(_value(status, "statusCategory", dict), "key", str))


def _time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise TrackerStopped(_NOT_AN_ISSUE) from None


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _list(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        raise TrackerStopped("the answer holds something else than issues")
    return answer


def _value(answer: Any, name: str, kind: Any) -> Any:
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TrackerStopped(_NOT_AN_ISSUE)
    return value
