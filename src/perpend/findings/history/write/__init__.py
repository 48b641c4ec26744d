"""Write evaluated runs to a history."""
