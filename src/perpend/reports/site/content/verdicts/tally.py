"""Count verdicts, and list the first incompliant and undetermined objects."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from perpend.core.errors import PerpendError
from perpend.core.objects.ids import production_of
from perpend.evaluation.verdicts.requirements import HumanDecisions
from perpend.reports.site.content.page import STATUSES, Counts

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from perpend.language.compiler.analyzer import Analyzer
    from perpend.language.program.program import Program

SHOWN: Final = 200
"""The number of objects of a policy and status that a page shows. A file next to the page has all of them."""

LISTED: Final = ("INCOMPLIANT", "UNDETERMINED")
"""The statuses whose objects have pages, because they need attention."""

NO_ACCOUNT: Final = "no account"
"""The name for objects without an account."""

_ACCOUNTS: Final = 5_000
_REST: Final = "other accounts"
_REMEMBERED: Final = 10_000
_LONGEST_WORDS: Final = 200
_CHANGED: Final = "it has changed since the check"


class InvalidVerdicts(PerpendError):
    """A file or store without verdicts of this repository's policies."""


@dataclass(frozen=True, slots=True)
class EvaluatedObject:
    """An object with its result of a policy. ``account`` is empty if it is unknown."""

    object_id: str
    name: str
    external_id: str
    account: str
    index: int
    message: str
    remediation: str
    references: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedSource:
    """A source of the evaluated objects. ``time`` is ISO 8601 in UTC, empty if the source has none."""

    name: str
    kind: str
    time: str
    objects: int
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """The evaluated sources and their time, empty if unknown. ``assumed``: the time of the run is used."""

    time: str = ""
    assumed: bool = False
    sources: tuple[ObservedSource, ...] = ()


@dataclass(slots=True)
class SiteVerdicts:
    """Counts by policy, account and type, and the first listed objects, by policy and status.

    ``places`` are the byte offsets of all their lines in the file at ``path``. These verdicts are counted separately: those of
    unknown policies (``strangers``), and those that a policy does not give today (``unlike``, by policy). ``in_part`` gives the
    reason why a policy has results for a part of its objects. ``decisions`` are waivers and attestations. ``inherited``:
    requirements count policies that reach them through rules or similar sections. ``inputs`` is the argument of commands on
    pages.
    """

    by_policy: dict[str, list[int]] = field(default_factory=dict)
    by_account: dict[str, list[int]] = field(default_factory=dict)
    by_type: dict[str, list[int]] = field(default_factory=dict)
    objects: dict[tuple[str, str], list[EvaluatedObject]] = field(default_factory=dict)
    places: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    observed: Observed = Observed()
    path: Path | None = None
    strangers: int = 0
    unlike: dict[str, int] = field(default_factory=dict)
    in_part: dict[str, str] = field(default_factory=dict)
    decisions: HumanDecisions = field(default_factory=HumanDecisions)
    inherited: bool = False
    inputs: str = "INPUT…"

    def counts(self, policy_ids: Iterable[str]) -> Counts:
        """Return the counts of several policies together."""
        return sum((_counts(self.by_policy, policy_id) for policy_id in policy_ids), Counts())

    def counts_of_type(self, name: str) -> Counts:
        """Return the counts of an object type."""
        return _counts(self.by_type, name)

    def accounts(self) -> tuple[tuple[str, Counts], ...]:
        """Return the counts by account, by name."""
        return tuple((name, _counts(self.by_account, name)) for name in sorted(self.by_account))

    def listed(self) -> frozenset[str]:
        """Return the policies with listed objects."""
        return frozenset(policy_id for policy_id, _ in self.objects)

    def lines(self, policy_id: str, status: str) -> Iterator[bytes]:
        """Yield the lines of a policy's objects of a status from the file."""
        if self.path is None:
            return
        with self.path.open("rb") as stream:
            for place in self.places.get((policy_id, status), ()):
                stream.seek(place)
                yield stream.readline().rstrip(b",\r\n") + b"\n"


