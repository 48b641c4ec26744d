"""Declare the filters of findings and verdicts: name, sentence, type, and the SQL condition that each stands for.

Every interface derives its parameters from :data:`FILTERS`. A condition is over a relation with these columns, as far as it
needs them: ``policy_id``, ``policy_title``, ``type``, ``object_id``, ``external_id``, ``object_name``, ``account``,
``region``, ``tags`` (a JSON object, null if it is not known), ``in_use`` (null if it is not known), ``status``, ``life``,
``open_since`` and ``severity``. A filter changes neither verdicts nor totals. All filters must hold; of one filter, any value.
"""

from __future__ import annotations

import shlex
from dataclasses import field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from perpend.core.dataclass import dataclass
from perpend.core.errors import InvalidOption
from perpend.core.objects.account import account_numbers
from perpend.core.objects.status import Status
from perpend.core.values.values import date_time_from_text
from perpend.findings.history.model import State
from perpend.findings.severity.levels import LEVELS
from perpend.findings.waivers.matches import storable
from perpend.inventory.snapshots.database import text
from perpend.language.compiler.names import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perpend.core.objects.account import Account

ALL_LIVES: Final = "all"
"""The value of the filter by state that stands for all states."""

WAIVED_CONDITIONS: Final = {"all": "true", "yes": "waiver IS NOT NULL", "no": "waiver IS NULL"}
"""The SQL conditions of the choices of waived findings."""

WAIVED: Final = tuple(WAIVED_CONDITIONS)
"""The choices of waived findings, the default first: all findings, only waived ones, only others."""

ORDERS: Final = ("severity", "age", "priority")
"""The orders of findings, the default first."""

TAGS_UNKNOWN: Final = "tags IS NULL"
"""The condition for objects whose tags are not known. The filter by tags leaves them out."""


UNUSED: Final = "in_use = false"
"""The condition for objects that are certainly not in use. The filter of objects in use leaves them out."""


class FilterType(StrEnum):
    """The type of a filter's values."""

    TEXT = "text"
    CHOICE = "choice"
    TAG = "tag"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class FilterDeclaration:
    """One filter. ``sentence`` describes it for people, ``example`` is the form of a value.

    ``condition`` returns the SQL for some values.
    """

    name: str
    sentence: str
    condition: Callable[[Sequence[str]], str]
    type: FilterType = FilterType.TEXT
    example: str = ""
    choices: tuple[str, ...] = ()

    @property
    def option(self) -> str:
        """The option of the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def is_flag(self) -> bool:
        """Whether the filter has one value only, which the command line leaves out."""
        return len(self.choices) == 1

    def check(self, value: str) -> None:
        """Raise InvalidOption for a value that is not of the filter's type."""
        if self.type is FilterType.CHOICE and value not in self.choices:
            raise InvalidOption(f"'{value}' is not one of {', '.join(self.choices)}", self.option)
        if self.type is FilterType.TAG and not value.partition("=")[0]:
            raise InvalidOption(f"'{value}' is not a tag: write KEY=VALUE, or KEY for any value", self.option)


def _one_of(column: str) -> Callable[[Sequence[str]], str]:
    return lambda values: f"{column} IN ({_listed(values)})"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(text(storable(value)) for value in values) or "NULL"


def _of_object(values: Sequence[str]) -> str:
    listed = _listed(values)
    return f"(object_id IN ({listed}) OR external_id IN ({listed}) OR object_name IN ({listed}))"


def _containing(values: Sequence[str]) -> str:
    """Return the condition for texts that contain a value. A text that is not known contains nothing."""
    columns = ("object_name", "object_id", "external_id", "policy_id", "policy_title")
    conditions = (
        f"coalesce(contains(lower({column}), lower({text(storable(value))})), false)" for value in values for column in columns
    )
    return f"({' OR '.join(conditions)})"


def _of_accounts(values: Sequence[str]) -> str:
    return f"account IN ({_listed(values)})"


