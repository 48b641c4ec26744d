"""Read the file of channels. Secrets are in the environment; the file names the variables."""

from __future__ import annotations

import re
import tomllib
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import nearest
from perpend.core.errors import PerpendError
from perpend.core.http_client import is_this_machine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TRACKERS: Final = ("github", "gitlab", "jira")
"""The kinds of channels that get issues in place of digests."""

KINDS: Final = ("webhook", "apprise", *TRACKERS)
"""How news goes out: as JSON by HTTP, as text by the package apprise, or as issues of a project."""

MOST_NEW: Final = 50
"""How many issues one call opens in a channel, unless its table says otherwise."""

_MOST_BYTES: Final = 256 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_ISSUE_TYPE: Final = re.compile(r"[^\W_][\w -]{0,59}")
_COMMON: Final = ("kind", "url-env", "owners", "severity")
_OF_TRACKERS: Final = ("token-env", "token-file", "most")
_KEYS: Final = {
    "webhook": (*_COMMON, "headers-env"),
    "apprise": _COMMON,
    "github": (*_COMMON, *_OF_TRACKERS),
    "gitlab": (*_COMMON, *_OF_TRACKERS),
    "jira": (*_COMMON, *_OF_TRACKERS, "user-env", "issue-type"),
}
_MOST_TOKEN: Final = 16 * 1024


class UnusableChannels(PerpendError):
    """A file of channels with errors, or a variable that is not set: nothing is sent."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A destination of digests or issues. It gets the news of ``owners`` only, of everybody if there are none.

    ``severity`` is the least that a digest lists or that opens an issue, None for all. ``url``, ``headers``, ``user`` and
    ``token`` are secret, and appear in no message. The rest is for trackers: the number of issues that one call opens, and the
    type of issue in Jira.
    """

    name: str
    kind: str
    owners: tuple[str, ...] = ()
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    severity: str | None = None
    most: int = MOST_NEW
    issue_type: str = "Task"

    @property
    def is_tracker(self) -> bool:
        """Whether the channel gets issues."""
        return self.kind in TRACKERS


