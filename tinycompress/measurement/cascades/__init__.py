"""What is measured of cascades beyond what is of every model."""
