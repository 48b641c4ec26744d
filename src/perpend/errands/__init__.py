"""What commands do beyond their options: sites built, tests proposed and changed, plans to mend made."""
