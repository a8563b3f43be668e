"""What encoded weights save, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

from tinycompress.codegen.choosing.costs import cost_unit, decoding_cost, predicted_cost
from tinycompress.codegen.choosing.sharing import named
from tinycompress.codegen.layer import EncodedWeights, Layer
from tinycompress.codegen.options import CodegenOptions, CoreFamily


def encoding_trades(layers: Sequence[Layer], options: CodegenOptions) -> tuple[str, ...]:
    """A line for all layers together whose weights are encoded, if there are any."""
    pairs = [(layer, layer.encoded) for layer in layers if layer.encoded is not None]
    if not pairs:
        return ()
    after = sum(encoded.size_bytes for _, encoded in pairs)
    before = sum(encoded.weights for _, encoded in pairs)
    noun = "layer" if len(pairs) == 1 else "layers"
    line = (
        f"{noun} {named([layer for layer, _ in pairs])}: encoded weights take {after:,} bytes of "
        f"flash instead of {before:,} ({_percent(after, before):+.0f} %)"
    )
    return (line + _cycles(pairs, layers, options),)


def expanding_trades(layers: Sequence[Layer]) -> tuple[str, ...]:
    """A line for all layers together whose weights are expanded, if there are any."""
    expanded = [layer for layer in layers if layer.expanded]
    if not expanded:
        return ()
    after = sum(array.data.nbytes for layer in expanded for array in layer.const_arrays)
    noun = "layer" if len(expanded) == 1 else "layers"
    return (
        f"{noun} {named(expanded)}: weights take {after:,} bytes of flash, transformed for fewer"
        " products (Winograd)",
    )


def _cycles(
    pairs: Sequence[tuple[Layer, EncodedWeights]], layers: Sequence[Layer], options: CodegenOptions
) -> str:
    """What that costs, as a share of the whole model; nothing where it was not measured."""
    family = options.family
    whole = [
        predicted_cost(layer if layer.encoded is None else layer.encoded.instead, family)
        for layer in layers
    ]
    found = [_more(layer, encoded, family) for layer, encoded in pairs]
    more = [each for each in found if each is not None]
    if len(more) < len(pairs):
        return ""
    total = sum(each for each in whole if each is not None)
    share = f" ({100 * sum(more) / total:+.1f} %)" if total and None not in whole else ""
    return f" for about {sum(more):+,.0f} {cost_unit(family)}{share}"


def _more(layer: Layer, encoded: EncodedWeights, family: CoreFamily) -> float | None:
    """What a layer costs more than with weights as they are; None if it was not measured."""
    after, before = predicted_cost(layer, family), predicted_cost(encoded.instead, family)
    if after is None or before is None:
        return decoding_cost(layer, family)
    return after - before


def _percent(after: float, before: float) -> float:
    return 100 * (after / before - 1)
