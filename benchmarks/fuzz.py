"""Differential fuzzing: random graphs, generated C against the oracles, byte for byte.

Graphs that are made directly take turns with Keras models that TensorFlow converts. Run by
``make fuzz``; ends with exit code 1 if anything differed. Failing graphs, cut down to the
operator that is wrong, are left in ``build/fuzz``.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from support.cases.kernels import BOTH
from support.fuzz.keras_models import run_keras
from support.fuzz.runner import Fuzzer


def main() -> int:
    """Fuzz until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--batch", type=int, default=40, help="graphs per compilation")
    parser.add_argument("--keras", type=int, default=8, help="Keras models behind each two batches")
    parser.add_argument("--failures", type=Path, default=Path("build/fuzz"))
    arguments = parser.parse_args()
    fuzzer, seed, variant = Fuzzer(arguments.failures), arguments.seed, 0
    end = time.monotonic() + arguments.seconds
    while time.monotonic() < end:
        for exact_to in BOTH:
            fuzzer.run(seed, arguments.batch, exact_to, variant)
        for number in range(arguments.keras):
            run_keras(fuzzer, seed + number, variant + number)
        seed, variant = seed + arguments.batch, variant + 1
        tally = fuzzer.tally
        counts = ", ".join(f"{count} exact to {name}" for name, count in tally.graphs.items())
        print(f"seeds to {seed}: graphs {counts}; {len(tally.mismatches)} differ", flush=True)
    _print_report(fuzzer)
    return 1 if fuzzer.tally.mismatches else 0


def _print_report(fuzzer: Fuzzer) -> None:
    tally = fuzzer.tally
    for title, counts in (("operators", tally.operators), ("refused", tally.refused)):
        print(f"{title}:")
        for name, count in sorted(counts.items()):
            print(f"  {count:7d} {name}")
    for text in tally.mismatches:
        print(f"DIFFERS: {text}")


if __name__ == "__main__":
    sys.exit(main())
