"""Object types as tables, and the snapshots that hold them. Refuses to know policies."""
