"""Commands by what they work on: one file per command, imported when the command is used."""
