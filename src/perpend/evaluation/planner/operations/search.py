"""How searches in texts and collections are planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perpend.core.values.types import ValueType
from perpend.core.values.values import norm
from perpend.evaluation.planner.operations.use import PlannedUse, Planners, Value, only_where
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
    wanted = _plain(scalars, needle.node, exact=exact)
    if arg.type.item is None and arg.type is not ValueType.JSON:
        return use.value(_found(scalars, _plain(scalars, arg.node, exact=exact), wanted, where), guards)
    texts, no_list = _items(use, arg, exact=exact)
    known = scalars.negation(scalars.is_null(needle.node))
    if where == "CONTAINS":
        matches = scalars.make("has", texts, wanted)
    else:
        matches = scalars.make("same", scalars.make("first" if where == "STARTS_WITH" else "last", texts), wanted)
    return use.value(scalars.all(known, matches), guards, no_list)


def search_items(use: PlannedUse) -> Value:
    scalars, arg, needles = use.scalars, use["arg"], use["search"]
    exact = ValueType.BYTES in (use.type_of("search").item, arg.type, arg.type.item)
    which = "all" if use.expression.operation.name == "CONTAINS_ALL" else "any"
    wanted, no_needles = _items(use, needles, exact=exact)
    mixed: Guards = ()
    if needles.type is ValueType.JSON:
        form = scalars.native("json kind", Kind.TEXT, needles.node)
        mixed = use.unusable(scalars.make("same", form, use.text("list")))
    guards = (*guards_of(arg, needles), *mixed, *no_needles)
    if arg.type.item is None and arg.type is not ValueType.JSON:
        text = _plain(scalars, arg.node, exact=exact)
        return use.value(_some_found(scalars, which, wanted, text, "contains"), guards)
    texts, no_list = _items(use, arg, exact=exact)
    some = scalars.make("less", scalars.literal(0, Kind.WHOLE), scalars.make("size", wanted))
    no_list = only_where(scalars, some, no_list)
    return use.value(_some_found(scalars, which, wanted, texts, "has"), guards, no_list)


def _items(use: PlannedUse, value: Value, *, exact: bool) -> tuple[Scalar, Guards]:
    """Return the items of a collection, or the texts of a JSON array, guarded against JSON that is none."""
    scalars = use.scalars
    if value.type is not ValueType.JSON:
        return value.node, ()
    form = scalars.native("json kind", Kind.TEXT, value.node)
    other = scalars.make("same", form, use.text("other"))
    return scalars.native("json texts", Kind.TEXTS, value.node, constants=(exact,)), use.unusable(other)


def _some_found(scalars: Scalars, which: str, wanted: Scalar, among: Scalar, how: str) -> Scalar:
    """Return whether all or any of some texts are found, one by one where they are constants; of none, none is found."""
    if wanted.primitive != "literal":
        return scalars.native(f"{which} in", Kind.BOOLEAN, wanted, among)
    matches = [scalars.make(how, among, scalars.literal(text, Kind.TEXT)) for text in wanted.constants[0] or ()]
    return scalars.any(*matches) if which == "any" or not matches else scalars.all(*matches)


def _plain(scalars: Scalars, text: Scalar, *, exact: bool) -> Scalar:
    if exact:
        return or_empty(scalars, text)
    if text.primitive == "literal":
        return scalars.literal(norm(text.constants[0] or ""), Kind.TEXT)
    return scalars.make("norm", text)


def _found(scalars: Scalars, hay: Scalar, needle: Scalar, where: str) -> Scalar:
    return scalars.make({"CONTAINS": "contains", "STARTS_WITH": "starts", "ENDS_WITH": "ends"}[where], hay, needle)


def old_search(use: PlannedUse) -> Value:
    """The first dialect's searches: white space counts, case does unless the name says otherwise."""
    scalars, name = use.scalars, use.expression.operation.key
    arg, needle = use["arg"], use[use.expression.operation.parameters[1].name]
    hay, wanted = or_empty(scalars, arg.node), or_empty(scalars, needle.node)
    if name.endswith("_IGNORE_CASE"):
        hay, wanted = scalars.make("lower", hay), scalars.make("lower", wanted)
    return use.value(_found(scalars, hay, wanted, name.removesuffix("_IGNORE_CASE")), guards_of(arg, needle))


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
