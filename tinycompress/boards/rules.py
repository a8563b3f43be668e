"""Rules between the tables of a board file.

Each rule is a generator of sentences; a file is checked against all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations

from tinycompress.boards.schema import Board, Core, Fpu, Purpose

Rule = Callable[[Board], Iterator[str]]

_FPUS: dict[Core, tuple[Fpu, ...]] = {
    "cortex-m0plus": ("none",),
    "cortex-m3": ("none",),
    "cortex-m4": ("none", "fpv4-sp-d16"),
    "cortex-m7": ("none", "fpv5-sp-d16", "fpv5-d16"),
    "cortex-m33": ("none", "fpv5-sp-d16"),
    "cortex-m55": ("none", "fpv5-d16"),
}
# Armv7E-M has the DSP extension always, Armv8-M Mainline as an option.
_DSP: dict[Core, tuple[bool, ...]] = {
    "cortex-m0plus": (False,),
    "cortex-m3": (False,),
    "cortex-m4": (True,),
    "cortex-m7": (True,),
    "cortex-m33": (False, True),
    "cortex-m55": (True,),
}
_WITHOUT_DWT_COUNTER = ("cortex-m0plus",)
_PLACED: tuple[Purpose, ...] = ("code", "data", "stack", "arena")
_KIND_OF: dict[Purpose, str] = {
    "boot2": "flash", "boot_header": "flash", "code": "flash", "data": "ram", "stack": "ram",
    "arena": "ram",
}  # fmt: skip
# Microcontrollers whose port has a USB device.
_USB_DEVICES = ("nrf52840",)
# Families with a timer of their own, which they must use.
_FAMILY_TIMERS = {"mps2": "cmsdk_timer0", "mps3": "sse_counter", "stm32g0": "tim2"}
_REGION_ALIGNMENT = 256
_STACK_MIN_BYTES = 1024
_STACK_ALIGNMENT = 8
# What a boot ROM reads before the program: the family that needs it, and its region's bytes.
_BOOT_REGIONS: dict[Purpose, tuple[str, int]] = {
    "boot2": ("rp2040", 256), "boot_header": ("imxrt1060", 8192),
}  # fmt: skip
_NORDIC = re.compile(r"P0\.(0[0-9]|[12][0-9]|3[01])|P1\.(0[0-9]|1[0-5])")
_PIN = {
    "imxrt1060": re.compile(r"GPIO_AD_B0_(0[0-9]|1[0-5])"),
    "nrf52": _NORDIC,
    "nrf53": _NORDIC,
    "rp2040": re.compile(r"GP([0-9]|[12][0-9])"),
    "rp2350": re.compile(r"GP([0-9]|[123][0-9]|4[0-7])"),
    "samd51": re.compile(r"P[AB](0[0-9]|[12][0-9]|3[01])"),
    **dict.fromkeys(
        ("stm32f4", "stm32f7", "stm32g0", "stm32h7", "stm32l4", "stm32u5"),
        re.compile(r"P[A-K]([0-9]|1[0-5])"),
    ),
}


def problems(board: Board, *, stem: str) -> list[str]:
    """Every broken rule, one sentence each.

    Args:
        board: A board of valid shape.
        stem: Name of the file without ``.toml``, which the id must equal.
    """
    found = [] if board.id == stem else [f"id: {board.id!r} must equal the file's name {stem!r}"]
    for rule in _RULES:
        found.extend(rule(board))
    return found


def _aliases(board: Board) -> Iterator[str]:
    for alias in sorted({name for name in board.aliases if board.aliases.count(name) > 1}):
        yield f"aliases: {alias!r} is listed twice"
    if board.id in board.aliases:
        yield f"aliases: {board.id!r} is the id already"


def _regions(board: Board) -> Iterator[str]:
    names = [region.name for region in board.memory]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"memory: two regions are named {name!r}"
    for region in board.memory:
        for key, value in (("origin", region.origin), ("length", region.length)):
            if value % _REGION_ALIGNMENT:
                yield (
                    f"memory {region.name}: {key} {value:#x} must be a multiple of "
                    f"{_REGION_ALIGNMENT:#x}"
                )
        if region.end > 1 << 32:
            yield f"memory {region.name}: ends at {region.end:#x}, past the 32-bit address space"
    for one, other in combinations(board.memory, 2):
        if one.origin < other.end and other.origin < one.end:
            yield (
                f"memory: {one.name} [{one.origin:#x}, {one.end:#x}) overlaps "
                f"{other.name} [{other.origin:#x}, {other.end:#x})"
            )


def _holds(board: Board) -> Iterator[str]:
    for region in board.memory:
        if not region.holds:
            yield f"memory {region.name}: holds nothing; leave the region out"
        for purpose in region.holds:
            if _KIND_OF[purpose] != region.kind:
                yield f"memory {region.name}: {purpose!r} must be held by {_KIND_OF[purpose]}"
    held = [purpose for region in board.memory for purpose in region.holds]
    for purpose in _PLACED:
        count = held.count(purpose)
        if count != 1:
            yield f"memory: {purpose!r} must be held by exactly one region, not {count}"
    for purpose, (family, length) in _BOOT_REGIONS.items():
        if held.count(purpose) != (1 if board.family == family else 0):
            yield (
                f"memory: {purpose!r} is held by {held.count(purpose)} regions; family {family!r} "
                "needs exactly one, every other family none"
            )
        for region in board.memory:
            if purpose in region.holds and (region.length != length or len(region.holds) > 1):
                yield (
                    f"memory {region.name}: {purpose!r} needs a region of {length} bytes to itself"
                )


def _cpu(board: Board) -> Iterator[str]:
    cpu = board.cpu
    if cpu.fpu not in _FPUS[cpu.core]:
        yield f"cpu.fpu: {cpu.core} has no {cpu.fpu}; allowed: {', '.join(_FPUS[cpu.core])}"
    if cpu.dsp not in _DSP[cpu.core]:
        has = "has" if True in _DSP[cpu.core] else "has not"
        yield f"cpu.dsp: {str(cpu.dsp).lower()}, but {cpu.core} {has} the DSP extension"
    if cpu.mve and cpu.core != "cortex-m55":
        yield f"cpu.mve: {cpu.core} has no MVE"
    if cpu.mve and cpu.fpu == "none":
        yield "cpu.mve: MVE lives in the registers of the FPU; cpu.fpu must not be 'none'"
    if (cpu.float_abi == "hard") != (cpu.fpu != "none"):
        yield f"cpu.float_abi: {cpu.float_abi!r} does not go with fpu {cpu.fpu!r}"


def _budget(board: Board) -> Iterator[str]:
    stack = board.budget.stack_bytes
    if stack < _STACK_MIN_BYTES or stack % _STACK_ALIGNMENT:
        yield (
            f"budget.stack_bytes: {stack} must be at least {_STACK_MIN_BYTES} and a multiple of "
            f"{_STACK_ALIGNMENT}"
        )
    if board.budget.heap_bytes:
        yield f"budget.heap_bytes: {board.budget.heap_bytes}; must be 0, the firmware has no heap"
    for region in board.memory:
        if "stack" in region.holds and stack >= region.length:
            yield f"budget.stack_bytes: {stack} fills {region.name} ({region.length} bytes)"


def _timer(board: Board) -> Iterator[str]:
    timer = board.timer
    if timer.source == "dwt" and board.cpu.core in _WITHOUT_DWT_COUNTER:
        yield f"timer.source: {board.cpu.core} has no DWT cycle counter; use 'systick'"
    if timer.source == "dwt" and board.kind == "qemu":
        yield (
            "timer.source: the DWT cycle counter always reads 0 in QEMU; use "
            f"{_FAMILY_TIMERS.get(board.family, 'cmsdk_timer0')!r}"
        )
    own = _FAMILY_TIMERS.get(board.family)
    if timer.source != own and (own or timer.source in _FAMILY_TIMERS.values()):
        yield f"timer.source: {timer.source!r} does not go with family {board.family!r}"
    if timer.source in ("dwt", "systick") and timer.hz != board.cpu.clock_hz:
        yield f"timer.hz: {timer.hz}; {timer.source} runs at cpu.clock_hz, {board.cpu.clock_hz}"
    if (timer.counts == "instructions") != (board.kind == "qemu"):
        yield f"timer.counts: {timer.counts!r} does not go with kind {board.kind!r}"


def _serial(board: Board) -> Iterator[str]:
    serial, uart = board.serial, board.serial.uart
    if (serial.transport == "qemu-stdio") != (board.kind == "qemu"):
        yield f"serial.transport: {serial.transport!r} does not go with kind {board.kind!r}"
    if serial.transport == "usb-cdc":
        if board.mcu not in _USB_DEVICES:
            yield (
                f"serial.transport: 'usb-cdc' needs one of {', '.join(_USB_DEVICES)}, not "
                f"{board.mcu!r}"
            )
        if not serial.usb_ids:
            yield "serial.usb_ids: missing; 'usb-cdc' needs the ids that the firmware takes"
    pattern = _PIN.get(board.family)
    for key, pin in (("tx", uart.tx), ("rx", uart.rx)):
        if pattern is None and pin is not None:
            yield f"serial.uart.{key}: family {board.family!r} has no choice of pins"
        if pattern is not None and (pin is None or not pattern.fullmatch(pin)):
            yield f"serial.uart.{key}: {pin!r} is no pin of family {board.family!r}"
    if uart.tx is not None and uart.tx == uart.rx:
        yield f"serial.uart: tx and rx are both {uart.tx!r}"
    if board.family.startswith("stm32") != (uart.alternate_function is not None):
        yield (
            "serial.uart.alternate_function: needed by the stm32 families and by no other; "
            f"family is {board.family!r}"
        )


def _energy(board: Board) -> Iterator[str]:
    if board.energy is None:
        return
    pin, pattern = board.energy.pin, _PIN.get(board.family)
    if pattern is None:
        yield f"energy.pin: family {board.family!r} has no pins"
    elif not pattern.fullmatch(pin):
        yield f"energy.pin: {pin!r} is no pin of family {board.family!r}"
    for key, taken in (("tx", board.serial.uart.tx), ("rx", board.serial.uart.rx)):
        if pin == taken:
            yield f"energy.pin: {pin!r} is serial.uart.{key} already"


def _kind(board: Board) -> Iterator[str]:
    if board.kind == "qemu" and board.qemu is None:
        yield "qemu: missing; kind 'qemu' needs this table"
    if board.kind == "qemu" and board.flash:
        yield "flash: kind 'qemu' cannot be flashed"
    if board.kind == "hardware" and board.qemu is not None:
        yield "qemu: kind 'hardware' must not have this table"
    if board.kind == "hardware" and not board.flash:
        yield "flash: missing; kind 'hardware' needs at least one way to flash it"


def _flash(board: Board) -> Iterator[str]:
    for index, method in enumerate(board.flash):
        for problem in method.problems():
            yield f"flash[{index}]: {problem}"


_RULES: tuple[Rule, ...] = (
    _aliases, _regions, _holds, _cpu, _budget, _timer, _serial, _energy, _kind, _flash,
)  # fmt: skip
