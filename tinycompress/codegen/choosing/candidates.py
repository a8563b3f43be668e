"""Every exact way to run an operator, with what it costs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

from tinycompress.codegen.choosing.costs import code_bytes, decoding_cost, predicted_cost
from tinycompress.codegen.layer import ConstArray, Layer
from tinycompress.codegen.ops import OPS
from tinycompress.codegen.options import CodegenOptions, CoreFamily
from tinycompress.codegen.param_types import fits_fields, params_bytes
from tinycompress.ir.graph import Graph, Op


@dataclass(frozen=True, eq=False)
class Candidate:
    """One exact way to run an operator: layers one after the other.

    What its output may overlap is in its layers: `Layer.overlap`.
    """

    layers: tuple[Layer, ...]
    family: CoreFamily

    @cached_property
    def cost(self) -> float | None:
        """Cycles, or instructions where cycles are not known; None if it was not measured."""
        costs = [predicted_cost(layer, self.family) for layer in self.layers]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known and len(known) == len(costs) else None

    @cached_property
    def decoding_cost(self) -> float | None:
        """What of that is for decoding tiles of weights, known or not what their kernel takes."""
        costs = [decoding_cost(layer, self.family) for layer in self.layers]
        return costs[0] if len(costs) == 1 else None

    @property
    def scratch_bytes(self) -> int:
        """The most working memory that a layer needs."""
        return max((layer.scratch_bytes for layer in self.layers), default=0)

    @cached_property
    def data_bytes(self) -> int:
        """Constants and parameters, as if no other candidate had the same ones."""
        return self.params_bytes + sum(array.data.nbytes for array in self.const_arrays)

    @cached_property
    def params_bytes(self) -> int:
        """The parameters of its kernels."""
        return sum(params_bytes(layer.kernel) for layer in self.layers)

    @cached_property
    def const_arrays(self) -> tuple[ConstArray, ...]:
        """All its constants; equal ones of a graph are stored once."""
        return tuple(array for layer in self.layers for array in layer.const_arrays)

    @cached_property
    def array_bytes(self) -> Mapping[Hashable, int]:
        """Bytes of its constants, by what is equal for equal ones."""
        return {array.key: array.data.nbytes for array in self.const_arrays}

    @cached_property
    def code_bytes(self) -> Mapping[str, int]:
        """Its kernels and the routines that they call: a graph that shares them pays for each once.

        Without kernels whose code was not measured.
        """
        found: dict[str, int] = {}
        for layer in self.layers:
            code = code_bytes(layer.kernel, self.family, layer.lut_bits)
            if code is not None:
                found |= {layer.kernel.function: code.own, **dict(code.shared)}
        return found

    @property
    def code_is_known(self) -> bool:
        """Whether the code of all its kernels was measured."""
        return all(code_bytes(layer.kernel, self.family) is not None for layer in self.layers)

    @property
    def is_encoded(self) -> bool:
        """Whether weights of some layer are encoded."""
        return any(layer.encoded is not None for layer in self.layers)

    @property
    def is_expanded(self) -> bool:
        """Whether weights of some layer take several times the flash that they do in the file."""
        return any(layer.expanded for layer in self.layers)

    @property
    def is_reference(self) -> bool:
        """Whether some layer runs by a reference kernel."""
        return any(layer.kernel.family == "ref" for layer in self.layers)

    @property
    def kin(self) -> str:
        """What it has in common with candidates that are nearly as fast: `Layer.leaner_kin`."""
        return self.layers[0].leaner_kin if len(self.layers) == 1 else ""


def candidates(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Candidate, ...]:
    """Every way to run an operator that has passed the checks, in order of preference.

    Ways whose parameters have no room for the operator's numbers are left out, but for the last,
    which has room for all. An operator that only names bytes anew has one way, of no layers.
    """
    lower = OPS[op.full_kind].lower
    if lower is None:
        return (Candidate((), options.family),)
    *others, last = lower(graph, op, options)
    fitting = (layers for layers in others if all(map(fits_fields, layers)))
    return tuple(Candidate(layers, options.family) for layers in (*fitting, last))
