"""Rewrites of a frozen graph, by what they are about; `conversion.rewrites` has their order."""
