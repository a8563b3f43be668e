"""Cascades: the stages of a file, each as a model and as a file of its own."""
