"""What proves a history: Merkle trees, signatures, and the checkpoints that a hub signs."""
