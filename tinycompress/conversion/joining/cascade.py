"""Models as the stages of one ``.tflite`` file: nothing joins them but the inputs they share.

The file's main subgraph has the operators of all stages, one stage after the other. Its metadata
tell where each begins and what lets it run (`tinycompress.ir.cascade.stages`). Runtimes that do not
know them run all stages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinycompress.conversion.joining.objects import adopt, renumber
from tinycompress.errors import ModelError
from tinycompress.ir.cascade.stages import CASCADE_METADATA, Gate, Otherwise, Stage, stages_text
from tinycompress.ir.graph import Model, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import tensor_spec
from tinycompress.ir.tflite_objects import add_metadata, packed, unpacked

_CALL_ONCE = 129


@dataclass(frozen=True)
class Part:
    """One model that becomes a stage.

    ``inputs`` are names of inputs of the whole file, one for each of the model's: stages that name
    the same share it. ``gate`` counts outputs as the whole file has them, and inputs likewise.
    """

    name: str
    tflite: bytes
    inputs: tuple[str, ...]
    gate: Gate | None = None
    otherwise: Otherwise = "zero"


def require_stage_model(name: str, model: Model) -> None:
    """Refuse what cannot be a stage.

    Raises:
        ModelError: It is a cascade itself, or takes or gives nothing.
    """
    if model.stages:
        raise ModelError(
            f"the model of stage '{name}' is a cascade itself",
            hint="name its stages in the one cascade file",
        )
    if not model.main.ops or not model.main.inputs or not model.main.outputs:
        raise ModelError(
            f"the model of stage '{name}' has no operators, inputs or outputs",
            hint="leave the stage out, or convert its model again",
        )


def joined(parts: Sequence[Part]) -> bytes:
    """The file of a cascade.

    Args:
        parts: At least one, under different names.

    Raises:
        ModelError: A model is damaged, runs subgraphs in its midst, or stages that share an input
            take other shapes or quantisations of it.
    """
    joiner = _Joiner()
    for part in parts:
        joiner.add(part)
    tflite = joiner.finished()
    read_model(tflite)  # which holds the stages against the graph
    return tflite


class _Joiner:
    """The file as it grows."""

    def __init__(self) -> None:
        self._whole: Any = None
        self._calls: list[Any] = []
        self._operators: list[Any] = []
        self._stages: list[Stage] = []
        self._inputs: dict[str, tuple[int, str, Tensor]] = {}
        self._outputs: list[int] = []

    def add(self, part: Part) -> None:
        """Put a model behind those that are there."""
        known = read_model(part.tflite)
        require_stage_model(part.name, known)
        model = unpacked(part.tflite)
        _prefix(model, part.name)
        operators, begin = self._adopted(model)
        taken = {index + begin: name for index, name in zip(known.main.inputs, part.inputs,
                                                            strict=True)}  # fmt: skip
        same = self._shared(part, known, taken)
        renumber(operators, lambda index: same.get(index, index))
        calls = [op for op in operators if self._kind(op) == _CALL_ONCE]
        first = len(self._calls)
        self._calls += calls
        own = [op for op in operators if self._kind(op) != _CALL_ONCE]
        outputs = [same.get(i + begin, i + begin) for i in known.main.outputs]
        numbers = list(self._inputs)
        self._stages.append(
            Stage(
                name=part.name,
                calls=tuple(range(first, len(self._calls))),
                begin=len(self._operators),
                end=len(self._operators) + len(own),
                inputs=tuple(numbers.index(name) for name in part.inputs),
                outputs=tuple(range(len(self._outputs), len(self._outputs) + len(outputs))),
                gate=part.gate,
                otherwise=part.otherwise,
                resets_state=known.resets_state,
            )
        )
        self._operators += own
        self._outputs += outputs

    def finished(self) -> bytes:
        """The file."""
        main, shift = self._whole.subgraphs[0], len(self._calls)
        main.operators = [*self._calls, *self._operators]
        main.inputs = [index for index, _, _ in self._inputs.values()]
        main.outputs = self._outputs
        for name, (index, _, _) in self._inputs.items():
            main.tensors[index].name = name
        stages = tuple(_moved(stage, shift) for stage in self._stages)
        # What files say of themselves is not true of the whole.
        self._whole.signatureDefs, self._whole.metadata = [], []
        add_metadata(self._whole, CASCADE_METADATA, stages_text(stages))
        return packed(self._whole)

    def _adopted(self, model: Any) -> tuple[list[Any], int]:
        if self._whole is None:
            self._whole = model
            return list(model.subgraphs[0].operators), 0
        adopted = adopt(self._whole, model)
        return adopted.operators, adopted.begin

    def _kind(self, op: Any) -> int:
        code = self._whole.operatorCodes[op.opcodeIndex]
        return max(int(code.builtinCode), int(code.deprecatedBuiltinCode))

    def _shared(self, part: Part, known: Model, taken: Mapping[int, str]) -> dict[int, int]:
        """Of the model's inputs, those that are an earlier stage's: its tensor for each."""
        same = {}
        tensors = (known.main.tensors[index] for index in known.main.inputs)
        for (index, name), tensor in zip(taken.items(), tensors, strict=True):
            if name not in self._inputs:
                self._inputs[name] = index, part.name, tensor
                continue
            first, stage, other = self._inputs[name]
            _require_same(name, (stage, other), (part.name, tensor))
            same[index] = first
        return same


def _require_same(name: str, one: tuple[str, Tensor], other: tuple[str, Tensor]) -> None:
    """Refuse to share an input of two kinds."""
    texts = []
    for stage, tensor in (one, other):
        spec = tensor_spec(tensor)
        shape = " x ".join(map(str, spec.shape))
        scale = f"scale {spec.scale:.6g}, zero point {spec.zero_point}"
        texts.append((f"{spec.dtype} {shape}, {scale}", f"'{stage}'"))
    (first, first_stage), (second, second_stage) = texts
    if first != second or one[1].quantization != other[1].quantization:
        raise ModelError(
            f"stages {first_stage} and {second_stage} share the input '{name}', but take"
            f" {first} and {second}",
            hint='give each an input of its own: inputs = ["ONE"] and inputs = ["OTHER"]; or'
            " convert both models with the same calibration samples",
        )


def _moved(stage: Stage, shift: int) -> Stage:
    return Stage(
        stage.name, stage.calls, stage.begin + shift, stage.end + shift, stage.inputs,
        stage.outputs, stage.gate, stage.otherwise, stage.resets_state,
    )  # fmt: skip


def _prefix(model: Any, stage: str) -> None:
    """Begin the names of tensors and variables with the stage's, so that they differ."""
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.name = f"{stage}/{_text(tensor.name)}"
        for op in graph.operators or ():
            if hasattr(op.builtinOptions, "sharedName"):
                op.builtinOptions.sharedName = f"{stage}/{_text(op.builtinOptions.sharedName)}"


def _text(name: bytes | str | None) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name or ""
