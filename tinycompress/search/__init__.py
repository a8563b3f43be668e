"""Search for the best candidate within a budget: Optuna asks, the emulated board answers."""
