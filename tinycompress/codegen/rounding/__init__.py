"""Requantisation by fewer instructions, proven equal to the reference's on the host."""
