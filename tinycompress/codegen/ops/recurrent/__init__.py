"""Operators that keep state."""
