"""Training of a network: the one way that all stages train, with a teacher or without."""
