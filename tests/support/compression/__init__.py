"""Models and data for tests of compression."""
