"""From what somebody changes to a proposal that is saved."""
