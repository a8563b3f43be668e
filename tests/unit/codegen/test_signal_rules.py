"""What of signal operators is refused, by name; and what their lowering makes of constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from support.cases.lowering import graph_of, layers_of
from support.models.signal_files import RFFT, SUBTRACTION, signal_op
from support.models.tflite_files import Builder

from tinycompress.artifacts import ExactTo
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.layer import ConstArray, Layer
from tinycompress.codegen.state import resolve_state
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.ir.signal_arithmetic import log_excess, split_roots, transform_roots

Tensor = tuple[Sequence[int], str]
OPTIONS: dict[str, dict[str, int | bool]] = {
    "Window": {"shift": 12},
    "FftAutoScale": {},
    "Rfft": dict(RFFT),
    "Energy": {"start_index": 2, "end_index": 8},
    "FilterBank": {"num_channels": 2},
    "FilterBankSquareRoot": {},
    "FilterBankSpectralSubtraction": {**SUBTRACTION, "num_channels": 4},
    "PCAN": {"snr_shift": 6},
    "FilterBankLog": {"input_correction_bits": 3, "output_scale": 64},
}
TENSORS: dict[str, tuple[list[Tensor], list[Tensor]]] = {
    "Window": ([([2, 8], "INT16"), ([8], "const")], [([2, 8], "INT16")]),
    "FftAutoScale": ([([8], "INT16")], [([8], "INT16"), ([], "INT32")]),
    "Rfft": ([([3, 12], "INT16")], [([3, 18], "INT16")]),
    "Energy": ([([18], "INT16")], [([9], "UINT32")]),
    "FilterBankSquareRoot": ([([4], "UINT64"), ([], "INT32")], [([4], "UINT32")]),
    "FilterBankSpectralSubtraction": ([([4], "UINT32")], [([4], "UINT32"), ([4], "UINT32")]),
    "PCAN": ([([4], "UINT32"), ([4], "UINT32"), ([125], "const")], [([4], "UINT32")]),
    "FilterBankLog": ([([4], "UINT32")], [([4], "INT16")]),
}
BANDS: dict[str, Sequence[int]] = {
    "weights": [0, 5, 6, 0, 7, 0],
    "unweights": [0, 0, 1, 0, 2, 0],
    "starts": [1, 4, 6],
    "weight_starts": [0, 3, 5],
    "widths": [3, 2, 1],
}


def _built(
    code: str, *, inputs: Sequence[Tensor], outputs: Sequence[Tensor],
    options: dict[str, int | bool], exact_to: ExactTo = "tflm",
) -> Layer:  # fmt: skip
    b, given, read = Builder(), [], []
    for number, (shape, dtype) in enumerate(inputs):
        data = np.ones(shape, "<i2") if dtype == "const" else None
        kind = "INT16" if data is not None else dtype
        read.append(b.tensor(shape, kind, name=f"x{number}", data=data))
        given += [] if data is not None else read[-1:]
    written = [b.tensor(shape, dtype, name=f"y{n}") for n, (shape, dtype) in enumerate(outputs)]
    signal_op(b, code, read, written, options)
    graph = resolve_state(read_model(b.pack(given, written)))
    (layer,) = layers_of(graph, CodegenOptions(exact_to=exact_to))
    return layer


def _one(code: str, **changes: Any) -> Layer:
    inputs, outputs = (list(tensors) for tensors in TENSORS[code])
    for position, tensor in changes.pop("x", {}).items():
        inputs[position] = tensor
    for position, tensor in changes.pop("y", {}).items():
        outputs[position] = tensor
    exact_to = changes.pop("exact_to", "tflm")
    chosen = changes.pop("only", {**OPTIONS[code], **changes})
    return _built(code, inputs=inputs, outputs=outputs, options=chosen, exact_to=exact_to)


def _bank(frequencies: int = 8, channels: int = 2, **changes: Sequence[int]) -> Layer:
    b = Builder()
    x, y = b.tensor([frequencies], "UINT32", name="x"), b.tensor([channels], "UINT64", name="y")
    tables = [
        b.tensor([len(values)], "INT16", data=np.array(values, "<i2"), name=name)
        for name, values in {**BANDS, **changes}.items()
    ]
    signal_op(b, "FilterBank", [x, *tables], [y], {"num_channels": 2})
    (layer,) = layers_of(graph_of(b, [x], [y]))
    return layer


def _data(layer: Layer, field: str) -> list[int]:
    array = layer.params[field]
    assert isinstance(array, ConstArray)
    return [int(value) for value in array.data]


@pytest.mark.parametrize("code", TENSORS)
def test_each_is_taken_and_is_for_tflm_only(code: str) -> None:
    assert _one(code).kernel.room == "signal"
    with pytest.raises(ModelError) as caught:
        _one(code, exact_to="litert")
    assert (
        f"op 0 CUSTOM (Signal{code}) 'y0': LiteRT does not have this operator: the firmware can be"
        " exact to tflm only: exact to litert"
    ) in caught.value.reasons


@pytest.mark.parametrize(
    ("code", "changes", "reason"),
    [
        ("Window", {"shift": 32}, "The option shift must be within 0 to 31: it is 32"),
        ("Window", {"only": {"shifts": 1}}, "with the integers shift: they are shifts; expected"),
        ("Window", {"x": {1: ([4], "const")}}, "as long as the window, which is a vector: [2, 8]"),
        ("Window", {"x": {0: ([2, 8], "INT8")}}, "must be int16 and int16 in, int16 out: 'x0' is"),
        ("Window", {"x": {1: ([8], "INT16")}}, "The window must be constant"),
        ("FftAutoScale", {"y": {1: ([1], "INT32")}}, "second output must be a scalar: it has"),
        ("FftAutoScale", {"y": {0: ([7], "INT16")}}, "vectors of the same size: 'x0' [8], 'y0'"),
        ("Rfft", {"T": 2}, "The option T must be 7, int16: it is 2"),
        ("Rfft", {"fft_length": 12}, "a power of two within 4 to 32768: it is 12"),
        ("Rfft", {"fft_length": 2}, "a power of two within 4 to 32768: it is 2"),
        ("Rfft", {"fft_length": 8}, "at most fft_length samples, spectra fft_length + 2 numbers"),
        ("Energy", {"end_index": 10}, "must be within the output: 2 to 10 of 9"),
        ("Energy", {"y": {0: ([8], "UINT32")}}, "twice as many numbers as the output"),
        ("FilterBankSquareRoot", {"x": {1: ([1], "INT32")}}, "The second input must be a scalar"),
        ("FilterBankSpectralSubtraction", {"num_channels": 5}, "size of the input: it is 5 for 4"),
        ("FilterBankSpectralSubtraction", {"smoothing_bits": 32}, "within 0 to 31: it is 32"),
        (
            "FilterBankSpectralSubtraction",
            {"spectral_subtraction_bits": 64},
            "spectral_subtraction_bits must be within 0 to 63: it is 64",
        ),
        ("PCAN", {"x": {2: ([124], "const")}}, "must be a vector of at least 125: it has shape"),
        ("PCAN", {"snr_shift": -1}, "The option snr_shift must be within 0 to 63: it is -1"),
        ("FilterBankLog", {"input_correction_bits": 40}, "within 0 to 31: it is 40"),
    ],
)
def test_what_is_refused_is_named(code: str, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError) as caught:
        _one(code, **changes)
    assert reason in "\n".join(caught.value.reasons)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"frequencies": 6}, "within the input and within the weights: from 0, to 7 of 6"),
        ({"channels": 3}, "num_channels must be the size of the output, a vector: [8] to [3]"),
        ({"widths": [3, 2]}, "3, 3 and 2 for 3 bands"),
        ({"widths": [3, 2, -1]}, "from -1, to"),
        ({"weight_starts": [0, 3, 6]}, "to 7 of 6 weights"),
    ],
)
def test_bands_are_within_their_tables(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ModelError) as caught:
        _bank(**changes)
    assert reason in "\n".join(caught.value.reasons)


def test_weights_that_are_zero_at_the_ends_of_bands_are_left_out() -> None:
    layer = _bank()
    assert _data(layer, "starts") == [2, 5, 6]
    assert _data(layer, "widths") == [2, 1, 0]
    assert _data(layer, "weights") == [5, 6, 7]
    assert _data(layer, "unweights") == [0, 1, 2]


def test_a_bank_without_weights_has_one_for_c() -> None:
    layer = _bank(weights=[0] * 6, unweights=[0] * 6)
    assert _data(layer, "weights") == [0]
    assert _data(layer, "widths") == [0, 0, 0]


def test_tables_of_the_transform() -> None:
    assert transform_roots(4).tolist() == [[32767, 0], [0, -32767], [-32767, 0]]
    assert split_roots(2).tolist() == [[-32767, 0]]
    layer = _one("Rfft")
    assert (layer.params["frames"], layer.params["samples"], layer.params["log2_points"]) == (
        3,
        12,
        3,
    )
    assert len(_data(layer, "roots")) == 2 * 6
    assert len(_data(layer, "split_roots")) == 2 * 4


def test_the_table_of_the_logarithm() -> None:
    excess = log_excess()
    assert (excess[0], excess[1], excess[64], excess[128]) == (0, 224, 5568, 0)
    assert excess.max() == 5641
