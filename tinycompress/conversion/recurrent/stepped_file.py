"""Int8 files in which all steps of a recurrent layer are the same operators on the same scales.

TensorFlow's converter calibrates every unrolled step by itself, which gives each its own scales.
Here one range is chosen for what is the same tensor in all steps, and the first step starts from a
state like that of all others: so `ir.steps` finds them equal, and who runs the file may roll them
up into a loop, or take one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tinycompress.calibrators.base import Range
from tinycompress.conversion.ranges import extremes, with_extremes
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model
from tinycompress.ir.steps import Steps, find_steps, is_first_state
from tinycompress.ir.tflite_objects import add_buffer, packed, unpacked

_LOWEST, _HIGHEST = -128, 127


def with_equal_steps(calibrated: bytes, quantize: Callable[[bytes], bytes]) -> bytes | None:
    """The int8 file of a calibrated one that takes its layers' first states as inputs.

    Args:
        calibrated: What `quantize.to_calibrated` made.
        quantize: Makes the int8 file.

    Returns:
        The file, whose first states are constants; None if its steps do not come out equal.
    """
    graph = read_model(calibrated).main
    found, ranges = find_steps(graph), extremes(calibrated)
    for steps in found:
        for members in _same_tensors(graph, steps):
            seen = [ranges[index] for index in members if index in ranges]
            if seen:
                whole = Range(min(r.low for r in seen), max(r.high for r in seen))
                ranges |= dict.fromkeys(members, whole)
    made = quantize(with_extremes(calibrated, ranges))
    others = _ranges_of_unequal(graph, found, ranges, read_model(made).main)
    if others:
        made = quantize(with_extremes(calibrated, ranges | others))
    tflite = _with_first_states(made)
    names = {steps.name for steps in find_steps(read_model(tflite).main)}
    states = [graph.tensors[index].name for index in graph.inputs]
    wanted = {name.rpartition("/")[0] for name in states if is_first_state(name)}
    return tflite if wanted <= names else None


def _ranges_of_unequal(
    graph: Graph, found: Iterable[Steps], ranges: Mapping[int, Range], quantized: Graph
) -> dict[int, Range]:
    """Ranges for tensors whose scale in some step is not what it is in the others.

    An operator may fix it, as TANH does, or want it equal to that of another tensor, as
    CONCATENATION does of the last steps of a Bidirectional layer: then all steps get that scale.
    """
    by_name = {tensor.name: tensor.quantization for tensor in quantized.tensors}
    known = {(each.scale, each.zero_point): each for each in ranges.values()}
    other: dict[int, Range] = {}
    for steps in found:
        for members in _same_tensors(graph, steps):
            scales = [by_name.get(graph.tensors[index].name) for index in members]
            # A first state, which comes behind the steps' own tensors, has any scale that is asked.
            made = {one for one in scales[: len(steps.ops)] if one is not None}
            if made and len({*scales} - {None}) > 1:
                widest = max(made, key=lambda one: one.scale)
                scale, zero = widest.scale, widest.zero_point
                covered = Range((_LOWEST - zero) * scale, (_HIGHEST - zero) * scale)
                other |= dict.fromkeys(members, known.get((scale, zero), covered))
    return other


def _same_tensors(graph: Graph, steps: Steps) -> Iterator[list[int]]:
    """Tensors that are one and the same in the layer's loop."""
    for number, at in enumerate(steps.ops[0]):
        for output in range(len(graph.ops[at].outputs)):
            place = (number, output)
            members = [steps.tensor(graph, step, place) for step in range(len(steps.ops))]
            yield [*members, *([steps.carried[place]] if place in steps.carried else [])]


def _with_first_states(tflite: bytes) -> bytes:
    """The file with zeros in place of the inputs that are first states."""
    model = unpacked(tflite)
    (graph, *_) = model.subgraphs
    states = [index for index in graph.inputs if is_first_state(_name(graph.tensors[index]))]
    for index in states:
        tensor = graph.tensors[index]
        zero = int(tensor.quantization.zeroPoint[0])
        tensor.buffer = add_buffer(model, np.full(tensor.shape, zero, np.int8))
    graph.inputs = [index for index in graph.inputs if index not in states]
    for signature in model.signatureDefs or ():
        signature.inputs = [one for one in signature.inputs if one.tensorIndex not in states]
    return packed(model)


def _name(tensor: Any) -> str:
    return bytes(tensor.name).decode("utf-8", "replace")
