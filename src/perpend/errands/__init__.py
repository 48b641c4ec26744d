"""What commands do beyond their options: accounts collected, sites built, tests proposed and changed, runs packed."""
