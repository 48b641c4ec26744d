"""Compiled programs: expressions, blocks and declared outcomes, independent of YAML and of engines."""
