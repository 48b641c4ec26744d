"""Commands: one file each, arguments in, a room's work called, an exit code out. No logic lives here."""
