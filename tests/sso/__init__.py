"""Signing in by passwords and at an OpenID provider: NanoIDP, run beside as a process of its own."""
