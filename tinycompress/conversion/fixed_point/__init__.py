"""Models that were trained on fixed-point numbers (QKeras, HGQ2): int8 files of their integers."""
