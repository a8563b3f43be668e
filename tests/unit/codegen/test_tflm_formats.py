"""The three formats of TFLM's DECODE, byte by byte and on its interpreter."""

from __future__ import annotations

import numpy as np
import pytest
from support.compression.clustered_models import CHANNELS, few_values
from support.models.filter_models import Kind, decoded, filter_model

from tinycompress.artifacts import TflmMethod
from tinycompress.codegen.tflm.decode import huffman, lut, prune
from tinycompress.codegen.tflm.decode.format import HEADER_BYTES, Encoded, Filter
from tinycompress.codegen.tflm.decode.methods import METHODS


def test_one_table_serves_many_scales() -> None:
    """Its tables are 0 bytes apart, which the decoder takes for every channel's."""
    values = few_values((CHANNELS, 5, 5, 12), 16, None)
    model = filter_model("CONV_2D", values, CHANNELS)
    shared = lut.encode(model.filter())
    assert len(shared.ancillary) == HEADER_BYTES + 16
    assert shared.ancillary[6] == 0
    assert decoded(model, shared).tobytes() == values.tobytes()


def test_the_formats_byte_by_byte() -> None:
    """Against the description of the kernels, not against any decoder."""
    values = np.array([[0, 0, 0, 0, 0, 7, -1, 0, 7]], np.int8)
    weights = Filter(values, (0,))
    assert prune.encode(weights) == Encoded(
        "prune", "67 % pruned", bytes([0b00000110, 0b10000000]),
        bytes([2, 1, 0, 0, 1]) + bytes(11) + bytes([7, 255, 7]), 19.0,
    )  # fmt: skip
    assert lut.encode(weights) == Encoded(
        "lut", "3 values, 2 bits, one table", bytes([0b01010101, 0b01100001, 0b10000000]),
        bytes([0, 1, 0, 0, 1, 0xF0 | 2, 3]) + bytes(9) + bytes([255, 0, 7]), 4.6,
    )  # fmt: skip
    # 0 is "0", 7 is "10", -1 is "11": one table of two bits, in which 0 has two entries.
    assert huffman.encode(weights) == Encoded(
        "huffman", "3 values, codes up to 2 bits, 4 table entries",
        bytes([0b00000101, 0b10100000]) + bytes(2),
        bytes([1, 1, 0, 0, 1, 1 << 4]) + bytes(10)
        + b"".join(entry.to_bytes(2, "little") for entry in (
            1 << 15 | 1 << 11 | 0, 1 << 15 | 1 << 11 | 0, 1 << 15 | 2 << 11 | 7,
            1 << 15 | 2 << 11 | 255,
        )),
        48.0,
    )  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0, -128, 127])
def test_a_single_value(method: TflmMethod, value: int) -> None:
    model = filter_model("FULLY_CONNECTED", np.full((9, 37), value, np.int8), 9)
    made = METHODS[method].encode(model.filter())
    assert (decoded(model, made) == value).all()
    if method == "huffman":
        assert made.stream == bytes(4), "no bit is needed, but the decoder reads a word"


def test_a_code_of_fifteen_bits() -> None:
    """Counts like Fibonacci's numbers make the longest codes: several tables, one after another."""
    counts = [1, 1]
    while len(counts) < 22:
        counts.append(counts[-1] + counts[-2])
    values = np.repeat(np.arange(-11, 11), counts).astype(np.int8)
    values = np.random.default_rng(5).permutation(values)[None]
    model = filter_model("FULLY_CONNECTED", values, 1)
    made = huffman.encode(model.filter())
    assert "up to 15 bits" in made.detail
    assert decoded(model, made).tobytes() == values.tobytes()


def test_scales_along_a_middle_dimension_are_for_huffman_alone() -> None:
    values = few_values((4, 5, 5, 16), 4, 1)
    weights = Filter(values, (0,) * 5, axis=1)
    for method in ("lut", "prune"):
        refusal = METHODS[method].refusal(weights)
        assert refusal is not None
        assert "scales lie along dimension 1" in refusal
    assert METHODS["huffman"].refusal(weights) is None


def test_every_scale_has_its_zero_point() -> None:
    """Pruned is what equals the zero point, along the first dimension and along the last."""
    values = np.array([[3, 3, -2], [3, -2, -2]], np.int8)
    assert prune.encode(Filter(values, (3, -2))).ancillary[HEADER_BYTES:] == bytes([254, 3])
    assert prune.encode(Filter(values, (3, 3, -2), axis=1)).ancillary[HEADER_BYTES:] == bytes([254])


@pytest.mark.parametrize(
    ("kind", "shape"), [("FULLY_CONNECTED", (6, 31)), ("DEPTHWISE_CONV_2D", (1, 5, 7, 6))]
)
def test_tflm_decodes_each_zero_point(kind: Kind, shape: tuple[int, ...]) -> None:
    """No converter writes such filters for these operators; the decoder takes them."""
    values = np.random.default_rng(3).integers(-3, 3, shape).astype(np.int8)
    model = filter_model(kind, values, 6, (0, 1, -2, 2, -3, -128))
    for method in METHODS.values():
        made = method.encode(model.filter())
        assert decoded(model, made).tobytes() == values.tobytes(), made.detail
