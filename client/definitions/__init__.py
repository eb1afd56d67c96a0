"""What sources say of flavors, components and stacks: read, checked, compared and planned."""
