"""DEPTHWISE_CONV_2D by fast kernels: every one that a core can run, in order of preference."""

from __future__ import annotations

from collections.abc import Iterator

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.conv.mve import Product, windowed_mve
from tinycompress.codegen.ops.depthwise.depthwise_mve import mve_variants
from tinycompress.codegen.ops.depthwise.depthwise_planes import (
    plain_variants,
    plane_variants,
    thumb1_variants,
)
from tinycompress.codegen.ops.depthwise.depthwise_problem import DepthwiseProblem, depthwise_problem
from tinycompress.codegen.ops.depthwise.depthwise_quads import quad_variants
from tinycompress.codegen.ops.window import Window, window_sizes
from tinycompress.codegen.options import CoreFamily
from tinycompress.codegen.rounding.channels import channel_tables
from tinycompress.ir.graph import Graph, Op


def fast_variants(
    graph: Graph, op: Op, window: Window, reference: Layer, family: CoreFamily
) -> tuple[Layer, ...]:
    """The layer by each fast kernel that can compute it.

    Args:
        graph: The graph; the operator has passed the checks.
        op: A DEPTHWISE_CONV_2D.
        window: Its window.
        reference: The layer by the reference kernel.
        family: Which kernels the core can run.
    """
    if window.dilation != (1, 1):
        return ()
    problem = depthwise_problem(graph, op, window, reference)
    if family not in ("mve", "dsp"):
        return tuple((thumb1_variants if family == "thumb1" else plain_variants)(problem))
    mve = tuple(_mve_variants(problem, window)) if family == "mve" else ()
    planes, quads = tuple(plane_variants(problem)), tuple(quad_variants(problem))
    return (*mve, *quads, *planes) if _few_pixels(problem) else (*mve, *planes, *quads)


def _mve_variants(problem: DepthwiseProblem, window: Window) -> Iterator[Layer]:
    """The kernels for MVE; on a single input channel this is a plain convolution."""
    yield from mve_variants(problem)
    x, y = o.operand(problem.graph, problem.op, 0), o.result(problem.graph, problem.op)
    tables = channel_tables(problem.stairs, problem.rows, problem.biases)
    if x.shape[3] != 1 or tables is None:
        return
    product = Product(
        reference=problem.reference,
        weights_name=o.operand(problem.graph, problem.op, 1).name,
        rows=problem.rows,
        tables=tables,
        zero_point=o.quantization(y).zero_point,
        limits=o.clamp_range(problem.graph, problem.op),
    )
    if product.fits:
        yield windowed_mve(product, window_sizes(x, y, window))


def _few_pixels(problem: DepthwiseProblem) -> bool:
    """Whether preparing a channel's plane costs more than computing its outputs saves."""
    (height, width), (rows, columns) = problem.geometry.size, problem.geometry.output
    return rows * columns <= 9 or 1 in (height, width)
