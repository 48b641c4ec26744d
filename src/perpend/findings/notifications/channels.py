"""Read the file of channels. Secrets are in the environment; the file names the variables."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from perpend.core.diagnostics.escape import visible
from perpend.core.diagnostics.phrases import nearest
from perpend.core.errors import PerpendError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KINDS: Final = ("webhook", "apprise")
"""How a digest goes out: as JSON by HTTP, or as text by the package apprise."""

_MOST_BYTES: Final = 256 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_KEYS: Final = ("kind", "url-env", "headers-env", "owners")


class UnusableChannels(PerpendError):
    """A file of channels with errors, or a variable that is not set: nothing is sent."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A destination of digests. It gets the news of ``owners`` only, of everybody if there are none.

    ``url`` and ``headers`` are secret, and appear in no message.
    """

    name: str
    kind: str
    owners: tuple[str, ...] = ()
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def channels_in(path: Path, environment: Mapping[str, str] | None) -> tuple[Channel, ...]:
    """Return the channels of a file, by name, with secrets from the environment; None reads no secrets.

    Raises UnusableChannels for a file with any other content, or with secrets in place of names of variables.
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
    return tuple(_channel(name, tables[name], shown, environment) for name in sorted(tables))


def _channel(name: str, table: Any, shown: str, environment: Mapping[str, str] | None) -> Channel:
    where = f"{shown}: channels.{visible(name)}"
    if not _NAME.fullmatch(name) or not isinstance(table, dict):
        raise UnusableChannels(f"{where}: is no table with a name of letters, digits, `-` and `_`")
    for key in table:
        if key not in _KEYS:
            hint = nearest(key, _KEYS, ()) or f"keys are {', '.join(_KEYS)}"
            raise UnusableChannels(f"{where}: there is no key `{visible(key)}`: secrets stand in the environment only; {hint}")
    kind, owners, headers = table.get("kind", KINDS[0]), table.get("owners", []), table.get("headers-env", {})
    if kind not in KINDS:
        raise UnusableChannels(f"{where}: `kind` is one of {', '.join(KINDS)}")
    if not isinstance(owners, list) or not all(isinstance(owner, str) for owner in owners):
        raise UnusableChannels(f"{where}: `owners` is a list of texts")
    if not isinstance(headers, dict) or not all(map(_HEADER.fullmatch, headers)) or (headers and kind != KINDS[0]):
        raise UnusableChannels(f"{where}: `headers-env` names headers of a webhook, each with a variable")
    url = _secret(table.get("url-env"), f"{where}: `url-env`", environment)
    values = {header: _secret(variable, f"{where}: `headers-env`", environment) for header, variable in headers.items()}
    if environment is not None and kind == KINDS[0] and not _may_be_called(url):
        raise UnusableChannels(
            f"{where}: {table['url-env']} holds no URL that begins with https:// (or http:// on this machine)"
        )
    if any(not value.isprintable() for value in (url, *values.values())):
        raise UnusableChannels(f"{where}: a variable holds signs that neither URLs nor headers have")
    return Channel(name, kind, tuple(owners), url, values)


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
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False
