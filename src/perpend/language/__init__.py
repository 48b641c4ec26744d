"""The policy language: its files, its compiler, and the interpreter that defines its meaning."""
