"""What becomes of a proposal: `check`, and the rules that it goes by."""
