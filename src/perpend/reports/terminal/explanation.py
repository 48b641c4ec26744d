"""Print the explanation of a verdict, as text or JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from perpend.core.diagnostics.escape import display_width, encodable, visible
from perpend.core.objects.inventory import places_in_words
from perpend.evaluation.explain.fields_read import LONGEST_QUERY, NOT_COLLECTED, NOT_KNOWN
from perpend.evaluation.explain.steps import grounds, own_fields
from perpend.reports.terminal.page import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from rich.console import Console

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.explain.fields_read import FieldValue, ReadPlace
    from perpend.evaluation.explain.steps import Explanation, Leaf, ListedObject, Step

WIDEST: Final = 120
"""The largest width of wrapped lines, in columns: longer lines are hard to read."""

_LABEL: Final = 10
_INDEX: Final = 6
_RESULT: Final = 12
_NARROWEST: Final = 20
_WIDEST_NAME: Final = 48
_MOST_FIELDS: Final = 20
_RESULTS: Final = {"true": "bold", "stopped": "yellow", "false": "", "not reached": "dim"}
_BREAKS: Final = re.compile(r"[←→] \S+|\S+?\)(?=\.[A-Za-z])|\S+|\s+")


def print_explanation(explanation: Explanation, console: Console, *, everything: bool = False) -> None:
    """Print the object, the verdict, the deciding fields, the conditions in order, and the smallest change of the status.

    ``everything``: also print conditions that were not reached, and all values derived from the fields of each condition.
    """
    finding = explanation.finding
    object_ = finding.object
    assumed = " (assumed: not every source states a time)" if explanation.day.assumed else ""
    time = f"{explanation.day.time:%Y-%m-%d %H:%M} UTC{assumed}"
    for label, value in (
        ("policy", f"{visible(explanation.policy.full_name)}\n{explanation.policy.id}"),
        ("object", "\n".join(dict.fromkeys((visible(object_.name), visible(object_.id))))),
        ("read at", visible(object_.origin.place)),
        *_other_readings(object_),
        ("snapshot", time),
    ):
        print_labelled(console, label, Text(value), width=_LABEL)
    verdict = Text.assemble((finding.status.value, STYLES[finding.status]), f"  {visible(finding.current_state_message)}")
    print_labelled(console, "verdict", verdict, width=_LABEL)
    because = _because(explanation)
    if because:
        print_labelled(console, "because", Text("\n").join(because), width=_LABEL)
    if finding.remediation_message:
        print_labelled(console, "next step", Text(visible(finding.remediation_message)), width=_LABEL)
    _put(console)
    print_steps(explanation.steps, console, everything=everything)
    _put(console)
    _print_change(explanation, console)


def _other_readings(object_: CloudObject) -> Iterator[tuple[str, str]]:
    """Yield a line about readings that contradict the explained one."""
    if object_.variants:
        places = visible(places_in_words(variant.origin for variant in object_.variants))
        yield "but also", f"{places}: the readings contradict each other; the conditions below are those of the first one"


def _because(explanation: Explanation) -> list[Text]:
    """Return the fields that decided the verdict, a line each; none for an object with contradicting readings."""
    if explanation.finding.object.variants:
        return []
    fields, listed = grounds(explanation.steps)
    own = _field_lines(_short(fields), explanation.finding.current_state_message)
    return [*own, *_listed_lines(listed, grounds=True)]


def _listed_lines(listed: Sequence[ListedObject], *, grounds: bool) -> Iterator[Text]:
    """Yield a line per object of a list, with its verdict; with ``grounds``, then indented lines with the deciding fields."""
    for child in listed[:_MOST_FIELDS]:
        head = visible(f"{child.path} {child.name}".rstrip())
        yield Text.assemble(head, "  ", (child.status.value, STYLES[child.status]), f"  {visible(child.message)}")
        if grounds:
            fields = _field_lines(_short(child.fields), child.message)
            yield from (Text("  ").append_text(line) for line in (*fields, *_listed_lines(child.listed, grounds=True)))
    yield from _rest(len(listed), "objects")


def _short(fields: Iterable[FieldValue]) -> list[FieldValue]:
    """Return the fields of the object itself, without long queries: the fields that these read are listed as well."""
    return [field for field in own_fields(fields) if len(field.place.column or "") <= LONGEST_QUERY]


def print_labelled(console: Console, label: str | Text, value: Text, *, width: int) -> None:
    """Print a value next to its label: wrapped on a terminal, with its own line breaks for programs."""
    head = Text(label, style="dim") if isinstance(label, str) else label.copy()
    head.pad_right(max(0, width - head.cell_len))
    hang(console, head, value)


def print_steps(steps: Iterable[Step], console: Console, *, everything: bool) -> None:
    """Print conditions in order: index, result and text, then the fields that were read, then the check that fired.

    Fields are repeated only for the deciding condition. ``everything`` prints all fields, derived values, objects in lists, and
    conditions that were not reached.
    """
    printed: set[FieldValue | str] = set()
    unreached: list[Step] = []
    for step in steps:
        if step.result == "not reached" and not everything:
            unreached.append(step)
            continue
        decides = step.result in ("true", "stopped")
        read = step.fields if everything else _short(step.fields)
        fields = [field for field in read if everything or decides or field not in printed]
        listed = [one for one in step.listed if everything or decides or one.path not in printed]
        printed.update(fields, (one.path for one in listed))
        lines = [*_field_lines(fields, step.reason or ""), *_listed_lines(listed, grounds=False)]
        leaves = [leaf for leaf in step.leaves if leaf.told or (everything and not _is_field(leaf, fields))]
        _print_step(step, [*lines, *map(_leaf_line, leaves)], console)
    if unreached:
        first, last = unreached[0].index, unreached[-1].index
        numbers = f"{first:>{_INDEX - 1}}" if first == last else f"{first:>{_INDEX - 1}} to {last}"
        _put(console, Text(f"{numbers} not reached (--all shows them)", style="dim"))


def _print_step(step: Step, lines: Sequence[Text], console: Console) -> None:
    head = Text.assemble((f"{step.index:>{_INDEX - 1}} ", "dim"), (f"{step.result:<{_RESULT}}", _RESULTS[step.result]))
    text = Text(visible(step.text))
    if step.result in ("true", "stopped"):
        text.append(" → ").append(step.status.value, style=STYLES[step.status])
    hang(console, head, text)
    below = Text(" " * (_INDEX + _RESULT + 2))
    for line in lines:
        hang(console, below, line, more="  ")
    ended = ("check fired: ", step.check) if step.check else ("unreadable: ", step.reason)
    if ended[1]:
        hang(console, below, Text.assemble((ended[0], "yellow"), visible(ended[1])), more="  ")


def _field_lines(fields: Sequence[FieldValue], message: str) -> list[Text]:
    """Return a line per field, with aligned values. A reason that ``message`` contains is not repeated."""
    shown = [(visible(field_name(field.place)), visible(_value(field, message))) for field in fields[:_MOST_FIELDS]]
    width = max((display_width(name) for name, _ in shown if display_width(name) <= _WIDEST_NAME), default=0)
    lines = [
        Text.assemble(name, " " * max(0, width - display_width(name)), "  ", (value, _value_style(value)))
        for name, value in shown
    ]
    return [*lines, *_rest(len(fields), "fields")]


def _rest(count: int, of: str) -> list[Text]:
    return [Text(f"… and {count - _MOST_FIELDS:,} more {of}", style="dim")] if count > _MOST_FIELDS else []


def _value(field: FieldValue, message: str) -> str:
    reason = field.value.removeprefix(f"{NOT_KNOWN}: ")
    return NOT_KNOWN if reason != field.value and reason in message else field.value


def _value_style(value: str) -> str:
    return "yellow" if value == NOT_COLLECTED or value.startswith(NOT_KNOWN) else "cyan"


def _is_field(leaf: Leaf, fields: Sequence[FieldValue]) -> bool:
    """Whether a value is listed as a field already."""
    return not leaf.stopped and any(
        place.extract is None and one.place == place and one.value == leaf.value for one in fields for place in leaf.places
    )


def _leaf_line(leaf: Leaf) -> Text:
    names = ", ".join(dict.fromkeys(visible(field_name(place)) for place in leaf.places))
    line = Text.assemble(visible(leaf.text), " = ", (visible(leaf.value), "yellow" if leaf.stopped else "cyan"))
    return line.append(f"  ← {names}", style="dim") if names else line


def field_name(place: ReadPlace) -> str:
    """Return the name of a field: the key of its own document, or the field with the key or query after it."""
    if place.column is None:
        return place.field
    if len(place.column) > LONGEST_QUERY:
        return f"{place.field}: {place.column[: LONGEST_QUERY - 1]}…"
    return f"{place.field}: {place.column}" if "." in place.field else place.column


def hang(console: Console, head: Text, value: Text, *, more: str = "") -> None:
    """Print a value after a head. Further lines are indented to the value, then by ``more``. Only terminal lines are wrapped.

    The wrapped lines of an indented paragraph are indented by two more columns.
    """
    hanging = Text(" " * head.cell_len)
    room = max(min(console.width, WIDEST) - head.cell_len, _NARROWEST)
    for number, paragraph in enumerate(value.split("\n")):
        indent = " " * (len(paragraph.plain) - len(paragraph.plain.lstrip()))
        deeper = f"{indent}  " if indent else more
        lines = _folded(paragraph, room, len(deeper)) if console.is_terminal else [paragraph]
        for position, line in enumerate(lines):
            start = hanging if number or position else head
            # Text.append would give the value the style of the head.
            _put(console, Text.assemble(start, deeper if position else "", line))


def _folded(text: Text, room: int, more: int) -> list[Text]:
    """Return a text on lines of ``room`` columns, broken at blanks, else before the dot of a call, else anywhere.

    Lines after the first one are ``more`` columns shorter.
    """
    ends: list[int] = []
    width = 0
    for part in _BREAKS.finditer(text.plain):
        size = display_width(part[0])
        limit = room - (more if ends else 0)
        if width + size > limit and not part[0].isspace():
            limit = room - more if width else limit
            ends += [part.start()] if width else []
            cuts = range(part.start() + limit, part.end(), limit) if size > limit else ()
            ends += cuts
            width, size = 0, display_width(text.plain[max(cuts, default=part.start()) : part.end()])
        width += size
    lines = list(text.divide(ends))
    for line in lines:
        line.rstrip()
    return lines


def _put(console: Console, line: Text | None = None) -> None:
    line = line.copy() if line else Text()
    line.rstrip()
    console.print(line, soft_wrap=True)


def _print_change(explanation: Explanation, console: Console) -> None:
    change = explanation.change
    if change is None:
        _put(console, Text("No tested change of a single value gives another status.", style="dim"))
        return
    sentence = Text.assemble(
        (visible(field_name(change.place)), "bold"),
        f" from {visible(change.before) if change.collected else NOT_COLLECTED} to {visible(change.after)} would make it ",
        (change.status.value, STYLES[change.status]),
        f": {visible(change.message)}",
    )
    hang(console, Text("smallest change ", style="dim"), sentence)


def write_explanation_json(explanation: Explanation, stream: TextIO) -> None:
    """Write an explanation as one JSON object."""
    finding, change = explanation.finding, explanation.change
    document: dict[str, Any] = {
        "policyId": finding.policy_id,
        "object": {"id": finding.object.id, "name": finding.object.name, "typeApiName": finding.object.type_name},
        "source": finding.object.origin.source,
        "row": finding.object.origin.row,
        "rowUnit": None if finding.object.origin.row is None else finding.object.origin.unit,
        "snapshotTime": f"{explanation.day.time:%Y-%m-%dT%H:%M:%SZ}",
        "snapshotTimeAssumed": explanation.day.assumed,
        "status": finding.status.value,
        "conditionIndex": finding.condition_index,
        "conditionText": finding.condition_text,
        "currentStateMessage": finding.current_state_message,
        "remediationMessage": finding.remediation_message,
        "runtimeError": finding.runtime_error,
        "conditions": [_step(step) for step in explanation.steps],
        "smallestChange": None
        if change is None
        else {
            "field": change.place.field,
            "column": change.place.column,
            "collected": change.collected,
            "before": json.loads(change.before),
            "after": json.loads(change.after),
            "status": change.status.value,
            "currentStateMessage": change.message,
        },
    }
    stream.write(encodable(json.dumps(document, ensure_ascii=False, indent=2)) + "\n")


def _step(step: Step) -> dict[str, Any]:
    return {
        "index": step.index,
        "text": step.text,
        "status": step.status.value,
        "result": step.result,
        "check": step.check,
        "reason": step.reason,
        "fields": _fields(step.fields),
        "listed": [_listed(one) for one in step.listed],
        "values": [
            {
                "text": leaf.text,
                "value": leaf.value,
                "stopped": leaf.stopped,
                "places": [
                    {
                        "source": place.source,
                        "row": place.row,
                        "field": place.field,
                        "column": place.column,
                        "extract": place.extract,
                    }
                    for place in leaf.places
                ],
            }
            for leaf in step.leaves
        ],
    }


def _fields(fields: Iterable[FieldValue]) -> list[dict[str, Any]]:
    return [{"field": field.place.field, "column": field.place.column, "value": field.value} for field in fields]


def _listed(listed: ListedObject) -> dict[str, Any]:
    return {
        "path": listed.path,
        "id": listed.id,
        "name": listed.name,
        "status": listed.status.value,
        "currentStateMessage": listed.message,
        "fields": _fields(listed.fields),
        "listed": [_listed(one) for one in listed.listed],
    }
