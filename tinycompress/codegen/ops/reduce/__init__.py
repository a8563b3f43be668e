"""Operators that reduce, or normalise along, dimensions."""
