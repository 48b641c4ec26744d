"""A judgement in, one line per verdict out, by object and then by policy. Refuses to know the format.

Of each line only what is new is encoded: what a verdict says once per program and index, an object and its fields once.
"""

from __future__ import annotations

import json
import math
from itertools import islice
from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING, Any, Final

from perpend.judge.reads import values_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from perpend.ir.estate import EstateObject
    from perpend.ir.program import Program, Read
    from perpend.judge.judgement import Judgement
    from perpend.judge.verdicts import Verdicts

    Head: TypeAlias = Callable[[Program, int, str | None], str]
    Described: TypeAlias = Callable[[EstateObject], str]
    Tail: TypeAlias = Callable[[str, str], str]

_AT_ONCE: Final = 512


def verdict_lines(judgement: Judgement, *, head: Head, described: Described, tail: Tail) -> Iterator[str]:
    """Yield the lines, without line ends.

    ``head`` draws what a program says: it is given the index and the runtime error. ``described`` draws an object.
    ``tail`` joins that with the object's references, which are a JSON array in ASCII.
    """
    for type_name in judgement.selection.by_type():
        columns = [column for column in judgement.verdicts if column.program.input_type == type_name]
        forms = list(dict.fromkeys(column.program.reads for column in columns))
        every = tuple(dict.fromkeys(read for reads in forms for read in reads))
        openings = [_opening(judgement, type_name, read) for read in every]
        wanted = [[every.index(read) for read in reads] for reads in forms]
        heads = [_heads(column, head) for column in columns]
        places = [forms.index(column.program.reads) for column in columns]
        for judged, *starts in zip(judgement.objects_of(type_name), *heads, strict=True):
            text = described(judged)
            values = values_read(judged.fields, every)
            drawn = [f"{opening}{json_value(value)}}}" for opening, value in zip(openings, values, strict=True)]
            tails = [tail(text, f"[{','.join([drawn[number] for number in numbers])}]") for numbers in wanted]
            for start, place in zip(starts, places, strict=True):
                yield start + tails[place]


def batches(lines: Iterator[str]) -> Iterator[list[str]]:
    """Yield the lines by the hundred, to be written at once."""
    while batch := list(islice(lines, _AT_ONCE)):
        yield batch


def json_value(value: Any) -> str:
    """Return a value as JSON in ASCII. Numbers that JSON does not know become their names as text."""
    if isinstance(value, str):
        return json_text(value)
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(_with_names(value), allow_nan=False, separators=(",", ":"))


def _heads(column: Verdicts, head: Head) -> Iterator[str]:
    """Yield what the program says of each object in turn."""
    known: dict[int, str] = {}
    for index, error in column.ends():
        if error is not None:
            yield head(column.program, index, error)
        else:
            if index not in known:
                known[index] = head(column.program, index, None)
            yield known[index]


def _opening(judgement: Judgement, type_name: str, read: Read) -> str:
    return f'{{"field":{json_text(read.path)},"label":{json_text(judgement.label_of(type_name, read))},"value":'


def _with_names(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _with_names(inner) for name, inner in value.items()}
    return [_with_names(inner) for inner in value] if isinstance(value, list) else value
