"""An account of a cloud in, rows out as they come, with what could not be read and what is whole. Refuses to know stores."""
