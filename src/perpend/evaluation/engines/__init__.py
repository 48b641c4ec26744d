"""A plan and an inventory in, verdict indexes out: one file per engine, a table of primitives and what differs."""
