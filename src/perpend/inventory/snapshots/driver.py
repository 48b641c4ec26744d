"""DuckDB's driver, without the relations that its package builds around it: nobody here uses these, and they load slowly.

`python -X importtime -c "import duckdb"` shows what they cost each process, beside `import _duckdb`.
"""

from __future__ import annotations

try:
    import _duckdb as duckdb
except ImportError:  # a DuckDB that calls its driver something else
    import duckdb  # type: ignore[no-redef]  # the same things, under its public name

__all__ = ["duckdb"]
