"""Vendors' names of pins and UARTs as the numbers that registers want."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """A pin by number of its port (0 where there is one port) and number within it."""

    port: int
    pin: int


def pin_number(name: str) -> Pin:
    """Numbers of a pin: P1.03 (Nordic), PA2 (STMicroelectronics), PB16 (Microchip), GP0 (Raspberry
    Pi), GPIO_AD_B0_02 (NXP; of its banks the boards use this one).

    Raises:
        ValueError: The name follows none of these; the board's rules refuse such a file before.
    """
    if match := re.fullmatch(r"P(\d)\.(\d\d)", name):
        return Pin(int(match[1]), int(match[2]))
    if match := re.fullmatch(r"P([A-K])(\d{1,2})", name):
        return Pin(ord(match[1]) - ord("A"), int(match[2]))
    if match := re.fullmatch(r"GP(\d{1,2})", name):
        return Pin(0, int(match[1]))
    if match := re.fullmatch(r"GPIO_AD_B0_(\d\d)", name):
        return Pin(0, int(match[1]))
    raise ValueError(f"no such spelling of a pin: {name!r}")


def uart_number(instance: str) -> int:
    """The number that a UART's name ends in; 0 where it has none."""
    match = re.search(r"\d+$", instance)
    return int(match[0]) if match else 0
