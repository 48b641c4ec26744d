"""``python -m tests.golden.rewrite``: writes the expected texts anew; the difference is for a person to judge."""

from __future__ import annotations

import sys

from tests.golden.steps import EXPECTED, STEPS


def rewrite() -> list[str]:
    """Write every expected text and remove those that no step makes; returns the names of the files that changed."""
    EXPECTED.mkdir(exist_ok=True)
    changed = [path.name for path in EXPECTED.iterdir() if path.name not in STEPS]
    for name in changed:
        (EXPECTED / name).unlink()
    for name, step in STEPS.items():
        place, text = EXPECTED / name, step()
        if not place.exists() or place.read_text("utf-8") != text:
            place.write_text(text, "utf-8")
            changed.append(name)
    return sorted(changed)


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in rewrite()) or "nothing changed\n")
