"""``python -m perpend`` and the console script."""

from __future__ import annotations

import gc
from typing import Final, NoReturn

from perpend.cli import app
from perpend.core.process import be_alone

_MANY: Final = 50_000
"""After how many new objects Python looks for circles among them: hardly any object of a command is garbage."""


def main() -> NoReturn:
    """Run the command line in a process that is its own."""
    be_alone()
    gc.set_threshold(_MANY, *gc.get_threshold()[1:])
    try:
        app.main()
    finally:
        gc.freeze()  # the process ends, and all of its objects with it


if __name__ == "__main__":
    main()
