"""Rules about the requirements that policies say they answer."""
