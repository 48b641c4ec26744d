"""The address of a form for a new file at GitHub or GitLab, filled in with a waiver. The server itself writes nothing."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlencode

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import InvalidOption

_REPOSITORY: Final = re.compile(
    r"(?P<repository>https://(?P<host>[A-Za-z0-9.-]+(?::[0-9]{1,5})?)/[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+?)+?)(?:\.git)?/?"
    r"(?:(?P<is_gitlab>/-)?/tree/(?P<branch>[A-Za-z0-9._/-]+))?"
)
_BRANCH: Final = "main"


def new_file_address(repository: str, path: str, text: str) -> str:
    """Return the address of the form for a new file of a repository.

    ``repository`` is the address of a repository at GitHub or GitLab, as a browser shows it; ``/tree/BRANCH`` behind it names
    a branch other than ``main``. GitHub's form gets path and text, GitLab's the path only. Raises InvalidOption for any other
    address.
    """
    match = _REPOSITORY.fullmatch(repository)
    if match is None:
        example = "such as https://github.com/acme/policies or https://gitlab.example/acme/policies/-/tree/main"
        raise InvalidOption(f"'{visible(repository)}' is not the address of a repository, {example}", "--repository-url")
    branch = quote(match["branch"] or _BRANCH)
    if match["is_gitlab"] or "gitlab" in match["host"].lower():
        return f"{match['repository']}/-/new/{branch}?{urlencode({'file_name': path})}"
    return f"{match['repository']}/new/{branch}?{urlencode({'filename': path, 'value': text})}"
