"""Saved views: files ``views/*.yaml`` of the repository, each with a name, a title and the filters of a list of findings."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from perpend.core.diagnostics.escape import visible
from perpend.core.errors import InvalidOption
from perpend.findings.filters import OF_FINDINGS, WAIVED
from perpend.language.syntax.files import MAX_YAML, UnreadableFile
from perpend.language.syntax.nodes import node_from_yaml
from perpend.language.syntax.read import DocumentReader
from perpend.language.syntax.shapes import Choice, Items, Key, Record, Text
from perpend.server.answers import SavedView
from perpend.server.parameters import BY, ORDER, Control, read_parameters
from perpend.server.scope import ALL_ACCOUNTS

if TYPE_CHECKING:
    from perpend.core.diagnostics.model import Diagnostic
    from perpend.language.syntax.read import Fields
    from perpend.language.syntax.repository import Repository

FOLDER: Final = "views"
"""The directory of the files, from the repository's root."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
"""The form of a name, which is a part of an address."""

GROUP: Final = Control("group", "The findings by what they have in common.", None, BY.choices)
"""The grouping of a list of findings."""

_MOST_FILES: Final = 200
_LONGEST_TITLE: Final = 200
_LONGEST_QUERY: Final = 4_000
_MOST_VALUES: Final = 50

FILTERS_SHAPE: Final = Record(
    "filters",
    "The filters of the findings: each must hold, a list holds by any of its values.",
    tuple(Key(one.name, Items(Text(filled=True), filled=True), one.sentence) for one in OF_FINDINGS),
)
SHAPE: Final = Record(
    "view",
    "A saved view: a list of findings with a name.",
    (
        Key("name", Text(filled=True), "The name in the address: lower case letters, digits and `-`.", required=True),
        Key("title", Text(filled=True), "The title.", required=True),
        Key("filters", FILTERS_SHAPE, "The filters of the findings; without them, all open findings."),
        Key("waived", Choice(WAIVED), "The choice of waived findings."),
        Key("order", Choice(ORDER.choices), "The order of the findings."),
        Key("group", Choice(GROUP.choices), "The grouping of the findings."),
    ),
)


def stamps_of(repository: Repository) -> tuple[tuple[str, int, int], ...]:
    """Return the names of the files below the directory with their times and sizes: if they are equal, so are the views."""
    stamps = []
    for place, _, names in os.walk(repository.files.root / FOLDER):
        for name in names[:_MOST_FILES]:
            status = os.lstat(os.path.join(place, name))
            stamps.append((os.path.join(place, name), status.st_mtime_ns, status.st_size))
    return tuple(sorted(stamps))


def saved_views(repository: Repository) -> tuple[SavedView, ...]:
    """Return the views by the paths of their files. A file that cannot be used is a view with a problem."""
    if not os.path.lexists(repository.files.root / FOLDER):
        return ()
    tree = repository.files.tree((FOLDER,))
    paths = sorted(path for path in tree.files if path.endswith((".yaml", ".yml")))
    views: list[SavedView] = []
    names: dict[str, str] = {}
    for path in paths[:_MOST_FILES]:
        view = _view(repository, path)
        first = names.setdefault(view.name, path) if view.name else path
        if view.problem is None and first != path:
            view = SavedView("", view.title, "", path, f"another view, in {visible(first)}, has the name {view.name}")
        views.append(view)
    problems = [_faulty(one.span.path, one.message) for one in tree.diagnostics]
    if len(paths) > _MOST_FILES:
        problems.append(_faulty(FOLDER, f"{len(paths) - _MOST_FILES} more files are not read: {_MOST_FILES} are the most"))
    return (*views, *problems)


def _view(repository: Repository, path: str) -> SavedView:
    diagnostics: list[Diagnostic] = []
    try:
        text = repository.files.text(path, limit=MAX_YAML)
    except UnreadableFile as error:
        return _faulty(path, error.diagnostic.message)
    node = node_from_yaml(text, path, diagnostics)
    fields = DocumentReader(diagnostics).record(node, SHAPE) if node is not None else None
    if diagnostics:
        first = diagnostics[0]
        return _faulty(path, f"line {first.span.line}: {first.message}")
    if fields is None:
        return _faulty(path, "the file is empty")
    try:
        return _view_of(fields, path)
    except InvalidOption as error:
        return _faulty(path, str(error))


def _view_of(fields: Fields, path: str) -> SavedView:
    name, title = fields.text("name"), fields.text("title")
    if not NAME.fullmatch(name):
        raise InvalidOption(f"the name '{name:.80}' is not one: use lower case letters, digits and `-`, 63 at most")
    if len(title) > _LONGEST_TITLE:
        raise InvalidOption(f"the title is longer than {_LONGEST_TITLE} characters")
    filters = fields.get("filters")
    values = {key: [one.value for one in filters.texts(key)] for key in filters} if filters is not None else {}
    for key, of_key in values.items():
        if not of_key:
            raise InvalidOption(f"the filter `{key}` lists nothing: leave it out, or name a value")
    if sum(map(len, values.values())) > _MOST_VALUES:
        raise InvalidOption(f"the filters have more than {_MOST_VALUES} values")
    others = [(key, fields.text(key)) for key in ("waived", "order", "group") if key in fields]
    pairs = [*((key, value) for key, of_key in values.items() for value in of_key), *others]
    read_parameters(pairs, ALL_ACCOUNTS, (ORDER, GROUP))
    query = urlencode(pairs)
    if len(query) > _LONGEST_QUERY:
        raise InvalidOption(f"the filters are longer than {_LONGEST_QUERY:,} characters")
    return SavedView(name, title, query, path, None)


def _faulty(path: str, problem: str) -> SavedView:
    return SavedView("", "", "", path, visible(problem))
