"""Run plans in DuckDB, with a cache of computed columns for stored snapshots."""
