"""Plan searches in texts and collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.values.types import ValueType
from perpend.core.values.values import norm
from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value, only_if
from perpend.evaluation.planner.operations.values import guards_of, or_empty
from perpend.evaluation.planner.scalar import Kind, Scalar, Scalars

if TYPE_CHECKING:
    from perpend.evaluation.planner.scope import Guards


def search(use: PlannedUse) -> Value:
    """CONTAINS, STARTS_WITH and ENDS_WITH of the newer dialects, and COLLECTION_CONTAINS."""
    scalars, arg, needle = use.scalars, use["arg"], use["search"]
    exact = use.type_of("search") is ValueType.BYTES
    where = use.expression.operation.name.removeprefix("COLLECTION_")
    guards = guards_of(arg, needle)
    texts_to_find = _plain(scalars, needle.node, exact=exact)
    if arg.type.item is None and arg.type is not ValueType.JSON:
        return use.value(_find(scalars, _plain(scalars, arg.node, exact=exact), texts_to_find, where), guards)
    texts, no_list = _items(use, arg, exact=exact)
    known = scalars.negation(scalars.is_null(needle.node))
    if where == "CONTAINS":
        matches = scalars.make("has", texts, texts_to_find)
    else:
        matches = scalars.make("same", scalars.make("first" if where == "STARTS_WITH" else "last", texts), texts_to_find)
    return use.value(scalars.all(known, matches), guards, no_list)


def search_items(use: PlannedUse) -> Value:
    scalars, arg, needles = use.scalars, use["arg"], use["search"]
    exact = ValueType.BYTES in (use.type_of("search").item, arg.type, arg.type.item)
    which = "all" if use.expression.operation.name == "CONTAINS_ALL" else "any"
    texts_to_find, no_needles = _items(use, needles, exact=exact)
    mixed: Guards = ()
    if needles.type is ValueType.JSON:
        form = scalars.native("json kind", Kind.TEXT, needles.node)
        mixed = use.unusable(scalars.make("same", form, use.text("list")))
    guards = (*guards_of(arg, needles), *mixed, *no_needles)
    if arg.type.item is None and arg.type is not ValueType.JSON:
        text = _plain(scalars, arg.node, exact=exact)
        return use.value(_any_or_all(scalars, which, texts_to_find, text, "contains"), guards)
    texts, no_list = _items(use, arg, exact=exact)
    some = scalars.make("less", scalars.literal(0, Kind.WHOLE), scalars.make("size", texts_to_find))
    no_list = only_if(scalars, some, no_list)
    return use.value(_any_or_all(scalars, which, texts_to_find, texts, "has"), guards, no_list)


def _items(use: PlannedUse, value: Value, *, exact: bool) -> tuple[Scalar, Guards]:
    """Return the items of a collection or the texts of a JSON array, with the guard for JSON that is not an array."""
    scalars = use.scalars
    if value.type is not ValueType.JSON:
        return value.node, ()
    form = scalars.native("json kind", Kind.TEXT, value.node)
    other = scalars.make("same", form, use.text("other"))
    return scalars.native("json texts", Kind.TEXTS, value.node, constants=(exact,)), use.unusable(other)


def _any_or_all(scalars: Scalars, which: str, texts_to_find: Scalar, among: Scalar, how: str) -> Scalar:
    """Return the condition that all or any of some texts are found, which is false if there are none."""
    if texts_to_find.primitive != "literal":
        return scalars.native(f"{which} in", Kind.BOOLEAN, texts_to_find, among)
    matches = [scalars.make(how, among, scalars.literal(text, Kind.TEXT)) for text in texts_to_find.constants[0] or ()]
    return scalars.any(*matches) if which == "any" or not matches else scalars.all(*matches)


def _plain(scalars: Scalars, text: Scalar, *, exact: bool) -> Scalar:
    if exact:
        return or_empty(scalars, text)
    if text.primitive == "literal":
        return scalars.literal(norm(text.constants[0] or ""), Kind.TEXT)
    return scalars.make("norm", text)


def _find(scalars: Scalars, hay: Scalar, needle: Scalar, where: str) -> Scalar:
    return scalars.make({"CONTAINS": "contains", "STARTS_WITH": "starts", "ENDS_WITH": "ends"}[where], hay, needle)


def old_search(use: PlannedUse) -> Value:
    """The searches of the first dialect: white space matters, and case unless the name ends with IGNORE_CASE."""
    scalars, name = use.scalars, use.expression.operation.key
    arg, needle = use["arg"], use[use.expression.operation.parameters[1].name]
    hay, texts_to_find = or_empty(scalars, arg.node), or_empty(scalars, needle.node)
    if name.endswith("_IGNORE_CASE"):
        hay, texts_to_find = scalars.make("lower", hay), scalars.make("lower", texts_to_find)
    return use.value(_find(scalars, hay, texts_to_find, name.removesuffix("_IGNORE_CASE")), guards_of(arg, needle))


def regex_matches(use: PlannedUse) -> Value:
    arg = use["arg"]
    matches = use.scalars.native("regex", Kind.BOOLEAN, arg.node, constants=(use.constant("regex"),))
    return use.value(matches, arg.guards)


PLANNERS: Planners = {
    "CONTAINS": search,
    "STARTS_WITH": search,
    "ENDS_WITH": search,
    "COLLECTION_CONTAINS": search,
    "CONTAINS_ALL": search_items,
    "CONTAINS_ANY": search_items,
    "CONTAINS (substring)": old_search,
    "CONTAINS_IGNORE_CASE": old_search,
    "STARTS_WITH (prefix)": old_search,
    "STARTS_WITH_IGNORE_CASE": old_search,
    "ENDS_WITH (suffix)": old_search,
    "ENDS_WITH_IGNORE_CASE": old_search,
    "REGEX_MATCHES": regex_matches,
}
