"""The command line: commands, options, configuration, exit codes. The only package that knows click."""
