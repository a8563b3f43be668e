"""The stages of a cascade in one arena: each lowered by itself, then laid out together.

Stages run one after the other, so that the planner lets their activations lie in the same bytes. An
input that a later stage reads, every output, and all state have bytes of their own for as long as
they must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tinycompress.artifacts import StageInfo
from tinycompress.codegen.arena.memory import ArenaLayout, lay_out
from tinycompress.codegen.arena.places import places
from tinycompress.codegen.arena.planner import CLIMB_WORK
from tinycompress.codegen.choosing.ram import Fitted
from tinycompress.codegen.choosing.sharing import shared_kernels, sharing_trades
from tinycompress.codegen.layer import Kernel, Layer, TensorArgument
from tinycompress.codegen.options import CodegenOptions
from tinycompress.errors import DoesNotFitError, ModelError
from tinycompress.ir.cascade.stages import Gate, Stage
from tinycompress.ir.graph import Graph, Op, Tensor

_MORE_WORK = 4
"""Times as much search for one layout as a model has: what lives across stages, such as a large
input of the last one, leaves few orders of placement that are good for every stage."""


@dataclass(frozen=True)
class StageLayers:
    """A stage with the numbers of its layers, and of its tensors in the joined graph."""

    stage: Stage
    layers: range
    tensors: range


@dataclass(frozen=True)
class JoinedStages:
    """All stages as one graph with one layout."""

    graph: Graph
    layers: tuple[Layer, ...]
    layout: ArenaLayout
    shared: frozenset[Kernel]
    stages: tuple[StageLayers, ...]
    trades: tuple[str, ...]


def join_stages(
    stages: Sequence[Stage], fitted: Sequence[Fitted], options: CodegenOptions
) -> JoinedStages:
    """Put lowered stages behind each other and lay out their memory.

    Args:
        stages: The stages.
        fitted: The layers of each, from a graph that has its inputs and outputs only.
        options: For which kernels are shared.

    Raises:
        ModelError: An output of a stage is only another name for its input or state.
        DoesNotFitError: The arena is larger than the budget.
    """
    joiner = _Joiner()
    parts = [joiner.add(stage, each) for stage, each in zip(stages, fitted, strict=True)]
    graph, layers = joiner.graph(), tuple(joiner.layers)
    _require_own_outputs(graph, parts)
    layout = lay_out(graph, layers, work=_MORE_WORK * CLIMB_WORK)
    budget = options.ram_budget_bytes
    if budget is not None and layout.arena_bytes > budget:
        alone = ", ".join(
            f"'{stage.name}' {each.arena_bytes:,}"
            for stage, each in zip(stages, fitted, strict=True)
        )
        raise DoesNotFitError(
            f"the shared arena takes {layout.arena_bytes:,} bytes, the budget is {budget:,}",
            hint=f"stages alone take {alone}; what is shared keeps inputs that later stages read,"
            " all outputs and all state besides",
        )
    shared = shared_kernels(layers, options)
    trades = [
        f"stage '{stage.name}': {trade}"
        for stage, each in zip(stages, fitted, strict=True)
        for trade in each.trades
        if trade not in sharing_trades(shared_kernels(each.layers, options), options.family)
    ]
    trades += sharing_trades(shared, options.family)
    return JoinedStages(
        graph, layers, layout, frozenset(shared), tuple(parts), tuple(trades)
    )  # fmt: skip


class _Joiner:
    """The joined graph as it grows."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self._graphs: list[Graph] = []
        self._tensors = 0
        self._ops = 0
        self._inputs: dict[int, int] = {}
        self._outputs: list[int] = []

    def add(self, stage: Stage, fitted: Fitted) -> StageLayers:
        """Put a stage behind those that are there; inputs that they have are theirs."""
        base = self._tensors
        number = {t.index: t.index + base for t in fitted.graph.tensors}
        for port, index in zip(stage.inputs, fitted.graph.inputs, strict=True):
            number[index] = self._inputs.setdefault(port, index + base)
        self._outputs += [number[index] for index in fitted.graph.outputs]
        first = len(self.layers)
        moved = {op: _moved(op, number, self._ops) for op in fitted.graph.ops}
        self._graphs.append(
            replace(
                fitted.graph,
                tensors=tuple(replace(t, index=t.index + base) for t in fitted.graph.tensors),
                ops=tuple(moved.values()),
            )
        )
        self.layers += [_renumbered(layer, number) for layer in fitted.layers]
        self._tensors += len(fitted.graph.tensors)
        self._ops += len(fitted.graph.ops)
        return StageLayers(stage, range(first, len(self.layers)), range(base, self._tensors))

    def graph(self) -> Graph:
        """All stages."""
        return Graph(
            name=self._graphs[0].name,
            tensors=tuple(tensor for graph in self._graphs for tensor in graph.tensors),
            ops=tuple(op for graph in self._graphs for op in graph.ops),
            inputs=tuple(self._inputs[port] for port in sorted(self._inputs)),
            outputs=tuple(self._outputs),
        )


def _moved(op: Op, number: dict[int, int], base: int) -> Op:
    def all_of(indices: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(index if index < 0 else number[index] for index in indices)

    return replace(
        op, index=op.index + base, inputs=all_of(op.inputs), outputs=all_of(op.outputs),
        intermediates=all_of(op.intermediates),
    )  # fmt: skip


def _renumbered(layer: Layer, number: dict[int, int]) -> Layer:
    return replace(
        layer,
        arguments=tuple(
            replace(each, tensor=number[each.tensor]) if isinstance(each, TensorArgument) else each
            for each in layer.arguments
        ),
    )


def _require_own_outputs(graph: Graph, stages: Sequence[StageLayers]) -> None:
    """Refuse outputs that lie in what somebody else keeps.

    Where a stage does not run, its outputs are written nevertheless.
    """
    found = places(graph)
    taken = {found[index].root for index in graph.inputs}
    taken |= {tensor.index for tensor in graph.tensors if tensor.is_variable}
    for part in stages:
        for port in part.stage.outputs:
            index = graph.outputs[port]
            if found[index].root in taken:
                raise ModelError(
                    f"stage '{part.stage.name}': output '{graph.tensors[index].name}' is only"
                    " another name for an input, for state or for another output",
                    hint="let the model compute it, or leave the output out",
                )
            taken.add(found[index].root)


def stage_infos(joined: JoinedStages) -> tuple[StageInfo, ...]:
    """What is told of each stage."""
    return tuple(
        StageInfo(
            name=part.stage.name,
            gate=_told(part.stage.gate, joined.graph),
            first_layer=part.layers.start,
            layers=len(part.layers),
            outputs=part.stage.outputs,
        )
        for part in joined.stages
    )


def _told(gate: Gate | None, graph: Graph) -> str:
    if gate is None:
        return ""
    ports = graph.inputs if gate.kind == "change" else graph.outputs
    return gate_text(gate, graph.tensors[ports[gate.port]])


def gate_text(gate: Gate, tensor: Tensor) -> str:
    """A gate in words, with its limit in real units.

    Args:
        gate: The gate.
        tensor: What it looks at.
    """
    found = tensor.quantization
    scale, zero = (1.0, 0) if found is None else (found.scale, found.zero_point)
    if gate.kind == "change":
        mean = scale * gate.limit / tensor.elements
        return f"'{tensor.name}' has changed by {mean:.4g} in the mean"
    limit = f"{scale * (gate.limit - zero):.4g}"
    if gate.kind == "unsure":
        return f"no score of '{tensor.name}' is {limit} or more"
    return f"class {' or '.join(map(str, gate.classes))} of '{tensor.name}' is {limit} or more"
