"""``python -m perpend`` and the console script."""

from __future__ import annotations

from typing import NoReturn

from perpend.alone import be_alone
from perpend.cli import app


def main() -> NoReturn:
    """Run the command line in a process that is its own."""
    be_alone()
    app.main()


if __name__ == "__main__":
    main()
