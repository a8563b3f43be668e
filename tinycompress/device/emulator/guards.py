"""Checks of alignment while the processor runs, in plain Python."""

from __future__ import annotations

from typing import Protocol

from tinycompress.device.emulator.engine import Engine
from tinycompress.device.emulator.legality import AlignmentRule

_WORD = 0xFFFF_FFFF


class AlignmentGuard(Protocol):
    """Stops the processor before an instruction that accesses an address it must not."""

    def add(self, rule: AlignmentRule) -> None:
        """Check an instruction from now on."""

    def violation(self) -> tuple[AlignmentRule, int] | None:
        """The check that failed and the address that was to be accessed."""


class PythonAlignmentGuard:
    """Alignment checks in plain Python.

    Args:
        engine: The processor.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._checked: set[int] = set()
        self._violation: tuple[AlignmentRule, int] | None = None

    def add(self, rule: AlignmentRule) -> None:
        """Check an instruction from now on."""
        if rule.address not in self._checked:
            self._checked.add(rule.address)
            self._engine.hook_instruction(rule.address, lambda _: self._check(rule))

    def violation(self) -> tuple[AlignmentRule, int] | None:
        """The check that failed and the address that was to be accessed."""
        return self._violation

    def _check(self, rule: AlignmentRule) -> None:
        address = self._engine.register(rule.base) + rule.offset & _WORD
        if address % rule.alignment and self._violation is None:
            self._violation = rule, address
            self._engine.stop()
