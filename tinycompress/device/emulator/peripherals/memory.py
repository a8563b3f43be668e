"""Memory as a peripheral with DMA sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Memory:
    """What DMA moves bytes from and to: ``read(address, bytes)``, ``write(address, data)``."""

    read: Callable[[int, int], bytes]
    write: Callable[[int, bytes], None]
