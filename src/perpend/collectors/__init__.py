"""Cloud APIs in, an inventory out."""
