"""The stages of a cascade as the templates write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tinycompress.artifacts import TensorSpec
from tinycompress.codegen.arena.memory import ArenaLayout
from tinycompress.codegen.c_literals import comment
from tinycompress.codegen.stages import StageLayers, gate_text
from tinycompress.ir.cascade.stages import Gate
from tinycompress.ir.graph import DType, Graph, Tensor
from tinycompress.ir.ports import Port

_CASES = {DType.INT8: "TCK_SCORES_S8", DType.UINT8: "TCK_SCORES_U8", DType.INT16: "TCK_SCORES_S16"}
RAN = "stages_that_ran"
"""Name of the last output: one byte for each stage, 1 where it ran."""


@dataclass(frozen=True)
class GateText:
    """A gate: what it compares, where that lies, and of which stage it is (None of an input)."""

    kind: str
    source: int | None
    offset: int
    type: str
    elements: int
    bytes: int
    limit: int
    classes: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class StageOutput:
    """An output and what it is without a run: a class, bytes, or what was kept."""

    number: int
    offset: int
    bytes: int
    elements: int
    type: str | None
    fill: int
    one_hot: int | None
    kept: bool


@dataclass(frozen=True)
class StageText:
    """A stage as the template writes it; ``states`` are first and last number, where it resets."""

    name: str
    number: int
    first_layer: int
    end_layer: int
    gate: GateText | None
    outputs: tuple[StageOutput, ...]
    states: range

    @property
    def layers_text(self) -> str:
        """Its layers, in words."""
        count = self.end_layer - self.first_layer
        return f"{count} layer{'s' if count != 1 else ''} from {self.first_layer} on"

    @property
    def outputs_text(self) -> str:
        """Its outputs, in words."""
        numbers = [str(output.number) for output in self.outputs]
        return f"output{'s' if len(numbers) != 1 else ''} {', '.join(numbers)}"

    @property
    def gate_text(self) -> str:
        """What lets it run, in words."""
        return "runs always" if self.gate is None else f"gate: {self.gate.text}"


def stages_context(
    stages: Sequence[StageLayers],
    graph: Graph,
    layout: ArenaLayout,
    states: Sequence[Tensor],
) -> dict[str, Any]:
    """What templates know of stages; ``stages`` is empty where the model is no cascade.

    Args:
        stages: With their layers.
        graph: All of them.
        layout: Where tensors lie.
        states: The tensors of which a reset knows, in the order in which the template has them.
    """
    texts = tuple(
        _stage(number, part, stages, graph, layout, states) for number, part in enumerate(stages)
    )
    return {"stages": texts, "ran": ran_port(graph, len(texts)) if texts else None}


def ran_port(graph: Graph, stages: int) -> Port:
    """The last output as C knows it."""
    return Port(
        kind="output", number=len(graph.outputs), name=RAN, dtype="uint8", shape=(1, stages),
        elements=stages, size_bytes=stages, c_type="uint8_t", scale=None, zero_point=0,
        stored_min=0, stored_max=0,
    )  # fmt: skip


def ran_spec(stages: int) -> TensorSpec:
    """The last output as the host knows it."""
    return TensorSpec(RAN, (1, stages), "uint8", 1.0, 0)


def _stage(
    number: int,
    part: StageLayers,
    stages: Sequence[StageLayers],
    graph: Graph,
    layout: ArenaLayout,
    states: Sequence[Tensor],
) -> StageText:
    stage = part.stage
    own = [at for at, tensor in enumerate(states) if tensor.index in part.tensors]
    resets = range(own[0], own[-1] + 1) if own and stage.resets_state else range(0)
    return StageText(
        name=stage.name,
        number=number,
        first_layer=part.layers.start,
        end_layer=part.layers.stop,
        gate=None if stage.gate is None else _gate(stage.gate, stages, graph, layout),
        outputs=tuple(_outputs(part, graph, layout)),
        states=resets,
    )


def _gate(gate: Gate, stages: Sequence[StageLayers], graph: Graph, layout: ArenaLayout) -> GateText:
    ports = graph.inputs if gate.kind == "change" else graph.outputs
    tensor = graph.tensors[ports[gate.port]]
    source = None
    if gate.kind != "change":
        source = next(i for i, part in enumerate(stages) if gate.port in part.stage.outputs)
    return GateText(
        kind=gate.kind, source=source, offset=layout.tensors[tensor.index],
        type=_CASES[tensor.dtype], elements=tensor.elements, bytes=tensor.size_bytes,
        limit=gate.limit, classes=gate.classes, text=comment(gate_text(gate, tensor)),
    )  # fmt: skip


def _outputs(part: StageLayers, graph: Graph, layout: ArenaLayout) -> Iterator[StageOutput]:
    otherwise = part.stage.otherwise
    for place, number in enumerate(part.stage.outputs):
        tensor = graph.tensors[graph.outputs[number]]
        eight_bits = tensor.dtype in (DType.INT8, DType.UINT8)
        zero = tensor.quantization.zero_point if eight_bits and tensor.quantization else 0
        yield StageOutput(
            number=number,
            offset=layout.tensors[tensor.index],
            bytes=tensor.size_bytes,
            elements=tensor.elements,
            type=_CASES.get(tensor.dtype),
            fill=zero,
            one_hot=otherwise if isinstance(otherwise, int) and place == 0 else None,
            kept=otherwise == "last",
        )
