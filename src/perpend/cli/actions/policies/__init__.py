"""What commands about policies do: tests proposed and changed, sites built and served."""
