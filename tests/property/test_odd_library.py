"""Odd is not empty: something odd in the place of a value never makes a library policy pass what it did not pass before.

The policies' own tests are the generator. Each object that ends INCOMPLIANT or UNDETERMINED is judged again, like a collected
one, with one value replaced by something that says nothing, taken away, or said twice; JSON texts are changed inside, too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import pytest

from perpend.authoring.testing.run import tests_of as objects_of
from perpend.core.objects.ids import PRODUCTION, production_of
from perpend.core.objects.status import Status
from perpend.core.values.values import date_time_from_text, json_from_text
from perpend.language.compiler.analyzer import Analyzer
from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.syntax.repository import open_repository
from tests.left_out import LEFT_OUT
from tests.library_gaps import ODD_PASSES, policies_with

ANALYZER = Analyzer(open_repository())
LOGICS = set(ANALYZER.repository.logic_ids)
EVERY: Final = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 101
"""Every so many-th change is judged."""

PASSED: Final = (Status.COMPLIANT, Status.INAPPLICABLE, Status.DISAPPEARED)
DELETION: Final = ("CA10__disappearanceTime__c", "CA10A1__disappearanceTime__c", "CA10Z1__disappearanceTime__c")
"""What is odd in these is a matter of the engine, not of policies."""

ODD: Final[tuple[Any, ...]] = (
    *("", " ", "\t\n", "\u00a0", "?", "null", "undefined", "0x1", "AccessDenied", "1970-13-01", "0001-01-01T00:00:00Z"),
    *(-1, 1e300, 10**40, [], {}, [None], [[]], [{}], {"error": "AccessDenied"}, {"": None}),
)
"""What says nothing of an estate, wherever it stands."""

GONE: Final = ("missing", "null", "[]", '""', '" "', '"\\t\\n"')
REPAIRED: Final = ("in a list",)


@dataclass(frozen=True, slots=True)
class Change:
    """One change: where (``/`` inside of JSON texts), what, and the value that comes out."""

    place: str
    name: str
    value: Any


def states_a_fact(policy: str, change: Change, before: Status) -> bool:
    """Whether a change says something of the estate after all."""
    inside = "/" in change.place
    *_, key = change.place.rpartition("/" if inside else ".")
    return (
        # In the language, a list of children that is null or empty says that there are none.
        (change.place.endswith("__r") and change.name in ("null", "[]"))
        # The object that a lookup leads to, or one of a list, is there if it has an Id.
        or re.search(r"__r(\[\d+\])?\.Id$", change.place) is not None
        # Most reports lack the column that announces further credentials, which says that there are none, as a blank does.
        or (key == "additional_credentials_info" and (change.name in GONE or change.name.startswith("as ")))
        # AWS leaves out what there is none of: an instance's cluster or public address, an image's runtime, a route's targets.
        or (key in LEFT_OUT and change.name in GONE)
        # Google leaves out the filter and the exclusions of a sink that exports everything, and writes no false.
        or (key in ("CA10__filter__c", "CA10__exclusionsJson__c") and "_Sinks__r" in change.place and change.name in GONE)
        or (
            "inheritedSinksJson__c/" in change.place
            and key in ("filter", "disabled", "exclusions")
            and change.name == "missing"
        )
        # A repository, function, domain, secret, queue or bucket needs no policy: without one it lets nobody else in.
        or (key == "CA10__policyDocument__c" and "-open-to-" in policy and change.name in GONE)
        # People choose these names and ids, and may choose any word.
        or (key in CHOSEN and may_be_chosen(key, change.name))
        or ("sts:ExternalId" in change.place and (change.name[0] == '"' or change.name == "with a NUL"))
        # An alternative of a metric filter that asks for nothing takes every event.
        or ("CA10__filterTermsJson__c/" in change.place and change.name == "[]")
        # A manual snapshot that nobody else may restore has this list empty.
        or (inside and (key, change.name) == ("restore", "[]"))
        # AWS leaves out operators and lists of selectors that do not narrow anything; it never writes one that is empty.
        or (inside and key in OPERATORS and change.name == "missing")
        # This list AWS writes empty where it narrows nothing, and tools write null for an empty list.
        or (inside and key == "ExcludeManagementEventSources" and change.name in ("missing", "null", "[]"))
        # An entry of another name is another flag, of those that are there; a flag that is not set has its default.
        or ("CA10__databaseFlagsJson__c" in change.place and is_another_flag(change))
        # A Deny without its condition denies more.
        or (inside and (key, change.name) == ("Condition", "missing"))
        # Parameters of an assignment of Azure Policy have any name and value; one that is not set has its default.
        or (inside and "enabledStandards__c/" in change.place and "/parameters/" in change.place)
        or (inside and key == "parameters" and change.name in ("null", "{}"))
        # Keys of metadata of instances are chosen by people: one that is called otherwise is another key.
        or ("etadata" in change.place and key == "key" and change.name[0] == '"' and is_key(json.loads(change.name)))
        # Whoever takes something odd out of a document that was not understood, or puts right its form, has mended it.
        or (inside and before is Status.UNDETERMINED and change.name in (*GONE, *REPAIRED))
        or (inside and before is Status.UNDETERMINED and change.name.startswith("as "))
    )


def is_another_flag(change: Change) -> bool:
    """Whether a change leaves a list of flags a list of entries with names, all of which are others than before."""
    return (change.place.endswith("/name") and (change.name[0] == '"' or change.name.startswith("with "))) or (
        change.place.endswith("Json__c") and change.name == "[]"
    )


def is_key(name: str) -> bool:
    """Whether metadata of Compute Engine may have a key of this name."""
    return re.fullmatch(r"[A-Za-z0-9_-]+", name) is not None


CHOSEN: Final = {
    "CA10__masterUsername__c": re.compile(r"[A-Za-z]\w*"),
    "CA10__description__c": re.compile(r".*[^\W_].*"),
    "CA10__dbName__c": re.compile(r"[A-Za-z]\w*"),
    "CA10__loggingDestinationBucketName__c": re.compile(r"[a-z0-9-]+"),
    "Name": re.compile(r"[A-Za-z0-9 :-]+"),
    "CA10Z1__name__c": re.compile(r"[A-Za-z]+"),
}
"""What names may look like that people choose, or Microsoft for a new plan of Defender."""


def may_be_chosen(key: str, name: str) -> bool:
    """Whether what a change puts in the place of a name is one that people may choose."""
    return name == "as a text" or (name[0] == '"' and CHOSEN[key].fullmatch(json.loads(name)) is not None)


OPERATORS: Final = frozenset({"Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"})


def changes(value: Any, at: str = "") -> Iterator[Change]:
    """Yield every change inside of a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in DELETION or (key == "Id" and not at):
                continue
            for change in (*replacements(inner, f"{at}.{key}"), *changes(inner, f"{at}.{key}")):
                yield Change(change.place, change.name, {**value, key: change.value})
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            for change in (*replacements(inner, f"{at}[{number}]"), *changes(inner, f"{at}[{number}]")):
                yield Change(change.place, change.name, [*value[:number], change.value, *value[number + 1 :]])
    elif isinstance(value, str) and value[:1] in ("{", "["):
        yield from changes_of_text(value, at)


