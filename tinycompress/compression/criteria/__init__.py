"""Criteria of pruning: functions from a network and data to a score per channel or per weight."""
