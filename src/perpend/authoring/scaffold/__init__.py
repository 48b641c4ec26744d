"""Write files of a repository: new files from templates, filled expectations, and fixes."""
