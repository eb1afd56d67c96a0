"""What the hub reads from its log for somebody: history, states, searches."""
