"""Every operator of the engine in a few models, each operator in small graphs of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from support.fuzz.emitters import ALL, STATE, STATELESS
from support.fuzz.graphs import Emitter, GraphMaker, GraphSeed
from support.fuzz.runner import is_legal
from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.ir.reader import read_model

_TRIES = 50
_PART = 28
_ALONE = "litert alone"
_STATELESS = sorted(STATELESS)
_NAMES: Mapping[str, list[str]] = {
    f"part {start // _PART + 1}": _STATELESS[start : start + _PART]
    for start in range(0, len(_STATELESS), _PART)
} | {"state": sorted(STATE)}

PARTS = (*_NAMES, _ALONE)
"""Names of the models: operators that keep no state, those that do, and those that are refused
exact to TFLM. The int16 forms are among them.
"""


@dataclass(frozen=True)
class OperatorModel:
    """A model, the oracle that runs it, and the kinds of operators in it."""

    tflite: bytes
    exact_to: ExactTo
    kinds: frozenset[str]


@dataclass(frozen=True)
class _Graph:
    """A small graph with some operator in it."""

    seed: GraphSeed
    emitters: dict[str, Emitter]


@cache
def operator_model(part: str, exact_to: ExactTo = "tflm") -> OperatorModel:
    """The model of a part, without what an oracle's arithmetic has no graph for."""
    if part == _ALONE:
        exact_to = "litert"
        names = [name for name in _STATELESS if _legal_graph(name, "tflm") is None]
    else:
        names = _NAMES[part]
    maker = GraphMaker(ALL)
    for graph in (_legal_graph(name, exact_to) for name in names):
        if graph is not None:
            maker.add(graph.seed, graph.emitters)
    tflite = maker.tflite()
    graphs = read_model(tflite).graphs
    kinds = frozenset(op.full_kind for graph in graphs for op in graph.ops)
    return OperatorModel(tflite, exact_to, kinds)


@cache
def _legal_graph(name: str, exact_to: ExactTo) -> _Graph | None:
    """A graph with an operator that is not refused: alone, or, if it is a view, with another."""
    first = 1000 * sorted(ALL).index(name)
    alone, beside = {name: ALL[name]}, {name: ALL[name], "ABS": ALL["ABS"]}
    tries = [(number, 1, alone) for number in range(first, first + _TRIES)]
    tries += [(number, 3, beside) for number in range(first, first + _TRIES)]
    for number, steps, emitters in tries:
        seed = GraphSeed(number, steps, exact_to)
        maker = GraphMaker(emitters)
        maker.add(seed)
        model = read_model(maker.tflite()) if name in maker.kinds else None
        if model is not None and is_legal(model, CodegenOptions(exact_to=exact_to)):
            return _Graph(seed, emitters)
    return None
