"""A run: collect, evaluate, record and report; and the interface of stores for programs."""
