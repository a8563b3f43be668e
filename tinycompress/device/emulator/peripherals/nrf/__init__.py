"""Peripherals of Nordic's nRF52 and nRF53."""
