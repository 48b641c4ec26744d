"""How comparisons, searches, logic, dates and related lists are planned: one function per operation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perpend.meaning.types import ValueType
from perpend.meaning.values import DAY, norm
from perpend.plan.natives_json import UNUSABLE
from perpend.plan.operations.fields import document, read, variant
from perpend.plan.operations.use import Use, Value, only_where
from perpend.plan.operations.values import empty, guards_of, unpacked
from perpend.plan.place import Guard, Guards, normal_is
from perpend.plan.scalar import Kind, Scalar, Scalars
from perpend.tables.schema import Form

if TYPE_CHECKING:
    from perpend.plan.operations.use import Related


def is_equal(use: Use) -> Value:
    """IS_EQUAL."""
    left, right = use["left"], use["right"]
    return use.value(_equal(use.scalars, left, right), guards_of(left, right))


def not_equal(use: Use) -> Value:
    """NOT_EQUAL."""
    value = is_equal(use)
    return replace(value, node=use.scalars.negation(value.node))


def _equal(scalars: Scalars, left: Value, right: Value) -> Scalar:
    kind = left.type
    if kind is ValueType.TEXT:
        return _same_text(scalars, left.node, right.node)
    if kind is ValueType.BYTES:
        return scalars.make("same", *(_or_empty(scalars, one.node) for one in (left, right)))
    if kind is ValueType.JSON:
        return scalars.native("json same", Kind.BOOLEAN, left.node, right.node)
    if kind is ValueType.ATTRIBUTES:
        return scalars.make("same", *(scalars.native("attributes text", Kind.TEXT, one.node) for one in (left, right)))
    if kind is ValueType.ANY:
        return _same_any(scalars, left, right)
    if kind.item is not None:
        none = scalars.literal((), Kind.TEXTS)
        return scalars.make("same", *(scalars.make("else", one.node, none) for one in (left, right)))
    return scalars.same(left.node, right.node)


def _same_text(scalars: Scalars, left: Scalar, right: Scalar) -> Scalar:
    for one, other in ((left, right), (right, left)):
        if other.primitive == "literal":
            wanted = other.constants[0]
            return normal_is(scalars, one, "" if wanted is None else norm(wanted))
    return scalars.make("same", scalars.make("norm", left), scalars.make("norm", right))


def _same_any(scalars: Scalars, left: Value, right: Value) -> Scalar:
    if left.form is Form.TEXT and right.form is Form.TEXT:
        return _same_text(scalars, left.node, right.node)
    return scalars.native("variant same", Kind.BOOLEAN, variant(scalars, left), variant(scalars, right))


def _or_empty(scalars: Scalars, text: Scalar) -> Scalar:
    if text.primitive == "literal":
        return scalars.literal(text.constants[0] or "", Kind.TEXT)
    return scalars.make("else", text, scalars.literal("", Kind.TEXT))


def is_empty(use: Use) -> Value:
    """IS_EMPTY."""
    arg = use["arg"]
    return use.value(empty(use.scalars, arg), arg.guards)


def not_empty(use: Use) -> Value:
    """NOT_EMPTY."""
    arg = use["arg"]
    return use.value(use.scalars.negation(empty(use.scalars, arg)), arg.guards)


def compared(use: Use) -> Value:
    """GREATER_THAN, GREATER_THAN_EQUAL, LESS_THAN and LESS_THAN_EQUAL."""
    left, right = use["left"], use["right"]
    name = use.expression.operation.name
    low, high = (right, left) if name.startswith("GREATER") else (left, right)
    order = "at most" if name.endswith("EQUAL") else "less"
    return use.value(use.scalars.make(order, low.node, high.node), guards_of(left, right))


def between(use: Use) -> Value:
    """BETWEEN."""
    scalars, arg, low, high = use.scalars, use["arg"], use["rangeFrom"], use["rangeTo"]
    above = scalars.make("less" if use.constant("exclusiveFrom") else "at most", low.node, arg.node)
    below = scalars.make("less" if use.constant("exclusiveTo") else "at most", arg.node, high.node)
    return use.value(scalars.all(above, below), guards_of(arg, low, high))


def search(use: Use) -> Value:
    """CONTAINS, STARTS_WITH and ENDS_WITH of the newer dialects, and COLLECTION_CONTAINS."""
    scalars, arg, needle = use.scalars, use["arg"], use["search"]
    exact = use.expression.arguments["search"].type is ValueType.BYTES
    where = use.expression.operation.name.removeprefix("COLLECTION_")
    guards = guards_of(arg, needle)
    wanted = _plain(scalars, needle.node, exact=exact)
    if arg.type.item is None and arg.type is not ValueType.JSON:
        return use.value(_found(scalars, _plain(scalars, arg.node, exact=exact), wanted, where), guards)
    texts, no_list = _items(use, arg, exact=exact)
    known = scalars.negation(scalars.is_null(needle.node))
    if where == "CONTAINS":
        found = scalars.make("has", texts, wanted)
    else:
        found = scalars.make("same", scalars.make("first" if where == "STARTS_WITH" else "last", texts), wanted)
    return use.value(scalars.all(known, found), guards, no_list)


def _items(use: Use, value: Value, *, exact: bool) -> tuple[Scalar, Guards]:
    """Return the items of a collection, or the texts of a JSON array, guarded against JSON that is none."""
    scalars = use.scalars
    if value.type is not ValueType.JSON:
        return value.node, ()
    form = scalars.native("json kind", Kind.TEXT, value.node)
    other = scalars.make("same", form, use.text("other"))
    return scalars.native("json texts", Kind.TEXTS, value.node, constants=(exact,)), use.unusable(other)


def search_items(use: Use) -> Value:
    """CONTAINS_ALL and CONTAINS_ANY."""
    scalars, arg, needles = use.scalars, use["arg"], use["search"]
    exact = ValueType.BYTES in (use.expression.arguments["search"].type.item, arg.type, arg.type.item)
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


def _some_found(scalars: Scalars, which: str, wanted: Scalar, among: Scalar, how: str) -> Scalar:
    """Return whether all or any of some texts are found, one by one where they are constants; of none, none is found."""
    if wanted.primitive != "literal":
        return scalars.native(f"{which} {'in text' if how == 'contains' else 'in'}", Kind.BOOLEAN, wanted, among)
    found = [scalars.make(how, among, scalars.literal(text, Kind.TEXT)) for text in wanted.constants[0] or ()]
    return scalars.any(*found) if which == "any" or not found else scalars.all(*found)


def _plain(scalars: Scalars, text: Scalar, *, exact: bool) -> Scalar:
    if exact:
        return _or_empty(scalars, text)
    if text.primitive == "literal":
        return scalars.literal(norm(text.constants[0] or ""), Kind.TEXT)
    return scalars.make("norm", text)


def _found(scalars: Scalars, hay: Scalar, needle: Scalar, where: str) -> Scalar:
    return scalars.make({"CONTAINS": "contains", "STARTS_WITH": "starts", "ENDS_WITH": "ends"}[where], hay, needle)


def old_search(use: Use) -> Value:
    """The first dialect's searches: white space counts, case does unless the name says otherwise."""
    scalars, name = use.scalars, use.expression.operation.key
    arg, needle = use["arg"], use[use.expression.operation.parameters[1].name]
    hay, wanted = _or_empty(scalars, arg.node), _or_empty(scalars, needle.node)
    if name.endswith("_IGNORE_CASE"):
        hay, wanted = scalars.make("lower", hay), scalars.make("lower", wanted)
    return use.value(_found(scalars, hay, wanted, name.removesuffix("_IGNORE_CASE")), guards_of(arg, needle))


