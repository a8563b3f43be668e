"""Ways to write firmware to a board: one file each, which holds all that is known of it."""
