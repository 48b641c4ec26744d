"""Write findings as JSON. Most differ from another one only in their object, whose names are put into the text of the other."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from perpend.reports.formats.json_text import json_of
from perpend.reports.formats.values import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from perpend.reports.formats.finding import ReportedFinding
    from perpend.reports.formats.subjects import Subject

_MOST: Final = 1_024
"""How many texts are remembered."""

_NAMES: Final = ("id", "name", "account", "region")

_COPIED: Final = re.compile(r"[^\s{}\[\]][^{}\[\]]{0,199}")
"""The form of names that each format copies: longer ones are shortened, blank ones replaced, and SARIF changes brackets."""


class _Template(NamedTuple):
    """The text of findings with places for the id of the finding and the names of the object, and the order of these."""

    text: str
    order: Callable[[Sequence[str]], Any]


class FindingTexts:
    """Writes findings as JSON. ``document`` returns that of a finding.

    It copies the id of the finding and the names of the object, and asks of these only which of them are known.
    """

    def __init__(self, document: Callable[[ReportedFinding], dict[str, Any]]) -> None:
        token = secrets.token_hex(8)
        self._document = document
        self._marks = tuple(f"{name}-{token}" for name in ("finding", *_NAMES))
        self._templates: dict[Hashable, _Template | None] = {}

    def of(self, findings: Iterable[ReportedFinding]) -> Iterator[str]:
        """Yield the text of each finding, on one line."""
        subject: Subject | None = None
        names: tuple[str, ...] | None = None
        shape: tuple[Hashable, ...] = ()
        for finding in findings:
            if finding.subject is not subject:
                subject = finding.subject
                names = _copied_names(subject)
                shape = (subject.type_name, subject.partition, *[getattr(subject, name) and True for name in _NAMES])
            template = self._template(finding, shape) if names else None
            if template and names:
                yield template.text % template.order((finding.uid, *names))
            else:
                yield json_of(self._document(finding))

    def _template(self, finding: ReportedFinding, shape: tuple[Hashable, ...]) -> _Template | None:
        """Return the template of findings like this one, None for the first of them: there may be no other."""
        key = (
            shape,
            finding.policy.id,
            finding.status,
            finding.index,
            finding.message,
            finding.remediation,
            finding.line,
            finding.life,
            finding.rating,
        )
        template = self._templates.get(key)
        if template is None:
            if key in self._templates:
                template = self._new_template(finding)
            elif len(self._templates) == _MOST:
                self._templates.clear()
            self._templates[key] = template
        return template

    def _new_template(self, finding: ReportedFinding) -> _Template:
        """Return the template: the text of the finding with marks instead of names."""
        uid, *marks = self._marks
        marked: dict[str, Any] = {
            name: mark for name, mark in zip(_NAMES, marks, strict=True) if getattr(finding.subject, name)
        }
        subject = replace(finding.subject, **marked)
        text = json_of(self._document(replace(finding, uid=uid, subject=subject)))
        pattern = re.compile("|".join(self._marks))
        order = [self._marks.index(mark) for mark in pattern.findall(text)]
        return _Template(pattern.sub("%s", text.replace("%", "%%")), itemgetter(*order))


def _copied_names(subject: Subject) -> tuple[str, ...] | None:
    """Return the names of an object as they are in JSON, None if a format may change one."""
    names = (subject.id, subject.name or "-", subject.account or "-", subject.region or "-")
    return tuple([json_text(name)[1:-1] for name in names]) if all(map(_COPIED.fullmatch, names)) else None