def regex_matches(use: Use) -> Value:
    """REGEX_MATCHES."""
    arg = use["arg"]
    found = use.scalars.native("regex", Kind.BOOLEAN, arg.node, constants=(use.constant("regex"),))
    return use.value(found, arg.guards)


def conjunction(use: Use) -> Value:
    """AND."""
    return _lazily(use, until=False)


def disjunction(use: Use) -> Value:
    """OR."""
    return _lazily(use, until=True)


def _lazily(use: Use, *, until: bool) -> Value:
    """Return arguments joined from left to right: once one is ``until``, those behind it are not evaluated."""
    scalars, reached = use.scalars, use.true
    guards: Guards = ()
    parts: list[Scalar] = []
    for arg in use.many:
        guards = (*guards, *only_where(scalars, reached, arg.guards))
        part = truth(scalars, arg)
        parts.append(part)
        reached = scalars.all(reached, scalars.negation(part) if until else part)
    return use.value(scalars.any(*parts) if until else scalars.all(*parts), guards)


def truth(scalars: Scalars, value: Value) -> Scalar:
    """Return whether a value is the Boolean true, as a condition asks it."""
    if value.type is ValueType.ANY and value.form is Form.VARIANT:
        form = scalars.native("variant form", Kind.TEXT, value.node)
        is_boolean = scalars.make("same", form, scalars.literal("boolean", Kind.TEXT))
        return scalars.all(is_boolean, scalars.make("same", value.node, scalars.literal("true", Kind.TEXT)))
    return scalars.truth(value.node) if value.node.kind is Kind.BOOLEAN else scalars.false


def negation(use: Use) -> Value:
    """NOT."""
    arg = use["arg"]
    return use.value(use.scalars.negation(truth(use.scalars, arg)), arg.guards)


def before_today(use: Use) -> Value:
    """IS_BEFORE_TODAY."""
    return _dates(use, None, 0)


def after_today(use: Use) -> Value:
    """IS_AFTER_TODAY."""
    return _dates(use, DAY, None)


