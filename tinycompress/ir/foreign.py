"""Models that neither runtime runs, such as those for one accelerator, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tinycompress.ir.graph import Model, Op

CONVERT_AGAIN = (
    "convert the Keras model itself: "
    "tinycompress convert model.keras --data calib.npz -o model.tflite"
)


@dataclass(frozen=True)
class Accelerator:
    """An accelerator, and the compiler that puts all that it runs into one custom operator."""

    compiler: str
    name: str


ACCELERATORS: Mapping[str, Accelerator] = MappingProxyType(
    {
        "ethos-u": Accelerator("Vela", "the Arm Ethos-U"),
        "edgetpu-custom-op": Accelerator("the Edge TPU compiler", "the Coral Edge TPU"),
    }
)
"""By the custom operator's name in the file."""


def accelerator_of(op: Op) -> Accelerator | None:
    """The accelerator that an operator is machine code for."""
    return ACCELERATORS.get(op.custom_code) if op.kind == "CUSTOM" else None


def use_original(model: Model) -> str | None:
    """The hint for a model that was compiled for an accelerator; None for any other."""
    found = (accelerator_of(op) for graph in model.graphs for op in graph.ops)
    one = next((accelerator for accelerator in found if accelerator is not None), None)
    return None if one is None else f"use the original .tflite, which {one.compiler} was given"


_FLEX = "Flex"
_INSTEAD_OF_FLEX: Mapping[str, str] = MappingProxyType(
    {"FlexErf": "export GELU by tanh, which does without: torch.nn.GELU(approximate='tanh')"}
)
"""By the custom operator's name in the file: what to use instead."""


def lacks_flex(ops: Iterable[Op]) -> str | None:
    """The hint where an operator is one of TensorFlow's own; None where none is."""
    codes = (op.custom_code for op in ops if op.kind == "CUSTOM")
    code = next((code for code in codes if code.startswith(_FLEX)), None)
    if code is None:
        return None
    instead = _INSTEAD_OF_FLEX.get(code, "replace the layer that it comes from, and convert again")
    return f"{code} is TensorFlow's own operator, which neither runtime has; {instead}"
