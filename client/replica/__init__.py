"""The replica: what it says to a hub, what it makes of what it hears, and what it vouches for. No I/O."""
