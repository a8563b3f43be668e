"""The cost of an int8 file on a board, and compression that uses it: the whole path at once."""
