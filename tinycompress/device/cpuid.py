"""The CPUID that emulated cores show: the real one with the implementer code of software.

The firmware tells by it that it is emulated (``firmware_templates/common/include/tc_machine.h``).
Arm gives out the implementer's codes and reserves 0 for software, so no silicon has it. QEMU gives
its core "max" the same one, for the same reason.
"""

from __future__ import annotations

# CPUID Base Register in the cores' Technical Reference Manuals, without the implementer, 0x41.
_CPUID = {
    "cortex-m0plus": 0x000C_C601,
    "cortex-m3": 0x002F_C231,
    "cortex-m4": 0x000F_C241,
    "cortex-m7": 0x001F_C272,
    "cortex-m33": 0x000F_D213,
    "cortex-m55": 0x001F_D221,
}


def emulated_cpuid(core: str) -> int:
    """CPUID of an emulated core: part number, architecture and revision as silicon has them."""
    return _CPUID[core]
