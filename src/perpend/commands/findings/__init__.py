"""Commands about what became of findings."""
