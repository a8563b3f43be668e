"""Peripherals of NXP's i.MX RT1060."""
