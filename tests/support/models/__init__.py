"""Model files for tests."""
