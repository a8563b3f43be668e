"""Models of QKeras and HGQ2 from training to the board: ``make fixed-point``."""
