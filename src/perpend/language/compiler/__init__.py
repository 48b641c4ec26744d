"""Compile repositories to typed and numbered programs, and report the problems of their meaning."""
