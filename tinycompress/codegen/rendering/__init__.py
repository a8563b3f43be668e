"""From layers and their places in the arena to C text."""
