"""Training and validation data, and the task that they are for."""
