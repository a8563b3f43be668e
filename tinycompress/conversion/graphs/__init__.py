"""Edits of a frozen graph before TensorFlow's converter sees it: equal values."""
