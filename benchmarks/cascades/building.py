"""Firmware of cascades and of their models alone, and what its bench says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tinycompress
from tinycompress.artifacts import BenchResult

BOARD = "nano33"

Sizes = dict[str, int]


def built(model: Path, scratch: Path) -> tuple[Path, Sizes]:
    """The project of a model or a cascade file, and the bytes of its firmware."""
    made = tinycompress.build(model, BOARD, output=scratch / f"{model.stem}-project", force=True)
    firmware = made.require_firmware()
    flash = firmware.flash
    return made.directory, {
        "flash_bytes": flash.total_bytes, "kernels_bytes": flash.kernels_bytes,
        "weights_bytes": flash.weights_bytes, "arena_bytes": firmware.ram.arena_bytes,
    }  # fmt: skip


def ran(result: BenchResult) -> dict[str, Any]:
    """How often each stage ran and how long it took; of a single stage it is the last one, too."""
    found = result.cascade
    assert found is not None, "the project is a cascade"
    first, last = found.stages[0], found.stages[-1]
    assert first.latency_us is not None, "the first frame asks the first stage"
    assert last.latency_us is not None, "and some the last"
    return {
        "asked": last.ran, "mean_us": found.mean_latency_us,
        "small_us": first.latency_us.median, "large_us": last.latency_us.median,
        "unlike_oracle": result.mismatched_samples,
    }  # fmt: skip
