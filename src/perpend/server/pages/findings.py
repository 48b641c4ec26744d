"""The list of findings: facets, search, groups, pages by key, and exports of exactly what is shown."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import RedirectResponse

from perpend.core.dataclass import dataclass
from perpend.findings.filters import (
    ACCOUNT,
    FRAMEWORK,
    IN_USE,
    LIFE,
    OF_FINDINGS,
    ORDERS,
    POLICY,
    REGION,
    SEARCH,
    SEVERITY,
    TAG,
    TAG_UNKNOWN,
    TYPE,
    WAIVED,
    FilterType,
)
from perpend.findings.history.model import OPEN_STATES, in_words
from perpend.language.compiler.names import find_section
from perpend.reports.overview import service_of
from perpend.server.index.numbers import MOST_OBJECTS, NO_REGION, NOT_KNOWN, NOT_RATED
from perpend.server.pages.asking import link, parameters_of
from perpend.server.pages.render import address, page
from perpend.server.pages.saved import views_of
from perpend.server.parameters import LIMIT, NEXT, ORDER, WAIVED_CONTROL, Control
from perpend.server.reader import run_of
from perpend.server.views.policies import types_of_services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from perpend.findings.filters import FilterDeclaration
    from perpend.server.answers import Facets
    from perpend.server.parameters import RequestParameters
    from perpend.server.served_store import ServedRun

GROUP: Final = Control("group", "The findings by what they have in common.", None, ("policy", "account", "object"))
ANY_TYPE: Final = "-"
"""The part of an object's address that stands for its type if only the id is known."""

EXPORTS: Final = (("CSV", "csv"), ("NDJSON", "ndjson"), ("Parquet", "parquet"))
"""The names of the formats of exports, and the endings of their addresses."""

_SHOWN: Final = 7
"""The number of values of a facet that are shown; others are folded."""

_MOST: Final = 60
"""The number of values of a facet at most. The filter by text reaches the others."""

_FACETS: Final = (
    (SEVERITY.name, "Severity"),
    (LIFE.name, "State"),
    (WAIVED_CONTROL.name, "Waived"),
    (POLICY.name, "Policy"),
    (TYPE.name, "Object type"),
    (ACCOUNT.name, "Account"),
    (REGION.name, "Region"),
    (TAG.name, "Tag"),
)
_NO_VALUES: Final = frozenset({"", NOT_RATED, NOT_KNOWN, NO_REGION})
"""The keys of facets for findings without a value."""

_ALL: Final = "/*"
"""The end of a glob that stands for the policies of a folder."""

_DEFAULT_LIVES: Final = tuple(life.value for life in OPEN_STATES)
_ORDER_NAMES: Final = {"severity": "Most severe first", "age": "Oldest first", "priority": "By priority"}
_GROUP_NAMES: Final = {"policy": "by policy", "account": "by account", "object": "by object"}


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet: its label, the number of findings with it, and whether it is chosen.

    The number is None for a name that stands for several values, or that no finding has.
    """

    value: str
    label: str
    number: int | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet with the values that are shown, and those that are folded. ``left_out`` is the number of further values."""

    name: str
    label: str
    shown: tuple[FacetValue, ...]
    folded: tuple[FacetValue, ...]
    left_out: int
    single: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """A chosen value of a filter, with the address of the list without it."""

    filter: str
    label: str
    without: str


def findings(request: Request) -> Response:
    """Return the page of findings, or of their groups."""
    return listed(request, "/findings", "findings.html")


