"""Collect from any cloud whose API lists objects over REST. A cloud brings tables of calls and types, and tokens."""
