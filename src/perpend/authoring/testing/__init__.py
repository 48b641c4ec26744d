"""The tests that policies bring with them: run, compared, their branches counted."""
