"""The stages of a cascade against its graph, and each as a model of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from tinycompress.errors import ModelError
from tinycompress.ir.cascade.stages import CASCADE_METADATA, MOST_STAGES, Gate, Stage
from tinycompress.ir.graph import DType, Graph, Model, Op, Tensor

INIT_SUBGRAPH = "init_subgraph_index"
SCORE_TYPES = (DType.INT8, DType.UINT8, DType.INT16)
"""Of outputs that a gate can read."""
CHANGE_TYPES = (DType.INT8, DType.UINT8)
"""Of inputs whose change a gate can tell: 32 bits hold any sum."""


def stage_model(model: Model, stage: Stage) -> Model:
    """A stage alone: its operators and the subgraphs that set its state; all tensors stay."""
    graph, init = model.main, {0: 0}
    ops: list[Op] = []
    for index in (*stage.calls, *range(stage.begin, stage.end)):
        op = graph.ops[index]
        called = op.options.get(INIT_SUBGRAPH)
        if isinstance(called, int):
            number = init.setdefault(called, len(init))
            op = replace(op, options=MappingProxyType({**op.options, INIT_SUBGRAPH: number}))
        ops.append(replace(op, index=len(ops)))
    main = replace(
        graph, ops=tuple(ops), inputs=tuple(graph.inputs[i] for i in stage.inputs),
        outputs=tuple(graph.outputs[i] for i in stage.outputs),
    )  # fmt: skip
    others = (model.graphs[called] for called in list(init)[1:])
    return replace(model, graphs=(main, *others), resets_state=stage.resets_state, stages=())


def remembers(stages: Sequence[Stage]) -> bool:
    """Whether gates or answers depend on what was before, whatever the stages themselves keep."""
    return any(
        stage.otherwise == "last" or (stage.gate is not None and stage.gate.kind == "change")
        for stage in stages
    )


def check_stages(graphs: Sequence[Graph], stages: Sequence[Stage]) -> None:
    """Refuse stages that the graph does not have.

    Raises:
        ModelError: They overlap, read each other's tensors, or a gate reads what there is not.
    """
    for problem in _problems(graphs, stages):
        raise ModelError(
            f"the metadata {CASCADE_METADATA!r} do not fit the model: {problem}",
            hint="make the file again from its cascade file",
        )


def _problems(graphs: Sequence[Graph], stages: Sequence[Stage]) -> Iterator[str]:
    graph = graphs[0]
    if not 1 <= len(stages) <= MOST_STAGES:
        yield f"{len(stages)} stages; allowed: 1 to {MOST_STAGES}"
        return
    names = [stage.name for stage in stages]
    if len(set(names)) != len(names) or not all(name.isidentifier() for name in names):
        yield f"the names of the stages are {names}"
    calls = [index for stage in stages for index in stage.calls]
    first = stages[0].begin
    if sorted(calls) != list(range(first)):
        yield f"operators before the first stage are {first}, and stages have {len(calls)}"
    ends = [*(stage.begin for stage in stages[1:]), len(graph.ops)]
    if [stage.end for stage in stages] != ends or any(s.begin >= s.end for s in stages):
        yield "the stages' operators do not follow each other"
    outputs = [number for stage in stages for number in stage.outputs]
    if outputs != list(range(len(graph.outputs))):
        yield f"outputs of stages are {outputs}, the model has {len(graph.outputs)}"
    if sorted({n for stage in stages for n in stage.inputs}) != list(range(len(graph.inputs))):
        yield f"the inputs of stages are not the model's {len(graph.inputs)}"
    else:
        yield from _inner_problems(graphs, stages)


def _inner_problems(graphs: Sequence[Graph], stages: Sequence[Stage]) -> Iterator[str]:
    graph = graphs[0]
    for op in graph.ops[: stages[0].begin]:
        called = op.options.get(INIT_SUBGRAPH)
        if op.kind != "CALL_ONCE" or not isinstance(called, int) or called >= len(graphs):
            yield f"operator {op.index}, before all stages, is {op.kind}"
            return
    for stage in stages:
        yield from _foreign_tensors(graph, stage)
        if isinstance(stage.otherwise, int):
            answer = graph.tensors[graph.outputs[stage.outputs[0]]] if stage.outputs else None
            yield from _class_problems(stage, answer, (stage.otherwise,))
        if stage.gate is not None:
            yield from _gate_problems(graph, stage, stage.gate)


def _foreign_tensors(graph: Graph, stage: Stage) -> Iterator[str]:
    """Tensors of other stages that a stage reads or writes."""
    known = {graph.inputs[number] for number in stage.inputs}
    for op in graph.ops[stage.begin : stage.end]:
        if op.kind == "CALL_ONCE":
            yield f"stage {stage.name!r} has a CALL_ONCE inside"
        for index in (*op.inputs, *op.intermediates):
            if index >= 0 and index not in known and not _is_free(graph.tensors[index]):
                yield f"stage {stage.name!r} reads tensor {index}, which is not its own"
        known |= set(op.outputs)
    for number in stage.outputs:
        if graph.outputs[number] not in known:
            yield f"output {number} is not of stage {stage.name!r}"


def _is_free(tensor: Tensor) -> bool:
    return tensor.is_constant or tensor.is_variable


def _gate_problems(graph: Graph, stage: Stage, gate: Gate) -> Iterator[str]:
    if gate.kind == "change":
        if gate.port not in stage.inputs:
            yield f"the gate of {stage.name!r} looks at input {gate.port}, which is not its own"
        elif graph.tensors[graph.inputs[gate.port]].dtype not in CHANGE_TYPES:
            yield f"the gate of {stage.name!r} looks at an input that is not of 8 bits"
        if not 0 < gate.limit < 1 << 32:
            yield f"the gate of {stage.name!r} has the limit {gate.limit}"
        return
    if not 0 <= gate.port < min(stage.outputs, default=0):
        yield f"the gate of {stage.name!r} looks at output {gate.port}, of no stage before it"
        return
    scores = graph.tensors[graph.outputs[gate.port]]
    if scores.dtype not in SCORE_TYPES:
        yield f"the gate of {stage.name!r} looks at {scores.dtype.value} scores"
        return
    limits = np.iinfo(scores.dtype.numpy)
    if not limits.min <= gate.limit <= limits.max:
        yield f"the gate of {stage.name!r} has the limit {gate.limit}"
    if (gate.kind == "class") != bool(gate.classes):
        yield f"the gate of {stage.name!r} has {len(gate.classes)} classes"
    yield from _class_problems(stage, scores, gate.classes)


def _class_problems(stage: Stage, scores: Tensor | None, classes: Sequence[int]) -> Iterator[str]:
    for one in classes:
        if scores is None or scores.dtype not in SCORE_TYPES or not 0 <= one < scores.elements:
            yield f"stage {stage.name!r} speaks of class {one}, which there is not"