def _with_tags(values: Sequence[str]) -> str:
    """Return the condition for tags: each key must be there, with one of its values. It holds for no unknown tags."""
    wanted: dict[str, list[str]] = {}
    for tag in values:
        key, equals, value = tag.partition("=")
        wanted.setdefault(key, []).extend([value] if equals else [])
    conditions = []
    for key, of_key in wanted.items():
        pointer = text("/" + storable(key).replace("~", "~0").replace("/", "~1"))
        has_value = f"coalesce(json_extract_string(tags, {pointer}) IN ({_listed(of_key)}), FALSE)"
        conditions.append(has_value if of_key else f"coalesce(json_exists(tags, {pointer}), FALSE)")
    return f"({' AND '.join(conditions)})"


def _in_life(values: Sequence[str]) -> str:
    return "true" if ALL_LIVES in values else f"life IN ({_listed(values)})"


def _since(values: Sequence[str]) -> str:
    return f"open_since >= CAST({text(min(values))} AS TIMESTAMPTZ)"


POLICY: Final = FilterDeclaration(
    "policy", "Only findings of this policy; may be repeated.", _one_of("policy_id"), example="ID|GLOB"
)
TYPE: Final = FilterDeclaration("type", "Only objects of this type; may be repeated.", _one_of("type"), example="NAME")
ACCOUNT: Final = FilterDeclaration(
    "account",
    "Only objects of this account, by its number or by its name in the configuration; may be repeated.",
    _of_accounts,
    example="ID|NAME",
)
REGION: Final = FilterDeclaration(
    "region", "Only objects in this region; may be repeated.", _one_of("region"), example="REGION"
)
OBJECT: Final = FilterDeclaration(
    "object", "Only this object, by Id, external id or name; may be repeated.", _of_object, example="ID|NAME"
)
SEARCH: Final = FilterDeclaration(
    "search",
    "Only findings with this text in the object's name or id, or in the policy's id or title; may be repeated.",
    _containing,
    example="TEXT",
)
TAG: Final = FilterDeclaration(
    "tag",
    "Only objects with this tag; may be repeated: all keys, and any value of a key. Objects whose tags are not known "
    "are left out, and counted.",
    _with_tags,
    FilterType.TAG,
    "KEY=VALUE",
)
TAG_UNKNOWN: Final = FilterDeclaration(
    "tag_unknown",
    "Only objects whose tags are not known; with a tag, objects with it, too.",
    lambda values: TAGS_UNKNOWN,
    FilterType.CHOICE,
    choices=("yes",),
)
IN_USE: Final = FilterDeclaration(
    "in_use",
    "Only objects that are in use, or of which that is not known. Unused objects are left out, and counted.",
    lambda values: "in_use IS DISTINCT FROM false",
    FilterType.CHOICE,
    choices=("yes",),
)
STATUS: Final = FilterDeclaration(
    "status",
    "Only verdicts of this status; may be repeated.",
    _one_of("status"),
    FilterType.CHOICE,
    choices=tuple(status.value for status in Status),
)
LIFE: Final = FilterDeclaration(
    "life",
    "Only findings in this state, or `all`; may be repeated.",
    _in_life,
    FilterType.CHOICE,
    choices=(*(life.value for life in State if life is not State.PASSING), ALL_LIVES),
)
SEVERITY: Final = FilterDeclaration(
    "severity",
    "Only findings of this severity; several with commas, or repeated.",
    _one_of("severity"),
    FilterType.CHOICE,
    choices=tuple(level.value for level in reversed(LEVELS)),
)
CATEGORY: Final = FilterDeclaration(
    "category",
    "Only policies of this category, such as SECURITY; may be repeated.",
    _one_of("policy_id"),
    example="NAME",
)
FRAMEWORK: Final = FilterDeclaration(
    "framework",
    "Only findings of policies that are mapped to this framework or section; may be repeated. Default version: the newest.",
    _one_of("policy_id"),
    example="ID",
)
SINCE: Final = FilterDeclaration(
    "since", "Only findings that were opened or reopened at this time or later.", _since, FilterType.TIME, "TIME"
)

OF_VERDICTS: Final = (STATUS, CATEGORY, ACCOUNT, REGION, OBJECT, TAG, TAG_UNKNOWN, IN_USE)
"""The filters of the verdicts of a run."""

