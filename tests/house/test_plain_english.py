"""The texts that users and programmers read are plain English: they name things, and use no words of our own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.house.trees import ROOT, nodes, text

PLACES = ("src/**/*.py", "README.md", "GLOSSARY.md", "ARCHITECTURE.md")
"""Files whose words are checked: docstrings and messages of modules, all of a document but its code."""

PLAIN = {
    r"whoever": "the user, the caller, the process",
    r"anew": "again, from the start",
    r"some(body|one) (says|said)": "… is set, … is configured",
    r"refus(e|es|ed|ing) to know": "reject, or leave undetermined",
    r"(go|goes|going|went|gone) on with": "resume, continue",
    r"(come|comes|came|coming) by": "get, find",
    r"(come|comes|came|coming) to (its|their) end": "end",
    r"hand(s|ed|ing)? over": "pass, export",
    r"(is|are|was|were) told (of|beforehand)": "is reported",
    r"(is|are|was|were) said of": "applies to, is recorded for",
    r"weigh(s|ed|ing)?": "evaluate",
    r"mend(s|ed|ing)?": "fix",
    r"the roads? (to|of)": "the path to",
    r"errands?": "task",
    r"rooms|(this|every|each|a|of one) room": "package",
    r"whose day": "… on the day that",
    r"looked at": "observed, compared, examined",
    r"by way of": "through",
}
"""Words that no reader outside this project would use so, as regular expressions, each with what to write instead."""

NAMELESS = re.compile(r"(?:^|[.:;,] |\b(?:of|by|to|as|and|from|for|in|with|is) )[Ww]hat\b|\b[Ww]hoever\b")
"""A thing that is called by a clause and not by its name, as in "Return what was read"."""

MAX_NAMELESS = 0.03

_PRIVATE = re.compile(rf"\b(?:{'|'.join(PLAIN)})\b", re.IGNORECASE)
_CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`", re.DOTALL)
_SQL = re.compile(r"\b(SELECT|FROM|CASE|WHERE|UNION|COALESCE)\b")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def files() -> tuple[str, ...]:
    found = (path.relative_to(ROOT).as_posix() for place in PLACES for path in sorted(ROOT.glob(place)))
    return tuple(path for path in found if "/library/" not in path)


def without_code(words: str) -> str:
    """Return a text whose code is gone and whose lines are still where they were."""
    return _CODE.sub(lambda code: "\n" * code[0].count("\n"), words)


def texts(path: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring and message of a module that has such words, or of a whole document."""
    if not path.endswith(".py"):
        yield 1, without_code(text(path))
        return
    for node in nodes(path) if _PRIVATE.search(text(path)) else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value and not _SQL.search(node.value):
            yield node.lineno, without_code(node.value)


def private_words(path: str) -> Iterator[str]:
    """Yield the place of each private word of a file, with what to write instead."""
    for line, words in texts(path):
        for match in _PRIVATE.finditer(words):
            instead = next(plain for pattern, plain in PLAIN.items() if re.fullmatch(pattern, match[0], re.IGNORECASE))
            yield f'{path}:{line + words.count(chr(10), 0, match.start())}: "{match[0]}": write {instead}'


def test_messages_docstrings_and_documents_use_no_private_words() -> None:
    assert [] == [word for path in files() for word in private_words(path)]


def test_docstrings_call_things_by_their_names() -> None:
    docstrings = {
        f"{path}:{getattr(node, 'lineno', 1)}: {words.splitlines()[0]}": words
        for path in files()
        if path.endswith(".py")
        for node in nodes(path)
        if isinstance(node, _DOCUMENTED) and (words := ast.get_docstring(node))
    }
    nameless = [place for place, words in docstrings.items() if NAMELESS.search(words)]
    assert len(nameless) <= MAX_NAMELESS * len(docstrings), "\n".join(nameless)


def test_private_words_are_found_outside_code() -> None:
    words = without_code("Whoever weighs `weighed` rows.\n```\nanew\n```\n")
    assert ["Whoever", "weighs"] == [match[0] for match in _PRIVATE.finditer(words)]
