"""How a verdict on TensorFlow Lite Micro looks."""

from __future__ import annotations

from tinycompress._console import results_console
from tinycompress.pipeline.engines.tflm_verdict import TflmVerdict


def verdict_json(verdict: TflmVerdict) -> dict[str, object]:
    """For ``tflm`` of ``inspect`` and ``convert``; the arena is an estimate for boards."""
    return {
        "refused": list(verdict.refused),
        "host_arena_bytes": verdict.host_arena_bytes,
        "obtained": "estimated",
    }


def print_verdict(verdict: TflmVerdict) -> None:
    """Whether the model ran, and in which arena."""
    if verdict.refused:
        lines = ["refused by TensorFlow Lite Micro:", *(f"  - {r}" for r in verdict.refused)]
    else:
        lines = [
            f"TFLM engine: runs in stock TensorFlow Lite Micro on this PC; least arena there "
            f"{verdict.host_arena_bytes:,} bytes (64-bit, a 32-bit board needs less)"
        ]
    for line in lines:
        results_console().print(line, markup=False, soft_wrap=True)
