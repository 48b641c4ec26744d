"""What would mend objects, written as a script to read, JSON, Terraform or Markdown. Nothing of it is ever run here."""