class Tally:
    """Adds verdicts to a book, and counts those that the repository's policies do not give."""

    def __init__(self, analyzer: Analyzer) -> None:
        self.book = SiteVerdicts()
        self._analyzer = analyzer
        self._programs: dict[str, Program | None] = {}
        self._given: dict[tuple[str, str, int, str | None], bool] = {}
        self._first_unlike: tuple[str, str, int] | None = None
        self._own = 0

    def program(self, policy_id: str) -> Program | None:
        """Return a policy's program, None if the policy has none here."""
        if policy_id not in self._programs:
            logic_id = production_of(policy_id)
            known = logic_id in self._analyzer.repository.logic_ids
            self._programs[policy_id] = self._analyzer.analyzed(logic_id).program if known else None
        return self._programs[policy_id]

    def add(self, policy_id: str, status: str, index: int, number: int = 1, *, type_name: str, text: str | None = None) -> bool:
        """Add a number of equal verdicts of a policy. Return whether they count: the policy exists and gives them.

        ``text`` is the text of the condition, if known.
        """
        given, book = self.is_given(policy_id, status, index, text), self.book
        if given:
            self._own += number
        else:
            self._first_unlike = self._first_unlike or (policy_id, status, index)
        if policy_id not in self._analyzer.repository.policy_ids:
            book.strangers += number
            return False
        if not given:
            book.unlike[policy_id] = book.unlike.get(policy_id, 0) + number
            book.in_part[policy_id] = _CHANGED
            return False
        self._add(book.by_policy, policy_id, status, number)
        self._add(book.by_type, type_name, status, number)
        return True

    def add_policy(self, policy_id: str) -> None:
        """Add a policy that was evaluated, also if there is no object."""
        self.book.by_policy.setdefault(policy_id, [0] * len(STATUSES))

    def add_account(self, account: str, status: str, number: int = 1) -> None:
        """Add a number of verdicts on objects of an account."""
        known = self.book.by_account
        self._add(known, account if account in known or len(known) < _ACCOUNTS else _REST, status, number)

    def listed(self, policy_id: str, status: str) -> list[EvaluatedObject] | None:
        """Return the list for an object, None if its status has no list, or the list is full."""
        if status not in LISTED:
            return None
        objects = self.book.objects.setdefault((policy_id, status), [])
        return objects if len(objects) < SHOWN else None

    def is_given(self, policy_id: str, status: str, index: int, text: str | None = None) -> bool:
        """Whether a policy can give this result today."""
        key = (policy_id, status, index, text)
        if key not in self._given:
            program = self.program(policy_id)
            verdict = program.verdicts.get(index) if program else None
            given = verdict is not None and verdict.status.value == status and text in (None, verdict.text)
            if len(self._given) >= _REMEMBERED:
                return given
            self._given[key] = given
        return self._given[key]

    def finished(self, where: str) -> SiteVerdicts:
        """Return the book. Raise :class:`InvalidVerdicts` if no verdict can be of this repository."""
        if self._first_unlike is not None and not self._own:
            policy_id, status, index = self._first_unlike
            here = policy_id in self._analyzer.repository.policy_ids
            if here and self.program(policy_id) is None:
                raise InvalidVerdicts(f"{where}: has verdicts of `{policy_id}`, which has errors here: perpend lint")
            why = f"`{policy_id}` never gives {status} at index {index} here" if here else f"`{policy_id}` is not here"
            raise InvalidVerdicts(f"{where}: has verdicts of another repository: {why}; name theirs with --repo")
        return self.book

    @staticmethod
    def _add(counts: dict[str, list[int]], key: str, status: str, number: int) -> None:
        counts.setdefault(key, [0] * len(STATUSES))[STATUSES.index(status)] += number


def reject_filtered(where: str, words: object) -> None:
    """Raise :class:`InvalidVerdicts` if the verdicts were filtered: the missing ones would count as good."""
    if words is not None:
        chosen = text_of(words)[:_LONGEST_WORDS]
        raise InvalidVerdicts(f"{where}: has only the verdicts of `{chosen}`: write them without that filter")


def text_of(value: object) -> str:
    """Return a JSON value as a page shows it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _counts(counts: dict[str, list[int]], key: str) -> Counts:
    return Counts(tuple(counts[key])) if key in counts else Counts()
