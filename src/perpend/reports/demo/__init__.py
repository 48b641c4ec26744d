"""Make a store of an invented organisation: its estate, what happens to it in thirty days, and the runs over it."""
