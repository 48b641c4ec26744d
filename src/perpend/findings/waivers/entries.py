"""Read the entries of YAML files, each with its place, and match patterns of policies.

Errors become diagnostics of the caller's rule. The meaning of an entry is the caller's, too.
"""

from __future__ import annotations

import os
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Protocol

import re2

from perpend.core.dataclass import dataclass
from perpend.language.syntax.files import MAX_YAML, UnreadableFile
from perpend.language.syntax.nodes import node_from_yaml
from perpend.language.syntax.read import DocumentReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from perpend.core.diagnostics.model import Diagnostic, Rule, Span
    from perpend.language.syntax.files import Files
    from perpend.language.syntax.read import Fields
    from perpend.language.syntax.shapes import Record

MOST: Final = 10_000
"""How many entries of one kind are read at most."""

_SCOPES: Final = ("accounts", "regions", "types", "objects", "names", "tags")
"""The keys of a scope, each a list: every one that is there must hold, and a list means any of it."""

_MOST_LISTED: Final = 1_000
_MOST_IN_ALL: Final = 100_000
_LONGEST: Final = 1_024
_MOST_STARS: Final = 8


@dataclass(slots=True)
class EntriesRead:
    """The reading of files of one shape, with all diagnostics. ``rule`` is the rule for errors.

    ``values`` counts the values of lists in all entries.
    """

    files: Files
    shape: Record
    rule: Rule
    diagnostics: list[Diagnostic] = field(default_factory=list)
    values: int = 0

    def below(self, folder: str) -> Iterator[Fields]:
        """Yield the entries of the YAML files of a directory; ``folder`` is its path from the root, empty for the root."""
        if folder and not os.path.lexists(self.files.root / folder):
            return
        tree = self.files.tree((folder or ".",))
        self.diagnostics += tree.diagnostics
        for path in sorted(path.removeprefix("./") for path in tree.files if path.endswith((".yaml", ".yml"))):
            yield from self.at(path)

    def at(self, path: str) -> Iterator[Fields]:
        """Yield the entries of one file; ``path`` is its path from the root."""
        try:
            text = self.files.text(path, limit=MAX_YAML)
        except UnreadableFile as error:
            self.diagnostics.append(error.diagnostic)
            return
        yield from self.of_text(text, path)

    def of_text(self, text: str, path: str) -> Iterator[Fields]:
        """Yield the entries of a text; ``path`` is its name in diagnostics."""
        node = node_from_yaml(text, path, self.diagnostics)
        fields = DocumentReader(self.diagnostics).record(node, self.shape) if node is not None else None
        if fields is not None:
            yield fields

    def refuse(self, span: Span, message: str, help: str | None = None) -> None:
        """Report an error in an entry."""
        self.diagnostics.append(self.rule.at(span, message, help=help))

    def listed(self, fields: Fields, key: str) -> tuple[str, ...]:
        """Return the texts of a list, which must be neither empty nor too long."""
        values = fields.texts(key)
        if key in fields and not values:
            self.refuse(fields.key_spans.get(key, fields.span), f"`{key}` lists nothing")
        if len(values) > _MOST_LISTED:
            self.refuse(values[_MOST_LISTED].span, f"`{key}` lists more than {_MOST_LISTED:,} values")
        if self.values <= _MOST_IN_ALL < self.values + len(values):
            self.refuse(fields.key_spans.get(key, fields.span), f"all lists together hold more than {_MOST_IN_ALL:,} values")
        self.values += len(values)
        for value in _too_long(values):
            self.refuse(value.span, f"longer than {_LONGEST:,} signs, or with more than {_MOST_STARS} `*`")
        return tuple(dict.fromkeys(value.value for value in values))

    def scope(self, fields: Fields) -> dict[str, tuple[str, ...]]:
        """Return the lists of an entry's scope by key, none if it has no scope; an empty scope is an error."""
        scope = fields.get("scope")
        if scope is None:
            return {}
        if not len(scope):
            self.refuse(scope.span, "the scope names nothing", "leave `scope` out where all findings are meant")
        for tag in scope.texts("tags"):
            if "=" not in tag.value[1:]:
                self.refuse(tag.span, f"`{tag.value}` is no tag", "write its name and its value, such as team=payments")
        return {key: self.listed(scope, key) for key in _SCOPES if key in scope}


def by_tags(entries: Iterable[HasScope]) -> bool:
    """Whether the scope of some entry names tags."""
    return any("tags" in entry.scope for entry in entries)


class HasScope(Protocol):
    """An entry with a scope."""

    @property
    def scope(self) -> Mapping[str, tuple[str, ...]]:
        """Lists of values by key."""


def is_whole(fields: Fields, *keys: str) -> bool:
    """Whether some keys exist and all values could be read."""
    return all(fields.get(key) is not None for key in keys) and all(value is not None for value in fields.values())


def matching_policies(patterns: Iterable[str], policy_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the policies that patterns match: `*` is anything within a segment, `**` anything across segments."""
    patterns = list(patterns)
    whole = {pattern for pattern in patterns if "*" not in pattern}
    expressions = [_expression(pattern) for pattern in patterns if "*" in pattern]
    if not expressions:
        return tuple(filter(whole.__contains__, policy_ids))
    return tuple(
        policy_id
        for policy_id in policy_ids
        if policy_id in whole or any(expression.fullmatch(_bytes(policy_id)) for expression in expressions)
    )


def _expression(pattern: str) -> Any:
    # By RE2, over bytes: whatever stands in a pattern or an id, comparing them takes no time.
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    parts = re.split(r"(\*+)", pattern)
    expression = b"".join(
        re.escape(_bytes(part)) if number % 2 == 0 else b"[^/]*" if part == "*" else b".*" for number, part in enumerate(parts)
    )
    return re2.compile(b"(?s)" + expression, options=options)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _too_long(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if len(value.value) > _LONGEST or len(re.findall(r"\*+", value.value)) > _MOST_STARS:
            yield value
