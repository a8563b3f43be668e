"""Writing firmware to boards: one driver per file, chosen by the board file's ``flash`` tables."""
