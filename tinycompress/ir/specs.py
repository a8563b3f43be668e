"""A model's inputs and outputs as the firmware sees them."""

from __future__ import annotations

from tinycompress.artifacts import TensorSpec
from tinycompress.ir.graph import Graph, Tensor


def tensor_spec(tensor: Tensor) -> TensorSpec:
    """The spec of a tensor; one without quantisation has scale 1 and zero point 0."""
    quantization = tensor.quantization
    return TensorSpec(
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype.value,
        scale=1.0 if quantization is None else quantization.scales[0],
        zero_point=0 if quantization is None else quantization.zero_point,
    )


def input_specs(graph: Graph) -> tuple[TensorSpec, ...]:
    """Specs of the graph's inputs, in order."""
    return tuple(tensor_spec(graph.tensors[index]) for index in graph.inputs)


def output_specs(graph: Graph) -> tuple[TensorSpec, ...]:
    """Specs of the graph's outputs, in order."""
    return tuple(tensor_spec(graph.tensors[index]) for index in graph.outputs)
