"""The tables of the collector, a module per service or a few that belong together."""
