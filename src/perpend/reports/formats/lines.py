"""Render one line per verdict, by object and then by policy, in any format.

To be fast, each part is encoded once: outcomes per program and index, objects and their fields per object.
"""

from __future__ import annotations

import json
import math
from functools import partial
from itertools import chain, islice
from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING, Any, Final

from perpend.core.parallel import can_fork, dealt, has_only_python_threads, processors
from perpend.core.process import is_alone
from perpend.evaluation.verdicts.evaluation import chunks_of
from perpend.evaluation.verdicts.verdict import reader_of
from perpend.evaluation.verdicts.verdicts import HIDDEN, WHOLE, Share, StreamedObjects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from perpend.core.objects.inventory import CloudObject
    from perpend.evaluation.verdicts.evaluation import Evaluation
    from perpend.evaluation.verdicts.verdicts import Verdicts
    from perpend.language.interpreter.interpreter import EvaluationOutcome
    from perpend.language.program.program import Program, Read

    Head: TypeAlias = Callable[[Program, int, str | None, int], str]
    Adjustments: TypeAlias = Mapping[str, Mapping[str, int]]
    Described: TypeAlias = Callable[[CloudObject], tuple[str, str]]
    Quoted: TypeAlias = Callable[[str], str]
    Render: TypeAlias = Callable[[Mapping[str, Any]], list[str]]

_AT_ONCE: Final = 64
_MOST_KNOWN: Final = 1_024
_SHORT: Final = 100
_MANY: Final = 20_000
"""The number of objects from which several processes are used. Starting one takes 20 ms."""

_MOST_AT_WORK: Final = 4
"""The largest number of rendering processes. The main process passes lines on, which takes a fifth of their rendering time."""

_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def verdict_lines(
    evaluation: Evaluation,
    *,
    head: Head,
    described: Described,
    quoted: Quoted | None = str,
    adjustments: Adjustments | None = None,
) -> Iterator[str]:
    """Yield texts of some hundred lines each.

    ``head`` renders the outcome of a program from its index, runtime error, and the adjustment of severity, in levels;
    ``adjustments`` are by policy and object. ``described`` returns the texts before and after the references of an object.
    These are items of a JSON array in ASCII, with each piece ``quoted``, and empty if that is None. Separators of lines are
    part of the head or of the last text.
    """
    for type_name in evaluation.selection.by_type():
        columns = [column for column in evaluation.shown if column.program.input_type == type_name]
        if not columns:
            continue
        forms = list(dict.fromkeys(column.program.reads for column in columns))
        lines_of = _object_lines(
            _references(evaluation, type_name, forms, quoted),
            [forms.index(column.program.reads) for column in columns],
            described,
        )
        heads = [_Outcomes(column.program, head, (adjustments or {}).get(column.program.policy_id, {})) for column in columns]
        yield from _by_many(evaluation.objects_of(type_name), partial(_texts, evaluation, columns, heads, lines_of))


def _by_many(objects: Sequence[CloudObject], texts: Callable[[Share], Iterable[Iterable[str]]]) -> Iterator[str]:
    """Yield the lines of all shares of some objects, with several processes if there are many objects."""
    shares = min(processors(), _MOST_AT_WORK) if len(objects) >= _MANY and is_alone() and can_fork() else 1
    if isinstance(objects, StreamedObjects) and shares > 1:
        with objects.forkable():
            if has_only_python_threads():
                yield from chain.from_iterable(dealt(lambda place: map(list, texts(Share(place, shares))), shares))
                return
    yield from chain.from_iterable(texts(WHOLE))


def _texts(
    evaluation: Evaluation,
    columns: Sequence[Verdicts],
    heads: Sequence[_Outcomes],
    lines_of: Callable[[CloudObject, Sequence[str]], list[str]],
    share: Share,
) -> Iterator[Iterator[str]]:
    """Yield the lines of the objects of a share, in chunks."""
    for objects, ends in chunks_of(evaluation, columns, share):
        starts = zip(*(rendered.of(objects, of_column) for rendered, of_column in zip(heads, ends, strict=True)), strict=True)
        yield _batches(map(lines_of, objects, starts))


