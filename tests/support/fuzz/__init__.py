"""Random graphs and damaged files."""
