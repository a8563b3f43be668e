"""What the weights of a model take in flash, and could take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinycompress.artifacts.sources import Simplification


@dataclass(frozen=True)
class WeighedLayer:
    """The weights of one layer, after simplification.

    Args:
        name: Of the layer.
        op: Its operator.
        int8_bytes: What its weights take as they are.
        zero_share: The share of them that is 0, 0 to 1.
        distinct_values: How many different ones there are.
        encoding: The decoder of the smallest encoding; None where none makes them smaller.
        detail: Its parameters, for people.
        encoded_bytes: What weights and codebooks take then, ``int8_bytes`` without an encoding.
        more_cost: What decoding is predicted to add, in the model's unit; None if not measured.
        code_bytes: By routine, code that the encoded layer needs beyond the plain one: paid once,
            however many layers need it.
        further_bytes: By what would be done to its weights, what they would take then.
    """

    name: str
    op: str
    int8_bytes: int
    zero_share: float
    distinct_values: int
    encoding: str | None
    detail: str
    encoded_bytes: int
    more_cost: float | None
    code_bytes: Mapping[str, int]
    further_bytes: Mapping[str, int]

    @property
    def bits_per_weight(self) -> float:
        """Bits of flash for each weight."""
        return 8 * self.encoded_bytes / self.int8_bytes


@dataclass(frozen=True)
class WeighedModel:
    """All layers with int8 weights; ``cost_unit`` is cycles, or instructions on cores with MVE."""

    layers: tuple[WeighedLayer, ...]
    cost_unit: str
    simplification: Simplification | None

    @property
    def int8_bytes(self) -> int:
        """All weights as they are."""
        return sum(layer.int8_bytes for layer in self.layers)

    @property
    def encoded_bytes(self) -> int:
        """All weights, each layer's by its smallest encoding."""
        return sum(layer.encoded_bytes for layer in self.layers)

    @property
    def code_bytes(self) -> Mapping[str, int]:
        """Code of all decoders that these take, by routine."""
        return {name: size for layer in self.layers for name, size in layer.code_bytes.items()}

    def further_bytes(self, name: str) -> int:
        """All weights, if that were done to them."""
        return sum(layer.further_bytes[name] for layer in self.layers)
