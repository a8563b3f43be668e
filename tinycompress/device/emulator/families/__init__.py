"""Which peripherals a family of microcontrollers has, and what its memory shows twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinycompress.device.emulator.families.arm import mps2
from tinycompress.device.emulator.families.mcu import Microcontroller, Surroundings
from tinycompress.device.emulator.families.microchip import samd51
from tinycompress.device.emulator.families.nordic import nrf52, nrf53
from tinycompress.device.emulator.families.nxp import imxrt1060
from tinycompress.device.emulator.families.raspberry import rp2040, rp2350
from tinycompress.device.emulator.families.stm32 import (
    stm32f4,
    stm32f7,
    stm32g0,
    stm32h7,
    stm32l4,
    stm32u5,
)
from tinycompress.errors import BoardError

__all__ = ["FAMILIES", "Microcontroller", "Surroundings", "build"]

FAMILIES: Mapping[str, Callable[[Surroundings], Microcontroller]] = {
    family.__name__: family
    for family in (
        imxrt1060, mps2, nrf52, nrf53, rp2040, rp2350, samd51, stm32f4, stm32f7, stm32g0, stm32h7,
        stm32l4, stm32u5,
    )
}  # fmt: skip
"""By what board files say in ``emulator.family``."""


def build(surroundings: Surroundings) -> Microcontroller:
    """The peripherals of the board's family.

    Raises:
        BoardError: No such family is modelled, or its UART is not.
    """
    name = surroundings.board.emulator.family
    if name not in FAMILIES:
        raise BoardError(
            f"{surroundings.board.id}: emulator.family is {name!r}; modelled are "
            + ", ".join(sorted(FAMILIES)),
            hint="run it on the board itself: tinycompress bench --port PORT",
        )
    return FAMILIES[name](surroundings)
