"""Translate the programs of one object type into one relational plan that any SQL engine can run."""
