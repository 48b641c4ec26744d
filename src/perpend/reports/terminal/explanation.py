"""Print the explanation of a verdict, as text or JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from perpend.core.diagnostics.escape import display_width, visible
from perpend.core.objects.inventory import places_in_words
from perpend.core.objects.labels import AS_WRITTEN
from perpend.evaluation.explain.fields_read import LONGEST_QUERY, NOT_COLLECTED, NOT_KNOWN
from perpend.evaluation.explain.steps import grounds, own_fields
from perpend.reports.terminal.page import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from rich.console import Console

    from perpend.core.objects.inventory import CloudObject
    from perpend.core.objects.labels import Labels
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


def print_explanation(
    explanation: Explanation, console: Console, *, everything: bool = False, labels: Labels = AS_WRITTEN
) -> None:
    """Print the verdict, the fields that it comes from, the change of one value that would end it, and the remediation.

    ``everything``: print each condition in order instead, with all values that it read. ``labels`` replace API names.
    """
    if everything:
        _print_steps_to_verdict(explanation, console, labels)
    else:
        _print_short(explanation, console, labels)


def _print_short(explanation: Explanation, console: Console, labels: Labels) -> None:
    finding, change = explanation.finding, explanation.change
    object_ = finding.object
    head = Text(f"{finding.status.value}  ", style=STYLES[finding.status])
    identity = f" ({visible(object_.id)})" if object_.name not in ("", object_.id) else ""
    message = visible(labels.text(finding.current_state_message))
    hang(console, head, Text.assemble((visible(object_.name or object_.id), "bold"), f"{identity}\n{message}"))
    _put(console)
    lines = [("because", Text("\n").join(_because(explanation, labels)))]
    if change is not None:
        before, after = visible(change.before) if change.collected else NOT_COLLECTED, visible(change.after)
        changed = Text.assemble(
            (visible(field_name(change.place, labels)), "bold"), f" were {after} instead of {before}: then it is "
        )
        changed.append(change.status.value, style=STYLES[change.status])
        lines.append(("unless", changed.append(f": {visible(labels.text(change.message))}")))
    lines += [
        ("fix", Text(visible(labels.text(finding.remediation_message or "")))),
        ("policy", Text("\n".join(_policy_lines(explanation)))),
        ("read at", Text(f"{visible(object_.origin.place)}, evaluated as of {_time(explanation)}")),
        *((label, Text(text)) for label, text in _other_readings(object_)),
    ]
    for label, text in lines:
        if text:
            print_labelled(console, Text(f"  {label}", style="dim"), text, width=_LABEL + 2)
    _put(console)
    _put(console, Text("--all shows each condition in order", style="dim"))


def _print_steps_to_verdict(explanation: Explanation, console: Console, labels: Labels) -> None:
    finding = explanation.finding
    object_ = finding.object
    for label, value in (
        ("policy", "\n".join(_policy_lines(explanation))),
        ("object", "\n".join(dict.fromkeys((visible(object_.name), visible(object_.id))))),
        ("read at", visible(object_.origin.place)),
        *_other_readings(object_),
        ("snapshot", _time(explanation)),
    ):
        print_labelled(console, label, Text(value), width=_LABEL)
    message = visible(labels.text(finding.current_state_message))
    verdict = Text.assemble((finding.status.value, STYLES[finding.status]), f"  {message}")
    print_labelled(console, "verdict", verdict, width=_LABEL)
    because = _because(explanation, labels)
    if because:
        print_labelled(console, "because", Text("\n").join(because), width=_LABEL)
    if finding.remediation_message:
        print_labelled(console, "fix", Text(visible(labels.text(finding.remediation_message))), width=_LABEL)
    _put(console)
    print_steps(explanation.steps, console, labels)
    _put(console)
    _print_change(explanation, console, labels)


def _policy_lines(explanation: Explanation) -> Iterator[str]:
    """Yield the name and the id of the policy, and the values of its parameters."""
    yield visible(explanation.policy.full_name)
    yield explanation.policy.id
    yield from (visible(value.in_words) for value in explanation.parameters)


def _time(explanation: Explanation) -> str:
    assumed = " (assumed: not every source states a time)" if explanation.day.assumed else ""
    return f"{explanation.day.time:%Y-%m-%d %H:%M} UTC{assumed}"


def _other_readings(object_: CloudObject) -> Iterator[tuple[str, str]]:
    """Yield a line about readings that contradict the explained one."""
    if object_.variants:
        places = visible(places_in_words(variant.origin for variant in object_.variants))
        yield "but also", f"{places}: the readings contradict each other; the conditions are those of the first one"


def _because(explanation: Explanation, labels: Labels) -> list[Text]:
    """Return the fields that decided the verdict, a line each; none for an object with contradicting readings."""
    if explanation.finding.object.variants:
        return []
    fields, listed = grounds(explanation.steps)
    own = _field_lines(_short(fields), explanation.finding.current_state_message, labels)
    return [*own, *_listed_lines(listed, labels, grounds=True)]


def _listed_lines(listed: Sequence[ListedObject], labels: Labels, *, grounds: bool) -> Iterator[Text]:
    """Yield a line per object of a list, with its verdict; with ``grounds``, then indented lines with the deciding fields."""
    for child in listed[:_MOST_FIELDS]:
        head = visible(f"{labels.path(child.path)} {child.name}".rstrip())
        message = visible(labels.text(child.message))
        yield Text.assemble(head, "  ", (child.status.value, STYLES[child.status]), f"  {message}")
        if grounds:
            fields = _field_lines(_short(child.fields), child.message, labels)
            below = _listed_lines(child.listed, labels, grounds=True)
            yield from (Text("  ").append_text(line) for line in (*fields, *below))
    yield from _rest(len(listed), "objects")


def _short(fields: Iterable[FieldValue]) -> list[FieldValue]:
    """Return the fields of the object itself, without long queries: the fields that these read are listed as well."""
    return [field for field in own_fields(fields) if len(field.place.column or "") <= LONGEST_QUERY]


def print_labelled(console: Console, label: str | Text, value: Text, *, width: int) -> None:
    """Print a value next to its label: wrapped on a terminal, with its own line breaks for programs."""
    head = Text(label, style="dim") if isinstance(label, str) else label.copy()
    head.pad_right(max(0, width - head.cell_len))
    hang(console, head, value)


def print_steps(steps: Iterable[Step], console: Console, labels: Labels = AS_WRITTEN) -> None:
    """Print conditions in order: index, result and text, then all values that were read, then the check that fired."""
    for step in steps:
        lines = [
            *_field_lines(step.fields, step.reason or "", labels),
            *_listed_lines(step.listed, labels, grounds=False),
            *(_leaf_line(leaf, labels) for leaf in step.further_values),
        ]
        _print_step(step, lines, console, labels)


def _print_step(step: Step, lines: Sequence[Text], console: Console, labels: Labels) -> None:
    head = Text.assemble((f"{step.index:>{_INDEX - 1}} ", "dim"), (f"{step.result:<{_RESULT}}", _RESULTS[step.result]))
    text = Text(visible(labels.condition(step.text)))
    if step.result in ("true", "stopped"):
        text.append(" → ").append(step.status.value, style=STYLES[step.status])
    hang(console, head, text)
    below = Text(" " * (_INDEX + _RESULT + 2))
    for line in lines:
        hang(console, below, line, more="  ")
    stop = ("check fired: ", labels.condition(step.check)) if step.check else ("unreadable: ", labels.text(step.reason or ""))
    if stop[1]:
        hang(console, below, Text.assemble((stop[0], "yellow"), visible(stop[1])), more="  ")


def _field_lines(fields: Sequence[FieldValue], message: str, labels: Labels) -> list[Text]:
    """Return a line per field, with aligned values. A reason that ``message`` contains is not repeated."""
    shown = [
        (visible(field_name(field.place, labels)), visible(labels.text(_value(field, message))))
        for field in fields[:_MOST_FIELDS]
    ]
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


def _leaf_line(leaf: Leaf, labels: Labels) -> Text:
    names = ", ".join(dict.fromkeys(visible(field_name(place, labels)) for place in leaf.places))
    text, value = visible(labels.condition(leaf.text)), visible(labels.text(leaf.value))
    line = Text.assemble(text, " = ", (value, "yellow" if leaf.stopped else "cyan"))
    return line.append(f"  ← {names}", style="dim") if names else line


def field_name(place: ReadPlace, labels: Labels = AS_WRITTEN) -> str:
    """Return the name of a field: the key of its own document, or the field with the key or query after it."""
    field = labels.path(place.field)
    if place.column is None:
        return field
    if len(place.column) > LONGEST_QUERY:
        return f"{field}: {place.column[: LONGEST_QUERY - 1]}…"
    return f"{field}: {place.column}" if "." in place.field else place.column


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
    stops: list[int] = []
    width = 0
    for part in _BREAKS.finditer(text.plain):
        size = display_width(part[0])
        limit = room - (more if stops else 0)
        if width + size > limit and not part[0].isspace():
            limit = room - more if width else limit
            stops += [part.start()] if width else []
            cuts = range(part.start() + limit, part.end(), limit) if size > limit else ()
            stops += cuts
            width, size = 0, display_width(text.plain[max(cuts, default=part.start()) : part.end()])
        width += size
    lines = list(text.divide(stops))
    for line in lines:
        line.rstrip()
    return lines


def _put(console: Console, line: Text | None = None) -> None:
    line = line.copy() if line else Text()
    line.rstrip()
    console.print(line, soft_wrap=True)


def _print_change(explanation: Explanation, console: Console, labels: Labels) -> None:
    change = explanation.change
    if change is None:
        _put(console, Text("No tested change of a single value gives another status.", style="dim"))
        return
    sentence = Text.assemble(
        (visible(field_name(change.place, labels)), "bold"),
        f" from {visible(change.before) if change.collected else NOT_COLLECTED} to {visible(change.after)} would make it ",
        (change.status.value, STYLES[change.status]),
        f": {visible(labels.text(change.message))}",
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
        "parameters": [
            {"name": value.name, "value": value.value, "default": value.default} for value in explanation.parameters
        ],
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
    stream.write(json.dumps(document, indent=2) + "\n")


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
