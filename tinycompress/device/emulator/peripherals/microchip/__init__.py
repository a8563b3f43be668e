"""Peripherals of Microchip's SAMD51."""
