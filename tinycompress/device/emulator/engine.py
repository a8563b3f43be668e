"""The processor: Unicorn with one core's model, behind the few calls that the machine needs.

Unicorn's flag for M-profile cores is not used: it replaces any chosen core by a Cortex-M33. The
core's model alone makes the M profile.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import unicorn as uc
from unicorn import arm_const as arm
from unicorn.unicorn_py3 import unicorn as bindings

from tinycompress.errors import BoardError

_MODELS = {
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m3": arm.UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
}
# An address at which no program can be: Unicorn wants to know where to stop.
_NOWHERE = 0xFFFF_FFFE
_REGISTERS = {
    **{f"r{n}": getattr(arm, f"UC_ARM_REG_R{n}") for n in range(13)},
    "sb": arm.UC_ARM_REG_R9, "sl": arm.UC_ARM_REG_R10, "fp": arm.UC_ARM_REG_R11,
    "ip": arm.UC_ARM_REG_R12, "sp": arm.UC_ARM_REG_SP, "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC, "msp": arm.UC_ARM_REG_MSP, "xpsr": arm.UC_ARM_REG_XPSR,
}  # fmt: skip

# Unicorn's own wrapper of Python callbacks costs as much again as the callback, for every block.
_BLOCK_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32)

_ACCESS_NAMES = {
    uc.UC_MEM_READ_UNMAPPED: "read", uc.UC_MEM_READ_PROT: "read",
    uc.UC_MEM_WRITE_UNMAPPED: "write", uc.UC_MEM_WRITE_PROT: "write",
    uc.UC_MEM_FETCH_UNMAPPED: "execution", uc.UC_MEM_FETCH_PROT: "execution",
}  # fmt: skip


@dataclass(frozen=True)
class BadAccess:
    """An access to memory that is not there or forbids it."""

    kind: str
    address: int
    size_bytes: int


class Engine:
    """One core with its memory.

    Args:
        core: The core's name.

    Raises:
        BoardError: This core cannot be emulated.
    """

    def __init__(self, core: str) -> None:
        if core not in _MODELS:
            raise BoardError(
                f"cpu.core is {core!r}; virtual boards have " + ", ".join(sorted(_MODELS)),
                hint="run it on the board itself: tinycompress bench --port PORT; without --port, "
                "bench runs QEMU's boards with MVE in QEMU",
            )
        self._uc = uc.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB)
        self._uc.ctl_set_cpu_model(_MODELS[core])
        self._keep_alive: list[Any] = []
        self.bad_access: BadAccess | None = None
        self.exception: int | None = None
        self._uc.hook_add(uc.UC_HOOK_MEM_INVALID, self._on_bad_access)
        self._uc.hook_add(uc.UC_HOOK_INTR, self._on_exception)

    @property
    def stop_function(self) -> int:
        """Address of the native function that stops the processor: ``void f(engine)``."""
        return _address_of(bindings.uclib.uc_emu_stop)

    @property
    def read_register_function(self) -> int:
        """Address of the native function ``int f(engine, number, void *value)``."""
        return _address_of(bindings.uclib.uc_reg_read)

    def register_number(self, name: str) -> int:
        """What the native function calls a register."""
        return int(_REGISTERS[name])

    def map_memory(
        self, addresses: tuple[int, ...], data: bytes, *, writable: bool, executable: bool
    ) -> None:
        """Map the same memory, which holds ``data``, at every one of ``addresses``."""
        store = ctypes.create_string_buffer(data, len(data))
        self._keep_alive.append(store)
        protection = uc.UC_PROT_READ
        protection |= uc.UC_PROT_WRITE if writable else 0
        protection |= uc.UC_PROT_EXEC if executable else 0
        for address in addresses:
            self._uc.mem_map_ptr(address, len(data), protection, store)

    def map_peripherals(
        self,
        pages: list[int],
        page_bytes: int,
        read: Callable[[int, int], int],
        write: Callable[[int, int, int], None],
    ) -> None:
        """Send accesses to ``pages`` to callbacks.

        Args:
            pages: Their addresses.
            page_bytes: Size of each.
            read: Called with address and size.
            write: Called with address, size and value.

        The program counter is not known in the callbacks; the other registers are. Unicorn works
        it out for its memory hooks, but then forgets to clear the IT state (seen in 2.1.4), and
        their mere presence makes every access to memory slow.
        """

        def on_read(_uc: Any, offset: int, size: int, base: int) -> int:
            return read(base + offset, size)

        def on_write(_uc: Any, offset: int, size: int, value: int, base: int) -> None:
            write(base + offset, size, value)

        for page in pages:
            self._uc.mmio_map(page, page_bytes, on_read, page, on_write, page)

    def hook_blocks(self, callback: Callable[[int, int], None]) -> None:
        """Call a Python function with address and size of every block that is entered."""

        def entered(_uc: Any, address: int, size_bytes: int) -> None:
            callback(address, size_bytes)

        function = _BLOCK_CALLBACK(entered)
        self.hook_natively(function, None, keep=function)

    def hook_natively(
        self, function: Any, data: Any, *, keep: Any, address: int | None = None
    ) -> None:
        """Call a native function (engine, address u64, size u32, data) for every block.

        Args:
            function: The function.
            data: A pointer that it gets as its last argument.
            keep: What must live as long as the hook.
            address: Call it before the instruction at this address instead.
        """
        self._keep_alive += [function, keep]
        hook = ctypes.c_size_t()
        begin, end = (1, 0) if address is None else (address, address)
        status = bindings.uclib.uc_hook_add(
            self._uc._uch,
            ctypes.byref(hook),
            uc.UC_HOOK_BLOCK if address is None else uc.UC_HOOK_CODE,
            ctypes.cast(function, ctypes.c_void_p),
            data,
            ctypes.c_uint64(begin),
            ctypes.c_uint64(end),
        )
        if status != uc.UC_ERR_OK:
            raise uc.UcError(status)
        if address is not None:
            self._forget_translation(address)

    def hook_instruction(self, address: int, callback: Callable[[int], None]) -> None:
        """Call a function with its address before the instruction at ``address`` is executed."""

        def reached(_uc: Any, at: int, _size: int, _data: Any) -> None:
            callback(at)

        self._uc.hook_add(uc.UC_HOOK_CODE, reached, begin=address, end=address)
        self._forget_translation(address)

    def _forget_translation(self, address: int) -> None:
        # What is translated already has no call in it.
        self._uc.ctl_remove_cache(address, address + 4)

    def run(self, pc: int) -> int | None:
        """Run from ``pc`` until something stops the processor.

        Returns:
            Unicorn's error number, None if it was stopped or fell asleep.
        """
        self.bad_access = None
        self.exception = None
        try:
            self._uc.emu_start(pc | 1, _NOWHERE)
        except uc.UcError as error:
            return int(error.errno)
        return None

    def stop(self) -> None:
        """Stop before the next block, or at the instruction that made the call."""
        self._uc.emu_stop()

    def register(self, name: str) -> int:
        """Read a core register by name."""
        return int(self._uc.reg_read(_REGISTERS[name]))

    def set_register(self, name: str, value: int) -> None:
        """Write a core register."""
        self._uc.reg_write(_REGISTERS[name], value)

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Read mapped memory.

        Raises:
            uc.UcError: There is none.
        """
        return bytes(self._uc.mem_read(address, size_bytes))

    def write_memory(self, address: int, data: bytes) -> None:
        """Write mapped memory, flash as well."""
        self._uc.mem_write(address, data)

    def _on_bad_access(
        self, _uc: Any, kind: int, address: int, size: int, _value: int, _data: Any
    ) -> bool:
        self.bad_access = BadAccess(_ACCESS_NAMES[kind], address, size)
        return False

    def _on_exception(self, _uc: Any, number: int, _data: Any) -> None:
        self.exception = number
        self._uc.emu_stop()


def _address_of(function: Any) -> int:
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address
