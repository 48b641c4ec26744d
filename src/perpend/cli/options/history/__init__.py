"""What commands share that ask a store's history: keeping it, scorecards, revisions of policies and what they find."""
