"""Files of a repository that Perpend writes for its authors: new ones from templates, blanks filled in, slips mended."""
