"""Differential fuzzing: random graphs, generated C against the oracles, byte for byte.

Graphs that are made directly take turns with Keras models that TensorFlow converts. A share of the
former takes the product's own road: ``build`` with either compiler, the ELF on an emulated board of
every family of cores in turn, the serial protocol. The rest is compiled for this machine. Run by
``make fuzz``; ends with exit code 1 if anything differed. Failing graphs, cut down to the operator
that is wrong, are left in ``build/fuzz``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from support.cases.kernels import BOTH
from support.fuzz.road_share import RoadFuzzer, split
from support.fuzz.runner import Fuzzer
from support.models.road import tool_versions

from tinycompress.errors import ToolError


def main() -> int:
    """Fuzz until the time is up."""
    arguments = _arguments()
    fuzzer, road = Fuzzer(arguments.failures), RoadFuzzer(arguments.failures)
    if arguments.road_share:
        try:
            tool_versions()
        except ToolError as error:
            print(f"error: {error}\nhint:  {error.hint}; or --road-share 0", file=sys.stderr)
            return error.exit_code
    seed, variant = arguments.seed, 0
    end = time.monotonic() + arguments.seconds
    while time.monotonic() < end:
        for exact_to in BOTH:
            here, there = split(range(seed, seed + arguments.batch), arguments.road_share)
            fuzzer.run_seeds(here, exact_to, variant)
            road.run_road(there, exact_to)
        if arguments.keras:
            _run_keras(fuzzer, seed, variant, arguments.keras)
        seed, variant = seed + arguments.batch, variant + 1
        print(f"seeds to {seed}: {_counts(fuzzer, road)}", flush=True)
    _print_report(fuzzer, road)
    return 1 if fuzzer.tally.mismatches or road.tally.mismatches else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--batch", type=int, default=40, help="graphs per compilation")
    parser.add_argument("--keras", type=int, default=8, help="Keras models behind each two batches")
    parser.add_argument("--failures", type=Path, default=Path("build/fuzz"))
    parser.add_argument(
        "--road-share", type=_share, default=0.1,
        help="share of the graphs that is built and run on emulated boards, 0 to 1",
    )  # fmt: skip
    return parser.parse_args()


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _run_keras(fuzzer: Fuzzer, seed: int, variant: int, count: int) -> None:
    # It brings TensorFlow, which graphs alone do not need.
    from support.fuzz.keras_models import run_keras

    for number in range(count):
        run_keras(fuzzer, seed + number, variant + number)


def _counts(fuzzer: Fuzzer, road: RoadFuzzer) -> str:
    here = ", ".join(f"{count} exact to {name}" for name, count in fuzzer.tally.graphs.items())
    there = road.tally.graphs.total()
    differ = len(fuzzer.tally.mismatches) + len(road.tally.mismatches)
    return f"graphs on this machine {here or 0}; on the road {there}; {differ} differ"


def _print_report(fuzzer: Fuzzer, road: RoadFuzzer) -> None:
    tallies = (fuzzer.tally, road.tally)
    _print_counts("operators", sum((tally.operators for tally in tallies), Counter()))
    _print_counts("layers with encoded weights, on this machine", fuzzer.tally.encodings)
    _print_counts("refused", sum((tally.refused for tally in tallies), Counter()))
    _print_counts("graphs on the road", road.places)
    for tally in tallies:
        for text in tally.mismatches:
            print(f"DIFFERS: {text}")


def _print_counts(title: str, counts: Counter[str]) -> None:
    print(f"{title}:")
    for name, count in sorted(counts.items()):
        print(f"  {count:7d} {name}")


if __name__ == "__main__":
    sys.exit(main())
