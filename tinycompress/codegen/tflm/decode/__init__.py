"""Weights that TensorFlow Lite Micro's DECODE operator decodes: one file for each encoder."""
