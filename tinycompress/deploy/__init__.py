"""What needs the whole path at once: what an int8 file costs on a board, and compression by it."""
