"""What instructions cost on each core, in cycles, with memory that never waits.

Sources (sections of Arm's Technical Reference Manuals):
- Cortex-M0+: DDI 0484C, 3.3 "Instruction set summary", table 3-1.
- Cortex-M3: DDI 0337I (r2p1), 3.3.1 "Cortex-M3 instructions", table 3-1;
  3.3.2 "Load/store timings".
- Cortex-M4: DDI 0439D (r0p1), 3.3.1 "Cortex-M4 instructions", table 3-1;
  3.3.2 "Load/store timings"; 7.2.3 "FPU instruction set", table 7-1.
- Cortex-M7 (DDI 0489) and Cortex-M33 (100230): Arm publishes no instruction timings.
  docs/virtual-boards.md says what is assumed instead.

Where a table gives a range, the highest number is taken: long multiplies of the Cortex-M3 and
divisions end early for small operands, and requantisation works with multipliers of 31 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tinycompress.boards.schema import Board


@dataclass(frozen=True)
class CoreTiming:
    """Cost rules of one core.

    A taken branch costs ``1 + refill``: the manuals' P, "from 1 to 3 depending on the alignment and
    width of the target instruction, and whether the processor manages to speculate the address
    early". ``indirect_extra`` is added where the target comes from a register,
    ``load_pc_refill`` replaces it where the target comes from memory, ``wide_target_penalty`` is
    added where the target is a 32-bit instruction that straddles two words. ``named`` has the cost
    of instructions that differ from one cycle.
    """

    name: str
    refill: int
    indirect_extra: int
    load_pc_refill: int
    wide_target_penalty: int
    load: int
    store_immediate: int
    store_register: int
    multiple_base: int
    pipelines_loads: bool
    stalls_on_address: bool
    folds_it: bool
    exception_entry: int
    exception_return: int
    named: Mapping[str, int] = field(default_factory=dict)
    doubled: Mapping[str, int] = field(default_factory=dict)


_M3_LONG = {
    "umull": 5, "smull": 5, "umlal": 7, "smlal": 7, "mla": 2, "mls": 2, "sdiv": 12, "udiv": 12,
}  # fmt: skip
_DIVIDE = {"sdiv": 12, "udiv": 12}
# A table branch loads (2), adds (1) and refills (3).
_TABLE_BRANCH = {"tbb": 6, "tbh": 6}
_SYSTEM = {"mrs": 2, "msr": 2, "cps": 2, "dsb": 1, "dmb": 1, "isb": 1, "clrex": 1}
_FPU = {
    "vmla": 3, "vmls": 3, "vnmla": 3, "vnmls": 3,
    "vfma": 3, "vfms": 3, "vfnma": 3, "vfnms": 3,
    "vdiv": 14, "vsqrt": 14,
}  # fmt: skip

CORTEX_M0PLUS = CoreTiming(
    name="cortex-m0plus",
    refill=1,
    indirect_extra=0,
    load_pc_refill=2,
    wide_target_penalty=0,
    load=2,
    store_immediate=2,
    store_register=2,
    multiple_base=1,
    pipelines_loads=False,
    stalls_on_address=False,
    folds_it=False,
    exception_entry=15,
    exception_return=13,
    # The multiplier is the single-cycle one (the alternative takes 32).
    named={"bl": 3, "mrs": 3, "msr": 3, "dsb": 3, "dmb": 3, "isb": 3},
)

CORTEX_M3 = CoreTiming(
    name="cortex-m3",
    refill=1,
    indirect_extra=1,
    load_pc_refill=3,
    wide_target_penalty=1,
    load=2,
    store_immediate=1,
    store_register=2,
    multiple_base=1,
    pipelines_loads=True,
    stalls_on_address=True,
    folds_it=True,
    exception_entry=12,
    exception_return=12,
    named={**_M3_LONG, **_TABLE_BRANCH, **_SYSTEM},
)

CORTEX_M4 = CoreTiming(
    name="cortex-m4",
    refill=1,
    indirect_extra=1,
    load_pc_refill=3,
    wide_target_penalty=1,
    load=2,
    store_immediate=1,
    store_register=2,
    multiple_base=1,
    pipelines_loads=True,
    stalls_on_address=True,
    folds_it=True,
    exception_entry=12,
    exception_return=12,
    named={**_DIVIDE, **_TABLE_BRANCH, **_SYSTEM, **_FPU},
)

# Arm publishes no instruction timings for the Cortex-M33; the Cortex-M4's stand in for them.
CORTEX_M33 = replace(CORTEX_M4, name="cortex-m33")

CORTEX_M7 = CoreTiming(
    name="cortex-m7",
    refill=0,
    indirect_extra=1,
    load_pc_refill=2,
    wide_target_penalty=0,
    load=1,
    store_immediate=1,
    store_register=1,
    multiple_base=0,
    pipelines_loads=False,
    stalls_on_address=False,
    folds_it=True,
    exception_entry=12,
    exception_return=12,
    named={
        **_DIVIDE, **_SYSTEM, "tbb": 3, "tbh": 3,
        "vmla": 1, "vmls": 1, "vnmla": 1, "vnmls": 1, "vfma": 1, "vfms": 1, "vfnma": 1, "vfnms": 1,
        "vdiv": 14, "vsqrt": 14,
    },
    doubled={"vdiv": 28, "vsqrt": 28},
)  # fmt: skip

TIMINGS: Mapping[str, CoreTiming] = {
    timing.name: timing for timing in (CORTEX_M0PLUS, CORTEX_M3, CORTEX_M4, CORTEX_M7, CORTEX_M33)
}

_MANUALS = {
    "cortex-m0plus": "the tables of its Technical Reference Manual",
    "cortex-m3": "the tables of its Technical Reference Manual, the highest of each range",
    "cortex-m4": "the tables of its Technical Reference Manual, the highest of each range",
    "cortex-m7": "a rough single-issue model: Arm publishes no instruction timings for it, and it "
    "takes some 15 % fewer for CoreMark",
    "cortex-m33": "the tables of the Cortex-M4: Arm publishes no instruction timings for it, and "
    "it may take a quarter fewer",
}


def cycle_notes(board: Board) -> tuple[str, ...]:
    """What the cycle figures of a board assume, one sentence each."""
    emulator = board.emulator
    notes = [f"cycles of the {board.cpu.core} are modelled after {_MANUALS[board.cpu.core]}"]
    if emulator.flash_wait_states:
        notes.append(
            f"cycles leave out the flash's {emulator.flash_wait_states} wait states: code and "
            "constants are taken to come from a cache or buffer"
        )
    return tuple(notes)
