"""Tools for policy authors: lint, tests, mutation, scaffolds."""
