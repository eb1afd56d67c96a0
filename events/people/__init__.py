"""Who may do what: the people of a hub, what can happen to them, and their permissions."""
