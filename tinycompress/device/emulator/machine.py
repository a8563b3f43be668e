"""One emulated board: the core, its memory and peripherals, and what stops it."""

from __future__ import annotations

import struct
from typing import Literal

from unicorn import UcError
from unicorn import unicorn_const as uc

from tinycompress.boards.schema import Board
from tinycompress.device.emulator.access import AccessLocator
from tinycompress.device.emulator.bus import PAGE_BYTES, Bus, unmodelled
from tinycompress.device.emulator.core_timings import TIMINGS
from tinycompress.device.emulator.counters import make_instruments
from tinycompress.device.emulator.counting import Ledger, TracePoint
from tinycompress.device.emulator.decode import Decoder, Instruction
from tinycompress.device.emulator.engine import Engine
from tinycompress.device.emulator.families import Surroundings, build
from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.flash_reads import FlashReads
from tinycompress.device.emulator.host_port import HostPort
from tinycompress.device.emulator.legality import (
    AlignmentRule,
    alignment_rules,
    missing_extension,
)
from tinycompress.device.emulator.memory_map import MemoryMap
from tinycompress.device.emulator.peripherals.dwt import Dwt
from tinycompress.device.emulator.peripherals.memory import Memory
from tinycompress.device.emulator.peripherals.system_control import SystemControl
from tinycompress.device.emulator.peripherals.systick import SysTick
from tinycompress.device.emulator.reset import reset
from tinycompress.device.emulator.timing import CycleModel
from tinycompress.device.emulator.usb_host import UsbHost
from tinycompress.elf import ElfImage
from tinycompress.errors import DeviceError

State = Literal["idle", "ended"]

_EXIT_FUNCTION = "tc_platform_exit"
_WFI, _WFE = 0xBF30, 0xBF20
_SEMIHOSTING = 0xBEAB
_SYS_EXIT, _SYS_EXIT_EXTENDED = 0x18, 0x20
_APPLICATION_EXIT = 0x20026
# Exception numbers of the emulated core.
_EXCEPTIONS = {
    1: "undefined instruction",
    2: "SVC, which virtual boards do not deliver",
    3: "execution where there is no code",
    4: "unaligned access",
    7: "breakpoint",
    8: "return from an exception that was never taken",
    17: "FPU instruction without an FPU that is switched on",
    18: "branch to an address without the Thumb bit",
    19: "stack overflow: the stack pointer fell below its limit",
    22: "unaligned access",
}
_BREAKPOINT = 7
_SVC = 2


