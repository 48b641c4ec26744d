"""Show object types, fields and paths to people: by their labels instead of their API names.

Everything that is stored, and every format for programs, has API names. Labels replace them when a text is printed.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from perpend.core.clouds.registry import clouds
from perpend.core.diagnostics.phrases import shorten
from perpend.core.objects.object_types import current_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perpend.core.objects.object_types import ObjectType

SEPARATOR: Final = " › "
"""The sign between the labels of a path."""

_API_NAME: Final = "[A-Za-z][A-Za-z0-9_]*__[cr]"
_PATH: Final = re.compile(rf"(?<![A-Za-z0-9_]){_API_NAME}(?:\[\d+\])?(?:\.{_API_NAME}(?:\[\d+\])?)*(?![A-Za-z0-9_])")
_MOST_PATHS: Final = 1_024
_LONGEST: Final = 100
"""The longest label that is shown. A foreign repository may declare any."""
_NAMESPACE: Final = re.compile("^[A-Za-z0-9]+?__(?=[A-Za-z0-9])")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ACRONYMS: Final = frozenset(
    (
        *("ACL", "API", "ARN", "DB", "EBS", "GCE", "GKE", "IAM", "ID", "IP", "KMS", "LB", "MFA", "NSG"),
        *("RDS", "REST", "S3", "SNS", "SQL", "TLS", "VPC"),
    )
)


class Names(StrEnum):
    """Which names people see: labels, or labels with API names."""

    LABELS = "labels"
    API = "api"


class Labels:
    """Replaces API names by the labels of declared types. A name without a label stays as it is.

    ``names`` adds the API name in parentheses.
    """

    def __init__(self, types: Mapping[str, ObjectType], names: Names = Names.LABELS) -> None:
        self._types = types
        self._with_api_names = names is Names.API
        self._shown: dict[str, str] = {}

    def type(self, name: str) -> str:
        """Return the label of a type."""
        declared = self._types.get(current_name(name))
        label = _one_line(declared.label) if declared is not None else ""
        return self._both(label, name) if label else name

    def path(self, path: str) -> str:
        """Return the label of a field, or of a path: lookups and lists, then a field."""
        if path not in self._shown:
            if len(self._shown) == _MOST_PATHS:
                self._shown.clear()
            self._shown[path] = self._path(path)
        return self._shown[path]

    def text(self, text: str) -> str:
        """Return a text with labels instead of API names; those of fields and paths get quotes if the names have none."""
        return _PATH.sub(self._quoted, text) if "__" in text else text

    def condition(self, text: str) -> str:
        """Return the text of a condition with labels instead of API names."""
        return _PATH.sub(lambda place: self.path(place[0]), text) if "__" in text else text

    def _quoted(self, place: re.Match[str]) -> str:
        path = place[0]
        shown = self.path(path)
        is_quoted = place.string[place.start() - 1 : place.start()] in ("`", '"', "'")
        return shown if is_quoted or shown in (path, self.type(path)) else f'"{shown}"'

    def _path(self, path: str) -> str:
        steps = [step.partition("[") for step in path.split(".")]
        known = [self._known.get(name) for name, _, _ in steps]
        if None in known:
            return self.type(path)
        shown = (f"{label}{bracket}{place}" for label, (_, bracket, place) in zip(known, steps, strict=True))
        return self._both(SEPARATOR.join(shown), path)

    def _both(self, label: str, name: str) -> str:
        return f"{label} ({name})" if self._with_api_names and label != name else label

    @cached_property
    def _known(self) -> Mapping[str, str]:
        """The labels of all declared types, fields, lookups and lists. Of several labels of one name, the first one counts."""
        known: dict[str, str] = {name: label for name, one in self._types.items() if (label := _one_line(one.label))}
        for name in sorted(self._types):
            declared = self._types[name]
            for field in declared.fields.values():
                if label := in_sentence(field.label):
                    known.setdefault(field.name, label)
            for relation in (*declared.lookups, *declared.children):
                known.setdefault(relation, relation_label(relation))
        return known


AS_WRITTEN: Final = Labels({})
"""Replaces nothing: no type is declared."""


def in_sentence(label: str) -> str:
    """Return a label in the case of a sentence: "Block Public ACLs" becomes "block public ACLs"."""
    return " ".join(map(_lower, _one_line(label).split()))


def _one_line(label: str) -> str:
    return shorten(" ".join(label[: 2 * _LONGEST].split()), _LONGEST)


def relation_label(name: str) -> str:
    """Return the label of a lookup or child list, made from its API name, because relationships have no labels.

    >>> relation_label("CA10__AWS_IAM_Access_Analyzers__r")
    'IAM access analyzers'
    """
    bare = _NAMESPACE.sub("", name.removesuffix("__r"))
    words = bare.split("_") if "_" in bare else _CAMEL.split(bare)
    vendors = {cloud.title for cloud in clouds()}
    words = [word for word in words if word and word not in vendors] or words
    return " ".join(word.upper() if word.upper() in _ACRONYMS else _lower(word) for word in words)


def _lower(word: str) -> str:
    """Return a word in lower case, unless capitals belong to it: MFA, ACLs, CloudWatch, IPv6."""
    return "-".join(part.lower() if part[1:] == part[1:].lower() else part for part in word.split("-"))
