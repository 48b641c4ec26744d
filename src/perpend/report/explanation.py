"""An explanation as people read it, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from perpend.diagnostics.escape import encodable, visible
from perpend.ir.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.console import Console, RenderableType

    from perpend.explain.steps import Explanation, Leaf, ReadPlace, Step
    from perpend.ir.estate import EstateObject

STYLES: dict[Status, str] = {
    Status.COMPLIANT: "green",
    Status.INCOMPLIANT: "bold red",
    Status.INAPPLICABLE: "dim",
    Status.UNDETERMINED: "yellow",
    Status.DISAPPEARED: "dim",
}
_LABEL = 10
_RESULTS = {"true": "bold", "stopped": "yellow", "false": "", "not reached": "dim"}


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Print the object, the verdict, the conditions in order with their values, and what would change the status."""
    finding = explanation.finding
    judged = finding.object
    row = f":{judged.origin.row}" if judged.origin.row else ""
    assumed = " (assumed: not every source states a time)" if explanation.day.assumed else ""
    time = f"{explanation.day.time:%Y-%m-%d %H:%M} UTC{assumed}"
    for label, value in (
        ("policy", f"{explanation.policy.full_name}\n{explanation.policy.id}"),
        ("object", f"{visible(judged.name)}\n{visible(judged.id)}"),
        ("read at", visible(f"{judged.origin.source}{row}")),
        *_other_readings(judged),
        ("snapshot", time),
    ):
        print_labelled(console, label, Text(value), width=_LABEL)
    verdict = Text.assemble((finding.status.value, STYLES[finding.status]), f"  {visible(finding.current_state_message)}")
    print_labelled(console, "verdict", verdict, width=_LABEL)
    if finding.remediation_message:
        print_labelled(console, "next step", Text(visible(finding.remediation_message)), width=_LABEL)
    console.print()
    for step in explanation.steps:
        console.print(*step_lines(step), sep="\n")
    console.print()
    _print_change(explanation, console)


def _other_readings(judged: EstateObject) -> Iterator[tuple[str, str]]:
    """Yield a line about the readings that contradict the one whose conditions are shown."""
    if judged.variants:
        places = ", ".join(visible(f"{one.origin.source}:{one.origin.row}") for one in judged.variants)
        yield "but also", f"{places}: they contradict each other; the conditions below are those of the first reading"


def print_labelled(console: Console, label: str | Text, value: Text, *, width: int) -> None:
    """Print a value beside its label: folded on a terminal, on lines of its own length where a program reads them."""
    if console.is_terminal:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(style="dim", width=width - 1, no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(label, value)
        console.print(grid)
        return
    for number, line in enumerate(value.split("\n")):
        head = (Text(label, style="dim") if isinstance(label, str) else label.copy()) if number == 0 else Text()
        head.pad_right(max(0, width - head.cell_len))
        console.print(head.append_text(line), soft_wrap=True)


def step_lines(step: Step) -> list[RenderableType]:
    """Return one condition's lines: its index, result and text, then the values it looked at, then the check that fired."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(justify="right", style="dim", width=5, no_wrap=True)
    grid.add_column(width=11, no_wrap=True)
    grid.add_column(overflow="fold")
    result = Text(step.result, style=_RESULTS[step.result])
    head = Text(visible(step.text))
    if step.result in ("true", "stopped"):
        head.append(" → ").append(step.status.value, style=STYLES[step.status])
    grid.add_row(str(step.index), result, head)
    for leaf in step.leaves:
        grid.add_row("", "", _leaf_line(leaf))
    if step.check:
        grid.add_row("", "", Text.assemble(("check fired: ", "yellow"), visible(step.check)))
    return [grid]


def _leaf_line(leaf: Leaf) -> Text:
    places = "; ".join(dict.fromkeys(place_text(place) for place in leaf.places))
    line = Text.assemble("  ", visible(leaf.text), " = ", (visible(leaf.value), "yellow" if leaf.stopped else "cyan"))
    return line.append(f"  ← {visible(places)}", style="dim") if places else line


def place_text(place: ReadPlace) -> str:
    """Return a place in words: the row of the object's source, then the column inside it, or the field."""
    row = f"row {place.row}, " if place.row is not None else ""
    return f"{row}{f'column {place.column}' if place.column else place.field}"


def _print_change(explanation: Explanation, console: Console) -> None:
    change = explanation.change
    if change is None:
        console.print(Text("No change of a single value that was tried gives another status.", style="dim"))
        return
    what = f"column {change.place.column}" if change.place.column else change.place.field
    console.print(
        Text.assemble(
            ("smallest change ", "dim"),
            (visible(what), "bold"),
            f" from {visible(change.before)} to {visible(change.after)} would make it ",
            (change.status.value, STYLES[change.status]),
            f": {visible(change.message)}",
        )
    )


def write_explanation_json(explanation: Explanation, stream: TextIO) -> None:
    """Write an explanation as one JSON object."""
    finding, change = explanation.finding, explanation.change
    document: dict[str, Any] = {
        "policyId": finding.policy_id,
        "object": {"id": finding.object.id, "name": finding.object.name, "typeApiName": finding.object.type_name},
        "source": finding.object.origin.source,
        "row": finding.object.origin.row,
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
