"""Boards, links and programs for tests."""
