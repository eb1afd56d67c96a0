"""From a push to a durable commit."""
