"""What commands do beyond their options: accounts collected, sites built, tests proposed, runs packed, plans to mend made."""
