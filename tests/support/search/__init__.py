"""Searches without TensorFlow and without a board: an evaluator whose figures are a formula."""
