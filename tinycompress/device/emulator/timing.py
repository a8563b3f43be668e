"""The cycle model: what a block of instructions costs, and what its last branch gives back.

A block's cost is computed once, as if its last instruction branched. ``CycleModel.refund`` is what
is too much when it did not, ``CycleModel.target_penalty`` what is missing when a branch led to it.
"""

from __future__ import annotations

from tinycompress.device.emulator.core_timings import CoreTiming
from tinycompress.device.emulator.decode import MULTIPLES, Instruction

_REGISTER_BRANCHES = frozenset({"bx", "blx", "mov", "add"})
_FLOAT_PREFIX = "v"


class CycleModel:
    """Cycles of straight-line code on one core."""

    def __init__(self, timing: CoreTiming) -> None:
        self.timing = timing

    def block_cost(self, block: tuple[Instruction, ...]) -> int:
        """Cycles of ``block`` if its last instruction, when it can branch, does."""
        total = 0
        previous: Instruction | None = None
        for instruction in block:
            total += self._in_sequence(instruction, previous)
            previous = instruction
        return total

    def refund(self, last: Instruction) -> int:
        """Cycles by which the block's cost is too high when ``last`` falls through."""
        return self._alone(last) - 1 if last.writes_pc else 0

    def target_penalty(self, first: Instruction) -> int:
        """Cycles that a branch to ``first`` costs because the fetch of it takes two words."""
        straddles = first.size_bytes == 4 and first.address % 4 != 0
        return self.timing.wide_target_penalty if straddles else 0

    def _in_sequence(self, instruction: Instruction, previous: Instruction | None) -> int:
        timing = self.timing
        cost = self._alone(instruction)
        if previous is None:
            return cost
        if instruction.name == "it" and timing.folds_it and previous.size_bytes == 2:
            return 0
        if not (instruction.is_load or instruction.is_store):
            return cost
        depends = bool(previous.writes & instruction.address_registers)
        if previous.is_load or previous.is_store:
            pipelined = timing.pipelines_loads and _is_single(previous) and previous.is_load
            if pipelined and _is_single(instruction) and not depends and not instruction.writes_pc:
                cost = max(1, cost - 1)
        elif timing.stalls_on_address and depends:
            cost += 1
        return cost

    def _alone(self, instruction: Instruction) -> int:
        timing = self.timing
        named = timing.doubled if instruction.is_double else timing.named
        cost = named.get(instruction.name, timing.named.get(instruction.name))
        if cost is not None:
            return cost
        if instruction.is_load or instruction.is_store:
            return self._memory(instruction)
        if instruction.name == "vmov" and len(instruction.writes) == 2:
            return 2
        if not instruction.writes_pc:
            return 1
        through_register = instruction.name in _REGISTER_BRANCHES
        return 1 + timing.refill + (timing.indirect_extra if through_register else 0)

    def _memory(self, instruction: Instruction) -> int:
        timing = self.timing
        if not _is_single(instruction):
            cost = timing.multiple_base + instruction.registers
        elif instruction.is_load:
            cost = timing.load
        elif instruction.offset is None:
            cost = timing.store_register
        else:
            cost = timing.store_immediate
        return cost + (timing.load_pc_refill if instruction.writes_pc else 0)


def _is_single(instruction: Instruction) -> bool:
    # The FPU's loads and stores are timed as multiples: 2 cycles for a word, 3 for two.
    return (
        instruction.registers == 1
        and instruction.name not in MULTIPLES
        and not instruction.name.startswith(_FLOAT_PREFIX)
    )
