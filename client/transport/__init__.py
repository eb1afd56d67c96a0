"""Lines to a hub: how it is reached, by what it is known, and how one signs in."""
