"""A judged run in, a history that has it out: numbers for objects, values side by side, changes, counts, one head."""
