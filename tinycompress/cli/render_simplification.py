"""What was left out of a model, for `build` and `inspect`."""

from __future__ import annotations

from dataclasses import asdict

from tinycompress.artifacts import Simplification


def simplification_line(left_out: Simplification) -> str:
    """What the engine left out of a model."""
    s = left_out
    inputs = f", {s.removed_inputs:,} inputs of dense layers" if s.removed_inputs else ""
    return (
        f"Removed {s.removed_channels:,} channels that never change or that nothing reads"
        f"{inputs}: weights and biases {s.constants_before_bytes:,} -> "
        f"{s.constants_after_bytes:,} bytes, MACs {s.macs_before:,} -> {s.macs_after:,}; "
        "the outputs stay the same, bit by bit"
    )


def simplification_json(left_out: Simplification | None) -> dict[str, object] | None:
    """The same for programs; None if nothing was left out."""
    return None if left_out is None else asdict(left_out)
