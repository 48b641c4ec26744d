"""Print findings, comparisons, trends and compliance from a history."""
