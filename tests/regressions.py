"""Counterexamples as files below ``spec/regressions``: what engines once disagreed about, asked of every engine ever after."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perpend.language.interpreter.interpreter import Interpreter
from perpend.language.program.program import Program

DIRECTORY = Path(__file__).parents[1] / "spec" / "regressions"
FILES = sorted(path.name for path in DIRECTORY.glob("*.json"))
_MOST = 2


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A repository's files, the objects that its one policy judges, and how each of them should end.

    ``complete``: what an object does not have is null. ``time`` is the snapshot's, in milliseconds since 1970.
    """

    files: Mapping[str, Any]
    objects: Sequence[Mapping[str, Any]]
    complete: bool
    time: int
    indexes: Sequence[int]


def read(file: str, directory: Path = DIRECTORY) -> Counterexample:
    """Return the counterexample that a file holds."""
    return Counterexample(**json.loads((directory / file).read_text("utf-8")))


def reference(program: Program, objects: Sequence[Mapping[str, Any]], time: int, *, complete: bool) -> list[int]:
    """Return the index of each object by the reference interpreter."""
    interpreter = Interpreter([program])
    return [interpreter.evaluate(fields, time, complete=complete)[0][0] for fields in objects]


def check_agreement(engine: str, asked: Counterexample, found: Sequence[int], *, directory: Path = DIRECTORY) -> None:
    """Fail where an engine ends otherwise than ``asked`` says, and keep that: some objects, under the running test's name.

    While Hypothesis shrinks, each smaller counterexample takes the place of the one before.
    """
    places = [place for place, (one, other) in enumerate(zip(asked.indexes, found, strict=True)) if one != other]
    if not places:
        return
    first = places[:_MOST]
    objects, indexes = ([values[place] for place in first] for values in (asked.objects, asked.indexes))
    content = {"files": asked.files, "objects": objects, "complete": asked.complete, "time": asked.time, "indexes": indexes}
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition("::")[2].removesuffix(" (call)")
    path = directory / f"{engine}-{re.sub(r'[^a-z0-9]+', '-', test.lower()).strip('-')}.json"
    directory.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    pairs = [(one, found[place]) for place, one in zip(first, indexes, strict=True)]
    raise AssertionError(f"{engine} ends otherwise on {len(places)} objects: {pairs} of {objects}; kept as {path.name}")
