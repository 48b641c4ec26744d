"""Read the query parameters of pages and of the API: filters of ``findings/filters.py``, and controls declared here."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from perpend.core.dataclass import dataclass
from perpend.core.diagnostics.escape import visible
from perpend.core.errors import InvalidOption
from perpend.findings.filters import LIFE, OF_FINDINGS, ORDERS, WAIVED, Filter, FilterDeclaration, FilterType
from perpend.language.compiler.names import did_you_mean, printable
from perpend.server.index.pages import ORDERS as PAGE_ORDERS
from perpend.server.question import Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perpend.server.scope import ReaderScope

ControlValue: TypeAlias = "str | int | tuple[str, ...] | None"

MAX_LENGTH: Final = 500
"""Characters of a value."""

MAX_VALUES: Final = 100
"""Values of one filter."""

MAX_PARAMETERS: Final = 500
"""Parameters of a request."""

_TAG: Final = r"^[^=\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$"
_TEXT: Final = r"^[^\u0000-\u001f\u007f]+$"
_TIME: Final = (
    r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-7]):[0-5][0-9])$"
)
"""The times of RFC 3339 that have a meaning: without leap seconds, and with the offsets of time zones."""

_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f]")


class BadRequest(InvalidOption):
    """A parameter that is unknown, wrong, or given too often. The message is one sentence for the reader."""


@dataclass(frozen=True, slots=True)
class Control:
    """A parameter beside the filters: how an answer is ordered, divided into pages, or grouped.

    A value is one of ``choices``, a number from 1 to ``most``, or a text of the form ``pattern``. It is given once at most,
    unless ``repeatable``.
    """

    name: str
    sentence: str
    default: str | int | None = None
    choices: tuple[str, ...] = ()
    most: int | None = None
    pattern: str | None = None
    repeatable: bool = False

    def value_of(self, given: str) -> str | int:
        """Return the value that a text stands for. Raises BadRequest if it stands for none."""
        if self.choices and given not in self.choices:
            raise BadRequest(f"{self.name}: '{printable(given)}' is not one of {', '.join(self.choices)}")
        if self.pattern is not None and not re.fullmatch(self.pattern, given):
            raise BadRequest(f"{self.name}: '{printable(given)}' is not of the form {self.pattern}")
        if self.most is None:
            return given
        if not re.fullmatch(r"[0-9]{1,9}", given) or not 1 <= int(given) <= self.most:
            raise BadRequest(f"{self.name}: '{printable(given)}' is not a number from 1 to {self.most}")
        return int(given)


WAIVED_CONTROL: Final = Control("waived", "All findings, only waived ones (`yes`), or only others (`no`).", WAIVED[0], WAIVED)
ORDER: Final = Control(
    "order", "The most severe first, the newest first, or the oldest first.", next(iter(PAGE_ORDERS)), (*PAGE_ORDERS,)
)
EXPORT_ORDER: Final = Control(
    "order", "The most severe first, the oldest first, or the most important first.", ORDERS[0], ORDERS
)
LIMIT: Final = Control("limit", "The rows of a page.", 50, most=500)
NEXT: Final = Control(
    "next", "The `next` of the page before. Without it, the first page is meant.", pattern=r"[0-9]{1,19}(\.[0-9]{1,19})?"
)
BY: Final = Control("by", "The value that the findings of a group have in common.", "policy", ("policy", "account", "object"))

PAGES: Final = (ORDER, LIMIT, NEXT)
"""The controls of lists that have pages."""


@dataclass(frozen=True, slots=True)
class RequestParameters:
    """A request: the question, and the values of the controls by name, with their defaults."""

    question: Question
    controls: Mapping[str, ControlValue] = field(default_factory=dict)

    @property
    def order(self) -> str:
        """The order of the findings."""
        return self.text(ORDER)

    @property
    def limit(self) -> int:
        """The number of rows of a page."""
        limit = self.controls[LIMIT.name]
        assert isinstance(limit, int)
        return limit

    @property
    def next(self) -> str | None:
        """The key of the page; None for the first page."""
        return self.text(NEXT) or None

    def text(self, control: Control) -> str:
        """Return the value of a control as text; an empty text if it has none."""
        value = self.controls[control.name]
        return "" if value is None else str(value)

    def texts(self, control: Control) -> tuple[str, ...]:
        """Return the values of a repeatable control."""
        value = self.controls[control.name]
        return value if isinstance(value, tuple) else ()

    def pairs(self, **changed: ControlValue) -> list[tuple[str, str]]:
        """Return the parameters that ask the same, without defaults, in one order: for links, and to compare requests.

        ``changed`` are controls with other values; None leaves one out.
        """
        controls: dict[str, ControlValue] = {WAIVED_CONTROL.name: self.question.waived, **self.controls, **changed}
        defaults = {one.name: one.default for one in (WAIVED_CONTROL, ORDER, LIMIT, BY)}
        pairs = [(name, value) for name, values in self.question.filter.values.items() for value in sorted(values)]
        for name, value in controls.items():
            if value is not None and value != defaults.get(name):
                pairs += [(name, str(one)) for one in (value if isinstance(value, tuple) else (value,))]
        return sorted(pairs)


def read_parameters(
    given: Iterable[tuple[str, str]],
    scope: ReaderScope,
    controls: Sequence[Control] = (),
    *,
    filters: Sequence[FilterDeclaration] = OF_FINDINGS,
    of_form: bool = False,
) -> RequestParameters:
    """Return the question and the controls that the parameters of a request mean, for a reader of some accounts.

    Filters may be repeated, except times; all others are given once. The control ``waived`` belongs to the filters of findings.
    ``of_form``: an empty value is a field that nobody filled in; otherwise it is wrong. Raises BadRequest.
    """
    known = declared_parameters(filters, controls)
    values: dict[str, list[str]] = {}
    for number, (name, value) in enumerate(given):
        if number >= MAX_PARAMETERS:
            raise BadRequest(f"a request has at most {MAX_PARAMETERS} parameters")
        if name not in known:
            raise BadRequest(_unknown(name, known))
        if value or not of_form:
            values.setdefault(name, []).append(_checked(name, value))
    chosen: dict[str, object] = {}
    read: dict[str, ControlValue] = {}
    for name, declared in known.items():
        several = values.get(name, [])
        if isinstance(declared, FilterDeclaration):
            if several:
                chosen[name] = _values_of(declared, several)
        elif declared.repeatable:
            read[name] = tuple(str(declared.value_of(value)) for value in dict.fromkeys(_bounded(name, several)))
        else:
            read[name] = declared.value_of(_single(name, several)) if several else declared.default
    waived = str(read.pop(WAIVED_CONTROL.name, WAIVED_CONTROL.default))
    try:
        return RequestParameters(Question(scope, Filter.of_arguments(filters, chosen), waived), read)
    except InvalidOption as error:
        raise BadRequest(_sentence(error)) from None


def declared_parameters(
    filters: Sequence[FilterDeclaration], controls: Sequence[Control]
) -> dict[str, FilterDeclaration | Control]:
    """Return the parameters of an address by name. Filters of findings come with the control ``waived``."""
    with_waived = (WAIVED_CONTROL,) if LIFE in filters else ()
    return {one.name: one for one in (*filters, *with_waived, *controls)}


def schema_of_parameter(declared: FilterDeclaration | Control) -> dict[str, Any]:
    """Return the JSON Schema of one value of a filter or of a control."""
    if isinstance(declared, FilterDeclaration):
        if declared.type is FilterType.CHOICE:
            return {"type": "string", "enum": list(declared.choices)}
        if declared.type is FilterType.TIME:
            return {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time", "pattern": _TIME}]}
        return _text_schema(_TAG if declared.type is FilterType.TAG else _TEXT)
    default = {} if declared.default is None else {"default": declared.default}
    if declared.choices:
        return {"type": "string", "enum": list(declared.choices), **default}
    if declared.most is not None:
        return {"type": "integer", "minimum": 1, "maximum": declared.most, **default}
    return {**_text_schema(f"^({declared.pattern})$" if declared.pattern else _TEXT), **default}


def is_repeatable(declared: FilterDeclaration | Control) -> bool:
    """Tell whether a request may have several values of a parameter."""
    if isinstance(declared, Control):
        return declared.repeatable
    return declared.type is not FilterType.TIME and not declared.is_flag


def _text_schema(pattern: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": pattern}


def _unknown(name: str, known: Iterable[str]) -> str:
    names = list(known)
    if not names:
        return f"no parameter is called '{printable(name)}': this address has none"
    return f"no parameter is called '{printable(name)}'{did_you_mean(name, names)}: the parameters are {', '.join(names)}"


def _checked(name: str, value: str) -> str:
    if not value:
        raise BadRequest(f"{name}: the value is empty")
    if len(value) > MAX_LENGTH:
        raise BadRequest(f"{name}: a value has at most {MAX_LENGTH} characters")
    if _CONTROL_CHARACTERS.search(value):
        raise BadRequest(f"{name}: '{printable(value)}' has control characters")
    return value


def _single(name: str, several: Sequence[str]) -> str:
    if len(several) > 1:
        raise BadRequest(f"{name}: given {len(several)} times, and may be given once")
    return several[0]


def _values_of(declared: FilterDeclaration, several: Sequence[str]) -> str | list[str]:
    """Return the values of a filter. Those of a choice may also be in one text, with commas, as on the command line."""
    if not is_repeatable(declared):
        return _single(declared.name, several)
    if declared.type is FilterType.CHOICE:
        several = [word for value in several for word in value.split(",")]
    return list(dict.fromkeys(_bounded(declared.name, several)))


def _bounded(name: str, several: Sequence[str]) -> Sequence[str]:
    if len(several) > MAX_VALUES:
        raise BadRequest(f"{name}: a request has at most {MAX_VALUES} values of a parameter")
    return several


def _sentence(error: InvalidOption) -> str:
    """Return the message of an error with the name of the parameter before it."""
    return "".join(f"{option.removeprefix('--')}: " for option in error.options[:1]) + visible(str(error))