def listed(request: Request, path: str, template: str, group: str | None = None) -> Response:
    """Return a page with the findings that a form chooses. ``group`` is the group of a page that has no other."""
    parameters = parameters_of(request, (ORDER, LIMIT, NEXT, *(() if group else (GROUP,))))
    canonical = link(path, pairs_of(parameters))
    if not all(value for _, value in request.query_params.multi_items()) and "hx-request" not in request.headers:
        return RedirectResponse(canonical, 303)
    served = run_of(request)
    by = group or parameters.text(GROUP)
    names = PageNames(served)
    facets = served.facets(parameters.question)
    context: dict[str, Any] = {
        "path": path,
        "parameters": parameters,
        "total": facets.total,
        "facets": facets_of(facets, parameters, names),
        "chips": chips_of(path, parameters, names),
        "tags_unknown": served.tags_unknown(parameters.question),
        "unused": served.unused(parameters.question),
        "only_in_use": bool(parameters.question.filter.of(IN_USE.name)),
        "with_tags_unknown": link(path, [*pairs_of(parameters, next=None), (TAG_UNKNOWN.name, TAG_UNKNOWN.choices[0])]),
        "shows_tags_unknown": bool(parameters.question.filter.of(TAG_UNKNOWN.name)),
        "search": parameters.question.filter.of(SEARCH.name),
        "fields": fields_of(parameters),
        "orders": [(order, _ORDER_NAMES[order]) for order in ORDERS],
        "groups": GROUP.choices,
        "group_names": _GROUP_NAMES,
        "group": by,
        "clear": path,
        "exports": [(name, link(f"/api/v1/findings.{ending}", export_pairs(parameters))) for name, ending in EXPORTS],
        "rows": None,
        "grouped": None,
        "next": None,
        "first": link(path, pairs_of(parameters, next=None)) if parameters.next else None,
        "group_link": lambda key: link("/findings", group_pairs(parameters, by, key)),
        "cut": False,
        "views": [one for one in views_of(served) if one.problem is None],
        "entry": "" if group else view_entry(parameters),
    }
    if by:
        context["grouped"] = served.groups(parameters.question, by)
        context["cut"] = by == "object" and len(context["grouped"]) >= MOST_OBJECTS
        if group == "object":
            context["group_link"] = lambda key: address("/objects", ANY_TYPE, key)
    else:
        listed_page = served.findings(
            parameters.question, order=parameters.order, limit=parameters.limit, after=parameters.next
        )
        context["rows"] = listed_page.findings
        context["total"] = listed_page.total
        context["next"] = link(path, pairs_of(parameters, next=listed_page.next)) if listed_page.next else None
    answer = page(request, template, served=served, **context)
    answer.headers["HX-Push-Url"] = canonical
    return answer


class PageNames:
    """The names that people know values of filters by."""

    def __init__(self, served: ServedRun) -> None:
        self._state = served.views.state
        self._types = types_of_services(self._state)

    def label(self, name: str, value: str) -> str:
        """Return the label of a value."""
        if name == ACCOUNT.name:
            called = self._state.account_names.get(value)
            return f"{called} ({value})" if called else value or "not known"
        if is_service(value) and name == POLICY.name:
            return service_of(self._state.repository, value, self._types.get(value.removesuffix(_ALL)))
        if name == POLICY.name:
            return self._state.titles.get(value, value)
        if name == FRAMEWORK.name:
            section = self._state.repository.section(find_section(value, self._state.repository)).value
            return section.name if section is not None and section.name else value
        if name == TYPE.name:
            declared = self._state.repository.declared_type(value)
            return declared.label if declared is not None and declared.label else value
        if name == WAIVED_CONTROL.name:
            return {"yes": "waived", "no": "not waived"}.get(value, value)
        if name == SEVERITY.name:
            return value or "not rated"
        return in_words(value) if name == LIFE.name else value or "not known"


def pairs_of(parameters: RequestParameters, **changed: str | None) -> list[tuple[str, str]]:
    """Return the parameters that ask the same. The default states are left out."""
    pairs = parameters.pairs(**changed)
    lives = [value for name, value in pairs if name == LIFE.name]
    return [pair for pair in pairs if pair[0] != LIFE.name] if sorted(lives) == sorted(_DEFAULT_LIVES) else pairs


def export_pairs(parameters: RequestParameters) -> list[tuple[str, str]]:
    """Return the parameters of an export: the filters, without pages and groups."""
    apart = (LIMIT.name, NEXT.name, GROUP.name, ORDER.name)
    return [pair for pair in pairs_of(parameters) if pair[0] not in apart]


def group_pairs(parameters: RequestParameters, by: str, key: str) -> list[tuple[str, str]]:
    """Return the parameters of the findings of one group."""
    pairs = [pair for pair in pairs_of(parameters, next=None) if pair[0] not in (by, GROUP.name)]
    return sorted([*pairs, (by, key)])


def view_entry(parameters: RequestParameters) -> str:
    """Return the text of a file with a saved view of this list."""
    pairs = pairs_of(parameters, next=None, limit=None)
    apart = [(name, value) for name, value in pairs if name in (WAIVED_CONTROL.name, ORDER.name, GROUP.name)]
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if (name, value) not in apart:
            values.setdefault(name, []).append(value)
    lines = ["name: fill-in-a-name", "title: Fill in a title", *(["filters:"] if values else [])]
    lines += [f"  {name}: {json.dumps(several)}" for name, several in values.items()]
    return "\n".join([*lines, *(f"{name}: {json.dumps(value)}" for name, value in apart)]) + "\n"


