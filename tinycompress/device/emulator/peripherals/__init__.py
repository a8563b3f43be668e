"""Small models of the peripherals that the firmware touches, one class per file."""
