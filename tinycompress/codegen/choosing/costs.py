"""Which of several exact kernels runs a layer: the one that takes least by measured costs.

``kernel_costs.json`` beside this module says how many cycles each kernel takes on each family of
cores, or how many instructions where cycles are not known, as a sum over what a layer has much or
little of. ``make kernel-costs`` writes it: it runs
the layers of real models by every kernel that can compute them on virtual boards, and fits the sum.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, Literal

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.options import CodegenOptions, CoreFamily
from tinycompress.codegen.rendering.param_types import fits_fields

FEATURES = ("calls", "pixels", "outputs", "taps", "macs")
"""What costs are in proportion to: see ``features``."""

CostUnit = Literal["cycles", "instructions"]
"""What costs are counted in: see ``cost_unit``."""

_COSTS_FILE = Path(__file__).with_name("kernel_costs.json")


def choose(candidates: Iterable[Layer], options: CodegenOptions) -> Layer:
    """The layer by the kernel that is predicted to cost least.

    Kernels whose parameters have no room for the layer's numbers are left out.

    Args:
        candidates: The same layer by different kernels, in order of preference where costs are not
            known.
        options: Names the core; may ask for a candidate by its position, to measure it, or for the
            one with the least scratch memory, a reference kernel only to meet a budget.
    """
    *fast, last = candidates
    layers = (*filter(fits_fields, fast), last)
    if options.candidate is not None:
        return layers[min(options.candidate, len(layers) - 1)]
    if layers[0].op.index in options.small:
        fast = [layer for layer in layers if not layer.kernel.name.endswith("_ref")]
        every_byte = options.optimize == "ram" and options.ram_budget_bytes is not None
        wanted = layers if every_byte or not fast else fast
        return min(wanted, key=lambda layer: layer.scratch_bytes)
    best = layers[0]
    for layer in layers[1:]:
        least, cost = (predicted_cost(each, options.family) for each in (best, layer))
        if least is not None and cost is not None and cost < least:
            best = layer
    return best


def predicted_cost(layer: Layer, family: CoreFamily) -> float | None:
    """What a layer takes by its kernel, in ``cost_unit(family)``; None if that was not measured."""
    factors = _costs()[cost_unit(family)].get(family, {}).get(layer.kernel.name)
    if factors is None:
        return None
    values = features(layer.output_shape, layer.macs)
    return float(sum(f * v for f, v in zip(factors, values, strict=True)))


def cost_unit(family: CoreFamily) -> CostUnit:
    """Cycles; instructions on cores with MVE, of whose vectors nothing models the cycles."""
    return "instructions" if family == "mve" else "cycles"


def shared_cost(kernel: str, family: CoreFamily) -> float | None:
    """What one copy of a kernel for several layers takes more, as a share of its cost.

    None for a kernel that was not measured both ways.
    """
    share: float | None = _costs()["shared"].get(family, {}).get(kernel)
    return share


def features(output_shape: tuple[int, ...], macs: int) -> tuple[int, ...]:
    """FEATURES of a layer: one call, output pixels, outputs, taps of all pixels, products."""
    outputs = prod(output_shape)
    pixels = prod(output_shape[:-1])
    return 1, pixels, outputs, macs // max(output_shape[-1], 1), macs


@lru_cache(maxsize=1)
def _costs() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(_COSTS_FILE.read_text(encoding="utf-8"))
    return loaded