def channels_in(
    path: Path, environment: Mapping[str, str] | None, severities: Sequence[str] | None = None
) -> tuple[Channel, ...]:
    """Return the channels of a file, by name, with secrets from the environment; None reads no secrets.

    ``severities`` are the levels that a table may name, None for any. Raises UnusableChannels for a file with any other
    content, or with secrets in place of names of variables.
    """
    shown = visible(str(path))
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UnusableChannels(f"{shown}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    if len(content) > _MOST_BYTES:
        raise UnusableChannels(f"{shown}: has more than {_MOST_BYTES:,} bytes")
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnusableChannels(f"{shown}: is no TOML: {visible(str(error))}") from None
    tables = document.pop("channels", None)
    if document or not isinstance(tables, dict) or not tables:
        raise UnusableChannels(f"{shown}: holds tables `[channels.NAME]`, one for each channel, and nothing else")
    channels = tuple(_channel(name, tables[name], shown, environment) for name in sorted(tables))
    for channel in channels:
        if severities is not None and channel.severity not in (None, *severities):
            raise UnusableChannels(f"{shown}: channels.{channel.name}: `severity` is one of {', '.join(severities)}")
    return channels


def _channel(name: str, table: Any, shown: str, environment: Mapping[str, str] | None) -> Channel:
    where = f"{shown}: channels.{visible(name)}"
    if not _NAME.fullmatch(name) or not isinstance(table, dict):
        raise UnusableChannels(f"{where}: is no table with a name of letters, digits, `-` and `_`")
    kind, owners, headers = table.get("kind", KINDS[0]), table.get("owners", []), table.get("headers-env", {})
    if kind not in KINDS:
        raise UnusableChannels(f"{where}: `kind` is one of {', '.join(KINDS)}")
    for key in table:
        if key not in _KEYS[kind]:
            hint = nearest(key, _KEYS[kind], ()) or f"keys of a channel of the kind {kind} are {', '.join(_KEYS[kind])}"
            raise UnusableChannels(f"{where}: there is no key `{visible(key)}`: secrets stand in the environment only; {hint}")
    if not isinstance(owners, list) or not all(isinstance(owner, str) for owner in owners):
        raise UnusableChannels(f"{where}: `owners` is a list of texts")
    if not isinstance(headers, dict) or not all(map(_HEADER.fullmatch, headers)):
        raise UnusableChannels(f"{where}: `headers-env` names headers of a webhook, each with a variable")
    url = _secret(table.get("url-env"), f"{where}: `url-env`", environment)
    values = {header: _secret(variable, f"{where}: `headers-env`", environment) for header, variable in headers.items()}
    if environment is not None and kind != "apprise" and not _may_be_called(url):
        raise UnusableChannels(
            f"{where}: {table['url-env']} holds no URL that begins with https:// (or http:// on this machine)"
        )
    severity = table.get("severity")
    if severity is not None and not isinstance(severity, str):
        raise UnusableChannels(f"{where}: `severity` is a text")
    channel = Channel(name, kind, tuple(owners), url, values, severity=severity)
    if channel.is_tracker:
        channel = _tracker(channel, table, where, environment)
    if any(not value.isprintable() for value in (url, channel.user, channel.token, *values.values())):
        raise UnusableChannels(f"{where}: a variable or a file holds signs that neither URLs nor headers have")
    return channel


def _tracker(channel: Channel, table: Mapping[str, Any], where: str, environment: Mapping[str, str] | None) -> Channel:
    """Return a channel with the values that only trackers have."""
    most, issue_type = table.get("most"), table.get("issue-type")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or not 0 < most <= 1_000):
        raise UnusableChannels(f"{where}: `most` is a number from 1 to 1000: how many issues one call opens")
    if issue_type is not None and not (isinstance(issue_type, str) and _ISSUE_TYPE.fullmatch(issue_type)):
        raise UnusableChannels(f"{where}: `issue-type` is the name of a type of issue in Jira, such as Task")
    if ("token-env" in table) == ("token-file" in table):
        raise UnusableChannels(f"{where}: either `token-env` names a variable that holds the token, or `token-file` a file")
    if "token-env" in table:
        token = _secret(table["token-env"], f"{where}: `token-env`", environment)
    else:
        token = _secret_of_file(table["token-file"], f"{where}: `token-file`", read=environment is not None)
    user = _secret(table["user-env"], f"{where}: `user-env`", environment) if "user-env" in table else ""
    return replace(channel, user=user, token=token, most=most or channel.most, issue_type=issue_type or "Task")


def _secret_of_file(path: Any, what: str, *, read: bool) -> str:
    """Return the content of a file that holds a token, without blanks around it."""
    if not isinstance(path, str) or not path:
        raise UnusableChannels(f"{what} is the path of a file that holds the token")
    if not read:
        return ""
    try:
        with Path(path).open("rb") as stream:
            token = stream.read(_MOST_TOKEN + 1).decode("utf-8").strip()
    except OSError as error:
        raise UnusableChannels(f"{what}: the file cannot be read: {(error.strerror or 'error').lower()}") from None
    except ValueError:
        raise UnusableChannels(f"{what}: the file holds no text") from None
    if not token or len(token) >= _MOST_TOKEN:
        raise UnusableChannels(f"{what}: the file holds no token")
    return token


def _secret(variable: Any, what: str, environment: Mapping[str, str] | None) -> str:
    """Return the value of a variable. Errors do not show the text of the file, which may be the secret itself."""
    if not isinstance(variable, str) or not _VARIABLE.fullmatch(variable):
        raise UnusableChannels(f"{what} names a variable of the environment, such as TEAM_HOOK; no secret belongs in a file")
    if environment is None:
        return ""
    if not environment.get(variable):
        raise UnusableChannels(f"{what}: the environment variable {variable} is not set")
    return environment[variable]


def _may_be_called(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return (bool(host) and parts.port is None) or bool(parts.port)
        return parts.scheme == "http" and is_this_machine(host)
    except ValueError:
        return False