class Machine:
    """A board that has just been reset, with an ELF in its flash.

    Args:
        board: The board.
        image: The firmware.
        trace: Name of a function at every entry of which the counts are noted.
        native: Count blocks with native code where it can be had.

    Raises:
        DeviceError: The ELF does not fit the board's memory.
        BoardError: The board cannot be emulated.
    """

    def __init__(self, board: Board, image: ElfImage, *, trace: str, native: bool = True) -> None:
        self.port = HostPort()
        self.trace: list[TracePoint] = []
        self.phase = "RUN"
        self.exit_code: int | None = None
        self._board = board
        self._image = image
        self._pc = 0
        self._fault: BusFault | None = None
        self._fault_pc: int | None = None
        self._ended: str | None = None
        self._engine = Engine(board.cpu.core)
        self._counter, self._guard = make_instruments(self._engine, native=native)
        self._ledger = Ledger(
            self._engine.read_memory,
            Decoder(has_armv8m=board.cpu.core == "cortex-m33"),
            CycleModel(TIMINGS[board.cpu.core]),
            self._counter,
            FlashReads(board.emulator.flash_read_bytes, self._is_flash).most,
        )
        self._locator = AccessLocator(self._ledger, self._engine.register)
        memory = Memory(self._engine.read_memory, self._engine.write_memory)
        self._mcu = build(Surroundings(board, self.port, self._cycles_now, memory))
        self._memory = MemoryMap(
            board, image, extra=self._mcu.extra_memory, aliases=dict(self._mcu.aliases)
        )
        self._build_core()
        self._map()
        self._counter.install()
        self._hook_trace(trace)
        self._pc = reset(board, image, self._mcu, self._engine, self._control)

    # --- set-up

    def _build_core(self) -> None:
        core = self._board.cpu.core
        systick = SysTick(self._cycles_now)
        self._control = SystemControl(
            core,
            systick,
            has_fpu=self._board.cpu.fpu != "none",
            data_cache_bytes=self._board.emulator.data_cache_bytes,
        )
        private = [self._control]
        dwt = Dwt(
            self._cycles_now,
            lambda: bool(self._control.trace_control.value >> 24 & 1),
            starts_locked=core == "cortex-m7",
        )
        peripherals = (*self._mcu.peripherals, *private)
        self._bus = Bus(peripherals if core == "cortex-m0plus" else (*peripherals, dwt), self.port)

    def _map(self) -> None:
        for contents in self._memory.contents():
            memory = contents.range
            self._engine.map_memory(
                (memory.start, *memory.aliases),
                contents.data,
                writable=memory.kind == "ram",
                executable=contents.executable or self._mcu.runs_code_in_ram,
            )
        self._engine.map_peripherals(
            self._bus.pages(), PAGE_BYTES, self._read_peripheral, self._write_peripheral
        )

    def _is_flash(self, address: int) -> bool:
        return self._memory.describe(address) == "flash"

    def _hook_trace(self, name: str) -> None:
        symbol = self._image.symbol(name)
        if symbol is not None:
            self._engine.hook_instruction(
                symbol.address, lambda pc: self.trace.append(self._ledger.traced(pc))
            )

    # --- running

    def counts(self) -> TracePoint:
        """Instructions and cycles since reset."""
        return self._ledger.now()

    def run(self, max_instructions: int) -> State:
        """Run until the firmware waits for the host or has ended.

        Raises:
            DeviceError: The program did what the board's hardware does not allow, or neither waited
                nor ended within ``max_instructions``.
        """
        begin = self._ledger.now().instructions
        while self._ended is None:
            left = max_instructions - (self._ledger.now().instructions - begin)
            if left <= 0:
                raise self._error(
                    f"the firmware neither answered nor waited for the host within "
                    f"{max_instructions} instructions",
                    self._pc,
                    hint="an endless loop, or a model that needs a larger budget of instructions",
                )
            # An instruction has at least two bytes: this fuel does not overshoot.
            self._counter.fuel = 2 * left
            self._step()
            if self.port.is_idle and not self.port.has_unread:
                return "idle"
        return "ended"

    @property
    def end_reason(self) -> str | None:
        """How the program ended, None while it runs."""
        return self._ended

    def _step(self) -> None:
        """Run until the processor stops for any reason, and see to that reason."""
        status = self._engine.run(self._pc)
        self._pc = self._engine.register("pc")
        unknown = self._counter.take_unknown()
        violation = self._counter.violation() or self._guard.violation()
        out_of_fuel = self._counter.take_out_of_fuel()
        if self._fault is not None:
            self._raise_bus_fault(self._fault)
        elif violation is not None:
            self._raise_unaligned(*violation)
        elif self._engine.bad_access is not None:
            self._raise_bad_access()
        elif self._engine.exception is not None:
            self._take_exception(self._engine.exception)
        elif status == uc.UC_ERR_INSN_INVALID:
            self._ledger.abort_block(self._pc)
            raise self._error(self._undefined(), self._pc)
        elif status is not None:
            raise self._error(f"the emulator stopped with error {status}", self._pc)
        elif unknown is not None:
            self._meet(*unknown)
        elif not out_of_fuel:
            self._sleep()

    def _meet(self, address: int, size_bytes: int) -> None:
        """See a block for the first time, before it is executed."""
        block = self._ledger.add_block(address, size_bytes)
        for instruction in block:
            missing = missing_extension(instruction, self._board.cpu)
            if missing is not None:
                raise self._error(
                    f"instruction {instruction.name!r} needs {missing}, which the "
                    f"{self._board.cpu.core} of {self._board.id} does not have",
                    instruction.address,
                )
        if any(i.is_fpu for i in block) and not self._control.fpu_is_on:
            raise self._error("FPU instruction before CPACR switches the FPU on", address)
        for rule in alignment_rules(block):
            if not rule.at_entry:
                self._guard.add(rule)
        if _is_endless(block):
            self._ended = f"in an endless loop in {self._image.symbolise(address)}"

    def _sleep(self) -> None:
        code = self._engine.read_memory(self._pc - 2, 2)
        if struct.unpack("<H", code)[0] not in (_WFI, _WFE):
            raise self._error("the emulator stopped for no known reason", self._pc)
        function = self._image.symbol_at(self._pc - 2)
        name = function.name if function is not None else f"0x{self._pc - 2:08x}"
        # No interrupt is ever pending, so nothing wakes the core.
        how = "after tc_platform_exit" if name == _EXIT_FUNCTION else f"asleep in {name}"
        self._ended = how

    # --- peripherals

    def _cycles_now(self) -> int:
        """Core cycles since reset, before the instruction that accesses a peripheral now."""
        return self._ledger.now(self._locator.pc()).cycles

    def _read_peripheral(self, address: int, size_bytes: int) -> int:
        if self._fault is not None:
            return 0
        self._locator.begin(address, is_store=False)
        try:
            value = self._bus.read(address, size_bytes)
        except BusFault as fault:
            self._fail(fault)
            return 0
        if self.port.is_idle:
            self._counter.fuel = 0
        return value

    def _write_peripheral(self, address: int, size_bytes: int, value: int) -> None:
        if self._fault is not None:
            return
        self._locator.begin(address, is_store=True)
        try:
            self._bus.write(address, size_bytes, value)
        except BusFault as fault:
            self._fail(fault)

    def _fail(self, fault: BusFault) -> None:
        self._fault = fault
        self._fault_pc = self._locator.pc()
        self._engine.stop()

    # --- faults

    def _raise_bus_fault(self, fault: BusFault) -> None:
        # Within an IT block the processor only stops at the end of the block.
        pc = self._fault_pc if self._fault_pc is not None else self._pc
        self._ledger.abort_block(pc)
        raise self._error(fault.what, pc, hint=fault.hint)

    def _raise_unaligned(self, rule: AlignmentRule, address: int) -> None:
        if rule.at_entry:
            # The processor stands at the block's entry, and the block is not counted.
            self._ledger.count_part(self._pc, rule.address)
        else:
            self._ledger.abort_block(rule.address)
        raise self._error(
            f"unaligned access: {rule.name} at 0x{address:08x}, which must be a multiple of "
            f"{rule.alignment}",
            rule.address,
        )

    def _raise_bad_access(self) -> None:
        bad = self._engine.bad_access
        assert bad is not None
        if bad.kind == "execution":
            where = self._memory.describe(bad.address)
            raise self._error(f"execution of {where} at 0x{bad.address:08x}", self._pc)
        self._ledger.abort_block(self._pc)
        if self._memory.is_peripheral(bad.address):
            fault = unmodelled(bad.address, bad.size_bytes, bad.kind)
            raise self._error(fault.what, self._pc, hint=fault.hint)
        preposition = "to" if bad.kind == "write" else "from"
        what = (
            f"{bad.kind} of {bad.size_bytes} bytes {preposition} "
            f"{self._memory.describe(bad.address)} at 0x{bad.address:08x}"
        )
        stack = self._engine.register("sp")
        if self._memory.below_ram(bad.address) and abs(stack - bad.address) < 0x1000:
            what += f": stack overflow (stack pointer 0x{stack:08x})"
        raise self._error(what, self._pc)

    def _take_exception(self, number: int) -> None:
        if number == _BREAKPOINT and self._semihosting_exit():
            return
        pc = self._pc - 2 if number == _SVC else self._pc
        self._ledger.abort_block(pc)
        name = _EXCEPTIONS.get(number, f"exception {number} of the emulated core")
        raise self._error(name, pc)

    def _semihosting_exit(self) -> bool:
        code = struct.unpack("<H", self._engine.read_memory(self._pc, 2))[0]
        operation, argument = self._engine.register("r0"), self._engine.register("r1")
        if code != _SEMIHOSTING or operation not in (_SYS_EXIT, _SYS_EXIT_EXTENDED):
            return False
        reason, self.exit_code = argument, 0
        if operation == _SYS_EXIT_EXTENDED:
            reason, self.exit_code = struct.unpack("<II", self._engine.read_memory(argument, 8))
        if reason != _APPLICATION_EXIT:
            self.exit_code = 1
        self._ended = f"with exit code {self.exit_code} (semihosting)"
        return True

    def _undefined(self) -> str:
        try:
            code = self._engine.read_memory(self._pc, 4)
        except UcError:
            return "undefined instruction"
        halfwords = struct.unpack("<HH", code)
        shown = f"0x{halfwords[0]:04x}"
        return f"undefined instruction {shown}" + (
            f" 0x{halfwords[1]:04x}" if halfwords[0] >= 0xE800 else ""
        )

    def _error(self, what: str, pc: int, *, hint: str | None = None) -> DeviceError:
        self._ended = f"in a fault: {what}"
        return DeviceError(
            f"{self._board.id}: {what}, in {self._image.symbolise(pc)} (pc 0x{pc:08x})",
            phase=self.phase,
            hint=hint,
        )

    # --- figures

    def register(self, name: str) -> int:
        """Read a core register."""
        return self._engine.register(name)

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Read flash or RAM.

        Raises:
            DeviceError: There is none at that address.
        """
        try:
            return self._engine.read_memory(address, size_bytes)
        except UcError as error:
            raise DeviceError(
                f"{self._board.id}: no memory at 0x{address:08x}", phase=self.phase
            ) from error

    def instructions_by_function(self) -> dict[str, int]:
        """Executed instructions of each function, most first."""
        sums: dict[str, int] = {}
        for address, instructions in self._ledger.per_block():
            symbol = self._image.symbol_at(address)
            name = symbol.name if symbol is not None else f"0x{address:08x}"
            sums[name] = sums.get(name, 0) + instructions
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))

    @property
    def usb(self) -> UsbHost | None:
        """The host on the board's own USB cable, None where the firmware does not talk over it."""
        return self._mcu.usb

    @property
    def core_hz(self) -> int | None:
        """The core clock that the firmware has set up, None if the family has only one."""
        return self._mcu.core_hz() if self._mcu.core_hz is not None else None


def _is_endless(block: tuple[Instruction, ...]) -> bool:
    first = block[0]
    return (
        len(block) == 1
        and first.name == "b"
        and not first.is_conditional
        and (first.target == first.address)
    )
