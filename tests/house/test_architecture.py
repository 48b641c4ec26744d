"""ARCHITECTURE.md says what is there: every room once, and the order in which rooms import each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")


def floors(texts: list[str]) -> list[set[str]]:
    return [{room.strip() for room in text.split("|")} for text in texts]


def rooms_in_table() -> list[str]:
    return re.findall(r"^\| `(\w+)/?` \|", PAGE.split("## Rooms")[1].split("\n## ")[0], re.MULTILINE)


def test_every_room_stands_in_the_table_once() -> None:
    directories = [path.name for path in (ROOT / "src" / "perpend").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert sorted([*directories, "errors"]) == sorted(rooms_in_table())


def test_the_order_of_imports_is_the_one_that_is_checked() -> None:
    sentence = re.search(r"`commands` > .*?`errors`", PAGE, re.DOTALL)
    assert sentence is not None
    assert floors(LAYERS) == floors(re.sub(r"[`\n]", " ", sentence[0]).split(">"))


def test_the_table_goes_from_the_ground_up() -> None:
    floor_of = {room: number for number, rooms in enumerate(floors(LAYERS)[::-1]) for room in rooms}
    listed = [floor_of[room] for room in rooms_in_table() if room in floor_of]
    assert sorted(listed) == listed


def test_what_practice_taught_is_counted_right() -> None:
    words = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
    told = re.search(r"differed in (\w+) points", PAGE)
    assert told is not None
    assert words[told[1]] == PAGE.split("## Where practice taught otherwise")[1].count("\n- **")


def test_lines_that_are_told_are_there() -> None:
    told = re.findall(r"some ([\d,]+)[^()]* \(`wc -l ([^`]+)`\)", PAGE)
    assert 2 == len(told)
    for number, pattern in told:
        before, *inside = re.split(r"[{}]", pattern)
        patterns = [before + "".join((one, inside[1])) for one in inside[0].split(",")] if inside else [pattern]
        lines = sum(len(path.read_text("utf-8").splitlines()) for one in patterns for path in ROOT.glob(one))
        assert 0.9 < int(number.replace(",", "")) / lines < 1.1, pattern


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    words = re.findall(r"^\| ([^|]+?) \|", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)[2:]
    assert sorted(set(words), key=str.casefold) == words
