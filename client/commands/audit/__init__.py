"""`stackroom audit …`: whether a history is what was committed, for people here and for outsiders."""
