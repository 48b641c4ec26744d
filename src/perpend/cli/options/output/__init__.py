"""Forms that findings are written in: their options, and the way to each writer."""
