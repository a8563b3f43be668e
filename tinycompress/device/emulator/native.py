"""The block counter and the alignment checks as native code, some thirty times faster.

The code is firmware_templates/emulator/tc_counter.c, built for this PC by the compiler that pip
brought, once per process and in a temporary directory. Where that fails the Python versions take
over: the figures are the same, the same tests run on both.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import sys
import tempfile
from array import array
from pathlib import Path

from tinycompress import _proc
from tinycompress._resources import firmware_templates_dir
from tinycompress.device.emulator.engine import Engine
from tinycompress.device.emulator.legality import AlignmentRule
from tinycompress.errors import ToolError

_LOG = logging.getLogger(__name__)
_BUILD_TIMEOUT_S = 60.0
_FIRST_CAPACITY = 4096


class _Slot(ctypes.Structure):
    _fields_ = (
        ("address", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("number", ctypes.c_int64),
    )


class _Check(ctypes.Structure):
    _fields_ = (
        ("register_number", ctypes.c_int32),
        ("offset", ctypes.c_uint32),
        ("mask", ctypes.c_uint32),
        ("rule", ctypes.c_uint32),
    )


class _Counter(ctypes.Structure):
    _fields_ = (
        ("fuel", ctypes.c_int64),
        ("end", ctypes.c_int64),
        ("last", ctypes.c_int64),
        ("unknown_address", ctypes.c_uint32),
        ("unknown_size", ctypes.c_uint32),
        ("out_of_fuel", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("slot_mask", ctypes.c_uint64),
        ("slots", ctypes.c_void_p),
        ("entries", ctypes.c_void_p),
        ("falls", ctypes.c_void_p),
        ("first_check", ctypes.c_void_p),
        ("checks", ctypes.c_void_p),
        ("violated_rule", ctypes.c_uint32),
        ("violated_address", ctypes.c_uint32),
        ("read_register", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
    )


class _Rule(ctypes.Structure):
    _fields_ = (
        ("register_number", ctypes.c_int32),
        ("offset", ctypes.c_int32),
        ("alignment", ctypes.c_uint32),
        ("address", ctypes.c_uint32),
        ("violated", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("read_register", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
    )


@functools.lru_cache(maxsize=1)
def library() -> ctypes.CDLL | None:
    """The native code, or None where it cannot be built or loaded."""
    source = firmware_templates_dir() / "emulator" / "tc_counter.c"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        built = Path(directory) / "tc_counter.so"
        command = (sys.executable, "-m", "ziglang", "cc", "-O2", "-shared", "-fPIC", "-nostdlib")
        cache = {"ZIG_GLOBAL_CACHE_DIR": directory, "ZIG_LOCAL_CACHE_DIR": directory}
        try:
            _proc.run((*command, "-o", built, source), timeout_s=_BUILD_TIMEOUT_S, env=cache)
            loaded = ctypes.CDLL(str(built))
        except (ToolError, OSError) as error:
            _LOG.info("blocks are counted in Python, which is slower: %s", error)
            return None
    weighted = loaded.tc_counter_weighted
    weighted.restype = ctypes.c_int64
    weighted.argtypes = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
    return loaded


class NativeBlockCounter:
    """A block counter in native code; see ``counting.BlockCounter``.

    Args:
        code: The native code.
        engine: The processor.
    """

    def __init__(self, code: ctypes.CDLL, engine: Engine) -> None:
        self._code = code
        self._engine = engine
        self._known: list[tuple[int, int]] = []
        self._rules: list[AlignmentRule] = []
        self._state = _Counter(
            end=-1,
            last=-1,
            read_register=engine.read_register_function,
            stop=engine.stop_function,
        )
        self._entries = (ctypes.c_uint64 * 0)()
        self._falls = (ctypes.c_uint64 * 0)()
        self._first_check = (ctypes.c_uint32 * 0)()
        self._checks = (_Check * 0)()
        self._grow(_FIRST_CAPACITY)
        self._grow_checks(_FIRST_CAPACITY)

    @property
    def fuel(self) -> int:
        """Bytes of code that may be entered before the processor stops at the next block."""
        return int(self._state.fuel)

    @fuel.setter
    def fuel(self, value: int) -> None:
        self._state.fuel = min(value, 2**62)

    @property
    def end(self) -> int:
        """Address after the block entered last; -1 once the flow was changed from outside."""
        return int(self._state.end)

    @end.setter
    def end(self, value: int) -> None:
        self._state.end = value

    @property
    def last(self) -> int:
        """Number of the block entered last, -1 if there was none."""
        return int(self._state.last)

    def take_unknown(self) -> tuple[int, int] | None:
        """Address and size of the new block at which the processor stopped, once."""
        if not self._state.unknown_size:
            return None
        found = int(self._state.unknown_address), int(self._state.unknown_size)
        self._state.unknown_size = 0
        return found

    def take_out_of_fuel(self) -> bool:
        """Whether the processor stopped for want of fuel, once."""
        found = bool(self._state.out_of_fuel)
        self._state.out_of_fuel = 0
        return found

    def install(self) -> None:
        """Begin to count."""
        self._engine.hook_natively(
            self._code.tc_counter_entered, ctypes.byref(self._state), keep=self._state
        )

    def add(self, address: int, size_bytes: int, rules: tuple[AlignmentRule, ...] = ()) -> int:
        """Make a block known, with what to check at its entry, and return its number."""
        number = len(self._known)
        self._known.append((address, size_bytes))
        if len(self._known) > len(self._entries):
            self._grow(2 * len(self._entries))
        else:
            self._place(number)
        if len(self._rules) + len(rules) > len(self._checks):
            self._grow_checks(2 * (len(self._rules) + len(rules)))
        for rule in rules:
            self._checks[len(self._rules)] = _Check(
                self._engine.register_number(rule.base),
                rule.offset & 0xFFFF_FFFF,
                rule.alignment - 1,
                len(self._rules),
            )
            self._rules.append(rule)
        self._first_check[number + 1] = len(self._rules)
        return number

    def violation(self) -> tuple[AlignmentRule, int] | None:
        """The rule that an entered block breaks and the address that it is about to access."""
        if not self._state.violated_rule:
            return None
        rule = self._rules[self._state.violated_rule - 1]
        return rule, int(self._state.violated_address)

    def entries(self, number: int) -> int:
        """How often a block was entered."""
        return int(self._entries[number])

    def weighted(self, per_entry: array[int], per_fall: array[int]) -> int:
        """Sum of entries times ``per_entry`` plus entries by falling through times ``per_fall``."""
        return int(
            self._code.tc_counter_weighted(
                ctypes.byref(self._state),
                len(self._known),
                per_entry.buffer_info()[0],
                per_fall.buffer_info()[0],
            )
        )

    def _grow(self, capacity: int) -> None:
        """Make room for ``capacity`` blocks; a third of the slots at most is ever taken."""
        entries, falls = (ctypes.c_uint64 * capacity)(), (ctypes.c_uint64 * capacity)()
        ctypes.memmove(entries, self._entries, ctypes.sizeof(self._entries))
        ctypes.memmove(falls, self._falls, ctypes.sizeof(self._falls))
        slots = 4 * capacity
        self._slots = (_Slot * slots)()
        # Every number -1: free.
        ctypes.memset(self._slots, 0xFF, ctypes.sizeof(self._slots))
        self._entries, self._falls = entries, falls
        first_check = (ctypes.c_uint32 * (capacity + 1))()
        ctypes.memmove(first_check, self._first_check, ctypes.sizeof(self._first_check))
        self._first_check = first_check
        self._state.first_check = ctypes.addressof(first_check)
        self._state.slots = ctypes.addressof(self._slots)
        self._state.slot_mask = slots - 1
        self._state.entries = ctypes.addressof(entries)
        self._state.falls = ctypes.addressof(falls)
        for number in range(len(self._known)):
            self._place(number)

    def _grow_checks(self, capacity: int) -> None:
        checks = (_Check * capacity)()
        ctypes.memmove(checks, self._checks, ctypes.sizeof(self._checks))
        self._checks = checks
        self._state.checks = ctypes.addressof(checks)

    def _place(self, number: int) -> None:
        address, size_bytes = self._known[number]
        mask = self._state.slot_mask
        at = address >> 1 & mask
        while self._slots[at].number >= 0:
            at = at + 1 & mask
        self._slots[at] = _Slot(address, size_bytes, number)


class NativeAlignmentGuard:
    """Alignment checks in native code; see ``guards.AlignmentGuard``.

    Args:
        code: The native code.
        engine: The processor.
    """

    def __init__(self, code: ctypes.CDLL, engine: Engine) -> None:
        self._code = code
        self._engine = engine
        self._rules: dict[int, tuple[AlignmentRule, _Rule]] = {}

    def add(self, rule: AlignmentRule) -> None:
        """Check an instruction from now on."""
        if rule.address in self._rules:
            return
        state = _Rule(
            register_number=self._engine.register_number(rule.base),
            offset=rule.offset,
            alignment=rule.alignment,
            read_register=self._engine.read_register_function,
            stop=self._engine.stop_function,
        )
        self._rules[rule.address] = rule, state
        self._engine.hook_natively(
            self._code.tc_check_alignment, ctypes.byref(state), keep=state, address=rule.address
        )

    def violation(self) -> tuple[AlignmentRule, int] | None:
        """The check that failed and the address that was to be accessed."""
        for rule, state in self._rules.values():
            if state.violated:
                return rule, int(state.address)
        return None
