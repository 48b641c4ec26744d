"""Print the report of a run."""
