"""What the pages of the site say, as plain frozen values. Refuses to know HTML."""
