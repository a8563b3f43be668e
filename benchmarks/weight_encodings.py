"""Measure every encoding of weights: ``make encodings`` prints the table of docs/weights.md.

Dense layers of LeNet-300-100's sizes with random weights run by every encoding on virtual boards,
compiled by gcc. Cycles are those of the layers, divided by their weights, zeros included; on the
M55, of which no cycles are modelled, they are instructions.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from support.cases.encoded import ENCODINGS, EncodedCase, PreferEncoding, add_encoded
from support.cases.kernels import KernelCases

from benchmarks.kernel_costs import layer_counts
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import Preference, nth
from tinycompress.ir.reader import read_model

BOARDS = ("raspberry_pi_pico", "qemu_mps2_an385", "qemu_mps2_an386", "qemu_mps3_an547")
_SIZES = ((784, 300), (300, 100))
_KINDS = ((0.92, 31), (0.92, 7), (0.0, 4), (0.0, 16))
"""Share of zeros, and values beside."""
_PLAIN = "int8"


class Figures(NamedTuple):
    """Of all layers together; bytes count biases and outputs' tables as little as cycles do."""

    bits_per_weight: float
    cycles_per_weight: float


def _tflite(zeros: float, values: int) -> bytes:
    cases = KernelCases(1)
    for inputs, outputs in _SIZES:
        add_encoded(
            cases, EncodedCase(inputs, outputs, zeros, values, activation="RELU", out_zero=-128)
        )
    return cases.tflite()


def measure(kind: tuple[float, int], board_name: str) -> dict[str, Figures]:
    """The figures of one kind of weights on one board, by encoding."""
    tflite, board = _tflite(*kind), load_board(board_name)
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


def rows(jobs: int) -> Iterator[str]:
    """The table in Markdown."""
    cores = [load_board(board).cpu.core.removeprefix("cortex-").upper() for board in BOARDS]
    cores = [core.replace("PLUS", "+").replace("M55", "M55, instructions") for core in cores]
    yield f"| zeros | values | encoding | bits a weight | cycles a weight: {' | '.join(cores)} |"
    yield "| --: | --: | --- | --: |" + " --: |" * len(cores)
    with ProcessPoolExecutor(jobs) as pool:
        pending = {kind: [pool.submit(measure, kind, board) for board in BOARDS] for kind in _KINDS}
        for (zeros, values), futures in pending.items():
            found = [future.result() for future in futures]
            for name, first in found[0].items():
                cycles = " | ".join(f"{each[name].cycles_per_weight:.2f}" for each in found)
                yield (
                    f"| {zeros:.0%} | {values} | {name} | {first.bits_per_weight:.2f} | {cycles} |"
                )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    for row in rows(parser.parse_args().jobs):
        print(row, flush=True)


if __name__ == "__main__":
    main()
