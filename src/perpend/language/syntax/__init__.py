"""Read repositories of policies: every value with its place, in all dialects. The compiler checks their meaning."""
