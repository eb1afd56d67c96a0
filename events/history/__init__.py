"""What was when: states of the past, searches, runs; and a long history, packed and folded."""
