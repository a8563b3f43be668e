"""Processor faults in words.

Source: Arm DDI 0403E, "ARMv7-M Architecture Reference Manual", B3.2.15 (CFSR), and Arm DDI 0553B,
"Armv8-M Architecture Reference Manual", D1.2.38 (STKOF).
"""

from __future__ import annotations

from tinycompress.elf import ElfImage
from tinycompress.measurement.protocol.messages import FaultReport

_KINDS = {
    1: "HardFault", 2: "MemManage fault", 3: "BusFault", 4: "UsageFault",
    5: "exception without a handler",
}  # fmt: skip

_CFSR_BITS = {
    0: "instruction fetch from forbidden memory (IACCVIOL)",
    1: "access to forbidden memory (DACCVIOL)",
    3: "forbidden memory on exception return (MUNSTKERR)",
    4: "forbidden memory on exception entry: stack overflow? (MSTKERR)",
    5: "forbidden memory while saving FPU state (MLSPERR)",
    8: "instruction fetch from where there is nothing (IBUSERR)",
    9: "access to where there is nothing (PRECISERR)",
    10: "earlier write to where there is nothing (IMPRECISERR)",
    11: "bus error on exception return (UNSTKERR)",
    12: "bus error on exception entry: stack overflow? (STKERR)",
    13: "bus error while saving FPU state (LSPERR)",
    16: "undefined instruction (UNDEFINSTR)",
    17: "jump out of Thumb state (INVSTATE)",
    18: "bad exception return (INVPC)",
    19: "FPU or coprocessor is off (NOCP)",
    20: "stack overflow (STKOF)",
    24: "unaligned access (UNALIGNED)",
    25: "division by zero (DIVBYZERO)",
}


def describe_fault(fault: FaultReport, elf: ElfImage | None) -> str:
    """One sentence: what kind, where, why; function names if the ELF is known."""

    def where(address: int) -> str:
        named = "" if elf is None else elf.symbolise(address)
        plain = f"0x{address:08x}"
        return plain if named in ("", plain) else f"{named} (0x{address:08x})"

    kind = _KINDS.get(fault.kind, f"fault of unknown kind {fault.kind}")
    text = f"the firmware stopped with a {kind}"
    causes = [cause for bit, cause in _CFSR_BITS.items() if fault.cfsr >> bit & 1]
    if causes:
        text += ": " + ", ".join(causes)
    if fault.pc == 0:
        return (
            f"{text}; where is not known: a stack overflow or a call through a null pointer, stack "
            f"pointer 0x{fault.address:08x}"
        )
    text += f"; at {where(fault.pc)}, called from {where(fault.lr)}"
    if fault.address:
        text += f", address {where(fault.address)}"
    return text
