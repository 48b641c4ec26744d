"""``python -m perpend`` and the console script."""

from __future__ import annotations

from perpend.cli.app import main

if __name__ == "__main__":
    main()
