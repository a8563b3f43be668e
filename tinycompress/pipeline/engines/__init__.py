"""What a build does for each engine."""
