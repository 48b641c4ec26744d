"""Classes of ``core.dataclass`` behave like those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import KW_ONLY, FrozenInstanceError, asdict, astuple, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from perpend.core.dataclass import dataclass

T = TypeVar("T")


def _classes(decorator: Any) -> dict[str, Any]:
    """Return classes of all forms that the source has, made by a decorator."""

    @decorator(frozen=True, slots=True)
    class Frozen(Generic[T]):
        first: T
        second: list[int] = field(default_factory=list, compare=False)
        third: str = field(default="x", repr=False)
        count: ClassVar[int] = 3

    @decorator(slots=True)
    class Mutable:
        first: int
        second: dict[str, int] = field(default_factory=dict)
        _third: list[int] = field(default_factory=list, init=False)
        fourth: int = field(default=4, init=False)

        def __post_init__(self) -> None:
            self._third.append(self.first)

    @decorator(frozen=True, slots=True, kw_only=True)
    class Named:
        first: int
        second: int = 2

    @decorator(frozen=True)
    class Mixed:
        first: int
        _: KW_ONLY
        second: int = 2

    @decorator(frozen=True, slots=True, order=True)
    class Ordered:
        first: int
        second: int = 0

    @decorator(frozen=True, slots=True, eq=False)
    class Unequal:
        first: int

    @decorator(frozen=True, slots=True)
    class Derived(Ordered):
        third: int = 3

    @decorator(frozen=True, slots=True)
    class Own:
        first: int

        def __hash__(self) -> int:
            return 5

        def __repr__(self) -> str:
            return "own"

    @decorator(slots=True)
    class Empty:
        pass

    class Plain(Mixed):
        other = 1

    return {name: value for name, value in locals().items() if name != "decorator"}


OURS, THEIRS = _classes(dataclass), _classes(dataclasses.dataclass)
ARGUMENTS: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "Frozen": [
        ((1,), {}),
        ((1, [2], "y"), {}),
        ((), {"first": 1, "third": "x"}),
        ((1, [9]), {}),
        ((), {}),
        ((1, [], "", 4), {}),
    ],
    "Mutable": [((1,), {}), ((1, {"a": 1}), {}), ((1,), {"_third": []}), ((1,), {"fourth": 4})],
    "Named": [((), {"first": 1}), ((), {"first": 1, "second": 2}), ((1,), {})],
    "Mixed": [((1,), {}), ((1,), {"second": 3}), ((1, 2), {})],
    "Ordered": [((1,), {}), ((1, 2), {}), ((0, 9), {})],
    "Unequal": [((1,), {}), ((1,), {})],
    "Derived": [((1,), {}), ((1, 2, 4), {}), ((1, 2), {"other": 4})],
    "Own": [((1,), {}), ((2,), {})],
    "Empty": [((), {}), ((1,), {})],
    "Plain": [((1,), {}), ((1,), {"second": 3})],
}


def _result(do: Any) -> Any:
    """Return the result of a function, or the kind of its error."""
    try:
        return do()
    except (TypeError, AttributeError) as error:
        return type(error)


def _objects(classes: dict[str, Any], name: str) -> list[Any]:
    return [_result(lambda given=given, named=named: classes[name](*given, **named)) for given, named in ARGUMENTS[name]]


@pytest.mark.parametrize("name", OURS)
def test_objects_behave_alike(name: str) -> None:
    ours, theirs = _objects(OURS, name), _objects(THEIRS, name)
    facts = {
        "made or refused": lambda one: one if isinstance(one, type) else "made",
        "shown": lambda one: repr(one).partition(" at ")[0],
        "has a hash": lambda one: _result(lambda: hash(one)) is TypeError,
        "as a mapping": lambda one: _result(lambda: asdict(one)),
        "as a tuple": lambda one: _result(lambda: astuple(one)),
        "replaced": lambda one: repr(_result(lambda: replace(one, first=7))).partition(" at ")[0],
        "set": lambda one: _result(lambda: setattr(one, "first", 1)),
        "another attribute set": lambda one: isinstance(_result(lambda: setattr(one, "another", 1)), type),
        "deleted": lambda one: _result(lambda: delattr(one, "first")),
    }
    for fact, of in facts.items():
        assert [of(one) for one in theirs] == [of(one) for one in ours], fact


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("compare", ["__eq__", "__lt__", "__le__", "__gt__", "__ge__", "hashes"])
def test_comparisons_are_alike(name: str, compare: str) -> None:
    def compared(classes: dict[str, Any]) -> list[Any]:
        objects = _objects(classes, name)
        if compare == "hashes" and name != "Unequal":
            return [_result(lambda one=one, other=other: hash(one) == hash(other)) for one in objects for other in objects]
        return [
            getattr(one, compare, None) and getattr(type(one), compare)(one, other)
            for one in objects
            for other in [*objects, 1]
        ]

    assert compared(THEIRS) == compared(OURS)


@pytest.mark.parametrize("name", OURS)
def test_classes_look_alike(name: str) -> None:
    def form(cls: type) -> list[Any]:
        described = [(one.name, one.type, one.init, one.kw_only, one.compare) for one in fields(cls)]
        return [is_dataclass(cls), described, str(inspect.signature(cls)), cls.__match_args__, getattr(cls, "__slots__", None)]

    assert form(THEIRS[name]) == form(OURS[name])


def test_a_signature_is_the_same_before_and_after_the_first_object() -> None:
    @dataclass(slots=True)
    class Example:
        first: int = 3

    before = str(inspect.signature(Example))
    Example()
    assert "(first: 'int' = 3) -> None" == before == str(inspect.signature(Example))


def test_an_object_shown_within_itself_ends() -> None:
    one = OURS["Mutable"](1)
    one.second["self"] = one
    assert "second={'self': ...}" in repr(one)


@dataclass(frozen=True, slots=True)
class Sent:
    first: int
    second: tuple[str, ...] = ()


@pytest.mark.parametrize("copied", [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy])  # noqa: S301
def test_frozen_objects_are_copied_and_sent_to_other_processes(copied: Any) -> None:
    assert Sent(1, ("a",)) == copied(Sent(1, ("a",)))


def test_frozen_objects_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'first'"):
        Sent(1).first = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'first'"):
        del Sent(1).first
