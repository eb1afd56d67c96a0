"""The people of a hub: users, teams, projects, roles, tokens, and what each may do."""
