"""Mutated files of a whole collection through the reader and the generator.

Run by ``make mutate``. Every mutant must be generated or refused with a ModelError, within 2 s of
processor time and 500 MB beyond what the process holds before; exit code 1 if one is not.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from support.fuzz.mutations import Mutator

from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

_LIMIT_S = 2.0
_LIMIT_KB = 500_000
_MUTANTS = 4


def _outcome(data: bytes) -> str:
    """``refused`` or ``generated``; anything else is a finding."""
    start, peak_kb = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        generate(read_model(data), CodegenOptions())
        outcome = "generated"
    except ModelError:
        outcome = "refused"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    seconds = time.process_time() - start
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kb
    if seconds > _LIMIT_S or grown_kb > _LIMIT_KB:
        return f"{outcome} after {seconds:.1f} s and {grown_kb // 1000} MB"
    return outcome


def main() -> int:
    """Mutate until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=0)
    default = Path(os.environ.get("TC_SHARED_DATA", "../shared/data")) / "models"
    parser.add_argument("--models", type=Path, default=default, help="directory of .tflite files")
    arguments = parser.parse_args()
    files = sorted(arguments.models.rglob("*.tflite"))
    if not files:
        parser.error(f"no .tflite file below {arguments.models}")
    counts: Counter[str] = Counter()
    end, seed = time.monotonic() + arguments.seconds, arguments.seed
    while time.monotonic() < end:
        for file in files:
            for kind, mutant in Mutator(file.read_bytes(), seed).mutants(_MUTANTS):
                outcome = _outcome(mutant)
                counts[outcome if outcome in ("refused", "generated") else "finding"] += 1
                if outcome not in ("refused", "generated"):
                    print(f"FINDING: {file.name}, seed {seed}, {kind}: {outcome}", flush=True)
            if time.monotonic() > end:
                break
        seed += 1
    print(dict(counts))
    return 1 if counts["finding"] else 0


if __name__ == "__main__":
    sys.exit(main())