OF_FINDINGS: Final = (
    *(LIFE, POLICY, FRAMEWORK, TYPE, ACCOUNT, REGION, OBJECT, SEARCH),
    *(TAG, TAG_UNKNOWN, IN_USE, SEVERITY, SINCE),
)
"""The filters of the findings of a history."""

FILTERS: Final = {one.name: one for one in (*OF_FINDINGS, STATUS, CATEGORY)}
"""All filters by name."""


def _values_of(declared: FilterDeclaration, given: object) -> tuple[str, ...]:
    several = given if isinstance(given, (list, tuple, set, frozenset)) else (given,)
    return tuple(_value_of(declared, value) for value in several)


def _value_of(declared: FilterDeclaration, value: object) -> str:
    if declared.type is not FilterType.TIME:
        if isinstance(value, str):
            return value
        raise InvalidOption(f"{declared.name}: {value!r:.80} is not a text")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise InvalidOption(f"{declared.name}: the time {value} has no time zone")
    # A date is a time as well, and its text is one of a time in UTC.
    instant = date_time_from_text(value.isoformat() if isinstance(value, date) else str(value))
    if instant is None:
        raise InvalidOption(f"{declared.name}: '{printable(str(value))}' is not an ISO 8601 date or time")
    return datetime.fromtimestamp(instant / 1000, tz=UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Filter:
    """The values of filters by the filter's name. A filter without values holds for everything.

    Values name things as the relation does: callers replace labels of types, globs of policies, frameworks, and names of
    accounts.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, values in self.values.items():
            if name not in FILTERS:
                raise InvalidOption(f"no filter is called '{name}': the filters are {', '.join(FILTERS)}")
            for value in values:
                FILTERS[name].check(value)

    def __bool__(self) -> bool:
        return any(self.values.values())

    @property
    def with_tags_unknown(self) -> Filter | None:
        """This filter for objects whose tags are not known, instead of its tags; None if it has no tags."""
        if not self.of(TAG.name):
            return None
        return Filter({**self.values, TAG.name: (), TAG_UNKNOWN.name: TAG_UNKNOWN.choices})

    @property
    def with_unused(self) -> Filter | None:
        """This filter without that of objects in use; None if it has none."""
        return Filter({**self.values, IN_USE.name: ()}) if self.of(IN_USE.name) else None

    def of(self, name: str) -> tuple[str, ...]:
        """Return the values of a filter."""
        return self.values.get(name, ())

    @classmethod
    def of_arguments(cls, declared: Sequence[FilterDeclaration], given: Mapping[str, object]) -> Filter:
        """Return the filter that keyword arguments make: a text or several, and for times a text, a date or a time.

        Arguments that are None do not filter. Raises InvalidOption for an unknown name or a value that is not of the type.
        """
        known = {one.name: one for one in declared}
        for name in given:
            if name not in known:
                near = did_you_mean(name, known)
                raise InvalidOption(f"no filter is called '{printable(name)}'{near}: the filters are {', '.join(known)}")
        return cls({name: _values_of(known[name], value) for name, value in given.items() if value is not None})

    def with_account_numbers(self, accounts: Mapping[str, Account]) -> Filter:
        """Return the filter with the numbers of accounts instead of their names. ``accounts`` have names by number."""
        named = account_numbers(self.of(ACCOUNT.name), accounts)
        return Filter({**self.values, ACCOUNT.name: named}) if named else self

    def condition(self, *names: str) -> str:
        """Return the SQL condition of some filters; ``true`` if none has a value."""
        return " AND ".join(self._condition(name) for name in names if self.of(name)) or "true"

    def _condition(self, name: str) -> str:
        if name == TAG.name and self.of(TAG_UNKNOWN.name):
            return f"({TAGS_UNKNOWN} OR {TAG.condition(self.of(name))})"
        if name == TAG_UNKNOWN.name and self.of(TAG.name):
            return "true"
        return FILTERS[name].condition(self.of(name))

    @property
    def words(self) -> str:
        """The filters as options of the command line."""
        given = ((FILTERS[name], value) for name, values in self.values.items() for value in values)
        return " ".join(one.option if one.is_flag else f"{one.option} {shlex.quote(value)}" for one, value in given)
