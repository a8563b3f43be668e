"""What kernels cost, as measured: cycles, and bytes of code.

``kernel_costs.json`` beside this module says how many cycles each kernel takes on each family of
cores, or how many instructions where cycles are not known, as a sum over what a layer has much or
little of. ``make kernel-costs`` writes it: it runs the layers of real models by every kernel that
can compute them on virtual boards, and fits the sum. ``decoding_costs.json`` says what decoding
tiles of weights adds to a convolution. ``kernel_code.json`` has the bytes of each kernel compiled
alone, and of the routines that it shares with others; of look-ups in a codebook for each width of
indices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, Literal

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.options import CoreFamily

FEATURES = ("calls", "pixels", "outputs", "taps", "macs", "symbols", "entries")
"""What costs are in proportion to: see ``features``."""

DECODING_FEATURES = ("calls", "weights", "symbols", "entries")
"""What costs of decoding tiles are in proportion to."""

CostUnit = Literal["cycles", "instructions"]
"""What costs are counted in: see ``cost_unit``."""

_COSTS_FILE = Path(__file__).with_name("kernel_costs.json")
_DECODING_FILE = Path(__file__).with_name("decoding_costs.json")
_CODE_FILE = Path(__file__).with_name("kernel_code.json")


def predicted_cost(layer: Layer, family: CoreFamily) -> float | None:
    """What a layer takes by its kernel, in ``cost_unit(family)``; None if that was not measured."""
    encoded = layer.encoded
    if encoded is not None and encoded.on_tiles is not None:
        plain, more = predicted_cost(encoded.on_tiles, family), decoding_cost(layer, family)
        return None if plain is None or more is None else plain + more
    factors = _factors(layer, family)
    if factors is None:
        return None
    values = features(layer.output_shape, layer.macs, *_decoding(layer))
    return layer.times * float(sum(f * v for f, v in zip(factors, values, strict=True)))


def decoding_cost(layer: Layer, family: CoreFamily) -> float | None:
    """What decoding tiles adds to the kernel that runs on them, which reads its input for each.

    Returns:
        None of a layer without tiles, or where it was not measured.
    """
    encoded = layer.encoded
    if encoded is None or encoded.on_tiles is None:
        return None
    decoder = _decoding_costs()[cost_unit(family)].get(family, {}).get(encoded.encoding)
    again = 0.0 if encoded.tiles == 1 else _reading_cost(encoded.on_tiles, family)
    if decoder is None or again is None:
        return None
    counts = (1, encoded.weights, encoded.symbols, encoded.entries)
    decoding = sum(f * v for f, v in zip(decoder, counts, strict=True))
    return float(decoding + (encoded.tiles - 1) * again)


def _reading_cost(layer: Layer, family: CoreFamily) -> float | None:
    """What a kernel takes for its call and its inputs, without products."""
    factors = _factors(layer, family)
    if factors is None:
        return None
    by_name = dict(zip(FEATURES, factors, strict=True))
    calls, pixels, _, taps, *_ = features(layer.output_shape, layer.macs)
    return by_name["calls"] * calls + by_name["pixels"] * pixels + by_name["taps"] * taps


def _factors(layer: Layer, family: CoreFamily) -> Sequence[float] | None:
    found: Sequence[float] | None = (
        _costs()[cost_unit(family)].get(family, {}).get(layer.kernel.name)
    )
    return found


def cost_unit(family: CoreFamily) -> CostUnit:
    """Cycles; instructions on cores with MVE, of whose vectors nothing models the cycles."""
    return "instructions" if family == "mve" else "cycles"


@dataclass(frozen=True)
class CodeBytes:
    """Code of one kernel: its own, and by name that of routines which other kernels may call."""

    own: int
    shared: tuple[tuple[str, int], ...]


def code_bytes(kernel: Kernel, family: CoreFamily, lut_bits: int | None = None) -> CodeBytes | None:
    """The code of a kernel as gcc compiles it alone, its parameters unknown; None if not measured.

    A layer's own copy, whose parameters are known, is often smaller: an estimate to compare by.

    Args:
        kernel: Which one.
        family: Of cores.
        lut_bits: Of indices into a codebook. Firmware has the loops for those alone that its layers
            have: they count as routines of their own.
    """
    found = _code()["code"].get(family, {}).get(kernel.name)
    if found is None:
        return None
    shared = found["shared"].items()
    if lut_bits is None:
        return CodeBytes(found["own"], tuple(shared))
    by_bits = _code()["lut_bits"].get(family, {})
    return CodeBytes(
        found["own"],
        tuple(
            (f"{name} of {lut_bits} bits", by_bits[name][str(lut_bits)])
            if str(lut_bits) in by_bits.get(name, {})
            else (name, size)
            for name, size in shared
        ),
    )


def shared_cost(kernel: str, family: CoreFamily) -> float | None:
    """What one copy of a kernel for several layers takes more, as a share of its cost.

    None for a kernel that was not measured both ways.
    """
    share: float | None = _costs()["shared"].get(family, {}).get(kernel)
    return share


def features(
    output_shape: tuple[int, ...], macs: int, symbols: int = 0, entries: int = 0
) -> tuple[int, ...]:
    """FEATURES of a layer: one call, output pixels, outputs, taps of all pixels, products.

    Of one whose weights are encoded what its decoder looks up for all pixels, and the entries of
    its table, too.
    """
    outputs = prod(output_shape)
    pixels = prod(output_shape[:-1])
    taps = macs // max(output_shape[-1], 1)
    return 1, pixels, outputs, taps, macs, symbols * pixels, entries


def _decoding(layer: Layer) -> tuple[int, int]:
    return (0, 0) if layer.encoded is None else (layer.encoded.symbols, layer.encoded.entries)


@lru_cache(maxsize=1)
def _code() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(_CODE_FILE.read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=1)
def _costs() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(_COSTS_FILE.read_text(encoding="utf-8"))
    return loaded


@lru_cache(maxsize=1)
def _decoding_costs() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(_DECODING_FILE.read_text(encoding="utf-8"))
    return loaded