def within_last_days(use: Use) -> Value:
    """IS_WITHIN_LAST_DAYS."""
    return _dates(use, -use.constant("offsetDays") * DAY, DAY)


def beyond_last_days(use: Use) -> Value:
    """IS_BEYOND_LAST_DAYS."""
    return _dates(use, None, -use.constant("offsetDays") * DAY)


def within_next_days(use: Use) -> Value:
    """IS_WITHIN_NEXT_DAYS."""
    return _dates(use, 0, use.constant("offsetDays") * DAY + DAY)


def beyond_next_days(use: Use) -> Value:
    """IS_BEYOND_NEXT_DAYS."""
    return _dates(use, use.constant("offsetDays") * DAY + DAY, None)


def _dates(use: Use, first: int | None, behind: int | None) -> Value:
    """Return whether an instant lies between two days, counted in milliseconds from today; false for null."""
    scalars, arg, today = use.scalars, use["arg"], use.place.build.today
    parts = []
    if first is not None:
        parts.append(scalars.make("at most", scalars.literal(today + first, Kind.WHOLE), arg.node))
    if behind is not None:
        parts.append(scalars.make("less", arg.node, scalars.literal(today + behind, Kind.WHOLE)))
    return use.value(scalars.all(*parts), arg.guards)


def related_has(use: Use) -> Value:
    """RELATED_LIST_HAS."""
    scalars, related = use.scalars, use.related(use.place, use.constant("relationshipName"))
    number, doubt = _counted(use, related)
    none = scalars.negation(scalars.make("less", scalars.literal(0, Kind.WHOLE), number))
    guards = (*related.guards, *only_where(scalars, none, doubt))
    return use.value(scalars.negation(none), guards)


def related_has_no(use: Use) -> Value:
    """RELATED_LIST_HAS_NO."""
    value = related_has(use)
    return replace(value, node=use.scalars.negation(value.node))


def related_count(use: Use) -> Value:
    """RELATED_LIST_COUNT."""
    related = use.related(use.place, use.constant("relationshipName"))
    number, doubt = _counted(use, related)
    value = use.scalars.make("else", number, use.scalars.literal(0, Kind.WHOLE), kind=Kind.NUMBER)
    return use.value(value, related.guards, doubt)


def _counted(use: Use, related: Related) -> tuple[Scalar, Guards]:
    """Return how many children have a status, and the guard for children that could not be judged."""
    scalars, counts, status = use.scalars, related.counts, use.constant("status")
    if counts is None:
        return scalars.literal(0, Kind.WHOLE), ()
    name = counts.count(related.output, status.lower(), related.codes[status])
    there, none = related.there or use.true, scalars.literal(0, Kind.WHOLE)
    number = scalars.choice(there, scalars.make("else", scalars.column(counts.alias, name, Kind.WHOLE), none), none)
    if status == "UNDETERMINED":
        return number, ()
    doubt = f"{related.output}_doubt"
    counts.doubts[doubt] = related.output
    doubtful = scalars.all(there, scalars.truth(scalars.column(counts.alias, doubt, Kind.BOOLEAN)))
    return number, (Guard(doubtful, use.place.build.reasons.code(None)),)


def access_policy_allows(use: Use) -> Value:
    """AWS_POLICY_ALLOWS."""
    scalars = use.scalars
    value = read(use.place, use.constant("policyExtField"), ValueType.ANY)
    constants = (tuple(use.constant("actions")), use.constant("widestAcceptableAccessLevel"))
    found = scalars.native("access allowed", Kind.TEXT, document(scalars, value), constants=constants)
    unusable = scalars.make("same", found, use.text(UNUSABLE))
    return use.value(unpacked(scalars, scalars.make("rest", found), ValueType.BOOLEAN), value.guards, use.unusable(unusable))


def logging_query_match(use: Use) -> Value:
    """GCP_LOGGING_QUERY_MATCH."""
    arg = use["arg"]
    found = use.scalars.native("logging match", Kind.BOOLEAN, arg.node, constants=(use.constant("value"),))
    return use.value(found, arg.guards)


def unit_test(use: Use) -> Value:
    """UNIT_TEST."""
    scalars, arg = use.scalars, use["arg"]
    column = use.place.table.columns.get("Id") if use.place.table else None
    if column is None:
        return use.value(scalars.false)
    node = use.place.masked(column)
    wanted = use.text(use.constant("id"))
    match column.form:
        case Form.TEXT:
            mine = scalars.make("same", node, wanted)
        case Form.VARIANT:
            mine = scalars.make("same", node, scalars.native("json quote", Kind.TEXT, wanted))
        case _:
            mine = scalars.false
    node = arg.node if arg.node.kind is Kind.BOOLEAN else truth(scalars, arg)
    return use.value(scalars.choice(mine, node, scalars.false), only_where(scalars, mine, arg.guards))
