"""Slow tests in parts of about the same length, so that each run of CI does one of them.

``pytest --slow-part 2/4`` runs the second of four parts: every slow test is in exactly one. Which
one depends on what is collected and on the seconds below alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SECONDS: Mapping[str, int] = {
    "tests/emulated/test_depthwise_virtual.py": 120,
    "tests/emulated/test_encoded_virtual.py": 21,
    "tests/emulated/test_flash_goals.py": 31,
    "tests/emulated/test_kernels_virtual.py": 61,
    "tests/emulated/test_overlap_virtual.py": 50,
    "tests/emulated/test_qemu_witness.py": 7,
    "tests/emulated/test_road.py": 150,
    "tests/emulated/test_simplified_virtual.py": 11,
    "tests/emulated/test_tflm_decode_board.py": 1,
    "tests/emulated/test_tflm_virtual.py": 1,
    "tests/host_c/test_corpus.py": 65,
    "tests/host_c/test_kernel_add.py": 16,
    "tests/host_c/test_kernel_encoded_conv.py": 43,
    "tests/host_c/test_kernel_mean.py": 32,
    "tests/host_c/test_kernel_pool.py": 33,
    "tests/host_c/test_models_exact.py": 17,
    "tests/host_c/test_patches.py": 86,
    "tests/tf/test_callbacks.py": 37,
    "tests/tf/test_compress_architectures.py": 28,
    "tests/tf/test_compress_run.py": 53,
    "tests/tf/test_convert_shared.py": 18,
    "tests/tf/test_results_run.py": 17,
    "tests/tf/test_templates.py": 160,
    "tests/unit/codegen/test_codegen_robust.py": 6,
    "tests/unit/toolchain/test_toolchain_build.py": 13,
}
"""What the slow tests of a file take, in seconds of one core; others are taken to need
``UNKNOWN_SECONDS``. Rough figures do: they only balance the parts."""

UNKNOWN_SECONDS = 60
LONGEST_PIECE_SECONDS = 240
"""A file whose slow tests take longer is cut into pieces of consecutive tests."""


@dataclass(frozen=True)
class Part:
    """The ``number``-th of ``count`` parts, from 1."""

    number: int
    count: int


def parse_part(text: str) -> Part:
    """A part written as ``2/4``.

    Raises:
        ValueError: It is not written so, or there is no such part.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise ValueError(f"{text!r} is no part; the second of four is written 2/4")
    return Part(int(found[1]), int(found[2]))


def of_part(tests: Iterable[str], part: Part) -> set[str]:
    """Which tests are in a part.

    Args:
        tests: The node ids of all slow tests.
        part: Which part.
    """
    pieces = [piece for file, of_file in _by_file(tests).items() for piece in _cut(file, of_file)]
    totals = [0.0] * part.count
    chosen: set[str] = set()
    # The longest first, each into the part that has least so far.
    for seconds, piece in sorted(pieces, key=lambda each: (-each[0], each[1])):
        shortest = totals.index(min(totals))
        totals[shortest] += seconds
        if shortest == part.number - 1:
            chosen.update(piece)
    return chosen


def _by_file(tests: Iterable[str]) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for test in tests:
        files.setdefault(test.split("::")[0], []).append(test)
    return files


def _cut(file: str, tests: Sequence[str]) -> list[tuple[float, Sequence[str]]]:
    seconds = SECONDS.get(file, UNKNOWN_SECONDS)
    count = min(len(tests), math.ceil(seconds / LONGEST_PIECE_SECONDS))
    ends = [len(tests) * piece // count for piece in range(count + 1)]
    return [
        (seconds * (end - start) / len(tests), tests[start:end]) for start, end in pairwise(ends)
    ]
