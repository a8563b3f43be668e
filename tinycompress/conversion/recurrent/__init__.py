"""Recurrent layers on their way into a file: one operator, or equal time steps."""
