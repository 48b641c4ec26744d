"""Commands that bring in, look into, judge and explain what stands in an estate."""
