"""Drawings: each takes facts and a width, and gives SVG whose colours the page decides."""