def _batches(of_objects: Iterator[list[str]]) -> Iterator[str]:
    """Yield the lines of several objects at once."""
    while some := [*islice(of_objects, _AT_ONCE)]:
        # INVARIANT: join all pieces at once, because copies of long texts take most of the time.
        if text := "".join([piece for of_object in some for piece in of_object]):
            yield text


def _object_lines(
    render: Render, forms: Sequence[int], described: Described
) -> Callable[[CloudObject, Sequence[str]], list[str]]:
    """Return a function that renders the lines of an object, in pieces, from their beginnings.

    ``forms`` are the indexes of their references.
    """

    def lines_of(object_: CloudObject, starts: Sequence[str]) -> list[str]:
        if not any(starts):
            return []
        before, behind = described(object_)
        references = render(object_.fields)
        return [
            piece
            for start, form in zip(starts, forms, strict=True)
            if start
            for piece in (start, before, references[form], behind)
        ]

    return lines_of


def _references(evaluation: Evaluation, type_name: str, forms: Sequence[tuple[Read, ...]], quoted: Quoted | None) -> Render:
    """Return a function that renders the references to the fields of an object, for each list of reads."""
    if quoted is None:
        return lambda fields: [""] * len(forms)
    every = tuple(dict.fromkeys(read for reads in forms for read in reads))
    renderers = [_Values(quoted(_opening(evaluation, type_name, read)), quoted) for read in every]
    known = [values.known for values in renderers]
    wanted = [[every.index(read) for read in reads] for reads in forms]
    read_values = reader_of(every)

    def render(fields: Mapping[str, Any]) -> list[str]:
        rendered = [
            (texts.get(value) if value.__class__ is str else None) or values(value)
            for texts, values, value in zip(known, renderers, read_values(fields), strict=True)
        ]
        return [",".join([rendered[number] for number in numbers]) for numbers in wanted]

    return render


class _Values:
    """Renders references to one field. ``known`` caches the first short texts, because many are equal."""

    def __init__(self, opening: str, quoted: Quoted) -> None:
        self._opening = opening
        self._quoted = quoted
        self.known: dict[str, str] = {}

    def __call__(self, value: Any) -> str:
        rendered = f"{self._opening}{self._quoted(json_value(value))}}}"
        if isinstance(value, str) and len(value) <= _SHORT and len(self.known) < _MOST_KNOWN:
            self.known[value] = rendered
        return rendered


def json_value(value: Any) -> str:
    """Return a value as JSON in ASCII. Infinite numbers and NaN become text."""
    if isinstance(value, str):
        return json_text(value)
    if value is None:
        return "null"
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(_with_names(value))


class _Outcomes:
    """Renders the outcomes of a program, each once, because many objects have the same one. Hidden ones are empty."""

    def __init__(self, program: Program, head: Head, adjustments: Mapping[str, int]) -> None:
        self._program = program
        self._head = head
        self._adjustments = adjustments
        self._known: dict[int, dict[EvaluationOutcome, str]] = {0: {}}

    def of(self, objects: Sequence[CloudObject], ends: Sequence[EvaluationOutcome]) -> list[str]:
        """Return the texts for some objects."""
        if not self._adjustments:
            known = self._known[0]
            return [rendered if (rendered := known.get(end)) is not None else self(end) for end in ends]
        return [self(end, self._adjustments.get(object_.id, 0)) for object_, end in zip(objects, ends, strict=True)]

    def __call__(self, end: EvaluationOutcome, steps: int = 0) -> str:
        known = self._known.get(steps)
        if known is None:
            known = self._known.setdefault(steps, {})
        rendered = known.get(end)
        if rendered is None:
            rendered = "" if end[0] == HIDDEN else self._head(self._program, *end, steps)
            if len(known) < _MOST_KNOWN:
                known[end] = rendered
        return rendered


def _opening(evaluation: Evaluation, type_name: str, read: Read) -> str:
    return f'{{"field":{json_text(read.path)},"label":{json_text(evaluation.label_of(type_name, read))},"value":'


def _with_names(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _with_names(inner) for name, inner in value.items()}
    return [_with_names(inner) for inner in value] if isinstance(value, list) else value
