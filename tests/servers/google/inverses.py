"""Transforms of the tables read backwards: the whole members that Google may write so that a field has a value.

Only transforms that change the form of a member are here, by their name. What is yielded is a guess: whoever writes it reads it
again with the row's own source.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from perpend.collectors.rest.rows import FieldSource

NOBODY: Final = "user:nobody@shop.example"
"""A member of a binding that is not everybody."""

_SHORTER: Final = frozenset(("metadata", "some_members"))
"""The transforms that leave out members, and do so with what they return, too."""

_SHAPES: Final = (TypeError, ValueError, KeyError, AttributeError)
_BUCKETS: Final = "//storage.googleapis.com/"


def whole_members(source: FieldSource, value: Any, there: Any) -> Iterator[Any]:
    """Yield what may be in the place of a member that is ``there`` so that the source has a value, the likely ones first."""
    inverse = _INVERSES.get(_name_of(source))
    with suppress(*_SHAPES):  # a value of another form; no answer gives it
        yield from inverse(value, there) if inverse else ()


def values_kept(source: FieldSource, value: Any) -> Iterator[Any]:
    """Yield a value, and what is left of it if the transform leaves out members or puts lines in order."""
    yield value
    if not isinstance(value, str):
        return
    if _name_of(source) == "service_names":
        yield "\n".join(sorted(value.split("\n")))
    if source.transform and _name_of(source) in _SHORTER:
        with suppress(*_SHAPES):
            yield source.transform(json.loads(value))


def _name_of(source: FieldSource) -> str:
    """Return the name of a transform, or of the function that made it."""
    return str(getattr(source.transform, "__qualname__", "")).partition(".")[0]


def _services(value: Any, _: Any) -> Iterator[Any]:
    yield [{"config": {"name": line}} for line in value.split("\n")]


def _destination(value: Any, _: Any) -> Iterator[Any]:
    if value.startswith(_BUCKETS):
        yield value.removeprefix("//")


def _pools(value: Any, _: Any) -> Iterator[Any]:
    accounts = enumerate(json.loads(value), 1)
    yield [{"name": f"pool-{number}", "config": {"serviceAccount": account}} for number, account in accounts]


def _approval(value: Any, _: Any) -> Iterator[Any]:
    services = json.loads(value)
    yield {"enrolledServices": services} if services else {}


def _interfaces(value: Any, there: Any) -> Iterator[Any]:
    first, *others = there or [{}]
    configs = json.loads(value)
    yield from ([{**first, name: configs}, *others] for name in ("accessConfigs", "ipv6AccessConfigs"))


def _members(value: Any, there: Any) -> Iterator[Any]:
    yield from ([*(there or ()), member] for member in (("allUsers", "allAuthenticatedUsers") if value else (NOBODY,)))


def _condition(value: Any, there: Mapping[str, Any]) -> Iterator[Any]:
    metric = value.rpartition("/metrics/")[2]
    words = f'metric.type="logging.googleapis.com/user/{metric}" AND resource.type="global"'
    yield {**there, "conditionThreshold": {**there.get("conditionThreshold", {}), "filter": words}}


_INVERSES: Final[Mapping[str, Callable[[Any, Any], Iterator[Any]]]] = {
    "service_names": _services,
    "bucket_of": _destination,
    "node_accounts": _pools,
    "approved_services": _approval,
    "of_interfaces": _interfaces,
    "has_member": _members,
    "log_metric": _condition,
}
