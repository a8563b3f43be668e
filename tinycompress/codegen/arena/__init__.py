"""Where tensors lie in the arena, and how the graph is changed so that they need less of it."""
