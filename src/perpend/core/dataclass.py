"""The decorator ``dataclass`` of the standard library, at a tenth of its cost at start-up.

The standard library compiles up to six methods of each class. That took a quarter of the time of a small command. Here all
methods are closures but ``__init__``, which is compiled when the first object of a class is created. Fields are those of the
standard library, so its ``fields``, ``replace`` and ``asdict`` work.
"""

from __future__ import annotations

import dataclasses
import operator
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import dataclass
else:

    def dataclass(**options):
        """Return a decorator with some of the library's options: ``frozen``, ``slots``, ``kw_only``, ``eq`` and ``order``."""
        return lambda cls: _dataclass(cls, **options)


__all__ = ["dataclass"]

_MISSING: Final = dataclasses.MISSING
_ORDER: Final = (operator.lt, operator.le, operator.gt, operator.ge)


class _Factory:
    """The default of a parameter whose value a function makes."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY: Final = _Factory()


def _dataclass(cls: Any, *, frozen: bool = False, eq: bool = True, order: bool = False, **options: bool) -> Any:
    own = {name for name, value in vars(cls).items() if name != "__hash__" or value is not None}
    cls = dataclasses.dataclass(init=False, repr=False, eq=False, **options)(cls)
    fields = dataclasses.fields(cls)
    values = _values_of([one.name for one in fields if one.compare])
    methods: dict[str, Any] = {"__init__": _init(cls, frozen), "__repr__": _repr([one.name for one in fields if one.repr])}
    if eq:
        methods["__eq__"] = _comparison(operator.eq, values)
        methods["__hash__"] = (lambda self: hash(values(self))) if frozen else None
    if order:
        methods |= {
            f"__{one.__name__}__": _comparison(one, values) for one in (operator.lt, operator.le, operator.gt, operator.ge)
        }
    if frozen:
        methods["__setattr__"], methods["__delattr__"] = _frozen(cls, [one.name for one in fields])
    if frozen and options.get("slots"):
        methods |= {"__getstate__": _getstate, "__setstate__": _setstate}
    for name, method in methods.items():
        if name not in own:
            setattr(cls, name, method)
    if "__init__" not in own:
        cls.__signature__ = _Signature(cls, frozen)
    return cls


def _init(cls: Any, frozen: bool) -> Callable[..., None]:
    """Return a method that replaces itself by a compiled one."""

    def first_init(self: Any, *arguments: Any, **named: Any) -> None:
        cls.__init__ = compiled = _compiled_init(cls, frozen)
        compiled(self, *arguments, **named)

    return first_init


def _compiled_init(cls: Any, frozen: bool) -> Callable[..., None]:
    names: dict[str, Any] = {"_FACTORY": _FACTORY, "_set": object.__setattr__}
    parameters: dict[bool, list[str]] = {False: ["self"], True: []}
    lines = []
    for field in dataclasses.fields(cls):
        name = value = field.name
        names[f"_default_{name}"], names[f"_make_{name}"] = field.default, field.default_factory
        is_made = field.default_factory is not _MISSING
        if field.init:
            default = "=_FACTORY" if is_made else f"=_default_{name}" if field.default is not _MISSING else ""
            parameters[bool(field.kw_only)].append(name + default)
            value = f"_make_{name}() if {name} is _FACTORY else {name}" if is_made else name
        elif is_made or field.default is not _MISSING:
            value = f"_make_{name}()" if is_made else f"_default_{name}"
        else:
            continue
        lines.append(f" _set(self, {name!r}, {value})" if frozen else f" self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    signature = ", ".join([*parameters[False], *(["*", *parameters[True]] if parameters[True] else [])])
    exec("\n".join([f"def __init__({signature}):", *lines, " return"]), names)  # noqa: S102  # names of fields are identifiers
    method: Callable[..., None] = names["__init__"]
    method.__qualname__ = f"{cls.__qualname__}.__init__"
    method.__annotations__ = {one.name: one.type for one in dataclasses.fields(cls) if one.init} | {"return": None}
    return method


class _Signature:
    """Compiles ``__init__`` before ``inspect.signature`` reads it."""

    def __init__(self, cls: Any, frozen: bool) -> None:
        self._cls, self._frozen = cls, frozen

    def __get__(self, instance: object, owner: type) -> None:
        self._cls.__init__ = _compiled_init(self._cls, self._frozen)


def _values_of(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _repr(names: Sequence[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def shown(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return shown


def _comparison(compare: Callable[[Any, Any], Any], values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

    return method


def _frozen(cls: Any, names: Sequence[str]) -> tuple[Callable[[Any, str, Any], None], Callable[[Any, str], None]]:
    """Return the methods that refuse to change a field. A subclass may have other attributes."""

    def assign(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return assign, delete


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _setstate(self: Any, state: Sequence[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
