"""Random operators with tensors that are not int8: positions, casts, floats at the border."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.cases.kernels import options
from support.fuzz.graphs import Activation, Emitter, Found, GraphMaker


def _positions(g: GraphMaker, kind: str, x: Activation, axis: int) -> int:
    """The tensor of the first positions of the largest or smallest along an axis."""
    name = "ArgMax" if kind == "ARG_MAX" else "ArgMin"
    scalar = g.builder.tensor([], "INT32", data=np.array(axis, "<i4"))
    table = options(name, outputType=schema.TensorType.INT32)
    at = axis % len(x.shape)
    return g.link(kind, [x, scalar], [*x.shape[:at], *x.shape[at + 1 :]], "INT32", table)


def _arg(kind: str) -> Emitter:
    def emit(g: GraphMaker, x: Activation) -> Found:
        if not 1 < len(x.shape) <= 4:
            return None
        axis = int(g.rng.integers(-len(x.shape), len(x.shape)))
        found = _positions(g, kind, x, axis)
        g.end(found)
        if g.chance(0.5):
            return x
        at = axis % len(x.shape)
        shape = [*x.shape[:at], *x.shape[at + 1 :]]
        if g.chance(0.5):
            g.end(g.link("CAST", [found], shape, g.pick("INT16", "FLOAT32"), options("Cast")))
            return x
        return g.put("CAST", [found], shape, options("Cast"), scale=g.scale())

    return emit


def cast(g: GraphMaker, x: Activation) -> Found:
    """To one or two other types, and back to int8 or to an output."""
    found: Activation | int = x
    for _ in range(int(g.rng.integers(1, 3))):
        found = g.link("CAST", [found], x.shape, g.pick("INT16", "INT32"), options("Cast"))
    if g.chance(0.6):
        return g.put("CAST", [found], x.shape, options("Cast"), scale=g.scale())
    if g.chance(0.5):
        found = g.link("CAST", [found], x.shape, "FLOAT32", options("Cast"))
    assert isinstance(found, int)
    g.end(found)
    return x


def gather(g: GraphMaker, x: Activation) -> Found:
    """Indices that are given or computed by the model, for each batch its own or not."""
    at = int(g.rng.integers(len(x.shape)))
    batches = list(x.shape[:1]) if at > 0 and g.chance(0.3) else []
    shape = [*batches, *g.shape(int(g.pick(0, 1, 1, 2)), 5)]
    size = [*x.shape[:at], *shape[len(batches) :], *x.shape[at + 1 :]]
    if not size or not g.fits(size):
        return None
    axis = at - len(x.shape) if g.chance(0.3) else at
    if shape and len(shape) < 4 and g.chance(0.5):
        scores = g.new_input([*shape, x.shape[at]])
        where = _positions(g, g.pick("ARG_MAX", "ARG_MIN"), scores, len(shape))
    else:
        where = g.index_input(shape, [x.shape[at]])
    table = options("Gather", axis=axis, batchDims=len(batches))
    return g.put("GATHER", [x, where], size, table, scale=x.scale, zero=x.zero)


def gather_nd(g: GraphMaker, x: Activation) -> Found:
    depth = int(g.rng.integers(1, min(len(x.shape), 5) + 1))
    shape = [*g.shape(int(g.pick(0, 1, 1, 2)), 5), depth]
    size = [*shape[:-1], *x.shape[depth:]]
    if not size or not g.fits(size):
        return None
    limits = x.shape[:depth]
    if g.chance(0.4):
        where = g.int32(g.rng.integers(0, limits, shape))
    else:
        where = g.index_input(shape, limits)
    table = options("GatherNd")
    return g.put("GATHER_ND", [x, where], size, table, scale=x.scale, zero=x.zero)


def float_input(g: GraphMaker, x: Activation) -> Found:
    real = g.plain_input(x.shape, "float32")
    return g.put("QUANTIZE", [real], x.shape, options("Quantize"), scale=g.scale())


def float_output(g: GraphMaker, x: Activation) -> Found:
    g.end(g.link("DEQUANTIZE", [x], x.shape, "FLOAT32", None))
    return x


TYPES: dict[str, Emitter] = {
    "ARG_MAX": _arg("ARG_MAX"),
    "ARG_MIN": _arg("ARG_MIN"),
    "CAST": cast,
    "DEQUANTIZE": float_output,
    "GATHER by computed indices": gather,
    "GATHER_ND": gather_nd,
    "QUANTIZE of float32": float_input,
}
