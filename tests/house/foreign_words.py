"""``python -m tests.house.foreign_words DIRECTORY … > tests/house/foreign_words.txt``: hashes of what standards say.

A directory holds files ``section.yaml`` with names and descriptions as a standard has them. Their hashes are kept, and never
their words. What has fewer words than ``LEAST`` is nobody's, and a name without an id is that of a service or a standard.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import yaml

KEPT = Path(__file__).with_suffix(".txt")
LEAST = 3
DIGITS = 16
"""How much of a hash is kept: among a few thousand, two never begin alike by chance."""

_ID = re.compile(r"^\s*(?:\[[^\]]*\]|(?:[A-Z]+\.?)?\d+(?:\.\d+)*)\s+")
_KIND = re.compile(r"\((?:automated|manual)\)\s*$", re.IGNORECASE)
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def normalized(text: str) -> str:
    """Return the words of a text in lower case, without its id and its punctuation."""
    return " ".join(re.findall(r"[^\W_]+", _KIND.sub("", _ID.sub("", text, count=1)).lower()))


def has_id(name: str) -> bool:
    """Whether a name begins with an id."""
    return _ID.match(name) is not None


def hashes(text: str) -> Iterator[str]:
    """Yield the hashes of a text and of each of its sentences."""
    for part in dict.fromkeys((text, *_END_OF_SENTENCE.split(text))):
        words = normalized(part)
        if words.count(" ") + 1 >= LEAST:
            yield sha256(words.encode()).hexdigest()[:DIGITS]


def hashes_below(directory: Path) -> Iterator[str]:
    """Yield the hashes of the names and descriptions of the sections below a directory."""
    for path in directory.rglob("section.yaml"):
        section = yaml.safe_load(path.read_text("utf-8"))
        yield from hashes(section["name"]) if has_id(section["name"]) else ()
        yield from hashes(section.get("description") or "")


@cache
def kept() -> frozenset[str]:
    """Return the hashes that are kept here."""
    return frozenset(KEPT.read_text("utf-8").split())


def is_foreign(text: str) -> bool:
    """Whether a text, or one of its sentences, is that of a standard."""
    return not kept().isdisjoint(hashes(text))


if __name__ == "__main__":
    sys.stdout.writelines(f"{one}\n" for one in sorted({one for name in sys.argv[1:] for one in hashes_below(Path(name))}))