def replacements(value: Any, at: str) -> Iterator[Change]:
    """Yield what may stand in the place of a value: something odd, or the value in a form that it has not."""
    yield Change(at, "null", None)
    yield from (Change(at, json.dumps(odd), odd) for odd in ODD)
    yield Change(at, "in a list", [value])
    yield Change(at, "in an object", {"value": value})
    if isinstance(value, str):
        yield from (Change(at, "with a space", f" {value}"), Change(at, "with a NUL", f"{value}\0"))
    if isinstance(value, bool | int | float | list):
        yield Change(at, "as a text", json.dumps(value))
    if isinstance(value, list):
        yield from (Change(at, "with a null", [None, *value]), Change(at, "with an empty one", [*value, {}]))


def changes_of_text(text: str, at: str) -> Iterator[Change]:
    """Yield the changes inside of a JSON text; none where it is no JSON."""
    try:
        document = json_from_text(text)
    except ValueError:
        return
    for change in changes_of_document(document, at):
        yield Change(change.place, change.name, json.dumps(change.value))
    for key in sorted(keys_of(document)):
        written = f"{json.dumps(key)}: "
        for odd in ("null", '""', "[]", '"false"', "false"):
            yield Change(f"{at}/{key}", f"twice, first {odd}", text.replace(written, f"{written}{odd}, {written}", 1))


def changes_of_document(document: Any, at: str) -> Iterator[Change]:
    if isinstance(document, dict):
        for key, value in document.items():
            place, rest = f"{at}/{key}", {name: other for name, other in document.items() if name != key}
            yield Change(place, "missing", rest)
            for spelling in sorted({key.swapcase(), key[:1].swapcase() + key[1:], f"{key} "} - {key}):
                yield Change(place, f"as {spelling!r}", {**rest, spelling: value})
            for change in (*replacements(value, place), *changes_of_document(value, place)):
                yield Change(change.place, change.name, {**document, key: change.value})
    elif isinstance(document, list):
        for number, value in enumerate(document):
            for change in (*replacements(value, f"{at}/{number}"), *changes_of_document(value, f"{at}/{number}")):
                yield Change(change.place, change.name, [*document[:number], change.value, *document[number + 1 :]])


def keys_of(document: Any) -> set[str]:
    """Return all keys of a document's objects."""
    if isinstance(document, dict):
        return set(document).union(*map(keys_of, document.values()))
    return set().union(*map(keys_of, document)) if isinstance(document, list) else set()


@pytest.mark.parametrize(
    "policy", policies_with(ODD_PASSES, [one for one in ANALYZER.repository.policy_ids if production_of(one) in LOGICS])
)
def test_nothing_odd_makes_a_policy_pass(policy: str) -> None:
    logic = f"{policy}/{PRODUCTION}"
    program = ANALYZER.analyzed(logic).program
    assert program is not None
    interpreter, passed = Interpreter([program]), []

    def status(fields: Mapping[str, Any], time: int) -> Status:
        index, _ = interpreter.evaluate(fields, time, complete=False)[0]
        return program.verdicts[index].status if index in program.verdicts else Status.UNDETERMINED

    for test in objects_of(ANALYZER.repository, ANALYZER, logic)[0]:
        time = date_time_from_text(test.snapshot_time or "") or 0
        before = status(test.fields, time)
        if before in PASSED:
            continue
        for change in islice(changes(dict(test.fields)), len(test.id) % EVERY, None, EVERY):
            if not states_a_fact(policy, change, before) and (after := status(change.value, time)) in PASSED:
                passed.append(f"{test.id}: {before} becomes {after} where {change.place} is {change.name}")
    assert [] == passed
