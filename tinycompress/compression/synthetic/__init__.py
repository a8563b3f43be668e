"""Samples made from a trained model alone, for calibration and training without data."""
