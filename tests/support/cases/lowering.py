"""One operator, through passes and lowering, without a compiler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from support.models.tflite_files import Builder
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.choosing.ram import as_preferred
from tinycompress.codegen.choosing.select import Preference, fastest, last
from tinycompress.codegen.layer import ConstArray, Layer
from tinycompress.codegen.legality import REPLACE, refused, why_not
from tinycompress.codegen.passes import run_passes
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model


def graph_of(builder: Builder, inputs: Sequence[int], outputs: Sequence[int]) -> Graph:
    """The graph as the file has it."""
    return read_model(builder.pack(inputs, outputs)).main


def check_legality(graph: Graph, options: CodegenOptions) -> None:
    """As `tinycompress.codegen.verdict.require_aot`, of a graph that a test made itself."""
    reasons = why_not(graph, options)
    if reasons:
        raise refused(tuple(map(str, reasons)), REPLACE)


def layers_of(graph: Graph, options: CodegenOptions | None = None) -> tuple[Layer, ...]:
    """The layers by the reference kernels; ModelError if the graph may not be lowered."""
    options = options or CodegenOptions()
    graph = run_passes(graph)
    check_legality(graph, options)
    return lower_graph(graph, options, last)


def lower_graph(
    graph: Graph, options: CodegenOptions, prefer: Preference = fastest
) -> tuple[Layer, ...]:
    """The layers of a graph as it is, without anything that is done for memory."""
    return as_preferred(graph, options, prefer).layers


def array(layer: Layer, name: str) -> npt.NDArray[Any]:
    """The data of a constant array among the parameters."""
    value = layer.params[name]
    assert isinstance(value, ConstArray)
    return value.data


def int8(
    builder: Builder, shape: Sequence[int], scale: float = 0.1, zero: int = 0, **kw: Any
) -> int:
    """An int8 activation or constant with one scale."""
    return builder.tensor(shape, scales=[scale], zero_points=[zero], **kw)


def ones(shape: Sequence[int]) -> npt.NDArray[np.int8]:
    """Weights that are all 1."""
    return np.ones(shape, np.int8)
