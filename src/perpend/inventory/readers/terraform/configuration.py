"""The configuration in a plan: which attributes it names, and where the references of an expression end.

An expression is not evaluated. Its references tell which object it names if there is exactly one, and nothing else.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

_DEEPEST: Final = 32
_KEY: Final = re.compile(r'\[("(?:[^"\\]|\\.)*"|[0-9]+)\]')
_ANY_KEY: Final = r'((?:\[(?:"(?:[^"\\]|\\.)*"|[0-9]+)\])?)'
_MODULE: Final = re.compile(rf"module\.([^.\[]+){_ANY_KEY}\.?")
_RESOURCE: Final = re.compile(rf"((?:data\.)?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+){_ANY_KEY}((?:\..*)?)", re.DOTALL)

Path = tuple[tuple[str, "str | int | None"], ...]
"""An instance of a module: the names and keys of the calls that lead to it."""


class Place(NamedTuple):
    """An instance of a resource: its module's instance, its type and name, and its key."""

    module: Path
    resource: str
    key: str | int | None


class Target(NamedTuple):
    """Where a reference ends: an instance of a resource, and the attribute after it."""

    place: Place
    attribute: str


def key_of(text: str) -> str | int | None:
    """Return a key of count or for_each, as an address writes it; None for no key."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    value: str | int = json.loads(match[1])
    return value


def module_path(address: str) -> Path:
    """Return the calls in a module's address."""
    return tuple((match[1], key_of(match[2])) for match in _MODULE.finditer(address))