def facets_of(facets: Facets, parameters: RequestParameters, names: PageNames) -> list[Facet]:
    """Return the facets in their order, with chosen values first."""
    made = []
    for name, label in _FACETS:
        numbers = dict(facets.facets.get(name, {}))
        if name == WAIVED_CONTROL.name:
            made.append(_waived(numbers, parameters, names))
            continue
        if name == POLICY.name:
            made.append(_services(numbers, parameters, names))
        chosen = parameters.question.filter.of(name) or (_DEFAULT_LIVES if name == LIFE.name else ())
        chosen = tuple(value for value in chosen if name != POLICY.name or not is_service(value))
        ordered = [*dict.fromkeys([*chosen, *_in_order(name, numbers)])]
        if name in (SEVERITY.name, LIFE.name):
            ordered.sort(key=lambda value: _place(name, value))
        values = [_value(name, value, numbers.get(value), chosen, names) for value in ordered]
        shown = max(_SHOWN, len(chosen))
        made.append(Facet(name, label, tuple(values[:shown]), tuple(values[shown:_MOST]), max(len(values) - _MOST, 0)))
    return [facet for facet in made if facet.shown]


def is_service(policy: str) -> bool:
    """Whether a value of the filter by policy stands for all policies of a folder, which are those of a service."""
    return policy.endswith(_ALL)


def _services(numbers: Mapping[str, int], parameters: RequestParameters, names: PageNames) -> Facet:
    """Return the facet of services: globs of policies, with the numbers of their findings."""
    of_services = Counter[str]()
    for policy_id, number in numbers.items():
        of_services[policy_id.rpartition("/")[0] + _ALL] += number
    chosen = tuple(filter(is_service, parameters.question.filter.of(POLICY.name)))
    ordered = dict.fromkeys([*chosen, *_in_order(POLICY.name, of_services)])
    values = [_value(POLICY.name, one, of_services.get(one), chosen, names) for one in ordered]
    shown = max(_SHOWN, len(chosen))
    return Facet(POLICY.name, "Service", tuple(values[:shown]), tuple(values[shown:_MOST]), max(len(values) - _MOST, 0))


def _value(name: str, value: str, number: int | None, chosen: Sequence[str], names: PageNames) -> FacetValue:
    """Return a value of a facet. One that stands for no value has a label, and cannot be chosen."""
    if value in _NO_VALUES:
        return FacetValue("", value, number, chosen=False)
    return FacetValue(value, names.label(name, value), number, value in chosen)


def _waived(numbers: Mapping[str, int], parameters: RequestParameters, names: PageNames) -> Facet:
    name = WAIVED_CONTROL.name
    number = {**{value: numbers.get(value, 0) for value in WAIVED}, WAIVED[0]: sum(numbers.values())}
    values = [FacetValue(one, names.label(name, one), number[one], parameters.question.waived == one) for one in WAIVED]
    return Facet(name, "Waived", tuple(values), (), 0, single=True)


def _in_order(name: str, numbers: Mapping[str, int]) -> Sequence[str]:
    return sorted(numbers, key=lambda value: (-numbers[value], value))


def _place(name: str, value: str) -> int:
    choices = SEVERITY.choices if name == SEVERITY.name else (*_DEFAULT_LIVES, *LIFE.choices)
    return choices.index(value) if value in choices else len(choices)


def chips_of(path: str, parameters: RequestParameters, names: PageNames) -> list[Chip]:
    """Return the chosen values, each with the address of the list without it."""
    pairs = pairs_of(parameters, next=None)
    controls = {ORDER.name, LIMIT.name, GROUP.name}
    labels = dict(_FACETS)
    chips = []
    for place, (name, value) in enumerate(pairs):
        if name not in controls:
            label = labels.get(name, name.capitalize().replace("_", " "))
            if name == POLICY.name and is_service(value):
                label = "Service"
            chips.append(Chip(label, names.label(name, value), link(path, [*pairs[:place], *pairs[place + 1 :]])))
    return chips


def fields_of(parameters: RequestParameters) -> list[tuple[FilterDeclaration, tuple[str, ...], str]]:
    """Return the filters that are fields of text, each with its values and the type of its field.

    The values of a tag are in its facet; the field adds one.
    """
    facets = dict(_FACETS)
    return [
        (
            one,
            parameters.question.filter.of(one.name) if one is not TAG else (),
            "date" if one.type is FilterType.TIME else "text",
        )
        for one in OF_FINDINGS
        if (one.name not in facets or one is TAG) and one not in (SEARCH, TAG_UNKNOWN, IN_USE)
    ]
