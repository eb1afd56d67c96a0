"""Who may do what: access, keys, orders among the people, and what proves who somebody is."""
