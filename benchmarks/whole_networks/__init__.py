"""Five whole networks of five kinds, from training to the board: ``make networks``."""
