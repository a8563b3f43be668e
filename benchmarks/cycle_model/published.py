"""Figures per MHz that others measured, and on what: what the cycle model is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProgramName = Literal["CoreMark", "Dhrystone"]

BOARDS = {
    "cortex-m0plus": "raspberry_pi_pico",
    "cortex-m3": "qemu_mps2_an385",
    "cortex-m4": "qemu_mps2_an386",
    "cortex-m7": "qemu_mps2_an500",
    "cortex-m33": "nucleo_u575zi_q",
}
"""The virtual board that stands for each core."""


@dataclass(frozen=True)
class Published:
    """One published figure.

    ``level`` is the optimization that the program is built with here: the publisher's own where
    its compiler was gcc, else the nearest that gcc has. ``other_compiler`` says that it was not
    gcc, so that other instructions ran.
    """

    core: str
    program: ProgramName
    per_mhz: float
    level: str
    by: str
    other_compiler: bool = False


def _arm(core: str, program: ProgramName, per_mhz: float) -> Published:
    by = "Arm's product page, Arm's compiler"
    return Published(core, program, per_mhz, "-O3", by, other_compiler=True)


PUBLISHED = (
    Published(
        "cortex-m0plus", "CoreMark", 1.893, "-O3",
        "RP2040, 125 MHz, code in RAM, GCC 11.2 -O3: github.com/KafCoppelia/pico-coremark",
    ),
    Published(
        "cortex-m4", "CoreMark", 2.583, "-O3",
        "Teensy 3.6 (K66), 180 MHz, GCC -O3: github.com/FrankBoesing/CoreMark",
    ),
    Published(
        "cortex-m7", "CoreMark", 4.000, "-O2",
        "Teensy 4.0 (i.MX RT1062), 600 MHz, GCC -O2: github.com/FrankBoesing/CoreMark",
    ),
    Published(
        "cortex-m33", "CoreMark", 3.396, "-O3",
        "AN505 on an FPGA, no wait states, GCC 10.3 -O3: "
        "github.com/GorgonMeducer/coremark_cortex-m33",
    ),
    Published(
        "cortex-m33", "CoreMark", 2.603, "-O3",
        "RP2350, 200 MHz, each of two cores, GCC -O3: github.com/FrankBoesing/CoreMark",
    ),
    _arm("cortex-m0plus", "CoreMark", 2.46),
    _arm("cortex-m3", "CoreMark", 3.34),
    _arm("cortex-m4", "CoreMark", 3.42),
    _arm("cortex-m7", "CoreMark", 5.01),
    _arm("cortex-m33", "CoreMark", 4.02),
    _arm("cortex-m0plus", "Dhrystone", 0.95),
    _arm("cortex-m3", "Dhrystone", 1.25),
    _arm("cortex-m4", "Dhrystone", 1.25),
    _arm("cortex-m7", "Dhrystone", 2.14),
    _arm("cortex-m33", "Dhrystone", 1.50),
)  # fmt: skip
