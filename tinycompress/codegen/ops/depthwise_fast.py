"""DEPTHWISE_CONV_2D by fast kernels: every one that a core can run, in order of preference."""

from __future__ import annotations

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops.depthwise_planes import plain_variants, plane_variants
from tinycompress.codegen.ops.depthwise_problem import DepthwiseProblem, depthwise_problem
from tinycompress.codegen.ops.depthwise_quads import quad_variants
from tinycompress.codegen.ops.window import Window
from tinycompress.codegen.options import CoreFamily
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
        return tuple(plain_variants(problem))
    planes, quads = tuple(plane_variants(problem)), tuple(quad_variants(problem))
    return (*quads, *planes) if _few_pixels(problem) else (*planes, *quads)


def _few_pixels(problem: DepthwiseProblem) -> bool:
    """Whether preparing a channel's plane costs more than computing its outputs saves."""
    (height, width), (rows, columns) = problem.geometry.size, problem.geometry.output
    return rows * columns <= 9 or 1 in (height, width)
