"""The vectors of ``spec/access``: Allow statements, each with Deny statements beside it and the level that is expected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from perpend.core.iam.surroundings import Surroundings, surroundings_from_json

FILE = json.loads((Path(__file__).parents[4] / "spec" / "access" / "levels.json").read_text("utf-8"))
CONTEXT: dict[str, Any] = FILE["context"]
VECTORS: list[dict[str, Any]] = FILE["vectors"]
KNOWN: Surroundings = surroundings_from_json(CONTEXT)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
