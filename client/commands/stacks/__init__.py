"""What a profile holds: stacks, components, flavors."""
