"""The ways to search: Optuna's samplers, and plans of our own that they carry out."""
