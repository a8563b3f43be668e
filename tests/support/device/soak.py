"""Frames through a link that loses them, with the real firmware on the emulator at the far end.

`python tests/support/device/soak.py --frames 1000000` is what `make soak` runs. Every reply that
arrives is compared with what it must be; requests that got no reply count as given up, never as
right.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from support.device.lossy_link import LossyLink, Rates
from support.device.usb import firmware
from tinycompress.artifacts import BuiltFirmware
from tinycompress.boards import Board, load_board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient

RATES = Rates(
    lost=0.0005, flipped=0.0005, doubled=0.0003, cut=0.01, delay=0.01, doubled_transfer=0.01
)
"""One byte in 770 is harmed, and one transfer in 33; with frames this short, one in 13 in all."""


@dataclass
class Tally:
    """What came of the requests. ``frames`` counts transfers in both directions."""

    frames: int = 0
    harmed: int = 0
    exchanges: int = 0
    given_up: int = 0
    wrong: int = 0


def soak(board: Board, built: BuiltFirmware, frames: int, seed: int, rates: Rates = RATES) -> Tally:
    """Exchange frames until so many have gone over the link in both directions."""
    link = LossyLink(VirtualBoard(board, built.elf), rates, seed)
    chance = random.Random(seed)
    client = DeviceClient(link, retries=30, first_seq=chance.randint(1, 0xFFFF))
    size = built.project.inputs[0].size_bytes
    tally = Tally()
    expected: dict[bytes, bytes] = {}
    inputs = [chance.randbytes(size) for _ in range(4)]
    reference = DeviceClient(VirtualBoard(board, built.elf))
    for data in inputs:
        reference.write_input(0, data)
        reference.run(reset=True)
        expected[data] = reference.read_output(0, built.project.outputs[0].size_bytes)
    while link.transfers < frames:
        tally.exchanges += 1
        try:
            tally.wrong += not _exchange(client, built, chance, expected)
        except DeviceError as error:
            tally.given_up += is_silence(error)
            tally.wrong += not is_silence(error)
    tally.frames, tally.harmed = link.transfers, link.harmed
    link.close()
    return tally


def is_silence(error: DeviceError) -> bool:
    """Whether the host gave up on a link that brings nothing, as it must; all else is a fault."""
    return " tries" in error.message and f"(phase: {error.phase})" in error.message


def _exchange(
    client: DeviceClient, built: BuiltFirmware, chance: random.Random, expected: dict[bytes, bytes]
) -> bool:
    """One conversation; whether all that it brought is right."""
    kind = chance.random()
    if kind < 0.02:
        data = chance.choice(list(expected))
        client.write_input(0, data)
        client.run(reset=True)
        return client.read_output(0, built.project.outputs[0].size_bytes) == expected[data]
    if kind < 0.04:
        return client.hello().build_id == built.build_id
    if kind < 0.06:
        return client.memory().arena_bytes == built.ram.arena_bytes
    client.echo(chance.randbytes(chance.randrange(60)))
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--board", default="nano33")
    arguments = parser.parse_args()
    board = load_board(arguments.board)
    with tempfile.TemporaryDirectory() as directory:
        built = firmware(board, Path(directory) / "digits")
        began = time.monotonic()
        tally = soak(board, built, arguments.frames, arguments.seed)
    print(f"{tally} in {time.monotonic() - began:.0f} s")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
