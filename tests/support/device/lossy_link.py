"""A link that mistreats bytes: lost, flipped, doubled, held back, merged, cut off."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from tinycompress.device.link import Link


@dataclass(frozen=True)
class Rates:
    """How often, of 1: per byte lost, flipped in a bit, or doubled; per transfer the others.

    ``cut`` loses the rest of a transfer, ``delay`` holds it back until the next one, with which it
    is merged, ``doubled_transfer`` brings all of it twice.
    """

    lost: float = 0.0
    flipped: float = 0.0
    doubled: float = 0.0
    cut: float = 0.0
    delay: float = 0.0
    doubled_transfer: float = 0.0


class LossyLink:
    """A link with losses in both directions, the same ones for the same seed.

    Args:
        inner: A link that brings whatever it has at once.
        rates: How often what happens.
        seed: Of the losses.
    """

    def __init__(self, inner: Link, rates: Rates, seed: int) -> None:
        self._inner = inner
        self._rates = rates
        self._random = random.Random(seed)
        self._held: dict[str, bytes] = {"out": b"", "in": b""}
        self.transfers = 0
        self.harmed = 0

    @property
    def transport(self) -> Literal["virtual", "serial"]:
        return "virtual"

    @property
    def description(self) -> str:
        return f"lossy {self._inner.description}"

    def write(self, data: bytes) -> None:
        self._inner.write(self._mistreat("out", data))

    def read(self, timeout_s: float) -> bytes:
        while True:
            data = self._inner.read(timeout_s)
            if not data:
                # The line is silent: what was held back arrives now, too late for its request.
                held, self._held["in"] = self._held["in"], b""
                return held
            if arrived := self._mistreat("in", data):
                return arrived

    def close(self) -> None:
        self._inner.close()

    def _mistreat(self, direction: str, data: bytes) -> bytes:
        rates, chance = self._rates, self._random.random
        self.transfers += 1
        arrived = bytearray(self._held[direction])
        self._held[direction] = b""
        through = bytearray()
        for byte in data:
            if chance() < rates.lost:
                continue
            if chance() < rates.flipped:
                byte ^= 1 << self._random.randrange(8)
            through.append(byte)
            if chance() < rates.doubled:
                through.append(byte)
        if chance() < rates.cut:
            del through[self._random.randrange(len(through) + 1) :]
        if chance() < rates.doubled_transfer:
            through *= 2
        if chance() < rates.delay:
            self._held[direction] = bytes(through)
            through = bytearray()
        self.harmed += through != data
        return bytes(arrived + through)
