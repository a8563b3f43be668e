"""Exact instruction counts and modelled cycles, from how often each block of code was entered."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from tinycompress.device.emulator.decode import Decoder, Instruction, instruction_sizes
from tinycompress.device.emulator.legality import AlignmentRule, alignment_rules
from tinycompress.device.emulator.timing import CycleModel


@dataclass(frozen=True)
class TracePoint:
    """The counts at one entry of the traced function, before its first instruction.

    ``flash_reads``: at most so many reads of flash, the block that has just been entered included.
    """

    instructions: int
    cycles: int
    flash_reads: int = 0


class BlockCounter(Protocol):
    """Counts entries of blocks while the processor runs.

    A block is what the emulator executes in one go: straight-line code, every instruction of which
    is executed unless an exception aborts it. It is told by address and size, for a block may be
    entered in its middle, and the emulator may cut one in two. Blocks are numbered in the order in
    which they were added.
    """

    fuel: int
    """Bytes of code that may be entered before the processor stops at the next block."""
    end: int
    """Address after the block entered last; -1 once the program flow was changed from outside."""

    @property
    def last(self) -> int:
        """Number of the block entered last, -1 if there was none."""

    def take_unknown(self) -> tuple[int, int] | None:
        """Address and size of the new block at which the processor stopped, once."""

    def take_out_of_fuel(self) -> bool:
        """Whether the processor stopped for want of fuel, once."""

    def install(self) -> None:
        """Begin to count."""

    def add(self, address: int, size_bytes: int, rules: tuple[AlignmentRule, ...] = ()) -> int:
        """Make a block known, with what to check at its entry, and return its number."""

    def violation(self) -> tuple[AlignmentRule, int] | None:
        """The rule that an entered block breaks and the address that it is about to access."""

    def entries(self, number: int) -> int:
        """How often a block was entered."""

    def weighted(self, per_entry: array[int], per_fall: array[int]) -> int:
        """Sum of entries times ``per_entry`` plus entries by falling through times ``per_fall``."""


def _counts() -> array[int]:
    return array("q")


@dataclass
class _BlockInfo:
    address: int
    size_bytes: int
    instructions: int


@dataclass
class Ledger:
    """What every block costs, and the sums over all of them.

    Args:
        read_code: Returns bytes of code at an address.
        decoder: Decodes the code of the core.
        model: Costs of the core.
        counter: Where the entries are counted.
        flash_reads: How often an entry of a block reads flash, at most.
    """

    read_code: Callable[[int, int], bytes]
    decoder: Decoder
    model: CycleModel
    counter: BlockCounter
    flash_reads: Callable[[tuple[Instruction, ...]], int]
    _blocks: list[_BlockInfo] = field(default_factory=list)
    _instructions: array[int] = field(default_factory=_counts)
    _cycles: array[int] = field(default_factory=_counts)
    _no_falls: array[int] = field(default_factory=_counts)
    _fall_cycles: array[int] = field(default_factory=_counts)
    _flash_reads: array[int] = field(default_factory=_counts)
    _by_address: dict[int, list[int]] = field(default_factory=dict)
    _refund_at: dict[int, int] = field(default_factory=dict)
    _penalties: list[int] = field(default_factory=list)
    _more_instructions: int = 0
    _more_cycles: int = 0

    def add_block(self, address: int, size_bytes: int) -> tuple[Instruction, ...]:
        """Decode and cost a new block and make it known to the counter."""
        code = self.read_code(address, size_bytes)
        block = self.decoder.block(address, code)
        rules = tuple(rule for rule in alignment_rules(block) if rule.at_entry)
        number = self.counter.add(address, size_bytes, rules)
        count = sum(1 for _ in instruction_sizes(code))
        penalty = self.model.target_penalty(block[0])
        self._blocks.append(_BlockInfo(address, size_bytes, count))
        self._instructions.append(count)
        # Every entry is charged as a branch to the block; falling into it gives that back.
        self._cycles.append(self.model.block_cost(block) + penalty)
        self._penalties.append(penalty)
        self._no_falls.append(0)
        self._flash_reads.append(self.flash_reads(block))
        self._fall_cycles.append(-penalty - self._refund_at.get(address, 0))
        self._by_address.setdefault(address, []).append(number)
        end = address + size_bytes
        if end not in self._refund_at:
            self._refund_at[end] = self.model.refund(block[-1])
            for other in self._by_address.get(end, ()):
                self._fall_cycles[other] = -self._penalties[other] - self._refund_at[end]
        return block

    def last_block(self) -> tuple[Instruction, ...]:
        """The block entered last; empty if there was none."""
        if self.counter.last < 0:
            return ()
        info = self._blocks[self.counter.last]
        return self.decoder.block(info.address, self.read_code(info.address, info.size_bytes))

    def now(self, pc: int | None = None) -> TracePoint:
        """The counts so far.

        Args:
            pc: Address of the instruction that is being executed, which is not counted yet; None if
                the processor stands between two blocks.
        """
        weighted = self.counter.weighted
        instructions = weighted(self._instructions, self._no_falls) + self._more_instructions
        cycles = weighted(self._cycles, self._fall_cycles) + self._more_cycles
        if pc is not None and self.counter.last >= 0:
            ahead_instructions, ahead_cycles = self._ahead(self._blocks[self.counter.last], pc)
            instructions -= ahead_instructions
            cycles -= ahead_cycles
        return TracePoint(instructions, cycles)

    def traced(self, pc: int) -> TracePoint:
        """The counts so far, and the reads of flash, at the instruction at ``pc``."""
        reads = self.counter.weighted(self._flash_reads, self._no_falls)
        return replace(self.now(pc), flash_reads=reads)

    def abort_block(self, pc: int) -> None:
        """Take back what was not executed of the last block because ``pc`` faulted."""
        if self.counter.last >= 0:
            instructions, cycles = self._ahead(self._blocks[self.counter.last], pc)
            self.add(-instructions, -cycles)

    def count_part(self, address: int, pc: int) -> None:
        """Count the instructions from ``address`` to before ``pc`` that no block accounts for."""
        if pc > address:
            code = self.read_code(address, pc - address)
            cycles = self.model.block_cost(self.decoder.block(address, code))
            self.add(sum(1 for _ in instruction_sizes(code)), cycles)

    def add(self, instructions: int, cycles: int) -> None:
        """Count what no block accounts for, such as the entry of an exception."""
        self._more_instructions += instructions
        self._more_cycles += cycles

    def leave_flow(self, pc: int) -> None:
        """The program is about to continue elsewhere than at ``pc``, where its own flow led it."""
        if pc == self.counter.end:
            self.add(0, -self._refund_at.get(pc, 0))
        self.counter.end = -1

    def per_block(self) -> list[tuple[int, int]]:
        """Address and executed instructions of every block."""
        return [
            (block.address, block.instructions * self.counter.entries(number))
            for number, block in enumerate(self._blocks)
        ]

    def _ahead(self, block: _BlockInfo, pc: int) -> tuple[int, int]:
        """What was charged of ``block`` for its instructions from ``pc`` on."""
        done_bytes = pc - block.address
        if not 0 <= done_bytes < block.size_bytes:
            return 0, 0
        code = self.read_code(block.address, block.size_bytes)
        whole = self.decoder.block(block.address, code)
        done = tuple(i for i in whole if i.address < pc)
        left = self.model.block_cost(whole) - (self.model.block_cost(done) if done else 0)
        return sum(1 for _ in instruction_sizes(code[done_bytes:])), left


class PythonBlockCounter:
    """A block counter in plain Python.

    Args:
        hook: Makes the processor call a function with address and size of every block that it
            enters.
        stop: Stops the processor before the block that it is about to enter.
        register: Reads a register by name.
    """

    def __init__(
        self,
        hook: Callable[[Callable[[int, int], None]], None],
        stop: Callable[[], None],
        register: Callable[[str], int],
    ) -> None:
        self._hook = hook
        self._stop = stop
        self._register = register
        self._rules: list[tuple[AlignmentRule, ...]] = []
        self._violation: tuple[AlignmentRule, int] | None = None
        self._rows: dict[int, list[int]] = {}
        self._ordered: list[list[int]] = []
        self.fuel = 0
        self.end = -1
        self._last_row: list[int] | None = None
        self._unknown: tuple[int, int] | None = None
        self._out_of_fuel = False

    @property
    def last(self) -> int:
        """Number of the block entered last, -1 if there was none."""
        return -1 if self._last_row is None else self._last_row[2]

    def take_unknown(self) -> tuple[int, int] | None:
        """Address and size of the new block at which the processor stopped, once."""
        found, self._unknown = self._unknown, None
        return found

    def take_out_of_fuel(self) -> bool:
        """Whether the processor stopped for want of fuel, once."""
        found, self._out_of_fuel = self._out_of_fuel, False
        return found

    def install(self) -> None:
        """Begin to count."""
        self._hook(self._entered)

    def add(self, address: int, size_bytes: int, rules: tuple[AlignmentRule, ...] = ()) -> int:
        """Make a block known, with what to check at its entry, and return its number."""
        number = len(self._ordered)
        self._rules.append(rules)
        row = [0, 0, number]
        self._rows[address | size_bytes << 32] = row
        self._ordered.append(row)
        return number

    def violation(self) -> tuple[AlignmentRule, int] | None:
        """The rule that an entered block breaks and the address that it is about to access."""
        return self._violation

    def entries(self, number: int) -> int:
        """How often a block was entered."""
        return self._ordered[number][0]

    def weighted(self, per_entry: array[int], per_fall: array[int]) -> int:
        """Sum of entries times ``per_entry`` plus entries by falling through times ``per_fall``."""
        return sum(
            row[0] * entry + row[1] * fall
            for row, entry, fall in zip(self._ordered, per_entry, per_fall, strict=True)
        )

    def _entered(self, address: int, size_bytes: int) -> None:
        row = self._rows.get(address | size_bytes << 32)
        if row is None:
            self._unknown = (address, size_bytes)
            self._stop()
        elif self.fuel <= 0:
            self._out_of_fuel = True
            self._stop()
        elif self._rules[row[2]] and self._breaks(self._rules[row[2]]):
            self._stop()
        else:
            self.fuel -= size_bytes
            row[0] += 1
            if address == self.end:
                row[1] += 1
            self.end = address + size_bytes
            self._last_row = row

    def _breaks(self, rules: tuple[AlignmentRule, ...]) -> bool:
        for rule in rules:
            address = self._register(rule.base) + rule.offset & 0xFFFF_FFFF
            if address % rule.alignment:
                self._violation = rule, address
                return True
        return False
