"""Which range of values an int8 tensor covers: from what was observed of it to its ends."""
