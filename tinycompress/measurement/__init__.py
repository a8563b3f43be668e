"""Talking to firmware and measuring it: protocol, benchmark, report, result bundle."""
