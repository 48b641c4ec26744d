"""ARCHITECTURE.md names every package once, in the order of the layers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
LAYERS = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")


PACKAGES = re.findall(r"^\| `(\w+)/` \|", PAGE.split("## Eleven packages")[1].split("\n## ")[0], re.MULTILINE)


def test_the_table_names_every_package_from_the_top_down() -> None:
    directories = [path.name for path in (ROOT / "src" / "perpend").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert sorted(directories) == sorted([*PACKAGES, "library"])
    layers = [{name.strip() for name in layer.split("|")} for layer in LAYERS]
    rank = {name: number for number, names in enumerate(layers) for name in names}
    assert sorted(PACKAGES, key=rank.__getitem__) == PACKAGES


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    words = re.findall(r"^\| ([^|]+?) \|", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)[2:]
    assert sorted(set(words), key=str.casefold) == words