class Configuration:
    """The root module of a configuration, its calls of other modules, and its providers.

    ``instances`` are all planned instances of resources: the keys by module and resource.
    """

    def __init__(self, document: Mapping[str, Any], instances: Mapping[tuple[Path, str], Sequence[str | int | None]]) -> None:
        self._root = _object(document.get("root_module"))
        self._instances = instances
        self._resources: dict[tuple[str, ...], dict[str, Mapping[str, Any]]] = {}

    def node(self, module: Path, resource: str) -> Mapping[str, Any] | None:
        """Return what the configuration says of a resource, None if it does not have it."""
        names = tuple(name for name, _ in module)
        if names not in self._resources:
            listed = _listed(_object(self._module(names)).get("resources"))
            self._resources[names] = {str(one.get("address")): one for one in listed}
        return self._resources[names].get(resource)

    def expressions(self, module: Path, resource: str) -> Mapping[str, Any] | None:
        """Return the expressions of a resource by attribute, None if the configuration does not have the resource."""
        node = self.node(module, resource)
        return None if node is None else _object(node.get("expressions"))

    def left_out(self, mentioned: Container[tuple[Path, str]]) -> list[str]:
        """Return resources without count and for_each, in such modules, that a plan does not mention."""
        return [*self._left_out((), self._root, mentioned, 0)]

    def _left_out(
        self, path: Path, module: Mapping[str, Any], mentioned: Container[tuple[Path, str]], depth: int
    ) -> Iterable[str]:
        for one in _listed(module.get("resources")):
            repeated = "count_expression" in one or "for_each_expression" in one
            if one.get("mode") == "managed" and not repeated and (path, str(one.get("address"))) not in mentioned:
                yield ".".join([*(f"module.{name}" for name, _ in path), str(one.get("address"))])
        for name, call in _object(module.get("module_calls")).items():
            if isinstance(call, dict) and not {"count_expression", "for_each_expression"} & call.keys() and depth < _DEEPEST:
                yield from self._left_out((*path, (name, None)), _object(call.get("module")), mentioned, depth + 1)

    def target(self, place: Place, expression: Any) -> Target | None:
        """Return the only instance of a resource that an expression of an instance refers to, None for any other."""
        targets = self.targets(place, expression)
        return targets[0] if targets is not None and len(targets) == 1 else None

    def targets(self, place: Place, expression: Any) -> list[Target] | None:
        """Return the instances of resources that an expression refers to, None if it refers to anything else."""
        references = _references(expression)
        if not references:
            return None
        targets = [self._followed(place, one, 0) for one in references]
        return None if None in targets else [one for one in targets if one is not None]

    def _followed(self, place: Place, reference: str, depth: int) -> Target | None:
        if depth > _DEEPEST:
            return None
        if reference == "each.value" or reference.startswith("each.value."):
            return self._of_each(place, reference.removeprefix("each.value").removeprefix("."), depth)
        if reference.startswith("var."):
            return self._of_variable(place.module, reference[4:], depth)
        if reference.startswith("module."):
            return self._of_output(place.module, reference, depth)
        match = _RESOURCE.fullmatch(reference)
        if match is None or reference.partition(".")[0] in ("each", "count", "local", "path", "terraform", "self"):
            return None
        keys = self._instances.get((place.module, match[1]))
        key = key_of(match[2])
        if keys is None or (key not in keys if match[2] else list(keys) != [None]):
            return None
        return Target(Place(place.module, match[1], key), match[3].removeprefix("."))

    def _of_each(self, place: Place, attribute: str, depth: int) -> Target | None:
        """Follow ``each.value`` to the instance of the same key, where for_each is another resource."""
        node = self.node(place.module, place.resource)
        references = _references((node or {}).get("for_each_expression"))
        match = _RESOURCE.fullmatch(references[0]) if len(references) == 1 else None
        if match is None or match[2] or match[3]:
            return None
        if place.key is None or place.key not in self._instances.get((place.module, match[1]), ()):
            return None
        return Target(Place(place.module, match[1], place.key), attribute)

    def _of_variable(self, module: Path, name: str, depth: int) -> Target | None:
        if not module or "." in name or "[" in name:
            return None
        above, (call, _) = module[:-1], module[-1]
        called = _object(_object(self._module(tuple(one for one, _ in above))).get("module_calls")).get(call)
        expression = _object(_object(called).get("expressions")).get(name)
        references = _references(expression)
        if len(references) != 1 or references[0].startswith(("each.", "count.")):
            return None
        return self._followed(Place(above, "", None), references[0], depth + 1)

    def _of_output(self, module: Path, reference: str, depth: int) -> Target | None:
        match = _MODULE.match(reference)
        output = reference[match.end() :] if match else ""
        if match is None or not output or "." in output or "[" in output:
            return None
        below = (*module, (match[1], key_of(match[2])))
        outputs = _object(_object(self._module(tuple(name for name, _ in below))).get("outputs"))
        references = _references(_object(outputs.get(output)).get("expression"))
        return self._followed(Place(below, "", None), references[0], depth + 1) if len(references) == 1 else None

    def _module(self, names: tuple[str, ...]) -> Mapping[str, Any]:
        module = self._root
        for name in names:
            module = _object(_object(_object(module.get("module_calls")).get(name)).get("module"))
        return module


def expression_at(expressions: Mapping[str, Any] | None, steps: Sequence[tuple[str, str]]) -> Any:
    """Return the expression at a path, None if the configuration does not name it."""
    expression: Any = expressions
    for name, kind in steps:
        if not isinstance(expression, dict) or name not in expression:
            return None
        expression = expression[name]
        if kind == "[0]" and isinstance(expression, list):
            expression = expression[0] if len(expression) == 1 else None
    return expression


def _references(expression: Any) -> list[str]:
    """Return the references of an expression without those that others begin with: ``x.y`` beside ``x.y.arn``."""
    if not isinstance(expression, dict) or not isinstance(expression.get("references"), list):
        return []
    listed = [one for one in dict.fromkeys(expression["references"]) if isinstance(one, str)]
    return [one for one in listed if not any(_begins(one, other) for other in listed if other != one)]


def _begins(short: str, long: str) -> bool:
    return long.startswith(short) and long[len(short)] in ".["


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
