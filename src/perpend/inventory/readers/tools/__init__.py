"""Files that other tools write, and answers that hold several types: a field map per format, declared as data, and readers."""
