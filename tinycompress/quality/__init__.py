"""How good outputs are: what samples say that they should be, scores, and how these are shown."""
