"""Options and messages of commands that read or write the history of a store."""
