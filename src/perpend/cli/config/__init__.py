"""The configuration file: find it, read it, and use it for the defaults of options."""
