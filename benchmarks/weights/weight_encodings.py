"""Measure every encoding of weights: ``make encodings`` prints the table of docs/weights.md.

Dense layers of LeNet-300-100's sizes with random weights run by every encoding on virtual boards,
compiled by gcc. Cycles are those of the layers, divided by their weights, zeros included; on the
M55, of which no cycles are modelled, they are instructions.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from support.cases.encoded import ENCODINGS, EncodedCase, PreferEncoding, add_encoded
from support.cases.kernels import KernelCases

from benchmarks.kernel_costs import layer_counts
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import Preference, nth
from tinycompress.ir.reader import read_model

BOARDS = (
    "raspberry_pi_pico", "qemu_mps2_an385", "qemu_mps2_an386", "qemu_mps2_an500", "nucleo_u575zi_q",
    "qemu_mps3_an547",
)  # fmt: skip
_SIZES = ((784, 300), (300, 100))
_PLAIN = "int8"


class Kind(NamedTuple):
    """Weights: how many are 0, in words, and values beside; how many of every four there are."""

    zeros: str
    values: int
    share: float = 0.0
    of_four: int = 4

    def case(self, inputs: int, outputs: int) -> EncodedCase:
        """A layer of such weights."""
        return EncodedCase(
            inputs, outputs, self.share, self.values, of_four=self.of_four, activation="RELU",
            out_zero=-128,
        )  # fmt: skip


KINDS = (
    Kind("92%", 31, 0.92), Kind("92%", 7, 0.92), Kind("2:4", 15, of_four=2),
    Kind("1:4", 15, of_four=1), Kind("0%", 4), Kind("0%", 16),
)  # fmt: skip


class Figures(NamedTuple):
    """Of all layers together; bytes count biases and outputs' tables as little as cycles do."""

    bits_per_weight: float
    cycles_per_weight: float


def _tflite(kind: Kind) -> bytes:
    cases = KernelCases(1)
    for inputs, outputs in _SIZES:
        add_encoded(cases, kind.case(inputs, outputs))
    return cases.tflite()


def measure(kind: Kind, board_name: str) -> dict[str, Figures]:
    """The figures of one kind of weights on one board, by encoding."""
    tflite, board = _tflite(kind), load_board(board_name)
    graph, options = read_model(tflite), CodegenOptions.for_board(board)
    weights = sum(inputs * outputs for inputs, outputs in _SIZES)
    found = {}
    for name in (_PLAIN, *ENCODINGS):
        prefer: Preference = nth(0) if name == _PLAIN else PreferEncoding(name)
        sources = generate(graph, options, prefer=prefer)
        known = [layer.weights for layer in sources.layers]
        encoded = [each for each in known if each is not None]
        if name != _PLAIN and len(encoded) < len(_SIZES):
            continue
        size = sum(each.encoded_bytes for each in encoded) if encoded else weights
        cycles = sum(layer_counts(sources, board, tflite))
        found[name] = Figures(8 * size / weights, cycles / weights)
    return found


def rows(jobs: int, boards: Sequence[str], zeros: Sequence[str]) -> Iterator[str]:
    """The table in Markdown, of some boards and kinds of weights."""
    cores = [load_board(board).cpu.core.removeprefix("cortex-").upper() for board in boards]
    cores = [core.replace("PLUS", "+").replace("M55", "M55, instructions") for core in cores]
    yield f"| zeros | values | encoding | bits a weight | cycles a weight: {' | '.join(cores)} |"
    yield "| --: | --: | --- | --: |" + " --: |" * len(cores)
    with ProcessPoolExecutor(jobs) as pool:
        pending = {
            kind: [pool.submit(measure, kind, board) for board in boards]
            for kind in KINDS
            if kind.zeros in zeros
        }
        for kind, futures in pending.items():
            found = [future.result() for future in futures]
            for name, first in found[0].items():
                cycles = " | ".join(f"{each[name].cycles_per_weight:.2f}" for each in found)
                kinds = f"{kind.zeros} | {kind.values} | {name}"
                yield f"| {kinds} | {first.bits_per_weight:.2f} | {cycles} |"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--boards", nargs="+", choices=BOARDS, default=list(BOARDS))
    every = list(dict.fromkeys(kind.zeros for kind in KINDS))
    parser.add_argument("--zeros", nargs="+", choices=every, default=every)
    options = parser.parse_args()
    for row in rows(options.jobs, options.boards, options.zeros):
        print(row, flush=True)


if __name__ == "__main__":
    main()
